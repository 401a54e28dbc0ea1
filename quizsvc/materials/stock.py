"""What there is: the list of materials, stock by holder, the books of a region, and the balances made anew."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.materials import entries, rules, stock_store, store
from quizsvc.materials.rules import Account, Balance, Holder, Material
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region


@dataclass(frozen=True)
class Stock:
    """What one store or volunteer has of one material. Below zero: handed out and not issued by the books."""

    name: str
    kind: str
    region: Region
    volunteer: UUID | None
    material: Material
    on_hand: int
    counted_at: datetime | None

    @property
    def overdrawn(self) -> bool:
        return self.on_hand < 0


def load_materials(materials: Sequence[Material]) -> None:
    """Take materials and packs over by code and name. What is not among them stays; so does every past movement."""
    for material in materials:
        store.record_material(material)
        for pack in material.packs:
            store.record_pack(material.code, pack)


def list_materials() -> list[Material]:
    """Every material with its packs, in order of code."""
    return store.list_materials()


def list_units() -> dict[str, str]:
    """What each material is counted in, by code."""
    return {one.code: one.unit for one in store.list_materials()}


def list_materials_by_code(codes: Collection[str]) -> dict[str, Material]:
    """Those of these codes that stand for a material."""
    return {one.code: one for one in store.list_materials(codes)}


def list_unknown(codes: Collection[str]) -> list[str]:
    """Which of these codes stand for no material."""
    return sorted(set(codes) - {one.code for one in store.list_materials(codes)})


def list_stock(
    *,
    under: str | None,
    kind: str | None = None,
    material: str | None = None,
    overdrawn: bool = False,
    staff: Staff,
    cursor: str | None,
    limit: int,
) -> PageOf[Stock]:
    """Stores, then volunteers, in the reach of a staff member or under a region of it; RegionUnknown, RoleMissing.

    All of them, or those of a kind, of a material, or below zero alone.
    """
    after = decode_cursor(cursor, parts=2)
    key = None if after is None else (after[0], after[1])
    rows = stock_store.list_stock(
        reach(staff, under=under), kind=kind, material=material, overdrawn=overdrawn, after=key, limit=limit + 1
    )
    found = _stock_of(rows)
    return page_from(found, limit=limit, key=lambda one: (one.name, one.material.code))


def list_of_volunteer(volunteer_id: UUID) -> list[Stock]:
    """What one volunteer has of every material that was ever in their hand, in order of its code."""
    return list_of(Holder(rules.VOLUNTEER, volunteer_id=volunteer_id))


def list_of(holder: Holder) -> list[Stock]:
    """What one store or volunteer has of every material that it ever had, in order of its code."""
    return _stock_of(stock_store.list_stock_of(holder.name))


def _stock_of(rows: Sequence[stock_store.StockRow]) -> list[Stock]:
    homes = regions.list_regions_by_id(row.region_id for row in rows)
    known = {one.code: one for one in store.list_materials({row.material for row in rows})}
    return [
        Stock(
            name=row.holder,
            kind=row.kind,
            region=homes[row.region_id],
            volunteer=row.volunteer_id,
            material=known[row.material],
            on_hand=row.quantity,
            counted_at=row.counted_at,
        )
        for row in rows
    ]


def sum_stores(region: Region) -> dict[str, int]:
    """What the stores of a region's subtree have on hand, by material; a material that never was there is missing."""
    return stock_store.sum_stores([region.path])


def count_overdrawn(staff: Staff) -> int:
    """Volunteers in the reach of a staff member whose books are below zero: an issue was not written down."""
    paths = staff.paths(rules.ROLES, under=None)
    return stock_store.count_overdrawn(paths) if paths else 0


def reach(staff: Staff, *, under: str | None) -> list[str]:
    """The paths of the subtrees whose stock a staff member sees, or of what lies under a region of them.

    RegionUnknown, RoleMissing.
    """
    seen = staff.paths((*rules.ROLES, "auditor"), under=None if under is None else regions.get_region(under))
    if not seen:
        raise accounts.RoleMissing
    return seen


def list_accounts(region: Region | None) -> list[Account]:
    """Every material's books, of one region's subtree or of all there is."""
    flows, on_hand = stock_store.list_flows(["/" if region is None else region.path])
    return [rules.account_of(one, flows, on_hand=on_hand.get(one.code, 0)) for one in store.list_materials()]


def list_books(*, under: str | None, staff: Staff) -> list[tuple[Region, list[Account]]]:
    """Every material's books of each region that a staff member keeps or checks, or of one in it.

    RegionUnknown, RoleMissing.
    """
    reach(staff, under=under)
    tops = {grant.region.code: grant.region for grant in staff.grants if grant.role in (*rules.ROLES, "auditor")}
    places = [tops[code] for code in sorted(tops)] if under is None else [regions.get_region(under)]
    return [(place, list_accounts(place)) for place in places]


def rebuild() -> list[tuple[str, str, int, int]]:
    """Make every balance anew from the movements; says which were wrong, as (material, holder, was, is).

    Each is held while its movements are summed, in the order in which they are held by those who post.
    """
    wrong: list[tuple[str, str, int, int]] = []
    for material, name in sorted(stock_store.list_keepings()):
        holder = entries.find_holder(name)
        if holder is None:
            raise LookupError(name)
        standing = store.hold_balances({(material, name): holder})[material, name]
        meant = Balance(store.sum_movements(material, name), store.last_count(material, name))
        if meant != standing:
            store.record_balance(material, name, meant)
            wrong.append((material, name, standing.quantity, meant.quantity))
    return wrong
