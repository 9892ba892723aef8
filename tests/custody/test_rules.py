"""Where a device stands after its history, and what is wrong with it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.custody.history import OTHER_CAGE, a_scan, codes_of, scans
from webapp.custody.entries import Event
from webapp.custody.rules import RANK, DeviceFold, Tag, decide, ended, fold_device, required
from webapp.custody.steps import NEXT, REQUIRED, Discrepancy, Step

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "custody_decide.json").read_text())["cases"]
CLASS_3 = ("registered", "sanitized", "loaded", "counted", "drive_extracted", "destroyed")
CLASS_2 = CLASS_1 = ("registered", "sanitized", "loaded", "counted")
CLASS_0 = ("registered", "loaded", "counted")
ON_SITE = ("registered", "sanitize_failed", "destroyed_on_site", "loaded", "counted")


def fold(*events: Event, cls: str = "3", **tag: Any) -> DeviceFold:
    return fold_device(Tag("D1", cls, tag.pop("device", "pc-1"), **tag), events)


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_the_phone_and_the_server_decide_alike(case: dict[str, Any]) -> None:
    done = frozenset(Step(step) for step in case["done"])
    assert decide(case["cls"], done, Step(case["step"]), same_person=case["same_person"]) == case["expect"]


@pytest.mark.parametrize(
    ("cls", "steps"), [("3", CLASS_3), ("2", CLASS_2), ("1", CLASS_1), ("0", CLASS_0), ("3", ON_SITE)]
)
def test_a_device_that_has_shown_every_step_of_its_class_has_ended(cls: str, steps: tuple[str, ...]) -> None:
    folded = fold(*scans(*steps), cls=cls)
    assert (folded.ended, folded.findings, folded.step) == (True, (), steps[-1])


@pytest.mark.parametrize(("cls", "steps"), [("3", CLASS_3), ("2", CLASS_2), ("1", CLASS_1), ("0", CLASS_0)])
def test_a_device_has_not_ended_before_its_last_step(cls: str, steps: tuple[str, ...]) -> None:
    for shown in range(len(steps)):
        assert not fold(*scans(*steps[:shown]), cls=cls).ended


def test_a_drive_destroyed_on_site_needs_no_erasure_extraction_or_shredding() -> None:
    folded = fold(*scans(*ON_SITE))
    assert folded.sanitized
    assert required("3", folded.done) == (Step.REGISTERED, Step.LOADED, Step.COUNTED)


def ended_when_settled(cls: str, *steps: str) -> bool:
    """Whether the device has ended once somebody has settled everything that is wrong with it."""
    folded = fold(*scans(*steps), cls=cls)
    assert not folded.ended
    return ended(Tag("D1", cls, "pc-1"), folded, {(found.code, found.key) for found in folded.findings})


def test_a_device_whose_questions_are_all_settled_has_ended() -> None:
    assert ended_when_settled("2", "registered", "loaded", "sanitized", "counted")  # OUT_OF_ORDER
    assert ended_when_settled("3", *CLASS_3[:4], "destroyed")  # the drive was shredded within its host
    assert ended_when_settled("3", "registered", "loaded", "counted", "drive_extracted", "destroyed")


def test_no_decision_replaces_the_erasure_of_a_drive_that_was_not_destroyed() -> None:
    assert not ended_when_settled("2", "registered", "loaded", "counted")
    assert not ended_when_settled("3", "registered", "sanitize_failed", "loaded", "counted")


def test_settling_one_of_two_questions_ends_nothing() -> None:
    folded = fold(*scans("registered", "loaded", "sanitized", "counted", "registered"), cls="2")
    assert codes_of(folded.findings) == ["DOUBLE_SCAN", "OUT_OF_ORDER"]
    assert not ended(Tag("D1", "2", "pc-1"), folded, {("DOUBLE_SCAN", folded.findings[-1].key)})


@pytest.mark.parametrize(
    ("code", "cls", "steps"),
    [
        ("SKIPPED", "3", ("registered", "loaded")),
        ("SKIPPED", "3", ("registered", "sanitize_failed", "loaded")),
        ("SKIPPED", "1", ("registered", "sanitized", "counted")),
        ("SKIPPED", "0", ("registered", "counted")),
        ("OUT_OF_ORDER", "3", ("registered", "loaded", "sanitized")),
        ("OUT_OF_ORDER", "3", ("sanitized", "registered")),
        ("OUT_OF_ORDER", "3", ("registered", "sanitized", "sanitize_failed")),
        ("DOUBLE_SCAN", "3", ("registered", "sanitized", "sanitized")),
        ("ZOMBIE", "2", ("registered", "sanitized", "loaded", "counted", "destroyed", "drive_extracted")),
    ],
)
def test_a_history_out_of_the_ordinary_is_named(code: str, cls: str, steps: tuple[str, ...]) -> None:
    assert codes_of(fold(*scans(*steps), cls=cls).findings) == [code]


def test_what_was_late_is_out_of_order_and_not_skipped() -> None:
    (found,) = fold(*scans("registered", "loaded", "sanitized")).findings
    assert (found.code, found.causes, found.params["after"]) == (
        "OUT_OF_ORDER",
        ("sanitized-D1-3",),
        "loaded",
    )


def test_a_skipped_step_is_told_once() -> None:
    found = fold(*scans("registered", "loaded", "counted", "drive_extracted", "destroyed")).findings
    assert [(f.code, f.params["step"], f.causes) for f in found] == [
        ("SKIPPED", "sanitized", ("loaded-D1-2",))
    ]


def test_nothing_is_skipped_as_long_as_nobody_knows_the_class() -> None:
    assert codes_of(fold(*scans("loaded", "counted"), cls="", device="").findings) == ["UNKNOWN_CODE"]


def test_a_blocked_device_has_not_ended_and_a_warned_one_has() -> None:
    assert not fold(*scans(*CLASS_2[:1], *CLASS_2[2:]), cls="2").ended
    assert fold(*scans(*CLASS_2, "counted"), cls="2").ended


@pytest.mark.parametrize("step", ["sanitized", "destroyed", "destroyed_on_site"])
@pytest.mark.parametrize(
    ("cls", "witnesses", "expected"),
    [
        ("3", (), "NO_WITNESS"),
        ("2", (), "NO_WITNESS"),
        ("1", (), ""),
        ("3", ("p-me",), "SAME_PERSON"),
        ("3", ("p-me", "p-you"), ""),
    ],
)
def test_a_second_person_stands_beside_who_erases_or_destroys(
    step: str, cls: str, witnesses: tuple[str, ...], expected: str
) -> None:
    event = a_scan(step, 5, actor="p-me", witnesses=witnesses)
    found = {str(f.code) for f in fold(event, cls=cls).findings} & {"NO_WITNESS", "SAME_PERSON"}
    assert found == ({expected} if expected else set())


@pytest.mark.parametrize("step", ["destroyed", "destroyed_on_site"])
def test_destruction_without_a_photo_is_a_warning(step: str) -> None:
    assert "PHOTO_MISSING" in codes_of(fold(a_scan(step, 5, photos=0)).findings)
    assert "PHOTO_MISSING" not in codes_of(fold(a_scan(step, 5, photos=1)).findings)


@pytest.mark.parametrize("step", ["registered", "sanitized", "loaded", "counted"])
def test_other_steps_need_no_photo(step: str) -> None:
    assert "PHOTO_MISSING" not in codes_of(fold(a_scan(step, 5, photos=0)).findings)


@pytest.mark.parametrize("roles", [("driver",), ("auditor",), ()])
def test_a_step_taken_by_somebody_without_the_role_is_a_question(roles: tuple[str, ...]) -> None:
    for step in CLASS_3:
        assert "NOT_PERMITTED" in codes_of(fold(a_scan(step, 5, roles=roles)).findings)
        assert "NOT_PERMITTED" not in codes_of(fold(a_scan(step, 5)).findings)


def test_two_cages_that_claim_one_device_are_named() -> None:
    first, second = a_scan("loaded", 3), a_scan("loaded", 4, parent=OTHER_CAGE)
    folded = fold(*scans("registered", "sanitized"), first, second)
    (found,) = folded.findings
    assert (found.code, found.params) == ("WRONG_CAGE", {"expected": "C1", "cage": "C2"})
    assert folded.cage == "C2"


def test_a_code_that_nobody_has_bound_waits() -> None:
    assert codes_of(fold(*scans("loaded"), cls="", device="").findings) == ["UNKNOWN_CODE"]


def test_a_void_code_says_so() -> None:
    assert codes_of(fold(*scans("loaded"), cls="", device="", void_at=0).findings) == ["VOID_CODE"]


def test_a_bound_code_says_so_from_the_moment_it_was_voided() -> None:
    history = scans("registered", "sanitized", "loaded")
    (found,) = fold(*history, void_at=2).findings
    assert (found.code, found.causes) == ("VOID_CODE", ("loaded-D1-3",))
    assert fold(*history, void_at=3).findings == ()


@pytest.mark.parametrize("device", ["", "pc-1"])
def test_another_towns_sticker_is_named(device: str) -> None:
    assert "WRONG_LOT" in codes_of(fold(*scans("registered"), device=device, foreign=True).findings)


def test_the_second_sticker_of_a_device_is_named_and_never_ends() -> None:
    folded = fold(*scans(*CLASS_2), cls="2", owner=False)
    assert (codes_of(folded.findings), folded.ended) == (["DOUBLE_BIND"], False)


def test_a_sticker_that_was_put_on_two_devices_is_named() -> None:
    found = fold(a_scan("registered", 1), a_scan("registered", 2, device="pc-2")).findings
    assert codes_of(found) == ["DOUBLE_BIND", "DOUBLE_SCAN"]


def test_a_device_on_no_list_is_a_warning() -> None:
    folded = fold(*scans(*CLASS_2), cls="2", listed=False)
    assert (codes_of(folded.findings), folded.ended) == (["NOT_LISTED"], True)


def test_an_undone_scan_does_not_count() -> None:
    wrong = a_scan("loaded", 3, parent=OTHER_CAGE)
    undo = a_scan("void", 4, target=wrong.id, actor=wrong.actor, roles=())
    folded = fold(*scans("registered", "sanitized"), wrong, undo)
    assert (folded.step, folded.cage, folded.findings) == ("sanitized", "", ())


@pytest.mark.parametrize("roles", [("officer",), ("itad_manager",)])
def test_an_officer_or_manager_may_undo_what_somebody_else_recorded(roles: tuple[str, ...]) -> None:
    undo = a_scan("void", 4, target="loaded-D1-3", actor="p-else", roles=roles)
    assert fold(*scans("registered", "sanitized", "loaded"), undo).step == "sanitized"


@pytest.mark.parametrize(
    "undo",
    [
        a_scan("void", 4, target="loaded-D1-3", actor="p-else", roles=("driver",)),
        a_scan("void", 4, target="somebody's"),
        a_scan("void", 4, target=""),
        a_scan("void", 4, target="void-D1-4"),
    ],
    ids=["another's", "unknown", "nothing", "itself"],
)
def test_a_correction_that_corrects_nothing_says_so(undo: Event) -> None:
    folded = fold(*scans("registered", "sanitized", "loaded"), undo)
    assert (folded.step, codes_of(folded.findings)) == ("loaded", ["VOID_INEFFECTIVE"])


steps_of_devices = st.sampled_from([step for step in Step if step in RANK])


@st.composite
def walks(draw: st.DrawFn) -> list[str]:
    """Any walk along the table."""
    state, walked = None, list[str]()
    while (following := sorted(NEXT[state])) and draw(st.booleans()) | (len(walked) < 2):
        state = draw(st.sampled_from(following))
        walked.append(state)
    return walked


@given(walks(), st.sampled_from(sorted(REQUIRED)))
def test_a_walk_along_the_table_is_never_out_of_order(walked: list[str], cls: str) -> None:
    folded = fold(*scans(*walked), cls=cls)
    assert folded.step == walked[-1]
    assert set(codes_of(folded.findings)) <= {"SKIPPED"}


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Anything that phones could record about one code."""
    events = [
        a_scan(step, at, parent=parent, witnesses=witnesses, roles=roles, device=device)
        for step, at, parent, witnesses, roles, device in draw(
            st.lists(
                st.tuples(
                    steps_of_devices, st.integers(0, 6), st.sampled_from(["", "C1", "C2"]),
                    st.sampled_from([(), ("p-witness",)]), st.sampled_from([(), ("officer",)]),
                    st.sampled_from(["", "pc-1", "pc-2"]),
                ),
                max_size=8, unique_by=lambda row: (row[0], row[1]),
            )
        )
    ]  # fmt: skip
    targets = [event.id for event in events] + ["unknown"]
    voids = draw(
        st.lists(st.tuples(st.integers(7, 9), st.sampled_from(targets)), max_size=3, unique_by=lambda v: v[0])
    )
    return events + [a_scan("void", at, target=target) for at, target in voids]


@given(histories(), st.randoms(use_true_random=False), st.sampled_from(["", *REQUIRED]))
def test_the_order_of_arrival_never_matters(history: list[Event], chance: Any, cls: str) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    assert fold(*shuffled, cls=cls) == fold(*history, cls=cls)


@given(histories(), st.sampled_from(["", *REQUIRED]))
def test_a_discrepancy_is_named_once_and_by_scans_of_this_history(history: list[Event], cls: str) -> None:
    found = fold(*history, cls=cls).findings
    assert len({(f.code, f.key) for f in found}) == len(found)
    assert {cause for f in found for cause in f.causes} <= {event.id for event in history}


@given(histories())
def test_undoing_everything_leaves_nothing(history: list[Event]) -> None:
    scanned = [event for event in history if event.step != Step.VOID]
    undone = [a_scan("void", 100 + place, target=event.id) for place, event in enumerate(scanned)]
    folded = fold(*scanned, *undone)
    assert (folded.step, folded.done, folded.cage, folded.findings, folded.ended) == (None, {}, "", (), False)


@given(st.lists(steps_of_devices, max_size=7), steps_of_devices, st.sampled_from(sorted(REQUIRED)))
def test_the_quick_answer_agrees_with_the_fold(before: list[Step], step: Step, cls: str) -> None:
    """Where the phone sees nothing wrong the fold adds nothing; what the phone says, the fold says too."""
    history = scans(*before)
    added = a_scan(step, 50)
    said = decide(cls, frozenset(before), step)
    order = {"DOUBLE_SCAN", "OUT_OF_ORDER", "SKIPPED", "ZOMBIE"}
    now = fold(*history, added, cls=cls).findings
    fresh = {str(f.code) for f in now if added.id in f.causes} & order
    if said is None:
        assert not fresh
    elif said == Discrepancy.SKIPPED:
        assert "SKIPPED" in codes_of(now)
    else:
        assert said in fresh


def test_two_phones_whose_clocks_cannot_tell_what_was_first_are_read_in_the_order_of_the_steps() -> None:
    """The officer's phone is two minutes late, and says so: nothing was done out of order."""
    registered = a_scan("registered", 300_000, dev="officers", err=120_000)
    sanitized = a_scan("sanitized", 240_000, dev="technicians", err=1_000)
    unsure = fold(registered, sanitized)
    assert codes_of(unsure.findings) == []
    assert unsure.step is Step.SANITIZED
    # but where they can, or where it is one phone, the clock is believed
    exact = fold(registered._replace(err=1_000), sanitized)
    assert codes_of(exact.findings) == ["OUT_OF_ORDER"]
    same = fold(registered, sanitized._replace(dev="officers"))
    assert codes_of(same.findings) == ["OUT_OF_ORDER"]


@given(
    st.permutations(range(6)),
    st.lists(st.integers(0, 200_000), min_size=6, max_size=6),
    st.integers(0, 150_000),
)
def test_doubtful_clocks_do_not_make_the_order_of_arrival_matter(
    order: list[int], times: list[int], err: int
) -> None:
    steps = ["registered", "sanitized", "loaded", "counted", "drive_extracted", "destroyed"]
    history = [
        a_scan(s, at, dev=f"phone-{n % 3}", err=err)
        for n, (s, at) in enumerate(zip(steps, times, strict=True))
    ]
    assert fold(*[history[place] for place in order]) == fold(*history)
