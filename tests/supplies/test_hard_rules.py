"""What may never be matched, at the door; and by rule, whatever is offered."""

from datetime import date

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.supplies import Relief, a_relief, refused
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies.allergens import ALLERGEN_WORDS
from webapp.supplies.catalogue import BASE, NeedTerms, OfferTerms, days_left, fits


@pytest.fixture
def relief(app: Flask) -> Relief:
    """A town after an earthquake."""
    return a_relief()


def test_an_allergy_need_that_names_no_allergen_wants_a_declaration_too(relief: Relief) -> None:
    need = relief.need(10, item="F01", variant="", audience=["allergy"], persons=6)
    assert refused(relief.offer("remote", 5, need=need, item="F01", variant="")) == "supplies.allergens"
    nuts = relief.offer("remote", 5, need=need, item="F01", variant="", allergens=["cashew"])
    assert refused(nuts) == "supplies.allergens"
    assert refused(relief.offer("remote", 5, need=need, item="F01", variant="", allergens=["beef"])) == ""


def test_nobody_can_ask_for_undeclared_food_for_an_allergy_need(relief: Relief) -> None:
    need = relief.need(10, item="F01", variant="", excluded=["milk"], audience=["allergy"], persons=6)
    undeclared = relief.offer("remote", 10, item="F01", variant="")
    declared = relief.offer("remote", 10, item="F01", variant="", allergens=["egg"])
    assert refused(relief.request(5, offer=undeclared.id, need=need)) == "supplies.allergens"
    assert refused(relief.request(5, offer=declared.id, need=need)) == ""


def test_water_and_blankets_need_no_declaration(relief: Relief) -> None:
    for item in ("W02", "B01"):
        need = relief.need(10, item=item, variant="", audience=["allergy"], persons=6)
        assert refused(relief.offer("remote", 5, need=need, item=item, variant="")) == ""


def test_food_of_the_towns_own_is_food(relief: Relief) -> None:
    item = {"item": "X001", "category": "food", "unit": "pack"}
    assert refused(relief.say("officer", kinds.ITEM_SET, item, {"name": "だし餅"}, id=new_id())) == ""
    need = relief.need(10, item="X001", variant="", excluded=["wheat"], audience=["allergy"], persons=6)
    assert refused(relief.offer("remote", 5, need=need, item="X001", variant="")) == "supplies.allergens"


def test_a_pledge_of_a_closer_kind_can_be_asked_for(relief: Relief) -> None:
    need = relief.need(10, item="I05", variant="M")
    pledge = relief.offer("citizen", 10, need=need, item="I05", variant="M-pants")
    match = relief.match_of(pledge.id)
    assert refused(relief.request(10, offer=pledge.id, match=match.id, need=need)) == ""


ITEMS = st.sampled_from(["F01", "I01", "I05", "W01", "W02", "B01"])
SIZES = st.sampled_from(["", "M", "M-pants", "L", "plain", "stage1"])
WORDS = st.frozensets(st.sampled_from(ALLERGEN_WORDS), max_size=2)
NEEDS = st.builds(NeedTerms, ITEMS, SIZES, WORDS, st.booleans())
OFFERS = st.builds(
    OfferTerms,
    ITEMS,
    SIZES,
    best_before=st.sampled_from([0, 20261210, 20281231]),
    allergens=st.none() | WORDS,
    eta_days=st.integers(0, 20),
)


@given(NEEDS, OFFERS)
def test_whatever_fits_is_free_of_what_is_excluded_long_enough_good_and_of_the_same_size(
    need: NeedTerms, offer: OfferTerms
) -> None:
    today = date(2026, 11, 22)
    if fits(need, offer, today):
        return
    item = BASE[offer.item]
    if item.is_eaten and (need.excluded or need.allergy):
        assert offer.allergens is not None
        assert not set(need.excluded) & set(offer.allergens)
    if item.is_dated:
        assert days_left(offer.best_before, today) >= 14 + offer.eta_days
    if need.item == offer.item:
        assert not item.variant_needed or offer.variant.split("-")[0] == need.variant.split("-")[0]
    else:
        assert {need.item, offer.item} == {"W01", "W02"}
