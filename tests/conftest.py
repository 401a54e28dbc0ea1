"""Fixtures: every test that takes `world` runs on SQLite and on PostgreSQL, with a real Valkey."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from quizsvc.accounts import service as accounts
from quizsvc.app import create_app
from quizsvc.kit import migrate
from quizsvc.kit.db import db, transaction
from quizsvc.kit.http import PAGES
from quizsvc.settings import Settings
from quizsvc.tables import metadata
from tests import servers
from tests.world import START, World


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Name what is left out on a machine without a program; in CI, which installs it, leave nothing out."""
    for marker in item.iter_markers("needs"):
        program = marker.args[0]
        if shutil.which(program) is None:
            leave_out = pytest.fail if os.environ.get("CI") else pytest.skip
            leave_out(f"left out: needs {program}")


DATABASES = ("sqlite", "postgresql")
SECRET, IDENTITY = "s" * 40, "i" * 40


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Argon2 as in production but with its smallest cost: a test signs many people in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this test process's own, on the named server or on one that is started here."""
    named = os.environ.get("QUIZSVC_TEST_DATABASE_URL")
    if named is None:
        with servers.postgres() as url:
            yield url
        return
    base = make_url(named).set(drivername="postgresql")
    name = f"quizsvc_test_{uuid4().hex[:12]}"
    with psycopg.connect(base.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            fresh = base.set(drivername="postgresql+psycopg", database=name)
            yield fresh.render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


MakeApp = Callable[[str], Flask]


@pytest.fixture(scope="session")
def app_on(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeApp]:
    """The app on a migrated database of one kind; each kind is made once."""
    made: list[Flask] = []

    @cache
    def make(kind: str) -> Flask:
        sqlite = tmp_path_factory.mktemp("db") / "test.db"
        url = f"sqlite:///{sqlite}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
        app = create_app(Settings(url, redis_url, (SECRET,), IDENTITY, wechat=None))
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = False
        with app.app_context():
            if kind == "sqlite":
                event.listen(db.engine, "connect", _leave_the_disk_alone)
            migrate.upgrade(db.engine)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def _leave_the_disk_alone(raw: Any, _record: Any) -> None:
    """No test loses power: waiting for the disk at each commit (5 ms here) shows nothing."""
    raw.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time stands still at START until a test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture(params=DATABASES)
def app(request: pytest.FixtureRequest, app_on: MakeApp, redis_url: str) -> Iterator[Flask]:
    """An app on an empty database and an empty Redis."""
    app: Flask = app_on(request.param)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    app.extensions[PAGES].clear()
    with app.app_context():
        empty_tables()
        yield app
        db.session.remove()


def empty_tables() -> None:
    with transaction():
        if db.engine.dialect.name == "postgresql":
            names = ", ".join(table.name for table in metadata.sorted_tables)
            db.session.connection().exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        else:
            for table in reversed(metadata.sorted_tables):
                db.session.execute(table.delete())


@pytest.fixture
def world(app: Flask, clock: time_machine.Traveller) -> World:
    """Regions, staff and bank; no campaign yet."""
    world = World(app)
    world.build()
    return world


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """The app's Redis, to empty it or to look into it."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every SQL statement that the app sends from here on."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def repository() -> Path:
    return Path(__file__).resolve().parent.parent
