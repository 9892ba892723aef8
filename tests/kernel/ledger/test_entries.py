"""The bytes of an entry: canonical, free of anything personal, and the same when they come back."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.ledger.entries import (
    MAX_ENTRY,
    PERSONAL,
    By,
    NotCanonical,
    canonical,
    decode,
    encode,
    personal_fields,
)

BY = By("p-00000000000000000000", "org", ("officer",))
LIMIT = 2**53 - 1
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
names = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=12).filter(
    lambda name: not personal_fields({name: 0})
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        float("inf"),
        {"a": 1.0},
        [0.1],
        LIMIT + 1,
        -LIMIT - 1,
        {"あ": 1},
        {1: 1},
        b"x",
        object,
        {1},
    ],
    ids=repr,
)
def test_what_two_programs_could_write_differently_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_value_nested_without_end_is_refused_before_the_stack_is_full() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotCanonical):
        canonical(deep)


impersonal = values.filter(lambda value: not personal_fields(value))


@given(st.dictionaries(names, impersonal, max_size=4))
def test_an_entry_comes_back_as_it_was_written(body: dict[str, Any]) -> None:
    raw = encode("063622", "id", "kernel.kind", 5, BY, {"body": body})
    entry = decode(7, raw)
    assert (entry.log, entry.index, entry.id, entry.kind, entry.recorded_at) == (
        "063622",
        7,
        "id",
        "kernel.kind",
        5,
    )
    assert (entry.by, entry.data) == (BY, body)
    assert encode("063622", "id", "kernel.kind", 5, BY, {"body": entry.data}) == raw


def test_the_phones_string_stands_in_the_entry_byte_for_byte() -> None:
    said = '{"z":1,"a":"足あと\\n"}'
    raw = encode("063622", "id", "custody.scan", 5, BY, {"p": said, "s": "sig"})
    assert rfc8785.dumps({"said": said})[9:-1] in raw
    assert decode(0, raw).data == {"z": 1, "a": "足あと\n"}


@pytest.mark.parametrize("field", sorted(PERSONAL))
def test_a_field_that_belongs_in_the_vault_is_found_at_any_depth_and_not_written(field: str) -> None:
    body = {"list": [{"deeper": {field: "x"}}]}
    assert personal_fields(body) == {field}
    with pytest.raises(NotCanonical):
        encode("063622", "id", "kernel.kind", 5, BY, {"body": body})


@pytest.mark.parametrize(
    "value",
    ["hanako@example.jp", "090-1234-5678", "09012345678", "0233-43-2111", "0233(43)2111", "+81 90 1234 5678",
     "call 03-1234-5678 now", "佐藤花子", "ｻﾄｳ", "Müller"],
)  # fmt: skip
def test_a_value_that_looks_like_somebodys_is_not_written_whatever_its_field_is_called(value: str) -> None:
    body = {"list": [{"reason": value}]}
    assert personal_fields(body) == {"reason"}
    with pytest.raises(NotCanonical):
        encode("063622", "id", "kernel.kind", 5, BY, {"body": body})


@pytest.mark.parametrize(
    "value",
    ["7734012", "0190a5d0-ac96-774b-bcce-b302099a8057", "HWVEN9XSYWCX7K2MP", "Blancco 7.0", "2026-11-21", "a" * 64,
     "https://node.example:8443/w", "witness.shinjo.example/w1+0f00aa11+BMXm7HLz9aA=", "p-00000000000000000000"],
)  # fmt: skip
def test_ids_codes_and_addresses_of_machines_are_written(value: str) -> None:
    assert personal_fields({"reason": value}) == set()


@pytest.mark.parametrize(
    "field", ["Serial", "drive_serial", "phoneNumber", "E-MAIL", "first_name", "assetNumber"]
)
def test_a_personal_field_is_found_however_it_is_spelt(field: str) -> None:
    assert personal_fields({"a": [{field: 1}]}) == {field}


def test_an_entry_holds_what_a_log_tile_can_hold() -> None:
    assert len(encode("063622", "id", "k.k", 5, BY, {"p": "x" * 65_000, "s": ""})) <= MAX_ENTRY
    with pytest.raises(NotCanonical):
        encode("063622", "id", "k.k", 5, BY, {"p": "x" * 65_535, "s": ""})


@pytest.mark.parametrize("value", ["a\0b", {"a": ["\0"]}, {"\0": 1}])
def test_what_postgresql_cannot_hold_has_no_bytes(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)
