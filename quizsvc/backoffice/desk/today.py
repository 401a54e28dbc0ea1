"""The first page: how the campaigns stand, and what waits for a person."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice import waiting
from quizsvc.backoffice.desk.render import show
from quizsvc.backoffice.waiting import Place
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.materials import stock
from quizsvc.reach import service as reach
from quizsvc.reach.survey import Figure

bp = Blueprint("today", __name__)

ONLINE = (
    "online.audience",
    "online.participants",
    "online.passers",
    "online.draws",
    "online.awards",
    "online.redemptions",
)
OFFLINE = ("offline.households", "offline.people")
HANDED_OUT = "offline.handed_out"


# Where each kind of task is done; one whose page is not there, or not for this person, is told without a link.
PAGE_OF = {
    waiting.BEACON: "campaigns.list_campaigns",
    waiting.COUPONS: "campaigns.list_campaigns",
    waiting.SHORT: "stock.show_list",
    waiting.EXPIRING: "redemption.show_redemption",
    waiting.HELD: "held.show_waiting",
    waiting.OVERDRAWN: "stock.show_list",
}


@dataclass(frozen=True)
class Standing:
    """A campaign's figures in one region. `as_of`: all that happened before then is counted."""

    place: Place
    as_of: datetime
    online: list[tuple[str, Figure]]
    offline: list[tuple[str, Figure]]


@bp.get("/")
def show_today() -> Response:
    """Live figures of running campaigns, side by side and never summed, and what waits."""
    staff, now = current_staff(), utcnow()
    with reading():
        standings = [_standing(place, now=now) for place in waiting.list_places(staff)]
        tasks = waiting.list_tasks(staff, now=now)
    return show("today.html", standings=standings, tasks=tasks, pages=PAGE_OF)


def _standing(place: Place, *, now: datetime) -> Standing:
    period = reach.whole_period([place.campaign], now=now)
    found = reach.survey([place.campaign], region=place.region, period=period, now=now)
    whole = {one.metric.id: one for one in found.figures if not one.of}
    names = {one.code: f"发放{one.name}" for one in stock.list_materials()}
    handed_out = [(names[one.of["material"]], one) for one in found.all_of(HANDED_OUT, "material") if one.value]
    return Standing(
        place,
        found.as_of,
        [(whole[metric].metric.name, whole[metric]) for metric in ONLINE],
        [*((whole[metric].metric.name, whole[metric]) for metric in OFFLINE), *handed_out],
    )
