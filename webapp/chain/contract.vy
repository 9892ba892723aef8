# pragma version 0.4.3
# pragma evm-version london
# pragma optimize gas
"""
@title Ashiato: heads and entries of the members' logs, checked by every validator
@license Apache-2.0
@notice
    `anchor` takes a head only with an RFC 6962 consistency proof from the head before it, so a history that was
    rewritten cannot be anchored by anybody. What stands here: hashes, sizes and indices, kind numbers, members'
    addresses. Nothing else, and no way to remove or change any of it.
@dev
    An exact retry succeeds and does nothing; everything that contradicts what stands here reverts with a reason.
    There is no owner. Members change, and logs are assigned to members, by more than two thirds of the members.
    `london`: runs on every genesis from that fork on (zero base fee needs it), uses no later opcode.
"""

MIN_MEMBERS: constant(uint256) = 3
MAX_MEMBERS: constant(uint256) = 32
# a consistency proof between sizes below 2^63 is no longer (tlog-witness says the same)
MAX_PROOF: constant(uint256) = 63
MAX_SIZE: constant(uint64) = 2**63 - 1
MAX_BATCH: constant(uint256) = 256

event Anchored:
    origin: indexed(bytes32)
    member: indexed(address)
    size: uint64
    root: bytes32

event Appended:
    origin: indexed(bytes32)
    logIndex: indexed(uint64)
    eventHash: bytes32
    kind: uint16
    member: address

event Proposed:
    proposal: indexed(bytes32)
    member: indexed(address)
    permitted: bool
    origin: indexed(bytes32)

event Approved:
    proposal: indexed(bytes32)
    by: indexed(address)
    approvals: uint256

event MemberChanged:
    member: indexed(address)
    permitted: bool

event LogAssigned:
    origin: indexed(bytes32)
    member: indexed(address)

# What the members are asked: to let a member in or out (origin empty), or to give a log to a member.
struct Question:
    member: address
    permitted: bool
    origin: bytes32

isMember: public(HashMap[address, bool])
memberCount: public(uint256)
# how often the members have changed
epoch: public(uint256)
# the one member that may write about a log: whoever holds a copy could extend it with lines of their own
writerOf: public(HashMap[bytes32, address])
# origin (SHA-256 of the log's origin line) -> size -> root, for every size that was anchored
rootAt: public(HashMap[bytes32, HashMap[uint64, bytes32]])
# origin -> index -> leaf hash of the entry
seenAt: public(HashMap[bytes32, HashMap[uint64, bytes32]])
sizeOf: HashMap[bytes32, uint64]
# the block of the deployment: whoever reads the events begins here
born: public(uint256)
questions: public(HashMap[bytes32, Question])
approvals: HashMap[bytes32, DynArray[address, MAX_MEMBERS]]


@deploy
def __init__(members: DynArray[address, MAX_MEMBERS]):
    assert len(members) >= MIN_MEMBERS, "three members at least"
    for member: address in members:
        assert member != empty(address), "no such member"
        assert not self.isMember[member], "named twice"
        self.isMember[member] = True
        log MemberChanged(member=member, permitted=True)
    self.memberCount = len(members)
    self.born = block.number


@external
@view
def head(origin: bytes32) -> (uint64, bytes32):
    """@notice The newest size anchored for a log and its root; 0 and empty if there is none."""
    size: uint64 = self.sizeOf[origin]
    return size, self.rootAt[origin][size]


@external
@view
def quorum() -> uint256:
    """@notice How many members must agree: more than two thirds."""
    return self._quorum()


@external
@view
def approvalsOf(proposal: bytes32) -> DynArray[address, MAX_MEMBERS]:
    """@notice Who has approved a proposal that is still open."""
    return self.approvals[proposal]


@external
@pure
def isConsistent(
    oldSize: uint64, oldRoot: bytes32, newSize: uint64, newRoot: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    """@notice Whether the tree of `newSize` extends the tree of `oldSize` (both sizes at least 1)."""
    return self._consistent(oldSize, oldRoot, newSize, newRoot, proof)


@external
def anchor(origin: bytes32, size: uint64, root: bytes32, proof: DynArray[bytes32, MAX_PROOF]):
    """
    @notice Record a head of a log. The first one of a log needs no proof, every later one a consistency proof
        from the newest.
    """
    self._only_writer(origin)
    assert size > 0 and size <= MAX_SIZE, "size out of range"
    assert root != empty(bytes32), "no root"
    known: bytes32 = self.rootAt[origin][size]
    if known != empty(bytes32):
        assert known == root, "same size, other root"
        return
    old: uint64 = self.sizeOf[origin]
    assert size > old, "shrinks"
    if old > 0:
        assert self._consistent(old, self.rootAt[origin][old], size, root, proof), "not an extension"
    else:
        assert len(proof) == 0, "nothing to prove"
    self.rootAt[origin][size] = root
    self.sizeOf[origin] = size
    log Anchored(origin=origin, member=msg.sender, size=size, root=root)


@external
def append(origin: bytes32, eventHash: bytes32, kind: uint16, logIndex: uint64):
    """@notice Record the hash of one entry of a log."""
    self._only_writer(origin)
    self._append(origin, eventHash, kind, logIndex)


@external
def appendMany(
    origin: bytes32, first: uint64, hashes: DynArray[bytes32, MAX_BATCH], kinds: DynArray[uint16, MAX_BATCH]
):
    """@notice Record the hashes of entries that follow each other; all or none of them."""
    self._only_writer(origin)
    assert len(hashes) == len(kinds), "a kind for each hash"
    index: uint64 = first
    for i: uint256 in range(len(hashes), bound=MAX_BATCH):
        self._append(origin, hashes[i], kinds[i], index)
        index += 1


@external
def proposeMember(member: address, permitted: bool) -> bytes32:
    """@notice Ask the members to let somebody in or out; counts as the asker's approval."""
    assert member != empty(address), "no such member"
    assert self.isMember[member] != permitted, "is so already"
    return self._propose(Question(member=member, permitted=permitted, origin=empty(bytes32)))


@external
def proposeLog(origin: bytes32, member: address) -> bytes32:
    """@notice Ask the members to let this member, and no other, write about a log; counts as an approval."""
    assert origin != empty(bytes32), "no such log"
    assert self.isMember[member], "not a member"
    assert self.writerOf[origin] != member, "is so already"
    return self._propose(Question(member=member, permitted=True, origin=origin))


@external
def approve(proposal: bytes32):
    """@notice Agree to an open proposal; the approval that completes the quorum carries it out."""
    assert len(self.approvals[proposal]) > 0, "no such proposal"
    self._approve(proposal)


@internal
@view
def _quorum() -> uint256:
    return 2 * self.memberCount // 3 + 1


@internal
@view
def _only_writer(origin: bytes32):
    assert self.isMember[msg.sender], "not a member"
    assert self.writerOf[origin] == msg.sender, "not this log's writer"


@internal
def _append(origin: bytes32, eventHash: bytes32, kind: uint16, logIndex: uint64):
    assert eventHash != empty(bytes32), "no hash"
    known: bytes32 = self.seenAt[origin][logIndex]
    if known != empty(bytes32):
        assert known == eventHash, "another hash at this index"
        return
    self.seenAt[origin][logIndex] = eventHash
    log Appended(origin=origin, logIndex=logIndex, eventHash=eventHash, kind=kind, member=msg.sender)


@internal
@view
def _name(question: Question) -> bytes32:
    # The same question asked in the same situation is the same proposal, whoever asks. Once the members change, or the
    # log has another writer, approvals given before count no more.
    writer: address = self.writerOf[question.origin]
    return keccak256(abi_encode(question.member, question.permitted, question.origin, self.epoch, writer))


@internal
def _propose(question: Question) -> bytes32:
    assert self.isMember[msg.sender], "not a member"
    proposal: bytes32 = self._name(question)
    if len(self.approvals[proposal]) == 0:
        self.questions[proposal] = question
        log Proposed(
            proposal=proposal, member=question.member, permitted=question.permitted, origin=question.origin
        )
    self._approve(proposal)
    return proposal


@internal
def _approve(proposal: bytes32):
    assert self.isMember[msg.sender], "not a member"
    question: Question = self.questions[proposal]
    assert proposal == self._name(question), "no longer open"
    if msg.sender in self.approvals[proposal]:
        return
    self.approvals[proposal].append(msg.sender)
    log Approved(proposal=proposal, by=msg.sender, approvals=len(self.approvals[proposal]))
    if len(self.approvals[proposal]) >= self._quorum():
        self.approvals[proposal] = []
        self._carry_out(question)


@internal
def _carry_out(question: Question):
    if question.origin != empty(bytes32):
        self.writerOf[question.origin] = question.member
        log LogAssigned(origin=question.origin, member=question.member)
        return
    if question.permitted:
        assert self.memberCount < MAX_MEMBERS, "no room"
        self.memberCount += 1
    else:
        assert self.memberCount > MIN_MEMBERS, "three members at least"
        self.memberCount -= 1
    self.isMember[question.member] = question.permitted
    self.epoch += 1
    log MemberChanged(member=question.member, permitted=question.permitted)


@internal
@pure
def _node(left: bytes32, right: bytes32) -> bytes32:
    return sha256(concat(b"\x01", left, right))


@internal
@pure
def _consistent(
    oldSize: uint64, oldRoot: bytes32, newSize: uint64, newRoot: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    # RFC 9162 2.1.4.2. `at` is the last leaf of the old tree, `last` that of the new one, both going up together.
    if oldSize == 0 or newSize < oldSize:
        return False
    if newSize == oldSize:
        return len(proof) == 0 and oldRoot == newRoot
    if len(proof) == 0:
        return False
    at: uint256 = convert(oldSize, uint256) - 1
    last: uint256 = convert(newSize, uint256) - 1
    for _: uint256 in range(64):
        if at & 1 == 0:
            break
        at = at >> 1
        last = last >> 1
    # the old tree is one perfect subtree: the proof leaves its root out, we have it
    skip: uint256 = 1
    oldHash: bytes32 = proof[0]
    if at == 0:
        skip = 0
        oldHash = oldRoot
    newHash: bytes32 = oldHash
    for i: uint256 in range(skip, len(proof), bound=MAX_PROOF):
        if last == 0:
            return False
        if at & 1 == 1 or at == last:
            oldHash = self._node(proof[i], oldHash)
            newHash = self._node(proof[i], newHash)
            for _: uint256 in range(64):
                if at & 1 == 1 or at == 0:
                    break
                at = at >> 1
                last = last >> 1
        else:
            newHash = self._node(newHash, proof[i])
        at = at >> 1
        last = last >> 1
    return oldHash == oldRoot and newHash == newRoot and last == 0
