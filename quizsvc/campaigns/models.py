"""Campaigns and their published versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.campaigns.rules import STATES
from quizsvc.kit.db import Base, UtcDateTime


class CampaignRecord(Base):
    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(version = 0) = (state = 'draft')", name="version"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    drafted_by: Mapped[str] = mapped_column(String(40))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AmendmentRecord(Base):
    """The amendment of a published campaign that waits for a second person; at most one."""

    __tablename__ = "campaign_amendments"
    __table_args__ = (CheckConstraint("trim(reason) <> ''", name="reason"),)

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    drafted_by: Mapped[str] = mapped_column(String(40))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VersionRecord(Base):
    """A published version: the exact text that was hashed. Never changed, and kept when it is withdrawn."""

    __tablename__ = "campaign_versions"
    __table_args__ = (CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn"),)

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    rules: Mapped[str] = mapped_column(Text)
    rules_hash: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[str] = mapped_column(String(40))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class ArchiveRecord(Base):
    """What was archived, once: everything up to `as_of` and up to the audit log's entry `audit_until`.

    `content_hash` is the same for every folder that is written of it, `manifest_hash` the first folder's own.
    """

    __tablename__ = "campaign_archives"

    campaign_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("campaigns.id"), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_by: Mapped[str] = mapped_column(String(40))
    manifest_hash: Mapped[str] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))
    audit_until: Mapped[int] = mapped_column(BigInteger)
