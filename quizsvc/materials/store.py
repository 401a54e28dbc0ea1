"""Every statement on materials, holders, movements and balances."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, tuple_, update

from quizsvc.kit.db import db, insert_all, insert_new, table_of
from quizsvc.materials.models import BalanceRecord, HolderRecord, MaterialRecord, MovementRecord, PackRecord
from quizsvc.materials.rules import Balance, Entry, Holder, Keeping, Line, Material, Movement, Pack

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


def list_movements(ids: Iterable[UUID]) -> list[Movement]:
    """Those of these ids that stand."""
    rows = db.session.execute(_movements().where(MovementRecord.id.in_(list(ids))))
    return [Movement(**row._mapping) for row in rows]


def add_movements(lines: Iterable[Line], *, now: datetime) -> set[UUID]:
    """Which are in: not one whose id is taken, or whose movement was reversed before."""
    return insert_all(MovementRecord, [_row_of(line.entry, overdrawn=line.overdrawn, now=now) for line in lines])


def record_overdrawn(lines: Iterable[Line]) -> None:
    """Put right which of the lines that were just written overdraw."""
    for line in lines:
        one = update(MovementRecord).where(MovementRecord.id == line.entry.id)
        db.session.execute(one.values(overdrawn=line.overdrawn))


def _row_of(entry: Entry, *, overdrawn: bool, now: datetime) -> dict[str, Any]:
    return {
        "id": entry.id,
        "act": entry.act,
        "material": entry.material,
        "quantity": entry.quantity,
        "pack": entry.pack,
        "factor": entry.factor,
        "giver": None if entry.giver is None else entry.giver.name,
        "taker": None if entry.taker is None else entry.taker.name,
        "occurred_at": entry.occurred_at,
        "posted_at": now,
        "posted_by": entry.posted_by,
        "reason": entry.reason,
        "ref": entry.ref,
        "source": entry.source,
        "counted": entry.counted,
        "reverses": entry.reverses,
        "reverses_act": entry.reverses_act,
        "belongs_to": entry.belongs_to,
        "overdrawn": overdrawn,
    }


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


# --- holders and balances ---------------------------------------------------------------------------------------------


def add_holders(holders: Sequence[Holder]) -> None:
    """Let the ledger know holders; one that it knows stays as it is."""
    rows = [
        {
            "name": holder.name,
            "kind": holder.kind,
            "may_overdraw": holder.may_overdraw,
            "region_id": None if holder.region is None else holder.region.id,
            "region_path": None if holder.region is None else holder.region.path,
            "volunteer_id": holder.volunteer_id,
        }
        for holder in holders
    ]
    insert_all(HolderRecord, rows)


def find_holder(name: str) -> tuple[str, UUID | None, UUID | None] | None:
    """A holder's kind, region and volunteer."""
    record = HolderRecord
    found = db.session.execute(
        select(record.kind, record.region_id, record.volunteer_id).where(record.name == name)
    ).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def hold_balances(keepings: Mapping[Keeping, Holder]) -> dict[Keeping, Balance]:
    """What holders have, kept from others until this transaction ends; held in order of material and holder."""
    found = _held_balances(keepings)
    if missing := sorted(keepings.keys() - found.keys()):
        blank = {"quantity": 0, "counted_at": None}
        rows = [
            {"material": material, "holder": name, "may_overdraw": keepings[material, name].may_overdraw, **blank}
            for material, name in missing
        ]
        insert_all(BalanceRecord, rows)
        found = _held_balances(keepings)
    return found


def _held_balances(keepings: Iterable[Keeping]) -> dict[Keeping, Balance]:
    record = BalanceRecord
    rows = db.session.execute(
        select(record.material, record.holder, record.quantity, record.counted_at)
        .where(tuple_(record.material, record.holder).in_(list(keepings)))
        .order_by(record.material, record.holder)
        .with_for_update()
    )
    return {(row.material, row.holder): Balance(row.quantity, row.counted_at) for row in rows}


def record_balances(quantities: Mapping[Keeping, int]) -> None:
    """Put what holders have in the place of what they had; they are held. The table refuses a store below zero."""
    if quantities:
        rows = [{"of": of, "who": who, "left": left} for (of, who), left in quantities.items()]
        db.session.connection().execute(_CHANGED, rows)


_balances = table_of(BalanceRecord)
_CHANGED = (
    update(_balances)
    .where(_balances.c.material == bindparam("of"), _balances.c.holder == bindparam("who"))
    .values(quantity=bindparam("left"))
)


def record_count(material: str, holder: str, *, counted_at: datetime) -> None:
    db.session.execute(update(BalanceRecord).where(*_of(material, holder)).values(counted_at=counted_at))


def record_balance(material: str, holder: str, balance: Balance) -> None:
    """Put a balance in the place of another."""
    anew = {"quantity": balance.quantity, "counted_at": balance.counted_at}
    db.session.execute(update(BalanceRecord).where(*_of(material, holder)).values(**anew))


def _of(material: str, holder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return BalanceRecord.material == material, BalanceRecord.holder == holder
