"""Statements that sum up and list what there is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from quizsvc.kit.db import db
from quizsvc.materials.models import BalanceRecord, HolderRecord, MovementRecord
from quizsvc.materials.rules import REVERSAL, STORE, Flow


def list_flows(paths: Sequence[str], *, until: datetime | None = None) -> tuple[list[Flow], dict[str, int]]:
    """What went between the keepers in some subtrees and everybody else, summed up; and what they have, by material.

    In one statement: between two of them somebody could post, and the books would seem not to agree. `until`: only
    what was posted up to then.
    """
    giver, taker, keeper = aliased(HolderRecord), aliased(HolderRecord), aliased(HolderRecord)
    gave = func.coalesce(_within(giver, paths), False)
    took = func.coalesce(_within(taker, paths), False)
    moved, kept = MovementRecord, BalanceRecord
    groups = (
        moved.material.label("material"),
        case((took, giver.kind), else_=taker.kind).label("other"),
        took.label("inward"),
        (moved.act == REVERSAL).label("reversal"),
    )
    flows = (
        select(*groups, func.sum(moved.quantity), literal(False))
        .outerjoin(giver, giver.name == moved.giver)
        .outerjoin(taker, taker.name == moved.taker)
        .where(gave != took, *(() if until is None else (moved.posted_at <= until,)))
        .group_by(*(group.name for group in groups))
    )
    stock = (
        select(kept.material, keeper.kind, literal(True), literal(False), func.sum(kept.quantity), literal(True))
        .join(keeper, keeper.name == kept.holder)
        .where(_within(keeper, paths))
        .group_by(kept.material, keeper.kind)
    )
    found: list[Flow] = []
    on_hand: dict[str, int] = {}
    for material, other, inward, reversal, quantity, is_stock in db.session.execute(flows.union_all(stock)):
        if is_stock:
            on_hand[material] = on_hand.get(material, 0) + int(quantity)
        else:
            found.append(Flow(material, other, bool(inward), bool(reversal), int(quantity)))
    return found, on_hand


StockRow = Row[*tuple[Any, ...]]  # as _stock selects it


def list_stock(
    paths: Sequence[str],
    *,
    kind: str | None = None,
    material: str | None = None,
    overdrawn: bool = False,
    after: tuple[str, str] | None,
    limit: int,
) -> Sequence[StockRow]:
    """Balances in some subtrees in order of holder and material: stores first, then volunteers."""
    wanted = _stock().where(_within(HolderRecord, paths)).limit(limit)
    if kind is not None:
        wanted = wanted.where(HolderRecord.kind == kind)
    if material is not None:
        wanted = wanted.where(BalanceRecord.material == material)
    if overdrawn:
        wanted = wanted.where(BalanceRecord.quantity < 0)
    if after is not None:
        wanted = wanted.where(tuple_(BalanceRecord.holder, BalanceRecord.material) > after)
    return db.session.execute(wanted).all()


def list_stock_of(holder: str) -> Sequence[StockRow]:
    """One holder's balances in order of material."""
    return db.session.execute(_stock().where(BalanceRecord.holder == holder)).all()


def _stock() -> Select[*tuple[Any, ...]]:
    balance, holder = BalanceRecord, HolderRecord
    return (
        select(
            balance.material,
            balance.holder,
            holder.kind,
            holder.region_id,
            holder.volunteer_id,
            balance.quantity,
            balance.counted_at,
        )
        .join(holder, holder.name == balance.holder)
        .order_by(balance.holder, balance.material)
    )


def list_lines(
    paths: Sequence[str],
    *,
    material: str | None = None,
    act: str | None = None,
    holder: str | None = None,
    begin: datetime | None = None,
    end: datetime | None = None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Movements from or to keepers in some subtrees, the last posted first, each with whether it was reversed."""
    moved, giver, taker = MovementRecord, aliased(HolderRecord), aliased(HolderRecord)
    wanted = _lines(giver, taker).where(or_(_within(giver, paths), _within(taker, paths)))
    if material is not None:
        wanted = wanted.where(moved.material == material)
    if act is not None:
        wanted = wanted.where(moved.act == act)
    if holder is not None:
        wanted = wanted.where(or_(moved.giver == holder, moved.taker == holder))
    if begin is not None:
        wanted = wanted.where(moved.occurred_at >= begin)
    if end is not None:
        wanted = wanted.where(moved.occurred_at < end)
    if after is not None:
        wanted = wanted.where(tuple_(moved.posted_at, moved.id) < after)
    return db.session.execute(wanted.order_by(moved.posted_at.desc(), moved.id.desc()).limit(limit)).all()


def find_line(movement_id: UUID, paths: Sequence[str]) -> Row[*tuple[Any, ...]] | None:
    """As list_lines, the one with this id."""
    giver, taker = aliased(HolderRecord), aliased(HolderRecord)
    wanted = _lines(giver, taker).where(or_(_within(giver, paths), _within(taker, paths)))
    return db.session.execute(wanted.where(MovementRecord.id == movement_id)).one_or_none()


def _lines(giver: Any, taker: Any) -> Select[*tuple[Any, ...]]:
    moved, reversal = MovementRecord, aliased(MovementRecord)
    return (
        select(
            moved.id,
            exists().where(reversal.reverses == moved.id).label("is_reversed"),
            giver.kind.label("giver_kind"),
            giver.region_id.label("giver_region"),
            giver.volunteer_id.label("giver_volunteer"),
            taker.kind.label("taker_kind"),
            taker.region_id.label("taker_region"),
            taker.volunteer_id.label("taker_volunteer"),
        )
        .outerjoin(giver, giver.name == moved.giver)
        .outerjoin(taker, taker.name == moved.taker)
    )


def sum_stores(paths: Sequence[str]) -> dict[str, int]:
    """What the stores of some subtrees have, by material; not what volunteers have."""
    balance, holder = BalanceRecord, HolderRecord
    wanted = (
        select(balance.material, func.sum(balance.quantity))
        .join(holder, holder.name == balance.holder)
        .where(holder.kind == STORE, _within(holder, paths))
        .group_by(balance.material)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(wanted)}


def count_overdrawn(paths: Sequence[str]) -> int:
    """Volunteers of some subtrees who handed out more of something than the books say they had."""
    balance, holder = BalanceRecord, HolderRecord
    wanted = (
        select(func.count(balance.holder.distinct()))
        .join(holder, holder.name == balance.holder)
        .where(balance.quantity < 0, _within(holder, paths))
    )
    return db.session.scalar(wanted) or 0


def list_keepings() -> set[tuple[str, str]]:
    """Every (material, holder) that the ledger speaks of and that has, or should have, a balance."""
    moved = MovementRecord
    keepers = select(HolderRecord.name).where(HolderRecord.region_id.is_not(None))
    gave = select(moved.material, moved.giver).where(moved.giver.in_(keepers))
    took = select(moved.material, moved.taker).where(moved.taker.in_(keepers))
    kept = select(BalanceRecord.material, BalanceRecord.holder)
    return {(str(row[0]), str(row[1])) for row in db.session.execute(gave.union(took, kept))}


def _within(holder: Any, paths: Sequence[str]) -> ColumnElement[bool]:
    """Whether a holder's region lies in one of these subtrees. Not LIKE: SQLite's passes over upper and lower case."""
    return or_(*(func.substr(holder.region_path, 1, len(path)) == path for path in paths))
