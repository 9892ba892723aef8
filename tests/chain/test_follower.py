"""The follower against a real node: what it does when all goes well, and when nodes do what nodes do."""

import shutil
from pathlib import Path

import pytest

from tests.chain.consortium import LOG, MINUTE, ORIGIN, Consortium, as_member
from tests.chain.node import Node
from tests.chain.trees import History
from webapp.chain import outbox
from webapp.chain.rules import State
from webapp.kernel.tlog.checkpoints import origin_hash


def test_a_published_head_is_anchored_and_final(consortium: Consortium) -> None:
    consortium.publish(5)
    consortium.rounds()
    assert consortium.chain.head(ORIGIN) == 5
    assert list(consortium.chain.anchored(ORIGIN)) == [(5, History.of(5).root())]
    assert consortium.states() == [State.FINAL]
    assert consortium.anchored() == 5
    assert consortium.alarms() == []


def test_later_heads_follow_with_their_proofs(consortium: Consortium) -> None:
    for size in (5, 6, 64, 1_000):
        consortium.publish(size)
        consortium.rounds()
    assert [size for size, _ in consortium.chain.anchored(ORIGIN)] == [5, 6, 64, 1_000]
    assert consortium.anchored() == 1_000


def test_a_head_is_sent_once_however_often_the_follower_looks(consortium: Consortium) -> None:
    consortium.publish(5)
    consortium.rounds()
    before = consortium.chain.included()
    consortium.rounds(5)
    assert consortium.chain.included() == before
    assert len(consortium.rows()) == 1


def test_before_it_is_deep_enough_it_is_not_final(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(confirmations=3)
    consortium.publish(5)
    consortium.rounds()
    assert (consortium.states(), consortium.anchored()) == ([State.MINED], 0)
    consortium.node.mine(2)
    consortium.round()
    assert (consortium.states(), consortium.anchored()) == ([State.FINAL], 5)


def test_an_empty_log_sends_nothing(consortium: Consortium) -> None:
    consortium.rounds()
    assert consortium.rows() == []


def test_while_no_node_answers_heads_wait_and_a_person_is_told(consortium: Consortium) -> None:
    consortium.node.stop()
    consortium.publish(5)
    assert consortium.round().problem == "chain.unreachable"
    assert consortium.states() == [State.QUEUED]
    assert "chain.unreachable" in consortium.alarms()
    consortium.node.start()
    consortium.rounds()
    assert consortium.states() == [State.FINAL]
    assert consortium.alarms() == []


def test_after_a_quarter_of_an_hour_without_a_chain_there_is_an_alarm(consortium: Consortium) -> None:
    consortium.rounds()
    consortium.node.stop()
    consortium.publish(5)
    consortium.round()
    assert "chain.late" not in consortium.alarms()
    consortium.round(after=16 * MINUTE)
    assert "chain.late" in consortium.alarms()


def test_a_transaction_that_a_restarted_node_forgot_is_sent_again_under_its_nonce(
    consortium: Consortium,
) -> None:
    consortium.node.hold()
    consortium.publish(5)
    consortium.round()
    sent = consortium.row()
    consortium.node.stop()
    consortium.node.start()
    consortium.node.hold()
    assert consortium.node.waiting() == []
    consortium.round(after=MINUTE)
    consortium.node.mine()
    consortium.round()
    assert consortium.row().state is State.FINAL
    assert consortium.row().nonce == sent.nonce


def test_a_dropped_transaction_is_sent_again_with_more_fee(consortium: Consortium) -> None:
    consortium.node.hold()
    consortium.publish(5)
    consortium.round()
    sent = consortium.row()
    consortium.node.ask("anvil_dropTransaction", sent.tx_hashes[0])
    consortium.round(after=1_000)
    assert consortium.node.waiting() == []  # not yet: the node may just be slow
    consortium.round(after=MINUTE)
    (again,) = consortium.node.waiting()
    assert int(again["nonce"], 16) == sent.nonce
    assert int(again["maxFeePerGas"], 16) * 10 >= sent.most * 11
    consortium.node.mine()
    consortium.round()
    assert consortium.states() == [State.FINAL]


def test_a_transaction_that_nobody_mines_is_offered_more_in_its_place(consortium: Consortium) -> None:
    consortium.node.hold()
    consortium.publish(5)
    for _ in range(4):
        consortium.round(after=30 * MINUTE)
    assert len(consortium.node.waiting()) == 1
    assert len(consortium.row().tx_hashes) == 4
    consortium.node.mine()
    consortium.round()
    assert consortium.states() == [State.FINAL]
    assert [size for size, _ in consortium.chain.anchored(ORIGIN)] == [5]


def test_a_block_that_is_replaced_puts_its_anchor_back_to_sent(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(confirmations=3)
    consortium.publish(5)
    consortium.rounds()
    assert consortium.states() == [State.MINED]
    consortium.node.hold()
    consortium.node.ask("anvil_reorg", 1, [])
    assert consortium.chain.head(ORIGIN) == 0
    consortium.round()
    assert consortium.states() == [State.SENT]
    consortium.node.mine(3)
    consortium.rounds()
    assert consortium.states() == [State.FINAL]
    assert consortium.chain.head(ORIGIN) == 5


def test_an_anchor_in_another_block_after_a_reorganisation_counts_from_there(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(confirmations=3)
    consortium.publish(5)
    consortium.rounds()
    before = consortium.row()
    consortium.node.hold()
    consortium.node.ask("anvil_reorg", 1, [])
    consortium.node.mine()
    consortium.round()
    consortium.node.mine()
    consortium.round()
    after = consortium.row()
    assert (after.state, before.nonce) == (State.MINED, after.nonce)
    assert (after.block or 0) > (before.block or 0)
    assert after.block_hash != before.block_hash


def test_the_next_head_waits_until_the_last_is_mined(consortium: Consortium) -> None:
    consortium.node.hold()
    for size in (5, 9, 12):
        consortium.publish(size)
        consortium.round()
    assert consortium.states() == [State.SENT, State.QUEUED]
    consortium.node.mine()
    consortium.round()
    consortium.node.mine()
    consortium.round()
    consortium.node.mine()
    consortium.rounds()
    assert [size for size, _ in consortium.chain.anchored(ORIGIN)][-1] == 12


def test_a_follower_that_died_before_sending_sends_when_it_is_back(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_self: object, _raw: bytes, **_: object) -> None:
        raise KeyboardInterrupt

    consortium.publish(5)
    with monkeypatch.context() as patch:
        patch.setattr("webapp.chain.ethereum.Ethereum.send", die)
        with pytest.raises(KeyboardInterrupt):
            consortium.round()
    assert (consortium.states(), consortium.node.waiting()) == ([State.SENT], [])
    consortium.follower = consortium.a_follower()
    consortium.round(after=MINUTE)
    consortium.round()
    assert consortium.states() == [State.FINAL]


def test_two_followers_at_once_anchor_each_head_once(consortium: Consortium) -> None:
    other = consortium.a_follower()
    for size in (5, 9, 12):
        consortium.publish(size)
        for _ in range(3):
            consortium.round()
            other.round(consortium.now)
    assert set(consortium.states()) == {State.FINAL}
    assert [size for size, _ in consortium.chain.anchored(ORIGIN)] == [5, 9, 12]


def test_a_nonce_that_somebody_else_used_is_given_up(consortium: Consortium) -> None:
    consortium.node.hold()
    consortium.publish(5)
    consortium.round()
    fee, nonce = hex(consortium.row().most * 10), hex(consortium.row().nonce or 0)
    ours = {"from": consortium.members[0], "to": consortium.members[1], "value": "0x0", "nonce": nonce}
    consortium.node.ask("eth_sendTransaction", ours | {"maxFeePerGas": fee, "maxPriorityFeePerGas": fee})
    consortium.node.mine()
    consortium.round()
    assert consortium.states() == [State.SENT]
    consortium.node.mine()
    consortium.round()
    assert (consortium.states(), consortium.anchored()) == ([State.FINAL], 5)


def test_a_partners_node_takes_over_when_ours_is_silent(consortium: Consortium) -> None:
    dead = "http://127.0.0.1:9"
    urls = (dead, consortium.node.url)
    consortium.follower = consortium.a_follower(write=urls, read=urls)
    consortium.publish(5)
    consortium.rounds()
    assert consortium.states() == [State.FINAL]


def test_a_transaction_stuck_at_our_own_node_reaches_the_partners(
    consortium: Consortium, tmp_path: Path
) -> None:
    ours = consortium.node
    ours.stop()
    (tmp_path / "partner").mkdir()
    shutil.copy(tmp_path / "chain.json", tmp_path / "partner")
    partner = Node(tmp_path / "partner").start()
    try:
        ours.start().hold()  # it takes everything and passes nothing on
        consortium.follower = consortium.a_follower(write=(ours.url, partner.url), read=(partner.url,))
        consortium.publish(5)
        consortium.round()
        assert partner.ask("eth_getTransactionCount", consortium.members[0], "pending") == "0x2"
        consortium.round(after=MINUTE)
        partner.settle()
        consortium.round()
        assert consortium.states() == [State.FINAL]
    finally:
        partner.kill()


# --- what must never go by in silence


FORGERIES = {
    "another past": lambda of: of.fork(3, 9),
    "another root of the same size": lambda of: of.fork(3, 5),
    "the last entry is gone": lambda of: History(of.leaves[:4]),
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("again", [True, False], ids=["it stays so", "it is mended"])
def test_a_rewritten_log_is_refused_and_a_person_is_told(
    consortium: Consortium, forgery: str, *, again: bool
) -> None:
    consortium.publish(5)
    consortium.rounds()
    consortium.books.history = FORGERIES[forgery](History.of(5))
    consortium.rounds()
    assert consortium.states() == [State.FINAL, State.FAILED]
    assert consortium.row().reason in ("not an extension", "same size, other root", "shrinks")
    assert consortium.alarms() == ["chain.refused"]
    consortium.rounds(5)
    assert len(consortium.rows()) == 2  # nothing is tried again by itself
    if not again:
        consortium.publish(9)
    assert outbox.resume(consortium.settings.name, LOG, consortium.now) == 1
    consortium.rounds()
    assert consortium.alarms() == (["chain.refused"] if again else [])
    assert consortium.anchored() == (5 if again else 9)


def test_what_the_contract_refuses_in_a_block_is_an_alarm(consortium: Consortium) -> None:
    consortium.node.hold()
    consortium.publish(5)
    consortium.round()
    key = bytes.fromhex(origin_hash(ORIGIN))
    for member in consortium.members[1:]:  # the log is given away in the same block, before our anchor
        log = (key, consortium.members[1])
        as_member(consortium.node, consortium.settings, member, "proposeLog", *log, fee=10**12)
    consortium.node.mine()
    consortium.round()
    assert consortium.states() == [State.FAILED]
    assert "chain.refused" in consortium.alarms()


def test_who_may_not_write_about_the_log_waits_and_a_person_is_told(consortium: Consortium) -> None:
    key = bytes.fromhex(origin_hash(ORIGIN))
    for member in consortium.members[1:]:
        as_member(consortium.node, consortium.settings, member, "proposeLog", key, consortium.members[1])
    consortium.publish(5)
    assert consortium.round().problem == "chain.not_permitted"
    assert consortium.states() == [State.QUEUED]
    assert "chain.not_permitted" in consortium.alarms()


def test_another_chain_is_not_written_to(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(chain_id=78)
    consortium.publish(5)
    assert consortium.round().problem == "chain.wrong_chain"
    assert consortium.chain.head(ORIGIN) == 0


def test_without_the_contract_nothing_is_sent(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(contract=consortium.members[3])
    consortium.publish(5)
    assert consortium.round().problem == "chain.no_contract"


def test_another_contract_in_its_place_is_not_believed(consortium: Consortium) -> None:
    consortium.node.ask("anvil_setCode", consortium.settings.contract, "0x600160005260206000f3")
    consortium.publish(5)
    assert consortium.round().problem == "chain.other_contract"


def test_a_chain_that_lost_what_was_final_is_an_alarm(consortium: Consortium) -> None:
    snapshot = consortium.node.ask("evm_snapshot")
    consortium.publish(5)
    consortium.rounds()
    consortium.node.ask("evm_revert", snapshot)
    consortium.publish(9)
    assert consortium.round().problem == "chain.rewound"
    assert consortium.alarms() == ["chain.rewound"]
    assert consortium.states() == [State.FINAL, State.QUEUED]


def test_a_sender_without_money_is_an_alarm(consortium: Consortium) -> None:
    consortium.node.ask("anvil_setBalance", consortium.members[0], "0x0")
    consortium.publish(5)
    assert consortium.round().problem == "chain.no_funds"


# --- entries one by one


def test_entries_of_the_wanted_kinds_are_recorded_from_then_on(consortium: Consortium) -> None:
    wanted = frozenset({"custody.scan"})
    consortium.follower = consortium.a_follower(append=wanted)
    consortium.publish(5)
    consortium.rounds()
    consortium.books.kinds = {8: "codes.issued"}
    consortium.publish(600)
    consortium.rounds(4)
    appended = dict(consortium.chain.appended(ORIGIN))
    leaves = History.of(600).leaves
    assert appended == {index: leaves[index] for index in range(5, 600) if index != 8}
    assert consortium.anchored() == 600
    assert set(consortium.states()) == {State.FINAL}


def test_an_entry_that_is_gone_is_an_alarm(consortium: Consortium) -> None:
    consortium.follower = consortium.a_follower(append=frozenset({"custody.scan"}))
    consortium.publish(5)
    consortium.rounds()
    consortium.node.stop()
    consortium.publish(9)
    consortium.round()
    consortium.node.start()
    consortium.books.history = History.of(7)
    consortium.rounds()
    assert "chain.refused" in consortium.alarms()
