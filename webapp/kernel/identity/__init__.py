"""Organisations, people, roles, sessions. All personal data of staff lives here and can be erased.

Others use: `roles.may / Action / Role`, `login.login_required / require / current_person`,
`service.pseudonym / people_by_pseudonym`. Nobody else imports flask_login.
"""
