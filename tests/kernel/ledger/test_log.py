"""A log that somebody has touched says so."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select, text

from tests.conftest import ON_POSTGRES
from tests.factories.identity import MORNING
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.ids import new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.ledger.entries import By
from webapp.kernel.ledger.log import Draft, lock_heads, open_log, read
from webapp.kernel.ledger.models import LedgerEntry, LedgerTile, SignedCheckpoint
from webapp.kernel.ledger.verification import verify
from webapp.kernel.tlog.checkpoints import Checkpoint
from webapp.kernel.tlog.merkle import Frontier, leaf_hash
from webapp.kernel.tlog.notes import SIGNATURE, Note, SigningKey

BY = By("p-00000000000000000000", "org", ("officer",))


def a_log(log: str = "063622", *, entries: int = 0) -> str:
    with transaction() as session:
        open_log(session, log, f"log.example/{log}", "最上町", new_id(), MORNING)
    write(log, *(f"entry {number}" for number in range(entries)))
    return log


def write(log: str, *said: str) -> None:
    """One transaction with these entries."""
    drafts = [Draft(new_id(), "kernel.said", BY, {"body": {"said": word}}, {}) for word in said]
    with transaction() as session:
        lock_heads(session, [log]).append(session, log, drafts, MORNING)


@pytest.fixture
def forger(app: Flask) -> Callable[..., None]:
    """Somebody who can switch off the triggers."""

    def forge(*statements: str, **values: Any) -> None:
        db.session.rollback()
        with db.engine.begin() as connection:
            _disarm(connection)
            for statement in statements:
                connection.execute(text(statement), values)

    return forge


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
        return
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entries'"
    for name in connection.execute(text(query)).scalars().all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def test_a_log_that_nobody_touched_is_whole(app: Flask) -> None:
    log = a_log(entries=20)
    check = verify(db.session(), log)
    assert (check.size, check.fault) == (20, "")


def test_an_empty_log_is_whole(app: Flask) -> None:
    assert verify(db.session(), a_log()).fault == ""


def test_an_unknown_log_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        verify(db.session(), "000000")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0@"), max_size=5), max_size=6),
        max_size=6,
    ),
    number=st.integers(100_000, 999_999),
)
def test_what_was_appended_verifies(app: Flask, batches: list[list[str]], number: int) -> None:
    log = a_log(f"{number}-{new_id()[-9:]}"[:16])
    for batch in batches:
        write(log, *batch)
    check = verify(db.session(), log)
    said = [entry.data["said"] for entry in read(db.session(), log)]
    assert (check.fault, check.size, said) == (
        "",
        sum(map(len, batches)),
        [word for batch in batches for word in batch],
    )


def test_entries_are_read_in_order_whatever_the_chunk(app: Flask) -> None:
    log = a_log(entries=7)
    whole = list(read(db.session(), log))
    assert [entry.index for entry in whole] == list(range(7))
    for chunk in (1, 2, 7, 8):
        assert list(read(db.session(), log, chunk=chunk)) == whole
    assert list(read(db.session(), log, start=5)) == whole[5:]


def test_the_root_is_that_of_the_stored_bytes(app: Flask) -> None:
    log, frontier = a_log(entries=5), Frontier()
    for row in db.session.query(LedgerEntry).order_by(LedgerEntry.index):
        frontier.push(leaf_hash(row.raw))
    assert verify(db.session(), log).root == frontier.root().hex()


EDITED = "UPDATE ledger_entries SET raw = :raw WHERE idx = 3"


def test_an_edited_entry_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger(EDITED, raw=b"{}")
    assert verify(db.session(), log).fault == "entry 3 is not the one that was hashed"


def test_an_entry_that_was_edited_with_its_hash_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    raw = db.session.get_one(LedgerEntry, (log, 3)).raw.replace(b"entry 3", b"entry 4")
    forger("UPDATE ledger_entries SET raw = :raw, leaf = :leaf WHERE idx = 3", raw=raw, leaf=leaf_hash(raw))
    assert verify(db.session(), log).fault.startswith("head says 6 entries")


def test_an_entry_that_is_no_longer_one_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger(
        "UPDATE ledger_entries SET raw = :raw, leaf = :leaf WHERE idx = 3", raw=b"[]", leaf=leaf_hash(b"[]")
    )
    assert verify(db.session(), log).fault == "entry 3 is not an entry of ours"


@pytest.mark.parametrize(
    ("index", "fault"), [(0, "entry 0 is missing"), (3, "entry 3 is missing"), (5, "head says 6")]
)
def test_a_deleted_entry_is_found(app: Flask, forger: Callable[..., None], index: int, fault: str) -> None:
    log = a_log(entries=6)
    forger("DELETE FROM ledger_entries WHERE idx = :index", index=index)
    assert verify(db.session(), log).fault.startswith(fault)


COPY = (
    "INSERT INTO ledger_entries (log, idx, id, kind, recorded_at, leaf, raw)"
    " SELECT log, 6, 'another', kind, recorded_at, leaf, raw FROM ledger_entries WHERE idx = 2"
)


def test_an_inserted_entry_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger(COPY)
    assert verify(db.session(), log).fault == "entry 6 is filed under another id or kind"


@pytest.mark.parametrize("column", ["id", "kind"])
@pytest.mark.parametrize("index", [0, 299])
def test_an_entry_that_is_filed_under_another_name_is_found(
    app: Flask, forger: Callable[..., None], column: str, index: int
) -> None:
    log = a_log(entries=300)
    forger(f"UPDATE ledger_entries SET {column} = 'another' WHERE idx = :index", index=index)
    assert verify(db.session(), log).fault == f"entry {index} is filed under another id or kind"


def test_an_entry_that_is_filed_under_another_time_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger("UPDATE ledger_entries SET recorded_at = recorded_at - 1 WHERE idx = 3")
    assert verify(db.session(), log).fault == "entry 3 is filed under another time"


def test_an_entry_is_found_in_its_bytes_whoever_wrote_it(app: Flask) -> None:
    log = a_log(entries=3)
    for roles in (("officer", "auditor"), ("driver",), ("officer",)):
        by = By(BY.actor, BY.org, roles)
        with transaction() as session:
            drafts = [Draft(new_id(), "kernel.said", by, {"body": {"said": "so"}}, {})]
            lock_heads(session, [log]).append(session, log, drafts, MORNING)
    assert verify(db.session(), log).fault == ""


@pytest.mark.skipif(ON_POSTGRES, reason="a column of bytes holds nothing else there")
def test_a_text_in_the_place_of_the_bytes_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger("UPDATE ledger_entries SET raw = CAST(raw AS TEXT) WHERE idx = 3")
    assert verify(db.session(), log).fault == "entry 3 is not the one that was hashed"


def test_the_cache_of_the_database_is_left_as_it_was(app: Flask) -> None:
    log = a_log(entries=3)
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        verify(db.session(), log)
        assert db.session.connection().exec_driver_sql("PRAGMA cache_size").scalar_one() == usual


def test_entries_in_another_order_are_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger(
        *(
            f"UPDATE ledger_entries SET idx = {new} WHERE idx = {old}"
            for old, new in ((1, 99), (2, 1), (99, 2))
        )
    )
    assert verify(db.session(), log).fault.startswith("head says 6 entries")


def test_a_head_that_was_moved_back_is_found(app: Flask, forger: Callable[..., None]) -> None:
    log = a_log(entries=6)
    forger("UPDATE ledger_heads SET size = 4, frontier = :frontier", frontier=bytes(32))
    assert verify(db.session(), log).fault.startswith("head says 4 entries, 6 give")


def test_one_log_says_nothing_about_another(app: Flask, forger: Callable[..., None]) -> None:
    touched, other = a_log("063622", entries=4), a_log("062014", entries=4)
    forger("DELETE FROM ledger_entries WHERE log = '063622' AND idx = 1")
    assert verify(db.session(), touched).fault == "entry 1 is missing"
    assert verify(db.session(), other).fault == ""


def signed_at(log: str, size: int, root: bytes) -> None:
    """A checkpoint that was signed once."""
    key = SigningKey(f"log.example/{log}", SIGNATURE, bytes(32))
    text_ = Checkpoint(key.name, size, root).text()
    with transaction() as session:
        session.add(
            SignedCheckpoint(
                log=log, size=size, note=Note(text_, (key.sign(text_),)).render(), signed_at=MORNING
            )
        )


def root_at(log: str, size: int) -> bytes:
    frontier = Frontier()
    for row in db.session.scalars(
        select(LedgerEntry.leaf).where(LedgerEntry.log == log).order_by(LedgerEntry.index).limit(size)
    ):
        frontier.push(row)
    return frontier.root()


def test_a_log_of_several_tiles_is_whole_and_its_tiles_are_compared(app: Flask, forger: Callable[..., None]):
    log = a_log(entries=700)
    signed_at(log, 300, root_at(log, 300))
    signed_at(log, 512, root_at(log, 512))
    assert verify(db.session(), log).fault == ""
    tile = db.session.get_one(LedgerTile, (log, 1, 0)).data
    forger("UPDATE ledger_tiles SET data = :data", data=tile[:-1] + bytes([tile[-1] ^ 1]))
    assert verify(db.session(), log).fault == "tile 1/0 is not what its entries give"


@pytest.mark.parametrize("size", [3, 300, 512])
def test_a_log_that_was_rewritten_contradicts_what_was_signed_before(app: Flask, size: int):
    log = a_log(entries=600)
    signed_at(log, size, bytes(32))
    assert verify(db.session(), log).fault == f"the checkpoint signed at {size} entries says another root"


def test_a_log_that_was_cut_to_an_older_state_lacks_what_was_signed(app: Flask):
    log = a_log(entries=20)
    signed_at(log, 25, bytes(32))
    assert verify(db.session(), log).fault == "25 entries were signed, 20 are here"


def test_a_log_that_grows_while_it_is_checked_is_whole(app: Flask):
    log, grown = a_log(entries=10), list[int]()

    def grow() -> None:
        with app.app_context():
            write(log, "meanwhile")
            db.session.remove()

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM ledger_entries" in statement and not grown:
            grown.append(1)
            writer = Thread(target=grow)
            writer.start()
            writer.join(30)

    event.listen(db.engine, "before_cursor_execute", meanwhile)
    check = verify(db.session(), log)
    assert (check.fault, check.size, grown) == ("", 10, [1])
    assert verify(db.session(), log).size == 11
