"""Hand-overs between two phones: what the giver offers, what the receiver says to it, and what comes of both."""

from collections.abc import Iterable

import pytest

from tests.custody.history import CAGE, a_scan
from tests.custody.test_reconcile import ON_BOARD, arrive, load, lock
from webapp.custody.entries import DIGEST, Event
from webapp.custody.reconcile import CageFold, fold_cage

WORDS, OTHER_WORDS = "aa" * 32, "bb" * 32


def offer(at: int = 20, giver: str = "p-officer", to: str = "p-driver", words: str = WORDS) -> Event:
    return a_scan("handed_over", at, CAGE, actor=giver, body={"to": to, "seal": "77", DIGEST: words})


def answer(
    to: Event, step: str = "accepted", at: int = 21, actor: str = "p-driver", words: str = WORDS, **body: str
) -> Event:
    said = {"offer": to.id, "offer_hash": words} | body
    return a_scan(step, at, CAGE, actor=actor, body=said)


def fold(*own: Event) -> CageFold:
    return fold_cage(CAGE, "job", [lock(), *own], load(*ON_BOARD), {}, {})


def found(*own: Event) -> list[tuple[str, str]]:
    return [(str(each.code), each.key) for each in fold(*own).findings]


def codes(*own: Event) -> list[str]:
    return [code for code, _ in found(*own)]


def test_a_hand_over_that_the_receiver_countersigned_raises_no_question() -> None:
    folded = fold(offer(), answer(offer()))
    assert (folded.step, folded.holder, folded.departed_at, folded.findings) == (
        "handed_over", "p-driver", 20, (),
    )  # fmt: skip


def test_a_hand_over_on_one_phone_is_flagged_and_counts_all_the_same() -> None:
    folded = fold(offer())
    assert (folded.step, folded.holder) == ("handed_over", "p-driver")
    (missing,) = folded.findings
    assert (missing.code, missing.key, missing.causes) == ("HANDOVER_UNANSWERED", offer().id, (offer().id,))
    assert missing.params == {"giver": "p-officer", "to": "p-driver"}


def test_a_refused_cage_stays_with_its_giver() -> None:
    folded = fold(offer(), answer(offer(), "declined", reason="seal"))
    assert (folded.step, folded.holder, folded.departed_at) == ("locked", "", None)
    (refused,) = folded.findings
    assert (refused.code, refused.params["by"], refused.params["reason"]) == (
        "HANDOVER_DECLINED", "p-driver", "seal",
    )  # fmt: skip


def test_a_driver_whose_cage_is_refused_has_it_still() -> None:
    onward = offer(30, "p-driver", "p-receiver")
    folded = fold(offer(), answer(offer()), onward, answer(onward, "declined", 31, "p-receiver"))
    assert (folded.holder, folded.step) == ("p-driver", "handed_over")


def test_a_refusal_is_no_question_any_more_once_somebody_takes_the_cage() -> None:
    again = offer(40, to="p-driver2")
    refused = answer(offer(), "declined", reason="not_mine")
    assert codes(offer(), refused, again, answer(again, at=41, actor="p-driver2")) == []
    assert codes(offer(), refused, again) == ["HANDOVER_DECLINED", "HANDOVER_UNANSWERED"]


@pytest.mark.parametrize("step", ["accepted", "declined"])
def test_an_answer_to_other_words_than_the_givers_counts_for_nothing(step: str) -> None:
    folded = fold(offer(), answer(offer(), step, words=OTHER_WORDS))
    assert sorted(str(each.code) for each in folded.findings) == ["ANSWER_MISMATCH", "HANDOVER_UNANSWERED"]
    assert folded.step == "handed_over"


def test_an_answer_waits_for_an_offer_that_has_not_arrived() -> None:
    assert found(answer(offer())) == [("OFFER_AWAITED", "accepted-C1-21")]


def test_somebody_else_than_the_named_receiver_has_the_cage_and_is_asked() -> None:
    folded = fold(offer(), answer(offer(), actor="p-substitute"))
    (other,) = folded.findings
    assert (folded.holder, other.code) == ("p-substitute", "ANSWER_BY_OTHER")
    assert other.params == {"to": "p-driver", "by": "p-substitute"}


def test_a_substitute_who_took_the_cage_may_hand_it_on() -> None:
    onward = offer(30, "p-substitute", "p-receiver")
    own = [offer(), answer(offer(), actor="p-substitute"), onward, answer(onward, at=31, actor="p-receiver")]
    assert codes(*own) == ["ANSWER_BY_OTHER"]
    assert fold(*own).holder == "p-receiver"


def test_nobody_answers_their_own_offer() -> None:
    assert "SAME_PERSON" in codes(offer(), answer(offer(), actor="p-officer"))


def test_of_two_answers_the_first_counts() -> None:
    own = [offer(), answer(offer()), answer(offer(), "declined", 22)]
    assert (codes(*own), fold(*own).holder) == (["DOUBLE_SCAN"], "p-driver")


def test_what_was_taken_after_the_giver_took_it_back_is_a_question() -> None:
    undone = a_scan("void", 22, CAGE, actor="p-officer", target=offer().id)
    assert codes(offer(), undone, answer(offer(), at=23)) == ["OFFER_WITHDRAWN"]
    assert codes(offer(), undone, answer(offer(), "declined", 23)) == []
    assert codes(offer(), undone) == []


def test_an_answer_that_was_undone_is_none() -> None:
    undone = a_scan("void", 23, CAGE, actor="p-driver", target=answer(offer()).id)
    assert codes(offer(), answer(offer()), undone) == ["HANDOVER_UNANSWERED"]


@pytest.mark.parametrize(("role", "expected"), [("driver", []), ("itad_operator", ["NOT_PERMITTED"])])
def test_not_everybody_takes_cages_over(role: str, expected: Iterable[str]) -> None:
    taken = answer(offer())._replace(roles=(role,))
    assert codes(offer(), taken) == expected


def test_the_clocks_of_two_phones_do_not_matter() -> None:
    assert codes(offer(), answer(offer(), at=3), arrive()) == []
