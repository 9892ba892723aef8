"""What was deleted must not lie on the disk any more: old pages, the write-ahead log, dead rows."""

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from webapp.kernel.base.db import db, private_tables

WAIT_MS = 3_000


def settle(*, patient: bool = False) -> bool:
    """Leave no copy of deleted rows in the database's files; whether that is done now.

    SQLite overwrites freed pages by itself (`secure_delete`, base.db); what is left is its write-ahead log, which
    is emptied here unless somebody is reading at this moment: then False, and the next call does it. PostgreSQL
    writes the tables anew, which locks each for a moment: only where the caller is `patient` (every backup is), else
    False. Its own WAL archive is the operator's (docs/drill.md). Not within a transaction.
    """
    db.session.rollback()
    engine: Engine = db.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            # who erases must not keep others from recording for long
            connection.execute(text(f"PRAGMA busy_timeout = {WAIT_MS}"))
            busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
            connection.execute(text("PRAGMA busy_timeout = 30000"))
            return not busy
        if not patient:
            return False
        try:
            connection.execute(text(f"SET lock_timeout = {WAIT_MS}"))
            for table in private_tables():
                connection.execute(text(f"VACUUM (FULL) {table}"))
        except OperationalError:
            return False  # somebody reads for long
        finally:
            connection.execute(text("RESET lock_timeout"))
    return True
