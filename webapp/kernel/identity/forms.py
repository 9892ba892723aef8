"""What the forms of this package say, and beside which field each refusal is shown."""

from dataclasses import dataclass, field

from flask import request
from werkzeug.datastructures import MultiDict

from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.outcomes import Malformed, Refusal
from webapp.kernel.identity.messages import SENTENCES
from webapp.kernel.identity.queries import OrganisationLine, PersonLine
from webapp.kernel.identity.roles import OrganisationKind, Role
from webapp.kernel.identity.service import OrganisationFields, PersonFields

#: The field of the page under which a refusal stands; the others stand above the form.
FIELD_OF = {
    "identity.login_taken": "login",
    "identity.login_malformed": "login",
    "identity.name_missing": "name",
    "identity.email_malformed": "email",
    "identity.roles_missing": "roles",
    "identity.roles_not_here": "roles",
    "identity.not_yourself": "roles",
    "identity.password_short": "password",
    "identity.password_long": "password",
    "identity.password_common": "password",
    "identity.passwords_differ": "again",
    "identity.password_wrong": "old",
    "identity.organisation_name_missing": "name",
    "identity.organisation_kind_not_yours": "kind",
    "identity.phone_malformed": "phone",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form page shows: what was typed, and what is wrong with it by field ("" = the whole)."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """422 when something is wrong, so that a script or test sees it too."""
        return 422 if self.errors else 200


def again(refusal: Refusal) -> Shown:
    """The form as it was typed, passwords left out, with the refusal at its field."""
    typed = {name: text for name, text in request.form.items() if name not in {"password", "again", "old"}}
    where = FIELD_OF.get(refusal.code, "")
    return Shown(typed, {where: SENTENCES[refusal.code].format(**refusal.params)}, _roles(request.form))


def fresh(organisation: str = "") -> Shown:
    """An empty form with the id that its thing will have: sent twice, it is made once."""
    return Shown({"id": new_id(), "organisation": organisation})


def of_person(person: PersonLine) -> Shown:
    """The form of somebody who is here."""
    return Shown({"name": person.name, "login": person.login, "email": person.email}, roles=person.roles)


def of_organisation(organisation: OrganisationLine) -> Shown:
    """The form of an organisation that is here."""
    active = "1" if organisation.active else ""
    return Shown({"name": organisation.name, "phone": organisation.phone, "active": active})


def person_fields() -> PersonFields:
    """A person as typed into this request's form."""
    form = request.form
    return PersonFields(form.get("name", ""), form.get("login", ""), form.get("email", ""), _roles(form))


def organisation_fields(kind: OrganisationKind | None = None) -> OrganisationFields:
    """An organisation as typed. `kind` where it is settled already."""
    form = request.form
    kind = kind or _kind(form.get("kind", ""))
    active = "active" in form or "id" in form  # a new one is in use
    return OrganisationFields(form.get("name", ""), kind, form.get("phone", ""), active=active)


def made_id() -> str:
    """The id made in the page. Raises Malformed if it is none."""
    text = request.form.get("id", "")
    if not is_id(text):
        raise Malformed
    return text


def password_twice() -> str | Refusal:
    """A new password, typed twice alike."""
    password = request.form.get("password", "")
    same = password == request.form.get("again", "")
    return password if same else Refusal("identity.passwords_differ")


def _kind(text: str) -> OrganisationKind:
    """What was chosen; nothing and nonsense become the kind that no form may make (the service says so)."""
    known = any(text == kind.value for kind in OrganisationKind)
    return OrganisationKind(text) if known else OrganisationKind.MUNICIPALITY


def _roles(form: MultiDict[str, str]) -> tuple[str, ...]:
    wanted = form.getlist("roles")
    return tuple(role for role in Role if role in wanted)
