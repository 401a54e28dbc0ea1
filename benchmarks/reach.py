"""`python -m benchmarks.reach`: figures of a campaign with very many papers, made in bulk on PostgreSQL.

Counting everything anew, then the pages that read the counts: at a hundredth of the papers and at all of them.
"""

import json
import secrets
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any
from uuid import UUID

import click
from sqlalchemy import text

from benchmarks.tallies import MATERIALS, enrol
from benchmarks.world import World
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.http import PAGES
from quizsvc.quiz import bank_store
from quizsvc.reach import settling
from quizsvc.regions import service as regions
from quizsvc.settings import Settings
from tests.servers import postgres, valkey

PAPERS_EACH = 5
QUESTIONS = 10
DAYS = 60
CALLS = 30

CITIZENS = """
INSERT INTO citizens (id, openid_hash, region_id, created_at)
SELECT gen_random_uuid(), md5('c' || n) || md5('d' || n), (CAST(:homes AS uuid[]))[1 + n % CAST(:places AS int)], now()
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n"""
PAPERS = """
INSERT INTO papers (id, campaign_id, citizen_id, limit_key, region_id, day, no_of_day, state, dealt_at, earns_ticket,
                    items, given, correct, passed, handed_in_at)
SELECT gen_random_uuid(), :campaign, c.id, c.openid_hash, c.region_id, CAST(:begin AS date) + d, 1, 'marked',
       CAST(:begin AS timestamptz) + d * interval '1 day', true, t.items, t.given, t.correct, t.passed,
       CAST(:begin AS timestamptz) + d * interval '1 day'
FROM (SELECT *, row_number() OVER () AS n FROM citizens WHERE openid_hash = ANY(
        SELECT md5('c' || n) || md5('d' || n) FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n)) c
CROSS JOIN generate_series(0, CAST(:each AS int) - 1) k
CROSS JOIN LATERAL (SELECT CAST((c.n * 7 + k * 11) % CAST(:days AS int) AS int) AS d) x
JOIN json_to_recordset(CAST(:templates AS json)) AS t(no int, items json, given json, correct int, passed boolean)
  ON t.no = (c.n + k * 3) % CAST(:kinds AS int)"""
TALLIES = """
WITH made AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, CAST(:tallies AS int)) n),
t AS (INSERT INTO tallies (id, volunteer_id, voided)
      SELECT id, (CAST(:volunteers AS uuid[]))[1 + n % CAST(:workers AS int)], false FROM made),
r AS (INSERT INTO tally_revisions (tally_id, revision, void, in_force, state, content, campaign_id, region_id,
                                   occurred_at, setting, households, people, received_at, clock_skew)
      SELECT id, 1, false, true, 'counted', '{}', :campaign, (CAST(:homes AS uuid[]))[1 + n % CAST(:places AS int)],
             CAST(:begin AS timestamptz) + (n % CAST(:days AS int)) * interval '1 day',
             (ARRAY['household', 'shop', 'stall', 'talk'])[1 + n % 4], 1, 1 + n % 5, now(), 0 FROM made)
INSERT INTO handouts (tally_id, revision, no, material, quantity, factor)
SELECT id, 1, k, (CAST(:materials AS text[]))[1 + k], 1 + n % 3, 1 FROM made CROSS JOIN generate_series(0, 2) k"""


@click.command()
@click.option("--papers", default=1_000_000, show_default=True, type=click.IntRange(1000))
@click.option("--tallies", default=100_000, show_default=True, type=click.IntRange(1000))
def main(papers: int, tallies: int) -> None:
    """Measure counting and reading of figures on PostgreSQL."""
    found: list[Mapping[str, float]] = []
    with _world() as world, world.app.app_context():
        enrol(world.slug, 200)
        _forget_marks()
        made = 0
        for target in (papers // 100, papers):
            _make(world, made // PAPERS_EACH, target // PAPERS_EACH)
            if not made:
                _report_tallies(world, tallies)
            made = target
            found.append(_measure(world, target))
    small, large = found
    for name in sorted(large.keys() & small.keys()):
        click.echo(f"{name:32} {small[name]:8.1f} ms {large[name]:8.1f} ms  x{large[name] / small[name]:.2f}")


@contextmanager
def _world() -> Iterator[World]:
    with postgres(durable=True) as database_url, valkey() as redis_url:
        world = World(
            Settings(database_url, redis_url, (secrets.token_urlsafe(48),), secrets.token_urlsafe(48), wechat=None)
        )
        world.fill()
        yield world


def _campaign(world: World) -> tuple[UUID, list[UUID], str]:
    """The campaign's id, its communities, and its first day."""
    with reading():
        campaign = campaigns.get_campaign(world.slug)
        street = regions.get_region(campaign.definition.region)
        homes = [one.id for one in regions.list_subtrees([street]) if one.level == "community"]
    return campaign.id, homes, campaign.definition.opens_at.date().isoformat()


def _templates() -> list[dict[str, Any]]:
    """Twenty papers: ten questions each, some of them answered wrongly."""
    with reading():
        questions = sorted(bank_store.list_questions(), key=lambda one: one.code)
    made = []
    for no in range(20):
        dealt = [questions[(no * 17 + k * 7) % len(questions)] for k in range(QUESTIONS)]
        wrong = no % 4
        given = [
            "".join(sorted(one.answer)) if k >= wrong else next(o for o in sorted(one.options) if {o} != one.answer)
            for k, one in enumerate(dealt)
        ]
        items = [[one.id, "".join(sorted(one.options))] for one in dealt]
        right = QUESTIONS - wrong
        made.append({"no": no, "items": items, "given": given, "correct": right, "passed": right >= 8})
    return made


def _make(world: World, first: int, last: int) -> None:
    campaign_id, homes, begin = _campaign(world)
    templates = _templates()
    ids = [str(one) for one in homes]
    for start in range(first, last, 20_000):
        part = {"first": start + 1, "last": min(start + 20_000, last)}
        with transaction():
            db.session.execute(text(CITIZENS), {"homes": ids, "places": len(ids), **part})
            rest = {"campaign": campaign_id, "begin": begin, "each": PAPERS_EACH, "days": DAYS, "kinds": len(templates)}
            db.session.execute(text(PAPERS), {"templates": json.dumps(templates), **rest, **part})
        click.echo(f"{part['last'] * PAPERS_EACH} papers", err=True)


def _report_tallies(world: World, tallies: int) -> None:
    campaign_id, homes, begin = _campaign(world)
    with transaction():
        workers = [str(row[0]) for row in db.session.execute(text("SELECT id FROM volunteers"))]
        named = {"tallies": tallies, "volunteers": workers, "workers": len(workers), "campaign": campaign_id}
        places = {"homes": [str(one) for one in homes], "places": len(homes), "begin": begin, "days": DAYS}
        db.session.execute(text(TALLIES), {**named, **places, "materials": [one.code for one in MATERIALS]})


def _forget_marks() -> None:
    while True:
        with transaction():
            if not settling.settle():
                return


def _measure(world: World, papers: int) -> dict[str, float]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    begun = perf_counter()
    with transaction():
        people = settling.begin_rebuild(campaigns.get_campaign(world.slug), now=utcnow())
    _forget_marks()
    seconds = perf_counter() - begun
    memory = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    rate = papers / seconds
    click.echo(
        f"{papers} papers: {people} people counted anew in {seconds:.0f} s ({rate:,.0f} papers/s), {memory:.0f} MB"
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return _read_pages(world)


def _read_pages(world: World) -> dict[str, float]:
    """p95 of each page in milliseconds, uncached."""
    client = world.app.test_client()
    token = world.sign_in("operator")
    with reading():
        street = regions.get_region(campaigns.get_campaign(world.slug).definition.region)
        community = next(one.code for one in regions.list_subtrees([street]) if one.level == "community")
    _, _, begin = _campaign(world)
    first = date.fromisoformat(begin)
    week, whole = (f"from={first}&to={first + timedelta(days=days - 1)}" for days in (7, DAYS))
    pages: Mapping[str, str] = {
        "public page": "reach",
        "statistics, whole": f"statistics?{whole}",
        "statistics, a week": f"statistics?{week}",
        "statistics, a community": f"statistics?{whole}&region={community}",
    }
    found = {}
    for name, path in pages.items():
        seconds: list[float] = []
        for _ in range(CALLS):
            world.app.extensions[PAGES].clear()
            begun = perf_counter()
            answer = client.get(f"/api/v1/campaigns/{world.slug}/{path}", headers={"Authorization": f"Bearer {token}"})
            seconds.append(perf_counter() - begun)
            if answer.status_code != 200:
                raise RuntimeError(answer.get_data(as_text=True)[:300])
        found[f"{name}, p95"] = _p95(seconds) * 1000
        found[f"{name}, p50"] = statistics.median(seconds) * 1000
    return found


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    main()
