"""Every statement on what reports were made from: rows are added and read, nothing else."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, select

from quizsvc.kit.canonical import sha256_hex
from quizsvc.kit.db import db, insert
from quizsvc.kit.errors import Refusal
from quizsvc.reach.models import SnapshotRecord
from quizsvc.reach.snapshots import Asked, Kept, Snapshot, document_of, kept_of, snapshot_of


class SnapshotDamaged(Refusal):
    """Somebody changed a stored snapshot."""

    code, status = "reach.snapshot_damaged", 409
    zh, en = "这份报告的存档被改动过，不能再用", "The stored report was tampered with and is of no use any more"


def add_snapshot(snapshot: Snapshot, *, region_id: UUID, asked: Asked, now: datetime) -> None:
    """Store what a report is made from."""
    document = document_of(snapshot)
    db.session.execute(
        insert(SnapshotRecord).values(
            id=UUID(snapshot.id),
            region_id=region_id,
            asked=sha256_hex(asked.text),
            made_by=snapshot.made_by,
            made_at=now,
            document=document,
            digest=sha256_hex(document),
        )
    )


def find_snapshot(snapshot_id: UUID) -> Snapshot | None:
    """The snapshot with this id."""
    return _first(SnapshotRecord.id == snapshot_id)


def find_latest(asked: Asked) -> Snapshot | None:
    """The last snapshot made on this question."""
    return _first(SnapshotRecord.asked == sha256_hex(asked.text))


def list_snapshots(region_ids: Collection[UUID], *, before: UUID | None, limit: int) -> list[Kept]:
    """Snapshots of these regions, the newest first (their ids sort by age), from one on."""
    record = SnapshotRecord
    wanted = select(record.id, record.made_by, record.made_at, record.document)
    wanted = wanted.where(record.region_id.in_(list(region_ids))).order_by(record.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(record.id < before)
    return [
        kept_of(orjson.loads(row.document), snapshot_id=str(row.id), made_by=row.made_by, made_at=row.made_at)
        for row in db.session.execute(wanted)
    ]


def list_stored(*, until: datetime, after: UUID, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Everything as it is stored, oldest first."""
    record = SnapshotRecord
    wanted = select(record.id, record.made_by, record.made_at, record.document, record.digest)
    wanted = wanted.where(record.id > after, record.made_at <= until).order_by(record.id).limit(limit)
    return db.session.execute(wanted).all()


def _first(*wanted: ColumnElement[Any]) -> Snapshot | None:
    record = SnapshotRecord
    newest = select(record.id, record.made_by, record.document, record.digest).where(*wanted)
    row = db.session.execute(newest.order_by(record.made_at.desc(), record.id.desc()).limit(1)).first()
    if row is None:
        return None
    if sha256_hex(row.document) != row.digest:
        raise SnapshotDamaged
    return snapshot_of(orjson.loads(row.document), snapshot_id=str(row.id), made_by=row.made_by)
