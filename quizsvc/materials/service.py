"""Post movements: for staff at a store, and for the slices above that hand goods out.

Whoever posts several in one transaction posts them in order of material and store, so that no two wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.materials import entries, rules, store
from quizsvc.materials.entries import CountedSince, MaterialUnknown, PackUnknown, Short
from quizsvc.materials.rules import Entry, Holder, Movement
from quizsvc.regions import service as regions

__all__ = ["CountedSince", "MaterialUnknown", "PackUnknown", "Short"]


class MovementUnknown(Refusal):
    code, status = "materials.movement_unknown", 404
    zh, en = "没有这条出入库记录", "There is no such movement"


class AlreadyReversed(Refusal):
    code, status = "materials.already_reversed", 409
    zh, en = "这条记录已经冲销", "This movement was reversed before"


class Irreversible(Refusal):
    code, status = "materials.irreversible", 409
    zh, en = (
        "盘点、冲销和系统生成的记录不能冲销：请重新盘点、重新登记，或撤销兑奖",
        "A count, a reversal or what the service posted cannot be reversed: count or post anew, or undo the redemption",
    )


@dataclass(frozen=True)
class Wish:
    """A movement as staff ask for it: codes of regions for stores; `quantity` in packs if a pack is named.

    In a count, `quantity` is what was found.
    """

    id: UUID
    act: str
    material: str
    quantity: int
    pack: str | None = None
    store: str | None = None
    to_store: str | None = None
    volunteer: UUID | None = None
    occurred_at: datetime | None = None
    reason: str = ""
    ref: str = ""


def post(wish: Wish, *, staff: Staff, now: datetime) -> tuple[Movement, bool]:
    """Post a movement, once: the same id again returns the first, whatever it carries. True when it is new.

    RegionUnknown, MaterialUnknown, PackUnknown, VolunteerUnknown, RoleMissing, Short, CountedSince, MovementUnknown
    (somebody else's id), BadShape.
    """
    if (repeated := _own(wish.id, staff=staff)) is not None:
        return repeated, False
    least = 0 if wish.act == rules.COUNT else 1
    material, factor = entries.measure(wish.material, wish.pack, quantity=wish.quantity, least=least)
    giver, taker = _ends(wish)
    _require_roles(staff, giver, taker)
    occurred_at = wish.occurred_at or now
    if occurred_at > now:
        raise BadShape(fields={"occurred_at": ["Invalid value."]})
    entry = Entry(
        id=wish.id,
        act=wish.act,
        material=material.code,
        quantity=wish.quantity * factor,
        pack=wish.pack,
        factor=factor,
        giver=giver,
        taker=taker,
        occurred_at=occurred_at,
        posted_by=staff.name,
        reason=wish.reason,
        ref=wish.ref,
    )
    done = entries.enter_count(entry, now=now) if wish.act == rules.COUNT else entries.enter(entry, now=now)
    return _answer(done, wish.id, staff=staff, now=now)


def reverse(reversal_id: UUID, movement_id: UUID, *, reason: str, staff: Staff, now: datetime) -> tuple[Movement, bool]:
    """Take a movement of staff back, once, under an id of its own; the same id again returns the first answer.

    MovementUnknown, Irreversible, AlreadyReversed, RoleMissing, Short (what came was passed on).
    """
    if (repeated := _own(reversal_id, staff=staff)) is not None:
        return repeated, False
    movement = store.find_movement(movement_id)
    if movement is None:
        raise MovementUnknown
    if movement.act in rules.IRREVERSIBLE or movement.source != rules.AT_THE_DESK:
        raise Irreversible
    entry = _reversal(reversal_id, movement, posted_by=staff.name, reason=reason)
    _require_roles(staff, entry.giver, entry.taker)
    return _answer(entries.enter(entry, now=now), reversal_id, staff=staff, now=now)


def receive(
    ref: str, *, region: str, material: str, quantity: int, pack: str | None, by: Staff, now: datetime
) -> tuple[Movement, bool]:
    """A delivery to a region's store, once per delivery note, store and material, whoever brings it; else as `post`."""
    wish = Wish(
        id=_derived("receive", f"{ref}|{region}|{material}"),
        act=rules.RECEIVE,
        material=material,
        quantity=quantity,
        pack=pack,
        store=region,
        ref=ref,
    )
    repeated = store.find_movement(wish.id)
    return post(wish, staff=by, now=now) if repeated is None else (repeated, False)


def hand_out(
    name: str,
    *,
    source: str,
    material: str,
    quantity: int,
    pack: str | None = None,
    holder: Holder,
    occurred_at: datetime,
    by: str,
    now: datetime,
) -> Movement:
    """Goods leave a holder's hand, as another slice knows it: once per `source` and `name`, in its transaction.

    A hand-out dated before the holder's last count leaves what was counted. MaterialUnknown, PackUnknown, BadShape;
    Short when a store has too few, while a volunteer is flagged.
    """
    movement_id = _derived(source, name)
    known, factor = entries.measure(material, pack, quantity=quantity)
    entry = Entry(
        id=movement_id,
        act=rules.HAND_OUT,
        material=known.code,
        quantity=quantity * factor,
        pack=pack,
        factor=factor,
        giver=holder,
        taker=Holder(rules.PUBLIC),
        occurred_at=occurred_at,
        posted_by=by,
        ref=name,
        source=source,
    )
    return store.find_movement(movement_id) or entries.enter(entry, now=now) or _stands(movement_id)


def take_back(name: str, *, source: str, reason: str, by: str, now: datetime) -> Movement | None:
    """Reverse what was handed out under `source` and `name`, once; None when nothing was."""
    movement = store.find_movement(_derived(source, name))
    if movement is None:
        return None
    reversal_id = _derived(f"{source} back", name)
    entry = _reversal(reversal_id, movement, posted_by=by, reason=reason)
    return store.find_movement(reversal_id) or entries.enter(entry, now=now) or _stands(reversal_id)


@dataclass(frozen=True)
class HandOut:
    """What another slice knows to have left a holder's hand. `quantity` is in the base unit, `factor` the pack's."""

    name: str
    material: str
    quantity: int
    pack: str | None
    factor: int
    occurred_at: datetime


def settle(
    given: Sequence[HandOut],
    *,
    withdrawn: Sequence[str],
    source: str,
    holder: Holder,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    """As take_back for each name `withdrawn` and hand_out for each one `given`, of one holder, in few statements.

    For many at once; the materials are known and the quantities such as the ledger takes. `reason` is the reversals'.
    """
    public = Holder(rules.PUBLIC)
    backs = {_derived(source, name): _derived(f"{source} back", name) for name in withdrawn}
    reversals = [
        entries.reversal_of(backs[movement.id], movement, giver=public, taker=holder, posted_by=by, reason=reason)
        for movement in (store.list_movements(backs) if backs else ())
    ]
    handed_out = [
        Entry(
            id=_derived(source, one.name),
            act=rules.HAND_OUT,
            material=one.material,
            quantity=one.quantity,
            pack=one.pack,
            factor=one.factor,
            giver=holder,
            taker=public,
            occurred_at=one.occurred_at,
            posted_by=by,
            ref=one.name,
            source=source,
        )
        for one in given
    ]
    if reversals or handed_out:
        entries.enter_all([*reversals, *handed_out], now=now)


def holder_of(volunteer: Volunteer) -> Holder:
    """A volunteer as a holder; at home in the ledger where they were first seen."""
    home = regions.get_region_by_id(volunteer.region_id)
    return Holder(rules.VOLUNTEER, region=home, volunteer_id=volunteer.id)


def store_of(code: str) -> Holder:
    """The store of a region; RegionUnknown."""
    return Holder(rules.STORE, region=regions.get_region(code))


# --- who may, and what stands -----------------------------------------------------------------------------------------


def _own(movement_id: UUID, *, staff: Staff) -> Movement | None:
    """What stands under an id, if it is this person's; MovementUnknown for anybody else's."""
    found = store.find_movement(movement_id)
    if found is not None and (found.posted_by != staff.name or found.source != rules.AT_THE_DESK):
        raise MovementUnknown
    return found


def _stands(movement_id: UUID) -> Movement:
    """What somebody posted under this id in this very moment; AlreadyReversed when it was not the id that stood."""
    found = store.find_movement(movement_id)
    if found is None:
        raise AlreadyReversed
    return found


def _answer(done: Movement | None, movement_id: UUID, *, staff: Staff, now: datetime) -> tuple[Movement, bool]:
    """What was posted, also in the audit log; or what stands under the id since somebody's very same moment."""
    if done is None:
        return _own(movement_id, staff=staff) or _stands(movement_id), False
    said = ("id", "quantity", "giver", "taker", "counted", "reverses", "reason", "ref")
    after = {name: str(value) for name in said if (value := getattr(done, name)) not in (None, "")}
    accounts.audit(staff.name, act=f"material.{done.act}", subject=done.material, after=after, now=now)
    return done, True


def _derived(source: str, name: str) -> UUID:
    """The id of what another slice posts; keyed, so that nobody can take it first."""
    return UUID(keys().identity_hash("movement", f"{source}|{name}")[:32])


def _reversal(reversal_id: UUID, movement: Movement, *, posted_by: str, reason: str) -> Entry:
    giver, taker = entries.find_holder(movement.taker), entries.find_holder(movement.giver)
    return entries.reversal_of(reversal_id, movement, giver=giver, taker=taker, posted_by=posted_by, reason=reason)


def _ends(wish: Wish) -> tuple[Holder | None, Holder | None]:
    """Giver and taker of a wish; VolunteerUnknown, RegionUnknown, BadShape when its act takes other holders."""
    at, to = (None if code is None else store_of(code) for code in (wish.store, wish.to_store))
    volunteer = None if wish.volunteer is None else holder_of(volunteers.get_volunteer(wish.volunteer))
    ends = rules.ends_of(wish.act, store=at, to_store=to, volunteer=volunteer)
    if ends is None:
        raise BadShape(fields={"store": ["Invalid value."]})
    return ends


def _require_roles(staff: Staff, giver: Holder | None, taker: Holder | None) -> None:
    """A clerk's or an operator's role over every store that a movement touches, else over the volunteer's region."""
    for region in rules.regions_of(giver, taker):
        if not any(staff.holds(role, over=region) for role in rules.ROLES):
            raise RoleMissing
