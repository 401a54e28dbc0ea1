"""What could not be authorised: seen by those who serve the region, decided by a person, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.kit.pages import PageOf, decode_cursor, encode_cursor, page_from
from quizsvc.outreach import held_store, rules, service, store
from quizsvc.outreach.rules import Handout
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_DECIDE = ("clerk", "operator")
MAY_SEE = (*MAY_DECIDE, "auditor")


class HeldUnknown(Refusal):
    code, status = "outreach.held_unknown", 404
    zh, en = "没有这条待核实的上报", "There is no such held tally"


@dataclass(frozen=True)
class Held:
    """A held revision, with what it says and what was decided. `occurred_at` is as it would be counted."""

    id: UUID
    tally_id: UUID
    revision: int
    reason: str
    held_at: datetime
    volunteer: Volunteer
    campaign: str
    region: Region
    setting: str
    occurred_at: datetime
    households: int
    people: int
    handouts: Sequence[Handout]
    entered_by: str | None
    clock_skew: int
    looks_like: UUID | None
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None

    @property
    def clock_off(self) -> bool:
        return rules.is_off(self.clock_skew)


def list_held(*, under: str | None, staff: Staff, cursor: str | None, limit: int) -> PageOf[Held]:
    """What waits in the reach of a staff member or under a region of it, oldest first; RegionUnknown, RoleMissing.

    What was voided or revised since is not there any more: no decision could change anything.
    """
    (after,) = decode_cursor(cursor, parts=1) or (None,)
    paths = staff.paths(MAY_SEE, under=None if under is None else regions.get_region(under))
    if not paths:
        raise accounts.RoleMissing
    rows = held_store.list_waiting(paths, after=None if after is None else _id_in(after), limit=limit + 1)
    return page_from(_shown(rows), limit=limit, key=_place_of)


def cursor_after(one: Held) -> str:
    """Where the list goes on behind one of its items."""
    return encode_cursor(_place_of(one))


def _place_of(one: Held) -> tuple[str]:
    return (str(one.id),)


def count_held(staff: Staff) -> int:
    """How much waits for a decision in the reach of a staff member who may decide."""
    paths = staff.paths(MAY_DECIDE, under=None)
    return held_store.count_waiting(paths) if paths else 0


def count_held_of(campaign: Campaign) -> int:
    """How much of a campaign waits for a decision."""
    return held_store.count_waiting_of(campaign.id)


def decide(held_id: UUID, *, decision: str, note: str | None, staff: Staff, now: datetime) -> Held:
    """Count a held revision, or refuse it: once, the first word stands. HeldUnknown, also where one has no role.

    WrongState: nothing is counted any more once the campaign is archived.

    A tally that was counted again since, or voided, stays as it is: the highest revision that counts is in force.
    """
    row = held_store.find_held(held_id)
    if row is None or not _may_decide(staff, regions.get_region_by_id(row.region_id)):
        raise HeldUnknown
    volunteer = volunteers.hold_volunteer(row.volunteer_id)
    (found,) = _shown([held_store.find_held(held_id)])  # anew: somebody may have decided while this one waited
    if found.decision is not None:
        return found
    if decision == rules.COUNT:
        campaigns.require_unarchived(campaigns.get_campaign(found.campaign))
    held_store.record_decision(held_id, decision=decision, by=staff.name, note=note, now=now)
    if decision == rules.COUNT:
        _count(found, volunteer, by=staff.name, now=now)
    else:
        held_store.record_state(found.tally_id, found.revision, state=rules.REFUSED, in_force=False)
    after = {"tally": str(found.tally_id), "revision": found.revision, "reason": found.reason, "note": note}
    accounts.audit(staff.name, act=f"tally.{decision}", subject=volunteer.code, after=after, now=now)
    (decided,) = _shown([held_store.find_held(held_id)])
    return decided


def _count(found: Held, volunteer: Volunteer, *, by: str, now: datetime) -> None:
    """Let a revision count; if it is in force by that, the ledger follows."""
    stands = store.list_known({found.tally_id})[found.tally_id]
    after = stands.after(found.revision, content=stands.contents[found.revision], void=False, held=None)
    comes_in = after.in_force != stands.in_force
    before = [] if stands.in_force is None or not comes_in else [(found.tally_id, stands.in_force)]
    store.record_overruled(before)
    held_store.record_state(found.tally_id, found.revision, state=rules.COUNTED, in_force=comes_in)
    if comes_in:
        given = {(found.tally_id, found.revision): (found.occurred_at, found.handouts)}
        of = {campaigns.get_campaign(found.campaign).id}
        service.post(given, withdrawn=before, campaign_ids=of, volunteer=volunteer, by=by, now=now)


def _id_in(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        raise BadShape(fields={"cursor": ["Invalid value."]}) from None


def _may_decide(staff: Staff, region: Region) -> bool:
    return any(staff.holds(role, over=region) for role in MAY_DECIDE)


def _shown(rows: Sequence[Any]) -> list[Held]:
    """Rows with what their ids stand for, in a number of statements that does not grow."""
    places = regions.list_regions_by_id(row.region_id for row in rows)
    people = volunteers.list_volunteers_by_id({row.volunteer_id for row in rows})
    slugs = {one.id: one.slug for one in campaigns.list_campaigns({row.campaign_id for row in rows})}
    handouts = store.list_handouts([(row.tally_id, row.revision) for row in rows])
    return [
        Held(
            id=row.id,
            tally_id=row.tally_id,
            revision=row.revision,
            reason=row.reason,
            held_at=row.held_at,
            volunteer=people[row.volunteer_id],
            campaign=slugs[row.campaign_id],
            region=places[row.region_id],
            setting=row.setting,
            occurred_at=row.occurred_at,
            households=row.households,
            people=row.people,
            handouts=handouts.get((row.tally_id, row.revision), ()),
            entered_by=row.entered_by,
            clock_skew=row.clock_skew,
            looks_like=row.looks_like,
            decision=row.decision,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            note=row.note,
        )
        for row in rows
    ]
