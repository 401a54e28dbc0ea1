"""After publishing: amendments in favour of participants, every version that was public, the way back to a draft."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import rules, service, store
from quizsvc.campaigns.rules import Amendment, Campaign, Version, definition_of
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.errors import Refusal


class VersionUnknown(Refusal):
    code, status = "campaigns.version_unknown", 404
    zh, en = "没有这一版规则", "There is no such version of the rules"


class PapersDealt(Refusal):
    code, status = "campaigns.papers_dealt", 409
    zh, en = "已有居民领取试卷，活动不能再撤回", "Papers were dealt: the campaign cannot be withdrawn any more"


def draft_amendment(
    campaign: Campaign, document: Mapping[str, Any], *, reason: str, drafted_by: str, now: datetime
) -> None:
    """Put an amendment forward, or replace the one that waits; WrongState, Over. The caller holds the campaign."""
    require_amendable(campaign, now=now)
    store.record_amendment(campaign.id, draft=document, reason=reason, drafted_by=drafted_by, now=now)
    after = {"reason": reason, "rules": document}
    accounts.audit(drafted_by, act="campaign.amendment", subject=campaign.slug, after=after, now=now)


def find_amendment(campaign: Campaign) -> Amendment | None:
    """The amendment that waits for a second person."""
    found = store.find_amendment(campaign.id)
    return None if found is None else Amendment(definition_of(found[0]), *found[1:])


def publish_amendment(
    campaign: Campaign, amendment: Amendment, *, commitments: Mapping[int, str], published_by: str, now: datetime
) -> None:
    """Make an amendment the next version of the rules; SecondPersonNeeded.

    The caller holds the campaign, which is amendable, and has found nothing unfavourable. `commitments`: of every
    round, by number.
    """
    if published_by == amendment.drafted_by:
        raise service.SecondPersonNeeded
    draft, before = amendment.definition.document, campaign.definition.document
    standing = {"closing_draw": before["closing_draw"]} if "closing_draw" in before else {}
    told = {"amends": campaign.rules_hash, "amended_at": rfc3339(now), "reason": amendment.reason}
    version = service.freeze(
        campaign,
        {**draft, **standing, **told},
        commitments=commitments,
        published_by=published_by,
        reason=amendment.reason,
        now=now,
    )
    store.record_amended(campaign.id, version=version, draft=draft, drafted_by=amendment.drafted_by)
    store.delete_amendment(campaign.id)
    amended = service.get_campaign_by_id(campaign.id)
    accounts.audit(
        published_by,
        act="campaign.amended",
        subject=campaign.slug,
        before={"version": campaign.version, "rules_hash": campaign.rules_hash},
        after={"version": amended.version, "rules_hash": amended.rules_hash, "reason": amendment.reason},
        now=now,
    )


def require_amendable(campaign: Campaign, *, now: datetime) -> None:
    """WrongState or Over unless the campaign may still be amended. Decided by the clock, not by tick."""
    if not rules.is_running(campaign.state):
        raise service.WrongState
    if now >= campaign.definition.closes_at:
        raise service.Over


def withdraw(campaign: Campaign, *, reason: str, by: str, now: datetime) -> None:
    """Make a published campaign a draft again; WrongState. The caller holds it and knows that no paper was dealt.

    What was public stays written down and is shown again with the next publication: the public saw that hash, and
    whoever did not like the sealed boxes could otherwise have new ones without a trace.
    """
    if not rules.is_running(campaign.state):
        raise service.WrongState
    store.delete_amendment(campaign.id)
    store.record_withdrawal(campaign.id, reason=reason, now=now)
    accounts.audit(
        by,
        act="campaign.withdrawn",
        subject=campaign.slug,
        before={
            "state": campaign.state,
            "version": campaign.version,
            "rules_hash": campaign.rules_hash,
            "commitments": [one.commitment for one in campaign.definition.rounds],
        },
        after={"state": rules.DRAFT, "reason": reason},
        now=now,
    )


def names_withdrawn_beacon(campaign: Campaign) -> bool:
    """Whether the draft names the public number of rules that were withdrawn: by now somebody may know it."""
    beacon = campaign.definition.beacon
    withdrawn = (json.loads(text) for text in store.list_withdrawn_rules(campaign.id))
    return bool(beacon) and any(one["beacon"] == beacon for one in withdrawn)


def list_versions(campaign: Campaign) -> Sequence[Version]:
    """Every version of a campaign's rules that was ever public, in order; withdrawn ones too."""
    return store.list_versions(campaign.id)


def get_rules(campaign: Campaign, *, version: int) -> dict[str, Any]:
    """One version of the rules, exactly as it was hashed; VersionUnknown."""
    if version not in {one.version for one in store.list_versions(campaign.id)}:
        raise VersionUnknown
    found: dict[str, Any] = json.loads(store.get_rules(campaign.id, version))
    return found
