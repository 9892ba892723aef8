"""The follower: queues what the logs publish, sends it, and looks again until it is final.

One round is `collect` (our database only), `poll`, `send`. Nothing is held while the chain is asked: what was read is
written back only if nobody has moved it on since. A round that is cut anywhere is made good by the next one, because
a transaction is signed and stored before it is sent, and the contract takes the same thing twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from webapp.chain import outbox, rules
from webapp.chain.kinds import number
from webapp.chain.models import ChainOutbox
from webapp.chain.outbox import ANCHOR, APPEND, Wanted, item_of, values_of
from webapp.chain.ports import Chain, Checkpoints, Leaf, Refused, Signed, Stopped, Unreachable
from webapp.chain.rules import Change, Fee, Policy, Seen, Standing, State, Waiting
from webapp.kernel.base.db import transaction
from webapp.kernel.tlog.checkpoints import Checkpoint

BATCH = 256
"""Entries in one appendMany."""
SWEEP = 20_000
"""Entries of a log looked through in one round."""
IDENTIFY = 10 * rules.MINUTE
"""How long an answer about chain and contract is believed, and a partner's node used instead of ours, ms."""
TELL = 10_000
"""How often, at most, the follower writes down that it goes on as before, ms."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did. `problem` is the code of what stopped it, empty if nothing did."""

    queued: int = 0
    settled: int = 0
    sent: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """A call, the gas it may use and what is offered for it."""

    data: bytes
    gas: int
    fee: Fee


class Follower:
    """Brings published heads to one contract. `spread` gives a number in [0, 1) by chance."""

    def __init__(
        self,
        chain: Chain,
        logs: Checkpoints,
        policy: Policy,
        spread: Callable[[], float],
        *,
        ceiling: int,
        append_kinds: frozenset[str] = frozenset(),
    ) -> None:
        self._chain = chain
        self._logs = logs
        self._policy = policy
        self._spread = spread
        self._ceiling = ceiling
        self._append_kinds = append_kinds
        self._identified_at: int | None = None
        self._told, self._told_at = "chain.late", 0  # so that the first round tells, whatever comes of it

    def round(self, now: int) -> Round:
        """One turn at the instant `now` (ms). What stops it is written down for people and answered, not raised."""
        queued = self.collect(now)
        try:
            self._identify(now)
            settled = self.poll(now)
            sent = self.send(now)
            self._went_well(now)
        except Unreachable as problem:
            self._stopped("chain.unreachable", str(problem), now)
            return Round(queued, problem="chain.unreachable")
        except Stopped as problem:
            self._stopped(problem.code, problem.detail, now)
            return Round(queued, problem=problem.code)
        return Round(queued, settled, sent)

    def collect(self, now: int) -> int:
        """Queue what the logs have published since the last time; asks the chain nothing. Answers the rows queued."""
        last, halted = outbox.last_anchors(self._chain.name), outbox.halted(self._chain.name)
        looked_to = outbox.appended(self._chain.name) if self._append_kinds else {}
        wanted, looked = list[Wanted](), dict[str, int]()
        with outbox.reading():
            for log in self._logs.logs():
                newest = None if log in halted else self._logs.newest(log)
                if newest is None or newest.size == 0:
                    continue
                wanted += _anchor(log, newest, last.get(log))
                if self._append_kinds:
                    entries, stop = self._entries(log, looked_to.get(log), newest.size)
                    wanted += entries
                    looked |= {log: stop} if looked_to.get(log) != stop else {}
        if wanted or looked:
            outbox.enqueue(self._chain.name, wanted, looked, now)
        return len(wanted)

    def _entries(self, log: str, start: int | None, size: int) -> tuple[list[Wanted], int]:
        """Runs of wanted entries from where we were, and where we are now. A log begins at its newest head."""
        if start is None:
            return [], size
        leaves = list(self._logs.leaves(log, start, min(size, start + SWEEP)))
        wanted = (leaf for leaf in leaves if leaf.kind in self._append_kinds)
        return [Wanted(APPEND, log, low, high) for low, high in runs(wanted)], start + len(leaves)

    def poll(self, now: int) -> int:
        """Look at everything that was sent; answers how many rows are final or failed since."""
        flying = outbox.flying(self._chain.name)
        if not flying:
            return 0
        # head and count before the receipts: what comes in between can only be missed, never mistaken
        head, included, canonical = self._chain.tip(), self._chain.included(), dict[int, str | None]()
        changes = []
        for row in flying:
            seen = self._seen(row, head, included, canonical)
            changes.append((row, rules.judge(item_of(row), seen, self._policy, now, self._spread())))
        settled, stops = self._settle(changes, now), list[Stopped]()
        self._send_again([(row, change) for row, change in changes if change.again], stops)
        if stops:
            raise stops[0]
        return settled

    def _seen(self, row: ChainOutbox, head: int, included: int, canonical: dict[int, str | None]) -> Seen:
        receipts = (self._chain.receipt(tx_hash) for tx_hash in reversed(row.tx_hashes))
        receipt = next((found for found in receipts if found), None)
        if receipt is None:
            return Seen(head, included)
        if receipt.block not in canonical:
            canonical[receipt.block] = self._chain.block_hash(receipt.block)
        return Seen(head, included, receipt, canonical[receipt.block])

    def _settle(self, changes: Sequence[tuple[ChainOutbox, Change]], now: int) -> int:
        """Write what became of the rows; those to be sent again are written when they are signed."""
        due = [
            (row, change.item) for row, change in changes if not change.again and change.item != item_of(row)
        ]
        if not due:
            return 0
        reasons = {row.id: self._reason(row) for row, item in due if item.state is State.FAILED}
        settled = 0
        with transaction() as session:
            for row, item in due:
                values = values_of(item)
                if item.state in (State.FINAL, State.FAILED):
                    values |= {"settled_at": now, "data": b"", "reason": reasons.get(row.id, "")}
                    settled += 1
                if item.state is State.QUEUED:
                    values |= {"tx_hashes": [], "data": b"", "most": 0, "tip": 0}
                outbox.change(session, row, values)
        return settled

    def _reason(self, row: ChainOutbox) -> str:
        """The contract's words: it is asked the same once more, without sending."""
        try:
            self._chain.estimate(row.data)
        except (Refused, Stopped, Unreachable) as problem:
            return str(problem)[:200]
        return "reverted"

    def _send_again(self, changes: Sequence[tuple[ChainOutbox, Change]], stops: list[Stopped]) -> None:
        """The same calls under the same nonces, with a little more fee."""
        if not changes:
            return
        prices = self._chain.prices()
        for row, change in changes:
            offered = rules.fee(prices.base, prices.tip, Fee(row.most, row.tip), self._ceiling)
            signed = self._chain.sign(row.data, row.nonce or 0, row.gas, offered)
            hashes = [*row.tx_hashes, *({signed.hash} - set(row.tx_hashes))]
            values = values_of(change.item) | {"most": offered.most, "tip": offered.tip, "tx_hashes": hashes}
            with transaction() as session:
                ours = outbox.change(session, row, values)
            if ours:
                # the node that had it may be cut off from the others
                self._hand_over(signed, stops, everywhere=True)

    def send(self, now: int) -> int:
        """Sign and send what is due; answers how many. Raises the first Stopped when all others have been sent."""
        waiting = outbox.queued(self._chain.name)
        flying = outbox.flying(self._chain.name) if waiting else []
        halted = outbox.halted(self._chain.name) if waiting else set()
        unmined = {row.log for row in flying if row.kind == ANCHOR and row.state is State.SENT}
        order = [Waiting(row.id, row.log, row.kind == ANCHOR, row.next_at) for row in waiting]
        due = set(rules.sendable([one for one in order if one.log not in halted], unmined, len(flying), now))
        return self._send([row for row in waiting if row.id in due], now) if due else 0

    def _send(self, rows: Sequence[ChainOutbox], now: int) -> int:
        included, prices = self._chain.included(), self._chain.prices()
        offered = rules.fee(prices.base, prices.tip, None, self._ceiling)
        stops, sent = list[Stopped](), 0
        for row in rows:
            try:
                data = self._call(row)
                gas = self._chain.estimate(data) if data else 0
            except Refused as problem:
                self._failed(row, str(problem), now)
                continue
            except Stopped as problem:
                stops.append(problem)
                data, gas = b"", 0
            if not data:
                self._later(row, now)
                continue
            signed = self._claim(row, included, Priced(data, gas, offered), now)
            if signed is not None:
                self._hand_over(signed, stops)
                sent += 1
        if stops:
            raise stops[0]
        return sent

    def _call(self, row: ChainOutbox) -> bytes:
        """The call for a row as things stand; empty if it must wait. Raises Refused, Stopped."""
        with outbox.reading():
            origin = self._logs.origin(row.log)
        if row.kind == APPEND:
            return self._append(row, origin)
        head = self._chain.head(origin)
        mined = outbox.largest(self._chain.name, row.log, [State.MINED])
        final = outbox.largest(self._chain.name, row.log, [State.FINAL])
        stands = rules.standing(head, mined, final)
        if stands is Standing.REWOUND:
            raise Stopped("chain.rewound", row.log)
        return b"" if stands is Standing.BEHIND else self._anchor(row, origin, head)

    def _anchor(self, row: ChainOutbox, origin: str, head: int) -> bytes:
        try:
            with outbox.reading():
                proof = self._logs.consistency(row.log, head, row.size) if head < row.size else []
        except (ValueError, LookupError) as problem:
            raise Refused(f"our log no longer has {row.size} entries") from problem
        return self._chain.anchor_call(origin, row.size, row.root, proof)

    def _append(self, row: ChainOutbox, origin: str) -> bytes:
        with outbox.reading():
            leaves = list(self._logs.leaves(row.log, row.start, row.size))
        if len(leaves) != row.size - row.start:
            raise Refused(f"our log no longer has entry {row.start + len(leaves)}")
        kinds = [number(leaf.kind) for leaf in leaves]
        return self._chain.append_call(origin, row.start, [leaf.hash for leaf in leaves], kinds)

    def _claim(self, row: ChainOutbox, included: int, priced: Priced, now: int) -> Signed | None:
        """Give the row a nonce and sign it, under the sender's lock; None if somebody else has taken the row."""
        item = item_of(row)
        with transaction() as session:
            nonce = rules.next_nonce(included, outbox.lock_sender(session, self._chain.name))
            signed = self._chain.sign(priced.data, nonce, priced.gas, priced.fee)
            wait = rules.wait(item.attempts, self._policy, self._spread())
            item = replace(item, state=State.SENT, nonce=nonce, next_at=now + wait)
            call = {"data": priced.data, "gas": priced.gas, "most": priced.fee.most, "tip": priced.fee.tip}
            ours = outbox.change(session, row, values_of(item) | call | {"tx_hashes": [signed.hash]})
        return signed if ours else None

    def _hand_over(self, signed: Signed, stops: list[Stopped], *, everywhere: bool = False) -> None:
        """To a node. What it does not take is sent again later, and does not keep the others back."""
        try:
            self._chain.send(signed.raw, everywhere=everywhere)
        except Stopped as problem:
            stops.append(problem)

    def _failed(self, row: ChainOutbox, reason: str, now: int) -> None:
        item = replace(item_of(row), state=State.FAILED)
        with transaction() as session:
            outbox.change(session, row, values_of(item) | {"reason": reason[:200], "settled_at": now})

    def _later(self, row: ChainOutbox, now: int) -> None:
        item = rules.postponed(item_of(row), self._policy, now, self._spread())
        with transaction() as session:
            outbox.change(session, row, values_of(item))

    def _identify(self, now: int) -> None:
        """Whom we speak to is checked at the start, after any trouble, and now and then."""
        if self._identified_at is None or now - self._identified_at >= IDENTIFY:
            self._chain.identify()
            self._identified_at = now

    def _went_well(self, now: int) -> None:
        if self._told or now - self._told_at >= TELL:
            outbox.note(self._chain.name, address=self._chain.address, round_at=now, problem="", detail="")
            self._told, self._told_at = "", now

    def _stopped(self, code: str, detail: str, now: int) -> None:
        self._identified_at = None
        if self._told != code or now - self._told_at >= TELL:
            outbox.note(self._chain.name, problem=code, detail=detail[:200], problem_at=now)
            self._told, self._told_at = code, now


def _anchor(log: str, newest: Checkpoint, last: ChainOutbox | None) -> list[Wanted]:
    """The head to queue, if any. One that contradicts the last goes too: the contract is to say so."""
    if last is not None:
        if (last.size, last.root) == (newest.size, newest.root):
            return []
        if last.state is State.QUEUED:
            return []  # one waits already; when it has gone, the newest follows
    return [Wanted(ANCHOR, log, 0, newest.size, newest.root)]


def runs(leaves: Iterator[Leaf]) -> Iterator[tuple[int, int]]:
    """[first, after the last) of entries that follow each other, at most 256 together."""
    first = after = -1
    for leaf in leaves:
        if leaf.index == after and after - first < BATCH:
            after += 1
            continue
        if after >= 0:
            yield first, after
        first, after = leaf.index, leaf.index + 1
    if after >= 0:
        yield first, after
