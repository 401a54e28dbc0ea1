"""The desk's own view of prizes: what waits to be fetched, what one handed over on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, Prize
from quizsvc.kit.clock import start_of
from quizsvc.lottery import desk_store, rules
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region


@dataclass(frozen=True)
class Handover:
    """A prize that was handed over, and taken back if `undone_at` says so."""

    scan_id: UUID
    prize: Prize
    campaign: Campaign
    region: Region
    redeemed_at: datetime
    note: str
    undone_at: datetime | None
    undo_reason: str | None

    def may_undo(self, *, now: datetime) -> bool:
        """Whether who handed it over may still take it back alone."""
        return self.undone_at is None and now <= self.redeemed_at + rules.CLERK_UNDO


def list_own(staff: Staff, *, day: date) -> list[Handover]:
    """What a staff member handed over on a day, the latest first."""
    rows = desk_store.list_handovers(staff.id, begin=start_of(day), end=start_of(day + timedelta(days=1)))
    of = {one.id: one for one in campaigns.list_campaigns({row.campaign_id for row in rows})}
    places = regions.list_regions_by_id(row.region_id for row in rows)
    return [
        Handover(
            scan_id=row.id,
            prize=of[row.campaign_id].definition.prize(row.prize),
            campaign=of[row.campaign_id],
            region=places[row.region_id],
            redeemed_at=row.redeemed_at,
            note=row.note,
            undone_at=row.undone_at,
            undo_reason=row.undo_reason,
        )
        for row in rows
    ]


def count_waiting(
    campaign: Campaign, *, homes: Sequence[Region] | None = None, within: timedelta | None = None, now: datetime
) -> Mapping[str, int]:
    """Awards that wait to be fetched, by prize; of winners at home in some regions; those expiring within a time."""
    return desk_store.count_waiting(
        campaign.id,
        homes=None if homes is None else [one.id for one in homes],
        until=None if within is None else now + within,
        now=now,
    )
