"""The database: the only truth, and the only place that commits.

`transaction()` writes, `reading()` reads; both end before anything else is asked. On SQLite a writing transaction
begins IMMEDIATE, so that two writers queue up instead of failing half-way.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, cast

import orjson
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Dialect, Engine, Executable, MetaData, String, Table, bindparam, column, event, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import DateTime, TypeDecorator

SQLITE_BUSY_SECONDS = 20
WRITES, READS = "quizsvc_writes", "quizsvc_reads"


class Base(DeclarativeBase):
    """Every table; constraints are named so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out. SQLite keeps no offset, so a naive value is refused before it is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite has one writer. Its waiters poll, and the unlucky ones starve (measured: 11 s for a draw under 32 clients);
# so the threads of a process take turns here, and only one of each process polls.
_one_writer = Lock()

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": False})


def engine_options(url: str) -> dict[str, Any]:
    """What the engine needs beside its URL. Parameters are hidden so that no secret gets into an exception."""
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS}
    else:
        options |= {"pool_size": 8, "max_overflow": 8, "pool_timeout": 5}
        options["connect_args"] = {"options": "-c timezone=UTC", "connect_timeout": 5}
    return options


def init_db(app: Flask, url: str) -> None:
    """Bind the app to its database."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def prepare_engine(engine: Engine) -> None:
    """No write while reading. SQLite: WAL, foreign keys, durable commits, transactions that begin as what they are."""

    @event.listens_for(engine, "before_cursor_execute")
    def _refuse_writes(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if connection.get_execution_options().get(READS) and not statement.startswith(("SELECT", "BEGIN", "PRAGMA")):
            raise RuntimeError("a write inside reading()")

    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction() -> Iterator[None]:
    """One short write transaction: committed as a whole, or rolled back when anything is raised."""
    with rehearsal():
        yield
        db.session.commit()


@contextmanager
def rehearsal() -> Iterator[None]:
    """A write transaction that is taken back at its end: tells what would be done, and does nothing."""
    require_no_transaction()
    with _one_writer if db.engine.dialect.name == "sqlite" else nullcontext():
        try:
            db.session.connection(execution_options={WRITES: True})
            yield
        finally:
            db.session.rollback()


@contextmanager
def reading() -> Iterator[None]:
    """A look at the database, ended before anything else is asked. A write in it is a bug and raises RuntimeError.

    On PostgreSQL each statement stands for itself: BEGIN and ROLLBACK would be two of a guard's three round trips.
    """
    require_no_transaction()
    try:
        options: dict[str, Any] = {READS: True}
        if db.engine.dialect.name == "postgresql":
            options["isolation_level"] = "AUTOCOMMIT"
        db.session.connection(execution_options=options)
        yield
    finally:
        db.session.rollback()


def has_one_writer() -> bool:
    """Whether writers wait for each other (SQLite): then a writing transaction has to be short."""
    return db.engine.dialect.name == "sqlite"


def require_no_transaction() -> None:
    """A bug, said at once: Redis or WeChat is asked, or a transaction begun, while another one is open."""
    if db.session().in_transaction():
        raise RuntimeError("a database transaction is still open here")


def table_of(model: type[Base]) -> Table:
    """The model's table. Statements on tables cost a third of those on models, so the hot path speaks of tables."""
    return cast(Table, model.__table__)


def insert_new(table: type[Base], **values: Any) -> bool:
    """Insert a row unless any constraint stands against it; says whether it is in. Never look first, insert second.

    No conflict target: a row can break two promises at once, and which one is reported first differs by database.
    """
    return db.session.execute(_insert_new(table, db.engine.dialect.name), values).first() is not None


def insert_all(table: type[Base], rows: Sequence[Mapping[str, Any]]) -> set[Any]:
    """As insert_new for many rows in one statement; the first columns of the primary keys of those that are in.

    Rows name every column. On PostgreSQL they travel as one JSON text: the driver needs 5 times as long for a value
    each (measured: 60 of the 110 ms that a batch of 100 tallies cost).
    """
    if not rows:
        return set()
    if db.engine.dialect.name == "sqlite":
        return set(db.session.scalars(_insert_new(table, "sqlite"), rows))
    return set(db.session.scalars(_insert_listed(table), {"rows": orjson.dumps(rows).decode()}))


def add_all(table: type[Base], rows: Sequence[Mapping[str, Any]], *, to: str) -> None:
    """Add to a column of the rows that stand under these primary keys; insert those that do not. As insert_all."""
    if not rows:
        return
    into = table_of(table)
    if db.engine.dialect.name == "sqlite":
        db.session.connection().execute(_adding(sqlite.insert(into), into, to), rows)
    else:
        db.session.execute(_add_listed(table, to), {"rows": orjson.dumps(rows).decode()})


@cache
def _add_listed(table: type[Base], to: str) -> Executable:
    into = table_of(table)
    return _adding(_from_listed(into), into, to)


def _adding(inserting: Any, into: Table, to: str) -> Executable:
    key = [one.name for one in into.primary_key]
    added: Executable = inserting.on_conflict_do_update(
        index_elements=key, set_={to: into.c[to] + inserting.excluded[to]}
    )
    return added


@cache
def _insert_listed(table: type[Base]) -> Executable:
    into = table_of(table)
    return _from_listed(into).on_conflict_do_nothing().returning(*into.primary_key)


def _from_listed(into: Table) -> postgresql.Insert:
    """An INSERT of what one parameter lists as JSON."""
    listed = (
        func.json_to_recordset(sql_cast(bindparam("rows", type_=String), postgresql.JSON))
        .table_valued(*(column(one.name, one.type) for one in into.columns))
        .render_derived(name="listed", with_types=True)
    )
    return postgresql.insert(into).from_select(list(into.columns.keys()), select(listed))


@cache
def _insert_new(table: type[Base], dialect: str) -> Executable:
    """Built once: building a statement costs as much as running it."""
    into = table_of(table)
    inserted = sqlite.insert(into) if dialect == "sqlite" else postgresql.insert(into)
    return inserted.on_conflict_do_nothing().returning(*into.primary_key)


def insert(table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """The dialect's INSERT, for a row that must be new."""
    return sqlite.insert(table) if db.engine.dialect.name == "sqlite" else postgresql.insert(table)
