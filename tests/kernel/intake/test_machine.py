"""What the system writes itself stands in the log as everybody's acts do, and nobody else can write in its name."""

from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.custody import NOW, Town, a_town, the_door
from webapp.backup.people import people_in
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import derived_id, new_id
from webapp.kernel.identity.pseudonyms import people_by_pseudonym
from webapp.kernel.identity.roles import SYSTEM
from webapp.kernel.intake import rebuild
from webapp.kernel.intake.machine import Fact, append_decided, append_facts
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.entries import NotCanonical
from webapp.kernel.ledger.log import read
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.ledger.verification import verify
from webapp.kernel.scanning.models import IssuedCode


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=2)


def a_fact(number: int = 1, **body: object) -> Fact:
    return Fact(derived_id("test", str(number)), "test.happened", {"number": number, **body})


def test_a_fact_is_an_entry_of_the_system_of_that_town(town: Town) -> None:
    (entry,) = append_facts(the_door(), town.log, [a_fact()], NOW)
    (*_, last) = read(db.session(), town.log)
    assert (last.index, last.kind, last.data) == (entry.index, "test.happened", {"number": 1})
    assert (last.by.actor, last.by.org, last.by.roles) == (SYSTEM, town.town.id, ("system",))
    assert not verify(db.session(), town.log).fault


def test_the_same_fact_is_written_once(town: Town) -> None:
    append_facts(the_door(), town.log, [a_fact(), a_fact()], NOW)
    assert append_facts(the_door(), town.log, [a_fact(), a_fact(2)], NOW + 1)[0].data == {"number": 2}
    assert _count(town, "test.happened") == 2


def test_what_is_personal_goes_to_the_vault_and_never_into_the_log(town: Town) -> None:
    opening = vault.seal({"mail": "hana@example.jp"})
    with pytest.raises(NotCanonical):
        append_facts(the_door(), town.log, [a_fact(to="hana@example.jp")], NOW)
    fact = Fact(new_id(), "test.happened", {"commit": opening.commit}, [("mail:p-1", opening)])
    append_facts(the_door(), town.log, [fact], NOW)
    assert vault.read(db.session(), town.log, ["mail:p-1"]) == {"mail:p-1": {"mail": "hana@example.jp"}}


def test_facts_are_decided_under_the_lock_on_what_holds_then(town: Town) -> None:
    def decide(session: Session) -> Sequence[Fact]:
        return [a_fact(session.scalar(select(func.count()).select_from(IssuedCode)) or 0)]

    assert append_decided(the_door(), town.log, decide, NOW)[0].data == {"number": len(town.codes)}
    assert append_decided(the_door(), town.log, lambda _: [], NOW) == []


def test_rooms_fold_what_the_system_writes_and_a_rebuild_gives_the_same(town: Town) -> None:
    body = {"redaction": new_id(), "count": 0, "erased": []}
    append_facts(the_door(), town.log, [Fact(new_id(), "ledger.commitments_erased", body)], NOW)
    assert rebuild.check(the_door(), town.log) == []


def test_nobody_writes_in_the_name_of_the_system(town: Town) -> None:
    phone = town.phones["officer"]
    phone.actor = SYSTEM
    (answer,) = town.send("officer", phone.command("codes.issued", NOW, {"kind": "device", "count": 1}))
    assert answer.refusal is not None
    assert answer.refusal.code == "intake.not_your_scan"


def test_on_screen_it_is_called_the_system_and_it_is_no_person(town: Town) -> None:
    append_facts(the_door(), town.log, [a_fact()], NOW)
    assert people_by_pseudonym(town.log, [SYSTEM])[SYSTEM].name == "システム（自動）"
    assert SYSTEM not in people_in(read(db.session(), town.log))


def test_a_log_that_does_not_exist_gets_no_fact(app: Flask) -> None:
    with pytest.raises(LookupError):
        append_facts(the_door(), "999999", [a_fact()], NOW)


def _count(town: Town, kind: str) -> int:
    wanted = select(func.count()).where(LedgerEntry.log == town.log, LedgerEntry.kind == kind)
    return db.session.scalar(wanted) or 0
