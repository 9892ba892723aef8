"""The log over HTTP: what C2SP tlog-tiles asks for, to those who may read it."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.ledger import LOG, ORIGIN, Witness, a_log, a_signer, admit, listening, write
from tests.kernel.intake.test_query_counts import counted
from webapp.kernel.base.clock import MINUTE, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.ledger import publication
from webapp.kernel.ledger.models import LedgerEntry, LedgerNode
from webapp.kernel.tlog import checkpoints, notes, policies, proof_files, tiles
from webapp.kernel.tlog.members import show
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import SigningKey, VerifyKey
from webapp.kernel.tlog.tiles import Tile
from webapp.kernel.witnesses.publisher import Publisher
from webapp.signer.client import SignerClient

NODE = Witness("shinjo")
SIZE = 600


@pytest.fixture
def signer(app: Flask, tmp_path: Path) -> Iterator[SignerClient]:
    with a_signer(tmp_path / "signer") as running:
        yield running


@pytest.fixture
def town(signer: SignerClient) -> str:
    """A log of 600 entries, signed and cosigned by one node, and two more entries that are not signed."""
    town = an_organisation(lg_code=LOG).id
    a_log(entries=SIZE, organisation=town)
    NODE.log = signer.open(LOG, ORIGIN)
    NODE.kept.clear()
    NODE.url = ""
    with listening(NODE):
        admit(LOG, NODE)
        Publisher(signer).round()
    write(LOG, 2)
    return town


def get(client: FlaskClient, path: str, key: SigningKey | None = NODE.mirror, **headers: str) -> TestResponse:
    """Ask for a path of the log, as a member node unless told otherwise."""
    where = f"/log/{LOG}/{path}"
    if key:
        headers["Authorization"] = show(key, now_ms(), "GET", where)
    return client.get(where, headers=headers)


def test_checkpoint_key_and_policy_are_for_everybody(town: str, client: FlaskClient) -> None:
    checkpoint, vkey, policy = (get(client, name, None) for name in ("checkpoint", "vkey", "policy"))
    assert {answer.content_type for answer in (checkpoint, vkey, policy)} == {"text/plain; charset=utf-8"}
    assert "max-age=2" in checkpoint.headers["Cache-Control"]
    judged = policies.parse(policy.text).judge(checkpoint.data)
    assert (judged.checkpoint.size, judged.is_enough) == (SIZE, True)
    assert policies.parse(policy.text).logs[0].key == VerifyKey.parse(vkey.text.strip())


def test_a_member_node_can_rebuild_the_tree_from_tiles_and_entries(town: str, client: FlaskClient) -> None:
    head = checkpoints.parse(notes.parse(get(client, "checkpoint").data).text)
    frontier = Frontier()
    for tile in tiles.bundles_of(head.size):
        answer = get(client, tile.path())
        assert answer.content_type == "application/octet-stream"
        for entry in tiles.unpack(answer.data):
            frontier.push(leaf_hash(entry))
    assert frontier.root() == head.root
    node = tiles.node_from(lambda level, number: _tile(client, level, number, head.size))
    assert tiles.hashes(get(client, "tile/1/000.p/2").data) == [node(8, 0), node(8, 1)]


def _tile(client: FlaskClient, level: int, number: int, size: int) -> bytes:
    width = min((size >> 8 * level) - 256 * number, 256)
    return bytes(get(client, Tile(level, number, width).path()).data)


def test_full_tiles_may_be_kept_for_ever_but_not_by_shared_caches(town: str, client: FlaskClient) -> None:
    full, partial = get(client, "tile/0/000"), get(client, "tile/0/002.p/88")
    assert full.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert partial.headers["Cache-Control"] == "private, no-store"
    assert (len(full.data), len(partial.data)) == (256 * 32, 88 * 32)


def test_entries_are_packed_for_who_says_so(town: str, client: FlaskClient) -> None:
    plain = get(client, "tile/entries/000")
    packed = get(client, "tile/entries/000", NODE.mirror, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002.p/89",  # recorded, and not signed yet
        "tile/entries/002.p/90",
        "tile/0/002",
        "tile/0/003",
        "tile/2/000.p/1",
        "tile/0/2",
        "tile/0/x000/000",
        "tile/x/000",
        "tile/64/000",
        "tile/0/000.p/256",
    ],
)
def test_what_the_signed_tree_does_not_have_is_not_served(town: str, client: FlaskClient, path: str) -> None:
    assert get(client, path).status_code == 404


def test_strangers_get_nothing(town: str, client: FlaskClient) -> None:
    assert get(client, "tile/0/000", None).status_code == 401
    where = f"/log/{LOG}/tile/0/000"
    old = show(NODE.mirror, now_ms() - 6 * MINUTE, "GET", where)
    elsewhere = show(NODE.mirror, now_ms(), "GET", f"/log/{LOG}/tile/0/001")
    posted = show(NODE.mirror, now_ms(), "POST", where)
    stranger = show(SigningKey(NODE.mirror.name, 1, b"s" * 32), now_ms(), "GET", where)
    for header in (
        old,
        elsewhere,
        posted,
        stranger,
        "Ashiato-Node x",
        "Ashiato-Node a 1 !",
        "Ashiato-Node a  b",
    ):
        assert client.get(where, headers={"Authorization": header}).status_code == 401
    assert get(client, "tile/0/000", NODE.key).status_code == 401  # the cosigning key opens nothing


def test_a_retired_node_reads_no_longer(town: str, client: FlaskClient) -> None:
    with transaction() as session:
        session.get_one(LedgerNode, (LOG, NODE.key.name)).retired_at = 601
    assert get(client, "tile/0/000").status_code == 401


@pytest.mark.parametrize(
    ("role", "status"), [("auditor", 200), ("officer", 200), ("admin", 200), ("shelter", 403)]
)
def test_the_towns_own_auditors_officers_and_administrators_read(
    town: str, client: FlaskClient, role: str, status: int
) -> None:
    person = a_person(role, db.session.get_one(_organisation(), town))
    log_in(client, person)
    assert get(client, "tile/entries/000", None).status_code == status
    assert client.get(f"/api/ledger/{LOG}/proofs/{_entry(5)}").status_code == status


def test_auditors_of_another_town_do_not(town: str, client: FlaskClient) -> None:
    log_in(client, a_person("auditor"))
    assert get(client, "tile/entries/000", None).status_code == 403
    assert get(client, "checkpoint", None).status_code == 200


def _organisation() -> type:
    from webapp.kernel.identity.models import Organisation

    return Organisation


def _entry(index: int) -> str:
    return str(db.session.query(LedgerEntry.id).filter_by(log=LOG, index=index).scalar())


def test_a_proof_can_be_checked_without_us(town: str, client: FlaskClient) -> None:
    log_in(client, a_person("auditor", db.session.get_one(_organisation(), town)))
    policy = policies.parse(get(client, "policy", None).text)
    answer = client.get(f"/api/ledger/{LOG}/proofs/{_entry(300)}")
    entry = db.session.query(LedgerEntry).filter_by(log=LOG, index=300).one().raw
    assert answer.content_type == "text/plain; charset=utf-8"
    assert ".tlog-proof" in answer.headers["Content-Disposition"]
    assert proof_files.verify(proof_files.parse(answer.data), entry, policy).is_enough
    with pytest.raises(ValueError, match="another root"):
        proof_files.verify(proof_files.parse(answer.data), entry + b" ", policy)
    assert client.get(f"/api/ledger/{LOG}/proofs/{_entry(601)}").status_code == 409
    assert client.get(f"/api/ledger/{LOG}/proofs/nothing").status_code == 404


def test_a_log_that_does_not_exist_is_not_found(town: str, client: FlaskClient) -> None:
    assert client.get("/log/999999/checkpoint").status_code == 404
    assert client.get("/log/999999/vkey").status_code == 404


def test_without_a_signer_the_checkpoint_stays_and_the_key_is_asked_for_later(
    app: Flask, client: FlaskClient
) -> None:
    a_log(entries=1)
    assert get(client, "vkey", None).status_code == 503
    assert get(client, "checkpoint", None).status_code == 404
    assert client.get("/healthz").status_code == 200


def test_a_proof_costs_no_more_statements_than_there_are_levels(app: Flask) -> None:
    a_log(entries=5)
    costs = []
    for size in (5, 1_000, 70_000):
        write(LOG, size - publication.head(db.session(), LOG).size)
        _sign_unseen(size)
        with counted() as said:
            publication.proof(db.session(), LOG, size // 3)
        costs.append(len(said))
    assert costs[0] <= costs[1] <= costs[2] <= 10, costs


def _sign_unseen(size: int) -> None:
    key = SigningKey(ORIGIN, notes.SIGNATURE, b"k" * 32)
    with transaction() as session:
        text = publication.head(session, LOG).text()
        publication.keep_signed(session, LOG, notes.Note(text, (key.sign(text),)).render(), 1)
