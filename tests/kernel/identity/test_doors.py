"""Every address of the site asks who is there, except those that are meant for everybody."""

from flask import Flask
from werkzeug.routing import Rule

#: For residents and phones without an account, for logging in, and for what a phone keeps for offline.
OPEN = {
    "healthz",
    "identity.log_in",
    "identity.log_out",
    "identity.log_out_of_app",
    "identity.login",
    "identity.reset",
    "identity.show_reset",
    "ledger.checkpoint",  # what anybody may verify a proof with
    "ledger.policy",
    "ledger.vkey",
    "ledger_states.policies",
    "nodes.ask",
    "notices.mails",  # on a trial site, where mails go to nobody
    "notices.one_mail",
    "notices.stop",  # the address in the mail says whose mails
    "notices.stopped",
    "openapi.openapi",
    "phones.door",  # where the QR of an enrolment code leads; tells only what to do
    "pwa.app_without_slash",
    "pwa.asset",
    "pwa.manifest",
    "pwa.service_worker",
    "pwa.shell",
    "pwa.verify",  # checks a proof on paper, without us
    "pwa.verify_in_capitals",
    "relief.have",  # what towns need, for everybody
    "relief.need",
    "relief.needs",
    "relief.offers",
    "relief.short",
    "relief.towns",
    "residents.detail",
    "residents.find",
    "residents.home",
    "residents.result",
    "residents.scanned",
    "sender.mine",  # tells a stranger how to begin
    "sender.new",  # goods are offered with mail and password in one form
    "sender.offer",
    "sender_account.again",
    "sender_account.ask_verify",
    "sender_account.forgot",
    "sender_account.register",
    "sender_account.send_again",
    "sender_account.send_reset",
    "sender_account.sent",
    "sender_account.take_registration",
    "sender_account.verify",
    "static",
    "styles.sheet",
    "supplies_cards.activate",  # who holds a shelter's card needs no account
    "witnesses.why",
    "style.page",  # in debug and tests only
}


def asks_who(app: Flask, rule: Rule, method: str) -> bool:
    words: dict[str, object] = dict.fromkeys(rule.arguments, "x")
    _, path = rule.build(words) or ("", "")
    answer = app.test_client().open(path, method=method, headers={"X-Ashiato": "1"})
    return answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login")


def test_every_address_but_the_public_ones_asks_for_a_login(app):
    doors = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
        if rule.endpoint not in OPEN
    ]
    assert len(doors) > 40
    assert [str(rule) for rule, method in doors if not asks_who(app, rule, method)] == []


def test_the_list_of_public_addresses_holds_nothing_that_is_gone(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= OPEN
