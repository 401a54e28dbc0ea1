"""Figures of campaigns: what there is to read, in groups, tables and charts."""

from flask import Blueprint, Response, request

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.asking import Choice, read_choice
from quizsvc.backoffice.desk.charts import list_charts
from quizsvc.backoffice.desk.exports import send_snapshot
from quizsvc.backoffice.desk.grids import list_grids, list_groups
from quizsvc.backoffice.desk.render import show
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.kit.errors import NotFound
from quizsvc.reach import reporting, service
from quizsvc.reach.snapshots import Snapshot

bp = Blueprint("reach", __name__)


@bp.get("/reach")
def show_figures() -> Response:
    """What the campaigns reached, as of now: counted once, charts included."""
    choice, found = _look()
    if found is None:
        return show("reach.html", choice.status, choice=choice, snapshot=None)
    grids, charts = list(list_grids(found)), list(list_charts(found))
    return show("reach.html", choice=choice, snapshot=found, groups=list_groups(found), grids=grids, charts=charts)


@bp.get("/reach/figures.<any(csv, xlsx):form>")
def export_figures(form: str) -> Response:
    """Every figure as a file; not stored as a report."""
    _, found = _look()
    if found is None:
        raise NotFound
    return send_snapshot(found, form, name="活动数据")


def _look() -> tuple[Choice, Snapshot | None]:
    now, staff = utcnow(), current_staff()
    with reading():
        choice = read_choice(request.args, staff, roles=service.MAY_READ, now=now)
        asked = choice.asked
        if asked is None:
            return choice, None
        found = reporting.look(asked.campaigns, region=asked.region, period=asked.period, by=staff, now=now)
        return choice, found
