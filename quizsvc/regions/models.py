"""The table of regions."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base


class RegionRecord(Base):
    __tablename__ = "regions"
    __table_args__ = (
        CheckConstraint("households >= 0", name="households"),
        CheckConstraint("residents >= 0", name="residents"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(12))
    parent_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"), index=True)
    path: Mapped[str] = mapped_column(String(200), unique=True)
    households: Mapped[int | None]
    residents: Mapped[int | None]
    source: Mapped[str | None] = mapped_column(String(100))
    as_of: Mapped[date | None]
