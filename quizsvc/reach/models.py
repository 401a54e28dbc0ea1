"""Monthly fraud cases. What they promise is a constraint here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime
from quizsvc.reach.figures import FIRST_YEAR, LARGEST_COUNT, LARGEST_LOSS_FEN, LAST_YEAR


def _within(column: str, largest: int) -> CheckConstraint:
    """SQLite would store a fraction in a column of integers."""
    return CheckConstraint(
        f"{column} BETWEEN 0 AND {largest} AND {column} = CAST({column} AS BIGINT)",
        name=column,
    )


class CaseFigureRecord(Base):
    """A revision of a month's figures in a region; never changed and never deleted. The highest is in force.

    `region_path` is the region's: regions never move, and figures are asked for by subtree. A later revision may hold
    no figure at all: the ones before were taken back.
    """

    __tablename__ = "case_figures"
    __table_args__ = (
        CheckConstraint(f"year BETWEEN {FIRST_YEAR} AND {LAST_YEAR}", name="year"),
        CheckConstraint("month BETWEEN 1 AND 12", name="month"),
        CheckConstraint("revision >= 1", name="revision"),
        _within("reports", LARGEST_COUNT),
        _within("filed", LARGEST_COUNT),
        _within("loss_fen", LARGEST_LOSS_FEN),
        CheckConstraint(
            "revision > 1 OR reports IS NOT NULL OR filed IS NOT NULL OR loss_fen IS NOT NULL", name="says_something"
        ),
        CheckConstraint("source <> ''", name="source"),
    )

    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    region_path: Mapped[str] = mapped_column(String(200), index=True)
    reports: Mapped[int | None]
    filed: Mapped[int | None]
    loss_fen: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(100))
    loaded_by: Mapped[str] = mapped_column(String(40))
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
