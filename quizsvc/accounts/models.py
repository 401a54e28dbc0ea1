"""Citizens, consents, messages, exclusions, volunteers, invitations, staff, grants and the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.accounts.rules import MESSAGE_STATES, VOLUNTEER_KINDS
from quizsvc.kit.db import Base, UtcDateTime

IN_FORCE = text("revoked_at IS NULL")


class CitizenRecord(Base):
    """A deleted citizen keeps the row without anything that leads back to a person: figures keep their totals."""

    __tablename__ = "citizens"
    __table_args__ = (CheckConstraint("(openid_hash IS NULL) = (deleted_at IS NOT NULL)", name="deleted"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    openid_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsentRecord(Base):
    """Append-only: the last row per purpose and version is in force."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_citizen", "citizen_id", "purpose", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(64))
    granted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AddressRecord(Base):
    """The one copy of an openid: sealed, of citizens who agreed to messages, for as long as one may follow."""

    __tablename__ = "message_addresses"

    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), primary_key=True)
    sealed_openid: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MessageRecord(Base):
    """A message that waits, is being sent, or has had its one chance. One of a kind about a subject, ever.

    What it says is composed when it is sent; `version` names the notice under which the citizen agreed to it.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        Index("ix_messages_due", "state", "due_at"),
        CheckConstraint(f"state IN {MESSAGE_STATES}", name="state"),
        CheckConstraint("(state = 'waiting') = (due_at IS NOT NULL)", name="due"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject: Mapped[UUID]
    citizen_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("citizens.id"), index=True)
    version: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int]
    errcode: Mapped[int | None]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessTokenRecord(Base):
    """What WeChat lets an application call it with; shared by all workers and hosts."""

    __tablename__ = "access_tokens"

    appid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_token: Mapped[str] = mapped_column(Text)
    good_until: Mapped[datetime] = mapped_column(UtcDateTime)


class ExclusionRecord(Base):
    """People who may answer and earn no ticket. Hangs on the openid's hash, so that deleting oneself lifts nothing."""

    __tablename__ = "exclusions"

    openid_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class VolunteerRecord(Base):
    """Somebody on the office's list. `code` is the number there; `openid_hash` the WeChat log-in that was bound.

    Who left keeps the log-in: what was handed out before may still be on its way.
    """

    __tablename__ = "volunteers"
    __table_args__ = (
        CheckConstraint(f"kind IN {VOLUNTEER_KINDS}", name="kind"),
        CheckConstraint("(openid_hash IS NULL) = (bound_at IS NULL)", name="bound"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    openid_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InvitationRecord(Base):
    """A code that binds a log-in to a volunteer on the list, or (`volunteer_id` missing) enrols whoever has it.

    Found by keyed hash: the table itself invites nobody.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint(f"kind IN {VOLUNTEER_KINDS}", name="kind"),
        CheckConstraint("uses_left >= 0", name="uses_left"),
    )

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    volunteer_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("volunteers.id"))
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    kind: Mapped[str] = mapped_column(String(16))
    uses_left: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffRecord(Base):
    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sign_outs: Mapped[int] = mapped_column(server_default="0")


class GrantRecord(Base):
    __tablename__ = "grants"
    __table_args__ = (
        Index(
            "uq_grants_in_force",
            "staff_id",
            "role",
            "region_id",
            unique=True,
            sqlite_where=IN_FORCE,
            postgresql_where=IN_FORCE,
        ),
        CheckConstraint("granted_by IS NULL OR granted_by <> staff_id", name="not_to_oneself"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("staff.id"))
    role: Mapped[str] = mapped_column(String(20))
    region_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("regions.id"))
    granted_by: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("staff.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditRecord(Base):
    """Who did what to what, with before and after. Written in the act's own transaction, never changed.

    `seq` and `hash`: its place in the chain (kit/chain.py), once it is sealed.
    """

    __tablename__ = "audit"
    __table_args__ = (CheckConstraint("(seq IS NULL) = (hash IS NULL)", name="sealed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100), index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    hash: Mapped[str | None] = mapped_column(String(64))


class AuditHeadRecord(Base):
    """One row: the last entry of the audit log that is sealed. Who seals holds it."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
