"""Statements on what draws came to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from quizsvc.kit.db import db
from quizsvc.lottery.models import AwardRecord, CouponRecord, DrawRecord, RedemptionRecord, RoundRecord

Row = tuple[UUID, UUID | None, datetime]  # whose, where, when


def list_draws(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[tuple[UUID, UUID, datetime]]:
    """Whose, by which ticket, when."""
    drawn = DrawRecord
    wanted = select(drawn.citizen_id, drawn.ticket_id, drawn.drawn_at).join(
        RoundRecord, RoundRecord.id == drawn.round_id
    )
    mine = wanted.where(RoundRecord.campaign_id == campaign_id, drawn.citizen_id.in_(citizens))
    return [(row[0], row[1], row[2]) for row in db.session.execute(mine)]


def list_wins(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[Row]:
    award = AwardRecord
    wanted = select(award.citizen_id, award.region_id, award.won_at)
    mine = wanted.where(award.campaign_id == campaign_id, award.citizen_id.in_(citizens))
    return [(row[0], row[1], row[2]) for row in db.session.execute(mine)]


def list_redemptions(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[Row]:
    """Those that were not undone."""
    award, redemption = AwardRecord, RedemptionRecord
    wanted = select(award.citizen_id, award.region_id, redemption.redeemed_at)
    standing = wanted.join(redemption, redemption.award_id == award.id).where(redemption.undone_at.is_(None))
    mine = standing.where(award.campaign_id == campaign_id, award.citizen_id.in_(citizens))
    return [(row[0], row[1], row[2]) for row in db.session.execute(mine)]


def count_coupons(campaign_id: UUID) -> Sequence[tuple[str, int, int, int]]:
    """Prize, coupons loaded, assigned, void; in order of prize."""
    record = CouponRecord
    counted = (func.count(), func.count(record.award_id), func.count(record.voided_at))
    wanted = select(record.prize, *counted).where(record.campaign_id == campaign_id)
    rows = db.session.execute(wanted.group_by(record.prize).order_by(record.prize))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def list_people(campaign_id: UUID) -> set[UUID]:
    drew = select(DrawRecord.citizen_id).join(RoundRecord, RoundRecord.id == DrawRecord.round_id)
    won = select(AwardRecord.citizen_id).where(AwardRecord.campaign_id == campaign_id)
    return set(db.session.scalars(drew.where(RoundRecord.campaign_id == campaign_id).union(won)))
