"""What was reported and is in force, for those who count; who was enrolled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import volunteers
from quizsvc.outreach import assignments
from quizsvc.outreach import results_store as results
from quizsvc.regions.rules import Region


@dataclass(frozen=True)
class Reported:
    """A tally in force. `handed_out` in base units, by material."""

    volunteer_id: UUID
    region_id: UUID
    occurred_at: datetime
    setting: str
    households: int
    people: int
    handed_out: Mapping[str, int]


def list_reported(campaign_id: UUID, volunteer_ids: Collection[UUID]) -> Sequence[Reported]:
    """Every tally in force of some volunteers in a campaign."""
    rows = results.list_in_force(campaign_id, volunteer_ids)
    handouts = results.list_handed_out(campaign_id, volunteer_ids)
    return [
        Reported(
            volunteer_id=row.volunteer_id,
            region_id=row.region_id,
            occurred_at=row.occurred_at,
            setting=row.setting,
            households=row.households,
            people=row.people,
            handed_out=handouts.get((row.tally_id, row.revision), {}),
        )
        for row in rows
    ]


def list_people(campaign_id: UUID) -> set[UUID]:
    """Every volunteer with a tally of a campaign in force."""
    return results.list_people(campaign_id)


def list_materials(campaign_id: UUID) -> set[str]:
    """Every material that tallies in force say was handed out in a campaign."""
    return results.list_materials(campaign_id)


def kinds_of(volunteer_ids: Collection[UUID]) -> dict[UUID, str]:
    """What each of these volunteers is."""
    return {one.id: one.kind for one in volunteers.list_volunteers_by_id(volunteer_ids).values()}


def list_enrolled(region: Region, *, begin: datetime, end: datetime) -> dict[UUID, str]:
    """The kinds of the volunteers who served in a region's subtree, or above it, some time in [begin, end)."""
    serving = {
        one.volunteer_id
        for one in assignments.list_all_assignments()
        if (region.covers(one.region) or one.region.covers(region))
        and one.starts_at < end
        and (one.ends_at is None or begin < one.ends_at)
        and one.starts_at != one.ends_at
    }
    return kinds_of(serving)
