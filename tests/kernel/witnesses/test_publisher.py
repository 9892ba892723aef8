"""What is recorded is signed, cosigned and shown, whatever signer and nodes do."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import orjson
import pytest
from flask import Flask

from tests.factories.identity import MORNING
from tests.factories.ledger import LOG, ORIGIN, Witness, a_log, a_signer, admit, listening, write
from webapp.kernel.base.db import db
from webapp.kernel.ledger import publication, signing
from webapp.kernel.ledger.models import NodeState
from webapp.kernel.ledger.publication import State
from webapp.kernel.ledger.verification import verify
from webapp.kernel.tlog import checkpoints, notes, witnessing
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.notes import COSIGNATURE, SigningKey
from webapp.kernel.witnesses import plan
from webapp.kernel.witnesses.publisher import Outcome, Publisher
from webapp.kernel.witnesses.status import SIGNER
from webapp.signer.client import SignerClient


@dataclass
class Round:
    """A log, its signer and four nodes."""

    signer: SignerClient
    nodes: list[Witness]
    running: ExitStack

    def go(self, *, patient: bool = False) -> Outcome:
        (outcome,) = Publisher(self.signer).round(patient=patient)
        return outcome

    def state(self, node: Witness) -> NodeState:
        return db.session.get_one(NodeState, (LOG, node.key.name), populate_existing=True)


@pytest.fixture
def four(app: Flask, tmp_path: Path) -> Iterator[Round]:
    a_log(entries=3)
    with ExitStack() as running:
        signer = running.enter_context(a_signer(tmp_path / "signer"))
        key = signer.open(LOG, ORIGIN)
        nodes = [Witness(f"node{n}", key) for n in range(1, 5)]
        running.enter_context(listening(*nodes))
        admit(LOG, *nodes)
        yield Round(signer, nodes, running)


def test_a_log_without_nodes_is_signed_and_not_cosigned(app: Flask, tmp_path: Path) -> None:
    a_log(entries=2)
    with a_signer(tmp_path / "signer") as signer:
        (outcome,) = Publisher(signer).round()
    assert (outcome.size, outcome.is_enough, outcome.is_done) == (2, False, True)
    assert publication.state_of(db.session(), LOG, [0, 1, 2]) == {
        0: State.SIGNED, 1: State.SIGNED, 2: State.RECORDED,
    }  # fmt: skip


def test_four_nodes_cosign_what_was_recorded(four: Round) -> None:
    outcome = four.go()
    assert (outcome.size, len(outcome.cosigned), outcome.is_enough, outcome.is_done) == (3, 4, True, True)
    assert publication.state_of(db.session(), LOG, [2]) == {2: State.COSIGNED}
    row = publication.latest_cosigned(db.session(), LOG)
    policy = publication.policy(db.session(), LOG, four.signer.vkey(ORIGIN), "")
    assert policy.judge(row.note).is_enough


def test_a_second_round_asks_nobody_when_nothing_was_appended(four: Round) -> None:
    four.go()
    asked = [len(node.asked) for node in four.nodes]
    assert four.go().is_done
    assert [len(node.asked) for node in four.nodes] == asked


def test_three_of_four_are_enough_and_two_are_not(four: Round) -> None:
    def down(_path: str, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 503, {}, b"asleep"

    four.nodes[0].instead = down
    assert four.go().is_enough
    four.nodes[1].instead = down
    write(LOG, 1)
    outcome = four.go()
    assert (outcome.size, len(outcome.cosigned), outcome.is_enough) == (4, 2, False)
    assert publication.latest_cosigned(db.session(), LOG).size == 3
    assert "503" in four.state(four.nodes[0]).failure


def test_who_was_down_is_caught_up_though_nothing_new_was_appended(four: Round) -> None:
    four.go()
    sleeper = four.nodes[3]
    sleeper.instead = lambda _path, _body: (503, {}, b"")
    for _ in range(3):
        write(LOG, 300)
        assert four.go().is_enough
    sleeper.instead = lambda _path, _body: None
    assert len(four.go().cosigned) == 4
    assert sleeper.kept[ORIGIN][0].size == 903


def test_after_three_days_without_any_link_one_round_cosigns_everything(four: Round) -> None:
    # given an island: no node can be reached, boxes and PCs go on being recorded and signed
    four.go()
    for node in four.nodes:
        node.instead = lambda _path, _body: (503, {}, b"no link")
    for hour in range(72):
        write(LOG, 20, MORNING + hour * 3_600_000)
        if hour % 6 == 0:
            assert not four.go().is_enough
    before = publication.head(db.session(), LOG)
    # when the link is back
    for node in four.nodes:
        node.instead = lambda _path, _body: None
    outcome = four.go()
    # then one round is enough for all of it, in the order in which it was recorded
    assert (outcome.size, len(outcome.cosigned), outcome.is_enough) == (1_443, 4, True)
    assert publication.head(db.session(), LOG) == before
    assert set(publication.state_of(db.session(), LOG, range(1_443)).values()) == {State.COSIGNED}


def test_a_node_whose_size_we_know_wrongly_is_asked_again_from_its_own(four: Round) -> None:
    four.go()
    forgetful = four.nodes[0]
    forgetful.kept.clear()
    write(LOG, 5)
    assert len(four.go().cosigned) == 4
    assert forgetful.asked.count("/add-checkpoint") == 3


def test_a_slow_node_holds_up_nobody_for_long(four: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.kernel.witnesses.publisher.ASK_WITHIN_S", 0.5)

    def slow(_path: str, _body: bytes) -> None:
        time.sleep(1.5)

    four.nodes[2].instead = slow
    outcome = four.go()
    assert outcome.is_enough
    assert list(outcome.problems) == [four.nodes[2].key.name]


def test_an_endless_answer_is_cut_off(four: Round) -> None:
    four.nodes[0].instead = lambda _path, _body: (200, {}, b"x" * 200_000)
    outcome = four.go()
    assert outcome.is_enough
    assert "longer" in outcome.problems[four.nodes[0].key.name]


def test_a_cosignature_by_another_key_or_of_another_text_is_not_stored(four: Round) -> None:
    thief = SigningKey(four.nodes[0].key.name, COSIGNATURE, b"t" * 32)

    def forged(_path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, thief.sign("another text\n", 1).line().encode()

    def of_another_text(_path: str, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, four.nodes[1].key.sign("another text\n", 1).line().encode()

    four.nodes[0].instead, four.nodes[1].instead = forged, of_another_text
    outcome = four.go()
    assert not outcome.is_enough
    assert len(outcome.cosigned) == 2
    assert "no cosignature" in outcome.problems[four.nodes[0].key.name]
    assert "bad" in outcome.problems[four.nodes[1].key.name]


def test_lines_of_unknown_keys_beside_the_right_one_are_ignored(four: Round) -> None:
    node = four.nodes[0]
    stranger = SigningKey("stranger", COSIGNATURE, b"s" * 32)

    def both(path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked = notes.parse(body.partition(b"\n\n")[2])
        lines = [stranger.sign(asked.text, 1).line(), node.key.sign(asked.text, 1).line()]
        return 200, {}, "".join(lines).encode()

    node.instead = both
    assert len(four.go().cosigned) == 4
    assert b"stranger" not in publication.latest(db.session(), LOG).note


def test_a_node_that_holds_another_history_is_kept_with_the_evidence(four: Round, tmp_path: Path) -> None:
    """The operator showed one node another root of the same size, signed by the log's own key."""
    key = SigningKey.parse((tmp_path / "signer" / LOG / "key").read_text())
    other = Checkpoint(ORIGIN, 4, b"o" * 32)
    four.go()
    write(LOG, 1)
    four.nodes[0].sees(notes.Note(other.text(), (key.sign(other.text()),)).render())
    outcome = four.go()
    assert outcome.is_enough
    state = four.state(four.nodes[0])
    found = orjson.loads(state.evidence or b"")
    assert state.disagreed_at is not None
    assert plan.contradiction(found["ours"].encode(), found["theirs"].encode(), key.public)


def test_a_node_that_has_seen_more_than_there_is_disagrees(four: Round, tmp_path: Path) -> None:
    key = SigningKey.parse((tmp_path / "signer" / LOG / "key").read_text())
    longer = Checkpoint(ORIGIN, 900, b"o" * 32)
    four.go()
    write(LOG, 1)
    four.nodes[0].sees(notes.Note(longer.text(), (key.sign(longer.text()),)).render())
    four.go()
    assert "900" in four.state(four.nodes[0]).failure
    assert b"900" in (four.state(four.nodes[0]).evidence or b"")


def test_a_node_that_says_422_without_a_reason_is_shown_without_proof(four: Round) -> None:
    four.nodes[0].instead = lambda path, _b: (422, {}, b"no\x1b[31m") if path == "/add-checkpoint" else None
    assert four.go().is_enough
    state = four.state(four.nodes[0])
    assert (state.disagreed_at is not None, orjson.loads(state.evidence or b"")["theirs"]) == (True, "")
    assert "\x1b" not in state.failure


def test_a_dead_node_is_left_alone_for_longer_and_longer(four: Round) -> None:
    four.nodes[0].instead = lambda path, _b: (500, {}, b"") if path == "/add-checkpoint" else None
    publisher = Publisher(four.signer)
    for _ in range(3):
        publisher.round()
    assert four.nodes[0].asked.count("/add-checkpoint") == 1
    assert [plan.pause_s(n) for n in (0, 1, 2, 3, 20)] == [0, 5, 10, 20, 300]


def test_without_a_signer_recording_goes_on_and_the_page_can_say_so(app: Flask, tmp_path: Path) -> None:
    a_log(entries=1)
    (outcome,) = Publisher(SignerClient(tmp_path / "nobody.sock")).round()
    write(LOG, 1)
    assert outcome.problems == {SIGNER: "unavailable"}
    assert db.session.get_one(NodeState, (LOG, SIGNER)).failure == "unavailable"
    assert publication.waiting(db.session(), LOG).signature is not None


def test_the_failure_of_the_signer_is_forgotten_when_it_signs_again(four: Round, tmp_path: Path) -> None:
    Publisher(SignerClient(tmp_path / "nobody.sock")).round()
    four.go()
    assert db.session.get_one(NodeState, (LOG, SIGNER), populate_existing=True).failure == ""


def test_a_proof_is_against_the_cosigned_checkpoint_and_else_against_the_signed_one(four: Round) -> None:
    four.go()
    for node in four.nodes:
        node.instead = lambda _path, _body: (503, {}, b"")
    write(LOG, 1)
    four.go()
    policy = publication.policy(db.session(), LOG, four.signer.vkey(ORIGIN), "")
    old, new = (publication.proof(db.session(), LOG, index) for index in (2, 3))
    assert [policy.judge(each.checkpoint).is_enough for each in (old, new)] == [True, False]
    write(LOG, 1)
    with pytest.raises(publication.NotSigned):
        publication.proof(db.session(), LOG, 4)


def test_requests_hold_the_signature_of_the_log_alone(four: Round) -> None:
    seen: list[bytes] = []
    four.nodes[3].instead = lambda _path, body: seen.append(body)  # type: ignore[func-returns-value]
    four.go()
    write(LOG, 1)
    four.go()
    notes_sent = [witnessing.parse(body).note for body in seen if body]
    assert [[line.name for line in note.signatures] for note in notes_sent] == [[ORIGIN], [ORIGIN]]


def test_the_key_is_remembered_while_the_signer_is_down(four: Round, app: Flask) -> None:
    assert signing.vkey(ORIGIN) == four.signer.vkey(ORIGIN)
    four.running.close()
    assert signing.vkey(ORIGIN).name == ORIGIN


def test_checkpoints_that_were_signed_extend_each_other(four: Round) -> None:
    roots: list[Checkpoint] = []
    for more in (1, 255, 1, 300):
        write(LOG, more)
        four.go()
        roots.append(checkpoints.parse(notes.parse(publication.latest(db.session(), LOG).note).text))
    assert [each.size for each in roots] == [4, 259, 260, 560]
    assert [node.kept[ORIGIN][0] for node in four.nodes] == [roots[-1]] * 4


def test_two_publishers_at_once_do_no_harm(four: Round, app: Flask) -> None:
    problems: list[str] = []

    def keep_publishing() -> None:
        with app.app_context():
            publisher = Publisher(four.signer)
            for _ in range(6):
                for outcome in publisher.round(patient=False):
                    problems.extend(outcome.problems.values())

    threads = [threading.Thread(target=keep_publishing) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(12):
        write(LOG, 40)
    for thread in threads:
        thread.join()
    assert four.go().is_enough
    assert {state.disagreed_at for state in db.session.query(NodeState)} == {None}
    assert db.session.get(NodeState, (LOG, SIGNER)) is None
    assert not [text for text in problems if "inconsistent" in text or "smaller" in text], problems
    assert verify(db.session(), LOG).fault == ""


def test_clocks_that_go_backwards_change_nothing(four: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours and a node's: the order is that of sizes, never of times."""
    ticks = count(1_900_000_000_000, -86_400_000)
    monkeypatch.setattr("webapp.kernel.witnesses.publisher.now_ms", lambda: next(ticks))
    for size in (3, 4, 5):
        outcome = four.go()
        assert (outcome.size, len(outcome.cosigned), outcome.is_enough) == (size, 4, True)
        assert publication.latest_cosigned(db.session(), LOG).size == size
        four.nodes[0].at -= 86_400
        write(LOG, 1)


def test_after_a_restore_nodes_stand_where_their_verified_cosignatures_say(four: Round) -> None:
    # given everything cosigned, and what was seen of the nodes put back to an earlier day
    four.go()
    for node in four.nodes:
        four.state(node).size = 1
    db.session.delete(four.state(four.nodes[3]))
    db.session.commit()
    asked = [len(node.asked) for node in four.nodes]
    # when the publisher starts; then nobody has to be asked for it
    assert four.go().is_done
    assert [four.state(node).size for node in four.nodes] == [3] * 4
    assert all(four.state(node).answered_at for node in four.nodes)
    assert [len(node.asked) for node in four.nodes] == asked
