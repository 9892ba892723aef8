"""One round after another, with the time in the test's hands."""

from dataclasses import replace

import pytest

from tests.node.a_log import KEY, ORIGIN, ALog, Tree, admission, entries, request, retirement, signed
from tests.node.conftest import WITNESS
from webapp.kernel.base.fetch import Unreachable
from webapp.kernel.tlog import notes
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, SigningKey
from webapp.node import evidence, status, tree, watching, witness
from webapp.node.keys import Keys
from webapp.node.store import Store
from webapp.node.watching import Watch, Who

NOW = 1_800_000_000_000
KEYS = Keys(WITNESS, SigningKey("shinjo.example/mirror", SIGNATURE, bytes([4]) * 32))


@pytest.fixture
def watch(store: Store, log: ALog) -> Watch:
    """This node's eye on the log, which has admitted it."""
    log.admit({"vkey": WITNESS.public.vkey}, "http://127.0.0.1:1")
    return Watch(store, KEYS, Who("新庄市役所", "http://127.0.0.1:1"), log.url)


def seen(watch: Watch) -> dict[str, object]:
    return status.of_log(watch.store.reading(), watch.pulse)


def test_a_log_that_went_back_is_told_after_a_minute_and_its_copy_stays(watch, log):
    # given a copy of the whole log
    watch.guarded_round(NOW)
    whole, log.tree = log.tree, Tree(entries(200))
    # when the log shows less, for a moment and then for good
    watch.guarded_round(NOW + 3_000)
    assert (watch.pulse.failure, seen(watch)["evidence"]) == ("", 0)
    watch.guarded_round(NOW + 3_000 + watching.SMALLER_FOR_MS)
    # then it is said, both notes are kept, and nothing of ours is lost
    assert (watch.pulse.failure, seen(watch)["evidence"], seen(watch)["mirrored"]) == ("node.smaller", 1, 300)
    assert status.evidence_of(watch.store.reading())[0]["kind"] == "rollback"
    # when it goes on from there in another way; then that is a second history
    log.tree.add(entries(150, 200, word="other"))
    watch.guarded_round(NOW + 70_000)
    assert (watch.pulse.failure, seen(watch)["evidence"]) == ("node.another_history", 2)
    # and when its own history is back, all is well again and the evidence stays
    log.tree = whole
    watch.guarded_round(NOW + 80_000)
    assert (watch.pulse.failure, seen(watch)["evidence"]) == ("", 2)


def test_a_witness_from_an_old_backup_remembers_what_it_cosigned(watch, log):
    # given a witness that cosigned 300 entries, and whose store is then an older one
    witness.add_checkpoint(watch.store, WITNESS, request(log.tree, 0, 100), NOW)
    old = watch.store.reading().execute("SELECT * FROM cosigned").fetchone()
    witness.add_checkpoint(watch.store, WITNESS, request(log.tree, 100, 300), NOW)
    cosigned = witness.latest_note(watch.store.reading(), ORIGIN) or b""
    with watch.store.writing() as sql:
        sql.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)", old)
    # when it sees its own signature under the log's checkpoint
    log.wrong["checkpoint"] = cosigned
    watch.guarded_round(NOW + 3_000)
    # then a fork from where the backup was made is refused
    fork = Tree(entries(100) + entries(50, word="other"))
    assert witness.add_checkpoint(watch.store, WITNESS, request(fork, 100), NOW + 4_000).body == b"300\n"


def test_what_we_cosigned_ourselves_is_held_against_our_copy_too(watch, log):
    # given a witness that once cosigned another history, and a copy that is honest
    fork = signed(Tree(entries(300, word="other")).checkpoint())
    with watch.store.writing() as sql:
        row = (ORIGIN, 300, bytes(32), fork.render(), NOW // 1000)
        sql.execute("INSERT INTO cosigned VALUES (?, ?, ?, ?, ?)", row)
    watch.guarded_round(NOW)
    assert seen(watch)["evidence"] == 1


def test_a_copy_keeps_the_good_cosignatures_of_nodes_that_the_log_names(watch, log):
    peers = [SigningKey(f"n{n}.example/witness", COSIGNATURE, bytes([n]) * 32) for n in (6, 7, 8)]
    for peer in peers[:2]:
        log.admit({"vkey": peer.public.vkey}, "http://127.0.0.1:1")
    text = log.tree.checkpoint().text()
    good, other, stranger = (peer.sign(text, 1_700_000_000) for peer in peers)
    bad = replace(other, blob=bytes(72))
    log.wrong["checkpoint"] = signed(log.tree.checkpoint()).with_signatures([good, bad, stranger]).render()
    watch.guarded_round(NOW)
    note = notes.parse(tree.copy_of(watch.store.reading(), ORIGIN).note)
    assert [line.name for line in note.signatures] == [ORIGIN, "n6.example/witness"]
    # when the rest cosigns later; then that is kept too
    log.wrong["checkpoint"] = signed(log.tree.checkpoint()).with_signatures([good, other]).render()
    watch.guarded_round(NOW + 3_000)
    assert len(notes.parse(tree.copy_of(watch.store.reading(), ORIGIN).note).signatures) == 3


def test_a_node_whose_time_is_over_says_so_and_asks_no_more(watch, log):
    log.tree.add(
        [admission(WITNESS.public.vkey, KEYS.mirror.public.vkey, "http://n"), retirement(WITNESS.name)]
    )
    watch.guarded_round(NOW)
    log.witnesses.clear()
    watch.guarded_round(NOW + watching.READ_POLICY_MS)
    assert (watch.pulse.failure, log.requests) == ("node.retired", [])


def test_far_off_sizes_do_not_push_a_near_lie_out(watch, log):
    # given a log that signed many sizes far off for others
    watch.guarded_round(NOW)
    with watch.store.writing() as sql:
        fork = signed(Tree(entries(310, word="other")).checkpoint()).render()
        evidence.examine(sql, evidence.told(fork, [KEY.public], "n2"), NOW)
        for size in range(1_000_000, 1_000_000 + evidence.MOST_UNEXAMINED + 5):
            note = signed(Checkpoint(ORIGIN, size, bytes(32))).render()
            evidence.examine(sql, evidence.told(note, [KEY.public], "n3"), NOW)
    assert seen(watch)["unexamined"] == evidence.MOST_UNEXAMINED
    # when our copy gets to the near one; then it is evidence
    log.tree.add(entries(20, 300))
    watch.guarded_round(NOW)
    assert seen(watch)["evidence"] == 1


@pytest.mark.parametrize(
    ("wrong", "failure"),
    [
        ({"checkpoint": b"no note at all"}, "node.bad_signature"),
        (
            {
                "checkpoint": signed(
                    Tree(entries(300)).checkpoint(), SigningKey(ORIGIN, SIGNATURE, bytes(32))
                ).render()
            },
            "node.bad_signature",
        ),
        ({"checkpoint": signed(Checkpoint("else.example", 1, bytes(32))).render()}, "node.bad_signature"),
        ({"tile/entries/000": b"\0\1x"}, "node.not_as_signed"),
        ({"tile/0/001.p/44": bytes(44 * 32)}, "node.not_as_signed"),
        ({"tile/entries/000": 500}, "node.log_troubled"),
    ],
    ids=["no note", "another key", "another origin", "changed entry", "swapped tile", "broken log"],
)
def test_what_is_not_as_signed_is_said_and_not_copied(watch, log, wrong, failure):
    log.wrong = wrong
    watch.guarded_round(NOW)
    assert (watch.pulse.failure, seen(watch)["mirrored"]) == (failure, 0)
    log.wrong = {}
    watch.guarded_round(NOW + 3_000)
    assert (watch.pulse.failure, seen(watch)["mirrored"]) == ("", 300)


def test_a_log_that_cannot_answer_or_is_not_there_is_said_in_words(watch, log):
    log.wrong = {"checkpoint": 502}
    watch.guarded_round(NOW)
    assert "答えられない" in str(seen(watch)["text"])
    watch.log.url = "http://127.0.0.1:1/log/063622"
    watch.guarded_round(NOW)
    assert seen(watch)["text"] == "ログに接続できません。通信とログのアドレスを確かめてください。"


def test_a_peer_that_is_not_there_is_left_alone_for_a_while_and_others_are_still_asked(
    watch, log, monkeypatch
):
    asked: list[str] = []

    def silence(url: str, _origin: str) -> bytes:
        asked.append(url)
        raise Unreachable("nobody there")

    monkeypatch.setattr(watching, "peer_checkpoint", silence)
    log.admit(
        {"vkey": SigningKey("n2.example/witness", COSIGNATURE, bytes([6]) * 32).public.vkey}, "http://n2"
    )
    for now in (NOW, NOW + 3_000, NOW + watching.PEER_RESTS_MS):
        watch.guarded_round(now)
    assert asked == ["http://n2", "http://n2"]
    assert watch.pulse.failure == ""


def test_a_log_of_somebody_else_is_watched_without_asking_anybody(store, log):
    # given a log that speaks tlog-tiles and knows nothing of admission
    log.url, log.wrong = log.url.replace("/log/063622", "/tlog"), {"policy": 404, "vkey": 404}
    watching.pin(store, log.url, KEY.public.vkey)
    watch = Watch(store, KEYS, Who("新庄市役所", "http://127.0.0.1:1"), log.url)
    # when it is watched; then all of it is copied
    watch.guarded_round(NOW)
    assert (watch.pulse.failure, seen(watch)["mirrored"], log.requests) == ("", 300, [])


def test_the_log_is_never_shown_smaller_than_what_was_cosigned_since_the_last_look(watch, log):
    log.tree = Tree(entries(200))
    watch.guarded_round(NOW)
    log.tree.add(entries(20, 200))
    witness.add_checkpoint(watch.store, WITNESS, request(log.tree, 0), NOW)
    assert (seen(watch)["size"], seen(watch)["mirrored"], seen(watch)["log_size"]) == (220, 200, 220)
    assert seen(watch)["behind"] == 20
