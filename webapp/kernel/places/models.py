"""A place with a name. Positions are whole micro-degrees (WGS 84), so no rounding depends on a machine."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.base.db import Base


class PlaceKind(StrEnum):
    """What a place is used as."""

    TOWN_HALL = "town_hall"
    DEPOT = "depot"
    PLANT = "plant"
    SHELTER = "shelter"
    OTHER = "other"

    @property
    def text(self) -> str:
        """Its name on screen."""
        return KIND_TEXTS[self]


KIND_TEXTS = {
    PlaceKind.TOWN_HALL: "役場・庁舎",
    PlaceKind.DEPOT: "保管場所・集積所",
    PlaceKind.PLANT: "処理施設",
    PlaceKind.SHELTER: "避難所",
    PlaceKind.OTHER: "その他",
}


class Place(Base):
    """A place of one organisation."""

    __tablename__ = "places"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(String(36), ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[PlaceKind]
    address: Mapped[str] = mapped_column(String(200), default="")
    lat_e6: Mapped[int | None] = mapped_column(comment="latitude, millionths of a degree, north positive")
    lon_e6: Mapped[int | None] = mapped_column(comment="longitude, millionths of a degree, east positive")
    active: Mapped[bool] = mapped_column(default=True)
