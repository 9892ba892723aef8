"""A shipment of several boxes, one of them at a shelter that sends it on: what each page says is true of every box."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import the_door
from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import Relief, numbers, offered, refused
from tests.supplies.desk_pages import NAMES, a_town_now, desk, enter, page
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person
from webapp.kernel.intake.rebuild import check
from webapp.supplies import entries as kinds
from webapp.supplies import whereabouts
from webapp.supplies.models import Match

HOME, OTHER = NAMES


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        relief = a_town_now()
        with transaction() as session:
            citizen = session.get_one(Person, relief.people["citizen"].id)
            citizen.password_hash, citizen.email = passwords.make_hash(PASSWORD), "citizen@example.jp"
        db.session.refresh(relief.people["citizen"])
        yield relief


def asked_for(relief: Relief, boxes: int = 2) -> tuple[str, str, str, list[str]]:
    """Need, offer, shipment and labels of what was asked for and has not left."""
    need = relief.need(100)
    offer = relief.offer("citizen", 40, need=need).id
    match = relief.match_of(offer).id
    relief.request(40, offer=offer, match=match)
    relief.say("citizen", kinds.PACKED, {"match": match, "parcels": [{"quantity": 40 // boxes}] * boxes})
    return need, offer, match, [parcel.code for parcel in relief.parcels_of(match)]


def on_its_way(relief: Relief, boxes: int = 2) -> tuple[str, str, str, list[str]]:
    """The same, and 発送 was pressed."""
    found = asked_for(relief, boxes)
    assert relief.ship("citizen", found[2], 40).refusal is None
    return found


def passes(relief: Relief, code: str, at: int = 1) -> None:
    """A box that the other shelter has seen and sent on."""
    relief.scan("worker1", "arrived", code, relief.shelters[1], at=at)
    relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]}, at=at + 1)


def sends(app: Flask, relief: Relief, match: str) -> str:
    """The shipment's page as its sender reads it."""
    client = app.test_client()
    assert log_in(client, relief.people["citizen"]).status_code == 302
    return page(client, f"/send/{match}")


def public(client: FlaskClient, code: str) -> str:
    """The public page of a box, in Japanese."""
    text = client.get(f"/t/{code}", headers={"Accept-Language": "ja"}).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_a_box_that_only_passes_another_shelter_has_not_arrived(app: Flask, relief: Relief) -> None:
    need, offer, match, (first, second) = on_its_way(relief)
    passes(relief, first)

    told = sends(app, relief, match)
    at_home = page(enter(app, relief, "worker"), desk(relief, "/arrivals"))

    assert relief.match_of(offer).state == "shipped"
    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    assert f"2箱のうち1箱は{OTHER}から転送中、1箱は輸送中。送り先の避難所に運ばれます。" in told
    assert "避難所に着きました" not in told
    assert "届いた日" not in told
    assert f"2箱のうち1箱は{OTHER}から転送中、1箱は輸送中" in at_home
    assert "これから届く 1" in at_home
    assert "数え待ち 1" not in at_home
    assert f"「{OTHER}」から次の避難所へ送り出されました。" in public(app.test_client(), first)
    assert "避難所に着きました" not in public(app.test_client(), first)
    assert "避難所に向かっています。" in public(app.test_client(), second)
    assert check(the_door(), relief.log) == []


def test_a_box_that_stands_at_another_shelter_is_said_to_stand_there(app: Flask, relief: Relief) -> None:
    _, offer, match, (code,) = on_its_way(relief, 1)
    relief.scan("worker1", "arrived", code, relief.shelters[1])

    assert relief.match_of(offer).state == "shipped"
    assert f"{OTHER}にあり。送り先の避難所に運ばれます。" in sends(app, relief, match)
    assert f"「{OTHER}」にあります。ここから送り先の避難所へ運ばれます。" in public(app.test_client(), code)
    strays = page(enter(app, relief, "worker1"), desk(relief, "/arrivals?view=elsewhere", 1))
    assert f"{OTHER}にあり" in strays
    assert "転送・別の避難所 1" in strays
    assert "これから届く 1" not in strays, "it is not meant for this shelter"


def test_a_shelter_without_a_public_name_is_not_named_to_the_public(app: Flask, relief: Relief) -> None:
    _, _, _, (code,) = on_its_way(relief, 1)
    body = {"shelter": relief.shelters[1], "receive_mode": "door", "accept_policy": "anyone", "shown": False}
    assert relief.say("officer", kinds.SHELTER_SET, {**body, "open": True}, {"name": OTHER}).refusal is None
    relief.scan("worker1", "arrived", code, relief.shelters[1])

    told = public(app.test_client(), code)

    assert "ほかの避難所にあります。ここから送り先の避難所へ運ばれます。" in told
    assert OTHER not in told


def test_what_came_later_than_the_rest_is_told_box_by_box(app: Flask, relief: Relief) -> None:
    _, offer, match, codes = on_its_way(relief, 4)
    passes(relief, codes[0])
    for at, code in enumerate(codes[:3]):
        relief.scan("worker", "arrived", code, relief.shelters[0], at=10 + at)

    worker = enter(app, relief, "worker")
    at_home = page(worker, desk(relief, "/arrivals?view=here"))

    assert relief.match_of(offer).state == "arrived"
    assert "一部到着" in at_home
    assert "4箱のうち3箱は到着、1箱は輸送中" in at_home
    assert "4箱のうち3箱は到着、1箱は輸送中。ありがとうございます。" in sends(app, relief, match)
    assert "避難所に着きました。" in public(app.test_client(), codes[0]), "it came in the end"
    relief.scan("worker", "arrived", codes[3], relief.shelters[0], at=20)
    assert "箱のうち" not in page(worker, desk(relief, "/arrivals?view=here"))


def test_what_another_shelter_keeps_has_arrived_there(app: Flask, relief: Relief) -> None:
    _, offer, match, (first, second) = on_its_way(relief)
    relief.scan("worker1", "arrived", first, relief.shelters[1], {"accept": True})
    relief.scan("worker1", "counted", second, relief.shelters[1], {"as_listed": True})

    assert relief.match_of(offer).state == "arrived"
    assert f"2箱のうち1箱は{OTHER}で受領、1箱は{OTHER}で受け取り" in sends(app, relief, match)
    kept = f"「{OTHER}」が受け取りました。送り先の避難所には届きません。"
    assert kept in public(app.test_client(), first)
    assert kept in public(app.test_client(), second)
    assert "数え待ち 1" in page(enter(app, relief, "worker1"), desk(relief, "/arrivals?view=here", 1))


def test_sending_on_a_box_that_nobody_said_was_sent_means_that_it_has_left(
    app: Flask, relief: Relief
) -> None:
    need, offer, match, (code,) = asked_for(relief, 1)

    relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]})

    told = sends(app, relief, match)
    assert relief.match_of(offer).state == "shipped"
    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    assert offered(offer) == (40, 0, 0, 40, 0, 0, 0)
    assert "送ってください" not in told
    assert "数を減らす" not in told
    assert "取り消す" not in told
    assert f"{OTHER}から転送中" in told
    assert f"「{OTHER}」から次の避難所へ送り出されました。" in public(app.test_client(), code)
    assert (
        refused(relief.say("citizen", kinds.CANCELLED, {"match": match, "by": "sender"}))
        == "supplies.is_shipped"
    )
    assert refused(relief.ship("citizen", match, 40)) == "supplies.is_shipped"
    assert check(the_door(), relief.log) == []


def test_who_sent_a_box_on_has_it_in_the_list_also_when_it_has_arrived(app: Flask, relief: Relief) -> None:
    _, _, _, (code,) = asked_for(relief, 1)
    relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]}, at=1)
    other, address = enter(app, relief, "worker1"), desk(relief, "/arrivals?view=elsewhere", 1)

    before = page(other, address)
    relief.scan("worker", "arrived", code, relief.shelters[0], at=2)
    after = page(other, address)

    assert f"{OTHER}から転送中" in before
    assert HOME in before
    assert "紙おむつ" in after
    assert "転送・別の避難所 1" in after


def test_a_box_sent_on_by_mistake_is_as_if_it_had_not_been(relief: Relief) -> None:
    _, offer, _, (code,) = asked_for(relief, 1)
    wrong = relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]}, at=1).id

    relief.scan("worker1", "void", code, relief.shelters[1], {"target": wrong}, at=2)

    assert relief.match_of(offer).state == "requested"


def test_of_what_was_seen_on_its_way_the_receiver_says_that_it_will_not_come(
    app: Flask, relief: Relief
) -> None:
    relief.now -= 14 * DAY
    need, _, match, (code,) = on_its_way(relief, 1)
    passes(relief, code)
    relief.now += 13 * DAY
    address = desk(relief, f"/shipments/{match}")

    assert refused(relief.say("officer", kinds.LOST, {"match": match})) == "supplies.not_on_the_way"
    assert "不着にする" not in page(enter(app, relief, "officer"), address)
    worker = enter(app, relief, "worker")
    assert "締め切る" in page(worker, address)
    worker.post(f"{address}/short", data={"id": new_id()})
    assert numbers(need) == (100, 0, 0, 0, 0, 100)


def test_a_lost_box_that_another_shelter_finds_is_on_its_way_again(relief: Relief) -> None:
    relief.now -= 14 * DAY
    need, offer, match, (code,) = on_its_way(relief, 1)
    relief.now += 13 * DAY
    assert relief.say("officer", kinds.LOST, {"match": match}).refusal is None

    relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]})

    assert relief.match_of(offer).state == "shipped"
    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True}, at=1)
    assert relief.match_of(offer).state == "received"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_any_order_of_passing_and_arriving_gives_the_same(relief: Relief, order: tuple[int, ...]) -> None:
    need, offer, match, (first, second) = asked_for(relief)
    told = [
        ("worker1", "forwarded", first, {"to": relief.shelters[0]}),
        ("worker", "arrived", first, {}),
        ("worker1", "arrived", second, {}),
        ("worker1", "forwarded", second, {"to": relief.shelters[0]}),
    ]
    states = []
    for place in order:
        who, step, code, body = told[place]
        relief.scan(who, step, code, relief.shelters[who == "worker1"], body, at=place)
        states.append(relief.match_of(offer).state)

    assert states == ["arrived" if 1 in order[: n + 1] else "shipped" for n in range(4)]
    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    assert offered(offer) == (40, 0, 0, 40, 0, 0, 0)
    row = db.session.get_one(Match, match)
    said = whereabouts.told(db.session(), [row])[match]
    assert (said.text, said.is_moving) == (f"2箱のうち1箱は到着、1箱は{OTHER}から転送中", True)


def test_the_desk_shows_the_label_of_what_it_has_asked_for(app: Flask, relief: Relief) -> None:
    _, _, match, _ = asked_for(relief)
    worker, address = enter(app, relief, "worker"), desk(relief, f"/shipments/{match}")

    label = worker.get(f"{address}/labels.pdf")

    assert "ラベルを見る・印刷する（PDF）" in page(worker, address)
    assert label.data.startswith(b"%PDF")
    assert enter(app, relief, "worker1").get(f"{address}/labels.pdf").status_code == 404
    assert relief.ship("citizen", match, 40).refusal is None
    assert worker.get(f"{address}/labels.pdf").status_code == 404
