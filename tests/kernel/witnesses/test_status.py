"""The page says in one word how a node is, and in one sentence how the log is."""

from typing import Any

import pytest

from webapp.kernel.witnesses.status import Health, Mood, Seen, Sizes, can_lose, health, mood

NOW = 1_800_000_000_000
A, L, S, D, N = Health.AWAKE, Health.LATE, Health.SILENT, Health.DISAGREES, Health.NEW


def sizes(recorded: int = 10, signed: int = 10, cosigned: int = 10, *, ago: int = 60_000) -> Sizes:
    waiting = None if recorded == signed else NOW - ago
    return Sizes(recorded, signed, cosigned, 0, NOW - ago, waiting)


def node(**seen: Any) -> Seen:
    return Seen("w1", "新庄市", "http://shinjo.example", **seen)


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (node(), N),
        (node(size=10, answered_at=NOW), A),
        (node(size=9, answered_at=NOW), L),
        (node(size=10, answered_at=NOW - 5, failed_at=NOW), S),
        (node(failed_at=NOW), S),
        (node(size=10, answered_at=NOW, failed_at=NOW - 5), A),
        (node(size=10, answered_at=NOW, disagreed_at=NOW - 9), D),
    ],
)
def test_a_node_is_called_by_what_was_seen_last(seen, word):
    assert health(seen, sizes(), NOW) is word


def test_a_node_is_not_late_while_the_round_is_under_way():
    assert health(node(size=9, answered_at=NOW - 2_000), sizes(ago=2_000), NOW) is A


@pytest.mark.parametrize(
    ("state", "nodes", "word"),
    [
        (sizes(0, 0, 0), [A, A, A, A], Mood.EMPTY),
        (sizes(), [A, A, A, A], Mood.WITNESSED),
        (sizes(), [A, A, A, D], Mood.ALARM),
        (sizes(), [], Mood.ALONE),
        (sizes(cosigned=8), [A, A, L, S], Mood.ON_ITS_WAY),
        (sizes(cosigned=8), [A, A, S, S], Mood.TOO_FEW),
        (sizes(signed=8, cosigned=8), [A, A, A, A], Mood.ON_ITS_WAY),
        (sizes(signed=8, cosigned=8, ago=70_000), [A, A, A, A], Mood.STUCK),
    ],
)
def test_the_log_is_called_by_what_matters_first(state, nodes, word):
    assert mood(state, nodes, NOW) is word


@pytest.mark.parametrize(
    ("nodes", "more"), [([A, A, A, A], 1), ([A, A, A, S], 0), ([A, A, S, S], -1), ([A, A, A], 0)]
)
def test_four_nodes_may_lose_one_and_three_none(nodes, more):
    assert can_lose(nodes) == more
