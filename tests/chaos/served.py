"""The service as the storm runs it: gunicorn and tick, with a clock that can be stepped and named points to die at."""

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from random import random
from typing import Any

import click
from flask import Flask, g
from sqlalchemy import event

from quizsvc import commands
from quizsvc.app import create_app
from quizsvc.kit import clock, db
from quizsvc.kit.processes import die_with_parent
from quizsvc.kit.server import serve
from quizsvc.lottery import gate, ledger
from quizsvc.settings import Settings
from tests.chaos import naive
from tests.chaos.controls import Controls

SQLITE_WAITS = 1  # second; in production longer than the storm keeps the database locked
ANCHOR_EVERY = timedelta(seconds=2)
TICK_LEASE = timedelta(seconds=3)


@dataclass(frozen=True)
class Hosted:
    """What a process of the service needs to know. `variant` names a naive one; empty: the service as it is."""

    settings: Settings
    controls: Path
    journals: Path
    variant: str = ""


def run_server(hosted: Hosted, bind: str, workers: int) -> None:
    """gunicorn; a process of its own. What it logs of a database that is away is the storm's doing."""
    die_with_parent()
    logging.disable(logging.ERROR)
    serve(lambda: make_app(hosted), bind=bind, workers=workers, loglevel="critical")


def run_tick(hosted: Hosted) -> None:
    """What happens by itself, a little faster than in production; a process of its own."""
    die_with_parent()
    os.dup2(os.open(hosted.journals / "tick.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    app = make_app(hosted, is_tick=True)
    with app.app_context():
        while True:
            try:
                commands.tick()
            except Exception as error:  # noqa: BLE001 - the database may be away; a service manager would start it anew
                click.echo(type(error).__name__)
            db.db.session.remove()
            time.sleep(0.2)


def make_app(hosted: Hosted, *, is_tick: bool = False) -> Flask:
    """The service, tormented. Patches hold for the whole process, which serves nothing else."""
    controls = Controls(hosted.controls)
    _step_clock(controls, is_tick=is_tick)
    db.SQLITE_BUSY_SECONDS = SQLITE_WAITS
    ledger.ANCHOR_EVERY, commands.TICK_LEASE = ANCHOR_EVERY, TICK_LEASE
    app = create_app(hosted.settings)
    app.before_request(_note_begin)
    with app.app_context():
        _arm(controls, Journal(hosted.journals / f"service-{os.getpid()}.jsonl"))
        naive.apply(hosted.variant)
    return app


class Journal:
    """Lines of JSON, each written at once: a process that is killed after writing one has written it."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("ab", buffering=0)

    def write(self, **line: Any) -> None:
        self.file.write(json.dumps(line).encode() + b"\n")


def _note_begin() -> None:
    g.began = time.monotonic()


def _step_clock(controls: Controls, *, is_tick: bool) -> None:
    """The one place that reads the clock reads a stepped one."""

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            offset = controls["clock_offset"] + (controls["tick_clock_offset"] if is_tick else 0)
            return datetime.now(tz) + timedelta(seconds=offset)

    vars(clock)["datetime"] = Stepped


def _arm(controls: Controls, journal: Journal) -> None:
    """Write down what the gate proposes, and die at the named points by chance."""
    asked = gate.take_card

    def die(point: str) -> None:
        if random() < controls[point]:
            journal.write(kind="killed", point=point)
            os.kill(os.getpid(), signal.SIGKILL)

    def take_card(one: Any, *, ticket_id: Any, **rest: Any) -> gate.Reply:
        reply = asked(one, ticket_id=ticket_id, **rest)
        if reply.word == "card":
            journal.write(kind="proposed", ticket=str(ticket_id), round=one.no, position=reply.position, began=g.began)
        die("kill_after_gate")
        return reply

    gate.take_card = take_card
    named: tuple[tuple[str, str], ...] = (
        ("before_commit", "kill_before_commit"),
        ("after_commit", "kill_after_commit"),
    )
    for moment, point in named:
        event.listen(db.db.session, moment, _dying(die, point))


def _dying(die: Callable[[str], None], point: str) -> Callable[[Any], None]:
    return lambda _session: die(point)
