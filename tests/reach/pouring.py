"""Many rows at once into a table: by COPY on PostgreSQL, in one statement on SQLite."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import JSON, text

from quizsvc.kit.db import Base, db, table_of

Row = dict[str, Any]


class Rows:
    """Rows of several tables, kept in the order in which the tables were first named."""

    def __init__(self) -> None:
        self.of: dict[type[Base], list[Row]] = defaultdict(list)

    def add(self, model: type[Base], **values: Any) -> None:
        """Every row of a table names the same columns."""
        self.of[model].append(values)

    def pour(self) -> None:
        """Put them into the database, in the caller's transaction."""
        for model, rows in self.of.items():
            _pour(model, rows)
        self.of.clear()


def _pour(model: type[Base], rows: Sequence[Row]) -> None:
    table = table_of(model)
    if db.engine.dialect.name == "sqlite":
        db.session.connection().execute(table.insert(), rows)
        return
    columns = list(rows[0])
    in_json = {name for name in columns if isinstance(table.c[name].type, JSON)}
    raw = db.session.connection().connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                [
                    orjson.dumps(value).decode() if name in in_json and value is not None else value
                    for name, value in row.items()
                ]
            )
    db.session.execute(text(f"ANALYZE {table.name}"))  # as a server does by itself before long
