"""From a shipment to its labels: what was asked for stands on them, signed by the municipality."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories.supplies import Relief, a_relief, refused
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.ledger.log import read
from webapp.supplies import entries as kinds
from webapp.supplies.labels import desk as label_desk
from webapp.supplies.labels import keys as label_keys
from webapp.supplies.labels import label
from webapp.supplies.labels.label import Label
from webapp.supplies.labels.pdf import LabelFace
from webapp.supplies.models import Match


@pytest.fixture
def relief(app: Flask) -> Relief:
    return a_relief(drill=True)


def a_shipment(relief: Relief, quantity: int, **offer: Any) -> Match:
    answer = relief.offer("citizen", quantity, **offer)
    assert refused(relief.request(quantity, offer=answer.id)) == ""
    return relief.match_of(answer.id)


def faces_of(relief: Relief, match: Match) -> list[LabelFace]:
    key = label_keys.current(relief.log)
    return label_desk.faces_of(db.session(), match, relief.parcels_of(match.id), key)


def test_each_box_has_a_label_that_the_municipality_signed(relief: Relief) -> None:
    match = a_shipment(
        relief, 60, item="F01", variant="plain", best_before=20_310_131, allergens=["egg", "milk"]
    )
    boxes = [{"quantity": quantity, "best_before": 20_310_131} for quantity in (40, 20)]
    assert refused(relief.say("citizen", kinds.PACKED, {"match": match.id, "parcels": boxes})) == ""
    first, second = faces_of(relief, match)
    assert (first.quantity, first.k, second.quantity, second.k, second.n) == ("40食", 1, "20食", 2, 2)
    assert (first.item, first.dated) == ("アルファ化米 白飯", "賞味期限 2031年1月31日")
    assert first.allergens == "アレルゲン 含む: 卵・乳"
    assert (first.drill, first.disaster, first.address) == (True, "令和8年最上地震", "山形県最上郡最上町")
    said = label.read(second.text)
    assert isinstance(said, Label)
    assert said.is_signed_by(label_keys.public_keys(db.session(), relief.log)[0]["key"])
    c = said.contents
    assert (c.parcel, c.quantity, c.shelter, c.drill, c.allergens) == (
        second.code, 20, relief.shelters[0], True, 0b110_0000,
    )  # fmt: skip


def test_the_key_stands_in_the_log_before_the_first_label(relief: Relief) -> None:
    a_shipment(relief, 40)
    said = [entry.kind for entry in read(db.session(), relief.log)]
    assert said.index(label_keys.LABEL_KEY) < said.index(kinds.LABELLED)


def test_goods_that_are_no_food_say_nothing_of_allergens_and_heavy_boxes_say_so(relief: Relief) -> None:
    (blanket,) = faces_of(relief, a_shipment(relief, 12, item="B01", variant=""))
    assert (blanket.allergens, blanket.marks) == (None, ("heavy",))
    (bottles,) = faces_of(relief, a_shipment(relief, 2, item="F01", variant="", best_before=20_310_131))
    assert bottles.allergens is not None
    assert "申告なし" in bottles.allergens


def test_goods_for_a_shelter_behind_a_hub_are_addressed_to_the_hub(relief: Relief) -> None:
    hub, final = relief.shelters
    told = {"name": "第1体育館", "address": "集積拠点の住所", "phone": "0233-00-0000"}
    body = {"shelter": hub, "receive_mode": "depot", "accept_policy": "anyone"}
    assert refused(relief.say("officer", kinds.SHELTER_SET, body, told)) == ""
    body = {"shelter": final, "receive_mode": "hub", "accept_policy": "anyone", "hub": hub}
    assert refused(relief.say("officer", kinds.SHELTER_SET, body, {"name": "第2体育館"})) == ""
    answer = relief.offer("citizen", 10)
    relief.request(10, offer=answer.id, shelter=1)
    (face,) = faces_of(relief, relief.match_of(answer.id))
    assert (face.address, face.is_held, bool(face.onward)) == ("集積拠点の住所", True, True)
    said = label.read(face.text)
    assert isinstance(said, Label)
    assert said.contents.shelter == final


def test_the_labels_of_a_shipment_are_one_pdf_and_a_cancelled_one_has_none(
    relief: Relief, tmp_path: Path
) -> None:
    match = a_shipment(relief, 40)
    pdf = label_desk.pdf(match, "two", now_ms())
    assert isinstance(pdf, bytes)
    (tmp_path / "labels.pdf").write_bytes(pdf)
    words = subprocess.run(
        ["pdftotext", tmp_path / "labels.pdf", "-"], check=True, capture_output=True, text=True
    )
    assert "40個" in words.stdout
    assert refused(relief.say("citizen", kinds.CANCELLED, {"match": match.id, "by": "sender"})) == ""
    assert label_desk.pdf(match, "two", now_ms()) == Refusal("supplies.no_labels", {})
