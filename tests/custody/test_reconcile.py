"""A cage held against its manifest, its seal, its custodians and the devices in it."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.custody.history import CAGE, OTHER_CAGE, a_scan, codes_of
from webapp.custody.entries import DIGEST, Event
from webapp.custody.reconcile import CageFold, fold_cage
from webapp.custody.steps import CAGE_ORDER, CAGE_STEPS, Step

ON_BOARD = ("A", "B")


def lock(at: int = 10, manifest: Iterable[str] = ON_BOARD, **body: Any) -> Event:
    codes = sorted(manifest)
    return a_scan("locked", at, CAGE, body={"seal": "77", "manifest": codes, "count": len(codes)} | body)


def hand_over(at: int = 20, giver: str = "p-officer", to: str = "p-driver", **body: Any) -> Event:
    return a_scan("handed_over", at, CAGE, actor=giver, body={"to": to, "seal": "77"} | body)


def countersigned(own: Iterable[Event]) -> list[Event]:
    """The same, and every hand-over taken by whom it names. What receivers say is told in test_handover.py."""
    own = list(own)
    takers = [(event, str(event.body["to"])) for event in own if event.step is Step.HANDED_OVER]
    return own + [
        a_scan("accepted", offer.at, CAGE, actor=to, body={"offer": offer.id}, number=number)
        for number, (offer, to) in enumerate(takers)
    ]


def arrive(at: int = 30, **body: Any) -> Event:
    return a_scan("arrived", at, CAGE, body={"seal": "77", "verdict": "intact"} | body)


def opened(at: int = 40, **fields: Any) -> Event:
    return a_scan("opened", at, CAGE, **fields)


def close(at: int = 60, **body: Any) -> Event:
    return a_scan("count_closed", at, CAGE, body=body)


def load(*codes: str, at: int = 5, cage: str = CAGE) -> list[Event]:
    return [a_scan("loaded", at, code, parent=cage) for code in codes]


def count(*codes: str, at: int = 50, cage: str = CAGE) -> list[Event]:
    return [a_scan("counted", at, code, parent=cage) for code in codes]


def the_way() -> list[Event]:
    return [lock(), hand_over(), arrive(), opened(), close(count=2)]


def fold(
    own: list[Event], inside: list[Event], jobs: dict[str, str] | None = None, **current: str
) -> CageFold:
    return fold_cage(CAGE, "job", countersigned(own), inside, jobs or {}, current)


def found(own: list[Event], inside: list[Event], jobs: dict[str, str] | None = None) -> list[str]:
    return codes_of(fold(own, inside, jobs).findings)


def test_a_cage_that_arrives_as_it_left_raises_no_question() -> None:
    folded = fold(the_way(), load(*ON_BOARD) + count(*ON_BOARD))
    assert folded.findings == ()
    assert (folded.step, folded.manifest, folded.counted) == ("count_closed", ON_BOARD, ON_BOARD)
    assert (folded.locked_at, folded.departed_at, folded.arrived_at, folded.opened_at, folded.closed_at) == (
        10, 20, 30, 40, 60,
    )  # fmt: skip


def test_a_cage_that_is_being_loaded_knows_what_lies_in_it() -> None:
    folded = fold([], load("B", "A"))
    assert (folded.step, folded.loaded, folded.findings) == (None, ON_BOARD, ())


def test_what_was_not_counted_is_missing_once_the_count_is_closed() -> None:
    inside = load(*ON_BOARD) + count("A")
    assert found(the_way()[:-1], inside) == []
    (missing,) = fold([*the_way()[:-1], close()], inside).findings
    assert (missing.code, missing.key, missing.params) == ("MISSING", "B", {"device": "B"})


def test_what_is_not_on_the_manifest_is_extra() -> None:
    assert found([*the_way()[:-1], close()], load(*ON_BOARD) + count("A", "B", "X")) == ["EXTRA"]


def test_what_was_loaded_elsewhere_is_in_the_wrong_cage() -> None:
    inside = load(*ON_BOARD) + load("X", cage=OTHER_CAGE) + count("A", "B", "X")
    (wrong,) = fold([*the_way()[:-1], close()], inside).findings
    assert (wrong.code, wrong.params["expected"], wrong.params["cage"]) == ("WRONG_CAGE", OTHER_CAGE, CAGE)


def test_what_belongs_to_another_consignment_is_the_wrong_lot() -> None:
    jobs = {"A": "job", "B": "job", "X": "another"}
    assert found([], load("A", "X"), jobs) == ["WRONG_LOT"]
    inside = load(*ON_BOARD) + count("A", "B", "X")
    assert found([*the_way()[:-1], close()], inside, jobs) == ["WRONG_LOT"]


@pytest.mark.parametrize("step", ["handed_over", "arrived"])
def test_another_seal_than_at_locking_is_a_mismatch(step: str) -> None:
    seals = {"handed_over": "77", "arrived": "77", step: "78"}
    own = [lock(), hand_over(seal=seals["handed_over"]), arrive(seal=seals["arrived"])]
    (mismatch,) = fold(own, load(*ON_BOARD)).findings
    assert (mismatch.code, mismatch.params) == ("SEAL_MISMATCH", {"sealed": "77", "seen": "78", "step": step})


def test_a_seal_that_nobody_has_read_is_no_mismatch() -> None:
    assert found([lock(), hand_over(seal=""), arrive(seal="")], load(*ON_BOARD)) == []


@pytest.mark.parametrize("verdict", ["broken", "missing"])
def test_a_seal_that_is_not_whole_is_told(verdict: str) -> None:
    assert found([lock(), hand_over(), arrive(verdict=verdict)], load(*ON_BOARD)) == ["SEAL_BROKEN"]


def test_steps_in_the_wrong_order_are_named() -> None:
    assert found([lock(), hand_over(35), arrive()], load(*ON_BOARD)) == ["OUT_OF_ORDER"]


def test_a_step_that_is_absent_is_skipped() -> None:
    skipped = fold([lock(), arrive()], load(*ON_BOARD)).findings
    assert [(f.code, f.key) for f in skipped] == [("SKIPPED", "handed_over")]


def test_a_step_twice_is_a_double_scan() -> None:
    assert found([lock(), hand_over(), arrive(), arrive(31)], load(*ON_BOARD)) == ["DOUBLE_SCAN"]


def test_a_cage_handed_on_by_its_holder_has_one_custodian() -> None:
    folded = fold([lock(), hand_over(), hand_over(25, "p-driver", "p-receiver")], load(*ON_BOARD))
    assert folded.findings == ()


def test_two_hand_overs_at_once_are_two_custodians() -> None:
    folded = fold([lock(), hand_over(), hand_over(21, "p-officer2", "p-driver2")], load(*ON_BOARD))
    assert codes_of(folded.findings) == ["OVERLAP"]


def test_the_same_hand_over_recorded_twice_is_one() -> None:
    assert found([lock(), hand_over(), hand_over(21, "p-officer2")], load(*ON_BOARD)) == ["DOUBLE_SCAN"]


def test_nobody_hands_a_cage_to_themselves() -> None:
    assert "SAME_PERSON" in found([lock(), hand_over(to="p-officer")], load(*ON_BOARD))


@pytest.mark.parametrize(
    ("witnesses", "expected"),
    [((), ["NO_WITNESS"]), (("p-itad_receiver",), ["SAME_PERSON"]), (("p-other",), [])],
)
def test_a_cage_is_opened_by_two(witnesses: tuple[str, ...], expected: list[str]) -> None:
    event = a_scan("opened", 40, CAGE, actor="p-itad_receiver", witnesses=witnesses)
    assert found([lock(), hand_over(), arrive(), event], load(*ON_BOARD)) == expected


@pytest.mark.parametrize("place", [0, 2])
def test_locking_and_arriving_ask_for_a_photo(place: int) -> None:
    own = [lock(), hand_over(), arrive()]
    own[place] = a_scan(own[place].step, own[place].at, CAGE, body=own[place].body, photos=0)
    assert found(own, load(*ON_BOARD)) == ["PHOTO_MISSING"]


def test_a_driver_who_opens_a_cage_is_asked() -> None:
    own = [lock(), hand_over(), arrive(), opened(roles=("driver",))]
    assert found(own, load(*ON_BOARD)) == ["NOT_PERMITTED"]


@pytest.mark.parametrize("step", ["sanitized", "drive_extracted", "counted"])
def test_nobody_meets_a_device_of_a_sealed_cage(step: str) -> None:
    between = a_scan(step, 25, "A", parent=OTHER_CAGE if step == "counted" else "")
    after = a_scan(step, 45, "A", parent=OTHER_CAGE if step == "counted" else "")
    assert found([lock(), hand_over()], [*load(*ON_BOARD), between]) == ["SCAN_IN_TRANSIT"]
    assert found([lock(), hand_over(), arrive(), opened()], [*load(*ON_BOARD), after]) == []


def test_a_scan_whose_clock_leaves_open_whether_the_cage_was_locked_yet_accuses_nobody() -> None:
    between = a_scan("sanitized", 25, "A", dev="technicians", err=30)
    assert found([lock(), hand_over()], [*load(*ON_BOARD), between]) == []
    assert found([lock(), hand_over()], [*load(*ON_BOARD), between._replace(err=3)]) == ["SCAN_IN_TRANSIT"]


def test_counting_before_the_cage_was_opened_is_told_once() -> None:
    own = [lock(), hand_over(), arrive(), opened(55), close()]
    (early,) = fold(own, load(*ON_BOARD) + count(*ON_BOARD)).findings
    assert (early.code, len(early.causes)) == ("OPEN_UNLOGGED", 2)


def test_a_declared_number_that_was_not_scanned_does_not_balance() -> None:
    inside = load(*ON_BOARD) + count(*ON_BOARD)
    (balance,) = fold([*the_way()[:-1], close(count=3)], inside).findings
    assert (balance.code, balance.params) == ("COUNT_BALANCE", {"declared": "3", "scanned": "2"})
    assert found([lock(count=3)], load(*ON_BOARD)) == ["COUNT_BALANCE"]


def test_what_was_loaded_and_is_not_on_the_manifest_does_not_balance() -> None:
    (balance,) = fold([lock()], load("A", "B", "X")).findings
    assert (balance.code, balance.key, balance.causes) == ("COUNT_BALANCE", "manifest", ("loaded-X-5",))


def test_a_replaced_label_on_the_manifest_is_the_same_thing() -> None:
    folded = fold([*the_way()[:-1], close(count=2)], load("A", "new") + count("A", "new"), B="new")
    assert (folded.findings, folded.manifest) == ((), ("A", "new"))


@pytest.mark.parametrize("step", ["registered", "loaded", "destroyed"])
def test_a_cages_label_on_a_device_is_named(step: str) -> None:
    assert found([a_scan(step, 1, CAGE), lock()], load(*ON_BOARD)) == ["DOUBLE_BIND"]


def test_an_undone_lock_leaves_the_cage_open() -> None:
    undo = a_scan("void", 11, CAGE, target=lock().id)
    folded = fold([lock(), undo], load(*ON_BOARD))
    assert (folded.step, folded.manifest, folded.locked_at, folded.findings) == (None, (), None, ())


def test_a_correction_of_one_device_does_not_touch_another() -> None:
    astray = a_scan("void", 6, "B", target="loaded-A-5")
    assert fold([], [*load("A", "B"), astray]).loaded == ON_BOARD


@st.composite
def trouble(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Anything that phones could record about a cage and what lies in it."""
    people = st.sampled_from(["p-1", "p-2", "p-3"])
    own = [
        a_scan(
            step, at, CAGE, actor=actor,
            body={
                "to": to, "seal": seal, "manifest": listed, "count": number,
                "offer": f"handed_over-{CAGE}-{number}", "offer_hash": seal, DIGEST: seal,
            },
        )
        for step, at, actor, to, seal, listed, number in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(CAGE_STEPS), st.integers(0, 9), people, people, st.sampled_from(["", "77", "78"]),
                    st.lists(st.sampled_from("ABC"), max_size=3), st.integers(0, 3),
                ),
                max_size=9, unique_by=lambda row: (row[0], row[1]),
            )
        )
    ]  # fmt: skip
    inside = [
        a_scan(step, at, code, parent=parent)
        for step, at, code, parent in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["loaded", "counted", "destroyed"]), st.integers(0, 9), st.sampled_from("ABCX"),
                    st.sampled_from(["", CAGE, OTHER_CAGE]),
                ),
                max_size=8, unique_by=lambda row: row[:3],
            )
        )
    ]  # fmt: skip
    for at, event in enumerate(
        draw(st.lists(st.sampled_from(own + inside), max_size=2)) if own + inside else []
    ):
        (own if event in own else inside).append(a_scan("void", 90 + at, event.code, target=event.id))
    return own, inside


@given(trouble(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(told: tuple[list[Event], list[Event]], chance: Any) -> None:
    own, inside = told
    expected = fold_cage(CAGE, "job", own, inside, {}, {})
    chance.shuffle(own)
    chance.shuffle(inside)
    assert fold_cage(CAGE, "job", own, inside, {}, {}) == expected


@given(trouble())
def test_a_fold_never_fails_and_names_only_scans_it_was_given(told: tuple[list[Event], list[Event]]) -> None:
    folded = fold_cage(CAGE, "job", *told, {}, {})
    known = {event.id for events in told for event in events}
    assert {cause for finding in folded.findings for cause in finding.causes} <= known
    assert folded.step in {None, *CAGE_ORDER}
    assert Step.VOID not in {folded.step}
