"""What draws came to, for those who count: by person, without anything that leads back to one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.lottery import results_store as store
from quizsvc.quiz import results as papers

DREW, WON, REDEEMED = "drew", "won", "redeemed"


@dataclass(frozen=True)
class Event:
    """Somebody drew, won or was handed a prize: where the person is at home, and when it was."""

    what: str
    citizen_id: UUID
    region_id: UUID | None
    at: datetime


def list_events(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[Event]:
    """Draws, wins (also those that expired or were made void) and standing redemptions of some people."""
    homes = papers.list_ticket_regions(campaign_id, citizens)
    drew = [Event(DREW, who, homes[ticket], at) for who, ticket, at in store.list_draws(campaign_id, citizens)]
    won = [Event(WON, *row) for row in store.list_wins(campaign_id, citizens)]
    return [*drew, *won, *(Event(REDEEMED, *row) for row in store.list_redemptions(campaign_id, citizens))]


@dataclass(frozen=True)
class CouponCount:
    """A partner's coupons for a prize: loaded = assigned + unused + void."""

    prize: str
    loaded: int
    assigned: int
    void: int

    @property
    def unused(self) -> int:
        return self.loaded - self.assigned - self.void


def count_coupons(campaign_id: UUID) -> list[CouponCount]:
    """The coupons of a campaign by prize, in order of its code; prizes without any are left out."""
    return [CouponCount(*row) for row in store.count_coupons(campaign_id)]


def list_people(campaign_id: UUID) -> set[UUID]:
    """Everybody who drew or won in a campaign."""
    return store.list_people(campaign_id)
