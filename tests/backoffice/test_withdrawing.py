"""Back to a draft while nobody was dealt a paper: no paper slips in, and what was public stays written down."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo

from quizsvc.accounts import service as accounts
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice import cli
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.amendments import PapersDealt
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.service import WrongState
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import FileRefused
from tests.world import CAMPAIGN, World, at_once, merged, said_by

FRESH = timedelta(minutes=2)  # longer than any public page is kept
WHY = "奖品数量写错"
TABLES = ("campaigns", "campaign_versions", "campaign_amendments", "rounds", "anchors", "closing_seeds", "audit")
CLOSING_DRAW = {"leftovers": "closing-draw", "beacon": "福彩3D 第2026330期"}


def withdraw(slug: str = "play", *, by: str = "operator") -> None:
    with transaction():
        campaign = campaigns.get_campaign(slug)
        backoffice.withdraw(campaign, reason=WHY, by=accounts.get_staff(by), now=utcnow())


def publish(slug: str = "play", *, by: str = "second") -> None:
    with transaction():
        backoffice.publish(campaigns.get_campaign(slug), by=accounts.get_staff(by), now=utcnow())


def load(**changes: Any) -> None:
    document = read_campaign(merged(CAMPAIGN, **changes), file="play.toml")
    with transaction():
        backoffice.load_campaign(document, by=accounts.get_staff("operator"), now=utcnow())


def standing(slug: str = "play") -> tuple[str, int]:
    with reading():
        campaign = campaigns.get_campaign(slug)
    return campaign.state, campaign.version


def page_of(world: World, slug: str = "play") -> dict[str, Any]:
    return dict(world.phone().get(f"campaigns/{slug}").get_json())


def snapshot(world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def test_a_campaign_goes_back_to_draft_with_everything_that_was_sealed(
    world: World, clock: time_machine.Traveller
) -> None:
    """An open and anchored round, a closing draw's seed and an amendment that waits."""
    world.publish(slug="noise", rules=CLOSING_DRAW)
    world.citizen(consents_to="noise").deal("noise")
    world.publish(rules={"leftovers": "closing-draw", "beacon": "福彩3D 第2026331期"})
    with transaction():
        campaign = campaigns.get_campaign("play")
        document = read_campaign(merged(CAMPAIGN, late_days=9), file="play.toml")
        backoffice.amend(campaign, document, reason="延长", by=accounts.get_staff("operator"), now=utcnow())
    first = page_of(world)
    withdraw()
    assert standing() == ("draft", 0)
    assert (world.count("rounds"), world.count("closing_seeds"), world.count("campaign_amendments")) == (2, 1, 0)
    clock.shift(FRESH)
    assert world.phone().get("campaigns/play").status_code == 404
    assert world.phone().get("campaigns/play/rules/1").status_code == 404
    assert world.citizen(consents_to=None).post("campaigns/play/papers").status_code == 404
    assert all("play" not in line for line in world.tick())
    ((actor, before, after),) = world.rows("SELECT actor, before, after FROM audit WHERE act = 'campaign.withdrawn'")
    before, after = (json.loads(one) if isinstance(one, str) else one for one in (before, after))
    assert (actor, before["state"], before["version"], after["reason"]) == ("operator", "published", 1, WHY)
    assert before["rules_hash"] == first["rules_hash"]
    assert before["commitments"] == [one["commitment"] for one in first["rules"]["rounds"]]


def test_an_open_round_that_nobody_drew_from_goes_too(world: World) -> None:
    world.publish()
    world.tick()
    assert (world.count("rounds", "state = 'open'"), world.count("anchors")) == (1, 1)
    withdraw()
    assert (world.count("rounds"), world.count("anchors")) == (0, 0)


def test_published_again_it_has_another_number_and_other_boxes_and_people_see_why(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish()
    first = page_of(world)
    withdraw()
    load(title="改正后的活动")
    clock.shift(FRESH)
    publish()
    second = page_of(world)
    assert (second["rules"]["version"], second["title"]) == (2, "改正后的活动")
    assert "amends" not in second["rules"]
    assert [(one["version"], one["rules_hash"], one["withdrawn_reason"]) for one in second["versions"]] == [
        (1, first["rules_hash"], WHY),
        (2, second["rules_hash"], None),
    ]
    assert second["versions"][0]["withdrawn_at"] == "2026-12-01T10:00:00.000+08:00"
    assert world.phone().get("campaigns/play/rules/1").get_json() == first["rules"]
    sealed = [one["commitment"] for page in (first, second) for one in page["rules"]["rounds"]]
    assert len(set(sealed)) == 4
    withdraw()
    publish()
    assert [one[0] for one in world.rows("SELECT version FROM campaign_versions ORDER BY 1")] == [1, 2, 3]


def test_an_amended_campaign_goes_back_to_its_amended_text(world: World) -> None:
    world.publish()
    with transaction():
        document = read_campaign(merged(CAMPAIGN, late_days=9), file="play.toml")
        campaign = campaigns.get_campaign("play")
        backoffice.amend(campaign, document, reason="延长", by=accounts.get_staff("operator"), now=utcnow())
    publish()
    withdraw()
    with reading():
        assert campaigns.get_campaign("play").definition.late_days == 9
    assert world.count("campaign_versions", "withdrawn_at IS NOT NULL") == 2


def test_a_paper_once_dealt_keeps_it_published(world: World) -> None:
    world.publish()
    world.citizen().deal()
    before = snapshot(world)
    with pytest.raises(PapersDealt):
        withdraw()
    assert snapshot(world) == before


@pytest.mark.parametrize("state", ["paused", "closing"])
def test_a_paused_campaign_can_be_withdrawn_and_an_ended_one_cannot(world: World, state: str) -> None:
    world.publish()
    world.move("play", state)
    if state == "closing":
        before = snapshot(world)
        with pytest.raises(WrongState):
            withdraw()
        assert snapshot(world) == before
    else:
        withdraw()
        assert standing() == ("draft", 0)


def test_withdrawing_needs_an_operator_and_is_done_once(world: World) -> None:
    world.publish()
    for who in ("clerk", "auditor"):
        with pytest.raises(RoleMissing):
            withdraw(by=who)
    withdraw()
    before = snapshot(world)
    withdraw()
    assert snapshot(world) == before


def test_the_number_of_withdrawn_rules_is_not_named_again(world: World) -> None:
    """It may be known by now, and a convenient seed could be looked for."""
    world.publish(slug="noise", rules={"beacon": "福彩3D 第2026331期"})
    world.publish(rules={"beacon": "福彩3D 第2026330期"})
    withdraw("noise")
    withdraw()
    with pytest.raises(FileRefused) as refused:
        publish()
    assert [problem.where for problem in refused.value.problems] == ["rules.beacon"]
    load(rules={"beacon": "福彩3D 第2026331期"})
    publish()
    assert standing() == ("published", 2)


def test_no_paper_slips_in_while_a_campaign_is_withdrawn(world: World) -> None:
    """Either it is a draft and nobody has a paper, or it stands and whoever asked has one."""
    for turn in range(8):
        slug = world.publish(slug=f"play-{turn}")
        phones = [world.citizen(consents_to=slug) for _ in range(3)]
        deals = [lambda p=phone, s=slug: p.post(f"campaigns/{s}/papers").status_code for phone in phones]
        *dealt, withdrawn = at_once(*deals, partial(said_by, partial(withdraw, slug)))
        papers = world.count("papers", f"campaign_id = (SELECT id FROM campaigns WHERE slug = '{slug}')")
        state, _ = standing(slug)
        assert papers == dealt.count(201)
        assert set(dealt) <= {201, 404}
        if state == "draft":
            assert (withdrawn, papers) == (None, 0)
        else:
            assert isinstance(withdrawn, PapersDealt)
            assert world.count("rounds", f"campaign_id = (SELECT id FROM campaigns WHERE slug = '{slug}')") == 2


def test_a_tick_that_opens_rounds_and_a_withdrawal_do_not_meet(world: World) -> None:
    for turn in range(4):
        slug = world.publish(slug=f"play-{turn}")
        at_once(world.tick, partial(withdraw, slug), world.tick)
        assert standing(slug) == ("draft", 0)
        assert world.count("rounds") == world.count("anchors") == 0


def test_the_command_says_what_it_did_and_wants_a_reason(world: World) -> None:
    world.publish()

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.group, list(words), obj=ScriptInfo(create_app=lambda: world.app))

    assert run("withdraw", "play", "--as", "operator").exit_code == 2
    done = run("withdraw", "play", "--as", "operator", "--reason", WHY)
    assert (done.exit_code, done.output) == (0, "play stands as a draft; its boxes are gone and will be sealed anew\n")
    assert standing() == ("draft", 0)
