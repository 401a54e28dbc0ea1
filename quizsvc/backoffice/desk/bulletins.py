"""The office's bulletins: make one from a stored snapshot, look at those that were made, take them away."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.asking import Choice, read_choice
from quizsvc.backoffice.desk.exports import send_snapshot
from quizsvc.backoffice.desk.render import show
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.reach import reporting, settling
from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.survey import Figure

PAGE = 20
MOST_SETTLED = 100  # thousand people: what comes in meanwhile must not keep the page waiting for ever
ROLES = ("operator", "auditor")
Changed = tuple[str, str, Figure, Figure]

bp = Blueprint("bulletins", __name__)


@bp.get("/bulletins")
def list_bulletins() -> Response:
    """Those that were made, the newest first; and the form for another."""
    return _list(_read(request.args))


@bp.post("/bulletins")
def make_bulletin() -> Response:
    """Count what waits, then store what there is to say. Asking twice makes two: each has its own moment."""
    choice = _read(request.form)
    if not request.form.getlist("campaign"):
        choice = replace(choice, asked=None, errors={**choice.errors, "campaign": "请至少勾选一个活动"})
    asked = choice.asked
    if asked is None:
        return _list(choice)
    _settle()
    with transaction():
        found = reporting.make_snapshot(
            asked.campaigns, region=asked.region, period=asked.period, by=current_staff(), now=utcnow()
        )
    flash("简报已生成。", "good")
    return redirect(url_for("desk.bulletins.show_bulletin", snapshot_id=found.id), 303)


@bp.get("/bulletins/<uuid:snapshot_id>")
def show_bulletin(snapshot_id: UUID) -> Response:
    """A bulletin with the source of each of its numbers, and what arrived since the one before."""
    snapshot = _get(snapshot_id)
    bulletin, changes = write_bulletin(snapshot), list(_changes(snapshot))
    return show("bulletin.html", snapshot=snapshot, bulletin=bulletin, changes=changes)


@bp.get("/bulletins/<uuid:snapshot_id>/report.<any(docx, md, xlsx, csv):form>")
def export_bulletin(snapshot_id: UUID, form: str) -> Response:
    """The same snapshot as a file."""
    return send_snapshot(_get(snapshot_id), form, name="工作简报")


def _read(said: MultiDict[str, str]) -> Choice:
    with reading():
        return read_choice(said, current_staff(), roles=ROLES, now=utcnow())


def _list(choice: Choice) -> Response:
    with reading():
        page = reporting.list_snapshots(current_staff(), cursor=request.args.get("cursor"), limit=PAGE)
    return show("bulletins.html", choice.status, choice=choice, page=page, is_first="cursor" not in request.args)


def _get(snapshot_id: UUID) -> Snapshot:
    with reading():
        return reporting.get_snapshot(snapshot_id, by=current_staff())


def _settle() -> None:
    for _ in range(MOST_SETTLED):
        with transaction():
            if not settling.settle():
                return


def _changes(snapshot: Snapshot) -> Iterator[Changed]:
    """Each figure that was another one in the report before: its name, what it is apart by, then and now."""
    for change in snapshot.changes:
        metric = get_metric(change.metric)
        then, now = (Figure(metric, side, own_unit=change.unit) for side in (change.then, change.now))
        yield metric.name, "、".join(snapshot.name(by, code) for by, code in change.of.items()), then, now
