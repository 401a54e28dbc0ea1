"""A win becomes an award: one place gives it, whichever draw it came from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Citizen
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.lottery import award_store, notices, rules
from quizsvc.lottery.rules import Award


class MaxWins(Refusal):
    code, status = "lottery.max_wins", 409
    zh, en = "您已达到本活动的中奖次数上限", "You have won as often as the rules allow"


class CannotVoid(Refusal):
    code, status = "lottery.cannot_void", 409
    zh, en = "只有尚未领取的奖品可以作废", "Only an award that waits to be fetched can be made void"


@dataclass(frozen=True)
class Winner:
    """Who wins: the person, their community, and the ticket or the closing draw's entry that won."""

    citizen_id: UUID
    limit_key: str
    region_id: UUID | None
    ticket_id: UUID | None = None
    entry_id: UUID | None = None


def give_award(campaign: Campaign, winner: Winner, *, prize: str, now: datetime) -> Award | None:
    """Write a win down, with a coupon if the prize is one; MaxWins.

    None when the person's other ticket won in this very moment, or two codes met: roll back and try again. The caller
    holds the round; the rules are read again, since an amendment may have come before that.
    """
    definition = campaigns.get_campaign_by_id(campaign.id).definition
    nth = award_store.count_wins(winner.limit_key) + 1
    max_wins = definition.max_wins
    if nth > max_wins:
        raise MaxWins
    award = Award(
        id=new_id(),
        ticket_id=winner.ticket_id,
        entry_id=winner.entry_id,
        campaign_id=campaign.id,
        citizen_id=winner.citizen_id,
        region_id=winner.region_id,
        prize=prize,
        state=rules.WON,
        won_at=now,
        expires_at=definition.claim_until,
    )
    code_hash = hash_code(code_of(award.id))
    if not award_store.add_award(award, limit_key=winner.limit_key, nth=nth, max_wins=max_wins, code_hash=code_hash):
        return None
    if definition.prize(prize).kind == "coupon":
        award_store.assign_coupon(award)
    notices.tell_win(award, definition=definition, now=now)
    return award


def extend_claims(amended: Campaign) -> None:
    """Let what was not fetched be fetched until the amended `claim_until`, also what had expired before."""
    award_store.record_claim_until(amended.id, claim_until=amended.definition.claim_until)


def void_award(campaign: Campaign, *, code: str, reason: str, by: str, now: datetime) -> bool:
    """Make an award void that was not fetched, for a written reason. False when none of the campaign has this code.

    The card stays drawn and the coupon assigned: the ledger does not change. CannotVoid once it is redeemed.
    """
    award = award_store.find_award_by_code(hash_code(code))
    return _void(campaign, award, reason=reason, by=by, now=now)


def void_listed(campaign: Campaign, award_id: UUID, *, reason: str, by: str, now: datetime) -> bool:
    """As void_award, for an award of the office's list, where no code is known."""
    return _void(campaign, award_store.find_award(award_id), reason=reason, by=by, now=now)


def _void(campaign: Campaign, award: Award | None, *, reason: str, by: str, now: datetime) -> bool:
    if award is None or award.campaign_id != campaign.id:
        return False
    if award.state != rules.VOID:
        campaigns.require_unarchived(campaign)
        if not award_store.record_void(award.id):
            raise CannotVoid
        before, after = {"state": award.state}, {"state": rules.VOID, "prize": award.prize, "reason": reason}
        accounts.audit(by, act="award.void", subject=str(award.id), before=before, after=after, now=now)
    return True


def block(campaign: Campaign, citizen: Citizen, *, reason: str, by: str, now: datetime) -> bool:
    """Let a person draw no more in a campaign, whatever log-in comes later. False when it was done before."""
    campaigns.require_unarchived(campaign)
    limit_key = accounts.limit_key(citizen, campaign_id=campaign.id)
    if not award_store.add_block(limit_key, campaign_id=campaign.id, reason=reason, by=by, now=now):
        return False
    after = {"citizen": str(citizen.id), "reason": reason}
    accounts.audit(by, act="citizen.block", subject=campaign.slug, after=after, now=now)
    return True


def unblock(campaign: Campaign, citizen: Citizen, *, reason: str, by: str, now: datetime) -> bool:
    """Let a blocked person draw again; the tickets were kept. False when there was no block."""
    campaigns.require_unarchived(campaign)
    if not award_store.delete_block(accounts.limit_key(citizen, campaign_id=campaign.id), campaign_id=campaign.id):
        return False
    after = {"citizen": str(citizen.id), "reason": reason}
    accounts.audit(by, act="citizen.unblock", subject=campaign.slug, after=after, now=now)
    return True


def lift_listed(campaign: Campaign, key: str, *, reason: str, by: str, now: datetime) -> bool:
    """As unblock, for a line of the office's list, which leads to nobody. False when there is no such block."""
    campaigns.require_unarchived(campaign)
    if not award_store.delete_block(key, campaign_id=campaign.id):
        return False
    accounts.audit(
        by, act="citizen.unblock", subject=campaign.slug, after={"block": key[:12], "reason": reason}, now=now
    )
    return True


def code_of(award_id: UUID) -> str:
    """An award's redemption code, derived with the identity key: no table holds it."""
    return rules.award_code(keys().identity_digest("award", award_id.hex))


def hash_code(code: str) -> str:
    """What an award is found by: a keyed hash of its code."""
    return keys().identity_hash("code", code)
