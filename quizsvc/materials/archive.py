"""What the archive holds of the material ledger, and whether its books agree. Volunteers go by an alias."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from quizsvc.kit.clock import rfc3339
from quizsvc.kit.crypto import keys
from quizsvc.materials import archive_store as store
from quizsvc.materials import rules, stock, stock_store
from quizsvc.regions.rules import Region

PAGE = 1_000
BY_VOLUNTEERS = "tally"  # whoever posted these is known by the alias of the giver


def list_movements(goods: Collection[str], *, within: Region, until: datetime) -> Iterator[dict[str, Any]]:
    """Every movement of some materials from or to the keepers of a subtree, in the order in which it was posted."""
    after = None
    while page := store.list_movements(goods, path=within.path, until=until, after=after, limit=PAGE):
        yield from (_shown(row) for row in page)
        after = (page[-1].posted_at, page[-1].id)


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "act": row.act,
        "material": row.material,
        "quantity": row.quantity,
        "pack": row.pack,
        "factor": row.factor,
        "giver": _alias(row.giver),
        "taker": _alias(row.taker),
        "occurred_at": rfc3339(row.occurred_at),
        "posted_at": rfc3339(row.posted_at),
        "posted_by": None if row.source == BY_VOLUNTEERS else row.posted_by,
        "reason": row.reason,
        "ref": row.ref,
        "source": row.source,
        "counted": row.counted,
        "reverses": None if row.reverses is None else str(row.reverses),
        "belongs_to": None if row.belongs_to is None else str(row.belongs_to),
    }


def _alias(holder: str | None) -> str | None:
    """A volunteer's name in the ledger leads to a person; the alias is the same in every archive."""
    if holder is None or not holder.startswith(f"{rules.VOLUNTEER}:"):
        return holder
    return f"{rules.VOLUNTEER}:{keys().identity_hash('archive', holder)[:22]}"


def count_movements(goods: Collection[str], *, within: Region, until: datetime) -> tuple[int, int]:
    """How many movements there are, and the sum of their quantities."""
    return store.count_movements(goods, path=within.path, until=until)


def list_books(goods: Collection[str], *, within: Region, until: datetime) -> list[dict[str, Any]]:
    """Each material's books in a subtree, as DESIGN section 6 adds them up, with what each keeper has."""
    flows, _ = stock_store.list_flows([within.path], until=until)
    sums = store.sum_holders(goods, path=within.path, until=until)
    books = []
    for material in stock.list_materials():
        if material.code not in goods:
            continue
        kept = {str(_alias(name)): n for (code, name), n in sums.items() if code == material.code}
        one = rules.account_of(material, flows, on_hand=sum(kept.values()))
        names = ("received", "difference", "moved_in", "handed_out", "lost", "returned", "moved_out", "on_hand")
        books.append(
            {
                "material": material.code,
                "name": material.name,
                "unit": material.unit,
                **{name: getattr(one, name) for name in names},
                "balances": [{"holder": name, "quantity": kept[name]} for name in sorted(kept)],
            }
        )
    return books


def list_faults(goods: Collection[str], *, within: Region, now: datetime) -> Sequence[tuple[str, str, str]]:
    """Where the books of some materials do not agree, as (where, what, how to mend)."""
    found = []
    for one in stock.list_accounts(within):
        if one.material.code in goods and not one.agrees:
            what = (
                f"received {one.received} + differences {one.difference} + moved in {one.moved_in} is not handed out "
                f"{one.handed_out} + lost {one.lost} + returned {one.returned} + moved out {one.moved_out} + on hand "
                f"{one.on_hand}"
            )
            found.append((f"material {one.material.code}", what, "quizsvc materials rebuild"))
    sums = store.sum_holders(goods, path=within.path, until=now)
    kept = store.list_balances(goods, path=within.path)
    for material, name in sorted(sums.keys() | kept.keys()):
        if (there := kept.get((material, name), 0)) != (meant := sums.get((material, name), 0)):
            what = f"has {there} of {material}, its movements make {meant}"
            found.append((name, what, "quizsvc materials rebuild"))
    return found
