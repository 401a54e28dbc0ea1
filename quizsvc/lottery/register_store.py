"""Every statement of the lists that the office reads: awards, blocks, coupons."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, func, select

from quizsvc.kit.db import db, table_of
from quizsvc.lottery.models import AwardRecord, BlockRecord, CouponRecord, DrawRecord, EntryRecord, RedemptionRecord

_awards, _draws, _entries = table_of(AwardRecord).c, table_of(DrawRecord).c, table_of(EntryRecord).c
_redemptions = table_of(RedemptionRecord).c


def _listed(campaign_id: UUID) -> Select[*tuple[Any, ...]]:
    """A campaign's awards with the public alias of what won, and the redemption that stands."""
    stands = (_redemptions.award_id == _awards.id) & _redemptions.undone_at.is_(None)
    return (
        select(
            _awards.id,
            _awards.prize,
            _awards.state,
            _awards.region_id,
            _awards.won_at,
            _awards.expires_at,
            func.coalesce(_draws.alias, _entries.alias).label("alias"),
            func.coalesce(_draws.position, _entries.position).label("position"),
            _redemptions.redeemed_at,
            _redemptions.staff_name,
            _redemptions.region_id.label("desk_id"),
        )
        .select_from(table_of(AwardRecord))
        .outerjoin(table_of(DrawRecord), _draws.ticket_id == _awards.ticket_id)
        .outerjoin(table_of(EntryRecord), _entries.id == _awards.entry_id)
        .outerjoin(table_of(RedemptionRecord), stands)
        .where(_awards.campaign_id == campaign_id)
    )


def list_awards(
    campaign_id: UUID, *, states: Collection[str], prize: str | None, round_id: UUID | None, after: UUID, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """In order of age from `after` on."""
    wanted = _listed(campaign_id).where(_awards.state.in_(list(states)), _awards.id > after)
    if prize is not None:
        wanted = wanted.where(_awards.prize == prize)
    if round_id is not None:
        wanted = wanted.where(func.coalesce(_draws.round_id, _entries.round_id) == round_id)
    return db.session.execute(wanted.order_by(_awards.id).limit(limit)).all()


def find_award(campaign_id: UUID, award_id: UUID) -> Row[*tuple[Any, ...]] | None:
    return db.session.execute(_listed(campaign_id).where(_awards.id == award_id)).one_or_none()


def count_awards(campaign_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """How many awards there are, by prize and state."""
    wanted = select(_awards.prize, _awards.state, func.count()).where(_awards.campaign_id == campaign_id)
    return db.session.execute(wanted.group_by(_awards.prize, _awards.state)).all()


def count_draws(round_id: UUID) -> int:
    """Cards that were drawn from a box."""
    drawn = select(func.count()).select_from(table_of(DrawRecord)).where(_draws.round_id == round_id)
    return int(db.session.execute(drawn).scalar_one())


def count_draws_by_prize(round_id: UUID) -> dict[str, int]:
    """Prize cards that were drawn from a box, by prize."""
    wanted = select(_draws.prize, func.count()).where(_draws.round_id == round_id, _draws.prize.is_not(None))
    return {prize: int(n) for prize, n in db.session.execute(wanted.group_by(_draws.prize))}


def list_blocks(campaign_id: UUID, *, after: str, limit: int) -> Sequence[tuple[str, str, str, datetime]]:
    """Key, reason, by whom and when, in order of key: nothing in it leads to the person."""
    record = BlockRecord
    wanted = select(record.limit_key, record.reason, record.blocked_by, record.at).where(
        record.campaign_id == campaign_id, record.limit_key > after
    )
    rows = db.session.execute(wanted.order_by(record.limit_key).limit(limit))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def count_stocks(campaign_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """By prize: coupons assigned, unused and void."""
    record = CouponRecord
    unused = and_(record.award_id.is_(None), record.voided_at.is_(None))
    counts = [
        func.sum(case((which, 1), else_=0))
        for which in (record.award_id.is_not(None), unused, record.voided_at.is_not(None))
    ]
    wanted = select(record.prize, *counts).where(record.campaign_id == campaign_id).group_by(record.prize)
    return db.session.execute(wanted.order_by(record.prize)).all()
