"""Every statement on materials, holders, movements and balances."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from quizsvc.kit.db import db, insert_new
from quizsvc.materials.models import BalanceRecord, HolderRecord, MaterialRecord, MovementRecord, PackRecord
from quizsvc.materials.rules import REVERSAL, Balance, Entry, Flow, Holder, Material, Movement, Pack

# --- materials --------------------------------------------------------------------------------------------------------


def find_material(code: str) -> Material | None:
    return next(iter(list_materials([code])), None)


def list_materials(codes: Iterable[str] | None = None) -> list[Material]:
    """In order of code, with their packs: all, or those with these codes."""
    wanted = select(MaterialRecord.code, MaterialRecord.name, MaterialRecord.unit).order_by(MaterialRecord.code)
    packs = select(PackRecord.material, PackRecord.name, PackRecord.factor).order_by(PackRecord.factor, PackRecord.name)
    if codes is not None:
        codes = list(codes)
        wanted, packs = wanted.where(MaterialRecord.code.in_(codes)), packs.where(PackRecord.material.in_(codes))
    found: dict[str, list[Pack]] = {}
    for material, name, factor in db.session.execute(packs):
        found.setdefault(material, []).append(Pack(name, factor))
    return [Material(*row, packs=found.get(row.code, [])) for row in db.session.execute(wanted)]


def record_material(material: Material) -> None:
    """Add a material, or bring its name up to date."""
    if not insert_new(MaterialRecord, code=material.code, name=material.name, unit=material.unit):
        named = update(MaterialRecord).where(MaterialRecord.code == material.code)
        db.session.execute(named.values(name=material.name))


def record_pack(material: str, pack: Pack) -> None:
    """Add a pack, or give it another factor."""
    if not insert_new(PackRecord, material=material, name=pack.name, factor=pack.factor):
        one = update(PackRecord).where(PackRecord.material == material, PackRecord.name == pack.name)
        db.session.execute(one.values(factor=pack.factor))


# --- movements --------------------------------------------------------------------------------------------------------


def _movements() -> Select[*tuple[Any, ...]]:
    record = MovementRecord
    return select(
        record.id,
        record.act,
        record.material,
        record.quantity,
        record.pack,
        record.factor,
        record.giver,
        record.taker,
        record.occurred_at,
        record.posted_at,
        record.posted_by,
        record.reason,
        record.ref,
        record.source,
        record.counted,
        record.reverses,
        record.overdrawn,
    )


def find_movement(movement_id: UUID) -> Movement | None:
    row = db.session.execute(_movements().where(MovementRecord.id == movement_id)).one_or_none()
    return None if row is None else Movement(**row._mapping)


def add_movement(entry: Entry, *, overdrawn: bool, now: datetime) -> bool:
    """False when the id is taken, or what it reverses was reversed before."""
    return insert_new(
        MovementRecord,
        id=entry.id,
        act=entry.act,
        material=entry.material,
        quantity=entry.quantity,
        pack=entry.pack,
        factor=entry.factor,
        giver=None if entry.giver is None else entry.giver.name,
        taker=None if entry.taker is None else entry.taker.name,
        occurred_at=entry.occurred_at,
        posted_at=now,
        posted_by=entry.posted_by,
        reason=entry.reason,
        ref=entry.ref,
        source=entry.source,
        counted=entry.counted,
        reverses=entry.reverses,
        reverses_act=entry.reverses_act,
        belongs_to=entry.belongs_to,
        overdrawn=overdrawn,
    )


def _net_of(holder: str) -> ColumnElement[int]:
    """What movements leave a holder with."""
    took = case((MovementRecord.taker == holder, MovementRecord.quantity), else_=-MovementRecord.quantity)
    return func.coalesce(func.sum(took), 0)


def sum_movements(material: str, holder: str, *, after: datetime | None = None) -> int:
    """What a holder's movements come to: all of them, or those dated after a moment."""
    record = MovementRecord
    mine = and_(record.material == material, or_(record.giver == holder, record.taker == holder))
    wanted = select(_net_of(holder)).where(mine)
    if after is not None:
        wanted = wanted.where(record.occurred_at > after)
    return int(db.session.execute(wanted).scalar_one())


def last_count(material: str, holder: str) -> datetime | None:
    """When a holder was last counted, by the ledger."""
    record = MovementRecord
    mine = and_(record.material == material, or_(record.giver == holder, record.taker == holder))
    counts = select(record.occurred_at).where(mine, record.counted.is_not(None))
    return db.session.scalar(counts.order_by(record.occurred_at.desc()).limit(1))


def list_flows(paths: Sequence[str]) -> tuple[list[Flow], dict[str, int]]:
    """What went between the keepers in some subtrees and everybody else, summed up; and what they have, by material.

    In one statement: between two of them somebody could post, and the books would seem not to agree.
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
        .where(gave != took)
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


# --- holders and balances ---------------------------------------------------------------------------------------------


def _within(holder: Any, paths: Sequence[str]) -> ColumnElement[bool]:
    """Whether a holder's region lies in one of these subtrees. Not LIKE: SQLite's passes over upper and lower case."""
    return or_(*(func.substr(holder.region_path, 1, len(path)) == path for path in paths))


def add_holder(holder: Holder) -> None:
    """Let the ledger know a holder; one that it knows stays as it is."""
    insert_new(
        HolderRecord,
        name=holder.name,
        kind=holder.kind,
        may_overdraw=holder.may_overdraw,
        region_id=None if holder.region is None else holder.region.id,
        region_path=None if holder.region is None else holder.region.path,
        volunteer_id=holder.volunteer_id,
    )


def find_holder(name: str) -> tuple[str, UUID | None, UUID | None] | None:
    """A holder's kind, region and volunteer."""
    record = HolderRecord
    found = db.session.execute(
        select(record.kind, record.region_id, record.volunteer_id).where(record.name == name)
    ).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def hold_balance(material: str, holder: Holder) -> Balance:
    """What a holder has, kept from others until this transaction ends."""
    record = BalanceRecord
    insert_new(
        record,
        material=material,
        holder=holder.name,
        may_overdraw=holder.may_overdraw,
        quantity=0,
        counted_at=None,
    )
    row = db.session.execute(
        select(record.quantity, record.counted_at).where(*_of(material, holder.name)).with_for_update()
    ).one()
    return Balance(*row)


def change_balance(material: str, holder: str, *, delta: int) -> bool:
    """False when a store would fall below zero."""
    record = BalanceRecord
    changed = (
        update(record)
        .where(*_of(material, holder), or_(record.quantity + delta >= 0, record.may_overdraw))
        .values(quantity=record.quantity + delta)
        .returning(record.quantity)
    )
    return db.session.scalar(changed) is not None


def record_count(material: str, holder: str, *, counted_at: datetime) -> None:
    db.session.execute(update(BalanceRecord).where(*_of(material, holder)).values(counted_at=counted_at))


def record_balance(material: str, holder: str, balance: Balance) -> None:
    """Put a balance in the place of another."""
    anew = {"quantity": balance.quantity, "counted_at": balance.counted_at}
    db.session.execute(update(BalanceRecord).where(*_of(material, holder)).values(**anew))


def _of(material: str, holder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return BalanceRecord.material == material, BalanceRecord.holder == holder


def list_keepings() -> set[tuple[str, str]]:
    """Every (material, holder) that the ledger speaks of and that has, or should have, a balance."""
    moved = MovementRecord
    keepers = select(HolderRecord.name).where(HolderRecord.region_id.is_not(None))
    gave = select(moved.material, moved.giver).where(moved.giver.in_(keepers))
    took = select(moved.material, moved.taker).where(moved.taker.in_(keepers))
    kept = select(BalanceRecord.material, BalanceRecord.holder)
    return {(str(row[0]), str(row[1])) for row in db.session.execute(gave.union(took, kept))}


StockRow = Row[*tuple[Any, ...]]  # as _stock selects it


def list_stock(paths: Sequence[str], *, after: tuple[str, str] | None, limit: int) -> Sequence[StockRow]:
    """Balances in some subtrees in order of holder and material: stores first, then volunteers."""
    wanted = _stock().where(_within(HolderRecord, paths)).limit(limit)
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
