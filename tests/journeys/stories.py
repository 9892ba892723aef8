"""A story in which almost everything goes wrong that can, as loose items: who recorded what."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from tests.factories.custody import PHOTO, Journey, Town, a_town, issue_codes
from webapp.custody import entries as kinds
from webapp.demo.phone import Phone
from webapp.kernel.base.clock import HOUR
from webapp.kernel.base.db import Base, db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.models import Receipt
from webapp.kernel.intake.service import Door

Story = list[tuple[str, Any]]
#: Where an entry stands in the log is a matter of arrival; everything else is not.
ARRIVAL = {"idx", "rev", "first"}


def a_town_of_trouble() -> Town:
    """Ten PCs and two cages; a third cage and more stickers lie ready, one of them from another town."""
    town = a_town(devices=10, cages=2)
    other = a_town("062014")
    town.cages += issue_codes(town, "cage", 2)  # not added to the consignment yet
    town.codes += issue_codes(town, "device", 6) + issue_codes(other, "device", 1)
    return town


def id_of(item: Any) -> str:
    """The id that the phone gave to this item."""
    return str(item["p"].split('"id":"', 1)[1][:36])


def trouble(t: Town) -> Story:
    """Every item of the story, in the order in which it happened."""
    j, story = Journey(t), Story()

    def say(who: str, *items: Any) -> None:
        story.extend((who, item) for item in items)

    new_sticker, second, lost, unused, found, unknown, foreign = t.codes[10:]
    say("officer", *j.register(0, 1, 2, 3, 4, 5, 6, 7, 8))
    say("officer", _bind(t, j, second, t.devices[0]))  # a second sticker on the first PC
    say("officer", _bind(t, j, t.codes[1], t.devices[9]))  # one sticker on two PCs
    new = t.phones["officer"].scan(
        "registered",
        found,
        j.tick(),
        body={"device": "", "device_new": new_id(), "cls": "2", "kind": "tablet"},
    )
    say("officer", new)
    say("technician", *j.sanitize(0, 1, 2, 3, 4, 6), *j.sanitize(4))  # 4 twice
    say(
        "technician",
        t.phones["technician"].scan("sanitize_failed", t.codes[5], j.tick(), body={"reason": "dead"}),
    )
    on_site: dict[str, Any] = {"wit": [t.p("officer")], "ev": [PHOTO]}
    say("technician", t.phones["technician"].scan("destroyed_on_site", t.codes[5], j.tick(), **on_site))
    alone = t.phones["technician"].scan("sanitized", t.codes[8], j.tick(), wit=[t.p("technician")])
    say("technician", alone)
    (astray,) = j.load(3, cage=1)
    say("officer", astray, _undo(t, j, "officer", astray, t.codes[3], t.cages[1]))
    say("driver", _undo(t, j, "driver", j.load(0)[0], t.codes[0], t.cages[0]))  # undoes what nobody has sent
    say("officer", *j.load(0, 1, 2, 3, 4, 5, 6))
    say("officer", t.phones["officer"].scan("loaded", unknown, j.tick(), parent=t.cages[0]))
    say("officer", t.phones["officer"].scan("loaded", foreign, j.tick(), parent=t.cages[0]))
    say("officer2", t.phones["officer2"].scan("loaded", t.codes[8], j.tick(), parent=t.cages[2]))
    say("officer2", t.phones["officer2"].scan("loaded", t.codes[7], j.tick(), parent=f"x-{7:020x}"))
    say("officer2", t.phones["officer2"].scan("loaded", t.codes[7], j.tick(), parent=t.cages[1]))
    say("technician", *j.sanitize(7))  # after it was loaded
    say("officer", j.lock(range(7)))
    say("officer2", t.phones["officer2"].scan("handed_over", t.cages[0], j.at, body={"to": t.p("driver2")}))
    say("officer", j.hand_over())
    say("driver", j.answer(), j.answer("driver", "declined", reason="seal"))
    say("driver", *_late_clock(t, j))
    story.extend(_answers(t, j))
    say("operator", *j.destroy(4))  # while its cage is sealed
    say(
        "receiver", j.arrive(seal="7734021", verdict="broken"), *j.count(7), j.open()
    )  # counted before it was opened
    say("receiver", *j.count(0, 1, 3, 4), *j.count(0))
    say("receiver", t.phones["receiver"].scan("counted", new_sticker, j.tick(), parent=t.cages[0]))
    say("receiver", *j.count(5, cage=1), j.close_count(7))
    say("operator", *j.destroy(0, 1, 2))
    say(
        "receiver", t.phones["receiver"].scan("arrived", t.codes[3], j.tick())
    )  # a device's label as a cage's
    say("officer", _bind(t, j, t.cages[2], t.devices[9]))  # a cage's label on a device
    say("receiver", *j.count(2))
    say("officer", t.phones["officer"].scan("loaded", lost, j.at + 99 * HOUR, parent=t.cages[1]))
    say("officer", *_commands(t, new_sticker, lost, unused))
    return story


def _bind(t: Town, j: Journey, code: str, device: str) -> Any:
    return t.phones["officer"].scan("registered", code, j.tick(), body={"device": device})


def _undo(t: Town, j: Journey, who: str, item: Any, code: str, parent: str) -> Any:
    body = {"target": id_of(item), "reason": "wrong_cage"}
    return t.phones[who].scan("void", code, j.tick(), parent=parent, body=body)


def _late_clock(t: Town, j: Journey) -> list[Any]:
    phone = Phone(t.p("driver"), t.log, t.job, off=5 * HOUR)
    handed = phone.scan("handed_over", t.cages[1], j.tick() - 5 * HOUR, body={"to": t.p("receiver")})
    arrived = phone.scan("arrived", t.cages[1], j.tick() - 5 * HOUR)  # without a photo
    return [handed, arrived, phone.scan("sanitized", t.codes[6], j.tick() - 5 * HOUR)]  # a driver erases


def _answers(t: Town, j: Journey) -> Story:
    """One hand-over is refused, one is taken by a substitute, one by somebody to whom other words were shown."""
    story: Story = []
    cage = t.cages[2]
    taken = t.phones["officer"].scan("handed_over", cage, j.tick(), body={"to": t.p("driver")})
    refused = t.phones["officer"].scan("handed_over", cage, j.tick(), body={"to": t.p("driver")})
    forged = t.phones["driver2"].scan("handed_over", cage, j.tick(), body={"to": t.p("receiver")})
    back = t.phones["officer2"].scan("handed_over", cage, j.tick(), body={"to": t.p("driver")})
    story += [("officer", taken), ("officer", refused), ("driver2", forged), ("officer2", back)]
    driver, other, receiver = t.phones["driver"], t.phones["driver2"], t.phones["receiver"]
    story.append(("driver", driver.answer("declined", refused, j.tick(), body={"reason": "damaged"})))
    story.append(("driver2", other.answer("accepted", taken, j.tick())))
    shown = {"offer_hash": "0" * 64}
    story.append(("receiver", receiver.answer("accepted", forged, j.tick(), body=shown)))
    undone = t.phones["officer2"].scan(
        "void", cage, j.tick(), body={"target": id_of(back), "reason": "wrong_step"}
    )
    story += [("officer2", undone), ("driver", driver.answer("accepted", back, j.tick()))]
    unsent = other.scan("handed_over", cage, j.tick(), body={"to": t.p("receiver")})
    story.append(("receiver", receiver.answer("accepted", unsent, j.tick())))
    return story


def _commands(t: Town, new_sticker: str, lost: str, unused: str) -> list[Any]:
    """Decisions that are taken whatever has arrived: damaged labels are replaced, a third cage is added."""
    desk = Phone(t.p("officer"), t.log)
    orders: Sequence[tuple[str, dict[str, Any]]] = (
        ("codes.voided", {"code": t.codes[2], "replaced_by": new_sticker}),
        ("codes.voided", {"code": t.cages[0], "replaced_by": t.cages[3]}),
        ("codes.voided", {"code": lost}),
        (kinds.CAGE_ADDED, {"consignment": t.job, "code": t.cages[2], "label": "C-09"}),
    )
    return [desk.command(kind, 0, body) for kind, body in orders]


def seen(door: Door, log: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that people can see of a log: board, verdicts, discrepancies; without places in the log."""
    tables: list[type[Base]] = [*(table for room in door.rooms for table in room.tables), Receipt]
    return {str(table.__tablename__): _seen(table, log) for table in tables}


def _seen(table: Any, log: str) -> list[tuple[Any, ...]]:
    columns = [column for column in table.__table__.c if column.name not in ARRIVAL]
    rows = db.session.execute(select(*columns).where(table.__table__.c.log == log))
    return sorted((tuple(row) for row in rows), key=repr)
