"""Proof on paper: one QR with an entry, its way to the root and the cosigned checkpoint. Pure.

docs/paper-proof.md is the format. The root is not in it: it follows from the entry and the path, and a changed
byte anywhere makes the log's signature fail. `webapp/static/pwa/ledger/paper.js` reads the same bytes.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.kernel.tlog import base45, checkpoints, notes, proof_files
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import leaf_hash
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, Note, NoteError, Signature, is_name
from webapp.kernel.tlog.pieces import Pieces, varint
from webapp.kernel.tlog.policies import Judgement, Policy
from webapp.kernel.tlog.proof_files import ProofFile
from webapp.kernel.tlog.proofs import ProofError, inclusion_root, verify_inclusion

#: What our scanners know the QR by; the figure is the version of the format.
PREFIX = "ASHIATO1:"
#: QR version 40 with the least error correction holds so many characters.
MOST_CHARACTERS = 4_296
MOST_ENTRY = 65_535
MOST_SIGNATURES = 16
#: Bytes of a signature without its key id: Ed25519; before a cosignature stands its time.
LENGTHS = {SIGNATURE: 64, COSIGNATURE: 72}
#: What most entries say anyway. Part of version 1 for ever: the deflate window begins with it.
DICTIONARY = (
    b'"custody.consignment_opened""custody.import_committed""custody.assets_listed""custody.cage_added"'
    b'"codes.issued""codes.printed"\\"municipality\\":\\"carrier\\":\\"itad\\":\\"policy\\":\\"mic-2020-12/1\\"'
    b'"auditor""admin""driver""itad_manager""itad_checker""itad_operator""itad_receiver""itad_technician"'
    b"sanitize_faileddestroyed_on_siteloadedlockedhanded_overarrivedopenedcountedcount_closeddrive_extracted"
    b'destroyedvoid\\"seal\\":\\"lock\\":\\"manifest\\":[\\"manifest_hash\\":\\"count\\":\\"verdict\\":\\"intact\\"'
    b'\\"to\\":\\"p-\\"drive\\":\\"particle_mm\\":\\"target\\":\\"reason\\":\\"method\\":\\"shred\\"\\"purge\\"\\"clear\\"'
    b'\\"result\\":\\"ok\\"sanitized\\"tool\\":\\"typed\\"\\"photo\\"\\"form\\"attention\\"unknown\\"'
    b'{"by":{"actor":"p-","org":"01a2","roles":["officer"]},"id":"01a2","kind":"custody.scan","log":"0'
    b'","p":"{\\"v\\":1,\\"id\\":\\"01a2\\",\\"log\\":\\"0\\",\\"kind\\":\\"custody.scan\\",\\"actor\\":\\"p-'
    b'\\",\\"at\\":17\\",\\"body\\":{\\"device\\":\\"01a2\\"},\\"commit\\":\\"\\",\\"step\\":\\"registered\\",'
    b'\\"code\\":\\"\\",\\"parent\\":\\"\\",\\"job\\":\\"01a2\\",\\"src\\":\\"camera\\",\\"dev\\":\\"01a2\\",\\"seq\\":1,'
    b'\\"prev\\":\\"\\",\\"wit\\":[\\"p-\\"],\\"mono\\":,\\"boot\\":\\"01a2\\",\\"off\\":0,\\"off_age\\":0,'
    b'\\"place\\":\\"\\",\\"ev\\":[],\\"base\\":\\"\\",\\"said\\":\\"ok\\",\\"app\\":\\"","rec":17,"s":"","v":1}'
)


class TooLong(ValueError):
    """No QR holds this proof: it is given as a file."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What the QR says. Nothing is verified. A signature without a name means a key of the reader's policy."""

    origin: str
    size: int
    index: int
    path: tuple[bytes, ...]
    signatures: tuple[Signature, ...]
    entry: bytes

    def proof(self, policy: Policy) -> ProofFile:
        """The same as a proof file; signatures without a name that this policy cannot name either fall out."""
        root = inclusion_root(self.index, self.size, leaf_hash(self.entry), self.path)
        note = Note(Checkpoint(self.origin, self.size, root).text(), tuple(self._named(policy)))
        return ProofFile(self.index, self.path, note.render())

    def _named(self, policy: Policy) -> Iterator[Signature]:
        known = _references(policy)
        for each in self.signatures:
            name = each.name or known.get(each.key_id, "")
            if name:
                yield Signature(name, each.key_id, each.blob)


def encode(proof: ProofFile, entry: bytes, policy: Policy | None = None) -> str:
    """The text of the QR, for alphanumeric mode. With a policy, it carries only signatures that the policy knows.

    Raises NoteError or ProofError if the entry is not in the checkpoint's tree (what cannot be verified is not
    printed), and TooLong if no QR holds it.
    """
    note = notes.parse(proof.checkpoint)
    tree = checkpoints.parse(note.text)
    verify_inclusion(proof.index, tree.size, leaf_hash(entry), proof.path, tree.root)
    origin = tree.origin.encode()
    signatures = [_packed(each, tree.origin, policy) for each in note.signatures]
    signatures = [each for each in signatures if each]
    if not 0 < len(signatures) <= MOST_SIGNATURES or len(origin) > 255 or not is_name(tree.origin):
        raise NoteError("no signatures for paper under this checkpoint")
    head = [bytes([len(origin)]), origin, varint(tree.size), varint(proof.index), *proof.path]
    tail = [bytes([len(signatures)]), *signatures, deflated(entry)]
    text = PREFIX + base45.encode(b"".join([*head, *tail]))
    if len(text) > MOST_CHARACTERS:
        raise TooLong(f"{len(text)} characters")
    return text


def decode(text: str) -> Paper:
    """Read the text of the QR. Raises NoteError; nothing is verified."""
    if not text.startswith(PREFIX) or len(text) > MOST_CHARACTERS:
        raise NoteError("this is no proof on paper")
    try:
        reader = _Reader(base45.decode(text.removeprefix(PREFIX)))
    except ValueError:
        raise NoteError("the letters of the QR are not base45") from None
    origin = reader.name()
    size, index = reader.varint(), reader.varint()
    if not origin or not index < size:
        raise NoteError("a proof names its log, and an entry that is in it")
    path = tuple(reader.take(32) for _ in range(path_length(index, size)))
    signatures = tuple(reader.signature(origin) for _ in range(reader.count(MOST_SIGNATURES)))
    return Paper(origin, size, index, path, signatures, _inflated(reader.rest()))


def verify(text: str, policy: Policy) -> tuple[Paper, Judgement]:
    """What the QR says, and what the policy says of it. Raises NoteError or ProofError (both ValueErrors)."""
    paper = decode(text)
    return paper, proof_files.verify(paper.proof(policy), paper.entry, policy)


def path_length(index: int, size: int) -> int:
    """How many hashes lead from this entry to the root (RFC 6962 §2.1.1): inside its own subtree, then beside it."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _references(policy: Policy) -> dict[bytes, str]:
    """Witness names by key id; an id that two keys share stands for neither (one could be made to collide)."""
    keys = [witness.key for witness in policy.witnesses.values()]
    ids = [key.key_id for key in keys]
    return {key.key_id: key.name for key in keys if ids.count(key.key_id) == 1}


def _packed(signature: Signature, origin: str, policy: Policy | None) -> bytes:
    """One signature, empty if it has no place on paper: another type, or unknown to the policy."""
    by_log = signature.name == origin and len(signature.blob) == LENGTHS[SIGNATURE]
    by_witness = len(signature.blob) == LENGTHS[COSIGNATURE]
    if not (by_log or by_witness) or (policy and not _is_known(signature, policy)):
        return b""
    implied = by_log or (policy and _references(policy).get(signature.key_id) == signature.name)
    name = b"" if implied else signature.name.encode()
    if len(name) > 255:
        return b""
    kind = SIGNATURE if by_log else COSIGNATURE
    return bytes([kind, len(name)]) + name + signature.key_id + signature.blob


def _is_known(signature: Signature, policy: Policy) -> bool:
    return any(party.key.made(signature) for party in (*policy.logs, *policy.witnesses.values()))


def deflated(entry: bytes) -> bytes:
    """Raw deflate (RFC 1951), whose window begins with DICTIONARY."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return packer.compress(entry) + packer.flush()


def _inflated(raw: bytes) -> bytes:
    opener = zlib.decompressobj(-15, DICTIONARY)
    try:
        entry = opener.decompress(raw, MOST_ENTRY + 1)
    except zlib.error:
        raise NoteError("the entry on paper does not unpack") from None
    if len(entry) > MOST_ENTRY or not opener.eof or opener.unused_data:
        raise NoteError("the entry on paper is not just one entry")
    return entry


def _broken(why: str) -> NoteError:
    return NoteError(f"no proof on paper: {why}")


class _Reader(Pieces):
    """The payload, piece by piece. Raises NoteError where it ends too early."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw, _broken, 63)

    def count(self, most: int) -> int:
        found = self.take(1)[0]
        if not 0 < found <= most:
            raise NoteError("too few or too many signatures on paper")
        return found

    def name(self) -> str:
        """Empty, or a name that a key may have."""
        raw = self.take(self.take(1)[0])
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            raise NoteError("a name on paper is UTF-8") from None
        if name and not is_name(name):
            raise NoteError("nothing is called so")
        return name

    def signature(self, origin: str) -> Signature:
        kind = self.take(1)[0]
        name = self.name()
        if kind not in LENGTHS or (kind == SIGNATURE and name):
            raise NoteError("a signature on paper is the log's or a witness's")
        return Signature(origin if kind == SIGNATURE else name, self.take(4), self.take(LENGTHS[kind]))


__all__ = ["PREFIX", "Paper", "ProofError", "TooLong", "decode", "encode", "path_length", "verify"]
