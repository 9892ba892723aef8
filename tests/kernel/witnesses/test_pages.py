"""Officers see who watches their log, let nodes in, and may try whether a lie is noticed."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.ledger import LOG, ORIGIN, Witness, a_log, a_signer, admit, listening
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.ledger.models import LedgerNode, NodeRequest, NodeState
from webapp.kernel.tlog import words
from webapp.kernel.witnesses.publisher import Publisher
from webapp.signer.client import SignerClient


@pytest.fixture
def officer(app: Flask, client: FlaskClient) -> FlaskClient:
    """An officer of the town whose log has three entries."""
    town = an_organisation("municipality", lg_code=LOG)
    log_in(client, a_person("officer", town))
    a_log(entries=3, organisation=town.id)
    return client


@pytest.fixture
def signer(app: Flask, tmp_path: Path) -> Iterator[SignerClient]:
    """The town's signer, ready for drills."""
    with a_signer(Path(app.config["INSTANCE"]) / "signer", "--drills") as running:
        running.open(LOG, ORIGIN)
        yield running


@pytest.fixture
def four(officer: FlaskClient, signer: SignerClient) -> Iterator[list[Witness]]:
    """Four nodes that have cosigned everything."""
    nodes = [Witness(name, signer.vkey(ORIGIN)) for name in ("新庄市", "山形県", "山形大学", "県弁護士会")]
    for number, node in enumerate(nodes):
        node.key = type(node.key)(f"node{number}.example/w1", node.key.kind, bytes([number]) * 32)
    with ExitStack() as running:
        running.enter_context(listening(*nodes))
        admit(LOG, *nodes)
        Publisher(signer).round()
        yield nodes


def text_of(page: FlaskClient, path: str = "/ledger") -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.get(path).text))


def test_an_officer_sees_that_everything_is_cosigned_and_by_whom(officer: FlaskClient, four: list[Witness]):
    seen = text_of(officer)
    assert "すべての記録が連署済です" in seen
    assert "あと1つのノードが止まっても、連署は続きます。" in seen
    assert all(node.name in seen for node in four)
    assert seen.count("起きています") == 4


def test_the_eight_words_are_those_of_the_cosigned_checkpoint(officer: FlaskClient, four: list[Witness]):
    checkpoint, _note = four[0].kept[ORIGIN]
    spoken = re.findall(r'spoken__word">([^<]+)<', officer.get("/ledger").text)
    assert spoken == words.of_checkpoint(checkpoint)


def test_a_log_that_nobody_watches_says_so(officer: FlaskClient, signer: SignerClient):
    Publisher(signer).round()
    assert "まだ、だれも見守っていません" in text_of(officer)


def test_a_node_that_holds_another_history_is_an_alarm_with_its_evidence(
    officer: FlaskClient, four: list[Witness]
):
    with transaction() as session:
        session.execute(
            update(NodeState)
            .where(NodeState.name == four[0].key.name)
            .values(disagreed_at=now_ms(), evidence=b"the two notes")
        )
    seen = officer.get("/ledger").text
    assert "食い違いが見つかりました" in seen
    link = re.search(r'href="(/ledger/063622/evidence/[^"]+)"', seen)
    assert link is not None
    assert "the two notes" in officer.get(link[1]).text


def test_a_node_that_asks_becomes_one_of_those_that_watch(officer: FlaskClient, four: list[Witness]):
    fifth = Witness("fifth")
    asked = {"log": LOG, "url": "http://fifth.example", "organisation": "酒田市"}
    keys = {"vkey": fifth.key.public.vkey, "mirror_vkey": fifth.mirror.public.vkey}
    assert (
        officer.post("/api/nodes/requests", json=asked | keys, headers={"X-Ashiato": "1"}).status_code == 202
    )
    seen = text_of(officer)
    assert "酒田市 から申し込み" in seen
    # its keys can be compared by voice, and it is said what the rule becomes
    assert " ".join(words.of_node(keys["vkey"], keys["mirror_vkey"])) in seen
    assert "ノードは5つになり、4つ以上の連署が要るようになります（いまは4つのうち3つ）" in seen
    officer.post(f"/ledger/{LOG}/nodes", data={"vkey": fifth.key.public.vkey})
    assert db.session.get(LedgerNode, (LOG, fifth.key.name)).organisation == "酒田市"
    assert "酒田市のノードを、見守る仲間に加えました" in text_of(officer)


def test_a_node_that_never_asked_cannot_be_let_in(officer: FlaskClient):
    assert officer.post(f"/ledger/{LOG}/nodes", data={"vkey": "x"}).status_code == 404


def test_another_towns_officer_sees_and_changes_nothing_here(app: Flask, four: list[Witness]):
    stranger = app.test_client()
    log_in(stranger, a_person("officer"))
    assert "見守る台帳がありません" in text_of(stranger)
    with transaction() as session:
        session.add(
            NodeRequest(
                log=LOG, vkey="v", mirror_vkey="m", url="http://x.example", organisation="x", asked_at=1
            )
        )
    for path in (f"/ledger/{LOG}/nodes", f"/ledger/{LOG}/drill"):
        app.config["LEDGER_DRILL"] = True
        assert stranger.post(path, data={"vkey": "v"}).status_code == 404


def test_in_a_drill_a_node_notices_the_lie_and_the_log_stays_as_it_is(
    app: Flask, officer: FlaskClient, four: list[Witness]
):
    app.config["LEDGER_DRILL"] = True
    before = [node.kept[ORIGIN] for node in four]
    answer = officer.post(f"/ledger/{LOG}/drill", follow_redirects=True)
    told = (
        r"のノードにだけ、うその記録を見せました → .+のノードが.+[\d.]+秒で見破.+ → ほんものの記録は3件のまま"
    )
    assert re.search(told, answer.text)
    assert [node.kept[ORIGIN] for node in four] == before
    # and the last drill is still there tomorrow, with its date
    assert re.search(r"前の訓練（\d+年\d+月\d+日 [\d:]+）：.+見破", text_of(officer))


def test_a_node_that_believes_the_lie_is_told_on(app: Flask, officer: FlaskClient, four: list[Witness]):
    app.config["LEDGER_DRILL"] = True
    for node in four:
        node.instead = lambda _path, _body: (200, {}, b"")
    assert "うその台帳を受け入れました" in officer.post(f"/ledger/{LOG}/drill", follow_redirects=True).text


def test_there_are_no_drills_where_it_counts(officer: FlaskClient, four: list[Witness]):
    assert officer.post(f"/ledger/{LOG}/drill").status_code == 404
    assert "訓練" not in text_of(officer)


def test_the_page_asks_for_nothing_new_when_nothing_happened(officer: FlaskClient, four: list[Witness]):
    first = officer.get("/ledger/live")
    again = officer.get(f"/ledger/live?rev={first.headers['X-Rev']}")
    assert (first.status_code, again.status_code) == (200, 204)


@pytest.mark.parametrize(
    ("language", "words_"),
    [
        ("ja", "なぜ書き換えられないのか"),
        ("en", "Why the record cannot be rewritten"),
        ("ja_easy", "どうして"),
    ],
)
def test_anybody_can_read_why_the_record_cannot_be_rewritten(client: FlaskClient, language: str, words_: str):
    assert words_ in client.get(f"/why?lang={language}").text
