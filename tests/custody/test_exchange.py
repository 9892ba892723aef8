"""Texts of QR between two phones, and the eight words that two people read aloud."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.custody import shared_exchange
from webapp.custody import exchange
from webapp.custody.commands import consignment
from webapp.custody.exchange import ExchangeError, Kind, Signed

VECTORS: dict[str, Any] = json.loads(shared_exchange.FILE.read_text("utf-8"))
LETTERS = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@pytest.mark.parametrize(("text", "wanted"), VECTORS["texts"])
def test_texts_are_read_as_the_phone_reads_them(text: str, wanted: list[list[str]] | None) -> None:
    if wanted is None:
        with pytest.raises(ExchangeError):
            exchange.decode(text)
    else:
        assert exchange.decode(text)[1] == [Signed(*pair) for pair in wanted]


@pytest.mark.parametrize("case", VECTORS["words"])
def test_the_words_are_those_of_the_phone(case: dict[str, Any]) -> None:
    held = [(code, Signed(*offer), Signed(*answer)) for code, offer, answer in case["exchanged"]]
    assert exchange.words(held) == case["words"]


def test_whatever_order_the_cages_are_held_in_the_words_are_the_same() -> None:
    made = shared_exchange.exchanged(3)
    assert exchange.words(made) == exchange.words(made[::-1])


@given(st.data())
def test_any_changed_byte_gives_other_words(data: st.DataObject) -> None:
    code, offer, answer = shared_exchange.exchanged(1)[0]
    which = data.draw(st.sampled_from([0, 1, 2, 3]))
    lines = [*offer, *answer]
    at = data.draw(st.integers(0, len(lines[which]) - 1))
    changed = "x" if lines[which][at] != "x" else "y"
    lines[which] = lines[which][:at] + changed + lines[which][at + 1 :]
    other = [(code, Signed(*lines[:2]), Signed(*lines[2:]))]
    assert exchange.words(other) != exchange.words([(code, offer, answer)])


@given(st.integers(1, 14), st.randoms(use_true_random=False))
def test_what_was_shown_in_any_number_of_parts_comes_back_whole(count: int, chance: Any) -> None:
    text = exchange.encode(Kind.OFFER, shared_exchange.offers(count))
    parts = exchange.split(text)
    assert all(set(part) <= LETTERS and len(part) <= exchange.MOST_IN_ONE for part in parts)
    chance.shuffle(parts)
    assert exchange.decode(exchange.join(parts)) == (Kind.OFFER, shared_exchange.offers(count))


def test_four_cages_fit_into_one_symbol() -> None:
    assert len(exchange.split(exchange.encode(Kind.OFFER, shared_exchange.offers(4)))) == 1


def test_parts_of_two_texts_do_not_make_a_third() -> None:
    long, other = (exchange.encode(Kind.OFFER, shared_exchange.offers(count)) for count in (12, 13))
    one, two = exchange.split(long), exchange.split(other)
    for parts in (
        [one[0]],
        [one[0], *two[1:]],
        [],
        ["ASHIATO-H1/x/2/00000000:AB"],
        ["ASHIATO-H1/1/99/00000000:AB"],
    ):
        with pytest.raises(ExchangeError):
            exchange.join(parts)
    forged = [one[0].replace("A", "B"), *one[1:]]
    with pytest.raises(ExchangeError):
        exchange.join(forged)


@given(st.text(max_size=40) | st.binary(max_size=60).map(lambda raw: "ASHIATO-A1:" + raw.decode("latin-1")))
def test_rubbish_is_refused_and_never_more(text: str) -> None:
    with pytest.raises(ExchangeError):
        exchange.decode(text)


def test_the_command_line_reads_the_words_from_the_texts_of_both_screens() -> None:
    offers = shared_exchange.offers(12)
    lines = [
        *exchange.split(exchange.encode(Kind.OFFER, offers)),
        *exchange.split(exchange.encode(Kind.ANSWER, shared_exchange.answers(offers))),
    ]
    made = CliRunner().invoke(consignment, ["handover", "-"], input="\n".join(lines[::-1]))
    assert made.exit_code == 0, made.output
    assert made.output.count("引渡　") == made.output.count("受取　") == 12
    assert "　".join(exchange.words(shared_exchange.exchanged(12))) in made.output


def test_the_command_line_refuses_what_is_no_hand_over() -> None:
    for text in ("https://example.com", "ASHIATO-H1:ABC"):
        assert CliRunner().invoke(consignment, ["handover", "-"], input=text).exit_code == 2
