"""Outreach's decisions: which tally counts, which is held and why, which revision is in force."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts.rules import Volunteer
from quizsvc.regions.rules import Region

SETTINGS = ("household", "shop", "stall", "talk")
STATES = ("counted", "held", "refused")
COUNTED, HELD, REFUSED = STATES
HELD_REASONS = ("no_assignment", "outside_campaign", "too_late", "clock_ahead")
NO_ASSIGNMENT, OUTSIDE_CAMPAIGN, TOO_LATE, CLOCK_AHEAD = HELD_REASONS
DECISIONS = ("count", "refuse")
COUNT, REFUSE = DECISIONS


@dataclass(frozen=True)
class Assignment:
    """A volunteer serves a region's subtree from `starts_at` until before `ends_at` (None: open)."""

    id: UUID
    volunteer_id: UUID
    region: Region
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, region: Region, *, at: datetime) -> bool:
        """Whether the volunteer was to serve there then."""
        holds = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return holds and self.region.covers(region)


@dataclass(frozen=True)
class Membership:
    """A volunteer and the region that the office's list calls their home."""

    volunteer: Volunteer
    home: Region
