"""Draft, publish, pause and close campaigns; say whether one takes papers now."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import rules, store
from quizsvc.campaigns.rules import Campaign, Definition, definition_of
from quizsvc.campaigns.store import Standing
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

CLOSING_DRAW = 0  # stands for its round's number, which is known only when the last round is over


class CampaignUnknown(Refusal):
    code, status = "campaigns.unknown", 404
    zh, en = "没有这个活动", "There is no such campaign"


class NotOpenYet(Refusal):
    code, status, retry = "campaigns.not_open_yet", 409, "later"
    zh, en = "活动还没有开始", "The campaign has not begun"


class Paused(Refusal):
    code, status, retry = "campaigns.paused", 409, "later"
    zh, en = "活动暂停中，请稍后再来", "The campaign is paused"


class Over(Refusal):
    code, status = "campaigns.over", 409
    zh, en = "活动已经结束", "The campaign is over"


class Frozen(Refusal):
    code, status = "campaigns.frozen", 409
    zh, en = "活动已发布，内容不能再改", "The campaign is published and cannot be changed"


class WrongState(Refusal):
    code, status = "campaigns.wrong_state", 409
    zh, en = "活动当前状态不允许这样做", "The campaign's state does not allow this"


class SecondPersonNeeded(Refusal):
    code, status = "campaigns.second_person_needed", 409
    zh, en = "发布须由起草人以外的人操作", "Publishing needs a person other than who drafted it"


def get_campaign(slug: str) -> Campaign:
    """The campaign in whatever state; CampaignUnknown."""
    return _campaign(store.find_standing(slug=slug))


def get_campaign_by_id(campaign_id: UUID, *, kept: bool = False) -> Campaign:
    """The campaign in whatever state; CampaignUnknown. `kept`: it stays in it until this transaction ends."""
    return _campaign(store.find_standing(campaign_id=campaign_id, kept=kept))


def find_campaign(slug: str) -> Campaign | None:
    """The campaign in whatever state, if there is one."""
    standing = store.find_standing(slug=slug)
    return None if standing is None else _campaign(standing)


def hold_campaign(campaign: Campaign) -> Campaign:
    """The campaign as it stands, held until this transaction ends: nobody else drafts, publishes or moves it."""
    store.hold(campaign.id)
    return get_campaign_by_id(campaign.id)


def get_public(slug: str, *, kept: bool = False) -> Campaign:
    """The campaign, if people may see it; CampaignUnknown also for a draft. `kept`: as get_campaign_by_id."""
    campaign = _campaign(store.find_standing(slug=slug, kept=kept))
    if not rules.is_public(campaign.state):
        raise CampaignUnknown
    return campaign


def list_public(*, cursor: str | None, limit: int) -> PageOf[Campaign]:
    """Campaigns that people may see, in order of slug."""
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    slugs = store.list_slugs(after=after, limit=limit + 1)
    return page_from([get_campaign(slug) for slug in slugs], limit=limit, key=lambda campaign: (campaign.slug,))


def list_running() -> list[Campaign]:
    """Campaigns that time still moves: published, paused or closing."""
    standings = store.list_standings(states=(rules.PUBLISHED, rules.PAUSED, rules.CLOSING))
    return [_campaign(standing) for standing in standings]


def list_published() -> list[Campaign]:
    """Campaigns that people may see, the one that opened last first."""
    states = [state for state in rules.STATES if rules.is_public(state)]
    found = [_campaign(standing) for standing in store.list_standings(states=states)]
    return sorted(found, key=lambda one: (one.definition.opens_at, one.slug), reverse=True)


def list_taking_uploads(*, now: datetime) -> list[Campaign]:
    """Campaigns whose tallies can still come in, in order of slug."""
    taking = [one for one in list_running() if now < one.definition.uploads_until]
    return sorted(taking, key=lambda one: one.slug)


def list_campaigns(campaign_ids: Collection[UUID]) -> list[Campaign]:
    """The campaigns with these ids in whatever state, in order of slug."""
    found = [_campaign(standing) for standing in store.list_standings(ids=campaign_ids)]
    return sorted(found, key=lambda one: one.slug)


def list_slugs_under(tops: Collection[Region]) -> list[str]:
    """The names of all campaigns, drafts too, that belong to these regions or lie under them."""
    standings = store.list_standings()
    owners = regions.list_regions_by_id(one.region_id for one in standings)
    return sorted(one.slug for one in standings if any(top.covers(owners[one.region_id]) for top in tops))


def list_seen(
    staff: Staff, *, roles: Collection[str], state: str | None = None, cursor: str | None, limit: int
) -> PageOf[Campaign]:
    """Campaigns owned by a region in which the staff member holds one of these roles, drafts too, in order of slug."""
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    owners = regions.list_regions_by_id(store.list_owners()).values()
    seen = [one.id for one in owners if any(staff.holds(role, over=one) for role in roles)]
    states = rules.STATES if state is None else (state,)
    found = [_campaign(one) for one in store.list_owned(seen, states=states, after=after, limit=limit + 1)]
    return page_from(found, limit=limit, key=lambda campaign: (campaign.slug,))


def get_seen(slug: str, *, staff: Staff, roles: Collection[str]) -> Campaign:
    """The campaign in whatever state, if `list_seen` lists it; else CampaignUnknown."""
    campaign = get_campaign(slug)
    owner = regions.get_region_by_id(campaign.region_id)
    if not any(staff.holds(role, over=owner) for role in roles):
        raise CampaignUnknown
    return campaign


def require_open(campaign: Campaign, *, now: datetime) -> None:
    """NotOpenYet, Paused or Over unless papers are dealt and cards drawn now. Decided by the clock, not by tick."""
    if not rules.is_running(campaign.state) or now >= campaign.definition.closes_at:
        raise Over
    if now < campaign.definition.opens_at:
        raise NotOpenYet
    if campaign.state == rules.PAUSED:
        raise Paused


def load_draft(document: Mapping[str, Any], *, drafted_by: str, now: datetime) -> Campaign:
    """Add a draft or replace the one that stands; Frozen once it was published, RegionUnknown."""
    region = regions.get_region(document["region"])
    slug = document["slug"]
    if not store.record_draft(new_id(), slug=slug, region_id=region.id, draft=document, drafted_by=drafted_by, now=now):
        raise Frozen
    accounts.audit(drafted_by, act="campaign.draft", subject=slug, after=document, now=now)
    return get_campaign(slug)


def publish(
    campaign: Campaign, *, commitments: Mapping[int, str], published_by: str, one_person: bool, now: datetime
) -> None:
    """Freeze a draft into the rules that everybody can read; WrongState, SecondPersonNeeded.

    `commitments` are the boxes' by round number, the closing draw's under CLOSING_DRAW. `one_person` is for the demo
    alone.
    """
    if published_by == campaign.drafted_by and not one_person:
        raise SecondPersonNeeded
    document = dict(campaign.definition.document)
    if CLOSING_DRAW in commitments:
        document["closing_draw"] = {"commitment": commitments[CLOSING_DRAW]}
    version = freeze(campaign, document, commitments=commitments, published_by=published_by, reason=None, now=now)
    move(campaign, rules.PUBLISHED, by=published_by, now=now, version=version)


def freeze(
    campaign: Campaign,
    document: Mapping[str, Any],
    *,
    commitments: Mapping[int, str],
    published_by: str,
    reason: str | None,
    now: datetime,
) -> int:
    """Write the next version of the rules down; returns its number. The caller holds the campaign.

    Numbers go on counting after a withdrawal: one number never names two texts, and people see that boxes were sealed
    anew.
    """
    version = store.next_version(campaign.id)
    boxes = [{**one, "commitment": commitments[one["no"]]} for one in document["rounds"]]
    text = canonical({**document, "rounds": boxes, "version": version})
    store.add_version(
        campaign.id,
        version=version,
        rules=text,
        rules_hash=sha256_hex(text),
        published_by=published_by,
        reason=reason,
        now=now,
    )
    return version


def require_unarchived(campaign: Campaign, *, kept: bool = True) -> None:
    """WrongState once the campaign is archived: it is read-only. `kept`: and stays so until this transaction ends."""
    if get_campaign_by_id(campaign.id, kept=kept).state == rules.ARCHIVED:
        raise WrongState


def move(
    campaign: Campaign,
    state: str,
    *,
    by: str,
    now: datetime,
    version: int = 1,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Move along the lifecycle; WrongState where there is no such arrow. Already there: nothing happens.

    `version`: the number of the rules that a draft becomes; `told`: what else the audit log is told.
    """
    if campaign.state == state:
        return
    if (campaign.state, state) not in rules.MOVES:
        raise WrongState
    store.hold(campaign.id)  # waits for papers that are being dealt or handed in under the old state
    if not store.record_move(campaign.id, before=campaign.state, after=state, version=version):
        raise WrongState
    accounts.audit(
        by,
        act=f"campaign.{state}",
        subject=campaign.slug,
        before={"state": campaign.state},
        after={"state": state, **(told or {})},
        now=now,
    )


def _campaign(standing: Standing | None) -> Campaign:
    if standing is None:
        raise CampaignUnknown
    if standing.rules_hash is None:
        definition = definition_of(store.get_draft(standing.id))
    else:
        definition = _published(standing.id, standing.version, standing.rules_hash)
    return Campaign(
        id=standing.id,
        slug=standing.slug,
        region_id=standing.region_id,
        state=standing.state,
        version=standing.version,
        drafted_by=standing.drafted_by,
        definition=definition,
        rules_hash=standing.rules_hash or "",
    )


@lru_cache(maxsize=64)
def _published(campaign_id: UUID, version: int, _rules_hash: str) -> Definition:
    """A published version never changes, so a process reads it once.

    The hash is part of the key: what a rolled-back publication looked like must not be remembered as the version.
    """
    return definition_of(json.loads(store.get_rules(campaign_id, version)))
