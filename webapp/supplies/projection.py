"""How entries become read tables: take what each says, then fold again every shipment that it touches.

Entries are taken one after the other, in the order of the log; scans may come in any order and fold to the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.ids import derived_id
from webapp.kernel.base.workbench import Workbench, workbench
from webapp.kernel.intake.door import Verdict
from webapp.kernel.ledger.entries import Recorded
from webapp.supplies import catalogue, telling
from webapp.supplies import entries as kinds
from webapp.supplies.models import (
    Disaster,
    Item,
    Match,
    Need,
    Offer,
    Parcel,
    PoolPart,
    ScanRow,
    Sender,
    Shelter,
    Stock,
)
from webapp.supplies.refold import Touched, as_verdict, put_pool, refold
from webapp.supplies.rules import shared_out
from webapp.supplies.scans import good_labels, scan_row, was_past
from webapp.supplies.steps import DELICATE, SMALL_CELL, MatchState, OfferState, Step

#: Everything that is folded from a log.
TABLES = (Stock, PoolPart, ScanRow, Parcel, Match, Offer, Need, Sender, Item, Shelter, Disaster)


def project(session: Session, log: str, recorded: Sequence[Recorded]) -> Mapping[str, Verdict]:
    """Fold entries of one log. Answers the verdicts of all scans that they may have changed."""
    bench, touched = workbench(session), Touched()
    mine = [entry for entry in recorded if entry.kind in _HANDLERS]
    _fetch(bench, mine)
    for entry in mine:
        _HANDLERS[entry.kind](bench, entry, _body(entry), touched)
        telling.tell(session, entry, _body(entry))
    return refold(session, log, touched) if mine else {}


def _body(entry: Recorded) -> Mapping[str, Any]:
    """A command's body, or what we said ourselves."""
    body: Mapping[str, Any] = entry.data.get("body", entry.data)
    return body


def _disaster_opened(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.add(
        Disaster, id=entry.id, log=entry.log, drill=body["drill"], opened_at=entry.recorded_at, closed_at=None,
        unverified_percent=body.get("unverified_percent", 0), details=entry.id,
    )  # fmt: skip
    _place(bench, entry.log, touched)


def _disaster_changed(bench: Workbench, entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    row = bench.get_one(Disaster, body["disaster"])
    row.unverified_percent, row.details = body["unverified_percent"], entry.id


def _disaster_closed(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Disaster, body["disaster"]).closed_at = entry.recorded_at
    _place(bench, entry.log, touched)


_SHELTER = {
    "min_lot": 0, "storage_ml": 0, "hub": "", "shown": True, "open": True, "lat_e6": None, "lon_e6": None,
    "common_id": "", "heads": {},
}  # fmt: skip


def _shelter_set(bench: Workbench, entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    told = {**_SHELTER, **{name: value for name, value in body.items() if name != "shelter"}}
    told |= {"log": entry.log, "details": entry.id, "changed_at": entry.recorded_at}
    row = bench.get(Shelter, body["shelter"])
    if row is None:
        bench.add(Shelter, id=body["shelter"], **told)
    else:
        for name, value in told.items():
            setattr(row, name, value)


_ITEM = {"variants": [], "shelf_life": "none", "tags": [], "vol_ml": 0, "grams": 0, "active": True}


def _item_set(bench: Workbench, entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    told = {**_ITEM, **{name: value for name, value in body.items() if name != "item"}, "details": entry.id}
    row = bench.get(Item, entry.log, body["item"])
    if row is None:
        bench.add(Item, log=entry.log, code=body["item"], **told)
    else:
        for name, value in told.items():
            setattr(row, name, value)


def _needs_registered(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    for line in body["needs"]:
        _need(bench, entry, {**line, "disaster": body["disaster"], "shelter": body["shelter"]}, touched,
              proxy=body.get("proxy", False))  # fmt: skip


def _need_made(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    _need(bench, entry, body, touched, proxy=False)


def _need(
    bench: Workbench, entry: Recorded, line: Mapping[str, Any], touched: Touched, *, proxy: bool
) -> None:
    persons, audience = line.get("persons"), list(line.get("audience", ()))
    few = persons is None or persons < SMALL_CELL
    row = bench.add(
        Need, id=line["id"], log=entry.log, index=entry.index, disaster=line["disaster"], shelter=line["shelter"],
        item=line["item"], variant=line.get("variant", ""), required=line["quantity"], pledged=0, requested=0,
        transit=0, good=0, filled=0, open=line["quantity"], need_by=line.get("need_by"),
        priority=line.get("priority", 2), audience=audience, persons=persons, proxy=proxy,
        delicate=few and _names_somebody(line, audience), excluded=list(line.get("excluded", ())),
        registered_at=entry.recorded_at, confirmed_at=entry.recorded_at, stopped_at=None, expired_at=None,
    )  # fmt: skip
    touched.needs.add(row.id)
    touched.fresh.add(row.id)


def _names_somebody(line: Mapping[str, Any], audience: Sequence[str]) -> bool:
    """For whom it is, said in so many words, or by what it is: a can of milk for allergics tells as much."""
    item = catalogue.BASE.get(line["item"])
    telling_item = item is not None and "allergy" in item.tags
    return telling_item or bool(line.get("excluded")) or not DELICATE.isdisjoint(audience)


def _need_changed(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    need = bench.get_one(Need, body["need"])
    need.required, need.need_by = body["quantity"], body.get("need_by")
    need.priority, need.confirmed_at, need.expired_at = body.get("priority", 2), entry.recorded_at, None
    touched.needs.add(need.id)


def _need_raised(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Need, body["need"]).required = body["quantity"]
    touched.needs.add(body["need"])


def _need_confirmed(bench: Workbench, entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    for need in body["needs"]:
        bench.get_one(Need, need).confirmed_at = entry.recorded_at


def _need_stopped(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Need, body["need"]).stopped_at = entry.recorded_at
    touched.needs.add(body["need"])


def _need_expired(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Need, body["need"]).expired_at = entry.recorded_at
    touched.needs.add(body["need"])


def _offered(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    individual = entry.by.org == kinds.INDIVIDUALS
    row = bench.add(
        Offer, id=entry.id, log=entry.log, disaster=body["disaster"], sender=entry.by.actor, org=entry.by.org,
        individual=individual, shelter=body.get("shelter", ""), item=body["item"],
        variant=body.get("variant", ""), offered=body["quantity"], held=0, requested=0, transit=0,
        delivered=0, withdrawn=0, lost=0, avail=body["quantity"], best_before=body.get("best_before", 0),
        allergens=body.get("allergens"), lot=body.get("lot", 1), eta_days=body.get("eta_days", 3),
        available_until=body.get("available_until"), need=body.get("need", ""), state=OfferState.UNVERIFIED.value,
        offered_at=entry.recorded_at,
    )  # fmt: skip
    touched.offers.add(row.id)


def _surplus_offered(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    """What leaves a shelter's stock becomes an offer of that shelter."""
    _offered(bench, entry, body, touched)
    bench.get_one(Offer, entry.id).state = OfferState.ACTIVE.value
    group = (body["disaster"], body["shelter"], body["item"], body.get("variant", ""))
    put_pool(bench, f"{entry.id}:offered", entry.log, group, -body["quantity"])
    touched.pools.add(group)


def _offer_activated(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    bench.get_one(Offer, body["offer"]).state = OfferState.ACTIVE.value


def _offer_withdrawn(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    offer = bench.get_one(Offer, body["offer"])
    offer.withdrawn += body["quantity"]
    if offer.withdrawn == offer.offered:
        offer.state = OfferState.WITHDRAWN.value
    touched.offers.add(offer.id)


def _offer_expired(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], _touched: Touched) -> None:
    bench.get_one(Offer, body["offer"]).state = OfferState.EXPIRED.value


def _sender_verified(bench: Workbench, entry: Recorded, _body: Mapping[str, Any], _touched: Touched) -> None:
    if bench.get(Sender, entry.log, entry.by.actor) is None:
        bench.add(Sender, log=entry.log, sender=entry.by.actor, verified_at=entry.recorded_at)


def _new_match(bench: Workbench, id: str, offer: Offer, decided: MatchState, **told: Any) -> Match:
    need = bench.get(Need, told["need"])
    variant = (
        need.variant if need else offer.variant
    )  # "M-pants" that was asked for as "M" fills what "M" needs
    return bench.add(
        Match, id=id, log=offer.log, disaster=offer.disaster, offer=offer.id, item=offer.item, variant=variant,
        decided=decided.value, state=decided.value, closed_short=False, pledged=0, requested=0, transit=0, good=0,
        offer_transit=0, delivered=0, lost=0, pooled=0, damaged=0, expired=0, missing=0, parcels=0,
        **{"pledged_at": None, "requested_at": None, "shipped_at": None, "eta": None, "arrived_at": None,
           "received_at": None, "ended_at": None, "ended_by": "", "shipping": "", **told},
    )  # fmt: skip


def _held(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    offer = bench.get_one(Offer, body["offer"])
    told = {name: body[name] for name in ("need", "shelter", "quantity")}
    _new_match(bench, body["match"], offer, MatchState.PLEDGED, pledged_at=entry.recorded_at, **told)
    touched.matches.add(body["match"])


def _requested(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    if body.get("match"):
        match = bench.get_one(Match, body["match"])
        match.decided, match.quantity = MatchState.REQUESTED.value, body["quantity"]
        match.requested_at = entry.recorded_at
    else:
        offer = bench.get_one(Offer, body["offer"])
        told = {"shelter": body["shelter"], "quantity": body["quantity"], "requested_at": entry.recorded_at}
        need = body.get("need") or derived_id(entry.id, "need")
        match = _new_match(bench, entry.id, offer, MatchState.REQUESTED, need=need, **told)
    touched.matches.add(match.id)


def _labelled(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    """New labels for a shipment; the n-th of the old ones is replaced by the n-th of the new."""
    fresh = [box["code"] for box in body["parcels"]]
    for place, code in enumerate(body.get("void", ())):
        old = bench.get_one(Parcel, code)
        old.void_at, old.replaced_by = entry.recorded_at, fresh[place] if place < len(fresh) else ""
    for box in body["parcels"]:
        bench.add(
            Parcel, code=box["code"], log=entry.log, match=body["match"], k=box["k"], n=box["n"],
            listed=box["quantity"], quantity=box["quantity"], best_before=box.get("best_before", 0),
            labelled_at=entry.recorded_at, void_at=None, replaced_by="", arrived_at=None, arrived_shelter="",
            arrived_by="", forwarded_to="", counted_at="", counted_when=None, good=0, damaged=0, expired=0,
            missing=0,
        )  # fmt: skip
    match = bench.get_one(Match, body["match"])
    match.quantity = sum(box["quantity"] for box in body["parcels"])
    touched.matches.add(match.id)


def _quantity_changed(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Match, body["match"]).quantity = body["quantity"]
    touched.matches.add(body["match"])


def _ended(state: MatchState, by: str) -> Callable[..., None]:
    def end(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
        match = bench.get_one(Match, body["match"])
        match.decided, match.ended_at, match.ended_by = state.value, entry.recorded_at, body.get("by", by)
        if state == MatchState.DECLINED:
            match.shipping = entry.id
        if body.get("withdraw"):
            bench.get_one(Offer, match.offer).withdrawn += match.quantity
        if state != MatchState.LOST:
            _void_labels(bench, match.id, entry.recorded_at)
        touched.matches.add(match.id)

    return end


def _void_labels(bench: Workbench, match: str, at: int) -> None:
    for parcel in good_labels(bench, match):
        parcel.void_at = at


def _shipped(bench: Workbench, entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    """So many have left: what is less than the labels say is taken from the last boxes."""
    match = bench.get_one(Match, body["match"])
    match.decided, match.quantity = MatchState.SHIPPED.value, body["quantity"]
    match.shipped_at, match.eta, match.shipping = entry.recorded_at, body.get("eta"), entry.id
    boxes = good_labels(bench, match.id)
    for parcel, left in zip(boxes, shared_out(body["quantity"], [box.listed for box in boxes]), strict=True):
        parcel.quantity = left
        if not left:
            parcel.void_at = entry.recorded_at
    touched.matches.add(match.id)


def _closed_short(bench: Workbench, _entry: Recorded, body: Mapping[str, Any], touched: Touched) -> None:
    bench.get_one(Match, body["match"]).closed_short = True
    touched.matches.add(body["match"])


def _only_told(_bench: Workbench, _entry: Recorded, _body: Mapping[str, Any], _touched: Touched) -> None:
    """Nothing moves: people are asked what has become of a shipment."""


def _scan(bench: Workbench, entry: Recorded, _body: Mapping[str, Any], touched: Touched) -> None:
    row = bench.add(ScanRow, **scan_row(entry))
    if not row.code:
        _outside(bench, row, touched)
        return
    parcel = bench.get(Parcel, row.code)
    if parcel is None or parcel.log != entry.log:
        touched.strangers[row.id] = as_verdict(["PARCEL_UNKNOWN"])
    else:
        touched.matches.add(parcel.match)


def _fetch(bench: Workbench, entries: Sequence[Recorded]) -> None:
    """Put what many scans speak of on the bench at once; each finds its own there."""
    codes = {str(entry.data.get("code", "")) for entry in entries if entry.kind == kinds.SCAN} - {""}
    if len(codes) < 2:
        return
    bench.fetch(Parcel, codes)
    parcels = [parcel for code in codes if (parcel := bench.get(Parcel, code)) is not None]
    matches = {parcel.match for parcel in parcels}
    bench.fetch(Match, matches)
    bench.fetch(Offer, {match.offer for id in matches if (match := bench.get(Match, id)) is not None})


def _outside(bench: Workbench, scan: ScanRow, touched: Touched) -> None:
    """Goods without our label, unless they were taken back: the correction may have come in first."""
    told = bench.get(ScanRow, scan.target) if scan.step == Step.VOID else scan
    if told is None or told.step != Step.OUTSIDE or (told.log, told.shelter) != (scan.log, scan.shelter):
        return
    undone = any(it.shelter == told.shelter for it in bench.find(ScanRow, log=scan.log, target=told.id))
    told.disaster = told.disaster or _only_open(bench, told.log)
    touched.strangers[told.id] = as_verdict([] if undone else _outside_findings(told))
    if not told.disaster:
        return
    quantity = 0 if undone or was_past(told) else told.body["quantity"]
    group = (told.disaster, told.shelter, told.body["item"], told.body.get("variant", ""))
    put_pool(bench, f"{told.id}:outside", scan.log, group, quantity)
    touched.pools.add(group)


def _outside_findings(told: ScanRow) -> list[str]:
    found = ["PARCEL_EXPIRED"] if was_past(told) else []
    return found if told.disaster else [*found, "DISASTER_UNKNOWN"]


def _only_open(bench: Workbench, log: str) -> str:
    """The disaster of goods whose phone knew none (ADR 17): the only one that is open; "" while none or several are."""
    open_ones = [row.id for row in bench.find(Disaster, log=log) if row.closed_at is None]
    return open_ones[0] if len(open_ones) == 1 else ""


def _place(bench: Workbench, log: str, touched: Touched) -> None:
    """Goods that wait for their disaster, now that other ones are open."""
    for scan in bench.find(ScanRow, log=log, code=""):
        if scan.step == Step.OUTSIDE and not scan.disaster:
            _outside(bench, scan, touched)


_HANDLERS: dict[str, Callable[[Workbench, Recorded, Mapping[str, Any], Touched], None]] = {
    kinds.DISASTER_OPENED: _disaster_opened,
    kinds.DISASTER_CHANGED: _disaster_changed,
    kinds.DISASTER_CLOSED: _disaster_closed,
    kinds.SHELTER_SET: _shelter_set,
    kinds.ITEM_SET: _item_set,
    kinds.NEEDS_REGISTERED: _needs_registered,
    kinds.NEED_MADE: _need_made,
    kinds.NEED_CHANGED: _need_changed,
    kinds.NEED_RAISED: _need_raised,
    kinds.NEED_CONFIRMED: _need_confirmed,
    kinds.NEED_STOPPED: _need_stopped,
    kinds.NEED_EXPIRED: _need_expired,
    kinds.OFFERED: _offered,
    kinds.SURPLUS_OFFERED: _surplus_offered,
    kinds.OFFER_ACTIVATED: _offer_activated,
    kinds.OFFER_WITHDRAWN: _offer_withdrawn,
    kinds.OFFER_EXPIRED: _offer_expired,
    kinds.SENDER_VERIFIED: _sender_verified,
    kinds.HELD: _held,
    kinds.REQUESTED: _requested,
    kinds.LABELLED: _labelled,
    kinds.QUANTITY_CHANGED: _quantity_changed,
    kinds.DECLINED: _ended(MatchState.DECLINED, "receiver"),
    kinds.LAPSED: _ended(MatchState.LAPSED, "time"),
    kinds.CANCELLED: _ended(MatchState.CANCELLED, "receiver"),
    kinds.LOST: _ended(MatchState.LOST, "time"),
    kinds.SHIPPED: _shipped,
    kinds.CLOSED_SHORT: _closed_short,
    kinds.ASKED: _only_told,
    kinds.SCAN: _scan,
}
