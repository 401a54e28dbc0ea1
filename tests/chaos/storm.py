"""One storm: prepare, torment, let the crowd finish, close the campaign, and gather the evidence."""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

from quizsvc.accounts import service as accounts
from quizsvc.app import create_app
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.lottery import verifier
from tests.chaos import naive
from tests.chaos.arena import MAX_WINS, SLUG, Scale, open_campaign, prepare
from tests.chaos.clients import Crowd, run_crowd
from tests.chaos.evidence import Evidence, read_journals, read_tables
from tests.chaos.faults import FAULTS, POSTGRES_ONLY, whole
from tests.chaos.stage import Database, Stage, wait_until
from tests.servers import Postgres

DRAINED_WITHIN = 240.0  # seconds after the last fault
BREATH = 0.4  # seconds between two faults
TICK_AHEAD = 1.0  # the host that closes rounds has a clock that is a little ahead
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Storm:
    """What to run. `faults` by name; each comes once a cycle, in a new order. `variant`: a naive service."""

    kind: str
    scale: Scale
    faults: Sequence[str]
    variant: str = ""
    seed: int = 1


def faults_for(kind: str) -> list[str]:
    """Every fault that this database can have."""
    return [name for name in FAULTS if kind == "postgresql" or name not in POSTGRES_ONLY]


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A durable PostgreSQL for storms."""
    with tempfile.TemporaryDirectory(prefix="qpg") as made:
        server = Postgres(Path(made), durable=True)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def run(storm: Storm, server: Postgres | None, *, tell: Tell = lambda _line: None) -> Evidence:
    """Run a storm to its end. The evidence is complete: every process has ended its writing."""
    with tempfile.TemporaryDirectory(prefix="qst") as made:
        folder = Path(made)
        database = Database(storm.kind, folder, server if storm.kind == "postgresql" else None)
        stage = Stage(folder, database, storm.variant, Random(storm.seed))
        try:
            return _run(storm, stage, tell)
        finally:
            stage.stop()
            database.drop()


def _run(storm: Storm, stage: Stage, tell: Tell) -> Evidence:
    crowds = _call_crowds(storm, stage)
    app = create_app(stage.settings)
    prepare(app, loosened=naive.LOOSENED.get(storm.variant, ()))
    stage.controls["tick_clock_offset"] = TICK_AHEAD
    stage.start()
    wait_until(lambda: all(crowd.ready.exists() for crowd in crowds), what="the crowd")
    arena = open_campaign(app, storm.scale)
    page = _get(stage, f"campaigns/{SLUG}")
    for number, one in enumerate(crowds):
        one.begin(arena.jobs[number :: len(crowds)], arena.clerks)
    anchors = _torment(storm, stage, tell)
    tell("the crowd finishes")
    while crowd := _crowd(stage):
        crowd[0].join(timeout=0.5)
        stage.keep_tick()
    return _gather(stage, app, page | {"anchors": anchors})


def _call_crowds(storm: Storm, stage: Stage) -> list[Crowd]:
    """The client processes, which come up while the service does and wait for their jobs."""
    lasts, crowds = storm.scale.seconds + DRAINED_WITHIN, list[Crowd]()
    for number in range(storm.scale.processes):
        name, seed = f"client-{number}", storm.seed * 1000 + number
        crowds.append(Crowd(stage.address, stage.journals / name, seed, spread=storm.scale.seconds, lasts=lasts))
        stage.start_process(name, run_crowd, crowds[-1])
    return crowds


def _torment(storm: Storm, stage: Stage, tell: Tell) -> list[Any]:
    """Break one thing after the other for the storm's length, and a naive service for as long as the crowd is at it.

    Returns the anchors that a careful citizen saved.
    """
    began = time.monotonic()
    saved: list[Any] = []
    while not _is_over(storm, stage, lasted=time.monotonic() - began):
        for name in stage.random.sample(list(storm.faults), len(storm.faults)):
            tell(name)
            FAULTS[name](stage)
            whole(stage)
            stage.keep_tick()
            saved = _try_get(stage, f"campaigns/{SLUG}/anchors").get("rounds", saved)
            time.sleep(BREATH)
            if _is_over(storm, stage, lasted=time.monotonic() - began):
                break
    return saved


def _is_over(storm: Storm, stage: Stage, *, lasted: float) -> bool:
    return not _crowd(stage) if storm.variant else lasted > storm.scale.seconds


def _crowd(stage: Stage) -> list[BaseProcess]:
    """The client processes that still ask for something."""
    return [one for name, one in stage.processes.items() if name.startswith("client-") and one.is_alive()]


def _gather(stage: Stage, app: Any, saved: Any) -> Evidence:
    """Close the campaign with the service as it is, and read what stands."""
    stage.controls["tick_clock_offset"] = 0
    stage.processes["tick"].kill()
    with app.app_context():
        db.engine.dispose()  # its connections are from before the storm
        with transaction():
            backoffice.move(campaigns.get_campaign(SLUG), "closing", by=accounts.get_staff("operator"), now=utcnow())
        db.session.remove()
    bundles = [_get(stage, f"campaigns/{SLUG}/rounds/{no}/ledger") for no in (1, 2, 3)]
    stage.stop()  # a naive service may still be writing
    alarms = _verified(bundles, saved)
    tables = read_tables(app, bundles, [verifier.deck_of(bundle) for bundle in bundles])
    with app.app_context():
        db.engine.dispose()
    evidence = Evidence(**tables, **read_journals(stage.journals), alarms=alarms, max_wins=MAX_WINS)
    return evidence if not stage.variant else replace(evidence, alarms=())


def _verified(bundles: Sequence[Any], saved: Any) -> list[str]:
    """What the verifier has against the rounds, told with the page and the anchors saved before."""
    alarms = []
    for previous, bundle in zip([None, *bundles], bundles, strict=False):
        try:
            verifier.verify(bundle, saved, previous)
        except verifier.Broken as broken:
            alarms.append(f"round {bundle['round']}: {broken}")
    return alarms


def _get(stage: Stage, path: str) -> Any:
    for _ in range(50):
        found = _try_get(stage, path)
        if found:
            return found
        time.sleep(0.2)
    raise RuntimeError(f"no answer for {path}")


def _try_get(stage: Stage, path: str) -> Any:
    """The page, or nothing when it cannot be had now."""
    connection = http.client.HTTPConnection(*stage.address, timeout=5)
    try:
        connection.request("GET", f"/api/v1/{path}")
        response = connection.getresponse()
        content = json.loads(response.read())
        return content if response.status == 200 else {}
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
