"""Items, allergens, and what may never be matched."""

import re
from datetime import date
from typing import get_args

import pytest

from webapp.supplies import catalogue, form_messages
from webapp.supplies.allergens import ALLERGEN_WORDS, ALLERGENS, asked_on, mandatory_on, silent_labels
from webapp.supplies.catalogue import BASE, NeedTerms, OfferTerms, fits, substitutes
from webapp.supplies.steps import AcceptPolicy, ReceiveMode

TODAY = date(2026, 11, 22)


def test_the_base_list_is_whole_and_every_word_of_it_has_a_text_in_three_languages() -> None:
    assert len(BASE) == 71
    for item in BASE.values():
        assert re.fullmatch(r"[A-Z][0-9A-Z]{1,7}", item.code)
        assert item.vol_ml > 0
        assert item.grams > 0
        assert item.shelf_life in get_args(catalogue.ShelfLife)
        for text, word in [
            (catalogue.category_text, item.category),
            (catalogue.unit_text, item.unit),
            *((catalogue.tag_text, tag) for tag in item.tags),
        ]:
            assert all(text(word, language) != word for language in ("ja", "en", "ja_easy")), word
        assert all(re.fullmatch(r"[0-9A-Za-z._-]{1,24}", word) and text for word, text in item.variants)
        assert len(item.variants) <= 40
    assert BASE["I05"].vol_ml == 220
    assert BASE["I05"].grams == 35


def test_a_size_without_a_type_takes_both_types_and_never_another_size() -> None:
    diapers = BASE["I05"]
    assert diapers.variant_text("M-pants") == "M・パンツ"
    assert diapers.accepts("M", "M-pants")
    assert not diapers.accepts("M-pants", "M")
    assert not diapers.accepts("M", "L")
    assert not diapers.accepts("", "M")
    assert not diapers.has_variant("")
    assert BASE["W02"].has_variant("")
    assert not BASE["W02"].variants
    assert BASE["F01"].accepts("", "plain")


def test_water_stands_in_for_water_and_nothing_for_a_stage_or_a_size() -> None:
    assert [(s.item, s.units, s.per) for s in substitutes("W02")] == [("W01", 4, 1)]
    assert [item.code for item in BASE.values() if substitutes(item.code)] == ["W01", "W02"]


def test_the_ninth_allergen_is_asked_about_from_its_day_and_labels_may_be_silent_until_2028() -> None:
    assert [a.ja for a in mandatory_on(date(2026, 3, 31))] == [
        "えび",
        "かに",
        "くるみ",
        "小麦",
        "そば",
        "卵",
        "乳",
        "落花生",
    ]
    assert [a.ja for a in mandatory_on(date(2026, 4, 1))][-1] == "カシューナッツ"
    assert len(asked_on(date(2025, 1, 1))) == 28
    assert len(asked_on(TODAY)) == 29
    assert [a.word for a in silent_labels({"cashew", "milk"}, TODAY)] == ["cashew"]
    assert silent_labels({"cashew", "milk"}, date(2028, 4, 1)) == []


def test_places_of_allergens_on_labels_never_move() -> None:
    assert ALLERGEN_WORDS[:9] == (
        *("shrimp", "crab", "walnut", "wheat", "buckwheat", "egg", "milk", "peanut", "cashew"),
    )
    assert (len(ALLERGENS), ALLERGEN_WORDS[-1]) == (30, "pistachio")


GOOD = OfferTerms("F01", best_before=20270601, allergens=())


@pytest.mark.parametrize(
    ("need", "offer", "reasons"),
    [
        (NeedTerms("F01"), GOOD, []),
        (NeedTerms("F01"), OfferTerms("F01", best_before=20270601), []),
        (NeedTerms("F02"), GOOD, ["item"]),
        (NeedTerms("F01", excluded=["milk"]), OfferTerms("F01", best_before=20270601), ["undeclared"]),
        (NeedTerms("F01", allergy=True), OfferTerms("F01", best_before=20270601), ["undeclared"]),
        (
            NeedTerms("F01", allergy=True),
            OfferTerms("F01", best_before=20270601, allergens=["egg"]),
            ["allergen"],
        ),
        (
            NeedTerms("F01", excluded=["milk"]),
            OfferTerms("F01", best_before=20270601, allergens=["egg"]),
            [],
        ),
        (NeedTerms("W01", allergy=True), OfferTerms("W01", best_before=20270601), []),
        (NeedTerms("F01"), OfferTerms("F01"), ["no_date"]),
        (NeedTerms("F01"), OfferTerms("F01", best_before=20261208), ["too_near"]),
        (NeedTerms("F01"), OfferTerms("F01", best_before=20261209), []),
        (NeedTerms("F01"), OfferTerms("F01", best_before=20261399), ["too_near"]),
        (NeedTerms("I05", "M"), OfferTerms("I05", "L"), ["variant"]),
        (NeedTerms("C05"), OfferTerms("C05", used=True), ["used"]),
        (NeedTerms("M03"), OfferTerms("M03", "cold", best_before=20280101), ["regulated"]),
        (NeedTerms("W02"), OfferTerms("W01", best_before=20280101), []),
        (NeedTerms("B01", need_by=TODAY), OfferTerms("B01", eta_days=2), ["late"]),
        (NeedTerms("B01", receive_mode=ReceiveMode.CLOSED), OfferTerms("B01"), ["closed"]),
        (NeedTerms("B01", accept_policy=AcceptPolicy.ORGANISATIONS), OfferTerms("B01"), ["organisations"]),
        (
            NeedTerms("B01", accept_policy=AcceptPolicy.MIN_LOT, min_lot=50),
            OfferTerms("B01", quantity=49),
            ["min_lot"],
        ),
        (NeedTerms("X99"), OfferTerms("X99"), ["item"]),
    ],
)
def test_goods_go_only_where_they_may(need: NeedTerms, offer: OfferTerms, reasons: list[str]) -> None:
    found = fits(need, offer, TODAY)
    assert found == [f"supplies.fit_{reason}" for reason in reasons]
    assert all(code in form_messages.SENTENCES for code in found)


def test_items_are_found_by_parts_of_their_names_and_groups() -> None:
    assert [item.code for item in catalogue.search(BASE.values(), "おむつ 乳児")] == ["I05"]
    assert len(catalogue.search(BASE.values(), "")) == 71
