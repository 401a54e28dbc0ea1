"""Tallies as they stand: the latest first, one in full, and one that is taken out for good."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk import goods, tables
from quizsvc.backoffice.desk.inputs import in_address, in_form, named, offices_of, paging_of
from quizsvc.backoffice.desk.render import moment, show
from quizsvc.backoffice.desk.words import SETTINGS, TALLY_STATES
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.materials import stock
from quizsvc.outreach import reported
from quizsvc.outreach.reported import Asked, Reported

A_PAGE, MOST_EXPORTED, LONGEST_REASON = 50, 20_000, 200
WAYS = {"phone": "手机上报", "paper": "纸质单代录"}
COLUMNS = [
    "走访时间",
    "活动",
    "区域编号",
    "区域",
    "志愿者编号",
    "志愿者",
    "场景",
    "户数",
    "人次",
    "发放",
    "状态",
    "代录人",
    "收到时间",
]
bp = Blueprint("tallies", __name__)


@bp.get("/tallies")
def show_list() -> Response:
    """What was reported, the latest first, by region, volunteer, setting, way and days; as a page or a file."""
    said, staff = in_address(), current_staff()
    way = said.choice("way", WAYS)
    asked = Asked(
        under=said["region"] or None,
        volunteer=said.word("volunteer", longest=32) or None,
        setting=said.choice("setting", SETTINGS),
        on_paper=None if way is None else way == "paper",
        first=said.day("first"),
        last=said.day("last"),
    )
    as_file = said["form"] == "csv"
    limit = MOST_EXPORTED if as_file else A_PAGE
    with reading():
        page = reported.list_reported(asked, staff=staff, cursor=said["cursor"] or None, limit=limit)
        values = _known(page.items) | {"places": named(offices_of(staff, reported.MAY_SEE))}
    if as_file:
        return tables.csv_file([COLUMNS, *(_row_of(one, **values) for one in page.items)], name="上报记录")
    return show("tallies.html", tallies=page.items, paging=paging_of(page), said=said, ways=WAYS, goods=goods, **values)


def _known(tallies: Any) -> dict[str, Any]:
    """What the codes in some tallies stand for."""
    return {
        "materials": stock.list_materials_by_code({one.material for tally in tallies for one in tally.handouts}),
        "titles": {slug: campaigns.get_campaign(slug).definition.title for slug in {one.campaign for one in tallies}},
    }


def _row_of(one: Reported, *, materials: Any, titles: Any, **_others: Any) -> list[str]:
    return [
        moment(one.occurred_at),
        titles[one.campaign],
        one.region.code,
        one.region.name,
        one.volunteer.code,
        one.volunteer.name,
        SETTINGS[one.setting],
        str(one.households),
        str(one.people),
        goods.handed(one.handouts, materials),
        TALLY_STATES[one.state],
        one.entered_by or "",
        moment(one.received_at),
    ]


@bp.get("/tallies/<uuid:tally_id>")
def show_one(tally_id: UUID) -> Response:
    """One tally in full, beside the one that it looks like."""
    staff = current_staff()
    with reading():
        tally = reported.get_reported(tally_id, staff=staff)
        twins = {} if tally.looks_like is None else reported.list_by_id([tally.looks_like])
        values = _known([tally, *twins.values()])
    may_void = tally.state != reported.VOID and any(staff.holds(r, over=tally.region) for r in reported.MAY_VOID)
    twin = next(iter(twins.values()), None)
    return show("tally.html", tally=tally, twin=twin, may_void=may_void, goods=goods, **values)


@bp.route("/tallies/<uuid:tally_id>/void", methods=["GET", "POST"])
def void(tally_id: UUID) -> Response:
    """Take a tally out for good, with a reason; asked once more before."""
    said, staff = in_form(), current_staff()
    if request.method == "POST":
        reason = said.word("reason", longest=LONGEST_REASON, needed=True)
        if not said.errors:
            with transaction():
                done = reported.void(tally_id, reason=reason, staff=staff, now=utcnow())
            said_now = ("上报已作废，发放的物料已从账上冲回。", "good") if done else ("这条上报此前已作废。", "warn")
            flash(*said_now)
            return redirect(url_for("desk.tallies.show_one", tally_id=tally_id), 303)
    with reading():
        tally = reported.get_reported(tally_id, staff=staff)
        values = _known([tally])
    status = 422 if said.errors else 200
    return show("tally_void.html", status, tally=tally, said=said, goods=goods, **values)
