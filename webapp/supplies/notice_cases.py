"""What a mail of this room knows when it is written: the shipment, both its ends, and the words for its goods.

Read when the mail is about to go out. Of the other side it knows no more than the rules of privacy allow: the sender
learns address and telephone of a shelter only once goods were asked for, the shelter learns no name of a person.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.kernel.identity.models import Organisation
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import Log
from webapp.kernel.notifications.models import Notice
from webapp.kernel.notifications.service import addresses
from webapp.supplies import catalogue
from webapp.supplies.allergens import BY_WORD
from webapp.supplies.known import item_text, items_of
from webapp.supplies.labels import words as label_words
from webapp.supplies.models import Disaster, Match, Need, Offer, Parcel, Shelter
from webapp.supplies.steps import ReceiveMode

_LITRES_OF_M3 = 1_000_000  # mL


@dataclass(frozen=True, slots=True)
class Place:
    """A shelter or hub: its name, and what only those may read who send something there."""

    id: str
    name: str
    address: str
    phone: str
    mail: str
    receive_mode: ReceiveMode
    hub: str
    shown: bool


@dataclass(frozen=True)
class Case:
    """The shipment that a notice is about."""

    session: Session
    notice: Notice
    match: Match
    offer: Offer

    @cached_property
    def disaster(self) -> Disaster:
        """Of which it is a part."""
        return self.session.get_one(Disaster, self.match.disaster)

    @cached_property
    def disaster_name(self) -> str:
        """As people call it."""
        return one_line(_private(self.session, self.notice.log, self.disaster.details).get("name", ""))

    @cached_property
    def town(self) -> str:
        """The municipality's name."""
        o = Organisation
        named = select(o.name).join(Log, Log.organisation_id == o.id).where(Log.id == self.notice.log)
        return one_line(self.session.scalar(named) or "")

    @cached_property
    def shelter(self) -> Place:
        """Where it is meant to go."""
        return self.place(self.match.shelter)

    @cached_property
    def name(self) -> str:
        """The shelter as this recipient may know it: before goods are asked for, no more than the public list tells.

        Small-cell rule: who has only offered something for one child with an allergy does not learn where it is.
        """
        need = self.session.get(Need, self.match.need)
        public = self.shelter.shown and not (need and need.delicate)
        known = self.to_shelter or self.match.requested_at is not None or public
        return self.shelter.name if known else f"{self.town}の避難所"

    @cached_property
    def unloaded_at(self) -> Place:
        """Where it is delivered: the hub, if the shelter has its goods brought there."""
        shelter = self.shelter
        goes_on = shelter.receive_mode == ReceiveMode.HUB and shelter.hub
        return self.place(shelter.hub) if goes_on else shelter

    def place(self, id: str) -> Place:
        """A shelter of this log. Raises NoResultFound if there is none."""
        row, organisation = self.session.get_one(Shelter, id), self.session.get(Organisation, id)
        told = _private(self.session, self.notice.log, row.details)
        name = organisation.name if organisation else str(told.get("name", ""))
        phone = (organisation.phone if organisation else "") or str(told.get("phone", ""))
        return Place(
            id, one_line(name), one_line(told.get("address", "")), one_line(phone),
            str(told.get("mail", "")), ReceiveMode(row.receive_mode), row.hub, row.shown,
        )  # fmt: skip

    @property
    def to_shelter(self) -> str:
        """The shelter that this notice goes to; "" if it goes to a person."""
        kind, _, name = self.notice.recipient.partition(":")
        return name if kind == "shelter" else ""

    @cached_property
    def to(self) -> tuple[str, ...]:
        """Addresses: a shelter's own and its staff's; of one that has none, the town's office."""
        log, recipient = self.notice.log, self.notice.recipient
        found = addresses(self.session, log, recipient)
        if not self.to_shelter:
            return found
        own = self.place(self.to_shelter).mail
        found = tuple(dict.fromkeys(each for each in (own, *found) if each))
        return found or addresses(self.session, log, f"log:{log}")

    @cached_property
    def _items(self) -> dict[str, catalogue.Item]:
        return items_of(self.session, self.notice.log)

    @cached_property
    def goods(self) -> str:
        """「紙おむつ（乳児・小児） M」."""
        return one_line(item_text(self._items, self.match.item, self.match.variant))

    @property
    def item(self) -> catalogue.Item | None:
        """Of the town's list; None if it was switched off since."""
        return self._items.get(self.match.item) or catalogue.BASE.get(self.match.item)

    def amount(self, quantity: int) -> str:
        """「1,200枚」."""
        return f"{quantity:,}{catalogue.unit_text(self.item.unit) if self.item else ''}"

    def volume(self, quantity: int) -> str:
        """「約0.13 m³」, rounded up; "" where the list does not know how large one is."""
        ml = self.item.vol_ml * quantity if self.item else 0
        return f"約{-(-ml * 100 // _LITRES_OF_M3) / 100:,.2f} m³" if ml else ""

    def weight(self, quantity: int) -> str:
        """「約12 kg」, rounded up; "" where it is not known."""
        grams = self.item.grams * quantity if self.item else 0
        return f"約{-(-grams // 1_000):,} kg" if grams else ""

    @property
    def dated(self) -> tuple[str, str]:
        """(「賞味期限」, 「2027年1月31日」), the second "" where there is none."""
        word = label_words.DATE_WORDS[self.item.shelf_life if self.item else "none"]
        return word, label_words.day(self.offer.best_before) if self.offer.best_before else ""

    @property
    def allergens(self) -> str:
        """What the sender has said of food; "" of what nobody eats."""
        if self.item is None or not self.item.is_eaten:
            return ""
        words = self.offer.allergens
        names = None if words is None else [BY_WORD[word].ja if word in BY_WORD else word for word in words]
        return label_words.allergens(names).removeprefix("アレルゲン ")

    @property
    def sender(self) -> str:
        """Who sends, as the shelter may know it: organisations by name, citizens not."""
        if self.offer.individual:
            return "個人の方"
        organisation = self.session.get(Organisation, self.offer.shelter or self.offer.org)
        return one_line(organisation.name) if organisation else ""

    @cached_property
    def tracking(self) -> str:
        """The carrier's number, if the sender has said it with 発送."""
        told = _private(self.session, self.notice.log, self.match.shipping) if self.match.shipping else {}
        return one_line(told.get("tracking", ""))

    @cached_property
    def code(self) -> str:
        """A label of it that is good, the first; "" if there is none."""
        p = Parcel
        labels = select(p.code).where(p.match == self.match.id, p.void_at.is_(None))
        return self.session.scalar(labels.order_by(p.k).limit(1)) or ""

    def uncounted(self) -> int:
        """Units in boxes that nobody has counted."""
        p = Parcel
        waiting = (p.match == self.match.id, p.void_at.is_(None), p.counted_at == "")
        return int(self.session.scalar(select(func.sum(p.quantity)).where(*waiting)) or 0)


def case_of(session: Session, notice: Notice) -> Case:
    """Raises NoResultFound if the shipment is not there: it always is, for what was told by this room."""
    match = session.get_one(Match, notice.about)
    return Case(session, notice, match, session.get_one(Offer, match.offer))


def one_line(text: Any) -> str:
    """What stands in a subject or a line: whoever entered a name must not write lines of the mail."""
    return " ".join(str(text).split())


def _private(session: Session, log: str, act: str) -> dict[str, Any]:
    subject = vault.of_act(act)
    return vault.read(session, log, [subject]).get(subject, {})
