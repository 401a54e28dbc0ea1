"""The ledger's storm: phones, desks and deciders fill it while workers are killed; then the books have to agree."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from flask import Flask

from quizsvc.accounts import service as accounts
from quizsvc.app import create_app
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit import migrate
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import WRITES, db, reading, transaction
from quizsvc.materials import stock
from quizsvc.outreach import service
from tests.chaos import served
from tests.chaos.ledger_clients import SLUG, Client, Decider, Desk, GaveUp, Told, Volunteer
from tests.chaos.served import Hosted
from tests.chaos.stage import Database, Stage, kill
from tests.materials.place import MATERIALS, wrong_balances
from tests.outreach.place import id_of, volunteer
from tests.outreach.reports import handed_out, totals
from tests.servers import Postgres
from tests.world import CAMPAIGN, World, merged, staff_token

PHONES, DESKS, DECIDERS = 4, 3, 2
DIES, DIES_OFTEN = 0.01, 0.08  # the chance of a worker to die before, or after, a commit
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """What was sent, how many workers were killed from outside, and every way in which the books are wrong."""

    events: int
    kills: int
    seconds: float
    faults: Sequence[str]


@dataclass(frozen=True)
class Plan:
    """So many events, at most `lasts` seconds long, with a worker killed `every` so many seconds.

    `naive`: the service as it should not be, with workers that die often.
    """

    events: int
    lasts: float
    every: float
    seed: int = 1
    naive: bool = False


def run(kind: str, server: Postgres | None, plan: Plan) -> Outcome:
    """Let clients fill the ledger, and say what is wrong with it then."""
    with tempfile.TemporaryDirectory(prefix="qls") as made:
        folder = Path(made)
        database = Database(kind, folder, server if kind == "postgresql" else None)
        stage = Stage(folder, database, "", Random(plan.seed))
        try:
            return _run(stage, plan)
        finally:
            stage.stop()
            database.drop()


def serve_naively(hosted: Hosted, bind: str, workers: int) -> None:
    """A service that commits tallies, and then lets the ledger follow; a process of its own."""
    follow = service.post

    def post(*said: Any, **named: Any) -> None:
        db.session.commit()
        db.session.connection(execution_options={WRITES: True})
        follow(*said, **named)

    service.post = post
    served.run_server(hosted, bind, workers)


def _run(stage: Stage, plan: Plan) -> Outcome:
    app = create_app(stage.settings)
    with app.app_context():
        tokens = _prepare(app)
        db.session.remove()
        db.engine.dispose()
    stage.start_server(serve_naively if plan.naive else served.run_server)
    began = time.monotonic()
    clients = _clients(stage, tokens, until=began + plan.lasts)
    busy = [one for one in clients if not isinstance(one, Decider)]
    share, over = plan.events // len(busy), Event()
    threads = [Thread(target=_work, args=(one, partial(_has_done, one, share))) for one in busy]
    threads += [Thread(target=_work, args=(one, over.is_set)) for one in clients if isinstance(one, Decider)]
    for thread in threads:
        thread.start()
    kills, dies = 0, DIES_OFTEN if plan.naive else DIES
    stage.controls["kill_before_commit"] = stage.controls["kill_after_commit"] = dies
    while any(thread.is_alive() for thread in threads[: len(busy)]):
        time.sleep(plan.every)
        kill(stage.random.choice(stage.workers() or [1 << 22]))
        kills += 1
    over.set()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    stage.stop()
    told = Told()
    for one in clients:
        told.add(one.told)
    with app.app_context():
        faults = [*told.surprises, *_faults(World(app), told)]
        db.engine.dispose()
    return Outcome(told.events, kills, seconds, faults)


def _has_done(client: Client, share: int) -> bool:
    return client.told.events >= share


def _work(client: Client, is_over: Callable[[], bool]) -> None:
    try:
        with closing(client.http):
            while not is_over():
                client.act()
    except GaveUp as error:
        client.told.surprises.append(f"gave up: {error}")


def _prepare(app: Flask) -> dict[str, list[str]]:
    """A campaign under way, volunteers with their phones; tokens by who has them."""
    migrate.upgrade(db.engine)
    world, now = World(app), utcnow()
    world.build()
    said = {"slug": SLUG, "opens_at": now - A_DAY, "closes_at": now + A_DAY, "round": [], "prize": []}
    document = read_campaign(merged(CAMPAIGN, **said, rules={"claim_until": now + 2 * A_DAY}), file="storm")
    with transaction():
        stock.load_materials(MATERIALS)
        backoffice.load_campaign(document, by=accounts.get_staff("operator"), now=now)
        backoffice.publish(campaigns.get_campaign(SLUG), by=accounts.get_staff("second"), now=now)
    phones = [volunteer(world, f"v{n}") for n in range(PHONES)]
    with reading():
        staff = [staff_token(name, until=now + A_DAY) for name in ("operator", "second")]
    ids = [str(id_of(f"v{n}")) for n in range(PHONES)]
    return {"phones": [str(phone.token) for phone in phones], "staff": staff, "volunteers": ids}


def _clients(stage: Stage, tokens: dict[str, list[str]], *, until: float) -> list[Client]:
    """Two phones with the log-in of each volunteer, desks, deciders."""

    def rest(number: int) -> tuple[Random, float]:
        return Random(f"{stage.random.random()}/{number}"), until

    phones = [Volunteer(stage.address, tokens["phones"][n % PHONES], *rest(n)) for n in range(PHONES * 2)]
    desks = [Desk(stage.address, tokens["staff"][n % 2], *rest(n)) for n in range(DESKS)]
    for desk in desks:
        desk.volunteers = tuple(tokens["volunteers"])
    return [*phones, *desks, *(Decider(stage.address, tokens["staff"][n], *rest(n)) for n in range(DECIDERS))]


def _faults(world: World, told: Told) -> list[str]:
    """Every way in which the tables differ from what the clients were told, or from themselves."""
    faults = [f"decided both ways: {key}" for key, words in told.decisions.items() if len(words) > 1]
    in_force = told.in_force()
    meant = Counter({"tallies": len(in_force)})
    for message in in_force:
        meant.update({"households": message["households"], "people": message["people"]})
        meant.update({one["material"]: one["quantity"] for one in message["handouts"]})
    found = Counter(dict(totals(world)))
    faults += [
        f"{name}: told {meant[name]}, found {found[name]}" for name in meant | found if meant[name] != found[name]
    ]
    with reading():
        accounts_found = stock.list_accounts(None)
    for one in accounts_found:
        code = one.material.code
        said = (told.moved("receive")[code], told.moved("loss")[code], meant[code])
        if not one.agrees or said != (one.received, one.lost, one.handed_out):
            faults.append(f"the books of {code}: {one}, told {said}")
        if handed_out(world).get(code, 0) != one.handed_out:
            faults.append(f"the ledger handed out {handed_out(world)}, the tallies {one.handed_out} {code}")
    below = world.rows("SELECT material, holder, quantity FROM balances WHERE quantity < 0 AND holder LIKE 'store:%'")
    return [*faults, *map(str, below), *(f"rebuilt: {one}" for one in wrong_balances())]
