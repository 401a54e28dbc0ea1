"""Every statement on assignments."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from quizsvc.kit.db import db, insert, table_of
from quizsvc.kit.ids import new_id
from quizsvc.outreach.models import AssignmentRecord
from quizsvc.outreach.rules import Assignment
from quizsvc.outreach.terms import Step
from quizsvc.regions import service as regions

_table = table_of(AssignmentRecord)
_assignments = _table.c


def list_assignments(volunteer_ids: Collection[UUID] | None = None) -> list[Assignment]:
    """Of these volunteers or of all, ended ones too, in order of their start."""
    wanted = select(
        _assignments.id,
        _assignments.volunteer_id,
        _assignments.region_id,
        _assignments.starts_at,
        _assignments.ends_at,
    ).order_by(_assignments.starts_at, _assignments.id)
    if volunteer_ids is not None:
        wanted = wanted.where(_assignments.volunteer_id.in_(list(volunteer_ids)))
    rows = db.session.execute(wanted).all()
    there = regions.list_regions_by_id(row.region_id for row in rows)
    return [Assignment(row.id, row.volunteer_id, there[row.region_id], row.starts_at, row.ends_at) for row in rows]


def add_assignments(begun: Iterable[tuple[UUID, UUID, Step]], *, by: str, now: datetime) -> None:
    """Begin assignments of (volunteer, region); where an open one stands, it stays the only one."""
    rows = [
        {
            "id": new_id(),
            "volunteer_id": volunteer_id,
            "region_id": region_id,
            "starts_at": step.starts_at,
            "ends_at": step.ends_at,
            "assigned_by": by,
            "assigned_at": now,
            "ended_by": None if step.ends_at is None else by,
        }
        for volunteer_id, region_id, step in begun
    ]
    if rows:
        db.session.execute(insert(AssignmentRecord).on_conflict_do_nothing(), rows)


_RECORD_END = (
    update(_table)
    .where(_assignments.id == bindparam("assignment"))
    .values(ends_at=bindparam("new_end"), ended_by=bindparam("new_by"))
)


def record_ends(steps: Sequence[Step], *, by: str) -> None:
    """Move the ends of the assignments that the steps mean."""
    rows = [{"assignment": step.assignment, "new_end": step.ends_at, "new_by": by} for step in steps]
    if rows:
        db.session.connection().execute(_RECORD_END, rows)
