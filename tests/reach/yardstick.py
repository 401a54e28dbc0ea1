"""The campaign that everything is measured by: a street of 33 communities, its volunteers, tallies and citizens."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid4

import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.materials.rules import Material, Pack
from quizsvc.regions import service as regions
from tests.reach.crowd import A_DAY, FIRST_DAY, Crowd, box_of
from tests.world import PASSWORD, START, Phone, World, box, uuid_of

SLUG, OTHER, TOWN = "yardstick", "other-drive", "y"
COMMUNITIES = [f"y{n:02}" for n in range(1, 34)]
A_BUILDING, CLERK = "y05b1", "town-clerk"
LAST_DAY = FIRST_DAY + 12 * A_DAY  # the day on which people come through the API
TISSUE = Material("box", "反诈抽纸", "盒", [Pack("箱", 24)])
FAN = Material("fan", "反诈扇子", "个", [])
LEAFLET = Material("leaflet", "宣传彩页", "份", [Pack("包", 100)])
UMBRELLA = Material("umbrella", "反诈晴雨伞", "把", [])  # nobody hands one out
HANDED_OUT = {TISSUE.code: 5_120, FAN.code: 2_043, LEAFLET.code: 60_412}
KEEN = 3  # people of another day: they looked at the campaign before it opened


@dataclass(frozen=True)
class Size:
    """So many citizens opened the campaign, the last of them through the API."""

    audience: int
    by_api: int


def lay_out(world: World) -> None:
    """Street, materials, and two campaigns with a box that lasts."""
    residents = [f"{900 + 13 * n},街道办,2025-12-31" if n != 7 else ",," for n in range(33)]
    lines = [f"{code},{code}社区,community,{TOWN},,{known}" for code, known in zip(COMMUNITIES, residents, strict=True)]
    heading = "code,name,level,parent,households,residents,source,as_of"
    town = f"{TOWN},示范街道,street,d,,98000,街道办,2025-12-31"
    building = f"{A_BUILDING},五社区一号楼,building,y05,,,,"
    with transaction():
        regions.load_regions("\n".join([heading, town, *lines, building, ""]), file="regions.csv")
        stock.load_materials([TISSUE, FAN, LEAFLET, UMBRELLA])
        by, desk = accounts.get_staff("operator"), regions.get_region(COMMUNITIES[0])
        accounts.add_staff(CLERK, password=PASSWORD, role="clerk", region=desk, granter=by, now=utcnow())
    for slug in (SLUG, OTHER):
        world.draft(
            slug=slug,
            region=TOWN,
            title="反诈知识有奖竞答",
            closes_at=START + 29 * A_DAY,
            prize=[{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"}],
            round=[box(cards=40_000, prizes={"tissue": 8_000})],
        )
        with transaction():
            backoffice.publish(campaigns.get_campaign(slug), by=by, now=utcnow(), one_person=True)


def fill_with_citizens(world: World, size: Size, chance: Random) -> None:
    """All but the last: each opened the campaign on a day of it. Others know the other campaign alone, or both."""
    places = {code: uuid_of(id_) for code, id_ in world.rows("SELECT code, id FROM regions")}
    homes: list[UUID | None] = [
        places[code] for code in COMMUNITIES[:-1] for _ in range(3)
    ]  # nobody lives in the last one
    homes += [places[A_BUILDING], places[TOWN], places["s1c1"], None]
    crowd = Crowd(chance, homes, _versions(world))
    here, there = (box_of(world, slug, desk=COMMUNITIES[0]) for slug in (SLUG, OTHER))
    people = crowd.people(size.audience - size.by_api)
    for person in people:
        crowd.play(person, here)
    for person in crowd.people(KEEN):
        crowd.look(person, here, day=FIRST_DAY - A_DAY)
    crowd.position = 0
    for person in [*chance.sample(people, len(people) // 50), *crowd.people(len(people) // 100)]:
        crowd.play(person, there)
    crowd.pour()


def _versions(world: World) -> list[tuple[int, list[str]]]:
    """The bank: question version and right options."""
    return [
        (int(no), ["A", "B"] if code.startswith("romance") else ["A"])
        for no, code in world.rows("SELECT id, code FROM question_versions ORDER BY id")
    ]


def come_through_the_api(world: World, clock: time_machine.Traveller, size: Size, chance: Random) -> list[Phone]:
    """The last ones log in, say where they live, look, answer, draw; every second prize is fetched at once."""
    came = []
    for n in range(size.by_api):
        phone = world.citizen(consents_to=SLUG)
        came.append(phone)
        if n % 10:
            code = chance.choice(COMMUNITIES[:-1])
            assert phone.put("me/region", json={"region": code}).status_code == 200
        clock.shift(timedelta(seconds=20))
        assert phone.get(f"campaigns/{SLUG}/me").status_code == 200
        if n % 4:
            _play(world, phone, chance)
    return came


def _play(world: World, phone: Phone, chance: Random) -> None:
    paper = phone.deal(SLUG)
    if chance.random() < 0.1:
        return
    for ticket in phone.hand_in(paper, wrong=chance.choice([0, 0, 1, 2]))["tickets"]:
        drawn = phone.draw(ticket).get_json()
        if drawn.get("award") and chance.random() < 0.5:
            answer = world.desk(CLERK).put(f"redemptions/{uuid4()}", json={"code": drawn["award"]["code"]})
            assert answer.status_code == 200, answer.get_json()


def shares(chance: Random, total: int, parts: int) -> list[int]:
    """Parts of a total, some of them zero."""
    cuts = [0, *sorted(chance.choices(range(total + 1), k=parts - 1)), total]
    return [high - low for low, high in pairwise(cuts)]


def day_in(chance: Random) -> date:
    """A day of the campaign's first twelve."""
    return FIRST_DAY + chance.randrange(12) * A_DAY


Json = dict[str, Any]


def new_id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
