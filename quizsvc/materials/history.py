"""The ledger's lines as staff look at them: from whom to whom, and whether a line was or can be reversed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.kit.clock import start_of
from quizsvc.kit.pages import PageOf, decode_moment, key_of, page_from
from quizsvc.materials import rules, stock, stock_store, store
from quizsvc.materials.rules import Holder, Movement
from quizsvc.materials.service import MovementUnknown
from quizsvc.regions import service as regions


@dataclass(frozen=True)
class Posted:
    """A movement with what its ends stand for. No movement has two volunteers."""

    movement: Movement
    giver: Holder | None
    taker: Holder | None
    volunteer: Volunteer | None
    is_reversed: bool

    @property
    def is_reversible(self) -> bool:
        """Whether staff may take it back: what another slice posted is that slice's to take back."""
        moved = self.movement
        return not self.is_reversed and moved.act not in rules.IRREVERSIBLE and moved.source == rules.AT_THE_DESK


@dataclass(frozen=True)
class Asked:
    """Which lines to list: `holder` is a holder's name; both days count."""

    under: str | None = None
    material: str | None = None
    act: str | None = None
    holder: str | None = None
    first: date | None = None
    last: date | None = None


def list_posted(asked: Asked, *, staff: Staff, cursor: str | None, limit: int) -> PageOf[Posted]:
    """Lines from or to keepers in the reach of a staff member, the last posted first; RegionUnknown, RoleMissing."""
    rows = stock_store.list_lines(
        stock.reach(staff, under=asked.under),
        material=asked.material,
        act=asked.act,
        holder=asked.holder,
        begin=None if asked.first is None else start_of(asked.first),
        end=None if asked.last is None else start_of(asked.last + timedelta(days=1)),
        after=decode_moment(cursor),
        limit=limit + 1,
    )
    found = _posted_of(rows)
    return page_from(found, limit=limit, key=lambda one: key_of(one.movement.posted_at, one.movement.id))


def get_posted(movement_id: UUID, *, staff: Staff) -> Posted:
    """A line in the reach of a staff member; MovementUnknown."""
    row = stock_store.find_line(movement_id, stock.reach(staff, under=None))
    if row is None:
        raise MovementUnknown
    (found,) = _posted_of([row])
    return found


def _posted_of(rows: Sequence[Any]) -> list[Posted]:
    """Rows with what their ids stand for, in a number of statements that does not grow."""
    known = {one.id: one for one in store.list_movements([row.id for row in rows])}
    places = {place for row in rows for place in (row.giver_region, row.taker_region) if place is not None}
    homes = regions.list_regions_by_id(places)
    who = {row.id: row.giver_volunteer or row.taker_volunteer for row in rows}
    people = volunteers.list_volunteers_by_id({one for one in who.values() if one is not None})

    def holder(kind: str | None, region_id: UUID | None, volunteer_id: UUID | None) -> Holder | None:
        home = None if region_id is None else homes[region_id]
        return None if kind is None else Holder(kind, home, volunteer_id)

    return [
        Posted(
            movement=known[row.id],
            giver=holder(row.giver_kind, row.giver_region, row.giver_volunteer),
            taker=holder(row.taker_kind, row.taker_region, row.taker_volunteer),
            volunteer=people.get(who[row.id]),
            is_reversed=row.is_reversed,
        )
        for row in rows
    ]
