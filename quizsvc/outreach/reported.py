"""Tallies as they stand, seen by those who serve the region; voided by them, with a reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import start_of
from quizsvc.kit.errors import Refusal
from quizsvc.kit.pages import PageOf, decode_moment, key_of, page_from
from quizsvc.outreach import reported_store, service, store
from quizsvc.outreach.rules import Handout
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_VOID = ("clerk", "operator")
MAY_SEE = (*MAY_VOID, "auditor")  # no partner: volunteers are named
VOID = "void"


class TallyUnknown(Refusal):
    code, status = "outreach.tally_unknown", 404
    zh, en = "没有这条上报", "There is no such tally"


@dataclass(frozen=True)
class Reported:
    """What a tally says by its revision in force, or by the highest one. `state`: counted, held, refused or void."""

    tally_id: UUID
    revision: int
    state: str
    volunteer: Volunteer
    campaign: str
    region: Region
    setting: str
    occurred_at: datetime
    received_at: datetime
    households: int
    people: int
    handouts: Sequence[Handout]
    entered_by: str | None
    looks_like: UUID | None


@dataclass(frozen=True)
class Asked:
    """Which tallies to list: both days count."""

    under: str | None = None
    campaign: str | None = None
    volunteer: str | None = None
    setting: str | None = None
    on_paper: bool | None = None
    first: date | None = None
    last: date | None = None


def list_reported(asked: Asked, *, staff: Staff, cursor: str | None, limit: int) -> PageOf[Reported]:
    """Tallies in the reach of a staff member, the latest visits first.

    RegionUnknown, CampaignUnknown, VolunteerUnknown, RoleMissing.
    """
    tops = _tops(staff, under=asked.under)
    wanted = reported_store.Wanted(
        regions=[one.id for one in regions.list_subtrees(tops)],
        campaign_id=None if asked.campaign is None else campaigns.get_campaign(asked.campaign).id,
        volunteer_id=None if asked.volunteer is None else volunteers.get_by_code(asked.volunteer).id,
        setting=asked.setting,
        on_paper=asked.on_paper,
        begin=None if asked.first is None else start_of(asked.first),
        end=None if asked.last is None else start_of(asked.last + timedelta(days=1)),
    )
    rows = reported_store.list_tallies(wanted, after=decode_moment(cursor), limit=limit + 1)
    return page_from(_shown(rows), limit=limit, key=lambda one: key_of(one.occurred_at, one.tally_id))


def list_by_id(ids: Collection[UUID]) -> dict[UUID, Reported]:
    """What these tallies say, for who has been shown others that point at them."""
    return {one.tally_id: one for one in _shown(reported_store.list_by_id(ids))}


def get_reported(tally_id: UUID, *, staff: Staff) -> Reported:
    """What a tally in one's reach says; TallyUnknown."""
    found = list_by_id([tally_id]).get(tally_id)
    if found is None or not any(staff.holds(role, over=found.region) for role in MAY_SEE):
        raise TallyUnknown
    return found


def void(tally_id: UUID, *, reason: str, staff: Staff, now: datetime) -> bool:
    """Void a tally in one's reach for good, and let the ledger follow; False when it was void before.

    TallyUnknown, RoleMissing; WrongState once the campaign is archived.
    """
    found = get_reported(tally_id, staff=staff)
    if not any(staff.holds(role, over=found.region) for role in MAY_VOID):
        raise accounts.RoleMissing
    campaigns.require_unarchived(campaigns.get_campaign(found.campaign), kept=False)
    if not service.void(tally_id, volunteer_id=found.volunteer.id, note=reason, staff=staff, now=now):
        return False
    before = {
        "state": found.state,
        "region": found.region.code,
        "occurred_at": found.occurred_at.isoformat(),
        "households": found.households,
        "people": found.people,
        "handouts": {one.material: one.quantity for one in found.handouts},
    }
    after = {"tally": str(tally_id), "reason": reason}
    accounts.audit(staff.name, act="tally.void", subject=found.volunteer.code, before=before, after=after, now=now)
    return True


def _tops(staff: Staff, *, under: str | None) -> list[Region]:
    """The regions whose subtrees a staff member sees; RegionUnknown, RoleMissing."""
    tops = [grant.region for grant in staff.grants if grant.role in MAY_SEE]
    if under is not None:
        place = regions.get_region(under)
        tops = [place] if any(top.covers(place) for top in tops) else []
    if not tops:
        raise accounts.RoleMissing
    return tops


def _shown(rows: Sequence[Any]) -> list[Reported]:
    """Rows with what their ids stand for, in a number of statements that does not grow."""
    places = regions.list_regions_by_id(row.region_id for row in rows)
    people = volunteers.list_volunteers_by_id({row.volunteer_id for row in rows})
    slugs = {one.id: one.slug for one in campaigns.list_campaigns({row.campaign_id for row in rows})}
    handouts = store.list_handouts([(row.tally_id, row.revision) for row in rows])
    return [
        Reported(
            tally_id=row.tally_id,
            revision=row.revision,
            state=VOID if row.voided else row.state,
            volunteer=people[row.volunteer_id],
            campaign=slugs[row.campaign_id],
            region=places[row.region_id],
            setting=row.setting,
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            households=row.households,
            people=row.people,
            handouts=handouts.get((row.tally_id, row.revision), ()),
            entered_by=row.entered_by,
            looks_like=row.looks_like,
        )
        for row in rows
    ]
