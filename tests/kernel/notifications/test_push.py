"""Web Push, against a push server of our own that opens what it gets with the phone's keys."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from py_vapid import Vapid02  # type: ignore[import-untyped]

from tests.factories.custody import NOW, Town, a_town
from tests.factories.identity import log_in
from tests.kernel.notifications.post_office import Clock, Office, a_notice, a_sender, an_office
from webapp.kernel.base.clock import DAY, HOUR, MINUTE
from webapp.kernel.base.db import db
from webapp.kernel.base.fetch import Unreachable, fetch, is_public
from webapp.kernel.notifications import push
from webapp.kernel.notifications.models import NoticePush, PushSubscription

HEADERS = {"X-Ashiato": "1"}


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Phone:
    """An installed app: its keys, and what its push server was told."""

    url: str = ""
    status: int = 201
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes it"
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def subscription(self) -> dict[str, Any]:
        """As the browser's toJSON() gives it."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text_of(point), "auth": text_of(self.auth)}
        return {"endpoint": self.url, "expirationTime": None, "keys": keys}

    def take(self, headers: dict[str, str], body: bytes) -> None:
        self.headers.append(headers)
        opened = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        self.heard.append(json.loads(opened))


@pytest.fixture
def phone() -> Iterator[Phone]:
    found = Phone()

    class Handler(BaseHTTPRequestHandler):
        """The browser company's server."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.status == 201:
                found.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/push/abc"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as found:
        yield found


@pytest.fixture
def town(app: Flask) -> Town:
    app.config["PUSH_TO_THIS_MACHINE"] = True
    return a_town()


@pytest.fixture
def driver(client: FlaskClient, town: Town) -> FlaskClient:
    log_in(client, town.people["driver"])
    return client


def test_an_installed_app_is_told_and_only_it_can_read_it(
    driver: FlaskClient, town: Town, phone: Phone, office: Office
) -> None:
    assert driver.post("/api/push/subscription", json=phone.subscription, headers=HEADERS).status_code == 201
    key = driver.get("/api/push").json["key"]
    told = a_notice(town, "driver", "m1")
    assert a_sender(office).round().pushed == 1
    assert phone.heard == [
        {"title": "【足あと】お知らせ m1", "body": "発送されました。", "url": "/t/1", "tag": told}
    ]
    (headers,) = phone.headers
    assert headers["authorization"].endswith(f",k={key}")
    assert Vapid02.verify(headers["authorization"])
    assert (headers["ttl"], headers["topic"]) == ("86400", told.replace("-", ""))
    assert a_sender(office).is_due() is False


def test_a_push_server_that_is_down_is_asked_again_and_a_removed_app_is_forgotten(
    driver: FlaskClient, town: Town, phone: Phone, office: Office
) -> None:
    driver.post("/api/push/subscription", json=phone.subscription, headers=HEADERS)
    a_notice(town, "driver", "m1")
    clock, phone.status = Clock(), 503
    sender = a_sender(office, clock)
    sender.round()
    assert not sender.is_due()
    clock.now, phone.status = NOW + MINUTE, 201
    assert sender.round().pushed == 1
    a_notice(town, "driver", "m2", after_ms=HOUR)
    clock.now, phone.status = NOW + HOUR, 410
    sender.round()
    assert (db.session.query(NoticePush).count(), db.session.query(PushSubscription).count()) == (0, 0)


def test_after_a_day_a_message_is_no_news(
    driver: FlaskClient, town: Town, phone: Phone, office: Office
) -> None:
    driver.post("/api/push/subscription", json=phone.subscription, headers=HEADERS)
    a_notice(town, "driver", "m1")
    clock, phone.status = Clock(), 503
    sender = a_sender(office, clock)
    sender.round()
    clock.now, phone.status = NOW + DAY + HOUR, 201
    sender.round()
    assert (phone.heard, db.session.query(NoticePush).count()) == ([], 0)


def test_a_person_switches_it_off(driver: FlaskClient, town: Town, phone: Phone, office: Office) -> None:
    driver.post("/api/push/subscription", json=phone.subscription, headers=HEADERS)
    driver.delete("/api/push/subscription", json={"endpoint": phone.url}, headers=HEADERS)
    a_notice(town, "driver", "m1")
    a_sender(office).round()
    assert phone.heard == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://push.example.com:22/x",
        "https://a@push.example.com/x",
        "https://push.example.com/" + "x" * 1_000,
        "https://[",
    ],
)
def test_only_push_servers_of_the_open_internet_are_taken(
    app: Flask, driver: FlaskClient, phone: Phone, endpoint: str
) -> None:
    app.config["PUSH_TO_THIS_MACHINE"] = False
    asked = phone.subscription | {"endpoint": endpoint}
    assert driver.post("/api/push/subscription", json=asked, headers=HEADERS).status_code in {400, 422}


def test_keys_that_are_none_are_refused(app: Flask, driver: FlaskClient, phone: Phone) -> None:
    for keys in (
        {"p256dh": "AAAA", "auth": text_of(phone.auth)},
        phone.subscription["keys"] | {"auth": "AAAA"},
    ):
        asked = phone.subscription | {"keys": keys}
        assert driver.post("/api/push/subscription", json=asked, headers=HEADERS).status_code == 422
    assert (
        app.test_client().post("/api/push/subscription", json=phone.subscription, headers=HEADERS).status_code
        == 401
    )


def test_a_name_that_leads_into_our_own_network_is_not_asked() -> None:
    with pytest.raises(Unreachable, match="not of the open internet"):
        fetch("POST", "https://localhost/x", b"", limit=1, within_s=1, public_only=True)
    inside = "127.0.0.1 10.1.2.3 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 ::1 fe80::1 fd00::1"
    wrapped = "::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"
    assert not [address for address in f"{inside} {wrapped}".split() if is_public(address)]
    assert is_public("203.0.114.1")
    assert is_public("2606:4700::1111")


def test_the_key_is_made_once_and_stays(app: Flask, driver: FlaskClient) -> None:
    first = driver.get("/api/push").json["key"]
    app.extensions.pop("vapid_key")
    assert driver.get("/api/push").json["key"] == first
    app.config["PRODUCTION"] = True
    assert driver.get("/api/push").status_code == 404


def test_one_person_has_few_apps(app: Flask, town: Town, phone: Phone) -> None:
    keys = phone.subscription["keys"]
    for number in range(push.MOST_APPS + 3):
        assert (
            push.subscribe("a-person", f"{phone.url}/{number}", keys["p256dh"], keys["auth"], NOW + number)
            is None
        )
    assert db.session.query(PushSubscription).count() == push.MOST_APPS
