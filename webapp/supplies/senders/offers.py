"""What an offer is about: a need that is to be filled, or an item for nobody's list; and whether it can be taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.clock import jst
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import language
from webapp.kernel.base.outcomes import NotFound, Refusal
from webapp.kernel.identity.roles import Role
from webapp.kernel.intake.door import Author
from webapp.kernel.intake.format import Act
from webapp.supplies import catalogue, entries
from webapp.supplies.allergens import Allergen, asked_on, mandatory_on
from webapp.supplies.entries import INDIVIDUALS
from webapp.supplies.known import Bar, bar_of, item_text, items_of
from webapp.supplies.models import Need, Offer
from webapp.supplies.public.queries import Town, town_of
from webapp.supplies.public.views import unit_word
from webapp.supplies.sending import Senders

#: Nobody: only for asking whether an offer would be taken.
_ANYBODY = "p-" + "f" * 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to send. `need` None: free goods. `place`: the shelter's name, "" where it is not told."""

    log: str
    town: Town
    need: Need | None
    item: catalogue.Item | None
    variant: str
    place: str

    @property
    def name(self) -> str:
        """「紙おむつ（乳児・小児） M」."""
        return item_text(self.town.items, self.item.code, self.variant, language()) if self.item else ""

    @property
    def unit(self) -> str:
        """「枚」, as it stands behind a number in the reader's language."""
        return unit_word(self.item.unit) if self.item else ""

    @property
    def bar(self) -> Bar | None:
        """How far the need is covered."""
        return bar_of(self.need) if self.need else None


def wish_of(session: Session, values: Mapping[str, str]) -> Wish | None:
    """What an address or a form speaks about; None where nothing open is named. Raises NotFound for an unknown need."""
    need = session.get(Need, values["need"]) if values.get("need") else None
    if values.get("need") and need is None:
        raise NotFound
    log = need.log if need else values.get("log", "")
    town = town_of(session, log, need.disaster if need else values.get("d", ""))
    if town is None or (need is not None and need.disaster != town.disaster.id):
        return None
    code, variant = (need.item, need.variant) if need else (values.get("item", ""), values.get("variant", ""))
    item = town.items.get(code) or (catalogue.BASE.get(code) if need else None)
    place = town.places.get(need.shelter) if need else None
    told = place is not None and place.shown and need is not None and not need.delicate
    return Wish(log, town, need, item, variant, place.name if told and place else "")


def wanted(session: Session, wish: Wish, act_id: str) -> int | None:
    """How many the need takes of an offer: what is open; sent a second time, what was offered. None: for no need."""
    if wish.need is None:
        return None
    made = session.get(Offer, act_id)
    return made.offered if made and made.need == wish.need.id else wish.need.open


def groups(wish: Wish) -> list[tuple[str, list[catalogue.Item]]]:
    """Items to choose from, by category; what needs a pharmacist is not offered freely."""
    items = [item for item in wish.town.items.values() if not item.is_regulated]
    found = ((c, [item for item in items if item.category == c]) for c in catalogue.CATEGORIES)
    return [(catalogue.category_text(category, language()), of_it) for category, of_it in found if of_it]


def choices(wish: Wish, words: str) -> list[tuple[catalogue.Item, str]]:
    """Goods that these words mean, each with the variant that they name."""
    items = [item for item in wish.town.items.values() if not item.is_regulated]
    return catalogue.choices(items, words) if words else []


def unit_of(session: Session, log: str, code: str) -> str:
    """The unit of an item of this town, as a word of the list."""
    item = items_of(session, log).get(code) or catalogue.BASE.get(code)
    return item.unit if item else ""


def body_of(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    """The command's body."""
    item = wish.item.code if wish.item else ""
    body = {"disaster": wish.town.disaster.id, "item": item, "variant": wish.variant, **told}
    return body | ({"need": wish.need.id} if wish.need else {})


def fault_for_anybody(wish: Wish, told: Mapping[str, Any], act_id: str, now: int) -> Refusal | None:
    """Why no citizen's offer of this kind would be taken, asked before an account is made for it.

    So a newcomer and somebody with an account hear the same.
    """
    body = body_of(wish, told)
    shapes = {"v": 1, "id": act_id, "log": wish.log, "kind": entries.OFFERED, "actor": _ANYBODY, "at": now}
    author = Author("", INDIVIDUALS, (str(Role.SUPPORTER),), {wish.log: _ANYBODY})
    answer = Senders(lambda _session, _person: False).offer(
        db.session(), Act.model_validate({**shapes, "body": body}), author, now
    )
    return answer if isinstance(answer, Refusal) else None


def asked_allergens(now: int) -> list[Allergen]:
    """What a sender of food is asked about today."""
    return asked_on(jst(now).date())


def mandatory_words(now: int) -> set[str]:
    """Those that must stand on labels today."""
    return {allergen.word for allergen in mandatory_on(jst(now).date())}
