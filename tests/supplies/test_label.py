"""The signed contents of a parcel's label: what is written is read, and nothing else is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.supplies import shared_labels
from tests.supplies.shared_labels import KEY, OTHER, a_parcel, text_of
from webapp.cli import CONTRACT
from webapp.kernel.documents import symbols
from webapp.kernel.scanning import codes
from webapp.kernel.tlog import base45
from webapp.supplies import contract
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels import label, packed
from webapp.supplies.labels.label import Contents, Label
from webapp.supplies.labels.packed import Fault

VECTORS: dict[str, Any] = json.loads(shared_labels.FILE.read_text("utf-8"))
LETTERS = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")

days = st.builds(
    lambda y, m, d: y * 10_000 + m * 100 + d, st.integers(2000, 9999), st.integers(1, 12), st.integers(1, 31)
)
bodies = st.text(codes.ALPHABET, min_size=16, max_size=16)
parcels = st.builds(
    Contents,
    log=st.from_regex(r"[0-9]{6}", fullmatch=True),
    parcel=bodies.map(lambda body: body + codes.check_char(body)),
    k=st.integers(1, 200),
    n=st.integers(200, 10_000),
    item=st.from_regex(r"[A-Z][0-9A-Z]{1,7}", fullmatch=True),
    unit=st.from_regex(r"[0-9a-z_]{1,32}", fullmatch=True),
    quantity=st.integers(1, 1_000_000),
    shelter=st.uuids().map(str),
    issued=days,
    variant=st.from_regex(r"[0-9A-Za-z._-]{0,24}", fullmatch=True),
    name=st.text(max_size=30).map(packed.fitting),
    best_before=st.just(0) | days,
    allergens=st.none() | st.integers(0, packed.LIMIT - 1),
    cold=st.booleans(),
    heavy=st.booleans(),
    dangerous=st.booleans(),
    fragile=st.booleans(),
    drill=st.booleans(),
)


def test_the_vectors_are_those_of_this_program() -> None:
    assert shared_labels.fresh() == shared_labels.FILE.read_text("utf-8")


def test_nothing_spoiled_is_read() -> None:
    assert {outcome for _, outcome in VECTORS["bad"]} == {"other", "newer", "broken"}
    assert [outcome for text, outcome in VECTORS["bad"] if text.startswith("ASHIATO-L2")] == ["newer"]


@given(parcels)
def test_what_is_written_is_read_and_signed(contents: Contents) -> None:
    text = text_of(contents)
    found = label.read(text)
    assert isinstance(found, Label)
    assert found.contents == contents
    assert found.key_id == KEY.key_id
    assert found.is_signed_by(KEY.key)
    assert not found.is_signed_by(OTHER.key)
    assert set(text) <= LETTERS
    assert len(text) <= label.MOST_CHARACTERS


@given(st.data())
def test_a_changed_byte_anywhere_is_no_label_or_not_signed(data: st.DataObject) -> None:
    raw = base45.decode(text_of(data.draw(st.sampled_from(shared_labels.PARCELS))).removeprefix(label.PREFIX))
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    found = label.read(label.PREFIX + base45.encode(changed))
    assert isinstance(found, Fault) or not found.is_signed_by(KEY.key)


def test_every_single_byte_counts() -> None:
    raw = base45.decode(text_of(a_parcel()).removeprefix(label.PREFIX))
    for at in range(len(raw)):
        found = label.read(label.PREFIX + base45.encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]))
        assert isinstance(found, Fault) or not found.is_signed_by(KEY.key), at


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(label.read(label.PREFIX + text), Fault)
    assert isinstance(label.read(text), Fault)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0}, {"quantity": 1_000_001}, {"k": 4}, {"k": 0}, {"item": "i05"}, {"variant": "サイズM"},
        {"unit": ""}, {"best_before": 20_261_301}, {"issued": 0}, {"log": "63622"}, {"parcel": "HWVEN9XSYWCX7K2M0"},
        {"name": "長" * 21}, {"name": "a\nb"}, {"allergens": -1}, {"allergens": 1 << 52}, {"shelter": "x"},
    ],
)  # fmt: skip
def test_what_no_label_can_say_is_not_printed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        text_of(a_parcel(**wrong))


def test_the_usual_label_is_one_small_symbol_and_the_longest_still_a_large_one() -> None:
    usual, longest = (symbols.symbol(text_of(shared_labels.PARCELS[at])) for at in (0, -1))
    assert (usual.version, longest.version) == (8, 12)
    for symbol, module in ((usual, 1.2), (longest, 0.9)):
        assert 70 / symbol.side > module  # mm, printed on 70 mm with the quiet zone
        assert 70 / symbol.side * symbol.modules > 60


def test_allergens_are_bits_in_the_order_of_the_list() -> None:
    order = ["egg", "milk", "wheat", "shrimp"]
    assert label.mask(["wheat", "egg"], order) == 0b101
    assert label.mask([], order) == 0
    with pytest.raises(ValueError, match=r".+"):
        label.mask(["moon"], order)


def test_every_worker_makes_the_same_key_and_every_log_has_its_own() -> None:
    label_keys.derived.cache_clear()
    again = label_keys.derived("a secret for vectors", shared_labels.LOG, 1)
    assert again.key == KEY.key
    made = {
        label_keys.derived(secret, log, number).key
        for secret in "ab"
        for log in ("063622", "063631")
        for number in (1, 2)
    }
    assert len(made) == 8


def test_printed_again_a_label_is_the_same() -> None:
    assert text_of(a_parcel()) == text_of(a_parcel())


@given(st.text(max_size=60))
def test_a_name_is_cut_to_what_fits(name: str) -> None:
    cut = packed.fitting(name)
    assert len(cut.encode()) <= packed.MOST_NAME
    assert packed.is_plain(cut)
    assert packed.fitting(cut) == cut


def test_the_phone_reads_the_tables_of_this_program() -> None:
    fresh = json.dumps(contract.tables(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert fresh == (CONTRACT / "supplies.json").read_text("utf-8"), "make contract"
