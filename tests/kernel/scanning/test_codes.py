"""The ID on a label: what is caught, what is forgiven, and that the phone reads it the same way."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.scanning import codes
from webapp.kernel.scanning.messages import SENTENCES

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "codes.json").read_text())
OURS = ["https://ashiato.example"]

bodies = st.text(codes.ALPHABET, min_size=codes.BODY, max_size=codes.BODY)
ids = bodies.map(lambda body: body + codes.check_char(body))
places = st.integers(0, codes.LENGTH - 1)


@given(ids, places, st.sampled_from(codes.ALPHABET))
def test_every_wrong_character_is_caught(id: str, place: int, wrong: str) -> None:
    misread = id[:place] + wrong + id[place + 1 :]
    assert codes.is_valid(misread) == (misread == id)


@given(ids, places, places)
def test_every_swap_of_two_different_characters_is_caught(id: str, one: int, other: int) -> None:
    swapped = list(id)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert codes.is_valid("".join(swapped)) == ("".join(swapped) == id)


@given(bodies)
def test_the_check_character_is_the_weighted_sum_over_gf32(body: str) -> None:
    # given log tables of the field, made independently of the code under test
    powers = [1]
    for _ in range(30):
        powers.append(powers[-1] * 2 if powers[-1] < 16 else (powers[-1] * 2) ^ 0b100101)
    total = 0
    for i, char in enumerate(body):
        digit = codes.ALPHABET.index(char)
        total ^= powers[(powers.index(digit) + i + 1) % 31] if digit else 0
    assert codes.check_char(body) == codes.ALPHABET[total]


@given(st.randoms(use_true_random=False))
def test_new_ids_are_valid_and_use_the_whole_alphabet(rng: random.Random) -> None:
    made = [codes.new_id(rng) for _ in range(60)]
    assert all(map(codes.is_valid, made))
    assert {char for id in made for char in id} <= set(codes.ALPHABET)


def test_an_id_is_unguessable_without_a_given_source() -> None:
    assert len({codes.new_id() for _ in range(200)}) == 200


@given(
    id=ids,
    between=st.sampled_from(["-", " ", "　", "－", "ー", "—", "−", ""]),
    small=st.booleans(),
    wide=st.booleans(),
)
def test_an_id_is_read_however_it_is_typed(*, id: str, between: str, small: bool, wide: bool) -> None:
    typed = codes.show(id).replace("-", between).replace("0", "O").replace("1", "l")
    typed = typed.lower() if small else typed
    typed = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in typed) if wide else typed
    assert codes.normalise(typed) == id


@given(ids)
def test_what_is_shown_reads_back(id: str) -> None:
    assert [len(group) for group in codes.show(id).split("-")] == [4, 4, 4, 5]
    assert codes.normalise(codes.show(id)) == id


@given(ids, st.sampled_from(["https://ashiato.example", "HTTP://127.0.0.1:8000/"]))
def test_the_text_of_a_label_reads_back(id: str, base: str) -> None:
    text = codes.qr_text(base, id)
    assert text.upper() == text
    assert codes.parse(text, [base.rstrip("/")]) == codes.Code(id, labelled=True)


@given(ids, st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,8}){1,3}", fullmatch=True))
def test_a_label_of_another_site_is_foreign(id: str, host: str) -> None:
    if host != "ashiato.example":
        assert codes.parse(f"HTTPS://{host.upper()}/Q/{id}", OURS) == codes.Foreign(host)


@given(st.text(max_size=60))
def test_any_text_has_an_answer_and_a_sentence(text: str) -> None:
    match codes.parse(text, OURS):
        case codes.Code(id, _):
            assert codes.is_valid(id)
        case codes.Malformed(reason):
            assert reason in SENTENCES
        case codes.Foreign(host):
            assert host not in OURS


def test_2900_bytes_of_rubbish_are_malformed() -> None:
    rubbish = random.Random(1).randbytes(2900).decode("latin-1")  # noqa: S311
    assert isinstance(codes.parse(rubbish, OURS), codes.Malformed)


@pytest.mark.parametrize("body", ["", "0" * 15, "0" * 17, "U" * 16, "a" * 16])
def test_a_check_character_needs_16_of_the_alphabet(body: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        codes.check_char(body)


def test_python_and_the_shared_vectors_agree() -> None:
    assert [[body, codes.check_char(body)] for body, _ in VECTORS["check"]] == VECTORS["check"]
    assert [[id, codes.show(id)] for id, _ in VECTORS["show"]] == VECTORS["show"]
    assert {v["text"]: codes.normalise(v["text"]) for v in VECTORS["normalise"]} == {
        v["text"]: v["id"] for v in VECTORS["normalise"]
    }


@pytest.mark.parametrize("vector", VECTORS["parse"], ids=lambda v: ascii(v["text"][:40]))
def test_python_parses_as_the_vectors_say(vector: dict[str, Any]) -> None:
    read = codes.parse(vector["text"], VECTORS["prefixes"])
    assert {"kind": read.kind, **{name: getattr(read, name) for name in read.__slots__}} == vector["is"]


@pytest.mark.parametrize("vector", VECTORS["qr_text"], ids=lambda v: ascii(v["base"]))
def test_a_base_that_needs_byte_mode_is_not_printed(vector: dict[str, Any]) -> None:
    if vector["text"] is None:
        with pytest.raises(ValueError, match="alphanumeric"):
            codes.qr_text(vector["base"], vector["id"])
    else:
        assert codes.qr_text(vector["base"], vector["id"]) == vector["text"]
