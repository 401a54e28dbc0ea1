"""Rounds, draws, the closing draw, awards, coupons, redemptions. Each promise of the box is a constraint here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime
from quizsvc.lottery.rules import AWARD_STATES, CLOSED, OPEN, PLANNED, ROUND_STATES

STANDS = text("undone_at IS NULL")


class RoundRecord(Base):
    """A round and its box. The seed is sealed; `commitment` was published before anyone could draw.

    `rules_hash` is that of the rules in force when it opened; `anchored_at` is the time of the latest anchor: no draw
    may be dated up to it any more. `list_hash` is there for the closing draw alone: it was public before its beacon.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        UniqueConstraint("campaign_id", "no"),
        CheckConstraint(f"state IN {ROUND_STATES}", name="state"),
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("cards >= 1", name="cards"),
        CheckConstraint(f"(state = '{CLOSED}') = (head IS NOT NULL)", name="head"),
        CheckConstraint(f"state = '{PLANNED}' OR (beacon IS NOT NULL AND rules_hash IS NOT NULL)", name="opened"),
        CheckConstraint(f"list_hash IS NULL OR state <> '{OPEN}'", name="closing_draw"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"))
    no: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cards: Mapped[int]
    planned: Mapped[list[Any]] = mapped_column(JSON)
    carried: Mapped[list[Any]] = mapped_column(JSON)
    commitment: Mapped[str] = mapped_column(String(64))
    sealed_seed: Mapped[str] = mapped_column(Text)
    beacon: Mapped[str | None] = mapped_column(String(200))
    rules_hash: Mapped[str | None] = mapped_column(String(64))
    anchored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous_head: Mapped[str | None] = mapped_column(String(64))
    head: Mapped[str | None] = mapped_column(String(64))
    list_hash: Mapped[str | None] = mapped_column(String(64))


class ClosingSeedRecord(Base):
    """The closing draw's seed, committed to at publishing; its round is made when the campaign ends."""

    __tablename__ = "closing_seeds"

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    commitment: Mapped[str] = mapped_column(String(64))
    sealed_seed: Mapped[str] = mapped_column(Text)


class EntryRecord(Base):
    """Somebody in the closing draw: once each, by alias. `position`, `prize` and `drawn_at` come with the draw."""

    __tablename__ = "closing_entries"
    __table_args__ = (
        UniqueConstraint("round_id", "limit_key"),
        UniqueConstraint("round_id", "position"),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("prize IS NULL OR position IS NOT NULL", name="prize"),
        CheckConstraint("(position IS NULL) = (drawn_at IS NULL)", name="drawn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    round_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("rounds.id"))
    limit_key: Mapped[str] = mapped_column(String(64))
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), index=True)
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    alias: Mapped[str] = mapped_column(String(22), unique=True)
    position: Mapped[int | None]
    prize: Mapped[str | None] = mapped_column(String(32))
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AnchorRecord(Base):
    """What could be said of a round's draws at a moment; never changed."""

    __tablename__ = "anchors"

    round_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("rounds.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int]
    highest: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class DrawRecord(Base):
    """A ticket draws once; a position is drawn once."""

    __tablename__ = "draws"
    __table_args__ = (
        UniqueConstraint("round_id", "position"),
        CheckConstraint("position >= 1", name="position"),
    )

    ticket_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("tickets.id"), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("rounds.id"))
    position: Mapped[int]
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), index=True)
    alias: Mapped[str] = mapped_column(String(22), unique=True)
    prize: Mapped[str | None] = mapped_column(String(32))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AwardRecord(Base):
    """A win, by a ticket's draw or by an entry of the closing draw.

    `nth` is the person's n-th in this campaign: unique and at most `max_wins`, so nobody wins more often.
    """

    __tablename__ = "awards"
    __table_args__ = (
        UniqueConstraint("limit_key", "nth"),
        CheckConstraint("nth BETWEEN 1 AND max_wins", name="max_wins"),
        CheckConstraint("(ticket_id IS NULL) <> (entry_id IS NULL)", name="origin"),
        CheckConstraint(f"state IN {AWARD_STATES}", name="state"),
        Index("ix_awards_expiring", "state", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("draws.ticket_id"), unique=True)
    entry_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("closing_entries.id"), unique=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), index=True)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), index=True)
    limit_key: Mapped[str] = mapped_column(String(64))
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    nth: Mapped[int]
    max_wins: Mapped[int]
    prize: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(8))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    won_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BlockRecord(Base):
    """A person who may not draw in a campaign any more, for a written reason. Survives deletion like every limit."""

    __tablename__ = "blocks"

    limit_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    blocked_by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CouponRecord(Base):
    """A partner's coupon. `code_hash` keeps a list from being loaded twice; the code itself is sealed."""

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("campaign_id", "code_hash"),
        Index("ix_coupons_unused", "campaign_id", "prize", "award_id"),
        CheckConstraint("face_value_fen >= 0", name="face_value"),
        CheckConstraint("voided_at IS NULL OR award_id IS NULL", name="void_or_assigned"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"))
    prize: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(64))
    sealed_code: Mapped[str] = mapped_column(Text)
    face_value_fen: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    award_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("awards.id"), unique=True)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RedemptionRecord(Base):
    """A scan, named by the client. At most one of an award is not undone."""

    __tablename__ = "redemptions"
    __table_args__ = (
        Index("uq_redemptions_standing", "award_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    award_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("awards.id"), index=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(40))
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    note: Mapped[str] = mapped_column(String(200))
    redeemed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(40))
    undo_reason: Mapped[str | None] = mapped_column(String(200))
