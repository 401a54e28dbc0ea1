"""The processes of a storm: the database, two Redis servers behind a relay, gunicorn, tick and the crowd."""

import multiprocessing
import os
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from quizsvc.settings import Settings
from tests.chaos import served
from tests.chaos.controls import Controls
from tests.chaos.relay import run_relay
from tests.chaos.served import Hosted
from tests.servers import Postgres, Valkey

WORKERS = 3
STARTS_WITHIN = 30.0
SECRET, IDENTITY = "storm" * 8, "identity" * 5
SPAWN = multiprocessing.get_context("spawn")  # a new interpreter shares no memory, connection or signal handler


class Database:
    """Either database, and how to hurt it."""

    def __init__(self, kind: str, folder: Path, server: Postgres | None) -> None:
        self.kind, self.server = kind, server
        self.file = folder / "storm.db"
        self.name = f"storm_{uuid4().hex[:10]}"
        if server is not None:
            self._tell(f'CREATE DATABASE "{self.name}"', database="postgres")

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}" if self.server is None else self.server.url(self.name)

    def restart(self) -> None:
        """PostgreSQL, as after a power cut."""
        assert self.server is not None
        self.server.stop(immediate=True)
        self.server.start()

    @contextmanager
    def reads_only(self) -> Iterator[None]:
        """It answers and cannot commit."""
        if self.server is None:
            with closing(sqlite3.connect(self.file, isolation_level=None, timeout=10)) as connection:
                connection.execute("BEGIN IMMEDIATE")  # nobody else gets to write
                yield
                connection.execute("ROLLBACK")
            return
        self._tell(f'ALTER DATABASE "{self.name}" SET default_transaction_read_only = on', database="postgres")
        self._end_sessions()  # the setting holds from the next session on
        try:
            yield
        finally:
            self._tell(f'ALTER DATABASE "{self.name}" RESET default_transaction_read_only', database="postgres")
            self._end_sessions()

    def drop(self) -> None:
        if self.server is not None:
            self._tell(f'DROP DATABASE "{self.name}" WITH (FORCE)', database="postgres")

    def _end_sessions(self) -> None:
        self._tell(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'", database="postgres"
        )

    def _tell(self, statement: str, *, database: str) -> None:
        assert self.server is not None
        with psycopg.connect(self.server.url(database).replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass
class Stage:
    """Everything that runs during a storm."""

    folder: Path
    database: Database
    variant: str
    random: Random
    processes: dict[str, BaseProcess] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journals = self.folder / "journals"
        self.journals.mkdir()
        self.controls = Controls(self.folder / "controls")
        self.redis = [Valkey(_made(self.folder / name)) for name in ("a", "b")]
        self.address = ("127.0.0.1", _free_port())
        self.settings = Settings(self.database.url, f"unix://{self.folder / 'relay'}", (SECRET,), IDENTITY, wechat=None)
        self.hosted = Hosted(self.settings, self.folder / "controls", self.journals, self.variant)

    @property
    def primary(self) -> Valkey:
        return self.redis[int(self.controls["primary"])]

    def start(self) -> None:
        """Bring everything up and wait until requests are answered."""
        self.redis[0].start()
        sockets = [one.socket for one in self.redis]
        self.start_process("relay", run_relay, self.folder / "relay", sockets, self.folder / "controls")
        self.start_process("tick", served.run_tick, self.hosted)
        self.start_server()

    def start_server(self, target: Callable[..., None] = served.run_server) -> None:
        """Bring gunicorn up alone: not everything needs Redis and tick."""
        self.start_process("server", target, self.hosted, "{}:{}".format(*self.address), WORKERS)
        wait_until(self._is_up, what="the service")

    def start_process(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self.processes[name] = SPAWN.Process(target=target, args=arguments, name=name)
        self.processes[name].start()

    def workers(self) -> list[int]:
        """gunicorn's workers."""
        pid = self.processes["server"].pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def keep_tick(self) -> None:
        """Start tick again if it died, as a service manager would."""
        if not self.processes["tick"].is_alive():
            self.start_process("tick", served.run_tick, self.hosted)

    def snapshot(self, one: Valkey) -> Path:
        """What a Redis holds now."""
        with Redis.from_url(one.url) as client, suppress(RedisError):
            client.save()
        kept = one.folder / "kept.rdb"
        if one.dump.exists():
            shutil.move(one.dump, kept)
        return kept

    def restart_redis(self, one: Valkey, *, holding: Path | None = None) -> None:
        """Kill it and start it again, empty or with an older snapshot."""
        one.kill()
        one.dump.unlink(missing_ok=True)
        if holding is not None and holding.exists():
            shutil.copy(holding, one.dump)
        time.sleep(self.random.uniform(0.1, 0.5))
        one.start()
        one.dump.unlink(missing_ok=True)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.is_alive() and process.pid is not None:
                process.terminate()
        for process in self.processes.values():
            process.join(timeout=10)
            if process.is_alive():
                process.kill()
                process.join()
        for one in self.redis:
            if hasattr(one, "server"):
                one.kill()

    def _is_up(self) -> bool:
        with suppress(OSError):
            socket.create_connection(self.address, timeout=1).close()
            return len(self.workers()) == WORKERS
        return False


def kill(pid: int) -> None:
    """`kill -9`; somebody may have been faster."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port


def wait_until(good: Callable[[], bool], *, what: str) -> None:
    """TimeoutError when it does not come about."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not good():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {STARTS_WITHIN:.0f} seconds")
        time.sleep(0.05)
