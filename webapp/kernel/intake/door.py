"""What a room offers to the door, and what the door asks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger.entries import By, Recorded
from webapp.kernel.ledger.vault import Opening


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, as far as the door needs to know: pseudonyms by log, organisation, roles.

    That is the person who is logged in, or the one whose phone signed the act (`signed`), whoever brings it.
    """

    person_id: str
    org: str
    roles: tuple[str, ...]
    pseudonyms: Mapping[str, str]
    signed: bool = False

    def by(self, log: str) -> By:
        """How this person is named in that log."""
        return By(self.pseudonyms[log], self.org, self.roles)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an act is worth now: ok, attention, or waiting; findings are (code, severity, params)."""

    verdict: str
    findings: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()


OK = Verdict("ok")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command's yes: entries of ours that follow it in the log, and openings for the vault."""

    extra: Sequence[tuple[str, Mapping[str, Any]]] = ()
    vault: Sequence[tuple[str, Opening]] = ()


class Command(Protocol):
    """Decides under the lock: what it reads is still true when its entry is appended."""

    def __call__(self, session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal: ...


def command(shape: type[BaseModel], decide: Command) -> Command:
    """The command with its body checked first: only the fields of `shape`, each of its type.

    What is not foreseen there could be a name or a note, and would stand in the log for ever.
    """

    def checked(session: Session, act: Act, author: Author, now: int) -> Accepted | Refusal:
        try:
            shape.model_validate(act.body)
        except ValidationError as problem:
            return Refusal("intake.malformed", {"where": place_of(problem)})
        return decide(session, act, author, now)

    return checked


def place_of(problem: ValidationError) -> str:
    """The field that is not of its form, as people name it: `body.count`."""
    return ".".join(str(part) for part in problem.errors()[0]["loc"])[:60] or "p"


class Room(Protocol):
    """A room behind the door. `observations` are kinds that are never refused once their author is known.

    `tables` are all that it folds into; each has a column `log`.
    """

    @property
    def observations(self) -> frozenset[str]:
        """Kinds that are recorded first and judged second."""

    @property
    def tables(self) -> Sequence[type[Base]]:
        """Everything that this room folds into."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """Kind → what decides it."""

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """Logs in which this organisation has work to do."""

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """Whether this author may record such an observation at all (least privilege; hostile input gets
        nothing).
        """

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold entries of a log into the room's tables; answers the verdicts that may have changed, by act
        id.
        """

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """The finding or refusal in the user's language, or an empty string if it is not this room's."""
