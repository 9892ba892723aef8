"""The rules of the outbox: what becomes of a transaction, whatever nodes say."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from webapp.chain import rules
from webapp.chain.rules import Fee, Figures, Item, Policy, Receipt, Seen, Standing, State, Waiting

NOW = 1_790_000_000_000
POLICY = Policy(confirmations=3)
SENT = Item(State.SENT, nonce=4, attempts=1, next_at=NOW + 5_000)
MINED = Item(State.MINED, nonce=4, attempts=1, block=10, block_hash="0xa")

blocks = st.integers(0, 50)
hashes = st.sampled_from(["0xa", "0xb"])
receipts = st.builds(Receipt, blocks, hashes, st.booleans())
seens = st.builds(Seen, blocks, st.integers(0, 8), st.none() | receipts, st.none() | hashes)
items = st.builds(
    Item, st.sampled_from(State), st.integers(0, 8), st.integers(0, 40), st.just(NOW), blocks, hashes
)


def judged(item: Item, seen: Seen, now: int = NOW) -> rules.Change:
    return rules.judge(item, seen, POLICY, now, 0.5)


@pytest.mark.parametrize(("head", "state"), [(10, State.MINED), (11, State.MINED), (12, State.FINAL)])
def test_final_is_as_deep_as_configured(head: int, state: State) -> None:
    assert judged(SENT, Seen(head, 5, Receipt(10, "0xa", taken=True), "0xa")).item.state is state


def test_a_receipt_in_a_block_that_was_replaced_does_not_count() -> None:
    change = judged(MINED, Seen(20, 4, Receipt(10, "0xa", taken=True), "0xb"))
    assert change.item.state is State.SENT
    assert change.again


def test_a_receipt_that_is_gone_puts_the_transaction_back_under_its_nonce() -> None:
    change = judged(MINED, Seen(20, 4))
    assert (change.item.state, change.item.nonce, change.item.block) == (State.SENT, 4, None)


def test_what_the_contract_refused_has_failed() -> None:
    assert judged(SENT, Seen(10, 5, Receipt(10, "0xa", taken=False), "0xa")).item.state is State.FAILED


def test_a_transaction_in_no_block_is_sent_again_when_it_is_time() -> None:
    assert not judged(SENT, Seen(20, 4)).again
    later = judged(SENT, Seen(20, 4), NOW + 5_000)
    assert (later.again, later.item.attempts) == (True, 2)
    assert later.item.next_at > NOW + 5_000


def test_a_nonce_that_something_else_used_is_given_up() -> None:
    change = judged(SENT, Seen(20, 5))
    assert (change.item.state, change.item.nonce, change.again) == (State.QUEUED, None, False)


@given(item=items, seen=seens)
def test_nothing_is_final_without_a_good_receipt_in_a_standing_block(item: Item, seen: Seen) -> None:
    after = judged(item, seen).item
    if after.state is State.FINAL and item.state is not State.FINAL:
        assert seen.receipt is not None
        assert seen.receipt.taken
        assert seen.receipt.block_hash == seen.canonical
        assert seen.head - seen.receipt.block + 1 >= POLICY.confirmations


@given(item=items, seen=seens)
def test_what_is_final_or_failed_stays_so_and_is_never_sent(item: Item, seen: Seen) -> None:
    if item.state in (State.FINAL, State.FAILED, State.QUEUED):
        assert judged(item, seen) == rules.Change(item)


@given(item=items, seen=seens)
def test_a_nonce_is_kept_or_given_up_but_never_changed(item: Item, seen: Seen) -> None:
    after = judged(item, seen).item
    assert after.nonce == item.nonce or (after.nonce is None and after.state is State.QUEUED)


@given(attempts=st.integers(0, 200), spread=st.floats(0, 1, exclude_max=True))
def test_waiting_grows_to_a_limit_and_chance_takes_at_most_half(attempts: int, spread: float) -> None:
    waited = rules.wait(attempts, POLICY, spread)
    whole = min(POLICY.longest_wait, POLICY.first_wait * 2**attempts)
    assert whole / 2 <= waited <= whole


@given(
    base=st.integers(0, 10**12),
    tip=st.integers(0, 10**11),
    before=st.builds(Fee, st.integers(0, 10**12), st.integers(0, 10**12)),
    ceiling=st.integers(0, 10**13),
)
def test_a_replacement_offers_a_tenth_more_or_the_ceiling(
    base: int, tip: int, before: Fee, ceiling: int
) -> None:
    offered = rules.fee(base, tip, before, ceiling)
    assert offered.most == ceiling or offered.most * 10 >= before.most * 11
    assert offered.tip == ceiling or offered.tip * 10 >= before.tip * 11
    assert max(offered.most, offered.tip) <= ceiling
    assert offered.tip <= offered.most or before.tip > before.most


def test_where_gas_is_free_nothing_is_offered() -> None:
    assert rules.fee(0, 1_000, None, 0) == Fee(0, 0)
    assert rules.fee(0, 1_000, Fee(0, 0), 0) == Fee(0, 0)


@given(included=st.integers(0, 9), flying=st.sets(st.integers(0, 9)))
def test_a_new_nonce_is_unused_and_leaves_no_gap(included: int, flying: set[int]) -> None:
    flying = {nonce for nonce in flying if nonce < included} | set(range(included, included + len(flying)))
    nonce = rules.next_nonce(included, flying)
    assert nonce not in flying
    assert set(range(included, nonce)) <= flying


waitings = st.lists(
    st.builds(
        Waiting, st.uuids().map(str), st.sampled_from("abc"), st.booleans(), st.sampled_from([NOW, NOW + 1])
    ),
    max_size=40,
    unique_by=lambda row: row.id,
)


@given(queued=waitings, unmined=st.sets(st.sampled_from("abc")), flying=st.integers(0, 20))
def test_one_anchor_of_a_log_is_under_way_and_nothing_early(
    queued: list[Waiting], unmined: set[str], flying: int
) -> None:
    chosen = rules.sendable(queued, unmined, flying, NOW)
    rows = [row for row in queued if row.id in chosen]
    anchors = [row.log for row in rows if row.anchor]
    assert [row.id for row in rows] == chosen
    assert len(set(anchors)) == len(anchors)
    assert not set(anchors) & unmined
    assert all(row.next_at <= NOW for row in rows)
    assert flying + len(rows) <= max(flying, rules.IN_FLIGHT)


@pytest.mark.parametrize(
    ("head", "mined", "final", "standing"),
    [
        (5, 5, 5, Standing.GOOD),
        (9, 5, 5, Standing.GOOD),
        (5, 9, 5, Standing.BEHIND),
        (4, 9, 5, Standing.REWOUND),
    ],
)
def test_a_head_behind_what_was_final_is_another_thing_than_a_slow_node(
    head: int, mined: int, final: int, standing: Standing
) -> None:
    assert rules.standing(head, mined, final) is standing


FINE = Figures(waiting=3, failed=0, oldest_at=NOW - 60_000, round_at=NOW - 2_000)


@pytest.mark.parametrize(
    ("figures", "codes"),
    [
        (FINE, []),
        (replace(FINE, oldest_at=None, waiting=0), []),
        (replace(FINE, oldest_at=NOW - 16 * 60_000), ["chain.late"]),
        (replace(FINE, round_at=NOW - 16 * 60_000), ["chain.late"]),
        (replace(FINE, round_at=None), ["chain.late"]),
        (replace(FINE, waiting=1_000), []),
        (replace(FINE, waiting=1_001), ["chain.crowded"]),
        (replace(FINE, failed=1), ["chain.refused"]),
        (replace(FINE, problem="chain.no_contract"), ["chain.no_contract"]),
    ],
)
def test_alarms_name_what_a_person_must_look_at(figures: Figures, codes: list[str]) -> None:
    assert rules.alarms(figures, NOW) == codes


@dataclass
class Block:
    """One block: which of our transactions (by nonce) it holds."""

    hash: str
    nonces: list[int] = field(default_factory=list)


class AnyChain(RuleBasedStateMachine):
    """A chain that mines, forgets and re-organises as it likes, and one sender who follows the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self.pool: set[int] = set()
        self.items: list[Item] = []
        self.final: dict[int, str] = {}
        self.made = 0
        self.now = NOW

    @property
    def included(self) -> int:
        return sum(len(block.nonces) for block in self.blocks)

    def held(self) -> list[int]:
        return [item.nonce for item in self.items if item.nonce is not None and item.state in rules.OPEN]

    @precondition(lambda self: len(self.items) < 6)
    @rule()
    def send(self) -> None:
        nonce = rules.next_nonce(self.included, self.held())
        self.items.append(Item(State.SENT, nonce=nonce, next_at=self.now + 10_000))
        self.pool.add(nonce)

    @rule(most=st.integers(0, 3))
    def mine(self, most: int) -> None:
        """The next block holds what the pool has in order, or less."""
        self.made += 1
        block = Block(f"0x{self.made}")
        while len(block.nonces) < most and self.included + len(block.nonces) in self.pool:
            block.nonces.append(self.included + len(block.nonces))
        self.pool -= set(block.nonces)
        self.blocks.append(block)

    @rule()
    def forget(self) -> None:
        """A restart: the pool is gone."""
        self.pool.clear()

    @precondition(lambda self: self.blocks)
    @rule(depth=st.integers(1, 2), keep=st.booleans())
    def reorganise(self, depth: int, *, keep: bool) -> None:
        """The last blocks, fewer than what counts as final, are replaced by empty ones."""
        lost = self.blocks[-depth:]
        if keep:
            self.pool |= {nonce for block in lost for nonce in block.nonces}
        self.made += len(lost)
        self.blocks[-len(lost) :] = [Block(f"0x{self.made - i}") for i in range(len(lost))]

    @rule(seconds=st.integers(1, 3_600))
    def look(self, seconds: int) -> None:
        self.now += seconds * 1_000
        self.poll()

    def poll(self) -> None:
        for place, item in enumerate(self.items):
            change = judged(item, self.seen(item), self.now)
            if change.again and change.item.nonce is not None and change.item.nonce >= self.included:
                self.pool.add(change.item.nonce)
            self.items[place] = change.item
            if change.item.state is State.FINAL:
                self.final[place] = change.item.block_hash

    def seen(self, item: Item) -> Seen:
        head = len(self.blocks)
        for height, block in enumerate(self.blocks, 1):
            if item.nonce in block.nonces:
                return Seen(head, self.included, Receipt(height, block.hash, taken=True), block.hash)
        return Seen(head, self.included)

    @invariant()
    def what_is_final_stands_on_the_chain(self) -> None:
        standing = {block.hash for block in self.blocks}
        assert set(self.final.values()) <= standing

    @invariant()
    def every_open_nonce_is_held_once(self) -> None:
        held = self.held()
        assert len(held) == len(set(held))

    def teardown(self) -> None:
        """When the chain behaves again, everything becomes final."""
        for _ in range(12):
            self.now += 3_600_000
            self.poll()
            self.mine(3)
        self.poll()
        assert all(item.state is State.FINAL for item in self.items)


TestAnyChain = AnyChain.TestCase
TestAnyChain.settings = settings(max_examples=50)
