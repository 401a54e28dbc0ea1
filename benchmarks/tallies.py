"""`python -m benchmarks.tallies`: batches of 100 tallies with three hand-outs each, then on ten times the history.

Beside the rate, what a batch costs the processors: the workers' time and that of the database's own processes. The
client's own work is not in it.
"""

import random
import secrets
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import click
import orjson
from sqlalchemy import insert, text

from benchmarks.client import drive
from benchmarks.servers import TICKS_PER_SECOND, Server, service
from benchmarks.world import World
from quizsvc.accounts.models import CitizenRecord, VolunteerRecord
from quizsvc.accounts.rules import VOLUNTEER_KINDS
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.ids import new_id
from quizsvc.materials import stock
from quizsvc.materials.rules import Material, Pack
from quizsvc.outreach.models import AssignmentRecord
from quizsvc.regions import service as regions
from quizsvc.settings import Settings
from tests.servers import postgres, valkey

SIZE = 100
MATERIALS = [
    Material("tissue-box", "反诈抽纸", "盒", [Pack("箱", 24)]),
    Material("fan", "反诈扇", "个"),
    Material("leaflet", "宣传彩页", "份", [Pack("捆", 100)]),
]


@dataclass(frozen=True)
class Stretch:
    """Some batches, one after the other on every connection."""

    batches: int
    seconds: float
    workers_cpu: float
    database_cpu: float

    @property
    def tallies_per_second(self) -> float:
        return self.batches * SIZE / self.seconds

    @property
    def cpu_per_batch(self) -> float:
        return (self.workers_cpu + self.database_cpu) / self.batches


@click.command()
@click.option("--batches", default=40, show_default=True, type=click.IntRange(1), help="in each stretch")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--volunteers", default=200, show_default=True, type=click.IntRange(1))
@click.option("--connections", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.option("--history", default=200, show_default=True, type=click.IntRange(1), help="batches before the first")
def main(batches: int, rounds: int, volunteers: int, connections: int, workers: int, history: int) -> None:
    """Measure the upload of tallies on PostgreSQL with durable commits, before and after ten times the history."""
    with _server(volunteers, workers) as (world, server, phones):
        found: list[list[Stretch]] = []
        for target in (history, history * 10):
            _fill(server, world, phones, target, connections=connections)
            found.append([_stretch(server, world, phones, batches, connections) for _ in range(rounds)])
            _say(world, found[-1])
        before, after = (statistics.median(one.cpu_per_batch for one in stretches) for stretches in found)
        click.echo(f"ten times the history: {after / before:.2f} times the processors' time per batch")


@contextmanager
def _server(volunteers: int, workers: int) -> Iterator[tuple[World, Server, Sequence[str]]]:
    with postgres(durable=True) as database_url, valkey() as redis_url:
        made = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        settings = Settings(database_url, redis_url, (made[0],), made[1], wechat=None)
        world = World(settings)
        world.fill()
        with world.app.app_context():
            phones = enrol(world.slug, volunteers)
        with service(settings, workers=workers, worker_class="gthread", threads=4) as server:
            yield world, server, phones


def enrol(slug: str, number: int) -> Sequence[str]:
    """Volunteers of the whole street with a log-in each; their tokens."""
    now = utcnow()
    with transaction():
        stock.load_materials(MATERIALS)
        street = regions.get_region(campaigns.get_campaign(slug).definition.region)
        people = [(new_id(), new_id()) for _ in range(number)]
        hashes = [secrets.token_hex(32) for _ in people]
        enrolled = {"region_id": street.id, "enrolled_at": now, "bound_at": now, "name": "志愿者"}
        volunteers = [
            {"id": one, "code": f"b{n:05}", "kind": VOLUNTEER_KINDS[n % 3], "openid_hash": hashes[n], **enrolled}
            for n, (one, _) in enumerate(people)
        ]
        db.session.execute(insert(VolunteerRecord), volunteers)
        citizens = [{"id": one, "openid_hash": hashes[n], "created_at": now} for n, (_, one) in enumerate(people)]
        db.session.execute(insert(CitizenRecord), citizens)
        terms = [
            {
                "id": new_id(),
                "volunteer_id": one,
                "region_id": street.id,
                "starts_at": now - timedelta(days=400),
                "assigned_by": "bench",
                "assigned_at": now,
            }
            for one, _ in people
        ]
        db.session.execute(insert(AssignmentRecord), terms)
    return [keys().sign("citizen", one.hex, until=now + timedelta(days=1)) for _, one in people]


def _stretch(server: Server, world: World, phones: Sequence[str], batches: int, connections: int) -> Stretch:
    requests = _batches(world, phones, batches)
    workers, database = server.cpu_seconds(), _database_cpu()
    run = drive(server.address, requests, connections=connections)
    _require_created(run.answers)
    return Stretch(batches, run.seconds, server.cpu_seconds() - workers, _database_cpu() - database)


def _require_created(answers: Sequence[Any]) -> None:
    for answer in answers:
        statuses = {one["status"] for one in orjson.loads(answer.body)["results"]} if answer.status == 200 else set()
        if statuses != {"created"}:
            raise RuntimeError(f"{answer.status}: {answer.body[:400]!r}")


def _fill(server: Server, world: World, phones: Sequence[str], target: int, *, connections: int) -> None:
    """Bring the history to so many batches."""
    with world.app.app_context(), reading():
        there = int(db.session.execute(text("SELECT count(*) FROM tallies")).scalar_one()) // SIZE
    while there < target:
        part = min(100, target - there)
        click.echo(f"history: {there} of {target} batches", err=True)
        drive(server.address, _batches(world, phones, part), connections=connections)
        there += part
    with world.app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _batches(world: World, phones: Sequence[str], number: int) -> list[bytes]:
    chance = random.Random()
    with world.app.app_context(), reading():
        street = campaigns.get_campaign(world.slug).definition.region
        places = [one.code for one in regions.list_regions(under=street, name_part=None, cursor=None, limit=200).items]
    now = utcnow()
    made = []
    for _ in range(number):
        tallies = [_tally(world.slug, chance, places, now) for _ in range(SIZE)]
        body = orjson.dumps({"clock": rfc3339(now), "tallies": tallies})
        token = chance.choice(phones)
        head = (
            "POST /api/v1/outreach/tallies HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def _tally(slug: str, chance: random.Random, places: Sequence[str], now: Any) -> Mapping[str, Any]:
    handouts = [
        {"material": one.code, "quantity": chance.randint(1, 5), **({"pack": one.packs[0].name} if n == 2 else {})}
        for n, one in enumerate(MATERIALS)
    ]
    return {
        "id": str(uuid4()),
        "revision": 1,
        "campaign": slug,
        "region": chance.choice(places),
        "setting": "household",
        "occurred_at": rfc3339(now - timedelta(seconds=chance.randint(0, 30))),
        "households": 1,
        "people": chance.randint(1, 6),
        "handouts": handouts,
    }


def _database_cpu() -> float:
    """What every postgres process of this machine has used so far; those that ended are in their parent's account."""
    ticks = 0
    listed = subprocess.run(["pgrep", "-x", "postgres"], capture_output=True, text=True, check=False).stdout.split()
    for pid in listed:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:13]))
    return ticks / TICKS_PER_SECOND


def _say(world: World, stretches: Sequence[Stretch]) -> None:
    with world.app.app_context(), reading():
        rows = {
            name: int(db.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
            for name in ("tallies", "handouts", "movements")
        }
    rate = statistics.median(one.tallies_per_second for one in stretches)
    cpu = statistics.median(one.cpu_per_batch for one in stretches)
    of_it = statistics.median(one.database_cpu / one.batches for one in stretches)
    click.echo(
        f"{rows}: {rate:,.0f} tallies a second; a batch costs {cpu * 1000:.0f} ms of the processors,"
        f" {of_it * 1000:.0f} ms of it the database's"
    )


if __name__ == "__main__":
    main()
