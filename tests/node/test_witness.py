"""A witness cosigns what extends what it cosigned last, once it is on disk; contradictions it keeps."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.node.a_log import KEY, ORIGIN, Tree, entries, request, signed
from tests.node.conftest import WITNESS
from webapp.kernel.tlog import notes, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.drills import lie
from webapp.kernel.tlog.notes import SIGNATURE, SigningKey
from webapp.kernel.tlog.witnessing import AddCheckpoint
from webapp.node import status, watching, witness
from webapp.node.store import Store

NOW = 1_800_000_000_000
TREE = Tree(entries(40))


def ask(store: Store, body: bytes, now: int = NOW) -> witness.Answer:
    return witness.add_checkpoint(store, WITNESS, body, now)


def size_of(store: Store) -> int:
    last = witness.latest(store.reading(), ORIGIN)
    return last.size if last else 0


def kinds(store: Store) -> list[str]:
    return [piece["kind"] for piece in status.evidence_of(store.reading())]


def test_a_checkpoint_is_cosigned_with_the_time_and_served_with_both_signatures(store):
    answer = ask(store, request(TREE, 0, 12))
    note = notes.parse(witness.latest_note(store.reading(), ORIGIN) or b"")
    assert answer.status == 200
    assert notes.verified(note, [KEY.public, WITNESS.public]) == {KEY.public: 0, WITNESS.public: NOW // 1000}
    assert answer.body == note.signatures[1].line().encode()


def test_a_wrong_old_size_is_answered_with_the_right_one_and_then_all_is_well(store):
    ask(store, request(TREE, 0, 12))
    wrong = ask(store, request(TREE, 5, 30))
    assert (wrong.status, wrong.body, wrong.type) == (409, b"12\n", "text/x.tlog.size")
    assert ask(store, request(TREE, int(wrong.body), 30)).status == 200


def test_the_same_checkpoint_again_gets_a_fresh_cosignature(store):
    ask(store, request(TREE, 0, 12))
    assert ask(store, request(TREE, 12, 12), NOW + 5_000).status == 200
    assert size_of(store) == 12


def test_an_older_checkpoint_that_is_replayed_changes_nothing(store):
    ask(store, request(TREE, 0, 30))
    assert ask(store, request(TREE, 0, 12)).status == 409
    assert ask(store, request(TREE, 30, 30).replace(b"old 30", b"old 31")).status == 400
    assert size_of(store) == 30


def other_log() -> bytes:
    what = Checkpoint("elsewhere.example/log", 12, TREE.checkpoint(12).root)
    return AddCheckpoint(0, (), signed(what)).render()


def not_its_key() -> bytes:
    forger = SigningKey(ORIGIN, SIGNATURE, bytes([9]) * 32)
    return AddCheckpoint(0, (), signed(TREE.checkpoint(12), forger)).render()


def changed_signature() -> bytes:
    body = bytearray(request(TREE, 0, 12))
    body[-6] ^= 1
    return bytes(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(other_log(), 404, id="wrong origin"),
        pytest.param(not_its_key(), 403, id="signed by somebody else"),
        pytest.param(changed_signature(), 403, id="bad signature"),
        pytest.param(request(TREE, 0, 12) + b"x" * witnessing.MOST_BYTES, 400, id="oversized"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"old 0\n\n" + TREE.checkpoint(12).text().encode() + b"\n", 400, id="no signature"),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused_and_leaves_no_trace(store, body, expected):
    assert ask(store, body).status == expected
    assert (size_of(store), kinds(store)) == (0, [])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=3)), max_size=4))
def test_a_garbled_request_never_breaks_a_witness_and_never_gets_a_cosignature(store, where):
    good = request(TREE, 0, 12)
    body = bytearray(good)
    for at, length, other in where:
        body[at : at + length] = other
    if bytes(body) != good:
        assert ask(store, bytes(body)).status in {400, 403, 404, 409, 422}
        assert size_of(store) == 0


def test_two_roots_of_one_size_are_refused_and_kept_as_evidence_for_ever(store):
    ask(store, request(TREE, 0, 12))
    fork = Tree(entries(12, word="other"))
    assert ask(store, AddCheckpoint(12, (), signed(fork.checkpoint())).render()).status == 422
    assert ask(store, AddCheckpoint(0, (), signed(fork.checkpoint())).render()).status == 409
    (piece,) = status.evidence_of(store.reading())
    texts = [notes.parse(note.encode()).text for note in piece["notes"]]
    assert texts == [TREE.checkpoint(12).text(), fork.checkpoint().text()]
    assert size_of(store) == 12


def test_a_longer_fork_is_refused_whatever_proof_it_brings(store):
    ask(store, request(TREE, 0, 12))
    fork = Tree(entries(11) + entries(20, word="other"))
    assert ask(store, request(fork, 12)).status == 422
    assert size_of(store) == 12


def test_the_lie_of_a_fire_drill_is_kept_apart_from_real_evidence(store):
    ask(store, request(TREE, 0, 12))
    drill = lie(TREE.checkpoint(12))
    assert ask(store, AddCheckpoint(12, (), signed(drill)).render()).status == 422
    assert kinds(store) == ["drill"]


def test_while_the_clock_stands_before_the_last_cosignature_nothing_is_cosigned(store):
    ask(store, request(TREE, 0, 12))
    assert ask(store, request(TREE, 12, 30), NOW - 60_000).status == 503
    assert size_of(store) == 12
    assert ask(store, request(TREE, 12, 30), NOW + 1_000).status == 200


def test_nothing_is_cosigned_while_the_disk_is_full_and_all_is_well_when_there_is_room(store):
    # given a store that may not grow any more
    ask(store, request(TREE, 0, 12))
    sql = store.reading()
    (pages,) = sql.execute("PRAGMA page_count").fetchone()
    sql.execute(f"PRAGMA max_page_count = {pages}")
    filler = "INSERT INTO facts VALUES (?, hex(randomblob(1000)))"
    with pytest.raises(sqlite3.OperationalError, match="full"):
        sql.executemany(filler, ((str(number),) for number in range(10_000)))
    # when it is asked; then it says that it cannot write, or has written: never a cosignature that is not on disk
    for new in range(13, 20):
        answer, size = ask(store, request(TREE, size_of(store), new)), size_of(store)
        assert (answer.status == 200) is (size == new)
    sql.execute("PRAGMA max_page_count = 100000")
    assert ask(store, request(TREE, size_of(store), 40)).status == 200


def test_one_witness_watches_several_logs(store):
    key = SigningKey("ashiato.example/log/063614", SIGNATURE, bytes([8]) * 32)
    watching.pin(store, "http://127.0.0.1:1/log/063614", key.public.vkey)
    what = TREE.checkpoint(7, key.name)
    assert ask(store, request(TREE, 0, 12)).status == 200
    assert ask(store, AddCheckpoint(0, (), signed(what, key)).render()).status == 200
    assert size_of(store) == 12


def test_a_second_key_for_a_log_that_is_known_is_never_pinned(store):
    thief = SigningKey(ORIGIN, SIGNATURE, bytes([9]) * 32)
    with pytest.raises(notes.NoteError, match="another key"):
        watching.pin(store, "http://127.0.0.1:2/log/063622", thief.public.vkey)
