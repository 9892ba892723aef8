"""Head-counts → what is needed for three days."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.supplies.catalogue import BASE
from webapp.supplies.headcount import HEADS_TEXTS, Heads, heads_of, three_days

COUNTS = st.integers(0, 2_000)
HEADS = st.builds(Heads, **dict.fromkeys(HEADS_TEXTS, COUNTS))  # type: ignore[arg-type]


def _quantities(heads: Heads) -> dict[tuple[str, str], int]:
    return {(line.item, line.variant): line.quantity for line in three_days(heads)}


def test_a_gymnasium_of_120_gets_the_figures_of_the_reference() -> None:
    needs = _quantities(Heads(people=120, infants=3, care=9, milk_allergy=1))
    assert needs["F01", ""] + needs["F04", ""] == pytest.approx(117 * 1.2 * 9, abs=2)
    assert needs["W02", ""] == 540
    assert needs["B01", ""] == 240
    assert needs["H01", ""] == (120 - 3 - 9) * 15
    assert needs["H08", ""] == 30
    assert needs["I05", "S"] == 90
    assert needs["E01", "M"] == 162
    assert (needs["I01", "stage1"], needs["I03", "hydrolysed"]) == (2, 1)


def test_ten_people_are_72_and_36_meals_and_no_more() -> None:
    assert _quantities(Heads(people=10))["F01", ""] == 72


@given(HEADS, st.integers(0, 500))
def test_more_people_never_need_less(heads: Heads, more: int) -> None:
    before = _quantities(heads)
    after = _quantities(heads_of(asdict(heads) | {"people": heads.people + more}))
    assert all(after[key] >= quantity for key, quantity in before.items())


@given(HEADS)
def test_every_need_is_one_of_the_catalogue_and_never_rounded_to_nothing(heads: Heads) -> None:
    lines = three_days(heads)
    for line in lines:
        assert BASE[line.item].has_variant(line.variant)
        assert line.quantity >= 1
        assert line.persons >= 1
        assert line.why.startswith(str(line.persons))
    assert len({(line.item, line.variant) for line in lines}) == len(lines)


def test_nobody_needs_nothing_and_fewer_than_nobody_is_refused() -> None:
    assert three_days(Heads()) == []
    with pytest.raises(ValueError, match="below zero"):
        three_days(Heads(people=-1))


def test_one_baby_gets_whole_things() -> None:
    needs = _quantities(Heads(people=1, infants=1))
    assert needs["I01", "stage1"] == 1
    assert needs["I06", ""] == 2
