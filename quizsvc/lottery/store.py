"""Every statement on rounds, draws, awards, coupons and redemptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, update

from quizsvc.kit.db import db, insert, insert_new, table_of
from quizsvc.lottery.models import AnchorRecord, AwardRecord, CouponRecord, DrawRecord, RedemptionRecord, RoundRecord
from quizsvc.lottery.rules import CLOSED, EXPIRED, OPEN, REDEEMED, WON, Anchor, Award, Count, Draw, Redemption, Round

# --- rounds -----------------------------------------------------------------------------------------------------------


def _round(record: RoundRecord | Row[*tuple[Any, ...]]) -> Round:
    return Round(
        id=record.id,
        campaign_id=record.campaign_id,
        no=record.no,
        state=record.state,
        opens_at=record.opens_at,
        closes_at=record.closes_at,
        cards=record.cards,
        planned=[Count(*one) for one in record.planned],
        carried=[Count(*one) for one in record.carried],
        commitment=record.commitment,
        sealed_seed=record.sealed_seed,
        beacon=record.beacon,
        rules_hash=record.rules_hash,
        anchored_at=record.anchored_at,
        previous_head=record.previous_head,
        head=record.head,
    )


def _pairs(counts: Sequence[Count]) -> list[list[Any]]:
    return [[one.code, one.count] for one in counts]


def add_round(one: Round) -> None:
    db.session.execute(
        insert(RoundRecord).values(
            id=one.id,
            campaign_id=one.campaign_id,
            no=one.no,
            state=one.state,
            opens_at=one.opens_at,
            closes_at=one.closes_at,
            cards=one.cards,
            planned=_pairs(one.planned),
            carried=_pairs(one.carried),
            commitment=one.commitment,
            sealed_seed=one.sealed_seed,
            beacon=one.beacon,
        )
    )


def list_rounds(campaign_id: UUID, *, lock: bool = False) -> Sequence[Round]:
    """In order of number. `lock`: exclusively, so that no draw can be written meanwhile."""
    wanted = select(RoundRecord).where(RoundRecord.campaign_id == campaign_id).order_by(RoundRecord.no)
    if lock:
        wanted = wanted.with_for_update()
    records = db.session.scalars(wanted.execution_options(populate_existing=True))
    return [_round(record) for record in records]


_rounds = table_of(RoundRecord).c
_WINS = (
    select(func.count())
    .select_from(table_of(AwardRecord))
    .where(table_of(AwardRecord).c.limit_key == bindparam("limit_key"))
)
_ROUND_AT = select(table_of(RoundRecord), _WINS.scalar_subquery().label("wins")).where(
    _rounds.campaign_id == bindparam("campaign_id"),
    _rounds.opens_at <= bindparam("moment"),
    _rounds.closes_at > bindparam("moment"),
)
_SHARED = (
    select(_rounds.state, _rounds.anchored_at).where(_rounds.id == bindparam("round_id")).with_for_update(read=True)
)


def find_round_at(campaign_id: UUID, *, moment: datetime, limit_key: str) -> tuple[Round, int] | None:
    """The round whose window holds the moment, and the person's wins in the campaign."""
    asked = {"campaign_id": campaign_id, "moment": moment, "limit_key": limit_key}
    row = db.session.execute(_ROUND_AT, asked).one_or_none()
    return None if row is None else (_round(row), row.wins)


def share_round(round_id: UUID) -> tuple[str, datetime | None]:
    """The round's state and latest anchor, held still until this transaction ends: closing and anchoring wait."""
    row = db.session.execute(_SHARED, {"round_id": round_id}).one()
    return row.state, row.anchored_at


def record_opening(round_id: UUID, *, rules_hash: str) -> None:
    db.session.execute(update(RoundRecord).where(RoundRecord.id == round_id).values(state=OPEN, rules_hash=rules_hash))


def record_beacon(round_id: UUID, *, beacon: str) -> bool:
    """False when the round has its beacon already."""
    entered = (
        update(RoundRecord)
        .where(RoundRecord.id == round_id, RoundRecord.beacon.is_(None))
        .values(beacon=beacon)
        .returning(RoundRecord.id)
    )
    return db.session.scalar(entered) is not None


def add_anchor(round_id: UUID, anchor: Anchor) -> None:
    """Write an anchor down and let no draw be dated up to it any more."""
    db.session.execute(
        insert(AnchorRecord).values(
            round_id=round_id, at=anchor.at, count=anchor.count, highest=anchor.highest, digest=anchor.digest
        )
    )
    db.session.execute(update(RoundRecord).where(RoundRecord.id == round_id).values(anchored_at=anchor.at))


def list_anchors(round_id: UUID) -> Sequence[Anchor]:
    """In order of time."""
    record = AnchorRecord
    rows = db.session.execute(
        select(record.at, record.count, record.highest, record.digest)
        .where(record.round_id == round_id)
        .order_by(record.at)
    )
    return [Anchor(*row) for row in rows]


def record_closing(round_id: UUID, *, head: str) -> None:
    db.session.execute(update(RoundRecord).where(RoundRecord.id == round_id).values(state=CLOSED, head=head))


def record_inheritance(round_id: UUID, *, carried: Sequence[Count], previous_head: str) -> None:
    """What a round takes over from the one that closed before it."""
    db.session.execute(
        update(RoundRecord)
        .where(RoundRecord.id == round_id)
        .values(carried=_pairs(carried), previous_head=previous_head)
    )


# --- draws ------------------------------------------------------------------------------------------------------------


_draws = table_of(DrawRecord).c
_DRAWS = select(
    _draws.ticket_id,
    _draws.citizen_id,
    _draws.round_id,
    _rounds.campaign_id,
    _rounds.no,
    _draws.position,
    _draws.alias,
    _draws.prize,
    _draws.drawn_at,
).join(table_of(RoundRecord), _rounds.id == _draws.round_id)
_DRAW_OF = _DRAWS.where(_draws.ticket_id == bindparam("ticket_id"))


def find_draw(ticket_id: UUID) -> Draw | None:
    row = db.session.execute(_DRAW_OF, {"ticket_id": ticket_id}).one_or_none()
    return None if row is None else Draw(*row)


def list_draws(*, round_id: UUID) -> Sequence[Draw]:
    """In order of position."""
    rows = db.session.execute(_DRAWS.where(_draws.round_id == round_id).order_by(_draws.position))
    return [Draw(*row) for row in rows]


def list_draws_of(citizen_id: UUID) -> Sequence[Draw]:
    """A citizen's draws, oldest first."""
    rows = db.session.execute(_DRAWS.where(_draws.citizen_id == citizen_id).order_by(_draws.drawn_at, _draws.position))
    return [Draw(*row) for row in rows]


def add_draw(draw: Draw) -> bool:
    """False when the ticket or the position was drawn before."""
    return insert_new(
        DrawRecord,
        ticket_id=draw.ticket_id,
        round_id=draw.round_id,
        position=draw.position,
        citizen_id=draw.citizen_id,
        alias=draw.alias,
        prize=draw.prize,
        drawn_at=draw.drawn_at,
    )


def highest_position(round_id: UUID) -> int:
    """0 before the first draw."""
    wanted = select(func.max(DrawRecord.position)).where(DrawRecord.round_id == round_id)
    return db.session.scalar(wanted) or 0


# --- awards -----------------------------------------------------------------------------------------------------------


def _awards() -> Select[*tuple[Any, ...]]:
    record = AwardRecord
    return select(
        record.id,
        record.ticket_id,
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
    return int(db.session.execute(_WINS, {"limit_key": limit_key}).scalar_one())


def add_award(award: Award, *, limit_key: str, nth: int, max_wins: int, code_hash: str) -> bool:
    """False when the person's n-th win, or the code, stands already."""
    return insert_new(
        AwardRecord,
        id=award.id,
        ticket_id=award.ticket_id,
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
    expired = (
        update(AwardRecord)
        .where(AwardRecord.state == WON, AwardRecord.expires_at <= now)
        .values(state=EXPIRED)
        .returning(AwardRecord.id)
    )
    return len(db.session.scalars(expired).all())


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


def count_unused_coupons(campaign_id: UUID, *, prize: str) -> int:
    return db.session.execute(
        select(func.count())
        .select_from(CouponRecord)
        .where(CouponRecord.campaign_id == campaign_id, CouponRecord.prize == prize, *_UNUSED)
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
