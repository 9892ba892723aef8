"""What the door asks of the room that knows the keys of phones: whose scan is this?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.format import Act, Item


class Sealed(Protocol):
    """As much of an item as signatures need."""

    @property
    def act(self) -> Act:
        """What was signed, understood."""

    @property
    def item(self) -> Item:
        """What was signed, byte for byte, and the signature."""

    @property
    def content(self) -> str:
        """Hex SHA-256 of what was signed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A scan whose signature is its author's phone's. `before`: an entry of ours that must stand ahead of it."""

    author: Author
    before: tuple[str, Mapping[str, Any]] | None = None


#: (hash of what was signed, key) → whether the signature is by that key.
Checked = Mapping[tuple[str, str], bool]


class Standing(Protocol):
    """What is known of the phones of one batch, under the lock."""

    def judge(self, item: Sealed) -> Signed | Refusal | None:
        """Whose it is by its signature; a refusal if it is forged; None if no signature can say."""


class Phones(Protocol):
    """The room that knows keys. After one of its `commands` it is asked again."""

    @property
    def commands(self) -> Mapping[str, object]:
        """Kinds that may change what it says."""

    def verify(self, session: Session, items: Sequence[Sealed]) -> Checked:
        """Check signatures ahead of the lock: it takes 0.1 ms a scan, and a key never changes."""

    def standing(
        self, session: Session, items: Sequence[Sealed], uploader: Author, checked: Checked
    ) -> Standing:
        """What these items need; read under the lock, in a constant number of queries."""


#: Refusals by which an item is set aside, so that a person can see it.
SET_ASIDE = frozenset({"intake.signature", "intake.other_author", "phones.wrong_job"})


class NoPhones:
    """No phone has a key: the login says whose a scan is."""

    commands: Mapping[str, object] = {}

    def verify(self, session: Session, items: Sequence[Sealed]) -> Checked:
        """Nothing can be said."""
        return {}

    def standing(
        self, session: Session, items: Sequence[Sealed], uploader: Author, checked: Checked
    ) -> Standing:
        """Nothing is known."""
        return self

    def judge(self, item: Sealed) -> None:
        """No signature says anything."""
        return
