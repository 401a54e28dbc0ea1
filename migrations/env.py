"""Runs the migrations on the engine that kit/migrate.py hands over, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from quizsvc.kit.db import WRITES, UtcDateTime
from quizsvc.tables import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration names database types only, so that it outlives the code that wrote it."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            astray = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if astray:
                raise RuntimeError(f"rows would refer to nothing: {astray[:3]}")


@contextmanager
def foreign_keys_rest(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by writing a new one and dropping the old, which rows elsewhere refer to.

    The pragma does nothing within a transaction, so the driver's own connection is asked before one begins.
    """
    raw = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield
        return
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()  # within a transaction the pragma does nothing, and the pool keeps this connection
        raw.execute("PRAGMA foreign_keys=ON")


with context.config.attributes["engine"].connect().execution_options(**{WRITES: True}) as held, foreign_keys_rest(held):
    run(held)
