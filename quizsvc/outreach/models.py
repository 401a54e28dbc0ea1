"""Assignments, tallies, revisions, hand-outs, and what is held. What any order of arrival must keep is a constraint."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime
from quizsvc.outreach.rules import DECISIONS, HELD_REASONS, SETTINGS, STATES

OPEN_ENDED = text("ends_at IS NULL")
IN_FORCE = text("in_force")


class AssignmentRecord(Base):
    """A volunteer serves a region's subtree from `starts_at` until before `ends_at`. Ended, never deleted."""

    __tablename__ = "assignments"
    __table_args__ = (
        CheckConstraint("ends_at >= starts_at", name="ends_at"),
        CheckConstraint("(ends_at IS NULL) = (ended_by IS NULL)", name="ended_by"),
        Index(
            "uq_assignments_open",
            "volunteer_id",
            "region_id",
            unique=True,
            sqlite_where=OPEN_ENDED,
            postgresql_where=OPEN_ENDED,
        ),
        Index("ix_assignments_volunteer", "volunteer_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    volunteer_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("volunteers.id"))
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned_by: Mapped[str] = mapped_column(String(40))
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(40))


class TallyRecord(Base):
    """A visit as its phone named it; the id belongs to the volunteer who named it first."""

    __tablename__ = "tallies"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    volunteer_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("volunteers.id"), index=True)
    voided: Mapped[bool]


class RevisionRecord(Base):
    """What was reported under one number; never changed. `content` is the canonical JSON as sent.

    `looks_like`: another tally of the same volunteer that says the same at about the same time; both count.
    `clock_skew`: seconds that the phone's clock was ahead of ours.
    """

    __tablename__ = "tally_revisions"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"setting IN {SETTINGS}", name="setting"),
        CheckConstraint("households >= 0 AND people >= 0", name="counts"),
        CheckConstraint("NOT in_force OR (state = 'counted' AND NOT void)", name="in_force"),
        CheckConstraint(
            "void OR (campaign_id IS NOT NULL AND region_id IS NOT NULL AND occurred_at IS NOT NULL"
            " AND setting IS NOT NULL AND households IS NOT NULL AND people IS NOT NULL)",
            name="whole",
        ),
        Index("uq_tally_revisions_in_force", "tally_id", unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE),
        Index(
            "ix_tally_revisions_campaign",
            "campaign_id",
            "occurred_at",
            sqlite_where=IN_FORCE,
            postgresql_where=IN_FORCE,
        ),
        Index("ix_tally_revisions_likeness", "likeness", "occurred_at"),
    )

    tally_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("tallies.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    void: Mapped[bool]
    in_force: Mapped[bool]
    state: Mapped[str] = mapped_column(String(8))
    content: Mapped[str] = mapped_column(Text)
    campaign_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("campaigns.id"))
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    setting: Mapped[str | None] = mapped_column(String(12))
    households: Mapped[int | None]
    people: Mapped[int | None]
    likeness: Mapped[str | None] = mapped_column(String(32))
    looks_like: Mapped[UUID | None] = mapped_column(Uuid)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clock_skew: Mapped[int]
    entered_by: Mapped[str | None] = mapped_column(String(40))


class HandoutRecord(Base):
    """What one revision says was handed out: `quantity` in the base unit, `factor` that of its pack on arrival."""

    __tablename__ = "handouts"
    __table_args__ = (
        ForeignKeyConstraint(["tally_id", "revision"], ["tally_revisions.tally_id", "tally_revisions.revision"]),
        CheckConstraint("quantity >= 1 AND factor >= 1", name="quantity"),
    )

    tally_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(String(32), ForeignKey("materials.code"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    pack: Mapped[str | None] = mapped_column(String(20))
    factor: Mapped[int]


class HeldRecord(Base):
    """A revision that a person has to decide on, and what was decided: once."""

    __tablename__ = "held_tallies"
    __table_args__ = (
        ForeignKeyConstraint(["tally_id", "revision"], ["tally_revisions.tally_id", "tally_revisions.revision"]),
        UniqueConstraint("tally_id", "revision"),
        CheckConstraint(f"reason IN {HELD_REASONS}", name="reason"),
        CheckConstraint(f"decision IN {DECISIONS}", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name="decided_by"),
        Index("ix_held_tallies_waiting", "decision", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tally_id: Mapped[UUID] = mapped_column(Uuid)
    revision: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    region_path: Mapped[str] = mapped_column(String(200))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(8))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(String(200))
