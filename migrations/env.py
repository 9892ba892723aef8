"""Run migrations: one transaction each, with a short wait for locks so that a running site is not held up."""

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from webapp import wiring  # noqa: F401  (knows every room, so every table is known)
from webapp.kernel.base.db import Base


def run(connection: Connection) -> None:
    """Upgrade over this connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    run(connection)
