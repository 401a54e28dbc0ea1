"""Paper forms: typed in for a volunteer, or handed in as a table; taken in by the same rules as an upload."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.volunteers import VolunteerUnknown
from quizsvc.backoffice.desk import tables
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.inputs import Said, in_address, in_form
from quizsvc.backoffice.desk.render import show
from quizsvc.backoffice.desk.words import SETTINGS
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import Table
from quizsvc.materials import stock
from quizsvc.materials.rules import Material
from quizsvc.outreach import paper, roster, tally_sheet
from quizsvc.outreach.paper import Form
from quizsvc.outreach.roster import Member, Wanted
from quizsvc.outreach.tally_sheet import HEADINGS
from quizsvc.regions import service as regions

ROWS = 6  # forms on a page
MOST_SUGGESTED = 300
COMMON = ("volunteer", "campaign")
OWN = ("number", "region", "setting", "day", "time", "households", "people", "note")
MOST_OF_A_WORD = 200
bp = Blueprint("paper", __name__)


class Typed(Table):
    """A table that was typed in at the desk: its rows are forms, counted from the first one."""

    def place(self, row: int, heading: str = "") -> str:
        return f"form {row - 1} {heading}".strip()


@bp.route("/paper", methods=["GET", "POST"])
def enter() -> Response:
    """Choose a volunteer, then type in what their forms say; wrong rows are named, and all stays as typed."""
    said = in_form() if request.method == "POST" else in_address()
    code, staff = said.word("volunteer", longest=32), current_staff()
    if not code:
        return _choose(said)
    try:
        with reading():
            member = roster.get_seen(code, staff=staff)
            materials = stock.list_materials()
    except VolunteerUnknown:
        said.errors["volunteer"] = "您的区域里没有这个编号的志愿者，请核对"
        return _choose(said)
    if request.method == "GET":
        return _show_form(member, materials, said=said)
    try:
        forms = tally_sheet.forms_in(_table_of(said, materials), materials=materials, now=utcnow())
        counts = _take_in(forms, called="desk")
    except FileRefused as refused:
        return _show_form(member, materials, said=said, refused=refused)
    _tell(counts)
    return redirect(url_for("desk.paper.enter", volunteer=code, campaign=said["campaign"]), 303)


def _choose(said: Said) -> Response:
    with reading():
        page = roster.list_seen(
            Wanted(is_there=True), under=None, staff=current_staff(), cursor=None, limit=MOST_SUGGESTED
        )
    return show("paper_choose.html", 422 if said.errors else 200, said=said, members=page.items)


def _show_form(
    member: Member, materials: Sequence[Material], *, said: Said, refused: FileRefused | None = None
) -> Response:
    with reading():
        running = campaigns.list_taking_uploads(now=utcnow())
        places = regions.list_subtrees(member.regions)
    return show(
        "paper.html",
        200 if refused is None else 422,
        member=member,
        materials=materials,
        said=said,
        faults=[] if refused is None else read_faults(refused.problems),
        campaigns=[(one.slug, one.definition.title) for one in running],
        places=[("", "请选择")] + [(one.code, one.name) for one in places],
        settings=SETTINGS,
        rows=range(1, ROWS + 1),
        today=utcnow(),
    )


def _table_of(said: Said, materials: Sequence[Material]) -> Table:
    """What was typed as a table of the office's, so that it is read by the same rules."""
    heading = [HEADINGS[field] for field in (*COMMON, *OWN)] + [one.name for one in materials]
    rows: list[list[Any]] = [heading]
    for row in range(1, ROWS + 1):
        own = [said[f"{field}-{row}"].strip()[:MOST_OF_A_WORD] for field in OWN]
        given = [said[f"goods-{row}-{one.code}"].strip()[:MOST_OF_A_WORD] for one in materials]
        blank = not any([own[OWN.index("number")], own[OWN.index("households")], own[OWN.index("people")], *given])
        rows.append([] if blank else [*(said[field] for field in COMMON), *own, *given])
    return Typed("desk", "", rows)


@bp.route("/paper/load", methods=["GET", "POST"])
def load() -> Response:
    """Take a table of forms in, all or nothing; every wrong row is named."""
    with reading():
        materials = stock.list_materials()
        running = campaigns.list_taking_uploads(now=utcnow())
    shown = {"materials": materials, "campaigns": running, "headings": HEADINGS}
    if request.method == "GET":
        return show("paper_load.html", 200, faults=[], **shown)
    try:
        with tables.handed_in("file") as (path, called):
            forms = tally_sheet.read_forms(path, materials=materials, now=utcnow())
        counts = _take_in(forms, called=called)
    except FileRefused as refused:
        return show("paper_load.html", 422, faults=read_faults(refused.problems), **shown)
    _tell(counts)
    return redirect(url_for("desk.tallies.show_list", way="paper"), 303)


def _take_in(forms: Sequence[Form], *, called: str) -> Mapping[str, int]:
    with transaction():
        return paper.load(forms, file=called, by=current_staff(), now=utcnow())


def _tell(counts: Mapping[str, int]) -> None:
    told = [f"已录入 {counts['created']} 份"]
    told += [f"{counts['held']} 份转为待核实"] if counts["held"] else []
    told += [f"{counts['duplicate']} 份此前已录入，没有重复计算"] if counts["duplicate"] else []
    flash("，".join(told) + "。", "good")
