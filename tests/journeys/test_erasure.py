"""A person is forgotten; the trail is not."""

from flask import Flask

from tests.factories.custody import NOW, a_town, the_door, walk
from tests.journeys.stories import seen
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.pseudonyms import NO_NAME, people_by_pseudonym
from webapp.kernel.identity.service import erase_person, leave
from webapp.kernel.intake.rebuild import rebuild
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import LedgerEntry, VaultRecord
from webapp.kernel.ledger.verification import verify


def test_folding_again_after_a_person_was_erased_gives_the_same(app: Flask) -> None:
    # given a whole journey in which an officer took part
    town = a_town(devices=3, cages=1)
    walk(app, town, range(3))
    officer, pseudonym = town.people["officer"].id, town.p("officer")
    expected, root = seen(the_door(), town.log), verify(db.session(), town.log).root
    # when the officer has left and is erased, and so are the serial numbers and notes of all their scans
    leave(officer, by=town.people["officer2"].id, now=NOW)
    erase_person(officer, now=NOW)
    with transaction() as session:
        for (subject,) in session.query(VaultRecord.subject).distinct().all():
            vault.erase(session, town.log, subject, NOW)
    # then the log is whole and folds to the same tables; only the words are gone
    rebuild(the_door(), town.log, chunk=7)
    assert seen(the_door(), town.log) == expected
    assert verify(db.session(), town.log).root == root
    assert people_by_pseudonym(town.log, [pseudonym])[pseudonym].name == NO_NAME
    assert {(row.salt, row.data) for row in db.session.query(VaultRecord)} == {(None, None)}


def test_no_entry_of_a_whole_journey_names_anybody_or_any_serial_number(app: Flask) -> None:
    town = a_town(devices=3, cages=1)
    walk(app, town, range(3))
    log = b"".join(row.raw for row in db.session.query(LedgerEntry)).decode()
    for person in town.people.values():
        assert person.name not in log
        assert person.id not in log
        assert str(person.login) not in log
    assert "SER0000" not in log
    assert "DRV0000" not in log
    assert "VersaPro" not in log
    assert "最上町" not in log
