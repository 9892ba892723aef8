"""An officer at a desk: log in, open pages, upload lists; and what a page says."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from tests.factories.custody import Journey, Town
from tests.factories.identity import found, log_in
from webapp.kernel.base.db import db
from webapp.kernel.reconciliation.models import DiscrepancyRow

LIST = (Path(__file__).parents[1] / "data" / "mogami_devices.csv").read_bytes()
HEADER = "管理番号,種別,メーカー,品名,製造番号,記憶装置,記憶装置製造番号,機密性,設置場所"
STAFF_PAGES = ("", "/devices", "/cages", "/labels", "/questions", "/import")


def as_(client: FlaskClient, town: Town, who: str) -> FlaskClient:
    """The client, logged in as one of the town's people."""
    assert log_in(client, town.people[who]).status_code == 302
    return client


def page(client: FlaskClient, town: Town, path: str = "") -> str:
    """A page of the town's consignment."""
    answer = client.get(f"/consignments/{town.job}{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def upload(client: FlaskClient, town: Town, data: bytes, name: str = "一覧.csv") -> TestResponse:
    """Choose this file on the import page."""
    return client.post(f"/consignments/{town.job}/import", data={"file": (io.BytesIO(data), name)})


def preview_of(client: FlaskClient, town: Town, data: bytes) -> tuple[str, str]:
    """Upload; the address of the preview and the page itself."""
    answer = upload(client, town, data)
    assert answer.status_code == 303
    return answer.location, client.get(answer.location).text


def bring_in(client: FlaskClient, town: Town, data: bytes) -> str:
    """Upload and confirm; what the next page says."""
    address, text = preview_of(client, town, data)
    form = {"id": found(r'name="id" value="([^"]+)"', text)}
    return client.post(address, data=form, follow_redirects=True).text


def a_list(*rows: str) -> bytes:
    """A town hall's list in the coding that Excel writes there."""
    return "\r\n".join([HEADER, *rows]).encode("cp932")


def words(html: str) -> str:
    """What is read on the page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def a_seal_that_differs(town: Town) -> str:
    """C-01 left with one seal and arrived with another. The discrepancy's id."""
    j = Journey(town)
    town.send("officer", *j.register(0, 1))
    town.send("technician", *j.sanitize(0, 1))
    town.send("officer", *j.load(0, 1), j.lock([0, 1]), j.hand_over())
    town.send("driver", j.answer())
    town.send("receiver", j.arrive(seal="7734021"))
    return str(db.session.query(DiscrepancyRow).filter_by(code="SEAL_MISMATCH").one().id)


def queries_of(client: FlaskClient, address: str) -> int:
    """How many statements a page costs."""
    seen: list[str] = []
    engine = db.engine

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


class Outline(HTMLParser):
    """Ids, labels and controls of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.headings: list[int] = []
        self.inside_label = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found_here = dict(attrs)
        if found_here.get("id"):
            self.ids.append(str(found_here["id"]))
        if tag == "label":
            self.inside_label += 1
            self.labels.add(str(found_here.get("for")))
        if tag in {"input", "select", "textarea"} and found_here.get("type") != "hidden":
            self.controls.append({**found_here, "labelled": "1" if self.inside_label else None})
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        self.inside_label -= tag == "label"
