"""Statements on what the archive holds of a campaign's draws and prizes: in order of age, page by page."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, select

from quizsvc.kit.db import db, table_of
from quizsvc.lottery.models import AwardRecord, CouponRecord, DrawRecord, EntryRecord, RedemptionRecord, RoundRecord
from quizsvc.lottery.rules import WON

_awards, _draws, _entries = table_of(AwardRecord).c, table_of(DrawRecord).c, table_of(EntryRecord).c
_scans, _coupons = table_of(RedemptionRecord).c, table_of(CouponRecord).c
_rounds = table_of(RoundRecord).c
_ALIAS = func.coalesce(_draws.alias, _entries.alias).label("alias")
_WITH_ORIGIN = (
    table_of(AwardRecord)
    .outerjoin(table_of(DrawRecord), _draws.ticket_id == _awards.ticket_id)
    .outerjoin(table_of(EntryRecord), _entries.id == _awards.entry_id)
)
PageRows = Sequence[Row[*tuple[Any, ...]]]


def list_awards(campaign_id: UUID, *, after: UUID, limit: int) -> PageRows:
    """With the public alias, round and position of what won."""
    wanted = (
        select(
            _awards.id, _awards.prize, _awards.state, _awards.won_at, _awards.expires_at, _ALIAS,
            _rounds.no, func.coalesce(_draws.position, _entries.position).label("position"),
        )
        .select_from(
            _WITH_ORIGIN.join(
                table_of(RoundRecord), _rounds.id == func.coalesce(_draws.round_id, _entries.round_id)
            )
        )
        .where(_awards.campaign_id == campaign_id, _awards.id > after)
    )  # fmt: skip
    return db.session.execute(wanted.order_by(_awards.id).limit(limit)).all()


def list_redemptions(campaign_id: UUID, *, after: UUID, limit: int) -> PageRows:
    """Those that were undone, too. In order of id, which clients name: in no order of time."""
    wanted = (
        select(
            _scans.id, _scans.award_id, _awards.prize, _scans.staff_name, _scans.region_id, _scans.redeemed_at,
            _scans.undone_at, _scans.undone_by, _scans.undo_reason, _ALIAS,
        )
        .select_from(_WITH_ORIGIN.join(table_of(RedemptionRecord), _scans.award_id == _awards.id))
        .where(_awards.campaign_id == campaign_id, _scans.id > after)
    )  # fmt: skip
    return db.session.execute(wanted.order_by(_scans.id).limit(limit)).all()


def list_coupons(campaign_id: UUID, *, after: int, limit: int) -> PageRows:
    """With the alias of the draw that a coupon was given for."""
    wanted = (
        select(
            _coupons.id, _coupons.prize, _coupons.code_hash, _coupons.face_value_fen, _coupons.expires_at,
            _coupons.voided_at, _ALIAS,
        )
        .select_from(
            table_of(CouponRecord)
            .outerjoin(table_of(AwardRecord), _awards.id == _coupons.award_id)
            .outerjoin(table_of(DrawRecord), _draws.ticket_id == _awards.ticket_id)
            .outerjoin(table_of(EntryRecord), _entries.id == _awards.entry_id)
        )
        .where(_coupons.campaign_id == campaign_id, _coupons.id > after)
    )  # fmt: skip
    return db.session.execute(wanted.order_by(_coupons.id).limit(limit)).all()


def list_own_awards(campaign_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Which of these ids are awards of a campaign."""
    wanted = select(_awards.id).where(_awards.campaign_id == campaign_id, _awards.id.in_(list(ids)))
    return set(db.session.scalars(wanted))


def count_undecided(campaign_id: UUID) -> int:
    """Awards that were neither handed over nor expired nor made void."""
    wanted = select(func.count()).select_from(table_of(AwardRecord))
    return db.session.execute(wanted.where(_awards.campaign_id == campaign_id, _awards.state == WON)).scalar_one()


def count_by_state(campaign_id: UUID) -> dict[str, int]:
    """Awards by state, redemptions that stand and that were undone, coupons given and void."""
    found = {
        f"awards.{state}": int(n)
        for state, n in db.session.execute(
            select(_awards.state, func.count()).where(_awards.campaign_id == campaign_id).group_by(_awards.state)
        )
    }
    scans = select(func.count(), func.count(_scans.undone_at)).select_from(
        table_of(RedemptionRecord).join(table_of(AwardRecord), _awards.id == _scans.award_id)
    )
    made, undone = db.session.execute(scans.where(_awards.campaign_id == campaign_id)).one()
    coupons = select(func.count(), func.count(_coupons.award_id), func.count(_coupons.voided_at))
    loaded, given, void = db.session.execute(coupons.where(_coupons.campaign_id == campaign_id)).one()
    found |= {"redemptions": int(made), "redemptions.undone": int(undone)}
    return found | {"coupons": int(loaded), "coupons.assigned": int(given), "coupons.void": int(void)}


def count_astray(campaign_id: UUID) -> dict[str, tuple[int, int]]:
    """By prize: coupons given for what is no award of it, and coupons that are both given and void."""
    is_own = and_(_awards.campaign_id == _coupons.campaign_id, _awards.prize == _coupons.prize)
    lost = case((and_(_coupons.award_id.is_not(None), is_own.is_not(True)), 1), else_=0)
    twice = case((and_(_coupons.award_id.is_not(None), _coupons.voided_at.is_not(None)), 1), else_=0)
    wanted = (
        select(_coupons.prize, func.sum(lost), func.sum(twice))
        .select_from(table_of(CouponRecord).outerjoin(table_of(AwardRecord), _awards.id == _coupons.award_id))
        .where(_coupons.campaign_id == campaign_id)
        .group_by(_coupons.prize)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in db.session.execute(wanted)}
