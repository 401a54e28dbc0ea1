"""The ledger's decisions: which movement goes from whom to whom, what it changes, whether the books agree."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from quizsvc.regions.rules import Region

ACTS = ("receive", "issue", "return", "transfer", "hand_out", "loss", "count", "reversal")
RECEIVE, ISSUE, RETURN, TRANSFER, HAND_OUT, LOSS, COUNT, REVERSAL = ACTS
HOLDER_KINDS = ("supplier", "store", "volunteer", "public", "lost")
SUPPLIER, STORE, VOLUNTEER, PUBLIC, LOST = HOLDER_KINDS
KEEPERS = (STORE, VOLUNTEER)  # whose balance is kept; the others are where things come from and go to
# A count is put right by counting again, a reversal by posting what was meant.
IRREVERSIBLE = (COUNT, REVERSAL)
AT_THE_DESK = "desk"  # posted by staff; what other slices post is theirs to take back

LARGEST_QUANTITY = 10_000_000
LARGEST_FACTOR = 100_000
ROLES = ("clerk", "operator")


@dataclass(frozen=True)
class Pack:
    """A carton or the like: so many of the base unit."""

    name: str
    factor: int


@dataclass(frozen=True)
class Material:
    """What is kept: its unit is what quantities count (盒 把 个 份)."""

    code: str
    name: str
    unit: str
    packs: Sequence[Pack] = ()


@dataclass(frozen=True)
class Holder:
    """Who has goods. A store is its region's; a volunteer's region is their home."""

    kind: str
    region: Region | None = None
    volunteer_id: UUID | None = None

    @cached_property
    def name(self) -> str:
        """What the ledger calls the holder."""
        if self.kind == VOLUNTEER:
            return f"{VOLUNTEER}:{self.volunteer_id}"
        return self.kind if self.region is None else f"{STORE}:{self.region.code}"

    @property
    def keeps(self) -> bool:
        return self.kind in KEEPERS

    @property
    def may_overdraw(self) -> bool:
        """The boxes did leave the volunteer's hand, whatever the books say."""
        return self.kind == VOLUNTEER


@dataclass(frozen=True)
class Entry:
    """A movement to be posted. Giver or taker is missing in a count difference alone.

    `quantity` is in the base unit, `factor` that of the pack it was said in. `belongs_to`: the movement beside which a
    count difference stands. `source`: who may take it back.
    """

    id: UUID
    act: str
    material: str
    quantity: int
    giver: Holder | None
    taker: Holder | None
    occurred_at: datetime
    posted_by: str
    pack: str | None = None
    factor: int = 1
    reason: str = ""
    ref: str = ""
    source: str = AT_THE_DESK
    counted: int | None = None
    reverses: UUID | None = None
    reverses_act: str | None = None
    belongs_to: UUID | None = None


@dataclass(frozen=True)
class Movement:
    """A line of the ledger, never changed. `giver` and `taker` are holders' names."""

    id: UUID
    act: str
    material: str
    quantity: int
    pack: str | None
    factor: int
    giver: str | None
    taker: str | None
    occurred_at: datetime
    posted_at: datetime
    posted_by: str
    reason: str
    ref: str
    source: str
    counted: int | None
    reverses: UUID | None
    overdrawn: bool


@dataclass(frozen=True)
class Balance:
    """What a holder has of a material, and when it was last counted."""

    quantity: int
    counted_at: datetime | None


@dataclass(frozen=True)
class Change:
    """What a movement does to a balance: `delta`, and the count `difference` that goes into the ledger beside it."""

    holder: Holder
    delta: int
    difference: int


Ends = tuple[Holder | None, Holder | None]
ONE_KEEPER = ((True, False, False), (False, False, True))  # which of store, to_store and volunteer are named


def ends_of(act: str, *, store: Holder | None, to_store: Holder | None, volunteer: Holder | None) -> Ends | None:
    """From whom to whom an act goes; None when the holders named are not those it takes.

    A return goes from a volunteer to a store, or from a store to the supplier. One keeper counts, hands out or loses.
    """
    named = (store is not None, to_store is not None, volunteer is not None)
    keeper = volunteer or store
    ways: Mapping[tuple[str, tuple[bool, bool, bool]], Ends] = {
        (RECEIVE, (True, False, False)): (Holder(SUPPLIER), store),
        (ISSUE, (True, False, True)): (store, volunteer),
        (RETURN, (True, False, True)): (volunteer, store),
        (RETURN, (True, False, False)): (store, Holder(SUPPLIER)),
        (TRANSFER, (True, True, False)): (store, to_store),
        **{(HAND_OUT, alone): (keeper, Holder(PUBLIC)) for alone in ONE_KEEPER},
        **{(LOSS, alone): (keeper, Holder(LOST)) for alone in ONE_KEEPER},
        **{(COUNT, alone): (keeper, None) for alone in ONE_KEEPER},
    }
    ends = ways.get((act, named))
    return None if ends is None or ends[0] == ends[1] else ends


def regions_of(giver: Holder | None, taker: Holder | None) -> list[Region]:
    """The regions whose clerk or operator may post a movement: every store's in it, else the volunteer's."""
    ends = [end for end in (giver, taker) if end is not None]
    stores = [end.region for end in ends if end.kind == STORE and end.region is not None]
    return stores or [end.region for end in ends if end.region is not None]


Keeping = tuple[str, str]  # a material and the name of a holder who keeps a balance of it


@dataclass(frozen=True)
class Shortage:
    """A store that would give more than it has: `there`."""

    material: str
    holder: str
    there: int


@dataclass(frozen=True)
class Line:
    """An entry as the ledger takes it. `overdrawn`: a volunteer gives more than the books know of."""

    entry: Entry
    changes: Sequence[Change]
    overdrawn: bool


def keepings_of(entries: Iterable[Entry]) -> dict[Keeping, Holder]:
    """Whose balances some entries change."""
    ends = ((entry.material, end) for entry in entries for end in (entry.giver, entry.taker) if end is not None)
    return {(material, holder.name): holder for material, holder in ends if holder.keeps}


def changes_of(entry: Entry, balances: Mapping[Keeping, Balance]) -> list[Change]:
    """What an entry does to those who keep a balance.

    Who counted after the entry's date has counted without it: the balance stays as counted, and the opposite
    difference goes into the ledger (a count itself is never dated before the last one).
    """
    changes = []
    for holder, delta in ((entry.giver, -entry.quantity), (entry.taker, entry.quantity)):
        if holder is not None and holder.keeps:
            counted_at = balances[entry.material, holder.name].counted_at
            known = counted_at is not None and entry.occurred_at < counted_at
            changes.append(Change(holder, 0, -delta) if known else Change(holder, delta, 0))
    return changes


@dataclass(frozen=True)
class Sheet:
    """Entries one after the other as lines of the ledger, what each keeper has after the last, and who has too few."""

    lines: Sequence[Line]
    left: Mapping[Keeping, int]
    shortage: Shortage | None


def sheet_of(entries: Iterable[Entry], balances: Mapping[Keeping, Balance]) -> Sheet:
    """What some entries do, each knowing what those before it left."""
    left = {keeping: balance.quantity for keeping, balance in balances.items()}
    lines: list[Line] = []
    shortage: Shortage | None = None
    for entry in entries:
        changes, overdrawn = changes_of(entry, balances), False
        for one in changes:
            keeping = (entry.material, one.holder.name)
            there, left[keeping] = left[keeping], left[keeping] + one.delta
            if one.delta < 0 and left[keeping] < 0:
                overdrawn = one.holder.may_overdraw
                shortage = shortage if overdrawn else shortage or Shortage(*keeping, there)
        lines.append(Line(entry, changes, overdrawn))
    return Sheet(lines, left, shortage)


@dataclass(frozen=True)
class Flow:
    """Movements summed up: what went between the holders looked at and one kind of others. `inward`: to the former."""

    material: str
    other: str | None
    inward: bool
    reversal: bool
    quantity: int


@dataclass(frozen=True)
class Account:
    """One material's books. `moved_in` and `moved_out`: from and to holders outside of the region looked at."""

    material: Material
    received: int
    difference: int
    moved_in: int
    handed_out: int
    lost: int
    returned: int
    moved_out: int
    on_hand: int

    @property
    def came(self) -> int:
        return self.received + self.difference + self.moved_in

    @property
    def went(self) -> int:
        """And what is still there."""
        return self.handed_out + self.lost + self.returned + self.moved_out + self.on_hand

    @property
    def agrees(self) -> bool:
        """received + count differences (+ moved in) = handed out + lost + returned (+ moved out) + on hand."""
        return self.came == self.went


def account_of(material: Material, flows: Collection[Flow], *, on_hand: int) -> Account:
    """Sum a material's flows up; a reversal counts against what it takes back."""

    def total(others: Collection[str | None], *, inward: bool) -> int:
        mine = [flow for flow in flows if flow.material == material.code and flow.other in others]
        return sum(
            -flow.quantity if flow.reversal else flow.quantity for flow in mine if flow.inward ^ flow.reversal == inward
        )

    return Account(
        material=material,
        received=total({SUPPLIER}, inward=True),
        difference=total({None}, inward=True) - total({None}, inward=False),
        moved_in=total(KEEPERS, inward=True),
        handed_out=total({PUBLIC}, inward=False),
        lost=total({LOST}, inward=False),
        returned=total({SUPPLIER}, inward=False),
        moved_out=total(KEEPERS, inward=False),
        on_hand=on_hand,
    )
