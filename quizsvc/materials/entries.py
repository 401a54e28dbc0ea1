"""Write an entry into the ledger and change what it changes, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.kit.ids import new_id
from quizsvc.materials import rules, store
from quizsvc.materials.rules import Balance, Entry, Holder, Keeping, Line, Material, Movement, Sheet
from quizsvc.regions import service as regions


class MaterialUnknown(Refusal):
    code, status = "materials.unknown", 404
    zh, en = "没有这种物料", "There is no such material"


class PackUnknown(Refusal):
    code, status = "materials.pack_unknown", 404
    zh, en = "这种物料没有这个包装", "The material has no such pack"


class Short(Refusal):
    code, status, retry = "materials.short", 409, "later"
    zh, en = "库存不足，请先入库或盘点", "The store has too few: receive more, or count it"


class CountedSince(Refusal):
    code, status = "materials.counted_since", 409
    zh, en = "之后已经盘点过，请重新盘点", "It was counted later than that, count again"


def measure(code: str, pack: str | None, *, quantity: int, least: int = 1) -> tuple[Material, int]:
    """The material and the pack's factor as of now, for a quantity that the ledger can hold."""
    material = store.find_material(code)
    if material is None:
        raise MaterialUnknown
    factor = 1 if pack is None else next((one.factor for one in material.packs if one.name == pack), None)
    if factor is None:
        raise PackUnknown
    most = rules.LARGEST_QUANTITY // factor
    if not least <= quantity <= most:
        said = f"Must be greater than or equal to {least} and less than or equal to {most}."
        raise BadShape(fields={"quantity": [said]})
    return material, factor


def reversal_of(
    reversal_id: UUID,
    movement: Movement,
    *,
    giver: Holder | None,
    taker: Holder | None,
    posted_by: str,
    reason: str,
) -> Entry:
    """The opposite of a movement, dated as the movement: as if it had never been. Its giver is who took."""
    return Entry(
        id=reversal_id,
        act=rules.REVERSAL,
        material=movement.material,
        quantity=movement.quantity,
        pack=movement.pack,
        factor=movement.factor,
        giver=giver,
        taker=taker,
        occurred_at=movement.occurred_at,
        posted_by=posted_by,
        reason=reason,
        ref=movement.ref,
        source=movement.source,
        reverses=movement.id,
        reverses_act=movement.act,
    )


def holder_from(kind: str, region_id: UUID | None, volunteer_id: UUID | None) -> Holder:
    """A holder as its row says."""
    return Holder(kind, None if region_id is None else regions.get_region_by_id(region_id), volunteer_id)


def find_holder(name: str | None) -> Holder | None:
    """A holder that a movement names."""
    found = None if name is None else store.find_holder(name)
    return None if found is None else holder_from(*found)


def enter(entry: Entry, *, now: datetime) -> Movement | None:
    """Write an entry down and change what it changes; None when its name, or what it reverses, stands already.

    Short when a store has too few.
    """
    return store.find_movement(entry.id) if enter_all([entry], now=now) else None


def enter_all(entries: Sequence[Entry], *, now: datetime) -> set[UUID]:
    """As `enter` for many, in the order given and in a number of statements that does not grow; which ones are new."""
    balances = _hold(entries)
    sheet = rules.sheet_of({one.id: one for one in entries}.values(), balances)
    new = store.add_movements(sheet.lines, now=now)
    if len(new) < len(sheet.lines):  # some were there before: what the others leave is not what was thought
        sheet = rules.sheet_of([line.entry for line in sheet.lines if line.entry.id in new], balances)
        store.record_overdrawn(sheet.lines)
    if sheet.shortage is not None:
        short = sheet.shortage
        raise Short(fields={"material": short.material, "holder": short.holder, "there": short.there})
    store.record_balances({one: left for one, left in sheet.left.items() if left != balances[one].quantity})
    store.add_movements(_differences(sheet), now=now)
    return new


def enter_count(entry: Entry, *, now: datetime) -> Movement | None:
    """Set a holder to what was counted: `entry.quantity` of what was there at the time. CountedSince.

    What is dated after the count and was posted before it goes on top.
    """
    holder, counted = entry.giver, entry.quantity
    if holder is None:
        raise LookupError("a count is somebody's")
    balance = _hold([entry])[entry.material, holder.name]
    if store.find_movement(entry.id) is not None:
        return None  # the same count, posted while this one waited: it must not be refused as older than itself
    if balance.counted_at is not None and entry.occurred_at < balance.counted_at:
        raise CountedSince
    since = store.sum_movements(entry.material, holder.name, after=entry.occurred_at)
    found = counted - (balance.quantity - since)
    ends = (holder, None) if found < 0 else (None, holder)
    done = enter(replace(entry, giver=ends[0], taker=ends[1], quantity=abs(found), counted=counted), now=now)
    if done is not None:
        store.record_count(entry.material, holder.name, counted_at=entry.occurred_at)
    return done


def _hold(entries: Sequence[Entry]) -> dict[Keeping, Balance]:
    """Keep the balances that entries change from others: always in order of name, or two could wait for each other.

    Without this, a hand-out and a count at once would each decide on what the other is about to change.
    """
    ends = {end.name: end for entry in entries for end in (entry.giver, entry.taker) if end is not None}
    store.add_holders([ends[name] for name in sorted(ends)])
    return store.hold_balances(rules.keepings_of(entries))


def _differences(sheet: Sheet) -> list[Line]:
    """The count differences beside entries that were counted without."""
    return [
        Line(_difference(line.entry, one.holder, one.difference), [], overdrawn=False)
        for line in sheet.lines
        for one in line.changes
        if one.difference
    ]


def _difference(entry: Entry, holder: Holder, difference: int) -> Entry:
    return replace(
        entry,
        id=new_id(),
        act=rules.COUNT,
        quantity=abs(difference),
        giver=holder if difference < 0 else None,
        taker=holder if difference > 0 else None,
        reverses=None,
        reverses_act=None,
        belongs_to=entry.id,
    )
