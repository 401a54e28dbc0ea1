"""The list of volunteers: who is on it and where they serve; the office's table; assigning, ending, leaving."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import KINDS_IN_CHINESE
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice.desk import goods, scope, tables
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.inputs import Said, in_address, in_form, named, offices_of, paging_of
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import day_of, start_of, utcnow
from quizsvc.kit.db import reading, rehearsal, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.problems import FileRefused
from quizsvc.materials import stock
from quizsvc.outreach import assignments, reported, roster, volunteer_sheet
from quizsvc.outreach.reported import Asked
from quizsvc.outreach.roster import Member, Wanted
from quizsvc.regions.service import RegionUnknown

A_PAGE, MOST_EXPORTED, RECENT = 50, 20_000, 10
BOUND = {"yes": "已绑定微信", "no": "未绑定微信"}
THERE = {"yes": "在岗", "no": "已离开"}
bp = Blueprint("volunteers", __name__)


@bp.get("/volunteers")
def show_list() -> Response:
    """Who is on the list, by region, kind, log-in, name or code; as a page or as the office's table."""
    said, staff = in_address(), current_staff()
    wanted = Wanted(
        kind=said.choice("kind", KINDS_IN_CHINESE),
        is_bound=_yes_or_no(said.choice("bound", BOUND)),
        is_there=_yes_or_no(said.choice("there", THERE)),
        part=said.word("part", longest=40),
    )
    as_file = said["form"] == "csv"
    with reading():
        places = offices_of(staff, roster.MAY_SEE)
        page = roster.list_seen(
            wanted,
            under=said["region"] or None,
            staff=staff,
            cursor=said["cursor"] or None,
            limit=MOST_EXPORTED if as_file else A_PAGE,
        )
    if as_file:
        return tables.csv_file(_table_of(page.items), name="志愿者名单", is_cut=page.next is not None)
    return show(
        "volunteers.html",
        members=page.items,
        paging=paging_of(page),
        said=said,
        places=named(places),
        kinds=KINDS_IN_CHINESE,
        bound=BOUND,
        there=THERE,
        may_write=_is_operator(),
        now=utcnow(),
    )


def _yes_or_no(word: str | None) -> bool | None:
    return None if word is None else word == "yes"


def _is_operator() -> bool:
    return any(grant.role == "operator" for grant in current_staff().grants)


def _table_of(members: Any) -> list[list[str]]:
    """The list as the office hands it in: a row for each assignment, home first, as the table wants it."""
    rows = [[volunteer_sheet.HEADINGS[field] for field in ("code", "name", "kind", "region", "from", "to")]]
    for one in members:
        who = [one.volunteer.code, one.volunteer.name, KINDS_IN_CHINESE[one.volunteer.kind]]
        rows += [
            [*who, served.region.code, str(day_of(served.starts_at)), last_day(served.ends_at)]
            for served in sorted(one.assignments, key=lambda served: served.region != one.home)
        ] or [[*who, one.home.code, "", ""]]
    return rows


def last_day(ends_at: datetime | None) -> str:
    """The last day that counts, as people say an end; empty for an open one."""
    return "" if ends_at is None else str(day_of(ends_at - timedelta(milliseconds=1)))


@bp.route("/volunteers/load", methods=["GET", "POST"])
def load_list() -> Response:
    """What the office's table would change; every wrong row is named. Changes nothing."""
    if request.method == "GET":
        return show("volunteers_load.html", faults=[], headings=volunteer_sheet.HEADINGS)
    try:
        with tables.handed_in("file") as (path, called):
            return _preview(path, called)
    except FileRefused as refused:
        return _refused(refused)


@bp.post("/volunteers/take")
def take_list() -> Response:
    """Take the table over, all or nothing, if that changes what the preview said; else show the preview again."""
    try:
        with tables.kept() as (path, called):
            rows = volunteer_sheet.read_volunteers(path)
            try:
                with transaction():
                    done = roster.load(rows, file=called, by=current_staff(), now=utcnow())
                    scope.require_unchanged(asdict(done))
            except scope.ChangedMeanwhile as refusal:
                return _preview(path, called, refusal=refusal)
    except FileRefused as refused:
        return _refused(refused)
    people = f"新增 {done.added} 人，更新 {done.changed} 人"
    flash(f"名单已导入：{people}，新增 {done.begun} 项分工，调整 {done.moved} 项分工。", "good")
    return redirect(url_for("desk.volunteers.show_list"), 303)


def _preview(path: Path, called: str, *, refusal: Refusal | None = None) -> Response:
    rows = volunteer_sheet.read_volunteers(path)
    with rehearsal():
        done = roster.load(rows, file=called, by=current_staff(), now=utcnow())
    shown: dict[str, Any] = {
        "done": done,
        "unchanged": len({row.code for row in rows}) - done.added - done.changed,
        "changes": any(asdict(done).values()),
        "seen": scope.mark_of(asdict(done)),
        **tables.carried(path, called),
    }
    if refusal is not None:
        return show_refusal(refusal, "volunteers_preview.html", **shown)
    return show("volunteers_preview.html", refusal=None, **shown)


def _refused(refused: FileRefused) -> Response:
    faults = read_faults(refused.problems)
    return show("volunteers_load.html", 422, faults=faults, headings=volunteer_sheet.HEADINGS)


@bp.get("/volunteer/<code>")
def show_one(code: str) -> Response:
    """Somebody on the list: assignments, log-in, stock, what was reported lately."""
    return _show_member(code, said=in_address())


def _show_member(code: str, *, said: Said, refusal: Refusal | None = None) -> Response:
    staff, now = current_staff(), utcnow()
    with reading():
        member = roster.get_seen(code, staff=staff)
        found = reported.list_reported(Asked(volunteer=code), staff=staff, cursor=None, limit=RECENT)
        values: Mapping[str, Any] = {
            "member": member,
            "kinds": KINDS_IN_CHINESE,
            "stock": stock.list_of_volunteer(member.volunteer.id),
            "tallies": found.items,
            "titles": {one.campaign: campaigns.get_campaign(one.campaign).definition.title for one in found.items},
            "materials": stock.list_materials_by_code({h.material for one in found.items for h in one.handouts}),
            "places": offices_of(staff, ["operator"]),
        }
    may_write = staff.holds("operator", over=member.home)
    shown = dict(values) | {"said": said, "may_write": may_write, "now": now, "goods": goods, "last_day": last_day}
    if refusal is not None:
        return show_refusal(refusal, "volunteer.html", **shown)
    return show("volunteer.html", 422 if said.errors else 200, refusal=None, **shown)


@bp.post("/volunteer/<code>/assign")
def assign(code: str) -> Response:
    """Let somebody serve a region from a first to a last day."""
    said, staff, now = in_form(), current_staff(), utcnow()
    region, first, last = said.word("region", longest=32, needed=True), said.day("first"), said.day("last")
    if last is not None and last < (first or day_of(now)):
        said.errors.setdefault("last", "结束日期不能早于开始日期")
    if said.errors:
        return _show_member(code, said=said)
    try:
        with transaction():
            _require_seen(code)
            begun, moved = assignments.assign(code, region, first=first, last=last, by=staff, now=now)
    except (RegionUnknown, RoleMissing) as refusal:
        return _show_member(code, said=said, refusal=refusal)
    flash("分工已保存。" if begun or moved else "分工与原来一致，没有改动。", "good")
    return _to(code)


def _to(code: str) -> Response:
    return redirect(url_for("desk.volunteers.show_one", code=code), 303)


def _require_seen(code: str) -> Member:
    """Whose page one may not open, about them one is told nothing either."""
    return roster.get_seen(code, staff=current_staff())


@bp.route("/volunteer/<code>/end", methods=["GET", "POST"])
def end(code: str) -> Response:
    """Let somebody serve a region no longer; asked once more before."""
    if (done := _confirmed(code, act="end")) is not None:
        return done
    said, now = in_form(), utcnow()
    with transaction():
        _require_seen(code)
        ends_at = _end_of(said, now=now)
        assignments.end(code, said.word("region", longest=32), ends_at=ends_at, by=current_staff(), now=now)
    flash("分工已结束，此前的上报仍然有效。", "good")
    return _to(code)


@bp.route("/volunteer/<code>/leave", methods=["GET", "POST"])
def leave(code: str) -> Response:
    """Somebody leaves: every assignment ends; asked once more before."""
    if (done := _confirmed(code, act="leave")) is not None:
        return done
    now = utcnow()
    with transaction():
        _require_seen(code)
        assignments.leave(code, left_at=_end_of(in_form(), now=now), by=current_staff(), now=now)
    flash("已登记离开，全部分工随之结束。手机上尚未上传的记录仍可补报。", "good")
    return _to(code)


def _confirmed(code: str, *, act: str) -> Response | None:
    """The page that asks once more; None when it was answered, and can be."""
    said = in_form() if request.method == "POST" else in_address()
    said.day("last")
    with reading():
        member = _require_seen(code)
    served = {one.region.code: one.region for one in member.assignments}
    region = served.get(said["region"])
    if act == "end" and region is None:
        raise assignments.NotAssigned
    if request.method == "POST" and not said.errors:
        return None
    status = 422 if said.errors else 200
    return show("volunteer_end.html", status, member=member, region=region if act == "end" else None, said=said)


def _end_of(said: Said, *, now: datetime) -> datetime:
    last = said.day("last")
    return now if last is None else start_of(last + timedelta(days=1))
