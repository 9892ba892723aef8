"""Photos through HTTP: sent as often as the network needs, shown only to those who may see them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.identity import a_person, log_in
from tests.kernel.evidence.photos import a_photo, png_claiming, sha
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.evidence import queries, service, store
from webapp.kernel.evidence.models import EvidenceFile
from webapp.kernel.identity.models import Organisation

PHOTO = a_photo()
APP = {"X-Ashiato": "1"}


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """An officer is logged in, and may see every photo."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["evidence_access"] = lambda _sha: True
    app.extensions["evidence_seen"] = lambda _sha: None
    return logged_in(app, "officer")


def logged_in(app: Flask, role: str) -> FlaskClient:
    client = app.test_client()
    log_in(client, a_person(role))
    return client


def put(client: FlaskClient, data: bytes, name: str = "", **headers: str) -> TestResponse:
    return client.put(f"/api/evidence/{name or sha(data)}", data=data, headers={**APP, **headers})


def get(client: FlaskClient, name: str, size: str = "view", **headers: str) -> TestResponse:
    return client.get(f"/api/evidence/{name}?size={size}", headers=headers, buffered=True)


def root(app: Flask) -> Path:
    return Path(app.config["EVIDENCE_DIR"])


def test_a_photo_is_kept_with_what_is_known_of_it(app: Flask, phone: FlaskClient) -> None:
    answer = put(phone, PHOTO)
    assert (answer.status_code, answer.json) == (201, {"sha256": sha(PHOTO), "size": len(PHOTO)})
    known = db.session.get_one(EvidenceFile, sha(PHOTO))
    assert (known.media_type, known.size, known.width, known.height) == ("image/jpeg", len(PHOTO), 1600, 1200)
    assert store.place(root(app), sha(PHOTO)).read_bytes() == PHOTO


def test_sending_a_photo_again_changes_nothing(phone: FlaskClient) -> None:
    put(phone, PHOTO)
    again = put(phone, PHOTO)
    assert (again.status_code, again.json) == (200, {"sha256": sha(PHOTO), "size": len(PHOTO)})


@pytest.mark.parametrize("lost", ["row", "file"])
def test_sending_again_mends_what_a_crash_or_a_restore_left(
    app: Flask, phone: FlaskClient, lost: str
) -> None:
    # given a photo of which only one half is left
    put(phone, PHOTO)
    if lost == "file":
        store.place(root(app), sha(PHOTO)).unlink()
    else:
        with transaction() as session:
            session.delete(session.get_one(EvidenceFile, sha(PHOTO)))
    assert not service.is_kept(root(app), sha(PHOTO))
    # when the phone sends it again
    answer = put(phone, PHOTO)
    # then it is whole
    assert answer.status_code == 201
    assert service.is_kept(root(app), sha(PHOTO))


def test_an_upload_cut_on_the_way_leaves_nothing_and_can_be_repeated(app: Flask, phone: FlaskClient) -> None:
    cut = put(phone, PHOTO[: len(PHOTO) // 2], name=sha(PHOTO))
    assert (cut.status_code, cut.get_json()["code"]) == (422, "evidence.hash_mismatch")
    assert "もう一度" in cut.get_json()["text"]
    assert queries.file(sha(PHOTO)) is None
    assert not root(app).exists()
    assert put(phone, PHOTO).status_code == 201


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"just text, named .jpg", 422, "evidence.not_an_image"),
        (png_claiming(20_000, 20_000), 422, "evidence.image_too_large"),
        (PHOTO + b"PK", 422, "evidence.more_than_image"),
        (PHOTO + b"\0" * store.MAX_BYTES, 413, "evidence.file_too_large"),
    ],
    ids=["text", "bomb", "polyglot", "too big"],
)
def test_what_is_no_photo_is_refused_and_not_kept(
    app: Flask, phone: FlaskClient, data: bytes, status: int, code: str
) -> None:
    answer = put(phone, data, **{"Content-Type": "image/jpeg"})
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert queries.file(sha(data)) is None
    assert not root(app).exists()


@pytest.mark.parametrize("name", ["abc", "A" * 64, "g" * 64, "..%2f..%2fetc%2fpasswd", "0" * 63])
def test_a_name_that_is_no_hash_is_refused(phone: FlaskClient, name: str) -> None:
    assert put(phone, PHOTO, name=name).status_code in {400, 404}
    assert get(phone, name).status_code in {400, 404}


def test_nobody_no_other_site_and_no_shelter_may_send_photos(app: Flask, phone: FlaskClient) -> None:
    assert put(app.test_client(), PHOTO).status_code == 401
    assert put(phone, PHOTO, **{"X-Ashiato": "no"}).get_json()["code"] == "base.missing_header"
    assert put(logged_in(app, "shelter"), PHOTO).status_code == 403


@pytest.mark.parametrize(
    ("size", "kind"), [("thumb", "image/jpeg"), ("view", "image/jpeg"), ("original", "image/png")]
)
def test_a_photo_is_served_so_that_a_browser_shows_a_picture_or_nothing(
    phone: FlaskClient, size: str, kind: str
) -> None:
    put(phone, a_photo("PNG", (500, 400)))
    answer = get(phone, sha(a_photo("PNG", (500, 400))), size)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith("attachment" if size == "original" else "inline")
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]


def test_the_original_is_byte_for_byte_what_was_hashed(phone: FlaskClient) -> None:
    put(phone, PHOTO)
    assert sha(get(phone, sha(PHOTO), "original").data) == sha(PHOTO)


def test_a_photo_that_the_browser_has_is_not_sent_again(phone: FlaskClient) -> None:
    put(phone, PHOTO)
    first = get(phone, sha(PHOTO), "thumb")
    again = get(phone, sha(PHOTO), "thumb", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_unknown_size_is_malformed(phone: FlaskClient) -> None:
    put(phone, PHOTO)
    assert get(phone, sha(PHOTO), "huge").status_code == 400


@pytest.mark.parametrize("access", [None, lambda _sha: False])
def test_a_photo_that_one_may_not_see_looks_like_one_that_is_awaited(
    app: Flask, phone: FlaskClient, access: Callable[[str], bool] | None
) -> None:
    put(phone, PHOTO)
    app.extensions["evidence_access"] = access
    hidden = get(phone, sha(PHOTO))
    app.extensions["evidence_access"] = lambda _sha: True
    awaited = get(phone, "0" * 64)
    assert hidden.status_code == awaited.status_code == 404
    assert hidden.json == awaited.json


def test_a_photo_is_not_shown_without_login(app: Flask, phone: FlaskClient) -> None:
    put(phone, PHOTO)
    assert get(app.test_client(), sha(PHOTO)).status_code == 401


def test_what_is_present_tells_what_is_awaited(phone: FlaskClient) -> None:
    put(phone, PHOTO)
    many = {f"{number:064x}" for number in range(1_200)}
    assert queries.present(many | {sha(PHOTO)}) == {sha(PHOTO)}
    assert queries.present([]) == set()


def test_who_has_sent_too_much_today_is_told_so_and_may_send_again_tomorrow(
    app: Flask, phone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given room for one photo a day and person
    monkeypatch.setattr(service, "MOST_A_PERSON", len(PHOTO) + 1)
    assert put(phone, PHOTO).status_code == 201
    # when the second comes
    answer = put(phone, other := a_photo(size=(640, 480)))
    # then it is refused in words, nothing is kept, and what is here already may be sent as often as one likes
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["code"] == "evidence.quota_person"
    assert "24時間に送れる写真の量" in answer.json["text"]
    assert not store.place(root(app), sha(other)).exists()
    assert put(phone, PHOTO).status_code == 200
    # and another person of the same organisation is not stopped
    assert put(logged_in(app, "officer"), other).status_code == 201
    # and a day later there is room again
    with transaction() as session:
        session.get_one(EvidenceFile, sha(PHOTO)).uploaded_at -= DAY
    assert put(phone, a_photo(size=(640, 400))).status_code == 201


def test_an_organisation_has_its_limit_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_AN_ORGANISATION", len(PHOTO) + 1)
    monkeypatch.setattr(service, "A_DAYS_WORK", 0)
    one = a_person("officer")
    colleague = a_person("officer", db.session.get_one(Organisation, one.organisation_id))
    first, second = app.test_client(), app.test_client()
    log_in(first, one)
    log_in(second, colleague)
    assert put(first, PHOTO).status_code == 201
    answer = put(second, a_photo(size=(640, 480)))
    assert (answer.status_code, answer.json and answer.json["code"]) == (422, "evidence.quota_organisation")
    assert put(logged_in(app, "officer"), a_photo(size=(640, 480))).status_code == 201
