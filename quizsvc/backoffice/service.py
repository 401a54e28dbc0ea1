"""Acts that span slices: check, publish, amend and withdraw a campaign, move it along, close it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import amendments
from quizsvc.campaigns import rules as campaign_rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.favour import find_unfavourable
from quizsvc.campaigns.rules import Amendment, Campaign, Definition, Fault
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import awards, closing, coupons, ledger, rounds
from quizsvc.lottery import service as lottery
from quizsvc.materials import stock as materials
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
    if amendments.names_withdrawn_beacon(campaign):
        anew = "the boxes are sealed anew: name a number that is drawn after this publication"
        faults.append(("rules.beacon", "is that of rules which were withdrawn", anew))
    return _problems(campaign, [*faults, *_shortages(campaign)])


def find_amendment_problems(campaign: Campaign, amendment: Amendment, *, now: datetime) -> list[Problem]:
    """Everything that keeps an amendment from being published. The bank is not asked: the plan stays what it was."""
    shortages = _problems(campaign, _shortages(replace(campaign, definition=amendment.definition)))
    return [*find_unfair(campaign, amendment.definition, now=now), *shortages]


def find_unfair(campaign: Campaign, after: Definition, *, now: datetime) -> list[Problem]:
    """What is wrong with an amended definition itself: it takes from participants, or is no definition to publish."""
    fixed = rounds.list_fixed(campaign, now=now)
    unfavourable = find_unfavourable(campaign.definition, after, fixed=fixed, now=now)
    return _problems(campaign, [*unfavourable, *campaign_rules.find_faults(after)])


def _shortages(campaign: Campaign) -> Iterable[Fault]:
    for code, there, cards in coupons.find_shortages(campaign):
        yield f"prize {code}", f"{there} coupons for {cards} cards", "quizsvc coupons load"
    named = {one.code: one.material for one in campaign.definition.prizes if one.material is not None}
    unknown = materials.list_unknown(set(named.values()))
    for code in [code for code, material in named.items() if material in unknown]:
        yield f"prize {code}", f"there is no material {named[code]}", "quizsvc materials load"


def _problems(campaign: Campaign, faults: Iterable[Fault]) -> list[Problem]:
    return [Problem(where, what, mend, campaign.slug) for where, what, mend in faults]


def amend(campaign: Campaign, document: Mapping[str, Any], *, reason: str, by: Staff, now: datetime) -> None:
    """Put an amendment forward, or replace the one that waits; RoleMissing, WrongState, Over."""
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    campaign = campaigns.hold_campaign(campaign)
    amendments.draft_amendment(campaign, document, reason=reason, drafted_by=by.name, now=now)


def publish(campaign: Campaign, *, by: Staff, now: datetime, one_person: bool = False) -> None:
    """Publish a draft, or the amendment that waits, in one transaction of the caller.

    FileRefused with everything that is missing or unfavourable, RoleMissing, SecondPersonNeeded, WrongState, Over. A
    campaign that was published before and has no amendment waiting stays as it is.
    """
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    rounds.hold_rounds(campaign)
    seen, campaign = campaign, campaigns.hold_campaign(campaign)
    if campaign.state == campaign_rules.DRAFT:
        _publish_draft(campaign, by=by, now=now, one_person=one_person)
    elif (amendment := amendments.find_amendment(campaign)) is not None:
        if campaign.version != seen.version:
            raise campaigns.WrongState  # the rounds that are held may not be all that there are now
        _publish_amendment(campaign, amendment, by=by, now=now)


def _publish_draft(campaign: Campaign, *, by: Staff, now: datetime, one_person: bool) -> None:
    """Seal the boxes and freeze the rules."""
    if problems := find_problems(campaign):
        raise FileRefused(problems)
    commitments = rounds.seal_rounds(campaign)
    if campaign.definition.leftovers == campaign_rules.CLOSING_DRAW:
        commitments[campaigns.CLOSING_DRAW] = closing.seal(campaign.id)
    campaigns.publish(campaign, commitments=commitments, published_by=by.name, one_person=one_person, now=now)


def _publish_amendment(campaign: Campaign, amendment: Amendment, *, by: Staff, now: datetime) -> None:
    """Seal the added boxes and freeze the next version. Rounds and campaign are held: no draw falls between."""
    amendments.require_amendable(campaign, now=now)
    if problems := find_amendment_problems(campaign, amendment, now=now):
        raise FileRefused(problems)
    amended = replace(campaign, definition=amendment.definition)
    commitments = rounds.amend_rounds(amended)
    awards.extend_claims(amended)
    amendments.publish_amendment(campaign, amendment, commitments=commitments, published_by=by.name, now=now)


def withdraw(campaign: Campaign, *, reason: str, by: Staff, now: datetime) -> None:
    """Make a published campaign a draft again, while no paper has been dealt; RoleMissing, PapersDealt, WrongState.

    Dealing keeps the campaign's row while it deals: it comes before, and is counted, or after, and finds a draft. A
    draft stays as it is.
    """
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    rounds.hold_rounds(campaign)
    campaign = campaigns.hold_campaign(campaign)
    if campaign.state == campaign_rules.DRAFT:
        return
    if quiz.has_dealt(campaign):
        raise amendments.PapersDealt
    closing.discard_boxes(campaign)
    amendments.withdraw(campaign, reason=reason, by=by.name, now=now)


def move(campaign: Campaign, state: str, *, by: Staff, now: datetime) -> None:
    """Pause, resume or close a campaign. Closing closes the open round with it; WrongState, RoleMissing."""
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    if campaign.state == campaign_rules.DRAFT or state == campaign_rules.ARCHIVED:
        raise campaigns.WrongState  # only publishing, with all its checks, ends a draft; only archiving a campaign
    rounds.hold_rounds(campaign)
    campaigns.move(campaign, state, by=by.name, now=now)
    if state == campaign_rules.CLOSING:
        campaign = campaigns.get_campaign_by_id(campaign.id)  # an amendment may have come before the rows were held
        rounds.close_open_round(campaign, now=now)
        closing.fix_list(campaign, now=now)


def enter_beacon(campaign: Campaign, *, no: int, beacon: str, by: Staff, now: datetime) -> None:
    """Enter a round's public number, once; the closing draw is held with it. RoleMissing, RoundUnknown, BeaconFixed."""
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    ledger.enter_beacon(campaign, no=no, beacon=beacon)
    after = {"round": no, "beacon": beacon}
    accounts.audit(by.name, act="round.beacon", subject=campaign.slug, after=after, now=now)
    closing.hold_draw(campaign, now=now)


def advance_rounds(campaign: Campaign, *, by: Staff, now: datetime) -> list[str]:
    """Close and open what the clock says, now instead of at the next tick; RoleMissing. Says what it did."""
    accounts.require_role(by, "operator", over=regions.get_region_by_id(campaign.region_id))
    done = rounds.advance_rounds(campaign, now=now)
    if done:
        accounts.audit(by.name, act="round.advance", subject=campaign.slug, after={"done": done}, now=now)
    return done


def advance(campaign: Campaign, *, now: datetime) -> list[str]:
    """What time does to a campaign: rounds open and close, it begins to close, it closes. Safe to repeat."""
    done: list[str] = []
    if campaign_rules.is_running(campaign.state):
        done += rounds.advance_rounds(campaign, now=now)
        done += ledger.anchor_draws(campaign, now=now)
        if now >= campaign.definition.closes_at:
            campaign, said = _begin_to_close(campaign, now=now)
            done += said
    if campaign.state == campaign_rules.CLOSING:
        done += closing.fix_list(campaign, now=now) + closing.hold_draw(campaign, now=now)
    is_over = now >= campaign.definition.uploads_until and not closing.is_waiting(campaign, now=now)
    if campaign.state == campaign_rules.CLOSING and is_over:
        campaigns.move(campaign, campaign_rules.CLOSED, by=accounts.SYSTEM, now=now)
        done.append(f"{campaign.slug}: is closed")
    return done


def _begin_to_close(campaign: Campaign, *, now: datetime) -> tuple[Campaign, list[str]]:
    """Let a campaign begin to close, unless an amendment has just made it longer or somebody has moved it."""
    campaign = campaigns.hold_campaign(campaign)
    if not campaign_rules.is_running(campaign.state) or now < campaign.definition.closes_at:
        return campaign, []
    campaigns.move(campaign, campaign_rules.CLOSING, by=accounts.SYSTEM, now=now)
    return campaigns.get_campaign_by_id(campaign.id), [f"{campaign.slug}: is closing"]


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
