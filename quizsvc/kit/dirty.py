"""What has to be counted anew: a writer marks a key in its own transaction, somebody counts it later.

A mark is a row of its own: writers never wait for each other, and who commits late is not overlooked, since exactly
the marks that were read are taken away.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime, db, table_of


class DirtyRecord(Base):
    """A mark: of which kind, which part of which whole, and when it was made."""

    __tablename__ = "dirty_keys"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    whole: Mapped[UUID]
    part: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_MARK = insert(table_of(DirtyRecord)).inline()  # its number is nobody's business: nothing is returned
PAGE = 5_000


@dataclass(frozen=True)
class Key:
    """What has to be counted anew: a part of a whole."""

    kind: str
    whole: UUID
    part: UUID


def mark(kind: str, *, whole: UUID, part: UUID, now: datetime) -> None:
    """Let a key be counted anew, once the caller's transaction is committed."""
    db.session.connection().execute(_MARK, {"kind": kind, "whole": whole, "part": part, "at": now})


def mark_all(kind: str, *, whole: UUID, parts: Collection[UUID], now: datetime) -> None:
    """As `mark`, for many."""
    rows = [{"kind": kind, "whole": whole, "part": part, "at": now} for part in parts]
    if rows:
        db.session.connection().execute(_MARK, rows)


def list_marks(*, limit: int) -> Sequence[tuple[int, Key]]:
    """The oldest marks with their ids."""
    record = DirtyRecord
    wanted = select(record.id, record.kind, record.whole, record.part).order_by(record.id).limit(limit)
    return [(row.id, Key(row.kind, row.whole, row.part)) for row in db.session.execute(wanted)]


def delete_marks(ids: Collection[int]) -> None:
    """Take marks away that were read, and no others."""
    every = list(ids)
    for begin in range(0, len(every), PAGE):
        db.session.execute(delete(DirtyRecord).where(DirtyRecord.id.in_(every[begin : begin + PAGE])))


def count_marks(whole: UUID | None = None) -> int:
    """How many wait, of everything or of one whole."""
    wanted = select(func.count()).select_from(DirtyRecord)
    if whole is not None:
        wanted = wanted.where(DirtyRecord.whole == whole)
    return db.session.execute(wanted).scalar_one()


def oldest_mark() -> datetime | None:
    """When the oldest one that waits was made: everything before then is counted."""
    return db.session.scalar(select(func.min(DirtyRecord.at)))
