"""`python -m benchmarks.reach`: figures of ten thousand papers and of a million, on PostgreSQL with durable commits.

How long everything takes to be counted anew and what memory that needs; how quickly the statistics and the public
totals answer, nothing cached; what a mark adds to handing in a paper.
"""

import multiprocessing
import resource
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import click
import orjson
from sqlalchemy import text

from benchmarks import history
from benchmarks.calls import CALLS
from benchmarks.counts import ask
from benchmarks.report import RESULTS, machine
from benchmarks.tallies import MATERIALS
from benchmarks.world import CAMPAIGN, World
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import VOLUNTEER_KINDS
from quizsvc.app import create_app
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit import dirty
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.http import PAGES
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.materials import stock
from quizsvc.reach import settling
from quizsvc.settings import Settings
from tests.servers import postgres, valkey

SLUG = "reach"
SMALL = 100  # the short past is a hundredth of the long one
GOAL_REBUILD, GOAL_P95, GOAL_GROWTH, GOAL_MARK = 300.0, 300.0, 3.0, 5.0
PERSONS_A_ROUND = 150
HAND_IN = "hand in a paper"
Row = Mapping[str, Any]


@click.command()
@click.option("--papers", default=1_000_000, show_default=True, type=click.IntRange(10_000))
@click.option("--tallies", default=100_000, show_default=True, type=click.IntRange(1_000))
@click.option("--requests", default=40, show_default=True, type=click.IntRange(5), help="of each call")
@click.option("--rounds", default=12, show_default=True, type=click.IntRange(2), help="with and without marks")
def main(papers: int, tallies: int, requests: int, rounds: int) -> None:
    """Measure the figures of a short past, then of one a hundred times as long."""
    click.echo(machine())
    with _world() as (world, settings):
        ids = _prepare(world)
        found: dict[str, Any] = {}
        reached = (0, 0)
        for share in (SMALL, 1):
            until = papers // share, tallies // share
            with world.app.app_context():
                history.fill(ids, first=reached[0], last=until[0])
                history.report(ids, first=reached[1], last=until[1])
                history.analyze()
            reached = until
            click.echo(f"\n{until[0]:,} papers, {until[1]:,} tallies")
            found[str(until[0])] = {"rebuild": _rebuild(settings), "calls": _ask_everything(world, requests)}
            _say(found[str(until[0])], papers=until[0])
        _compare(*found.values())
        found["marks"] = _marks(world, rounds)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{utcnow():%Y%m%dT%H%M%SZ}-reach.json"
    path.write_bytes(orjson.dumps({"machine": machine(), "found": found}, option=orjson.OPT_INDENT_2))
    click.echo(f"written to {path}")


@contextmanager
def _world() -> Iterator[tuple[World, Settings]]:
    with postgres(durable=True, settings=("max_wal_size=4GB",)) as database_url, valkey() as redis_url:
        made = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        settings = Settings(database_url, redis_url, (made[0],), made[1], wechat=None)
        world = World(settings)
        world.fill()
        yield world, settings


def _prepare(world: World) -> Mapping[str, Any]:
    """A campaign that opened sixty days ago; the ids that its past needs."""
    now = utcnow()
    document = dict(parse_toml(read_text(CAMPAIGN), file=CAMPAIGN.name))
    opens_at = now - timedelta(days=history.DAYS)
    goods = [prize for prize in document["prize"] if prize["kind"] == "goods"]
    (box,) = document["round"]
    prizes = {prize["code"]: box["prizes"][prize["code"]] for prize in goods}
    document |= {"slug": SLUG, "opens_at": opens_at, "prize": goods}
    document["round"] = [box | {"opens_at": opens_at, "prizes": prizes}]
    with world.app.app_context():
        with transaction():
            operator = accounts.get_staff("operator")
            campaign = backoffice.load_campaign(read_campaign(document, file=CAMPAIGN.name), by=operator, now=now)
            backoffice.publish(campaign, by=operator, now=now, one_person=True)
            stock.load_materials(MATERIALS)
        history.prepare(campaign_region=campaign.region_id, kind=VOLUNTEER_KINDS[0])
        with reading():
            of_campaign = text("SELECT id FROM rounds WHERE campaign_id = :campaign")
            round_id = db.session.execute(of_campaign, {"campaign": campaign.id}).scalar_one()
    return {"campaign": campaign.id, "round": round_id, "today": day_of(now)}


# --- counting everything anew -----------------------------------------------------------------------------------------


def _rebuild(settings: Settings) -> Row:
    """In a process of its own, so that its memory is nobody else's."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_rebuild_all, args=(settings, theirs))
    process.start()
    found: Row = ours.recv()
    process.join()
    return found


def _rebuild_all(settings: Settings, answer: Any) -> None:
    app = create_app(settings)
    with app.app_context():
        before, begun = _peak_mb(), time.perf_counter()
        with transaction():
            people = settling.begin_rebuild(campaigns.get_campaign(SLUG), now=utcnow())
        marked, longest, done = time.perf_counter() - begun, 0.0, 1
        while done:
            at = time.perf_counter()
            with transaction():
                done = settling.settle()
            longest = max(longest, time.perf_counter() - at)
        with reading():
            wrong = settling.find_wrong(campaigns.get_campaign(SLUG))
        if wrong:
            raise RuntimeError(f"{len(wrong)} counts are not the sum of the shares")
        seconds = time.perf_counter() - begun
        with reading():
            sized = "SELECT pg_total_relation_size('reach_counts'), pg_total_relation_size('reach_shares')"
            counts, shares = db.session.execute(text(sized)).one()
            rows = db.session.execute(text("SELECT count(*) FROM reach_counts")).scalar_one()
    answer.send(
        {
            "people": people,
            "seconds": seconds,
            "marking_seconds": marked,
            "longest_transaction": longest,
            "memory_before_mb": before,
            "memory_mb": _peak_mb(),
            "count_rows": rows,
            "counts_mb": counts / 2**20,
            "shares_mb": shares / 2**20,
        }
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask_everything(world: World, requests: int) -> Mapping[str, Row]:
    """Through the app in this process; what it has cached is forgotten before each request."""
    with world.app.app_context(), reading():
        operator, now = accounts.get_staff("operator"), utcnow()
    with world.app.app_context():
        token = keys().sign("staff", operator.id.hex, until=now + timedelta(hours=1))
    week = f"from={day_of(now) - timedelta(days=20)}&to={day_of(now) - timedelta(days=14)}"
    asked = {
        "statistics, whole": "statistics",
        "statistics, a week": f"statistics?{week}",
        "statistics, a community": "statistics?region=990100001007",
        "public totals": "reach",
    }
    return {name: _ask(world, f"/api/v1/campaigns/{SLUG}/{path}", token, requests) for name, path in asked.items()}


def _ask(world: World, path: str, token: str, requests: int) -> Row:
    client, taken = world.app.test_client(), []
    for number in range(requests + 3):
        world.app.extensions[PAGES].clear()
        begun = time.perf_counter()
        response = client.get(path, headers={"Authorization": f"Bearer {token}"})
        if number >= 3:
            taken.append((time.perf_counter() - begun) * 1000)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.get_data(as_text=True)[:300]}")
    every = sorted(taken)
    return {
        "p50_ms": statistics.median(every),
        "p95_ms": every[min(len(every) - 1, len(every) * 95 // 100)],
        "kilobytes": len(response.get_data()) / 1024,
        "figures": len(response.get_json()["figures"]),
    }


# --- what a mark costs ------------------------------------------------------------------------------------------------


def _marks(world: World, rounds: int) -> Row:
    """Processor time of handing in, with and without the mark, in turns; the database's share is not in it."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    names = [call.name for call in CALLS]
    hand_in = CALLS[names.index(HAND_IN)]
    for number in range(rounds * 2 + 1):
        people, is_marked = world.newcomers(PERSONS_A_ROUND), number % 2 == 0
        for call in CALLS[: names.index(HAND_IN)]:
            call.learn(world, people, ask(world, people, call))
        without = nullcontext() if is_marked else patch.object(dirty, "mark", lambda *_, **__: None)
        with without:
            begun = time.process_time()
            ask(world, people, hand_in)
            cpu = (time.process_time() - begun) / len(people) * 1000
        if number:
            taken[is_marked].append(cpu)
    with_mark, without_mark = statistics.median(taken[True]), statistics.median(taken[False])
    adds = (with_mark / without_mark - 1) * 100
    click.echo(
        f"\nhand in: {without_mark:.3f} ms of the processor, with its mark {with_mark:.3f} ms:"
        f" {adds:+.1f} % ({_verdict(adds <= GOAL_MARK)} {GOAL_MARK:.0f} %)"
    )
    return {"with_ms": with_mark, "without_ms": without_mark, "adds_percent": adds, "rounds": rounds}


# --- saying -----------------------------------------------------------------------------------------------------------


def _say(found: Mapping[str, Any], *, papers: int) -> None:
    one = found["rebuild"]
    goal = GOAL_REBUILD * papers / 1_000_000
    click.echo(
        f"rebuild: {one['seconds']:.1f} s, {papers / one['seconds']:,.0f} papers a second"
        f" ({_verdict(one['seconds'] < goal)} {goal:.0f} s); longest transaction {one['longest_transaction']:.2f} s;"
        f" memory {one['memory_before_mb']:.0f} -> {one['memory_mb']:.0f} MB\n"
        f"counts: {one['count_rows']:,} rows, {one['counts_mb']:.0f} MB; shares {one['shares_mb']:.0f} MB"
    )
    for name, call in found["calls"].items():
        click.echo(
            f"{name:<26} p50 {call['p50_ms']:7.1f} ms  p95 {call['p95_ms']:7.1f} ms"
            f" ({_verdict(call['p95_ms'] < GOAL_P95)} {GOAL_P95:.0f} ms)"
            f"  {call['figures']:>5} figures, {call['kilobytes']:.0f} KB"
        )


def _compare(short: Mapping[str, Any], long: Mapping[str, Any]) -> None:
    click.echo("\na hundred times the papers:")
    for name, call in long["calls"].items():
        grown = call["p50_ms"] / short["calls"][name]["p50_ms"]
        click.echo(f"{name:<26} {grown:.2f} times the time ({_verdict(grown <= GOAL_GROWTH)} {GOAL_GROWTH:.0f} times)")


def _verdict(is_met: bool) -> str:
    return "meets" if is_met else "misses"


if __name__ == "__main__":
    main()
