"""What is committed to in the log can be opened as long as the vault remembers it."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.identity import MORNING
from webapp.kernel.base.db import db, transaction
from webapp.kernel.ledger import vault
from webapp.kernel.ledger.models import VaultRecord

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "commitments.json").read_text())["commitments"]
LOG = "063622"


@pytest.mark.parametrize("case", VECTORS)
def test_the_phone_and_the_server_commit_alike(case: dict[str, Any]) -> None:
    assert vault.Opening(case["salt"], case["data"]).commit == case["commit"]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.dictionaries(
        st.sampled_from(["serial", "note"]),
        TEXT,
    )
)
def test_the_same_words_are_never_committed_to_alike(data: dict[str, str]) -> None:
    first, second = vault.seal(data), vault.seal(data)
    assert first.commit != second.commit
    assert vault.Opening(first.salt, data).commit == first.commit


def keep(*openings: tuple[str, vault.Opening]) -> None:
    with transaction() as session:
        vault.keep(session, LOG, openings)


def test_what_was_kept_is_read_by_its_subject(app: Flask) -> None:
    keep(("pc-1", vault.seal({"serial": "A1"})), ("pc-2", vault.seal({"serial": "A2"})))
    assert vault.read(db.session(), LOG, ["pc-1", "pc-9"]) == {"pc-1": {"serial": "A1"}}
    assert vault.read(db.session(), "062014", ["pc-1"]) == {}


def test_keeping_twice_is_keeping_once(app: Flask) -> None:
    opening = vault.seal({"serial": "A1"})
    keep(("pc-1", opening))
    keep(("pc-1", opening))
    assert db.session.query(VaultRecord).count() == 1


def test_forty_thousand_openings_are_kept_at_once(app: Flask) -> None:
    keep(*((f"pc-{n}", vault.seal({"n": n})) for n in range(40_000)))
    assert db.session.query(VaultRecord).count() == 40_000


def test_erasing_takes_data_and_salt_and_leaves_the_commitment(app: Flask) -> None:
    opening = vault.seal({"serial": "A1"})
    keep(("pc-1", opening), ("pc-2", vault.seal({"serial": "A2"})))
    with transaction() as session:
        assert vault.erase(session, LOG, "pc-1", MORNING) == 1
    row = db.session.get_one(VaultRecord, opening.commit)
    assert (row.salt, row.data, row.erased_at) == (None, None, MORNING)
    assert vault.read(db.session(), LOG, ["pc-1", "pc-2"]) == {"pc-2": {"serial": "A2"}}


def test_what_was_erased_does_not_come_back_with_a_second_sending(app: Flask) -> None:
    opening = vault.seal({"serial": "A1"})
    keep(("pc-1", opening))
    with transaction() as session:
        vault.erase(session, LOG, "pc-1", MORNING)
        assert vault.erase(session, LOG, "pc-1", MORNING) == 0
    keep(("pc-1", opening))
    assert vault.read(db.session(), LOG, ["pc-1"]) == {}
