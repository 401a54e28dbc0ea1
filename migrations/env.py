"""Runs the migrations on the engine that kit/migrate.py hands over, in one transaction."""

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


with context.config.attributes["engine"].connect().execution_options(**{WRITES: True}) as held:
    run(held)
