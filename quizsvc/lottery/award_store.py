"""Every statement on awards, blocks, coupons and redemptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, case, delete, exists, func, select, update

from quizsvc.kit.db import db, insert_new, table_of
from quizsvc.lottery.models import AwardRecord, BlockRecord, CouponRecord, RedemptionRecord
from quizsvc.lottery.rules import EXPIRED, REDEEMED, VOID, WON, Award, Redemption

# --- awards -----------------------------------------------------------------------------------------------------------


WINS = (
    select(func.count())
    .select_from(table_of(AwardRecord))
    .where(table_of(AwardRecord).c.limit_key == bindparam("limit_key"))
)


def _awards() -> Select[*tuple[Any, ...]]:
    record = AwardRecord
    return select(
        record.id,
        record.ticket_id,
        record.entry_id,
        record.campaign_id,
        record.citizen_id,
        record.region_id,
        record.prize,
        record.state,
        record.won_at,
        record.expires_at,
    )


def _award(row: Row[Any] | None) -> Award | None:
    return None if row is None else Award(**row._mapping)


def count_wins(limit_key: str) -> int:
    """A person's wins in one campaign."""
    return int(db.session.execute(WINS, {"limit_key": limit_key}).scalar_one())


def add_award(award: Award, *, limit_key: str, nth: int, max_wins: int, code_hash: str) -> bool:
    """False when the person's n-th win, or the code, stands already."""
    return insert_new(
        AwardRecord,
        id=award.id,
        ticket_id=award.ticket_id,
        entry_id=award.entry_id,
        campaign_id=award.campaign_id,
        citizen_id=award.citizen_id,
        limit_key=limit_key,
        region_id=award.region_id,
        nth=nth,
        max_wins=max_wins,
        prize=award.prize,
        state=WON,
        code_hash=code_hash,
        won_at=award.won_at,
        expires_at=award.expires_at,
    )


def find_award_of(ticket_id: UUID) -> Award | None:
    return _award(db.session.execute(_awards().where(AwardRecord.ticket_id == ticket_id)).one_or_none())


def find_award(award_id: UUID) -> Award | None:
    return _award(db.session.execute(_awards().where(AwardRecord.id == award_id)).one_or_none())


def find_award_by_code(code_hash: str) -> Award | None:
    return _award(db.session.execute(_awards().where(AwardRecord.code_hash == code_hash)).one_or_none())


def list_awards(citizen_id: UUID) -> Sequence[Award]:
    """A citizen's awards, oldest first."""
    rows = db.session.execute(_awards().where(AwardRecord.citizen_id == citizen_id).order_by(AwardRecord.id))
    return [Award(**row._mapping) for row in rows]


def record_redeemed(award_id: UUID, *, now: datetime) -> bool:
    """False unless the award was there to be redeemed."""
    redeemed = (
        update(AwardRecord)
        .where(AwardRecord.id == award_id, AwardRecord.state == WON, AwardRecord.expires_at > now)
        .values(state=REDEEMED)
        .returning(AwardRecord.id)
    )
    return db.session.scalar(redeemed) is not None


def record_won_again(award_id: UUID) -> None:
    db.session.execute(
        update(AwardRecord).where(AwardRecord.id == award_id, AwardRecord.state == REDEEMED).values(state=WON)
    )


def record_expired(*, now: datetime) -> int:
    """Expire what was not fetched in time. Returns how many."""
    record = AwardRecord
    overdue = _kept(record.state == WON, record.expires_at <= now)
    expired = update(record).where(record.id.in_(overdue)).values(state=EXPIRED).returning(record.id)
    return len(db.session.scalars(expired).all())


def record_claim_until(campaign_id: UUID, *, claim_until: datetime) -> None:
    """Until when a campaign's awards may be fetched; also those that had expired, or come back over the desk."""
    record = AwardRecord
    shorter = _kept(record.campaign_id == campaign_id, record.state != VOID, record.expires_at < claim_until)
    state = case((record.state == EXPIRED, WON), else_=record.state)
    db.session.execute(update(record).where(record.id.in_(shorter)).values(state=state, expires_at=claim_until))


def _kept(*which: ColumnElement[bool]) -> Select[UUID]:
    """Awards, kept until this transaction ends, in one order: two that change many must not wait for each other."""
    return select(AwardRecord.id).where(*which).order_by(AwardRecord.id).with_for_update()


def record_void(award_id: UUID) -> bool:
    """False unless the award was there to be redeemed."""
    voided = (
        update(AwardRecord)
        .where(AwardRecord.id == award_id, AwardRecord.state == WON)
        .values(state=VOID)
        .returning(AwardRecord.id)
    )
    return db.session.scalar(voided) is not None


def list_winners(campaign_id: UUID) -> Sequence[str]:
    """The limit keys of everybody who won in a campaign, whatever became of the prize."""
    return db.session.scalars(select(AwardRecord.limit_key).where(AwardRecord.campaign_id == campaign_id)).all()


# --- blocks -----------------------------------------------------------------------------------------------------------


BLOCKED = exists().where(table_of(BlockRecord).c.limit_key == bindparam("limit_key"))


def add_block(limit_key: str, *, campaign_id: UUID, reason: str, by: str, now: datetime) -> bool:
    """False when the person is blocked already."""
    said = {"campaign_id": campaign_id, "reason": reason, "blocked_by": by, "at": now}
    return insert_new(BlockRecord, limit_key=limit_key, **said)


def delete_block(limit_key: str, *, campaign_id: UUID) -> bool:
    """False when the person was not blocked."""
    record = BlockRecord
    stands = (record.limit_key == limit_key) & (record.campaign_id == campaign_id)
    lifted = delete(record).where(stands).returning(record.limit_key)
    return db.session.scalar(lifted) is not None


def list_blocked(campaign_id: UUID) -> Sequence[str]:
    """Limit keys of everybody who may not draw in a campaign."""
    return db.session.scalars(select(BlockRecord.limit_key).where(BlockRecord.campaign_id == campaign_id)).all()


# --- coupons ----------------------------------------------------------------------------------------------------------

_UNUSED: tuple[ColumnElement[bool], ...] = (CouponRecord.award_id.is_(None), CouponRecord.voided_at.is_(None))


def add_coupon(
    *, campaign_id: UUID, prize: str, code_hash: str, sealed_code: str, face_value_fen: int, expires_at: datetime
) -> bool:
    """False when the same coupon was loaded before."""
    return insert_new(
        CouponRecord,
        campaign_id=campaign_id,
        prize=prize,
        code_hash=code_hash,
        sealed_code=sealed_code,
        face_value_fen=face_value_fen,
        expires_at=expires_at,
    )


def count_coupons(campaign_id: UUID, *, prize: str) -> int:
    """Loaded and not void: assigned or waiting."""
    record = CouponRecord
    return db.session.execute(
        select(func.count())
        .select_from(record)
        .where(record.campaign_id == campaign_id, record.prize == prize, record.voided_at.is_(None))
    ).scalar_one()


def assign_coupon(award: Award) -> bool:
    """Give the award the oldest unused coupon of its prize. False when none is left."""
    oldest = (
        select(CouponRecord.id)
        .where(CouponRecord.campaign_id == award.campaign_id, CouponRecord.prize == award.prize, *_UNUSED)
        .order_by(CouponRecord.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    given = update(CouponRecord).where(CouponRecord.id == oldest).values(award_id=award.id).returning(CouponRecord.id)
    return db.session.scalar(given) is not None


def find_coupon(award_id: UUID) -> tuple[str, int, datetime] | None:
    """The award's coupon: sealed code, face value in fen, expiry."""
    record = CouponRecord
    row = db.session.execute(
        select(record.sealed_code, record.face_value_fen, record.expires_at).where(record.award_id == award_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def list_awards_without_coupon(campaign_id: UUID, *, prize: str) -> Sequence[Award]:
    """Oldest first."""
    rows = db.session.execute(
        _awards()
        .outerjoin(CouponRecord, CouponRecord.award_id == AwardRecord.id)
        .where(AwardRecord.campaign_id == campaign_id, AwardRecord.prize == prize, CouponRecord.id.is_(None))
        .order_by(AwardRecord.won_at)
    )
    return [Award(**row._mapping) for row in rows]


def list_sealed_coupons() -> Sequence[tuple[int, str]]:
    """Coupon and sealed code, held until this transaction ends."""
    wanted = select(CouponRecord.id, CouponRecord.sealed_code).with_for_update()
    return [(row[0], row[1]) for row in db.session.execute(wanted)]


def record_resealed(coupon_id: int, *, sealed_code: str) -> None:
    db.session.execute(update(CouponRecord).where(CouponRecord.id == coupon_id).values(sealed_code=sealed_code))


# --- redemptions ------------------------------------------------------------------------------------------------------


def _redemptions() -> Select[*tuple[Any, ...]]:
    record = RedemptionRecord
    return select(
        record.id,
        record.award_id,
        record.staff_id,
        record.staff_name,
        record.region_id,
        record.redeemed_at,
        record.note,
        record.undone_at,
    )


def find_redemption(scan_id: UUID) -> Redemption | None:
    row = db.session.execute(_redemptions().where(RedemptionRecord.id == scan_id)).one_or_none()
    return None if row is None else Redemption(**row._mapping)


def find_standing_redemption(award_id: UUID) -> Redemption | None:
    """The award's redemption that is not undone."""
    row = db.session.execute(
        _redemptions().where(RedemptionRecord.award_id == award_id, RedemptionRecord.undone_at.is_(None))
    ).one_or_none()
    return None if row is None else Redemption(**row._mapping)


def add_redemption(redemption: Redemption) -> bool:
    """False when the scan id is taken or the award has a standing redemption."""
    return insert_new(
        RedemptionRecord,
        id=redemption.id,
        award_id=redemption.award_id,
        staff_id=redemption.staff_id,
        staff_name=redemption.staff_name,
        region_id=redemption.region_id,
        redeemed_at=redemption.redeemed_at,
        note=redemption.note,
    )


def record_undo(scan_id: UUID, *, by: str, reason: str, now: datetime) -> bool:
    """False when it was undone before."""
    undone = (
        update(RedemptionRecord)
        .where(RedemptionRecord.id == scan_id, RedemptionRecord.undone_at.is_(None))
        .values(undone_at=now, undone_by=by, undo_reason=reason)
        .returning(RedemptionRecord.id)
    )
    return db.session.scalar(undone) is not None
