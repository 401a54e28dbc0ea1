"""Every tally in force, one by one, for who has to answer for a total."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import start_of
from quizsvc.outreach import detail_store as store
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_LIST = ("clerk", "operator", "auditor")  # no partner: volunteers are named


@dataclass(frozen=True)
class Detail:
    """A tally in force; `handed_out` in base units, by material."""

    tally_id: UUID
    occurred_at: datetime
    region: Region
    volunteer: Volunteer
    setting: str
    households: int
    people: int
    handed_out: Mapping[str, int]
    entered_by: str | None


def list_details(
    campaign: Campaign, *, region: Region, first: date | None, last: date | None, by: Staff
) -> Iterator[Detail]:
    """The tallies in force of a campaign under a region, in order of time, read in pages; RoleMissing.

    `first` and `last` are days and both count; all days without them.
    """
    if not any(by.holds(role, over=region) for role in MAY_LIST):
        raise accounts.RoleMissing
    places = {one.id: one for one in regions.list_subtrees([region])}
    begin = start_of(first) if first else None
    end = start_of(last + timedelta(days=1)) if last else None
    known: dict[UUID, Volunteer] = {one.id: one for one, _ in volunteers.list_volunteers()}
    for row, handed_out in store.list_details(campaign.id, places, begin=begin, end=end):
        yield Detail(
            tally_id=row.tally_id,
            occurred_at=row.occurred_at,
            region=places[row.region_id],
            volunteer=known[row.volunteer_id],
            setting=row.setting,
            households=row.households,
            people=row.people,
            handed_out=handed_out,
            entered_by=row.entered_by,
        )
