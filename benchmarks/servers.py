"""The servers of a run: Valkey, the bare Flask route and the service, each gone in the end."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from flask import Flask, request

from benchmarks.client import Address
from quizsvc.app import create_app
from quizsvc.kit.processes import die_with_parent
from quizsvc.kit.server import serve
from quizsvc.settings import Settings

STARTS_WITHIN = 30.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A gunicorn that is up, and its workers' process ids."""

    address: Address
    workers: tuple[int, ...]

    def cpu_seconds(self) -> float:
        """What the workers have used of the processors so far, in user and system mode."""
        return sum(map(_cpu_seconds, self.workers))


def ceiling_app() -> Flask:
    """As little as Flask can do for a JSON call: parse what came in, return something."""
    app = Flask("ceiling", static_folder=None)

    @app.put("/answers")
    def count_answers() -> dict[str, int]:
        return {"answers": len(request.get_json()["answers"])}

    return app


@contextmanager
def ceiling(*, workers: int, **options: Any) -> Iterator[Server]:
    """The bare Flask route under gunicorn."""
    with _gunicorn(_serve_ceiling, workers=workers, options=options) as server:
        yield server


@contextmanager
def service(settings: Settings, *, workers: int, **options: Any) -> Iterator[Server]:
    """The service under gunicorn."""
    with _gunicorn(_serve_service, settings, workers=workers, options=options) as server:
        yield server


def _serve_ceiling(bind: str, workers: int, options: Mapping[str, Any]) -> None:
    die_with_parent()
    serve(ceiling_app, bind=bind, workers=workers, **options)


def _serve_service(settings: Settings, bind: str, workers: int, options: Mapping[str, Any]) -> None:
    die_with_parent()
    serve(lambda: create_app(settings), bind=bind, workers=workers, **options)


@contextmanager
def _gunicorn(
    target: Callable[..., None], *arguments: object, workers: int, options: Mapping[str, Any]
) -> Iterator[Server]:
    address = ("127.0.0.1", _free_port())
    bind = f"{address[0]}:{address[1]}"
    # A new interpreter: what is served must not share this process's memory, connections or signal handlers.
    process = multiprocessing.get_context("spawn").Process(target=target, args=(*arguments, bind, workers, options))
    process.start()
    try:
        _wait_until(lambda: _is_up(process, address, workers), what=f"gunicorn with {bind}")
        yield Server(address, _children(process))
    finally:
        process.terminate()
        process.join()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port


def _is_up(process: BaseProcess, address: Address, workers: int) -> bool:
    if not process.is_alive():
        raise RuntimeError("gunicorn ended before it was up")
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return len(_children(process)) == workers


def _children(process: BaseProcess) -> tuple[int, ...]:
    return tuple(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / TICKS_PER_SECOND


def _wait_until(good: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while not good():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {STARTS_WITHIN:.0f} seconds")
        time.sleep(0.05)
