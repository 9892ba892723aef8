"""A proof as paper shows it: what is proven, where it stands, who cosigned it and when."""

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.documents import entry_words, symbols
from webapp.kernel.documents.symbols import Symbol
from webapp.kernel.ledger import publication, signing
from webapp.kernel.ledger.models import LedgerEntry, LedgerNode, Log
from webapp.kernel.tlog import paper, proof_files
from webapp.kernel.tlog.notes import VerifyKey
from webapp.kernel.tlog.policies import Policy
from webapp.kernel.tlog.proof_files import ProofFile


@dataclass(frozen=True, slots=True)
class Signer:
    """A witness of the log: whose it is, its key, and when it cosigned (ms), if it did."""

    organisation: str
    key: VerifyKey
    at: int | None


@dataclass(frozen=True, slots=True)
class Proof:
    """One entry and all that proves it. `symbol` is None where no QR holds it."""

    log: str
    municipality: str
    origin: str
    entry_id: str
    index: int
    size: int
    facts: list[tuple[str, str]]
    raw: str
    signers: list[Signer]
    least: int
    is_enough: bool
    fingerprint: str
    vkey: str
    text: str
    symbol: Symbol | None

    @property
    def cosigned(self) -> list[Signer]:
        """Those that did, the first to sign first."""
        return sorted((each for each in self.signers if each.at), key=lambda each: each.at or 0)


def read(session: Session, log: Log, entry_id: str) -> Proof:
    """The proof of an entry against the log's present policy.

    Raises NotFound, NotSigned (a checkpoint with it will be signed in seconds), NoSigner.
    """
    found = publication.proof_of(session, log.id, entry_id)
    raw = session.execute(
        select(LedgerEntry.raw).where(LedgerEntry.log == log.id, LedgerEntry.index == found.index)
    ).scalar_one()
    key = signing.vkey(log.origin)
    policy = publication.policy(session, log.id, key, signing.url_of(log.id))
    judgement = proof_files.verify(found, raw, policy)
    text, symbol = _printed(found, raw, policy)
    return Proof(
        log=log.id,
        municipality=log.name,
        origin=log.origin,
        entry_id=entry_id,
        index=found.index,
        size=judgement.checkpoint.size,
        facts=entry_words.facts(found.index, raw),
        raw=raw.decode(),
        signers=_signers(session, log.id, policy, judgement.witnesses),
        least=policy.groups[policy.quorum].least if policy.quorum in policy.groups else 0,
        is_enough=bool(policy.witnesses) and judgement.is_enough,
        fingerprint=fingerprint(key),
        vkey=key.vkey,
        text=text,
        symbol=symbol,
    )


def fingerprint(key: VerifyKey) -> str:
    """A key in eight groups of four, to compare by eye or by voice: the first 128 bits of its SHA-256."""
    digits = sha256(key.public).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def _printed(found: ProofFile, raw: bytes, policy: Policy) -> tuple[str, Symbol | None]:
    try:
        text = paper.encode(found, raw, policy)
        return text, symbols.symbol(text)
    except (paper.TooLong, ValueError):
        return "", None


def _signers(session: Session, log: str, policy: Policy, cosigned: dict[str, int]) -> list[Signer]:
    query = select(LedgerNode.name, LedgerNode.organisation).where(LedgerNode.log == log)
    organisations = {row.name: row.organisation for row in session.execute(query)}
    return [
        Signer(organisations.get(name, name), party.key, cosigned[name] * 1000 if name in cosigned else None)
        for name, party in policy.witnesses.items()
    ]
