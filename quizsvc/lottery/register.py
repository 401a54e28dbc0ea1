"""What the office reads of a campaign's boxes and prizes: never a seed, a redemption code or a coupon's code."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.lottery import register_store
from quizsvc.lottery.rules import AWARD_STATES, Round


@dataclass(frozen=True)
class Listed:
    """An award as the office sees it. `alias` and `position`: what the public ledger calls the draw that won."""

    id: UUID
    prize: str
    state: str
    region_id: UUID | None
    won_at: datetime
    expires_at: datetime
    alias: str | None
    position: int | None
    redeemed_at: datetime | None
    redeemed_by: str | None
    desk_id: UUID | None


def list_awards(
    campaign: Campaign,
    *,
    states: Collection[str] = AWARD_STATES,
    prize: str | None = None,
    round_id: UUID | None = None,
    cursor: str | None = None,
    limit: int,
) -> PageOf[Listed]:
    """A campaign's awards, oldest first."""
    (after,) = decode_cursor(cursor, parts=1) or (str(UUID(int=0)),)
    rows = register_store.list_awards(
        campaign.id, states=states, prize=prize, round_id=round_id, after=_id_of(after), limit=limit + 1
    )
    return page_from([Listed(*row) for row in rows], limit=limit, key=lambda one: (str(one.id),))


def _id_of(text: str) -> UUID:
    """A cursor that nobody made begins anew."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def find_award(campaign: Campaign, award_id: UUID) -> Listed | None:
    """One award of a campaign as it is listed."""
    row = register_store.find_award(campaign.id, award_id)
    return None if row is None else Listed(*row)


def count_awards(campaign: Campaign) -> Mapping[tuple[str, str], int]:
    """By prize and state."""
    return {(prize, state): int(n) for prize, state, n in register_store.count_awards(campaign.id)}


@dataclass(frozen=True)
class Block:
    """Somebody who may not draw any more. `key` leads to nobody."""

    key: str
    reason: str
    by: str
    at: datetime


def list_blocks(campaign: Campaign, *, cursor: str | None, limit: int) -> PageOf[Block]:
    """Who may not draw in a campaign."""
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    rows = register_store.list_blocks(campaign.id, after=after, limit=limit + 1)
    return page_from([Block(*row) for row in rows], limit=limit, key=lambda one: (one.key,))


@dataclass(frozen=True)
class Box:
    """How a round's box stands: cards drawn, and the prize cards drawn by prize."""

    drawn: int
    prizes_drawn: Mapping[str, int]


def look_into(one: Round) -> Box:
    """Count what was drawn; where in the box the rest lies, nobody sees."""
    return Box(register_store.count_draws(one.id), register_store.count_draws_by_prize(one.id))


@dataclass(frozen=True)
class Stock:
    """The coupons of a prize: loaded = assigned + unused + void."""

    assigned: int
    unused: int
    void: int

    @property
    def loaded(self) -> int:
        return self.assigned + self.unused + self.void


def list_stocks(campaign: Campaign) -> dict[str, Stock]:
    """What there is of each coupon prize that has coupons, by the prize's code."""
    return {prize: Stock(*map(int, counts)) for prize, *counts in register_store.count_stocks(campaign.id)}
