"""Phones with real keys: they sign and chain every scan, as the app does."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask.testing import FlaskClient

from tests.factories.custody import Town
from webapp.demo.phone import Phone
from webapp.demo.signed_phone import Key, SignedPhone
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Person
from webapp.kernel.phones import enrolment
from webapp.kernel.phones.enrolment import Wish
from webapp.kernel.phones.entries import REVOKED

HEADERS = {"X-Ashiato": "1"}


def signed_again(phone: SignedPhone, item: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The item with other fields, signed by this phone."""
    p = orjson.dumps({**orjson.loads(item["p"]), **fields}).decode()
    return {**item, "p": p, "s": phone.key.sign(p)}


def an_enrolled_phone(
    town: Town, who: str, now: int, *, after: str = "", job: str | None = None
) -> SignedPhone:
    """A phone of one of the town's people, enrolled by a code of the officer."""
    phone = SignedPhone(town.p(who), town.log, town.job if job is None else job)
    outcome = enrol(town.people[who], phone, town.people["officer"], now, after=after)
    assert isinstance(outcome, dict), outcome
    if after:
        phone.tip = outcome[town.log].prev
    return phone


def enrol(person: Person, phone: SignedPhone, issuer: Person, now: int, *, after: str = "") -> Any:
    """Issue a code and use it at once."""
    token = enrolment.issue(person.id, issuer.id, now)
    assert isinstance(token, str)
    asked = Wish(token, phone.dev, phone.key.base64, phone.proof(token), after, {phone.log: phone.seq + 1})
    return enrolment.enrol(person, asked, now)


def revoke(
    town: Town, phone: SignedPhone, lost_at: int, now: int, *, reason: str = "lost", who: str = "officer"
) -> str:
    """Report a phone; the code of the refusal, or ""."""
    body = {"dev": phone.dev, "reason": reason, "lost_at": lost_at}
    act = Phone(town.p(who), town.log).command(REVOKED, now, body)
    (answer,) = town.send(who, act, now=now)
    return answer.refusal.code if answer.refusal else ""


def wish(phone: SignedPhone, token: str, **other: Any) -> dict[str, Any]:
    """The body of POST /api/phones/enrol."""
    body: dict[str, Any] = {"token": token, "dev": phone.dev, "key": phone.key.base64}
    body |= {"proof": phone.proof(token), "after": "", "next": {phone.log: phone.seq + 1}}
    return body | {"storage": {"kept": True, "persisted": True}} | other


def post_scans(client: FlaskClient, *items: Any) -> list[dict[str, Any]]:
    """Upload through HTTP; the receipts."""
    body = {"dev": new_id(), "sent_at": 0, "items": list(items)}
    answer = client.post("/api/scans", json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    receipts: list[dict[str, Any]] = answer.json["receipts"]
    return receipts


__all__ = ["Key", "SignedPhone", "an_enrolled_phone", "enrol", "post_scans", "revoke", "signed_again", "wish"]
