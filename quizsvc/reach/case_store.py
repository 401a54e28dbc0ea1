"""Every statement on monthly fraud cases."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from quizsvc.kit.db import db, insert_new
from quizsvc.reach.figures import CaseRow, Figures, Month, Revision
from quizsvc.reach.models import CaseFigureRecord
from quizsvc.regions.rules import Region


def list_revisions(region_id: UUID, month: Month) -> list[Revision]:
    """Of one month in one region, the oldest first."""
    record = CaseFigureRecord
    return _listed(record.region_id == region_id, record.year == month.year, record.month == month.month)


def list_in_force(under: Region, *, first: Month, last: Month) -> dict[tuple[str, Month], Revision]:
    """The revisions in force of a region's subtree in these months."""
    record = CaseFigureRecord
    # not LIKE, which passes over upper and lower case on SQLite
    begins = func.substr(record.region_path, 1, len(under.path)) == under.path
    number = record.year * 12 + record.month
    rows = _listed(begins, number.between(first.year * 12 + first.month, last.year * 12 + last.month))
    return {(one.region, one.month): one for one in rows}  # the highest of each comes last


def _listed(*wanted: ColumnElement[bool]) -> list[Revision]:
    record = CaseFigureRecord
    rows = db.session.execute(
        select(
            record.region_path,
            record.year,
            record.month,
            record.revision,
            record.reports,
            record.filed,
            record.loss_fen,
            record.source,
            record.loaded_by,
            record.loaded_at,
        )
        .where(*wanted)
        .order_by(record.region_id, record.year, record.month, record.revision)
    )
    return [_revision(*row) for row in rows]


def _revision(path: str, year: int, month: int, no: int, *rest: Any) -> Revision:
    reports, filed, loss_fen, source, loaded_by, loaded_at = rest
    region = path.rstrip("/").rpartition("/")[2]
    return Revision(region, Month(year, month), no, Figures(reports, filed, loss_fen), source, loaded_by, loaded_at)


def add_revision(row: CaseRow, *, no: int, by: str, now: datetime) -> bool:
    """False when the number is taken."""
    return insert_new(
        CaseFigureRecord,
        region_id=row.region.id,
        year=row.month.year,
        month=row.month.month,
        revision=no,
        region_path=row.region.path,
        reports=row.figures.reports,
        filed=row.figures.filed,
        loss_fen=row.figures.loss_fen,
        source=row.source,
        loaded_by=by,
        loaded_at=now,
    )
