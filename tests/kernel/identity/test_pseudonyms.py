"""Names in the log: random, one per log, the only bridge to the vault."""

import re
from threading import Thread

from sqlalchemy import event

from tests.factories.identity import a_person, an_organisation
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity import service
from webapp.kernel.identity.roles import Role


def names(*pairs: tuple[str, str]) -> list[str]:
    with transaction() as session:
        return [service.pseudonym(session, log, person) for log, person in pairs]


def test_a_person_has_one_random_name_in_each_log(app):
    person, other = a_person(), a_person()
    one, again, elsewhere, another = names(
        ("063622", person.id), ("063622", person.id), ("011002", person.id), ("063622", other.id)
    )
    assert one == again
    assert len({one, elsewhere, another}) == 3
    assert re.fullmatch(r"p-[0-9a-f]{20}", one)


def test_two_transactions_at_once_get_the_same_name(app):
    person = a_person()
    found: list[str] = []

    def ask():
        with app.app_context():
            found.extend(names(("063622", person.id)))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_card_tells_name_organisation_and_roles(app):
    town = an_organisation(name="最上町")
    person = a_person("officer", town, name="佐藤 花", roles=["auditor", "officer"])
    (name,) = names(("063622", person.id))
    card = service.people_by_pseudonym("063622", [name])[name]
    assert (card.name, card.org, card.roles) == ("佐藤 花", "最上町", (Role.OFFICER, Role.AUDITOR))
    assert card.role_text == "自治体職員・監査人"
    assert service.person_behind("063622", name) == person.id


def test_another_logs_names_and_strangers_are_left_out(app):
    (name,) = names(("063622", a_person().id))
    assert service.people_by_pseudonym("011002", [name, "p-nobody"]) == {}
    assert service.person_behind("011002", name) is None


def test_after_an_erasure_nobody_is_behind_the_name_in_the_log_and_its_card_is_blank(app):
    person = a_person("officer", name="佐藤 花")
    (before,) = names(("063622", person.id))
    service.leave(person.id, by="", now=1)
    service.erase_person(person.id, now=2)
    assert service.person_behind("063622", before) is None
    assert service.people_by_pseudonym("063622", [before])[before].name == "（削除済み）"


def test_many_cards_cost_one_query(app):
    asked = names(*(("063622", a_person().id) for _ in range(20)))
    statements: list[str] = []

    def note(_conn, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    assert len(service.people_by_pseudonym("063622", asked)) == 20
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == 1
