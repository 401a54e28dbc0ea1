"""Statements on what the archive holds of the material ledger: movements that touch the keepers of a subtree."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select, tuple_

from quizsvc.kit.db import db
from quizsvc.materials.models import BalanceRecord, HolderRecord, MovementRecord

BEFORE_ALL = UUID(int=0)


def _keepers(path: str) -> Any:
    holder = HolderRecord
    return select(holder.name).where(func.substr(holder.region_path, 1, len(path)) == path)


def _of(materials: Collection[str], path: str, until: datetime) -> tuple[ColumnElement[bool], ...]:
    moved, keepers = MovementRecord, _keepers(path)
    touches = or_(moved.giver.in_(keepers), moved.taker.in_(keepers))
    return moved.material.in_(list(materials)), moved.posted_at <= until, touches


def list_movements(
    materials: Collection[str], *, path: str, until: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """In the order in which they were posted."""
    moved = MovementRecord
    wanted = select(
        moved.id, moved.act, moved.material, moved.quantity, moved.pack, moved.factor, moved.giver, moved.taker,
        moved.occurred_at, moved.posted_at, moved.posted_by, moved.reason, moved.ref, moved.source, moved.counted,
        moved.reverses, moved.belongs_to,
    ).where(*_of(materials, path, until))  # fmt: skip
    if after is not None:
        wanted = wanted.where(tuple_(moved.posted_at, moved.id) > after)
    return db.session.execute(wanted.order_by(moved.posted_at, moved.id).limit(limit)).all()


def count_movements(materials: Collection[str], *, path: str, until: datetime) -> tuple[int, int]:
    """How many there are, and the sum of their quantities."""
    counted = select(func.count(), func.coalesce(func.sum(MovementRecord.quantity), 0))
    row = db.session.execute(counted.where(*_of(materials, path, until))).one()
    return int(row[0]), int(row[1])


def sum_holders(materials: Collection[str], *, path: str, until: datetime) -> dict[tuple[str, str], int]:
    """What the movements leave each keeper of the subtree with, by material and name."""
    sums: dict[tuple[str, str], int] = {}
    moved, keepers = MovementRecord, _keepers(path)
    for holder, sign in ((moved.giver, -1), (moved.taker, 1)):
        wanted = (
            select(moved.material, holder, func.sum(moved.quantity))
            .where(moved.material.in_(list(materials)), moved.posted_at <= until, holder.in_(keepers))
            .group_by(moved.material, holder)
        )
        for material, name, quantity in db.session.execute(wanted):
            keeping = (material, str(name))
            sums[keeping] = sums.get(keeping, 0) + sign * int(quantity)
    return sums


def list_balances(materials: Collection[str], *, path: str) -> dict[tuple[str, str], int]:
    """What is kept beside the movements, by material and name."""
    kept = BalanceRecord
    wanted = select(kept.material, kept.holder, kept.quantity)
    rows = db.session.execute(wanted.where(kept.material.in_(list(materials)), kept.holder.in_(_keepers(path))))
    return {(row[0], row[1]): int(row[2]) for row in rows}
