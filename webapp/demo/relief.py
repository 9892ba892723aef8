"""Mogami after an earthquake (invented): six shelters, what they need, who sends it, and what has arrived.

Everybody has something to do: a pledge waits for the shelter's answer, a citizen has a label to print, boxes are on
their way, one need was stopped, one shelter has too much of something. A drill stands beside it and is marked as one.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from webapp.kernel.base.clock import DAY, HOUR, MINUTE
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.intake.service import Answer
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match, Parcel
from webapp.supplies.senders.accounts import SenderAccount

if TYPE_CHECKING:
    from webapp.demo.story import Town

#: key, name, address, telephone, latitude and longitude in millionths, people by kind, storage in m³. Invented.
SHELTERS: tuple[tuple[str, str, str, str, int, int, dict[str, int], int], ...] = (
    ("hub", "町民体育館（集積拠点）", "山形県最上郡最上町大字向町1100", "0233-43-3006", 38_756_300, 140_515_200,
     {}, 900),
    ("hall", "最上町中央公民館", "山形県最上郡最上町大字向町644", "0233-43-3001", 38_758_600, 140_519_700,
     {"people": 180, "infants": 3, "infants_late": 2, "toddlers": 8, "elderly": 52, "care": 6, "women": 34,
      "food_allergy": 2}, 60),
    ("school", "向町小学校 体育館", "山形県最上郡最上町大字向町43", "0233-43-3002", 38_760_900, 140_523_400,
     {"people": 240, "infants": 4, "toddlers": 12, "elderly": 61, "care": 4, "women": 55}, 120),
    ("ohori", "大堀地区公民館", "山形県最上郡最上町大字志茂115", "0233-43-3003", 38_767_200, 140_487_100,
     {"people": 65, "toddlers": 2, "elderly": 31, "care": 5, "women": 9}, 20),
    ("akakura", "赤倉地区コミュニティセンター", "山形県最上郡最上町大字富澤811", "0233-45-3004", 38_734_500,
     140_587_300, {"people": 88, "infants": 1, "elderly": 40, "care": 3, "women": 15, "wheelchair": 2}, 35),
    ("semi", "瀬見地区集会所", "山形県最上郡最上町大字大堀988", "0233-42-3005", 38_749_100, 140_412_800,
     {"people": 34, "elderly": 19, "care": 2, "women": 4}, 8),
)  # fmt: skip
#: shelter, item, variant, quantity, urgency, for whom, persons, needed in days
NEEDS = (
    ("hall", "W02", "", 480, 1, (), None, 1),
    ("hall", "I05", "M", 400, 1, ("child",), 8, 2),
    ("hall", "I01", "stage1", 6, 1, ("infant",), 3, 2),
    ("hall", "F10", "", 12, 1, ("allergy",), 2, 2),
    ("hall", "B01", "", 220, 2, (), None, 3),
    ("hall", "C05", "", 100, 3, (), None, 5),
    ("school", "F01", "", 1_400, 1, (), None, 2),
    ("school", "H01", "", 3_600, 1, (), None, 2),
    ("school", "S01", "day", 110, 2, ("women",), 55, 3),
    ("school", "I05", "L", 600, 2, ("child",), 12, 3),
    ("school", "B02", "", 40, 2, ("elderly",), 61, 4),
    ("ohori", "E01", "M", 150, 1, ("elderly",), 5, 2),
    ("ohori", "W02", "", 190, 2, (), None, 3),
    ("ohori", "H03", "", 96, 3, (), None, 5),
    ("akakura", "B01", "", 90, 2, (), None, 3),
    ("akakura", "P03", "", 20, 2, (), None, 3),
    ("semi", "W02", "", 100, 2, (), None, 3),
    ("semi", "H05", "", 60, 3, (), None, 4),
)


class Relief:
    """The story of the shelters, told through the door like everything else."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.shelters: dict[str, str] = {}
        self.needs: dict[tuple[str, str], str] = {}
        self.disaster = ""

    def tell(self) -> None:
        """From the first night to this afternoon."""
        town = self.town
        town.at = town.now - 3 * DAY
        self._shelters()
        self.disaster = self._open("令和8年11月 最上地方の地震（デモ）", drill=False)
        self._needs()
        self._water()
        self._blankets()
        self._diapers()
        self._the_rest()
        self._drill()

    def say(
        self, who: str, kind: str, body: Mapping[str, Any], private: Mapping[str, Any] | None = None
    ) -> Answer:
        """A form that somebody sends in."""
        return self.town.command(who, kind, dict(body), dict(private) if private else None)

    def _open(self, name: str, *, drill: bool) -> str:
        return self.say("officer", kinds.DISASTER_OPENED, {"drill": drill}, {"name": name}).id

    def _shelters(self) -> None:
        self.shelters = dict(self.town.company.shelters)
        for key, name, address, phone, lat, lon, heads, cubic in SHELTERS:
            body = {
                "shelter": self.shelters[key], "receive_mode": "door", "accept_policy": "anyone", "heads": heads,
                "lat_e6": lat, "lon_e6": lon, "storage_ml": cubic * 1_000_000,
            }  # fmt: skip
            if key == "semi":
                body |= {"receive_mode": "hub", "hub": self.shelters["hub"]}
            told = {"name": name, "address": address, "phone": phone, "mail": f"{key}@shelter.example"}
            self.say("officer", kinds.SHELTER_SET, body, told)

    def _needs(self) -> None:
        for shelter, item, variant, quantity, urgency, audience, persons, days in NEEDS:
            line: dict[str, Any] = {
                "id": new_id(), "item": item, "variant": variant, "quantity": quantity, "priority": urgency,
                "audience": list(audience), "persons": persons, "need_by": self.town.now + days * DAY,
                "excluded": ["milk", "egg", "wheat"] if item == "F10" else [],
            }  # fmt: skip
            self.needs[shelter, item] = line["id"]
            body = {"disaster": self.disaster, "shelter": self.shelters[shelter], "needs": [line]}
            who = "shelter" if shelter == "hall" else "officer"
            self.say(who, kinds.NEEDS_REGISTERED, {**body, "proxy": who == "officer"})
            self.town.tick(7 * MINUTE)

    def _offer(
        self, who: str, quantity: int, item: str, variant: str = "", shelter: str = "", **more: Any
    ) -> str:
        body = {"disaster": self.disaster, "item": item, "variant": variant, "quantity": quantity}
        need = self.needs[shelter, item] if shelter else ""
        return self.say(who, kinds.OFFERED, {**body, "need": need, **more}).id

    def _request(self, offer: str, quantity: int, shelter: str, *, item: str, who: str = "officer") -> str:
        match = (
            db.session.scalar(select(Match.id).where(Match.offer == offer, Match.state == "pledged")) or ""
        )
        body = {"match": match, "offer": offer, "shelter": self.shelters[shelter], "quantity": quantity}
        asked = self.say(who, kinds.REQUESTED, {**body, "need": self.needs[shelter, item]})
        return match or asked.id

    def _ship(self, who: str, match: str, boxes: list[int], days: int = 1) -> list[str]:
        """Pack, label, 発送; the codes of the boxes."""
        parcels = [{"quantity": quantity} for quantity in boxes]
        self.say(who, kinds.PACKED, {"match": match, "parcels": parcels})
        self.town.tick(2 * HOUR)
        eta = self.town.at + days * DAY
        self.say(who, kinds.SHIPPED, {"match": match, "quantity": sum(boxes), "eta": eta})
        p = Parcel
        return list(
            db.session.scalars(select(p.code).where(p.match == match, p.void_at.is_(None)).order_by(p.k))
        )

    def _scan(self, who: str, step: str, code: str, shelter: str, body: Mapping[str, Any]) -> None:
        town = self.town
        told: dict[str, Any] = {
            "code": code,
            "place": self.shelters[shelter],
            "job": self.disaster,
            "step": step,
        }
        act = town.phone(who).command(kinds.SCAN, town.tick(), body, **told)
        town.send(who, [act])

    def _water(self) -> None:
        """480 bottles from Sendai: five boxes counted, one of them dented, three still on the road."""
        offer = self._offer("sendai", 600, "W02", shelter="hall", best_before=20_300_331)
        match = self._request(offer, 480, "hall", item="W02", who="shelter")
        self.town.tick(3 * HOUR)
        codes = self._ship("sendai", match, [60] * 8)
        self.town.at = self.town.now - 20 * HOUR
        for code in codes[:4]:
            self._scan("shelter", "counted", code, "hall", {"as_listed": True})
        self._scan("shelter", "counted", codes[4], "hall", {"good": 56, "damaged": 4})
        self._scan("shelter", "arrived", codes[5], "hall", {})

    def _blankets(self) -> None:
        """A free offer of 300: 90 asked for and received, the remainder stays offered."""
        self.town.at = self.town.now - 2 * DAY
        offer = self._offer("company", 300, "B01", lot=10)
        match = self._request(offer, 90, "akakura", item="B01")
        codes = self._ship("company", match, [45, 45])
        self.town.at = self.town.now - 18 * HOUR
        for code in codes:
            self._scan("officer", "counted", code, "akakura", {"as_listed": True})
        self.town.tick(HOUR)
        match = self._request(offer, 120, "hall", item="B01", who="shelter")
        self._ship("company", match, [60, 60])

    def _diapers(self) -> None:
        """A citizen's packs: one pledge waits for an answer, one label waits to be printed."""
        self.town.at = self.town.now - 5 * HOUR
        self._offer("citizen", 120, "I05", "M-pants", shelter="hall")
        offer = self._offer("citizen", 200, "I05", "L", shelter="school")
        self._request(offer, 200, "school", item="I05")
        self._offer("company", 40, "E01", "M", shelter="ohori")

    def _the_rest(self) -> None:
        """Goods from outside, a need that is met by them, one that was stopped, and things that nobody asked for."""
        self.town.at = self.town.now - 4 * HOUR
        outside = {"item": "C05", "variant": "", "quantity": 140}
        self._scan("shelter", "outside", "", "hall", outside)
        self._scan("officer", "outside", "", "school", {"item": "S01", "variant": "day", "quantity": 60})
        self.say("officer", kinds.NEED_STOPPED, {"need": self.needs["ohori", "H03"]})
        self._offer("sendai", 2_000, "H01", lot=100, available_until=self.town.now + 10 * DAY)
        self._offer("citizen", 24, "P03", "usb", available_until=self.town.now + 5 * DAY)

    def _drill(self) -> None:
        self.town.at = self.town.now - 2 * HOUR
        self.disaster = self._open("令和8年度 総合防災訓練", drill=True)
        line = {"id": new_id(), "item": "W01", "quantity": 48, "need_by": self.town.now + 2 * DAY}
        body = {"disaster": self.disaster, "shelter": self.shelters["school"], "needs": [line]}
        self.say("officer", kinds.NEEDS_REGISTERED, body)


def shelter_organisations(ids: Mapping[str, str], town: str) -> list[Organisation]:
    """The shelters as organisations of their town."""
    return [
        Organisation(
            id=ids[key], name=name, kind=OrganisationKind.SHELTER, lg_code=None, phone=phone, invited_by=town
        )
        for key, name, _, phone, *_ in SHELTERS
    ]


def individuals() -> Organisation:
    """Who sends without an organisation."""
    return Organisation(
        id=kinds.INDIVIDUALS, name="個人の支援者", kind=OrganisationKind.SUPPORTER, active=True
    )


def verify(person_id: str, now: int) -> None:
    """The citizen has answered the mail."""
    with transaction() as session:
        session.add(SenderAccount(person_id=person_id, created_ms=now, verified_ms=now))
