"""Hand a prize over: look the code up, redeem it once, undo a mistake."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, Prize
from quizsvc.kit import dirty
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.errors import Refusal
from quizsvc.lottery import award_store, rules
from quizsvc.lottery.awards import hash_code
from quizsvc.lottery.rules import Award, Redemption
from quizsvc.materials import service as materials
from quizsvc.materials.rules import STORE, Holder
from quizsvc.quiz.rules import PERSON
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

TRIES = 5
GOODS = "redemption"  # what redemptions move in the material ledger is theirs to take back


class CodeMistyped(Refusal):
    code, status = "lottery.code_mistyped", 422
    zh, en = "兑奖码有误，请核对 12 位数字", "This is no redemption code, check the 12 digits"


class AwardUnknown(Refusal):
    code, status = "lottery.award_unknown", 404
    zh, en = "没有查到这个兑奖码", "No award has this code"


class AlreadyRedeemed(Refusal):
    code, status = "lottery.already_redeemed", 409
    zh, en = "这个奖品已经领取", "This award was redeemed before"


class AwardExpired(Refusal):
    code, status = "lottery.award_expired", 409
    zh, en = "已过领奖期限", "The time to fetch this prize is over"


class AwardVoid(Refusal):
    code, status = "lottery.award_void", 409
    zh, en = "这个奖品已作废", "This award is void"


class RedemptionUnknown(Refusal):
    code, status = "lottery.redemption_unknown", 404
    zh, en = "没有这条兑奖记录", "There is no such redemption"


class UndoTooLate(Refusal):
    code, status = "lottery.undo_too_late", 409
    zh, en = "超过 15 分钟，请联系街道管理员撤销", "After 15 minutes an operator has to undo it"


@dataclass(frozen=True)
class Found:
    """A looked-up award: nothing was changed. `desk`: the winner's community, None if none was chosen.

    `redeemed_in`: where it was handed over, if it was.
    """

    prize: Prize
    campaign: Campaign
    state: str
    expires_at: datetime
    desk: Region | None
    redeemed: Redemption | None
    redeemed_in: Region | None


@dataclass(frozen=True)
class Redeemed:
    """A redemption as the desk sees it."""

    redemption: Redemption
    prize: Prize
    region: Region


def look_up(code: str, *, staff: Staff, now: datetime) -> Found:
    """What a code stands for; changes nothing. CodeMistyped, AwardUnknown (also: not this clerk's)."""
    award, campaign, _ = _find(code, staff=staff)
    desk = None if award.region_id is None else regions.get_region_by_id(award.region_id)
    standing = award_store.find_standing_redemption(award.id)
    return Found(
        prize=campaign.definition.prize(award.prize),
        campaign=campaign,
        state=rules.state_at(award, now=now),
        expires_at=award.expires_at,
        desk=desk,
        redeemed=standing,
        redeemed_in=None if standing is None else regions.get_region_by_id(standing.region_id),
    )


def redeem(scan_id: UUID, *, code: str, note: str, staff: Staff, now: datetime) -> Redeemed:
    """Redeem an award once; the same scan again returns the first answer, whatever it carries.

    Another scan is refused with when, where and by whom: AlreadyRedeemed. CodeMistyped, AwardUnknown, AwardExpired,
    AwardVoid, RedemptionUnknown for somebody else's scan id, and Short when the desk's store has no such goods.
    """
    repeated = award_store.find_redemption(scan_id)
    if repeated is not None:
        return _own(repeated, staff=staff)
    award, campaign, desk = _find(code, staff=staff)
    redemption = Redemption(
        id=scan_id,
        award_id=award.id,
        staff_id=staff.id,
        staff_name=staff.name,
        region_id=desk.id,
        redeemed_at=now,
        note=note,
        undone_at=None,
    )
    for _ in range(TRIES):
        if award_store.add_redemption(redemption):
            prize = campaign.definition.prize(award.prize)
            _hand_over(redemption, award, prize=prize, desk=desk, now=now)
            return Redeemed(redemption, prize, desk)
        repeated = award_store.find_redemption(scan_id)
        if repeated is not None:
            return _own(repeated, staff=staff)
        standing = award_store.find_standing_redemption(award.id)
        if standing is not None:
            raise _already(standing)
        # what stood against it was undone in this very moment
    raise AlreadyRedeemed


def _hand_over(redemption: Redemption, award: Award, *, prize: Prize, desk: Region, now: datetime) -> None:
    """Redeem the award of a redemption that stands, and take its goods from the desk's store.

    AwardExpired, AwardVoid, Short: each takes the redemption back.
    """
    if not award_store.record_redeemed(award.id, now=now):
        latest = award_store.find_award(award.id) or award
        raise AwardExpired if rules.state_at(latest, now=now) == rules.EXPIRED else AwardVoid
    dirty.mark(PERSON, whole=award.campaign_id, part=award.citizen_id, now=now)
    if prize.material is not None:
        materials.hand_out(
            str(redemption.id),
            source=GOODS,
            material=prize.material,
            quantity=1,
            holder=Holder(STORE, region=desk),
            occurred_at=now,
            by=redemption.staff_name,
            now=now,
        )
    accounts.audit(
        redemption.staff_name,
        act="award.redeem",
        subject=str(award.id),
        after={"scan": str(redemption.id), "prize": award.prize, "region": desk.code},
        now=now,
    )


def get_redeemed(scan_id: UUID, *, staff: Staff) -> Redeemed:
    """A redemption, for who made it or an operator over its campaign; RedemptionUnknown."""
    return _seen_by(staff, scan_id)[0]


def undo(scan_id: UUID, *, reason: str, staff: Staff, now: datetime) -> Redeemed:
    """Take a redemption back: a clerk the own one for 15 minutes, an operator any in the subtree. Safe to repeat.

    RedemptionUnknown (also: not this person's to undo), UndoTooLate; WrongState once the campaign is archived.
    """
    shown, campaign, winner_id, is_operator = _seen_by(staff, scan_id)
    redemption = shown.redemption
    if not is_operator and redemption.undone_at is None and now > redemption.redeemed_at + rules.CLERK_UNDO:
        raise UndoTooLate
    if redemption.undone_at is None:
        campaigns.require_unarchived(campaign)
    if award_store.record_undo(scan_id, by=staff.name, reason=reason, now=now):
        award_store.record_won_again(redemption.award_id)
        dirty.mark(PERSON, whole=campaign.id, part=winner_id, now=now)
        materials.take_back(str(scan_id), source=GOODS, reason=reason, by=staff.name, now=now)
        after = {"scan": str(scan_id), "reason": reason}
        accounts.audit(staff.name, act="award.undo", subject=str(redemption.award_id), after=after, now=now)
    return shown


def _seen_by(staff: Staff, scan_id: UUID) -> tuple[Redeemed, Campaign, UUID, bool]:
    """A redemption, its campaign, who won, and whether this is an operator over it; RedemptionUnknown."""
    redemption = award_store.find_redemption(scan_id)
    if redemption is None:
        raise RedemptionUnknown
    shown, campaign, winner_id = _shown(redemption)
    is_operator = staff.holds("operator", over=regions.get_region_by_id(campaign.region_id))
    if not is_operator and redemption.staff_id != staff.id:
        raise RedemptionUnknown
    return shown, campaign, winner_id, is_operator


def _find(code: str, *, staff: Staff) -> tuple[Award, Campaign, Region]:
    """The award, its campaign, and the region in which this clerk may hand it over."""
    digits = "".join(code.split()).replace("-", "")
    if not rules.is_code(digits):
        raise CodeMistyped
    award = award_store.find_award_by_code(hash_code(digits))
    if award is None:
        raise AwardUnknown
    campaign = campaigns.get_campaign_by_id(award.campaign_id)
    desks = staff.desks(owner=regions.get_region_by_id(campaign.region_id))
    if not desks:
        raise AwardUnknown
    return award, campaign, desks[0]


def _already(standing: Redemption) -> AlreadyRedeemed:
    """The refusal that says when, where and by whom."""
    return AlreadyRedeemed(
        fields={
            "redeemed": {
                "redeemed_at": rfc3339(standing.redeemed_at),
                "redeemed_by": standing.staff_name,
                "region": regions.get_region_by_id(standing.region_id).name,
            }
        }
    )


def _own(redemption: Redemption, *, staff: Staff) -> Redeemed:
    if redemption.staff_id != staff.id:
        raise RedemptionUnknown
    return _shown(redemption)[0]


def _shown(redemption: Redemption) -> tuple[Redeemed, Campaign, UUID]:
    """A redemption as the desk sees it, its campaign, and who won."""
    award = award_store.find_award(redemption.award_id)
    if award is None:
        raise RedemptionUnknown
    campaign = campaigns.get_campaign_by_id(award.campaign_id)
    region = regions.get_region_by_id(redemption.region_id)
    return Redeemed(redemption, campaign.definition.prize(award.prize), region), campaign, award.citizen_id
