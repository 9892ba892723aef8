"""Places of an organisation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.identity import a_person, an_organisation, log_in
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.places import queries
from webapp.kernel.places.models import Place
from webapp.kernel.places.service import parse_position, show_position


@pytest.fixture
def officer(client):
    person = a_person("officer", an_organisation(name="最上町"))
    log_in(client, person)
    return person


def a_form(**fields):
    return {
        "id": new_id(),
        "name": "最上町役場",
        "kind": "town_hall",
        "address": "山形県最上郡最上町大字向町644",
        "position": "38.758611, 140.519722",
    } | fields


def test_a_place_is_entered_once_shown_and_changed(client, officer):
    form = a_form()
    for _ in range(2):
        assert client.post("/places/new", data=form).status_code == 302
    place = db.session.query(Place).one()
    assert (place.lat_e6, place.lon_e6) == (38_758_611, 140_519_722)
    assert "最上町役場" in client.get("/places").text
    assert "38.758611, 140.519722" in client.get(f"/places/{place.id}").text
    client.post(f"/places/{place.id}", data=a_form(name="旧役場", kind="depot", position=""))
    assert "利用停止" in client.get("/places").text
    assert queries.places_of(officer.organisation_id, only_active=True) == []
    assert queries.names_of({place.id, "x"}) == {place.id: "旧役場"}


def test_an_empty_list_speaks_of_its_own_kind_of_place_and_says_where_shelters_are(client, officer):
    page = client.get("/places").text
    assert "役場や保管場所は、まだ登録されていません" in page
    assert 'href="/supplies/shelters"' in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "場所の名前"),
        ({"kind": ""}, "種類を選んで"),
        ({"kind": "moon"}, "種類を選んで"),
        ({"position": "役場"}, "緯度と経度は"),
        ({"position": "140.519722, 38.758611"}, "並びは緯度、経度"),
        ({"position": "38.7"}, "緯度と経度は"),
    ],
)
def test_a_wrong_field_is_said_and_nothing_is_kept(client, officer, fields, sentence):
    answer = client.post("/places/new", data=a_form(**fields))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.query(Place).count() == 0


def test_places_of_another_organisation_are_not_there(client, officer, app):
    other = app.test_client()
    log_in(other, a_person("officer"))
    form = a_form(name="よその倉庫")
    other.post("/places/new", data=form)
    assert "よその倉庫" not in client.get("/places").text
    assert client.get(f"/places/{form['id']}").status_code == 404
    assert client.post(f"/places/{form['id']}", data=a_form()).status_code == 404
    assert client.post("/places/new", data=form).status_code == 422
    assert client.post("/places/new", data=a_form(id="1")).status_code == 400


def test_a_driver_manages_no_places(client):
    log_in(client, a_person("driver"))
    assert client.get("/places").status_code == 403


@pytest.mark.parametrize(
    "text", ["38.758611,140.519722", "３８．７５８６１１、１４０．５１９７２２", " 38.758611 140.519722 "]
)
def test_a_position_is_read_as_people_copy_it(text):
    assert parse_position(text) == (38_758_611, 140_519_722)


@given(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))
def test_a_position_shown_reads_back_the_same(lat, lon):
    assert parse_position(show_position(lat, lon)) == (lat, lon)


@given(st.text(max_size=60))
def test_any_text_is_a_position_nothing_or_a_refusal(text):
    assert isinstance(parse_position(text), tuple | Refusal | None)
