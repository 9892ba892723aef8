"""The labels of a shipment, ready to be printed: what each says to people, and what its large QR says, signed."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import jst
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity.models import Organisation
from webapp.kernel.intake.api import door
from webapp.kernel.ledger.models import Log
from webapp.supplies import catalogue
from webapp.supplies.allergens import ALLERGEN_WORDS, BY_WORD
from webapp.supplies.catalogue import Item
from webapp.supplies.known import ShelterCard, disasters_of, item_text, items_of, labels_of, shelters_of
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels import label, packed
from webapp.supplies.labels import pdf as label_pdf
from webapp.supplies.labels import words as label_words
from webapp.supplies.labels.keys import LabelKey
from webapp.supplies.labels.label import Contents
from webapp.supplies.labels.pdf import LabelFace, Layout
from webapp.supplies.models import Match, Offer, Parcel
from webapp.supplies.steps import ReceiveMode

#: From this weight on a box says 重量物: two people, or a trolley.
HEAVY_GRAMS = 15_000


def pdf(match: Match, layout: Layout, now: int) -> bytes | Refusal:
    """All labels of a shipment in one PDF. Refused ("supplies.no_labels") while, or once, it has none. `now`: ms.

    Whether the asker may have them is settled before: the address of a shelter stands on them.
    """
    parcels = labels_of(db.session(), match.id)
    if not parcels:
        return Refusal("supplies.no_labels", {})
    key = label_keys.make_sure(door(), match.log, now)
    faces = faces_of(db.session(), match, parcels, key)
    return label_pdf.render(faces, layout, base=current_app.config["QR_BASE"])


def faces_of(session: Session, match: Match, parcels: Sequence[Parcel], key: LabelKey) -> list[LabelFace]:
    """What stands on the labels of these parcels of one shipment."""
    offer = session.get_one(Offer, match.offer)
    items, shelters = items_of(session, match.log), shelters_of(session, match.log)
    item = items.get(match.item) or catalogue.BASE.get(match.item)
    disaster = next(
        card for card in disasters_of(session, match.log, closed=True) if card.id == match.disaster
    )
    town = session.scalars(
        select(Organisation.name).join(Log, Log.organisation_id == Organisation.id).where(Log.id == match.log)
    ).one()
    shown = {
        "item": item_text(items, match.item, match.variant),
        "town": town,
        "disaster": disaster.name,
        "drill": disaster.drill,
        **_destination(shelters, match.shelter),
    }
    faces = []
    for parcel in parcels:
        contents = contents_of(match, offer, parcel, item, drill=disaster.drill)
        text = label.encode(contents, key.key_id, key.sign)
        faces.append(
            LabelFace(code=parcel.code, text=text, **_of_parcel(parcel, offer, item, contents), **shown)
        )
    return faces


def contents_of(match: Match, offer: Offer, parcel: Parcel, item: Item | None, *, drill: bool) -> Contents:
    """What the large QR of a parcel says."""
    weight = (item.grams if item else 0) * parcel.listed
    return Contents(
        log=match.log,
        parcel=parcel.code,
        k=parcel.k,
        n=parcel.n,
        item=match.item,
        unit=item.unit if item else "piece",
        quantity=parcel.listed,
        shelter=match.shelter,
        issued=day_of(parcel.labelled_at),
        variant=match.variant,
        name="" if item is None or match.item in catalogue.BASE else packed.fitting(item.name_ja),
        best_before=parcel.best_before,
        allergens=None if offer.allergens is None else label.mask(offer.allergens, ALLERGEN_WORDS),
        heavy=weight >= HEAVY_GRAMS,
        dangerous=item is not None and "dangerous_goods" in item.tags,
        cold=item is not None and "chilled" in item.tags,
        fragile=item is not None and "fragile" in item.tags,
        drill=drill,
    )


def day_of(at_ms: int) -> int:
    """The day in Japan as yyyymmdd."""
    day = jst(at_ms)
    return day.year * 10_000 + day.month * 100 + day.day


def _of_parcel(parcel: Parcel, offer: Offer, item: Item | None, contents: Contents) -> dict[str, Any]:
    dated = ""
    if parcel.best_before:
        word = label_words.DATE_WORDS[item.shelf_life if item else "none"]
        dated = f"{word} {label_words.day(parcel.best_before)}"
    return {
        "quantity": f"{parcel.listed:,}{catalogue.unit_text(contents.unit)}",
        "k": parcel.k,
        "n": parcel.n,
        "dated": dated,
        "allergens": _allergens(offer, item),
        "marks": tuple(mark for mark in label_words.MARKS if getattr(contents, mark)),
    }


def _allergens(offer: Offer, item: Item | None) -> str | None:
    if offer.allergens is None:
        return label_words.allergens(None) if item is None or item.is_eaten else None
    return label_words.allergens([BY_WORD[word].ja for word in ALLERGEN_WORDS if word in offer.allergens])


def _destination(shelters: Mapping[str, ShelterCard], shelter: str) -> dict[str, Any]:
    """Where the carrier brings it: to the shelter, or to the hub that takes its goods."""
    final = shelters[shelter]
    hub = shelters.get(final.row.hub) if final.row.receive_mode == ReceiveMode.HUB else None
    card = hub or final
    return {
        "shelter": card.name,
        "address": str(card.private.get("address", "")),
        "phone": card.phone or str(card.private.get("phone", "")),
        "onward": final.name if hub else "",
        "is_held": card.row.receive_mode == ReceiveMode.DEPOT,
    }
