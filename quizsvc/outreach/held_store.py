"""Statements on what is held for a person to decide."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from quizsvc.kit.db import db
from quizsvc.outreach.models import HeldRecord, RevisionRecord, TallyRecord


def _held() -> Select[*tuple[Any, ...]]:
    held, said = HeldRecord, RevisionRecord
    return (
        select(
            held.id,
            held.tally_id,
            held.revision,
            held.reason,
            held.held_at,
            held.decision,
            held.decided_by,
            held.decided_at,
            held.note,
            TallyRecord.volunteer_id,
            said.campaign_id,
            said.region_id,
            said.setting,
            said.occurred_at,
            said.households,
            said.people,
            said.entered_by,
            said.clock_skew,
            said.looks_like,
        )
        .join(said, (said.tally_id == held.tally_id) & (said.revision == held.revision))
        .join(TallyRecord, TallyRecord.id == held.tally_id)
    )


def find_held(held_id: UUID) -> Row[*tuple[Any, ...]] | None:
    return db.session.execute(_held().where(HeldRecord.id == held_id)).one_or_none()


def list_waiting(paths: Sequence[str], *, after: UUID | None, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """What waits in some subtrees, oldest first; not what a decision could change nothing of any more."""
    wanted = _held().where(*_waiting(paths))
    if after is not None:
        wanted = wanted.where(HeldRecord.id > after)
    return db.session.execute(wanted.order_by(HeldRecord.id).limit(limit)).all()


def count_waiting(paths: Sequence[str]) -> int:
    """How much waits in some subtrees."""
    waiting = _held().where(*_waiting(paths)).subquery()
    return db.session.scalar(select(func.count()).select_from(waiting)) or 0


def count_waiting_of(campaign_id: UUID) -> int:
    """How much waits of one campaign."""
    waiting = _held().where(*_undecided(), RevisionRecord.campaign_id == campaign_id).subquery()
    return db.session.scalar(select(func.count()).select_from(waiting)) or 0


def _waiting(paths: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    within = or_(*(func.substr(HeldRecord.region_path, 1, len(path)) == path for path in paths))
    return *_undecided(), within


def _undecided() -> tuple[ColumnElement[bool], ...]:
    held, later = HeldRecord, aliased(RevisionRecord)
    overtaken = exists().where(later.tally_id == held.tally_id, later.in_force, later.revision > held.revision)
    return held.decision.is_(None), ~TallyRecord.voided, ~overtaken


def record_decision(held_id: UUID, *, decision: str, by: str, note: str | None, now: datetime) -> None:
    decided = {"decision": decision, "decided_by": by, "decided_at": now, "note": note}
    db.session.execute(update(HeldRecord).where(HeldRecord.id == held_id).values(**decided))


def record_state(tally_id: UUID, revision: int, *, state: str, in_force: bool) -> None:
    """Let a revision count, or refuse it."""
    one = (RevisionRecord.tally_id == tally_id) & (RevisionRecord.revision == revision)
    db.session.execute(update(RevisionRecord).where(one).values(state=state, in_force=in_force))
