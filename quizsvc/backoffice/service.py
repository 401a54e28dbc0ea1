"""Acts that span slices: check and publish a campaign, move it along, close it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import rules as campaign_rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import closing, coupons, ledger, rounds
from quizsvc.lottery import service as lottery
from quizsvc.quiz import service as quiz
from quizsvc.regions import service as regions


def load_campaign(document: Mapping[str, Any], *, by: Staff, now: datetime) -> Campaign:
    """Take a campaign file over as a draft; RegionUnknown, RoleMissing, Frozen."""
    accounts.require_role(by, "operator", over=regions.get_region(document["region"]))
    standing = campaigns.find_campaign(document["slug"])
    if standing is not None:
        accounts.require_role(by, "operator", over=regions.get_region_by_id(standing.region_id))
    return campaigns.load_draft(document, drafted_by=by.name, now=now)


def find_problems(campaign: Campaign) -> list[Problem]:
    """Everything that keeps a draft from being published."""
    faults = list(campaign_rules.find_faults(campaign.definition))
    faults += [("paper.plan", what, mend) for what, mend in quiz.find_plan_faults(campaign)]
    faults += [
        (f"prize {code}", f"{there} coupons for {cards} cards", "quizsvc coupons load")
        for code, there, cards in coupons.find_shortages(campaign)
    ]
    return [Problem(where, what, mend, campaign.slug) for where, what, mend in faults]


def publish(campaign: Campaign, *, by: Staff, now: datetime, one_person: bool = False) -> None:
    """Seal the boxes and freeze the rules, in one transaction of the caller.

    FileRefused with everything that is missing, RoleMissing, SecondPersonNeeded, WrongState. A campaign that was
    published before stays as it is.
    """
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    campaign = campaigns.hold_campaign(campaign)
    if campaign.state != campaign_rules.DRAFT:
        return
    if problems := find_problems(campaign):
        raise FileRefused(problems)
    commitments = rounds.seal_rounds(campaign)
    if campaign.definition.leftovers == campaign_rules.CLOSING_DRAW:
        commitments[campaigns.CLOSING_DRAW] = closing.seal(campaign.id)
    campaigns.publish(campaign, commitments=commitments, published_by=by.name, one_person=one_person, now=now)


def move(campaign: Campaign, state: str, *, by: Staff, now: datetime) -> None:
    """Pause, resume or close a campaign. Closing closes the open round with it; WrongState, RoleMissing."""
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    if campaign.state == campaign_rules.DRAFT:
        raise campaigns.WrongState  # only publishing, with all its checks, ends a draft
    rounds.hold_rounds(campaign)
    campaigns.move(campaign, state, by=by.name, now=now)
    if state == campaign_rules.CLOSING:
        rounds.close_open_round(campaign, now=now)
        closing.fix_list(campaign, now=now)


def advance(campaign: Campaign, *, now: datetime) -> list[str]:
    """What time does to a campaign: rounds open and close, it begins to close, it closes. Safe to repeat."""
    done: list[str] = []
    definition = campaign.definition
    if campaign_rules.is_running(campaign.state):
        done += rounds.advance_rounds(campaign, now=now)
        done += ledger.anchor_draws(campaign, now=now)
        if now >= definition.closes_at:
            campaigns.move(campaign, campaign_rules.CLOSING, by=accounts.SYSTEM, now=now)
            done.append(f"{campaign.slug}: is closing")
            campaign = campaigns.get_campaign(campaign.slug)
    if campaign.state == campaign_rules.CLOSING:
        done += closing.fix_list(campaign, now=now) + closing.hold_draw(campaign, now=now)
    late_until = definition.closes_at + timedelta(days=definition.late_days)
    is_over = now >= late_until and not closing.is_waiting(campaign, now=now)
    if campaign.state == campaign_rules.CLOSING and is_over:
        campaigns.move(campaign, campaign_rules.CLOSED, by=accounts.SYSTEM, now=now)
        done.append(f"{campaign.slug}: is closed")
    return done


def advance_campaigns(*, now: datetime) -> list[str]:
    """`advance` for every campaign that time still moves."""
    return [line for campaign in campaigns.list_running() for line in advance(campaign, now=now)]


def expire_awards(*, now: datetime) -> list[str]:
    """Expire what was not fetched in time."""
    count = lottery.expire_awards(now=now)
    return [f"{count} awards expired"] if count else []


def lapse_papers(*, now: datetime) -> list[str]:
    """Put overdue papers aside."""
    count = quiz.lapse_overdue(now=now)
    return [f"{count} papers lapsed"] if count else []
