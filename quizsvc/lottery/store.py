"""Every statement on rounds and draws."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, select, update

from quizsvc.kit.db import db, insert, insert_new, table_of
from quizsvc.lottery.award_store import BLOCKED, WINS
from quizsvc.lottery.models import AnchorRecord, DrawRecord, RoundRecord
from quizsvc.lottery.rules import CLOSED, OPEN, PLANNED, Anchor, Count, Draw, Round

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
        list_hash=record.list_hash,
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
            rules_hash=one.rules_hash,
            previous_head=one.previous_head,
            list_hash=one.list_hash,
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
_ROUND_AT = select(table_of(RoundRecord), WINS.scalar_subquery().label("wins"), BLOCKED.label("blocked")).where(
    _rounds.campaign_id == bindparam("campaign_id"),
    _rounds.opens_at <= bindparam("moment"),
    _rounds.closes_at > bindparam("moment"),
)
_SHARED = (
    select(_rounds.state, _rounds.anchored_at).where(_rounds.id == bindparam("round_id")).with_for_update(read=True)
)


def find_round_at(campaign_id: UUID, *, moment: datetime, limit_key: str) -> tuple[Round, int, bool] | None:
    """The round whose window holds the moment, the person's wins in the campaign, and whether they are blocked."""
    asked = {"campaign_id": campaign_id, "moment": moment, "limit_key": limit_key}
    row = db.session.execute(_ROUND_AT, asked).one_or_none()
    return None if row is None else (_round(row), row.wins, bool(row.blocked))


def share_round(round_id: UUID) -> tuple[str, datetime | None]:
    """The round's state and latest anchor, held still until this transaction ends: closing and anchoring wait."""
    row = db.session.execute(_SHARED, {"round_id": round_id}).one()
    return row.state, row.anchored_at


def record_opening(round_id: UUID, *, rules_hash: str) -> None:
    db.session.execute(update(RoundRecord).where(RoundRecord.id == round_id).values(state=OPEN, rules_hash=rules_hash))


def record_amended(
    round_id: UUID, *, opens_at: datetime, closes_at: datetime, cards: int, planned: Sequence[Count]
) -> bool:
    """False when the round has opened."""
    amended = (
        update(RoundRecord)
        .where(RoundRecord.id == round_id, RoundRecord.state == PLANNED)
        .values(opens_at=opens_at, closes_at=closes_at, cards=cards, planned=_pairs(planned))
        .returning(RoundRecord.id)
    )
    return db.session.scalar(amended) is not None


def delete_rounds(campaign_id: UUID) -> None:
    """With their anchors; a round that was drawn from cannot be deleted."""
    of_campaign = select(RoundRecord.id).where(RoundRecord.campaign_id == campaign_id)
    db.session.execute(delete(AnchorRecord).where(AnchorRecord.round_id.in_(of_campaign)))
    db.session.execute(delete(RoundRecord).where(RoundRecord.campaign_id == campaign_id))


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


# --- sealed seeds -----------------------------------------------------------------------------------------------------


def list_sealed_seeds() -> Sequence[tuple[UUID, str]]:
    """Round and sealed seed, held until this transaction ends."""
    wanted = select(RoundRecord.id, RoundRecord.sealed_seed).with_for_update()
    return [(row[0], row[1]) for row in db.session.execute(wanted)]


def record_resealed(round_id: UUID, *, sealed_seed: str) -> None:
    db.session.execute(update(RoundRecord).where(RoundRecord.id == round_id).values(sealed_seed=sealed_seed))
