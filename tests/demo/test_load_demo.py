"""The demo campaign on both databases: open at once, complete, and left as it is by the next start."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import JSON, column, select, table

from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.demo.service import SIGN_INS, SLUG, load_demo, open_invitation
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.tables import metadata
from tests.world import World

VERSIONS = table("question_versions")
PASSWORDS: Mapping[str, str] = {name: f"a password for {name}" for name in SIGN_INS}


@pytest.fixture
def place(app: Flask, clock: time_machine.Traveller) -> World:
    """An empty database, at START."""
    return World(app)


def bring_up() -> None:
    with transaction():
        load_demo(passwords=PASSWORDS, now=utcnow())


def everything(place: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {table.name: sorted(place.rows(f"SELECT * FROM {table.name}"), key=repr) for table in metadata.sorted_tables}


def test_the_demo_has_33_communities_under_its_street(place: World) -> None:
    bring_up()
    levels = dict(place.rows("SELECT level, count(*) FROM regions GROUP BY level"))
    assert levels["community"] == 33
    assert levels["street"] == 1
    found = place.phone().get("regions?under=990100001&limit=200").get_json()["items"]
    assert sum(one["level"] == "community" for one in found) == 33


def test_the_demo_and_its_first_round_are_open_at_once(place: World) -> None:
    bring_up()
    page = place.phone().get(f"campaigns/{SLUG}").get_json()
    assert page["state"] == "published"
    assert [one["state"] for one in page["rounds"]] == ["open", "planned", "planned"]
    assert [one["beacon"] for one in page["rounds"]] == ["", "", ""]
    assert place.tick() == []
    citizen = place.citizen(consents_to=SLUG)
    paper = citizen.deal(SLUG)
    assert len(paper["questions"]) == page["paper"]["questions"] == 10
    assert "$" not in str(page)


def test_a_citizen_of_the_demo_can_pass_and_draw(place: World) -> None:
    bring_up()
    with reading():
        rows = db.session.execute(select(column("stem"), column("answer", JSON)).select_from(VERSIONS))
        keys = {str(row.stem): list(row.answer) for row in rows}
    citizen = place.citizen(consents_to=SLUG)
    paper = citizen.deal(SLUG)
    answers = [{"no": one["no"], "choices": keys[one["stem"]]} for one in paper["questions"]]
    mark = citizen.put(f"papers/{paper['id']}/answers", json={"answers": answers}).get_json()
    assert (mark["correct"], mark["passed"]) == (10, True)
    assert citizen.draw(mark["tickets"][0]).status_code == 200


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, 16, 0, 0, tzinfo=UTC)],
)
def test_the_demo_is_open_at_once_on_either_side_of_midnight(
    place: World, clock: time_machine.Traveller, moment: datetime
) -> None:
    clock.move_to(moment)
    bring_up()
    page = place.phone().get(f"campaigns/{SLUG}").get_json()
    assert datetime.fromisoformat(page["opens_at"]) <= moment < datetime.fromisoformat(page["closes_at"])
    assert page["rounds"][0]["state"] == "open"
    place.citizen(consents_to=SLUG).deal(SLUG)


def test_nothing_would_have_kept_the_demo_from_being_published(place: World) -> None:
    bring_up()
    with reading():
        campaign = campaigns.get_campaign(SLUG)
        assert backoffice.find_problems(campaign) == []
        definition = campaign.definition
    assert len(definition.partners) >= 1
    for prize in definition.prizes:
        cards = sum(one.planned.get(prize.code, 0) for one in definition.rounds)
        there = place.count("coupons", f"prize = '{prize.code}' AND award_id IS NULL")
        assert there == (cards if prize.kind == "coupon" else 0)
        assert cards > 0
    assert sum(prize.kind == "coupon" for prize in definition.prizes) >= 1


def test_the_demo_has_volunteers_of_every_kind_and_an_invitation_for_others(place: World) -> None:
    bring_up()
    kinds = dict(place.rows("SELECT kind, count(*) FROM volunteers GROUP BY kind"))
    assert kinds == {"volunteer": 4, "grid-worker": 4, "building-head": 4}
    assert place.count("assignments", "ends_at IS NULL") == 13
    phone = place.citizen(consents_to=None)
    joined = phone.post("volunteers", json={"invitation": open_invitation(), "name": "王小明"})
    assert joined.status_code == 201
    start = phone.get("outreach/bootstrap").get_json()
    assert sum(one["level"] == "community" for one in start["regions"]) == 33
    assert {one["code"] for one in start["materials"]} >= {"tissue-box", "fan", "leaflet"}
    assert [one["slug"] for one in start["campaigns"]] == [SLUG]


def test_loading_the_demo_again_changes_nothing(place: World, clock: time_machine.Traveller) -> None:
    bring_up()
    citizen = place.citizen(consents_to=SLUG)
    citizen.deal(SLUG)
    before = everything(place)
    bring_up()
    assert everything(place) == before
    clock.shift(timedelta(days=3))
    bring_up()
    assert everything(place) == before


def test_the_demo_stays_as_it_is_once_it_is_over(place: World, clock: time_machine.Traveller) -> None:
    bring_up()
    clock.shift(timedelta(days=40))
    place.tick()
    before = everything(place)
    bring_up()
    assert everything(place) == before
    assert place.rows("SELECT state FROM campaigns") != [("published",)]


def test_a_demo_that_could_not_be_loaded_leaves_nothing(place: World) -> None:
    with pytest.raises(KeyError), transaction():
        load_demo(passwords={}, now=utcnow())
    assert {name: len(rows) for name, rows in everything(place).items() if rows} == {}
    bring_up()
    assert place.rows("SELECT slug, state FROM campaigns") == [(SLUG, "published")]


def test_everybody_of_the_demo_can_sign_in(place: World) -> None:
    bring_up()
    for name, password in PASSWORDS.items():
        response = place.phone().post("staff/sessions", json={"name": name, "password": password})
        assert response.status_code == 200, name
    assert place.count("staff") == len(PASSWORDS)
    wrong = place.phone().post("staff/sessions", json={"name": "operator", "password": PASSWORDS["clerk"]})
    assert wrong.status_code == 401
