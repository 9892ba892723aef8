"""Whatever a mail server answers, and however often it hangs up: none is lost, none goes out a third time."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories.custody import Town, a_town
from tests.kernel.notifications.post_office import Clock, Office, a_notice, a_sender, an_office, the_notice
from webapp.kernel.base.clock import DAY, HOUR, MINUTE
from webapp.kernel.base.db import transaction
from webapp.kernel.identity.models import Person
from webapp.kernel.notifications.entries import NoticeState

#: What it may say at each step; None: it hangs up.
ANSWERS: dict[str, list[str | None]] = {
    "mail": ["", "", "", "", "451 4.3.2 busy", None],
    "rcpt": ["", "", "", "450 4.2.1 later", "550 5.1.1 no such user"],
    "data": ["", "", "", "451 4.3.0 later", None],
    "kept": ["", "", None],
}


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as found:
        yield found


@pytest.fixture
def town(app: Flask) -> Town:
    made = a_town()
    with transaction() as session:
        session.get_one(Person, made.people["driver"].id).email = "driver@example.jp"
    return made


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10_000))
def test_every_notice_ends_and_no_mail_goes_out_a_third_time(town: Town, office: Office, seed: int) -> None:
    random, clock = Random(seed), Clock()  # noqa: S311 - the server's whims, and the same ones each time
    office.raw.clear()
    sender = a_sender(office, clock)
    wanted = [a_notice(town, "driver", f"{seed}-{number}", after_ms=number) for number in range(4)]
    office.judge = lambda stage, _text: random.choice(ANSWERS[stage])
    for _ in range(12):
        clock.now += random.choice([MINUTE, HOUR])
        if sender.is_due():
            sender.round()
    office.judge = lambda _stage, _text: ""
    clock.now += DAY
    sender.round()
    sent = Counter(str(mail["Message-ID"]) for mail in office.mails)
    assert max(sent.values(), default=0) <= 2
    for id_ in wanted:
        state, copies = the_notice(id_).state, sent[f"<{id_}@town.example.jp>"]
        assert state in {NoticeState.SENT, NoticeState.REFUSED, NoticeState.GIVEN_UP}
        assert copies >= 1 or state != NoticeState.SENT
