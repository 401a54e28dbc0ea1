"""The figures equal an independent recount, for every period and region; late and changed things are counted anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from quizsvc.campaigns import service as campaigns
from quizsvc.kit import dirty
from quizsvc.kit.clock import SHANGHAI, day_of, rfc3339, utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.materials import stock
from quizsvc.reach import service, settling
from quizsvc.reach.survey import Period, Survey
from quizsvc.regions import service as regions
from tests.accounts.test_staff import command
from tests.materials.place import BOX, FAN, MATERIALS
from tests.outreach.place import volunteer
from tests.outreach.reports import decide, held_ids, send, sent, tally
from tests.reach.recount import recount
from tests.world import COMMUNITY, NEIGHBOUR, OTHER_STREET, START, STREET, Phone, World, box

__all__ = ["command"]
FEW = {"round": [box(cards=200, prizes={"tissue": 120}, days=(-1, 29))], "rules": {"max_wins": 5}}
FEW["prize"] = [{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"}]
TODAY = day_of(START)


def settle() -> int:
    """Count what waits."""
    done = 0
    while True:
        with transaction():
            now_done = settling.settle(limit=7)
        done += now_done
        if not now_done:
            return done


def survey(region: str = STREET, *, first: date = TODAY, last: date | None = None, slugs: Any = ("play",)) -> Survey:
    with reading():
        found = [campaigns.get_campaign(slug) for slug in slugs]
        period = Period(first, last or first)
        return service.survey(found, region=regions.get_region(region), period=period, now=utcnow())


def flat(found: Survey, *, region: str | None = None) -> dict[str, int]:
    """Counts of the whole (or of one listed region), as recount names them."""
    apart = {} if region is None else {"region": region}
    counts: dict[str, int] = {}
    for one in found.figures:
        if one.value is not None and dict(one.of) == apart:
            counts[one.metric.id] = one.value
        elif one.value and dict(one.of) == apart | {"material": one.of.get("material", "")}:
            counts[f"{one.metric.id} {one.of['material']}"] = one.value
    return counts


def at_home(world: World, code: str | None = None, *, region: str | None = COMMUNITY) -> Phone:
    phone = world.citizen(code)
    if region is not None:
        phone.put("me/region", json={"region": region})
    return phone


@contextmanager
def busy_weeks(world: World, clock: time_machine.Traveller, *, seed: int) -> Iterator[Random]:
    """Four weeks in which everything happens: papers, prizes, moves, deletions, tallies, revisions, decisions."""
    chance = Random(seed)
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)
    world.publish(slug="other", **FEW)
    tokens = [f"person {n}" for n in range(12)]
    workers = [volunteer(world, f"v{n}", STREET) for n in range(3)]
    for day in range(0, 28, 3):
        moment = START + timedelta(days=day, hours=chance.choice([0, 3, 13.9, 13.9999]))
        clock.move_to(moment)
        world.staff.clear()  # their tokens last twelve hours
        for n in chance.sample(range(12), 5):
            person = at_home(world, tokens[n], region=chance.choice([COMMUNITY, NEIGHBOUR, None, OTHER_STREET]))
            person.get("campaigns/play/me")
            if chance.random() < 0.8:
                plays(person, chance, world)
            if chance.random() < 0.1:
                person.delete("me")
        for n, _ in enumerate(workers):
            works(world.citizen(f"volunteer v{n}", consents_to=None), chance)
        for held_id in held_ids(world.desk("second")):
            decide(world.desk("second"), held_id, chance.choice(["count", "refuse"]))
        if chance.random() < 0.5:
            settle()
    yield chance


def plays(person: Phone, chance: Random, world: World) -> None:
    slug = chance.choice(["play", "play", "other"])
    paper = person.post(f"campaigns/{slug}/papers").get_json()
    if "id" not in paper or chance.random() < 0.2:
        return
    mark = person.hand_in(paper, wrong=chance.choice([0, 0, 0, 1, 3]))
    for ticket in mark["tickets"]:
        drawn = person.draw(ticket).get_json()
        if drawn.get("award") and chance.random() < 0.7:
            scan, desk = uuid4(), world.desk()
            desk.put(f"redemptions/{scan}", json={"code": drawn["award"]["code"]})
            if chance.random() < 0.3:
                desk.post(f"redemptions/{scan}/undo", json={"reason": "点错"})


def works(phone: Phone, chance: Random) -> None:
    batch = []
    for _ in range(chance.randint(0, 3)):
        one = tally(
            boxes=chance.randint(0, 3),
            fans=chance.randint(0, 2),
            people=chance.randint(0, 5),
            setting=chance.choice(["household", "shop", "stall", "talk"]),
            region=chance.choice([COMMUNITY, NEIGHBOUR, STREET, "s2c1"]),
            occurred_at=rfc3339(utcnow() - timedelta(hours=chance.randint(0, 60))),
        )
        batch.append(one)
        if chance.random() < 0.3:
            batch.append(one | chance.choice([{"revision": 2, "people": 9}, {"revision": 2, "void": True}]))
    if batch:
        send(phone, *batch)


PERIODS = [
    (START - timedelta(days=1), START + timedelta(days=40)),
    (START, START),
    (START + timedelta(days=3), START + timedelta(days=9)),
    (START + timedelta(days=12), START + timedelta(days=27)),
    (START + timedelta(days=100), START + timedelta(days=101)),
]


@pytest.mark.parametrize("seed", range(2))
def test_the_figures_equal_a_recount_for_every_period_and_region(
    world: World, clock: time_machine.Traveller, seed: int
) -> None:
    with busy_weeks(world, clock, seed=seed):
        settle()
    for begin, end in PERIODS:
        first, last = day_of(begin), day_of(end)
        for region in (STREET, COMMUNITY, NEIGHBOUR):
            with reading():
                path = regions.get_region(region).path
            expected = recount(world, "play", first=first, last=last, under=path)
            found = flat(survey(region, first=first, last=last))
            assert {metric: found.get(metric, 0) for metric in expected} == dict(expected), (region, first, last)
            if (region, begin, seed) == (STREET, PERIODS[0][0], 0):
                assert min(expected.values()) > 0, expected
            if region != STREET:
                listed = flat(survey(first=first, last=last), region=region)
                rest = {metric: n for metric, n in expected.items() if metric != "offline.volunteers_active"}
                assert {metric: listed.get(metric, 0) for metric in rest} == rest
    assert sum(expected.values()) == 0


def test_a_rebuild_ends_at_the_same_numbers(world: World, clock: time_machine.Traveller, command: Any) -> None:
    with busy_weeks(world, clock, seed=5):
        settle()
    tables = ("reach_counts", "reach_shares")
    stands = [sorted(map(str, world.rows(f"SELECT * FROM {table}"))) for table in tables]
    assert stands[0]
    with transaction():
        db.session.execute(text("UPDATE reach_counts SET n = n + 1"))
        db.session.execute(text("DELETE FROM reach_counts WHERE metric = 'online.papers'"))
    result = command("reach", "rebuild", "play", "other")
    assert (result.exit_code, result.exception) == (0, None)
    assert [sorted(map(str, world.rows(f"SELECT * FROM {table}"))) for table in tables] == stands
    assert world.count("dirty_keys") == 0


def test_the_parts_of_the_whole_add_up_and_people_do_not(world: World, clock: time_machine.Traveller) -> None:
    """One person on five days in two communities is one participant in the whole, and one in each community."""
    world.publish(**FEW)
    for day in range(5):
        clock.move_to(START + timedelta(days=day))
        at_home(world, "one", region=(COMMUNITY, NEIGHBOUR)[day % 2]).deal()
    at_home(world, "two", region=None).deal()
    settle()
    found = survey(last=TODAY + timedelta(days=4))
    assert found.of("online.participants").value == 2
    by_region = {one.of["region"]: one.value for one in found.all_of("online.participants", "region")}
    assert by_region == {COMMUNITY: 1, NEIGHBOUR: 1, "": 1}
    assert [one.value for one in found.all_of("online.papers", "region")] == [3, 2, 1]
    assert [one.value for one in found.all_of("online.participants", "day")] == [1, 1, 1, 1, 2]
    assert survey(first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=3)).of("online.participants").value == 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 12, 2, 15, 59, 59, 999_000, UTC), date(2026, 12, 2)),
        (datetime(2026, 12, 2, 16, 0, tzinfo=UTC), date(2026, 12, 3)),
    ],
)
def test_a_day_ends_at_midnight_in_shanghai(
    world: World, clock: time_machine.Traveller, moment: datetime, day: date
) -> None:
    world.publish(**FEW)
    clock.move_to(moment)
    at_home(world).deal()
    settle()
    found = survey(first=date(2026, 12, 1), last=date(2026, 12, 4))
    assert {one.of["day"] for one in found.all_of("online.papers", "day") if one.value} == {day.isoformat()}


def test_a_paper_of_the_evening_handed_in_after_midnight_belongs_to_its_evening(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(**FEW)
    clock.move_to(datetime(2026, 12, 2, 23, 59, tzinfo=SHANGHAI))
    person = at_home(world)
    paper = person.deal()
    clock.shift(timedelta(minutes=2))
    person.hand_in(paper)
    settle()
    evening, after = survey(first=date(2026, 12, 2)), survey(first=date(2026, 12, 3))
    assert (evening.of("online.passed_papers").value, after.of("online.passed_papers").value) == (1, 0)


def test_what_a_person_did_stays_counted_when_they_are_deleted(world: World) -> None:
    world.publish(**FEW)
    person = at_home(world)
    person.hand_in(person.deal())
    settle()
    before = flat(survey())
    assert person.delete("me").status_code == 204
    settle()
    assert flat(survey()) == before


def test_a_late_tally_a_revision_and_a_decision_are_counted_anew(world: World, clock: time_machine.Traveller) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)
    phone = volunteer(world)
    one = tally(boxes=2, fans=0)
    clock.shift(timedelta(days=3))
    phone = world.citizen("volunteer v1", consents_to=None)
    assert sent(phone, one, tally(region=NEIGHBOUR, boxes=5)) == ["created", "held"]
    settle()
    found = survey()
    assert found.of("offline.handed_out", material=BOX.code).value == 2
    assert found.of("offline.household_tallies").value == 1
    assert found.of("offline.volunteers_active").value == 1
    assert sent(phone, one | {"revision": 2, "handouts": [], "setting": "shop"}) == ["created"]
    world.staff.clear()
    (held_id,) = held_ids(world.desk("second"))
    decide(world.desk("second"), held_id, "count")
    settle()
    assert survey().of("offline.handed_out", material=BOX.code).value == 0
    assert (survey().of("offline.household_tallies").value, survey().of("offline.shop_tallies").value) == (0, 1)
    later = survey(first=day_of(utcnow()))
    assert (later.of("offline.handed_out", material=BOX.code).value, later.of("offline.people").value) == (5, 3)
    assert (later.of("offline.handed_out", material=FAN.code).unit) == "把"


def test_two_campaigns_share_their_people(world: World) -> None:
    world.publish(**FEW)
    world.publish(slug="other", **FEW)
    one, two = at_home(world), at_home(world, region=NEIGHBOUR)
    for slug in ("play", "other"):
        notice = one.get(f"campaigns/{slug}/privacy").get_json()
        one.put("me/consents/privacy", json={"version": notice["version"], "granted": True})
        one.hand_in(one.deal(slug))
    two.deal()
    settle()
    both = survey(slugs=("play", "other"))
    assert (both.of("online.participants").value, both.of("online.papers").value) == (2, 3)
    assert both.of("online.participants", region=COMMUNITY).value == 1
    assert both.of("online.participants", day=TODAY.isoformat()).value == 2
    assert both.of("online.audience", stage="0").value == 2
    assert both.of("online.passers", stage="3").value == 1
    assert survey("d", slugs=("play", "other")).of("online.participants").value == 2
    assert survey(OTHER_STREET, slugs=("play", "other")).of("online.participants").value == 0


def test_the_funnel_never_rises_and_audience_is_who_looked(world: World) -> None:
    world.publish(**FEW)
    at_home(world).get("campaigns/play/me")
    looked_twice = at_home(world)
    for _ in range(2):
        assert looked_twice.get("campaigns/play/me").status_code == 200
    looked_twice.deal()
    passer = at_home(world)
    passer.draw(passer.earn_ticket())
    settle()
    found = survey()
    reached = [one.value or 0 for one in found.all_of("online.audience", "stage")]
    stages = [one for one in found.figures if "stage" in one.of]
    values = [one.value or 0 for one in stages]
    assert values == sorted(values, reverse=True)
    assert (reached, values[:5]) == ([3], [3, 2, 1, 1, 1])
    assert found.of("online.audience").value == 3
    assert world.count("visits") == 2


def test_scam_types_and_questions_with_too_few_answers_say_so(world: World) -> None:
    world.publish(paper={"per_day": 10}, **FEW)
    person = at_home(world)
    for _ in range(7):
        person.hand_in(person.deal(), wrong=1)
    settle()
    found = survey()
    loan, romance = (found.of("online.wrong_rate", scam_type=code) for code in ("loan", "romance"))
    assert (romance.value, romance.reason, romance.base) == (None, "样本不足", 7)
    assert (loan.base, found.of("online.answers").value) == (28, 35)
    for _ in range(1):
        person.hand_in(person.deal(), wrong=0)
    settle()
    loan = survey().of("online.wrong_rate", scam_type="loan")
    assert loan.base == 32
    wrong = survey().of("online.wrong_answers", scam_type="loan").value or 0
    assert loan.value == (2000 * wrong + 32) // 64


def test_who_marks_late_is_not_overlooked(world: World) -> None:
    """Exactly the marks that were read are taken away: one that commits later with an earlier number stays."""
    world.publish(**FEW)
    at_home(world).deal()
    with reading():
        marks = dirty.list_marks(limit=100)
    at_home(world).deal()
    with transaction():
        dirty.delete_marks([mark_id for mark_id, _ in marks])
    assert world.count("dirty_keys") > 0
    settle()
    assert survey().of("online.participants").value == 1


def test_as_of_is_the_oldest_thing_that_is_not_counted(world: World, clock: time_machine.Traveller) -> None:
    world.publish(**FEW)
    at_home(world).deal()
    dealt_at = utcnow()
    clock.shift(timedelta(minutes=5))
    assert survey().as_of == dealt_at
    settle()
    assert survey().as_of == utcnow()


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_two_writers_whose_commits_overtake_each_other_are_both_counted(world: World, app: Flask) -> None:
    """The first to mark commits last: its number is lower than the one that was settled meanwhile.

    SQLite has one writer at a time: nobody can overtake.
    """
    world.publish(**FEW)
    slow, quick = at_home(world), at_home(world)
    slow_id, quick_id = (UUID(one.get("me").get_json()["citizen"]["id"]) for one in (slow, quick))
    settle()
    with reading():
        campaign = campaigns.get_campaign("play")
    with db.engine.connect() as late, late.begin():
        visit = "INSERT INTO visits (campaign_id, citizen_id, day) VALUES (:whole, :part, :day)"
        mark = "INSERT INTO dirty_keys (kind, whole, part, at) VALUES ('person', :whole, :part, :at) RETURNING id"
        ids = {"whole": campaign.id, "part": slow_id}
        late.execute(text(visit), ids | {"day": TODAY})
        first = late.execute(text(mark), ids | {"at": utcnow()}).scalar_one()
        assert quick.get("campaigns/play/me").status_code == 200
        assert [tuple(row) for row in world.rows("SELECT id > :first FROM dirty_keys", first=first)] == [(True,)]
        assert settle() == 1
        assert survey().of("online.audience").value == 1
    assert settle() == 1
    assert (survey().of("online.audience").value, quick_id != slow_id) == (2, True)


def test_the_twenty_ninth_of_february_is_a_day(world: World) -> None:
    world.publish(**FEW)
    found = survey(first=date(2028, 2, 28), last=date(2028, 3, 1))
    days = [one.of["day"] for one in found.all_of("online.papers", "day")]
    assert days == ["2028-02-28", "2028-02-29", "2028-03-01"]
