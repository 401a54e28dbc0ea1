"""Visits, what each person adds to the figures, the counts; monthly fraud cases. What they promise is a constraint."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, Uuid
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


class VisitRecord(Base):
    """A citizen opened a campaign on a day, where they were at home then."""

    __tablename__ = "visits"

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), primary_key=True, index=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))


class ShareRecord(Base):
    """What one person (a citizen or a volunteer) did in a campaign, as it is counted: facts.Player or Reporter.

    Made from what the slices know and kept only to be taken away again when the person is counted anew.
    """

    __tablename__ = "reach_shares"

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    part: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    done: Mapped[str] = mapped_column(Text)


class CountRecord(Base):
    """The sum of all shares: so much of a metric in a region on a day. `day` and `apart` as in facts.Place."""

    __tablename__ = "reach_counts"
    __table_args__ = (CheckConstraint("n >= 0", name="n"),)

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    metric: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    apart: Mapped[str] = mapped_column(String(60), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class TurnRecord(Base):
    """One row: who settles holds it."""

    __tablename__ = "reach_turn"

    id: Mapped[int] = mapped_column(primary_key=True)


class SnapshotRecord(Base):
    """What a report was made from; never changed and never deleted. `asked`: the question, in one text for one."""

    __tablename__ = "report_snapshots"
    __table_args__ = (Index("ix_report_snapshots_asked", "asked", "made_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    asked: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
