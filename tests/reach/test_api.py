"""Figures over HTTP: everybody sees totals and no small number, staff see what their role reaches."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.http import PAGES
from quizsvc.materials import stock
from quizsvc.reach.metrics import METRICS
from quizsvc.regions import service as regions
from tests.materials.place import BOX, FAN, MATERIALS
from tests.outreach.place import volunteer
from tests.outreach.reports import decide, held_ids, sent, tally
from tests.reach.test_survey import FEW, at_home, settle
from tests.world import COMMUNITY, NEIGHBOUR, PASSWORD, START, STREET, World

STATISTICS = "campaigns/play/statistics"


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)


def public(world: World) -> dict[str, Any]:
    world.app.extensions[PAGES].clear()
    answer = world.phone().get("campaigns/play/reach")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def shown(world: World) -> dict[str, Any]:
    return {one["name"]: (one["value"], one["shown"], one["unit"]) for one in public(world)["figures"]}


def test_one_to_four_is_hidden_and_zero_and_five_are_not(world: World) -> None:
    for expected in [(0, "0"), (None, "<5"), (None, "<5"), (None, "<5"), (None, "<5"), (5, "5"), (6, "6")]:
        settle()
        assert shown(world)["答题人数"][:2] == expected
        at_home(world).deal()


def test_public_figures_are_totals_alone_and_no_two_betray_a_third(world: World) -> None:
    """No setting, kind, community, day or stage, no rate: whatever is a part of another figure is not there."""
    for _ in range(6):
        person = at_home(world)
        person.get("campaigns/play/me")
        person.draw(person.earn_ticket())
    phone = volunteer(world)
    assert (
        sent(phone, *[tally(boxes=3, fans=1, people=2) for _ in range(3)], tally(setting="talk", people=60))
        == ["created"] * 4
    )
    settle()
    page = public(world)
    ids = [one["id"] for one in page["figures"]]
    online = ("audience", "participants", "papers", "draws", "awards", "redemptions")
    offline = ("handed_out", "households", "people", "volunteers_active")
    assert set(ids) == {*(f"online.{name}" for name in online), *(f"offline.{name}" for name in offline)}
    assert len(ids) == len(set(ids)) + len(MATERIALS) - 1, "each once, but for the materials"
    found = shown(world)
    assert found["反诈抽纸"] == (11, "11", "盒")
    assert found["参加志愿者"] == (None, "<5", "名")
    assert found["反诈扇"] == (None, "<5", "把")
    assert page["timezone"] == "Asia/Shanghai"
    for one in page["figures"]:
        assert set(one) == {"id", "name", "unit", "value", "shown"}
        assert one["id"] in METRICS


def test_the_public_page_is_cached_with_an_etag(world: World) -> None:
    first = world.phone().get("campaigns/play/reach")
    again = world.phone().get("campaigns/play/reach", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.headers["Cache-Control"], again.status_code) == ("public, max-age=60", 304)
    assert world.phone().get("campaigns/unheard-of/reach").status_code == 404
    world.draft(slug="secret", **FEW)
    assert world.phone().get("campaigns/secret/reach").status_code == 404


@pytest.mark.parametrize(
    ("who", "region", "status"),
    [
        ("operator", None, 200),
        ("second", None, 200),
        ("auditor", STREET, 200),
        ("clerk", None, 403),
        ("clerk", COMMUNITY, 200),
        ("clerk", NEIGHBOUR, 403),
        ("stranger", COMMUNITY, 403),
        ("second", "d", 403),
        ("second", "s9", 404),
        ("partner", STREET, 200),
        ("partner", "d", 403),
    ],
)
def test_staff_see_what_their_role_reaches(world: World, who: str, region: str | None, status: int) -> None:
    with transaction():
        street, granter = regions.get_region(STREET), accounts.get_staff("operator")
        accounts.add_staff("partner", password=PASSWORD, role="partner", region=street, granter=granter, now=utcnow())
    query = {} if region is None else {"region": region}
    assert world.desk(who).get(STATISTICS, query_string=query).status_code == status


def test_nobody_without_a_role_sees_statistics(world: World) -> None:
    assert world.phone().get(STATISTICS).status_code == 401
    assert world.citizen().get(STATISTICS).status_code == 401


def test_every_figure_is_one_of_the_dictionary_with_its_unit(world: World) -> None:
    person = at_home(world)
    person.hand_in(person.deal())
    settle()
    answer = world.desk("second").get(STATISTICS).get_json()
    assert (answer["campaign"], answer["region"], answer["timezone"]) == ("play", STREET, "Asia/Shanghai")
    seen = set()
    for one in answer["figures"]:
        metric = METRICS[one["id"]]
        seen.add(one["id"])
        assert one["name"] == metric.name
        assert one["unit"] == (metric.unit or {BOX.code: "盒", FAN.code: "把"}[one["of"]["material"]])
        assert (one["value"] is None) == (one["reason"] is not None)
        assert one["unit"] != "%" or one["value"] is None or one["shown"] == f"{one['value']:.1f}"
    aside = {"online.question_wrong_rate", *(name for name in METRICS if name.startswith("cases."))}
    assert seen == set(METRICS) - aside, "whatever is defined is shown"
    listed = [
        one["of"]["region"] for one in answer["figures"] if one["id"] == "online.papers" and "region" in one["of"]
    ]
    assert listed == [COMMUNITY, NEIGHBOUR, ""], "every community in order of code, zeros too, and those from elsewhere"


def test_participation_is_of_residents_where_they_are_known(world: World) -> None:
    for _ in range(3):
        at_home(world).deal()
    settle()
    rows = "code,name,level,parent,households,residents,source,as_of\n"
    known = "s1c1,甲社区,community,s1,1,2,人口普查,2020-11-01\n"

    def participation(**query: str) -> dict[str, Any]:
        figures = world.desk("second").get(STATISTICS, query_string=query).get_json()["figures"]
        return {
            one["of"].get("region", "whole"): (one["value"], one["reason"], one["base"])
            for one in figures
            if one["id"] == "online.participation"
        }

    unknown = (None, "常住人口未知", None)
    assert participation() == {"whole": unknown, COMMUNITY: unknown, NEIGHBOUR: unknown, "": unknown}
    with transaction():
        regions.load_regions(rows + known, file="regions.csv")
    assert participation()[COMMUNITY] == (150.0, None, 2), "a rate over 100 % is said as it is"
    assert participation()["whole"] == unknown, "one community of two is not the street"
    assert participation(region=COMMUNITY)["whole"] == (150.0, None, 2)
    with transaction():
        regions.load_regions(rows + known + "s1c2,乙社区,community,s1,1,10,人口普查,2020-11-01\n", file="regions.csv")
    assert participation()["whole"] == (25.0, None, 12)
    figures = world.desk("second").get(STATISTICS).get_json()["figures"]
    (residents,) = [one for one in figures if one["id"] == "online.residents" and not one["of"]]
    assert (residents["value"], residents["source"]) == (12, "人口普查，2020-11-01")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from": "2026-12-01", "to": "2026-12-01"}, 200),
        ({"from": "2026-12-02", "to": "2026-12-01"}, 422),
        ({"from": "yesterday"}, 422),
        ({"from": "2020-01-01", "to": "9999-12-31"}, 200),
        ({"to": "2026-11-01"}, 200),
    ],
)
def test_a_period_is_of_days_both_counted(world: World, query: dict[str, str], status: int) -> None:
    answer = world.desk("second").get(STATISTICS, query_string=query)
    assert answer.status_code == status
    if status == 200 and "from" in query and query["to"] == query["from"]:
        assert answer.get_json()["period"] == {"from": "2026-12-01", "to": "2026-12-01"}


def test_statistics_cost_as_many_statements_whatever_there_is(
    world: World, clock: time_machine.Traveller, statements: list[str]
) -> None:
    costs = []
    desk = world.desk("second")
    for _ in range(2):
        for _ in range(8):
            person = at_home(world)
            person.hand_in(person.deal())
        settle()
        del statements[:]
        assert desk.get(STATISTICS).status_code == 200
        costs.append(len(statements))
        clock.shift(timedelta(hours=1))
    assert costs[0] == costs[1] <= 25, statements


def test_what_a_person_let_count_before_the_opening_is_in_the_whole(world: World) -> None:
    phone, before = volunteer(world), START - timedelta(days=10)
    assert sent(phone, tally(people=40), tally(people=7, occurred_at=rfc3339(before))) == ["created", "held"]
    (held_id,) = held_ids(world.desk("second"))
    assert decide(world.desk("second"), held_id, "count").status_code == 200
    settle()
    assert shown(world)["线下触达"] == (47, "47", "人次")
    assert public(world)["period"]["from"] == "2026-11-21"
    figures = world.desk("second").get(STATISTICS).get_json()["figures"]
    assert [one["value"] for one in figures if one["id"] == "offline.people" and not one["of"]] == [47]
