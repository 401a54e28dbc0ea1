"""Materials, holders, movements, balances. What the ledger promises is a constraint here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime
from quizsvc.materials.rules import ACTS, HOLDER_KINDS, IRREVERSIBLE, KEEPERS, LARGEST_FACTOR, LARGEST_QUANTITY


class MaterialRecord(Base):
    __tablename__ = "materials"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(8))


class PackRecord(Base):
    """A pack's factor may change; movements keep the one they were posted with."""

    __tablename__ = "packs"
    __table_args__ = (
        CheckConstraint(f"factor BETWEEN 1 AND {LARGEST_FACTOR} AND factor = CAST(factor AS INTEGER)", name="factor"),
    )

    material: Mapped[str] = mapped_column(String(32), ForeignKey("materials.code"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    factor: Mapped[int]


class HolderRecord(Base):
    """`region_path` is the region's: regions never move, and stock is asked for by subtree."""

    __tablename__ = "holders"
    __table_args__ = (
        UniqueConstraint("name", "may_overdraw"),
        CheckConstraint(f"kind IN {HOLDER_KINDS}", name="kind"),
        CheckConstraint("may_overdraw = (kind = 'volunteer')", name="may_overdraw"),
        CheckConstraint(f"(kind IN {KEEPERS}) = (region_id IS NOT NULL)", name="region"),
        CheckConstraint("(kind = 'volunteer') = (volunteer_id IS NOT NULL)", name="volunteer"),
    )

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    may_overdraw: Mapped[bool]
    region_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("regions.id"))
    region_path: Mapped[str | None] = mapped_column(String(200), index=True)
    volunteer_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("volunteers.id"), unique=True)


class MovementRecord(Base):
    """A line of the ledger, named by whoever posts it; never changed and never deleted.

    `reverses_act` is copied under a foreign key, so that the table itself refuses to reverse a reversal or a count.
    """

    __tablename__ = "movements"
    __table_args__ = (
        UniqueConstraint("id", "act"),
        ForeignKeyConstraint(["reverses", "reverses_act"], ["movements.id", "movements.act"]),
        CheckConstraint(f"act IN {ACTS}", name="act"),
        CheckConstraint(
            "quantity >= (CASE WHEN counted IS NULL THEN 1 ELSE 0 END)"
            f" AND (quantity <= {LARGEST_QUANTITY} OR act = 'count') AND quantity = CAST(quantity AS BIGINT)",
            name="quantity",
        ),
        CheckConstraint(f"factor BETWEEN 1 AND {LARGEST_FACTOR} AND (pack IS NOT NULL OR factor = 1)", name="factor"),
        CheckConstraint("giver IS NULL OR taker IS NULL OR giver <> taker", name="ends"),
        CheckConstraint("giver IS NOT NULL OR taker IS NOT NULL", name="one_end"),
        CheckConstraint("(act = 'count') = (giver IS NULL OR taker IS NULL)", name="count_has_one_end"),
        CheckConstraint("counted IS NULL OR (act = 'count' AND counted >= 0)", name="counted"),
        CheckConstraint("(act = 'count') = (counted IS NOT NULL OR belongs_to IS NOT NULL)", name="count"),
        CheckConstraint("(act = 'reversal') = (reverses IS NOT NULL)", name="reversal"),
        CheckConstraint("(reverses IS NULL) = (reverses_act IS NULL)", name="reverses_act"),
        CheckConstraint(f"reverses_act NOT IN {IRREVERSIBLE}", name="irreversible"),
        Index("ix_movements_giver", "material", "giver", "occurred_at"),
        Index("ix_movements_taker", "material", "taker", "occurred_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(String(8))
    material: Mapped[str] = mapped_column(String(32), ForeignKey("materials.code"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    pack: Mapped[str | None] = mapped_column(String(20))
    factor: Mapped[int]
    giver: Mapped[str | None] = mapped_column(String(60), ForeignKey("holders.name"))
    taker: Mapped[str | None] = mapped_column(String(60), ForeignKey("holders.name"))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(200))
    ref: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(String(12))
    counted: Mapped[int | None]
    reverses: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    reverses_act: Mapped[str | None] = mapped_column(String(8))
    belongs_to: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("movements.id"))
    overdrawn: Mapped[bool]


class BalanceRecord(Base):
    """What a store or a volunteer has: the sum of its movements, kept beside them. A store's never falls below zero."""

    __tablename__ = "balances"
    __table_args__ = (
        ForeignKeyConstraint(["holder", "may_overdraw"], ["holders.name", "holders.may_overdraw"]),
        CheckConstraint("quantity >= 0 OR may_overdraw", name="store_not_below_zero"),
    )

    material: Mapped[str] = mapped_column(String(32), ForeignKey("materials.code"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(60), primary_key=True)
    may_overdraw: Mapped[bool]
    quantity: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
