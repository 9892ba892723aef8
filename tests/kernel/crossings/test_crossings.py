"""What leaves one town's log arrives in another's, or somebody is told."""

import random
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.custody import NOW, Town, a_town, an_author, the_door, work_together
from webapp.cli import make_cli
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.crossings.entries import IN, OUT, Fault, Half, unmatched
from webapp.kernel.crossings.room import open_halves
from webapp.kernel.intake.rebuild import check
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.ledger.vault import Opening

A, B, FAR = "063622", "062014", "011002"
WHAT = {"codes": ["HWVEN9XSYWCX7K2MP"]}


def half(
    log: str = A, other: str = B, *, out: bool = True, commit: str = "c" * 64, count: int = 3, index: int = 0
) -> Half:
    return Half(log, index, out, other, commit, count, 1_000 + index)


def faults(*halves: Half) -> list[str]:
    return [str(fault) for _, fault in unmatched(halves, {A, B})]


def test_two_halves_that_agree_are_not_listed() -> None:
    assert faults(half(), half(B, A, out=False)) == []


@pytest.mark.parametrize(
    ("halves", "found"),
    [
        ([half()], ["missing"]),
        ([half(B, A, out=False)], ["missing"]),
        ([half(other=FAR)], ["elsewhere"]),
        ([half(), half(B, A, out=False, count=2)], ["count", "count"]),
        ([half(), half(B, A, out=False, commit="d" * 64)], ["missing", "missing"]),
        ([half(), half(B, A, out=True)], ["missing", "missing"]),
        ([half(), half(B, A, out=False), half(B, A, out=False, index=5)], ["twice", "twice"]),
    ],
)
def test_halves_without_their_partner_are_listed(halves: list[Half], found: list[str]) -> None:
    assert faults(*halves) == found


HALVES = st.builds(
    half, st.sampled_from([A, B]), st.sampled_from([A, B, FAR]), out=st.booleans(),
    commit=st.sampled_from(["c" * 64, "d" * 64]), count=st.integers(0, 2), index=st.integers(0, 9),
)  # fmt: skip


@given(st.lists(HALVES, unique_by=lambda each: (each.log, each.index), max_size=8), st.randoms())
def test_the_order_of_arrival_does_not_matter(halves: list[Half], rng: random.Random) -> None:
    mixed = rng.sample(halves, len(halves))
    assert unmatched(mixed, {A, B}) == unmatched(halves, {A, B})


def a_half(
    town: Town, kind: str, other: str, opening: Opening, who: str = "driver", count: int = 1
) -> dict[str, Any]:
    """The driver's half in this town's log."""
    phone = Phone(town.p(who), town.log)
    item = phone.command(kind, NOW, {"other": other, "count": count}, dict(opening.data))
    said = orjson.loads(item["p"]) | {"commit": opening.commit}
    return item | {
        "p": orjson.dumps(said).decode(),
        "open": {"salt": opening.salt, "data": dict(opening.data)},
    }


def test_both_halves_are_written_together_with_one_commitment(app: Flask) -> None:
    # given a driver who works for both towns
    here, there = a_town(A), a_town(B)
    work_together(here, there)
    driver = an_author(here.people["driver"], A, B)
    here.authors["driver"] = there.authors["driver"] = driver
    opening = vault.seal(WHAT)
    # when the load is handed over from one to the other
    items = [a_half(here, OUT, B, opening), a_half(there, IN, A, opening)]
    answers = the_door().receive(items, driver, NOW)
    # then both logs hold the same commitment, nothing is open, and both fold again to the same
    assert [answer.refusal for answer in answers] == [None, None]
    raws = [db.session.get_one(LedgerEntry, (answer.log, answer.index)).raw for answer in answers]
    assert all(opening.commit.encode() in raw for raw in raws)
    assert open_halves(db.session()) == []
    assert [check(the_door(), log) for log in (A, B)] == [[], []]


def test_a_half_without_its_partner_is_listed_and_the_command_says_so(app: Flask) -> None:
    here, _there = a_town(A), a_town(B)
    (gone,) = here.send("driver", a_half(here, OUT, B, vault.seal(WHAT)))
    (far,) = here.send("driver", a_half(here, OUT, FAR, vault.seal(WHAT)))
    assert (gone.refusal, far.refusal) == (None, None)
    assert [(each.other, fault) for each, fault in open_halves(db.session())] == [
        (B, Fault.MISSING),
        (FAR, Fault.ELSEWHERE),
    ]
    result = app.test_cli_runner().invoke(make_cli(lambda: app), ["ledger", "crossings"])
    assert result.exit_code == 1
    assert f"{A} -> {B}" in result.output
    assert "2 unmatched" in result.output


def test_two_servers_compare_the_halves_that_each_of_them_has(app: Flask) -> None:
    # given the halves as two installations list them
    opening, here = vault.seal(WHAT), a_town(A)
    here.send("driver", a_half(here, OUT, FAR, opening))
    ((ours, fault),) = open_halves(db.session())
    theirs = half(FAR, A, out=False, commit=opening.commit, count=1)
    # then each by itself cannot know, and both together do
    assert fault is Fault.ELSEWHERE
    assert unmatched([ours, theirs], {A, FAR}) == []


def test_a_crossing_needs_two_logs_a_content_and_somebody_who_may_hand_over(app: Flask) -> None:
    here, opening = a_town(A), vault.seal(WHAT)
    bare = Phone(here.p("driver"), A).command(OUT, NOW, {"other": B, "count": 1})
    answers = here.send("driver", a_half(here, OUT, A, opening), bare)
    answers += here.send("operator", a_half(here, OUT, B, opening, who="operator"))
    refusals = [answer.refusal.code if answer.refusal else "" for answer in answers]
    assert refusals == ["crossings.same_log", "crossings.content_needed", "crossings.not_allowed"]
