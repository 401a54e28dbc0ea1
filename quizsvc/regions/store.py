"""Every statement on regions."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import aliased

from quizsvc.kit.db import db, insert_new
from quizsvc.regions.models import RegionRecord
from quizsvc.regions.rules import Population, Region, RegionRow


def _regions() -> Select[*tuple[Any, ...]]:
    record = RegionRecord
    return select(record.id, record.code, record.name, record.level, record.path)


def find_region(code: str) -> Region | None:
    row = db.session.execute(_regions().where(RegionRecord.code == code)).one_or_none()
    return None if row is None else Region(*row)


def find_region_by_id(region_id: UUID) -> Region | None:
    row = db.session.execute(_regions().where(RegionRecord.id == region_id)).one_or_none()
    return None if row is None else Region(*row)


def list_regions_by_code(codes: Iterable[str]) -> dict[str, Region]:
    rows = db.session.execute(_regions().where(RegionRecord.code.in_(list(codes))))
    return {row.code: Region(*row) for row in rows}


def list_regions_by_id(region_ids: Iterable[UUID]) -> dict[UUID, Region]:
    rows = db.session.execute(_regions().where(RegionRecord.id.in_(list(region_ids))))
    return {row.id: Region(*row) for row in rows}


def list_regions(
    *, under: Region | None, name_part: str | None, level: str | None, after: str, limit: int
) -> Sequence[Region]:
    """In order of code, beginning after a code; `under` itself is not among them."""
    wanted = _regions().where(RegionRecord.code > after).order_by(RegionRecord.code).limit(limit)
    if under is not None:
        # not LIKE, which passes over upper and lower case on SQLite
        begins = func.substr(RegionRecord.path, 1, len(under.path)) == under.path
        wanted = wanted.where(begins, RegionRecord.id != under.id)
    if name_part:
        wanted = wanted.where(RegionRecord.name.contains(name_part, autoescape=True))
    if level is not None:
        wanted = wanted.where(RegionRecord.level == level)
    return [Region(*row) for row in db.session.execute(wanted)]


def list_subtrees(top_ids: Iterable[UUID]) -> Sequence[Region]:
    """The regions with these ids and those under them, in order of code."""
    top = aliased(RegionRecord)
    begins = func.substr(RegionRecord.path, 1, func.length(top.path)) == top.path
    covered = exists().where(top.id.in_(list(top_ids)), begins)
    return [Region(*row) for row in db.session.execute(_regions().where(covered).order_by(RegionRecord.code))]


def list_populations(codes: Iterable[str]) -> dict[str, Population]:
    """By code, where it is known."""
    record = RegionRecord
    wanted = select(record.code, record.residents, record.source, record.as_of).where(record.code.in_(list(codes)))
    return {
        code: Population(residents, source, as_of)
        for code, residents, source, as_of in db.session.execute(wanted)
        if residents is not None and source is not None and as_of is not None
    }


def record_region(row: RegionRow, *, region_id: UUID, parent_id: UUID | None, path: str) -> None:
    """Add the region, or bring what may change of it up to date."""
    changing = {
        "name": row.name,
        "households": row.households,
        "residents": row.residents,
        "source": row.source,
        "as_of": row.as_of,
    }
    fixed = {"id": region_id, "code": row.code, "level": row.level, "parent_id": parent_id, "path": path}
    if not insert_new(RegionRecord, **fixed, **changing):
        db.session.execute(update(RegionRecord).where(RegionRecord.code == row.code).values(**changing))
