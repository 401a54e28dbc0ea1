"""The bank, papers and tickets."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime
from quizsvc.quiz import lifecycle
from quizsvc.quiz.rules import KINDS, OPEN, STATES

IS_OPEN = text(f"state = '{OPEN}'")


class ScamTypeRecord(Base):
    __tablename__ = "scam_types"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]


class BankRecord(Base):
    """One row: the bank's epoch, renewed whenever the bank changes, so that every process reads it again."""

    __tablename__ = "bank"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(String(32))


class QuestionRecord(Base):
    """A question's code and how it stands: see lifecycle.Standing."""

    __tablename__ = "questions"
    __table_args__ = (
        CheckConstraint(f"state IN {lifecycle.STATES}", name="state"),
        CheckConstraint("waiting IS NULL OR (state = 'reviewed' AND waiting > version)", name="waiting"),
    )

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    waiting: Mapped[int | None]
    changed_by: Mapped[str] = mapped_column(String(40))


class QuestionVersionRecord(Base):
    """One version's text. Never changed: papers in hand keep theirs."""

    __tablename__ = "question_versions"
    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("difficulty BETWEEN 1 AND 3", name="difficulty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), ForeignKey("questions.code"))
    version: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    scam_type: Mapped[str] = mapped_column(String(32), ForeignKey("scam_types.code"))
    kind: Mapped[str] = mapped_column(String(10))
    difficulty: Mapped[int]
    stem: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, str]] = mapped_column(JSON)
    answer: Mapped[list[str]] = mapped_column(JSON)
    explanation: Mapped[str] = mapped_column(Text)
    audience: Mapped[list[str]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(200))
    reviewed: Mapped[date]


class PaperRecord(Base):
    """A paper: dealt, frozen, marked once.

    `limit_key` is the person in this campaign (a keyed hash), `day` and `no_of_day` the person's n-th paper of the day
    of dealing: the unique constraint is the daily limit's, the partial index allows one open paper.
    `items`: [[question version, option order], ...]; `given`: the chosen options, one string a question.
    """

    __tablename__ = "papers"
    __table_args__ = (
        UniqueConstraint("limit_key", "day", "no_of_day"),
        Index("uq_papers_open", "limit_key", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_papers_citizen", "citizen_id", "id"),
        Index("ix_papers_due", "due_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state IN ('marked', 'late')) = (handed_in_at IS NOT NULL)", name="handed_in"),
        CheckConstraint("(handed_in_at IS NULL) = (correct IS NULL)", name="mark"),
        CheckConstraint("no_of_day >= 1", name="no_of_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), index=True)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"))
    limit_key: Mapped[str] = mapped_column(String(64))
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    day: Mapped[date]
    no_of_day: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    dealt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    earns_ticket: Mapped[bool]
    items: Mapped[list[Any]] = mapped_column(JSON)
    given: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    correct: Mapped[int | None]
    passed: Mapped[bool | None]
    handed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TicketRecord(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_citizen", "citizen_id", "campaign_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    paper_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("papers.id"), unique=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), index=True)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"))
    limit_key: Mapped[str] = mapped_column(String(64))
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    earned_at: Mapped[datetime] = mapped_column(UtcDateTime)
