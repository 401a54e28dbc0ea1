"""Statements on tallies as they stand, for staff who look at them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import aliased

from quizsvc.kit.db import db
from quizsvc.outreach.models import RevisionRecord, TallyRecord

said = RevisionRecord


@dataclass(frozen=True)
class Wanted:
    """Which tallies: of these regions, and whatever else is named. `begin` is in, `end` is out."""

    regions: Collection[UUID]
    campaign_id: UUID | None = None
    volunteer_id: UUID | None = None
    setting: str | None = None
    on_paper: bool | None = None
    begin: datetime | None = None
    end: datetime | None = None


def _tallies() -> Select[*tuple[Any, ...]]:
    """Each tally's revision in force; the highest that tells of a visit where none is."""
    other = aliased(RevisionRecord)
    beaten = exists().where(
        other.tally_id == said.tally_id,
        or_(other.in_force, and_(~other.void, other.revision > said.revision)),
    )
    return (
        select(
            said.tally_id,
            said.revision,
            said.state,
            TallyRecord.voided,
            TallyRecord.volunteer_id,
            said.campaign_id,
            said.region_id,
            said.setting,
            said.occurred_at,
            said.received_at,
            said.households,
            said.people,
            said.entered_by,
            said.looks_like,
        )
        .join(TallyRecord, TallyRecord.id == said.tally_id)
        .where(~said.void, or_(said.in_force, ~beaten))
    )


def list_tallies(wanted: Wanted, *, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The latest visits first."""
    found = _tallies().where(said.region_id.in_(list(wanted.regions)))
    if wanted.campaign_id is not None:
        found = found.where(said.campaign_id == wanted.campaign_id)
    if wanted.volunteer_id is not None:
        found = found.where(TallyRecord.volunteer_id == wanted.volunteer_id)
    if wanted.setting is not None:
        found = found.where(said.setting == wanted.setting)
    if wanted.on_paper is not None:
        found = found.where(said.entered_by.is_not(None) if wanted.on_paper else said.entered_by.is_(None))
    if wanted.begin is not None:
        found = found.where(said.occurred_at >= wanted.begin)
    if wanted.end is not None:
        found = found.where(said.occurred_at < wanted.end)
    if after is not None:
        found = found.where(tuple_(said.occurred_at, said.tally_id) < after)
    return db.session.execute(found.order_by(said.occurred_at.desc(), said.tally_id.desc()).limit(limit)).all()


def list_by_id(ids: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Those of these tallies that tell of a visit."""
    return db.session.execute(_tallies().where(said.tally_id.in_(list(ids)))).all() if ids else []
