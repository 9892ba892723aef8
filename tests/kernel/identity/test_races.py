"""Two at once: exactly one wins, the other gets a reason."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from tests.factories.identity import PASSWORD, a_person, an_organisation, the_person
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity import service
from webapp.kernel.identity.models import Organisation, Person
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.identity.service import OrganisationFields, PersonFields

LONG = "むらさきの牛が鐘をつく"


@pytest.fixture
def at_once(app):
    """Run the acts in threads that start together; what each of them got."""

    def run(*acts: Callable[[], object]) -> list[object]:
        got: list[object] = []
        start = Barrier(len(acts))

        def one(act: Callable[[], object]) -> None:
            with app.app_context():
                start.wait()
                outcome = act()
                got.append(outcome if isinstance(outcome, Refusal) else type(outcome))

        threads = [Thread(target=one, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return got

    return run


def test_two_people_with_one_login(at_once):
    town = an_organisation().id
    fields = PersonFields("田中 実", "tanaka", "", ("officer",))
    got = at_once(*(lambda: service.add_person(new_id(), town, fields, now=0) for _ in range(4)))
    assert got.count(Person) == 1
    assert got.count(Refusal("identity.login_taken")) == 3
    assert the_person("tanaka").name == "田中 実"


def test_one_form_sent_twice_in_the_same_moment_is_one_person(at_once):
    town, id = an_organisation().id, new_id()
    fields = PersonFields("田中 実", "tanaka", "", ("officer",))
    got = at_once(*(lambda: service.add_person(id, town, fields, now=0) for _ in range(2)))
    assert got == [Person, Person]


def test_one_link_used_twice_in_the_same_moment(at_once):
    token = service.make_reset_link(a_person().id, now=0)
    assert isinstance(token, str)
    acts = (
        lambda word=word: service.use_reset_link(token, LONG + word, now=1) for word in ("一", "二", "三")
    )
    got = at_once(*acts)
    assert got.count(type(None)) == 1
    assert got.count(Refusal("identity.link_dead")) == 2


def test_failures_of_many_at_once_are_all_counted(at_once):
    login = a_person().login or ""
    at_once(*(lambda: service.authenticate(login, "wrong wrong", now=0) for _ in range(10)))
    assert isinstance(service.authenticate(login, PASSWORD, now=1), Refusal)


def test_two_towns_with_one_code(at_once):
    fields = OrganisationFields("最上町", OrganisationKind.MUNICIPALITY, lg_code="063622")
    got = at_once(*(lambda: service.add_organisation(new_id(), fields, invited_by=None) for _ in range(3)))
    assert got.count(Organisation) == 1
    assert got.count(Refusal("identity.lg_code_taken")) == 2
