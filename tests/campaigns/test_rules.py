"""What must be true before publishing, and the arrows of the lifecycle."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from quizsvc.campaigns import rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import Definition, definition_of
from quizsvc.campaigns.service import WrongState
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from tests.world import CAMPAIGN, START, World, box, merged

SECOND = timedelta(seconds=1)
OPENS, CLOSES = CAMPAIGN["opens_at"], CAMPAIGN["closes_at"]
GOODS = {"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"}


def definition(**changes: Any) -> Definition:
    return definition_of(read_campaign(merged(CAMPAIGN, **changes), file="play.toml"))


def window(opens_at: Any, closes_at: Any, *, cards: int = 10, tissue: int = 1) -> dict[str, Any]:
    return {"opens_at": opens_at, "closes_at": closes_at, "cards": cards, "prizes": {"tissue": tissue}}


def test_a_good_campaign_has_no_faults() -> None:
    assert rules.find_faults(definition()) == []


def test_a_campaign_without_draws_needs_neither_prizes_nor_how_they_are_drawn() -> None:
    bare = definition(prize=[], round=[], rules={"method": "", "handover": "", "claim_until": OPENS})
    assert rules.find_faults(bare) == []


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"privacy": ""}, "privacy", "is empty"),
        ({"privacy": " \n"}, "privacy", "is empty"),
        ({"rules": {"conditions": ""}}, "rules.conditions", "is empty"),
        ({"rules": {"method": ""}}, "rules.method", "is empty"),
        ({"rules": {"handover": " "}}, "rules.handover", "is empty"),
        ({"organiser": {"name": ""}}, "organiser.name", "is empty"),
        ({"organiser": {"contact": ""}}, "organiser.contact", "is empty"),
        ({"closes_at": OPENS, "round": []}, "closes_at", "is not after opens_at"),
        ({"closes_at": OPENS - SECOND, "round": []}, "closes_at", "is not after opens_at"),
        ({"round": [window(START, START)]}, "round[1].closes_at", "is not after opens_at"),
        ({"round": [window(OPENS - SECOND, CLOSES)]}, "round[1]", "reaches outside the campaign"),
        ({"round": [window(OPENS, CLOSES + SECOND)]}, "round[1]", "reaches outside the campaign"),
        (
            {"round": [window(OPENS, START + SECOND), window(START, CLOSES)]},
            "round[2].opens_at",
            "overlaps round 1",
        ),
        (
            {"round": [window(START, CLOSES), window(OPENS, START)]},
            "round[2].opens_at",
            "overlaps round 1",
        ),
        ({"rules": {"claim_until": CLOSES}}, "rules.claim_until", "is not after the last round"),
        ({"paper": {"plan": []}}, "paper.plan", "is empty"),
        (
            {"paper": {"plan": [{"scam_type": "loan", "difficulty": 1, "count": 1}] * 2}},
            "paper.plan",
            "loan of difficulty 1 stands twice",
        ),
        ({"prize": [*CAMPAIGN["prize"], GOODS]}, "prize", "code tissue stands twice"),
        (
            {"prize": [CAMPAIGN["prize"][0], GOODS | {"value_fen": 5_000_001}]},
            "prize tissue",
            "is worth more than 50,000 yuan",
        ),
        ({"prize": [], "round": [box(cards=5, prizes={})]}, "prize", "there are rounds and no prize"),
        (
            {"round": [box(cards=5, prizes={"gold": 1, "tissue": 1})]},
            "round[1].prizes",
            "gold is no prize of this campaign",
        ),
        (
            {"round": [box(cards=5, prizes={"tissue": 6})]},
            "round[1].cards",
            "5 cards cannot carry 6 prizes (its own and those that rounds before may leave)",
        ),
        (
            {"round": [window(OPENS, START, cards=9, tissue=4), window(START, CLOSES, cards=6, tissue=3)]},
            "round[2].cards",
            "6 cards cannot carry 7 prizes (its own and those that rounds before may leave)",
        ),
    ],
)
def test_each_thing_that_participants_must_be_told_or_spared_is_a_fault(
    changes: dict[str, Any], where: str, what: str
) -> None:
    ((found_where, found_what, mend),) = rules.find_faults(definition(**changes))
    assert (found_where, found_what) == (where, what)
    assert mend


@pytest.mark.parametrize(
    "changes",
    [
        {"closes_at": OPENS + SECOND, "round": []},
        {"round": [window(OPENS, CLOSES)]},
        {"round": [window(OPENS, START), window(START, CLOSES)]},
        {"round": [window(OPENS, OPENS + SECOND), window(CLOSES - SECOND, CLOSES)]},
        {"rules": {"claim_until": CLOSES + SECOND}},
        {"prize": [CAMPAIGN["prize"][0], GOODS | {"value_fen": 5_000_000}]},
        {"round": [box(cards=5, prizes={"tissue": 5})]},
        {"round": [window(OPENS, START, cards=9, tissue=4), window(START, CLOSES, cards=7, tissue=3)]},
    ],
)
def test_the_very_edge_of_what_is_allowed_is_no_fault(changes: dict[str, Any]) -> None:
    assert rules.find_faults(definition(**changes)) == []


def test_a_third_round_must_hold_what_two_rounds_before_may_leave() -> None:
    days = [OPENS, START, START + timedelta(days=1), CLOSES]
    for cards, faults in ((9, 0), (8, 1)):
        boxes = [window(a, b, cards=cards, tissue=3) for a, b in pairwise(days)]
        assert [where for where, _, _ in rules.find_faults(definition(round=boxes))] == ["round[3].cards"] * faults


def test_all_faults_are_named_at_once() -> None:
    found = rules.find_faults(
        definition(privacy="", organiser={"contact": ""}, paper={"plan": []}, rules={"claim_until": START})
    )
    assert [where for where, _, _ in found] == ["privacy", "organiser.contact", "rules.claim_until", "paper.plan"]


def test_the_privacy_notices_version_changes_with_its_text() -> None:
    versions = {definition(privacy=text).privacy_version for text in ("甲", "乙", "甲 ")}
    assert len(versions) == 3
    assert definition(privacy="甲").privacy_version == definition(privacy="甲", title="别的").privacy_version


def test_only_a_draft_is_hidden() -> None:
    assert {state for state in rules.STATES if not rules.is_public(state)} == {"draft"}


# --- lifecycle --------------------------------------------------------------------------------------------------------

ARROWS = {
    ("draft", "published"),
    ("published", "paused"),
    ("paused", "published"),
    ("published", "closing"),
    ("paused", "closing"),
    ("closing", "closed"),
    ("closed", "archived"),
}
PAIRS = [(before, after) for before in rules.STATES for after in rules.STATES]


def put(slug: str, state: str) -> None:
    """Set a campaign's state by hand."""
    with transaction():
        version = 0 if state == "draft" else 1
        db.session.connection().exec_driver_sql(
            f"UPDATE campaigns SET state = '{state}', version = {version} WHERE slug = '{slug}'"
        )


def test_a_campaign_moves_along_the_arrows_and_nowhere_else(world: World) -> None:
    slug = world.publish()
    noise = world.publish(slug="noise")
    for before, after in PAIRS:
        put(slug, before)
        audited = world.count("audit")
        with reading():
            campaign = campaigns.get_campaign(slug)
        allowed = (before, after) in ARROWS
        if allowed or before == after:
            with transaction():
                campaigns.move(campaign, after, by="operator", now=utcnow())
        else:
            with pytest.raises(WrongState), transaction():
                campaigns.move(campaign, after, by="operator", now=utcnow())
        ((state,),) = world.rows("SELECT state FROM campaigns WHERE slug = :slug", slug=slug)
        assert state == (after if allowed else before), (before, after)
        assert world.count("audit") == audited + allowed, (before, after)
    assert world.rows("SELECT state, version FROM campaigns WHERE slug = :slug", slug=noise) == [("published", 1)]


def test_a_move_is_written_down_with_before_and_after(world: World) -> None:
    slug = world.publish()
    world.move(slug, "paused")
    rows = world.rows("SELECT actor, act, subject FROM audit ORDER BY id DESC LIMIT 1")
    assert rows == [("operator", "campaign.paused", slug)]


def test_who_looked_before_somebody_else_moved_is_refused(world: World) -> None:
    """Two people act on what they saw: the second one finds another state."""
    slug = world.publish()
    with reading():
        seen = campaigns.get_campaign(slug)
    world.move(slug, "closing")
    with pytest.raises(WrongState), transaction():
        campaigns.move(seen, "paused", by="operator", now=utcnow())
    assert world.rows("SELECT state FROM campaigns") == [("closing",)]
