"""What the log of a municipality folds into for this room. Every row can be dropped and folded again.

No name, address or telephone number is here: `details` is the act whose opening in the vault has them.
"""

from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base

_Id = String(36)


class Disaster(Base):
    """災害, or a drill (訓練) of one."""

    __tablename__ = "supplies_disasters"
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16), index=True)
    drill: Mapped[bool]
    unverified_percent: Mapped[int]
    opened_at: Mapped[int]
    closed_at: Mapped[int | None]
    details: Mapped[str] = mapped_column(_Id, comment="the act whose opening has its name")


class Shelter(Base):
    """A shelter: its organisation's id, how it takes goods, who is there."""

    __tablename__ = "supplies_shelters"
    id: Mapped[str] = mapped_column(_Id, primary_key=True, comment="of its organisation")
    log: Mapped[str] = mapped_column(String(16), index=True)
    receive_mode: Mapped[str] = mapped_column(String(16))
    accept_policy: Mapped[str] = mapped_column(String(16))
    min_lot: Mapped[int]
    storage_ml: Mapped[int]
    hub: Mapped[str] = mapped_column(_Id, comment='the shelter or depot that takes its goods; ""')
    shown: Mapped[bool] = mapped_column(comment="its name is public")
    open: Mapped[bool]
    lat_e6: Mapped[int | None]
    lon_e6: Mapped[int | None]
    common_id: Mapped[str] = mapped_column(String(24))
    heads: Mapped[dict[str, Any]]
    details: Mapped[str] = mapped_column(_Id, comment="the act whose opening has name, address, mail, phone")
    changed_at: Mapped[int]


class Item(Base):
    """An item of the municipality's own, or one of the base list that it has changed."""

    __tablename__ = "supplies_items"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    category: Mapped[str] = mapped_column(String(32))
    unit: Mapped[str] = mapped_column(String(32))
    variants: Mapped[list[str]]
    shelf_life: Mapped[str] = mapped_column(String(16))
    tags: Mapped[list[str]]
    vol_ml: Mapped[int]
    grams: Mapped[int]
    active: Mapped[bool]
    details: Mapped[str] = mapped_column(_Id)


class Need(Base):
    """必要物資: required, and how far it is covered. `open` is kept for the public list's index."""

    __tablename__ = "supplies_needs"
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    index: Mapped[int] = mapped_column("idx", comment="of the entry that registered it")
    disaster: Mapped[str] = mapped_column(_Id)
    shelter: Mapped[str] = mapped_column(_Id)
    item: Mapped[str] = mapped_column(String(8))
    variant: Mapped[str] = mapped_column(String(24))
    required: Mapped[int]
    pledged: Mapped[int]
    requested: Mapped[int]
    transit: Mapped[int]
    good: Mapped[int] = mapped_column(comment="received good from its own shipments")
    filled: Mapped[int] = mapped_column(comment="from the pool: outside, over, accepted here")
    open: Mapped[int]
    need_by: Mapped[int | None]
    priority: Mapped[int]
    audience: Mapped[list[str]]
    delicate: Mapped[bool] = mapped_column(comment="public for the whole municipality only (small cells)")
    persons: Mapped[int | None]
    excluded: Mapped[list[str]] = mapped_column(comment="allergens that it must not hold")
    proxy: Mapped[bool]
    registered_at: Mapped[int]
    confirmed_at: Mapped[int]
    stopped_at: Mapped[int | None]
    expired_at: Mapped[int | None]
    __table_args__ = (
        Index("ix_supplies_needs_log_disaster_shelter", "log", "disaster", "shelter"),
        Index("ix_supplies_needs_disaster_item_variant", "disaster", "item", "variant"),
        Index("ix_supplies_needs_disaster_open", "disaster", "open"),
    )


class Offer(Base):
    """提供物資. `need`: the one that it was pledged for."""

    __tablename__ = "supplies_offers"
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    disaster: Mapped[str] = mapped_column(_Id)
    sender: Mapped[str] = mapped_column(String(22), comment="pseudonym")
    org: Mapped[str] = mapped_column(_Id)
    individual: Mapped[bool]
    shelter: Mapped[str] = mapped_column(_Id, comment='the shelter whose surplus this is; ""')
    item: Mapped[str] = mapped_column(String(8))
    variant: Mapped[str] = mapped_column(String(24))
    offered: Mapped[int]
    held: Mapped[int]
    requested: Mapped[int]
    transit: Mapped[int]
    delivered: Mapped[int]
    withdrawn: Mapped[int] = mapped_column(comment="taken back by the sender")
    lost: Mapped[int] = mapped_column(comment="on the way")
    avail: Mapped[int]
    best_before: Mapped[int]
    allergens: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), comment="null: not declared")
    lot: Mapped[int]
    eta_days: Mapped[int]
    available_until: Mapped[int | None]
    need: Mapped[str] = mapped_column(_Id)
    state: Mapped[str] = mapped_column(String(16))
    offered_at: Mapped[int]
    __table_args__ = (
        Index("ix_supplies_offers_disaster_state_item", "disaster", "state", "item"),
        Index("ix_supplies_offers_log_sender", "log", "sender"),
        Index("ix_supplies_offers_log_org", "log", "org"),
    )


class Match(Base):
    """A shipment (便): what was decided, what follows from it, and its share of the need's and the offer's numbers."""

    __tablename__ = "supplies_matches"
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    disaster: Mapped[str] = mapped_column(_Id)
    need: Mapped[str] = mapped_column(_Id)
    offer: Mapped[str] = mapped_column(_Id, index=True)
    shelter: Mapped[str] = mapped_column(_Id)
    item: Mapped[str] = mapped_column(String(8))
    variant: Mapped[str] = mapped_column(String(24))
    decided: Mapped[str] = mapped_column(String(16), comment="what people decided last")
    state: Mapped[str] = mapped_column(String(16), comment="what follows from that and from the scans")
    quantity: Mapped[int] = mapped_column(comment="pledged, then asked for, then sent")
    closed_short: Mapped[bool]
    pledged: Mapped[int]
    requested: Mapped[int]
    transit: Mapped[int]
    good: Mapped[int]
    offer_transit: Mapped[int]
    delivered: Mapped[int]
    lost: Mapped[int]
    pooled: Mapped[int] = mapped_column(comment="came beside the promise")
    damaged: Mapped[int]
    expired: Mapped[int]
    missing: Mapped[int]
    parcels: Mapped[int]
    pledged_at: Mapped[int | None]
    requested_at: Mapped[int | None]
    shipped_at: Mapped[int | None]
    eta: Mapped[int | None]
    arrived_at: Mapped[int | None]
    received_at: Mapped[int | None]
    ended_at: Mapped[int | None] = mapped_column(comment="declined, lapsed, cancelled, lost")
    ended_by: Mapped[str] = mapped_column(String(16), comment="sender, receiver, stop, time")
    shipping: Mapped[str] = mapped_column(
        _Id, comment="the act whose opening has the tracking number, or why not"
    )
    __table_args__ = (
        Index("ix_supplies_matches_log_shelter_state", "log", "shelter", "state"),
        Index("ix_supplies_matches_need", "need"),
        Index("ix_supplies_matches_disaster_state", "disaster", "state"),
    )


class Parcel(Base):
    """個口 k/n: its label's code, what the label says, and what was found."""

    __tablename__ = "supplies_parcels"
    code: Mapped[str] = mapped_column(String(17), primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    match: Mapped[str] = mapped_column(_Id, index=True)
    k: Mapped[int]
    n: Mapped[int]
    listed: Mapped[int] = mapped_column(comment="on the label")
    quantity: Mapped[int] = mapped_column(comment="that has left: less than listed if the sender said so")
    best_before: Mapped[int]
    labelled_at: Mapped[int]
    void_at: Mapped[int | None]
    replaced_by: Mapped[str] = mapped_column(String(17))
    arrived_at: Mapped[int | None]
    arrived_shelter: Mapped[str] = mapped_column(_Id)
    arrived_by: Mapped[str] = mapped_column(_Id, comment="the scan")
    forwarded_to: Mapped[str] = mapped_column(_Id)
    counted_at: Mapped[str] = mapped_column(_Id, comment="the shelter")
    counted_when: Mapped[int | None]
    good: Mapped[int]
    damaged: Mapped[int]
    expired: Mapped[int]
    missing: Mapped[int]


class ScanRow(Base):
    """A scan of a parcel, or goods from outside."""

    __tablename__ = "supplies_scans"
    id: Mapped[str] = mapped_column(_Id, primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    index: Mapped[int] = mapped_column("idx")
    code: Mapped[str] = mapped_column(String(22))
    step: Mapped[str] = mapped_column(String(16))
    shelter: Mapped[str] = mapped_column(_Id)
    disaster: Mapped[str] = mapped_column(_Id)
    at: Mapped[int]
    err: Mapped[int | None]
    recorded_at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(22))
    org: Mapped[str] = mapped_column(_Id)
    dev: Mapped[str] = mapped_column(_Id)
    target: Mapped[str] = mapped_column(_Id)
    body: Mapped[dict[str, Any]]
    __table_args__ = (
        Index("ix_supplies_scans_log_code", "log", "code"),
        Index("ix_supplies_scans_log_shelter_at", "log", "shelter", "at"),
        Index("ix_supplies_scans_log_target", "log", "target"),
    )


class PoolPart(Base):
    """Goods that came to a shelter beside the promise of a shipment, by where they come from; negative: offered on."""

    __tablename__ = "supplies_pool"
    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    disaster: Mapped[str] = mapped_column(_Id)
    shelter: Mapped[str] = mapped_column(_Id)
    item: Mapped[str] = mapped_column(String(8))
    variant: Mapped[str] = mapped_column(String(24))
    quantity: Mapped[int]
    __table_args__ = (
        Index("ix_supplies_pool_disaster_shelter_item_variant", "disaster", "shelter", "item", "variant"),
    )


class Stock(Base):
    """What a shelter has beyond its needs: what is left of its pool."""

    __tablename__ = "supplies_stock"
    disaster: Mapped[str] = mapped_column(_Id, primary_key=True)
    shelter: Mapped[str] = mapped_column(_Id, primary_key=True)
    item: Mapped[str] = mapped_column(String(8), primary_key=True)
    variant: Mapped[str] = mapped_column(String(24), primary_key=True)
    log: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int]


class Sender(Base):
    """A sender whose mail address is known to work, in this log."""

    __tablename__ = "supplies_senders"
    log: Mapped[str] = mapped_column(String(16), primary_key=True)
    sender: Mapped[str] = mapped_column(String(22), primary_key=True)
    verified_at: Mapped[int]
