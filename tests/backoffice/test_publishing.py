"""Publishing: by two people, as a whole or not at all, and checkable by anyone; and what time does afterwards."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask.cli import ScriptInfo

from quizsvc.accounts import service as accounts
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice import cli
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.service import Frozen, SecondPersonNeeded, WrongState
from quizsvc.kit.clock import utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import coupons
from quizsvc.lottery.coupons import CouponRow
from quizsvc.regions import service as regions
from tests.world import CAMPAIGN, OTHER_STREET, PASSWORD, START, World, at_once, box, merged, said_by

SECOND = timedelta(seconds=1)
FRESH = timedelta(seconds=6)  # longer than any public page is kept
TABLES = ("campaigns", "campaign_versions", "rounds", "coupons", "audit")


def publish(slug: str = "play", *, by: str = "second") -> None:
    with transaction():
        backoffice.publish(campaigns.get_campaign(slug), by=accounts.get_staff(by), now=utcnow())


def load(*, by: str = "operator", **changes: Any) -> None:
    document = read_campaign(merged(CAMPAIGN, **changes), file="play.toml")
    with transaction():
        backoffice.load_campaign(document, by=accounts.get_staff(by), now=utcnow())


def move(slug: str, state: str, *, by: str = "operator") -> None:
    with transaction():
        backoffice.move(campaigns.get_campaign(slug), state, by=accounts.get_staff(by), now=utcnow())


def problems_of(slug: str = "play") -> list[Problem]:
    with reading():
        return backoffice.find_problems(campaigns.get_campaign(slug))


def page_of(world: World, slug: str = "play") -> dict[str, Any]:
    response = world.phone().get(f"campaigns/{slug}")
    assert response.status_code == 200, response.get_json()
    return dict(response.get_json())


def states(world: World) -> dict[str, str]:
    return {str(slug): str(state) for slug, state in world.rows("SELECT slug, state FROM campaigns")}


def moves(world: World) -> list[str]:
    """What a tick says about campaigns and rounds; the hourly anchors are another matter."""
    return [line for line in world.tick() if not line.endswith("is anchored")]


def snapshot(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that publishing could touch."""
    return {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


@pytest.fixture
def abroad(world: World) -> str:
    """An operator of another street."""
    with transaction():
        district = accounts.get_staff("operator")
        accounts.add_staff(
            "abroad",
            password=PASSWORD,
            role="operator",
            region=regions.get_region("s2"),
            granter=district,
            now=utcnow(),
        )
    return "abroad"


# --- who may ----------------------------------------------------------------------------------------------------------


def test_publishing_needs_a_second_person(world: World) -> None:
    slug = world.draft()
    before = snapshot(world)
    with pytest.raises(SecondPersonNeeded):
        publish(slug, by="operator")
    assert snapshot(world) == before
    publish(slug, by="second")
    assert states(world) == {slug: "published"}


def test_who_drafted_last_is_the_one_who_needs_a_second_person(world: World) -> None:
    slug = world.draft()
    load(by="second")
    with pytest.raises(SecondPersonNeeded):
        publish(slug, by="second")
    publish(slug, by="operator")
    assert states(world) == {slug: "published"}


@pytest.mark.parametrize("who", ["abroad", "clerk", "auditor", "stranger"])
def test_publishing_and_moving_need_an_operator_over_the_campaigns_region(world: World, abroad: str, who: str) -> None:
    slug, running = world.draft(), world.publish(slug="running")
    before = snapshot(world)
    with pytest.raises(RoleMissing):
        publish(slug, by=who)
    for state in ("paused", "closing"):
        with pytest.raises(RoleMissing):
            move(running, state, by=who)
    with pytest.raises(RoleMissing):
        load(by=who, slug="new")
    assert snapshot(world) == before


def test_an_operator_of_another_street_acts_there(world: World, abroad: str) -> None:
    load(by=abroad, slug="there", region=OTHER_STREET, round=[])
    publish("there", by="operator")
    move("there", "paused", by=abroad)
    assert states(world) == {"there": "paused"}


def test_a_draft_is_not_replaced_by_an_operator_of_another_street(world: World, abroad: str) -> None:
    slug = world.draft()
    before = snapshot(world)
    with pytest.raises(RoleMissing):
        load(by=abroad, slug=slug, region=OTHER_STREET, title="别人的活动")
    assert snapshot(world) == before


def test_resuming_is_no_way_to_publish(world: World) -> None:
    slug = world.draft()
    before = snapshot(world)
    with pytest.raises(WrongState):
        move(slug, "published")
    assert snapshot(world) == before
    assert world.phone().get(f"campaigns/{slug}").status_code == 404
    assert world.tick() == []


# --- what is published ------------------------------------------------------------------------------------------------


def test_anyone_can_compute_the_hash_of_the_published_rules(world: World) -> None:
    world.publish(slug="noise", title="别的活动")
    slug = world.publish(rules={"beacon": "福彩3D 第2026330期"})
    response = world.phone().get(f"campaigns/{slug}")
    page = json.loads(response.get_data())
    canonical = json.dumps(page["rules"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode("utf-8")).hexdigest() == page["rules_hash"]
    assert page["rules_hash"] != page_of(world, "noise")["rules_hash"]
    assert "福彩3D" in canonical
    assert page["rules"]["conditions"] == "本街道居民"


def test_the_rules_hold_everything_that_participants_must_know(world: World) -> None:
    page = page_of(world, world.publish())
    rules = page["rules"]
    for name in ("title", "opens_at", "closes_at", "organiser", "partners", "prizes"):
        assert rules[name] == page[name], name
    for name in ("conditions", "method", "handover", "claim_until", "leftovers", "beacon", "max_wins", "privacy"):
        assert name in rules
    for one, shown in zip(rules["rounds"], page["rounds"], strict=True):
        for name in ("no", "opens_at", "closes_at", "cards", "planned", "commitment"):
            assert one[name] == shown[name], name
    assert page["state"] == "published"
    assert page["paper"] == {"questions": 5, "pass_percent": 80, "minutes": 10, "per_day": 3}


def test_every_box_is_committed_to_before_anyone_draws(world: World) -> None:
    world.publish(slug="noise")
    page = page_of(world, world.publish())
    rows = world.rows(
        "SELECT r.no, r.sealed_seed FROM rounds r JOIN campaigns c ON c.id = r.campaign_id "
        "WHERE c.slug = 'play' ORDER BY r.no"
    )
    seeds = [keys().unseal(sealed) for _, sealed in rows]
    assert [len(seed) for seed in seeds] == [32, 32]
    assert [one["commitment"] for one in page["rules"]["rounds"]] == [hashlib.sha256(s).hexdigest() for s in seeds]
    assert len(set(seeds) | {sealed for _, sealed in rows}) == 4
    said = json.dumps(page)
    assert not any(seed.hex() in said or sealed in said for seed, (_, sealed) in zip(seeds, rows, strict=True))


def test_the_same_file_published_twice_has_other_seeds(world: World) -> None:
    pages = [page_of(world, world.publish(slug=slug)) for slug in ("one", "two")]
    commitments = [one["commitment"] for page in pages for one in page["rules"]["rounds"]]
    assert len(set(commitments)) == 4


# --- frozen -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["published", "paused", "closing"])
def test_a_published_campaigns_file_cannot_be_loaded_again(world: World, state: str) -> None:
    slug = world.publish()
    if state != "published":
        world.move(slug, state)
    before = snapshot(world)
    with pytest.raises(Frozen):
        load(title="新的名字")
    with pytest.raises(Frozen):
        load()
    assert snapshot(world) == before


def test_publishing_twice_changes_nothing(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    before = snapshot(world)
    clock.shift(timedelta(hours=1))
    publish(slug)
    publish(slug, by="operator")
    assert snapshot(world) == before
    world.move(slug, "closing")
    before = snapshot(world)
    publish(slug)
    assert snapshot(world) == before


def test_two_people_publishing_at_once_end_in_one_publication(world: World) -> None:
    for turn in range(3):
        slug = world.draft(slug=f"play-{turn}")
        said = at_once(*[partial(said_by, partial(publish, slug))] * 6)
        assert states(world)[slug] == "published"
        assert world.count("rounds") == 2 * (turn + 1)
        assert world.count("campaign_versions") == turn + 1
        page = page_of(world, slug)
        assert [one["commitment"] for one in page["rules"]["rounds"]] == [one["commitment"] for one in page["rounds"]]
        assert [one for one in said if one is not None and not isinstance(one, WrongState)] == []


# --- as a whole or not at all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"privacy": ""}, "privacy"),
        ({"rules": {"handover": ""}}, "rules.handover"),
        ({"prize": [CAMPAIGN["prize"][0], CAMPAIGN["prize"][1] | {"value_fen": 5_000_001}]}, "prize tissue"),
        ({"round": [box(cards=2, prizes={"tissue": 3})]}, "round[1].cards"),
        ({"rules": {"claim_until": START + timedelta(days=29)}}, "rules.claim_until"),
        ({"paper": {"plan": [{"scam_type": "loan", "difficulty": 1, "count": 7}]}}, "paper.plan"),
        ({"paper": {"plan": [{"scam_type": "gaming", "difficulty": 1, "count": 1}]}}, "paper.plan"),
        ({"paper": {"plan": [{"scam_type": "nothing", "difficulty": 1, "count": 1}]}}, "paper.plan"),
    ],
)
def test_a_campaign_with_a_fault_is_not_published(world: World, changes: dict[str, Any], where: str) -> None:
    slug = world.draft(**changes)
    assert [problem.where for problem in problems_of(slug)] == [where]
    before = snapshot(world)
    with pytest.raises(FileRefused) as refused:
        publish(slug)
    assert [problem.where for problem in refused.value.problems] == [where]
    assert snapshot(world) == before
    assert states(world) == {slug: "draft"}


def test_a_plan_that_takes_the_banks_last_question_can_be_published(world: World) -> None:
    slug = world.draft(paper={"plan": [{"scam_type": "loan", "difficulty": 1, "count": 6}]})
    assert problems_of(slug) == []


def test_all_faults_of_all_slices_are_named_at_once(world: World) -> None:
    load(privacy="", paper={"plan": [{"scam_type": "gaming", "difficulty": 1, "count": 1}]})
    assert [problem.where for problem in problems_of()] == ["privacy", "paper.plan", "prize credit"]


def test_as_many_coupons_are_needed_as_cards_that_carry_them(world: World) -> None:
    """Three cards carry the coupon; coupons of another campaign or prize do not count."""
    world.draft(slug="noise")
    load()

    def add(*codes: str, prize: str = "credit") -> None:
        rows = [CouponRow(code, 1000, START + timedelta(days=90)) for code in codes]
        with transaction():
            coupons.load_coupons(campaigns.get_campaign("play"), prize=prize, coupons=rows, by="operator", now=utcnow())

    add("other-1", "other-2", prize="tissue")
    for codes, there in (((), 0), (("a",), 1), (("b", "a"), 2)):
        add(*codes)
        ((where, what),) = [(problem.where, problem.what) for problem in problems_of()]
        assert (where, what) == ("prize credit", f"{there} coupons for 3 cards")
        with pytest.raises(FileRefused):
            publish()
    add("c")
    publish()
    assert states(world) == {"noise": "draft", "play": "published"}


def test_after_a_failed_publication_the_corrected_one_shows_the_corrected_rules(
    world: World, clock: time_machine.Traveller
) -> None:
    slug = world.draft(title="错的名字", rules={"conditions": ""})
    with pytest.raises(FileRefused):
        publish(slug)
    assert (world.count("rounds"), world.count("campaign_versions"), states(world)) == (0, 0, {slug: "draft"})
    assert world.phone().get(f"campaigns/{slug}").status_code == 404
    load(title="对的名字", rules={"conditions": "本街道居民"})
    publish(slug)
    page = page_of(world, slug)
    assert (page["title"], page["rules"]["conditions"]) == ("对的名字", "本街道居民")


def test_rules_that_were_rolled_back_are_never_served(world: World) -> None:
    """The publication is looked at in its own transaction, which then fails, as loading the demo might."""
    slug = world.draft(title="错的名字")
    with suppress(ZeroDivisionError), transaction():
        backoffice.publish(campaigns.get_campaign(slug), by=accounts.get_staff("second"), now=utcnow())
        backoffice.advance(campaigns.get_campaign(slug), now=utcnow())
        raise ZeroDivisionError
    assert (world.count("rounds"), world.count("campaign_versions"), states(world)) == (0, 0, {slug: "draft"})
    load(title="对的名字")
    publish(slug)
    page = page_of(world, slug)
    ((stored,),) = world.rows("SELECT rules_hash FROM campaign_versions")
    assert (page["title"], page["rules_hash"]) == ("对的名字", stored)
    assert [one["commitment"] for one in page["rules"]["rounds"]] == [one["commitment"] for one in page["rounds"]]


def test_a_replaced_draft_is_the_one_that_is_published(world: World) -> None:
    slug = world.draft(title="第一稿")
    load(title="第二稿")
    publish(slug)
    assert page_of(world, slug)["title"] == "第二稿"
    assert world.count("campaigns") == 1


# --- who sees it ------------------------------------------------------------------------------------------------------


def test_a_draft_is_invisible_to_the_public(world: World, clock: time_machine.Traveller) -> None:
    world.draft()
    world.publish(slug="visible")
    citizen = world.citizen(consents_to=None)
    asked: list[Callable[[], Any]] = [
        lambda: world.phone().get("campaigns/play"),
        lambda: world.phone().get("campaigns/play/privacy"),
        lambda: citizen.get("campaigns/play/me"),
        lambda: citizen.post("campaigns/play/papers"),
    ]
    for ask in asked:
        response = ask()
        assert (response.status_code, response.get_json()["errcode"]) == (404, "campaigns.unknown")
    listed = world.phone().get("campaigns").get_json()
    assert [one["slug"] for one in listed["items"]] == ["visible"]
    publish()
    clock.shift(FRESH)
    listed = world.phone().get("campaigns").get_json()
    assert [one["slug"] for one in listed["items"]] == ["play", "visible"]
    assert world.phone().get("campaigns/play").status_code == 200


def test_a_paused_and_a_closed_campaign_stay_visible(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    for state in ("paused", "closing"):
        world.move(slug, state)
        clock.shift(FRESH)
        assert page_of(world, slug)["state"] == state
        listed = world.phone().get("campaigns").get_json()["items"]
        assert [(one["slug"], one["state"]) for one in listed] == [(slug, state)]


# --- what time does ---------------------------------------------------------------------------------------------------


def test_a_campaign_begins_to_close_at_its_end_and_is_closed_when_late_tallies_are_over(
    world: World, clock: time_machine.Traveller
) -> None:
    closes_at = START + timedelta(days=2)
    world.publish(closes_at=closes_at, late_days=3, round=[box(cards=5, prizes={"tissue": 1}, days=(-1, 2))])
    world.publish(slug="noise")
    world.draft(slug="sketch", closes_at=closes_at, round=[])
    assert sorted(moves(world)) == ["noise: round 1 is open", "play: round 1 is open"]
    seen: list[tuple[list[str], str]] = []
    for moment in (
        closes_at - SECOND,
        closes_at,
        closes_at + timedelta(days=3) - SECOND,
        closes_at + timedelta(days=3),
    ):
        clock.move_to(moment)
        done = moves(world)
        seen.append((done, states(world)["play"]))
        assert world.tick() == []
    assert seen == [
        ([], "published"),
        (["play: round 1 is closed", "play: is closing"], "closing"),
        ([], "closing"),
        (["play: is closed"], "closed"),
    ]
    assert states(world) == {"play": "closed", "noise": "published", "sketch": "draft"}
    acts = world.rows("SELECT actor, act FROM audit WHERE subject LIKE 'play%' ORDER BY id DESC LIMIT 3")
    assert acts[::-1] == [("system", "round.close"), ("system", "campaign.closing"), ("system", "campaign.closed")]


def test_a_paused_campaign_closes_in_time_too(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    world.move(slug, "paused")
    clock.move_to(START + timedelta(days=29))
    world.tick()
    assert states(world) == {slug: "closing"}


def test_a_tick_after_a_long_stand_still_leaves_nothing_to_the_next(
    world: World, clock: time_machine.Traveller
) -> None:
    slug = world.publish()
    clock.move_to(START + timedelta(days=29 + 7))
    world.tick()
    after_one = snapshot(world)
    assert world.tick() == []
    assert snapshot(world) == after_one
    assert states(world) == {slug: "closed"}


def test_rounds_open_and_close_by_the_clock_once(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    seen = []
    for days in (0, 9, 29):
        clock.move_to(START + timedelta(days=days))
        seen.append(moves(world))
        before = snapshot(world)
        assert world.tick() == []
        assert snapshot(world) == before
    assert seen == [
        [f"{slug}: round 1 is open"],
        [f"{slug}: round 1 is closed", f"{slug}: round 2 is open"],
        [f"{slug}: round 2 is closed", f"{slug}: is closing"],
    ]


def test_ending_a_campaign_early_closes_its_open_round(world: World) -> None:
    slug = world.publish()
    world.publish(slug="noise")
    world.tick()
    world.move(slug, "closing")
    rows = world.rows(
        "SELECT c.slug, r.no, r.state FROM rounds r JOIN campaigns c ON c.id = r.campaign_id ORDER BY c.slug, r.no"
    )
    assert rows == [
        ("noise", 1, "open"),
        ("noise", 2, "planned"),
        ("play", 1, "closed"),
        ("play", 2, "planned"),
    ]
    assert world.tick() == []


def test_every_act_is_written_down_with_who_did_it(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    world.publish(slug="noise")
    for state in ("paused", "published", "closing"):
        clock.shift(SECOND)
        world.move(slug, state)
    rows = world.rows("SELECT actor, act, at FROM audit WHERE subject = :slug ORDER BY id", slug=slug)
    assert [(actor, act) for actor, act, _ in rows] == [
        ("operator", "campaign.draft"),
        ("operator", "coupons.load"),
        ("second", "campaign.published"),
        ("operator", "campaign.paused"),
        ("operator", "campaign.published"),
        ("operator", "campaign.closing"),
    ]
    last = datetime.fromisoformat(str(rows[-1][2]))
    assert last.replace(tzinfo=last.tzinfo or UTC) == START + 3 * SECOND


# --- the commands -----------------------------------------------------------------------------------------------------

FILE = """
slug = "cli"
title = "命令行活动"
region = "s1"
opens_at = 2026-11-30T00:00:00+08:00
closes_at = 2026-12-30T00:00:00+08:00
privacy = "告知"
organiser = { name = "一街道", contact = "025-00000000" }
rules = { conditions = "居民", claim_until = 2027-01-30T00:00:00+08:00 }

[paper]
pass_percent = 80
minutes = 10
per_day = 3
plan = [{ scam_type = "loan", difficulty = 1, count = 3 }]
"""


def test_a_campaign_goes_from_file_to_closing_by_commands(world: World, tmp_path: Path) -> None:
    world.publish(slug="noise")
    path = tmp_path / "cli.toml"
    path.write_text(FILE, encoding="utf-8")

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.group, list(words), obj=ScriptInfo(create_app=lambda: world.app))
        return result.exit_code, repr(result.exception) if result.exit_code else result.output

    assert run("load", str(path), "--as", "operator")[0] == 0
    told = "cli: paper.plan: the bank fills every line of the paper plan; it makes 20 different papers"
    assert run("check", "cli") == (0, f"{told}\ncli can be published\n")
    assert run("publish", "cli", "--as", "operator") == (1, "SecondPersonNeeded('campaigns.second_person_needed')")
    assert run("publish", "cli")[0] == 2
    assert states(world)["cli"] == "draft"
    status, said = run("publish", "cli", "--as", "second")
    assert (status, said) == (0, f"cli is published; rules hash {page_of(world, 'cli')['rules_hash']}\n")
    assert run("publish", "cli", "--as", "second") == (status, said)
    for words, state in (("pause", "paused"), ("pause", "paused"), ("resume", "published"), ("close", "closing")):
        assert run(words, "cli", "--as", "operator") == (0, f"cli is {state}\n")
        assert states(world) == {"cli": state, "noise": "published"}
    assert run("resume", "cli", "--as", "operator") == (1, "WrongState('campaigns.wrong_state')")


def test_checking_names_what_is_missing_and_fails(world: World) -> None:
    load(privacy="")
    result = CliRunner().invoke(cli.group, ["check", "play"], obj=ScriptInfo(create_app=lambda: world.app))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "play: privacy: is empty -> participants must be told this before it opens; write it",
        "play: prize credit: 0 coupons for 3 cards -> quizsvc coupons load",
        "play: paper.plan: the bank fills every line of the paper plan; it makes 120 different papers",
    ]
    assert db.session().in_transaction() is False
