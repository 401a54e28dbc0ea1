"""What waits for a person, over all slices: the desk's first page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.lottery import coupons, handovers, rounds
from quizsvc.lottery.rules import PLANNED
from quizsvc.materials import stock
from quizsvc.outreach import held
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

EXPIRING_WITHIN = timedelta(days=7)
BEACON_DUE_WITHIN = timedelta(days=1)
HELD, EXPIRING, SHORT, OVERDRAWN, COUPONS, BEACON = "held", "expiring", "short", "overdrawn", "coupons", "beacon"


@dataclass(frozen=True)
class Place:
    """A running campaign, and the region in which somebody looks at it: its own, or one below."""

    campaign: Campaign
    region: Region
    is_whole: bool


@dataclass(frozen=True)
class Task:
    """Something for a person to do. `count` of `what`; `there` of it there are; `at` it is due."""

    kind: str
    count: int
    place: Place | None = None
    what: str = ""
    there: int = 0
    at: datetime | None = None


def list_places(staff: Staff) -> list[Place]:
    """Where a staff member looks at running campaigns: the whole of it, or the own regions below its own.

    Partners look nowhere: they are shown totals that betray nobody, on a page of their own.
    """
    held = [grant.region for grant in staff.grants if grant.role != "partner"]
    found: list[Place] = []
    for campaign in sorted(campaigns.list_running(), key=lambda one: one.slug):
        owner = regions.get_region_by_id(campaign.region_id)
        if any(region.covers(owner) for region in held):
            found.append(Place(campaign, owner, is_whole=True))
            continue
        below = {region.code: region for region in held if owner.covers(region)}
        found += [Place(campaign, below[code], is_whole=False) for code in sorted(below)]
    return found


def list_tasks(staff: Staff, *, now: datetime) -> list[Task]:
    """What waits for this person, or for somebody in their reach; the pressing first."""
    tasks = [task for place in list_places(staff) for task in _of_place(place, staff, now=now)]
    tasks += [Task(HELD, n) for n in (held.count_held(staff),) if n]
    tasks += [Task(OVERDRAWN, n) for n in (stock.count_overdrawn(staff),) if n]
    order = (BEACON, COUPONS, SHORT, EXPIRING, HELD, OVERDRAWN)
    return sorted(tasks, key=lambda task: order.index(task.kind))


def _of_place(place: Place, staff: Staff, *, now: datetime) -> Iterator[Task]:
    if staff.holds("operator", over=regions.get_region_by_id(place.campaign.region_id)):
        yield from _beacons(place, now=now)
        for code, there, cards in coupons.find_shortages(place.campaign):
            yield Task(COUPONS, cards, place, place.campaign.definition.prize(code).name, there)
    if any(staff.holds(role, over=place.region) for role in ("clerk", "operator")):
        yield from _prizes(place, now=now)


def _beacons(place: Place, *, now: datetime) -> Iterator[Task]:
    """Rounds that cannot open, now or tomorrow, because their public number was not entered."""
    for one in rounds.list_rounds(place.campaign):
        if one.state == PLANNED and one.beacon is None and one.opens_at <= now + BEACON_DUE_WITHIN:
            yield Task(BEACON, one.no, place, at=one.opens_at)


def _prizes(place: Place, *, now: datetime) -> Iterator[Task]:
    """Awards that soon cannot be fetched any more, and prize goods of which there are fewer than wait."""
    homes = None if place.is_whole else regions.list_subtrees([place.region])
    expiring = handovers.count_waiting(place.campaign, homes=homes, within=EXPIRING_WITHIN, now=now)
    if expiring:
        yield Task(EXPIRING, sum(expiring.values()), place, at=place.campaign.definition.claim_until)
    waiting = handovers.count_waiting(place.campaign, homes=homes, now=now)
    there = stock.sum_stores(place.region)
    for prize in place.campaign.definition.prizes:
        if prize.material is None:
            continue
        on_hand, wanted = there.get(prize.material), waiting.get(prize.code, 0)
        if on_hand == 0 or wanted > (on_hand or 0):
            yield Task(SHORT, wanted, place, prize.name, on_hand or 0)
