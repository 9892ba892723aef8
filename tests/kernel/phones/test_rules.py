"""The chain and the loss of a phone, as sets: any order of arrival gives the same findings."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from webapp.kernel.phones.rules import (
    Finding,
    Found,
    Link,
    Loss,
    Runs,
    Start,
    after_loss,
    findings_at,
    holes,
    joined,
    positions,
)

HOUR = 3_600_000


def link(
    seq: int, prev: str = "", *, version: str = "", at: int = 0, recorded: int = 0, index: int = 0
) -> Link:
    """A scan whose hash says its number and version; by default it follows the first version of the one before."""
    before = prev or (f"h{seq - 1}" if seq > 1 else "")
    return Link(f"id{seq}{version}", seq, f"h{seq}{version}", before, at, recorded, index)


FROM_ONE = Start(1)


def told(links: Sequence[Link], start: Start = FROM_ONE) -> set[tuple[int, Found]]:
    """Everything that is to be said about these scans, worked out at once."""
    by_seq: dict[int, list[Link]] = {}
    for each in links:
        by_seq.setdefault(each.seq, []).append(each)
    gaps = holes(joined((), by_seq), start.first)
    return {
        (seq, found)
        for seq, here in by_seq.items()
        for found in findings_at(seq, here, by_seq.get(seq - 1, ()), gaps, start)
    }


class Folding:
    """The same, as the projection does it: batch by batch, looking only at the numbers that may have changed."""

    def __init__(self, first: int = 1) -> None:
        self.first, self.runs, self.links = first, Runs(), dict[int, list[Link]]()
        self.findings: dict[int, list[Found]] = {}

    def take(self, batch: Sequence[Link]) -> None:
        new = {each.seq for each in batch}
        after = joined(self.runs, new)
        about = positions(new, self.runs, after, self.first)
        for each in batch:
            self.links.setdefault(each.seq, []).append(each)
        self.runs = after
        for seq in about:
            here, below = self.links.get(seq, ()), self.links.get(seq - 1, ())
            gaps = holes(after, self.first)
            self.findings[seq] = findings_at(seq, here, below, gaps, Start(self.first))

    @property
    def told(self) -> set[tuple[int, Found]]:
        return {(seq, found) for seq, each in self.findings.items() for found in each}


class Story(NamedTuple):
    """A phone's scans, in an order of arrival that is cut into batches."""

    batches: list[list[Link]]
    first: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Some numbers are missing, some scans are there in two versions, some name the wrong one before."""
    numbers = draw(st.lists(st.integers(1, 12), max_size=16))
    links, seen = [], dict[int, int]()
    for number in numbers:
        version = "" if number not in seen else f"x{seen[number]}"
        seen[number] = seen.get(number, 0) + 1
        prev = draw(st.sampled_from(["", "", "", "wrong", f"h{number - 1}x1"]))
        links.append(link(number, prev, version=version))
    shuffled = draw(st.permutations(links))
    size = draw(st.integers(1, 5))
    batches = [list(shuffled[at : at + size]) for at in range(0, len(shuffled), size)]
    return Story(batches, draw(st.integers(1, 3)))


@given(stories())
def test_any_order_and_any_batches_give_the_same_findings(story: Story) -> None:
    folding = Folding(story.first)
    everything = [each for batch in story.batches for each in batch if each.seq >= story.first]
    for batch in story.batches:
        folding.take([each for each in batch if each.seq >= story.first])
    assert folding.told == told(everything, Start(story.first))


def test_a_chain_without_fault_says_nothing() -> None:
    assert told([link(n) for n in range(1, 6)]) == set()


def test_what_is_missing_waits_at_the_scan_that_follows_it() -> None:
    assert told([link(1), link(5)]) == {(5, Found(Finding.CHAIN_GAP, ("id5",), "", 2, 4))}


def test_a_scan_that_names_another_one_before_it_breaks_the_chain() -> None:
    assert told([link(1), link(2, "hX")]) == {(2, Found(Finding.CHAIN_BROKEN, ("id2",), "id2"))}


def test_two_scans_of_one_number_are_a_fork() -> None:
    assert told([link(1), link(2), link(2, version="b")]) == {(2, Found(Finding.CHAIN_FORK, ("id2", "id2b")))}


def test_both_branches_of_a_fork_may_go_on() -> None:
    links = [link(1), link(2), link(2, version="b"), link(3), link(3, "h2b", version="b")]
    assert {found.code for _, found in told(links)} == {Finding.CHAIN_FORK}


def test_the_first_scan_names_none_or_the_seam() -> None:
    assert told([link(1, "seam")], Start(1, "seam")) == set()
    assert told([link(1, "other")], Start(1, "seam")) != set()


def test_a_phone_that_scanned_before_its_enrolment_goes_on_from_there() -> None:
    assert told([link(7, "unknown here"), link(8)], Start(7)) == set()


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 5))
def test_runs_and_holes_are_all_there_is(numbers: list[int], first: int) -> None:
    there = {n for n in numbers if n >= first}
    runs = joined((), there)
    assert {n for low, high in runs for n in range(low, high + 1)} == there
    missing = {n for low, high in holes(runs, first).values() for n in range(low, high + 1)}
    assert missing == set(range(first, max(there, default=first - 1) + 1)) - there


# --- loss -------------------------------------------------------------------------------------------------------------

LOSS = Loss(lost_at=10 * HOUR, index=100)


def test_what_was_here_before_the_report_is_fine() -> None:
    assert after_loss([link(1, at=9 * HOUR, recorded=9 * HOUR, index=50)], LOSS) == {}


def test_what_says_that_it_was_made_after_the_loss_was() -> None:
    late = link(1, at=11 * HOUR, recorded=11 * HOUR, index=50)
    assert after_loss([late], LOSS) == {"id1": Finding.PHONE_LOST}


def test_a_clock_that_was_fast_does_not_make_a_scan_that_was_here_before_the_loss_a_thiefs() -> None:
    assert after_loss([link(1, at=11 * HOUR, recorded=9 * HOUR, index=50)], LOSS) == {}


def test_what_comes_after_the_report_and_says_it_is_older_is_asked_about() -> None:
    dated_back = link(1, at=9 * HOUR, recorded=12 * HOUR, index=101)
    assert after_loss([dated_back], LOSS) == {"id1": Finding.PHONE_REPORTED_LOST}


def test_what_a_scan_from_before_the_report_names_is_beyond_doubt() -> None:
    late = [link(n, at=9 * HOUR, recorded=12 * HOUR, index=100 + n) for n in (1, 2)]
    here = link(3, at=9 * HOUR, recorded=9 * HOUR, index=50)
    assert after_loss([*late, here], LOSS) == {}


def test_what_follows_a_scan_made_after_the_loss_was_made_after_it_too_whatever_its_clock_says() -> None:
    after = link(4, at=11 * HOUR, recorded=12 * HOUR, index=101)
    set_back = link(5, at=8 * HOUR, recorded=12 * HOUR, index=102)
    assert after_loss([set_back, after], LOSS) == dict.fromkeys(["id4", "id5"], Finding.PHONE_LOST)


@given(
    st.permutations([link(n, at=(8 + n % 4) * HOUR, recorded=12 * HOUR, index=97 + n) for n in range(1, 9)])
)
def test_the_judgement_of_a_loss_knows_no_order(links: list[Link]) -> None:
    assert after_loss(links, LOSS) == after_loss(sorted(links), LOSS)
