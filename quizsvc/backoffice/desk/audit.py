"""The audit log: who did what, when, with before and after; searched, paged, and as a file."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import chain, trail
from quizsvc.accounts import service as accounts
from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import Search
from quizsvc.accounts.trail import Line
from quizsvc.backoffice.desk import words
from quizsvc.backoffice.desk.render import second, show
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.canonical import canonical
from quizsvc.kit.clock import start_of
from quizsvc.kit.db import reading
from quizsvc.kit.pages import PageOf
from quizsvc.kit.sheets import csv_text

PER_PAGE, PER_EXPORT = 50, 50_000
RECOMPUTED = 5_000  # entries of the chain on each look; a tenth of a second
LONGEST_WORD = 100
HEADINGS = ("时间", "人员", "操作", "对象", "变更前", "变更后")
bp = Blueprint("audit", __name__)


@bp.get("/audit")
def show_audit() -> Response:
    """A page of lines, the latest first."""
    asked = _asked()
    with reading():
        page = _find(asked, cursor=request.args.get("cursor"), limit=PER_PAGE)
        acts = trail.list_acts()
        verdict = None if "cursor" in request.args else chain.verify(last=RECOMPUTED)
    choices = [("", "全部"), *((act, words.ACTS.get(act, act)) for act in acts)]
    given: dict[str, Any] = {name: word for name, word in asked.items() if word}
    links = {
        "next": page.next and url_for("desk.audit.show_audit", **given, cursor=page.next),
        "first": url_for("desk.audit.show_audit", **given) if "cursor" in request.args else None,
        "export": url_for("desk.audit.export", **given) if page.items else None,
    }
    return show("audit.html", lines=page.items, asked=asked, choices=choices, links=links, chain=verdict)


@bp.get("/audit.csv")
def export() -> Response:
    """The lines that were searched for, as a file; the latest 50,000 of them."""
    with reading():
        page = _find(_asked(), cursor=None, limit=PER_EXPORT)
    response = Response(csv_text(_rows(page)), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=audit.csv"
    return response


def _rows(page: PageOf[Line]) -> Iterator[list[str]]:
    yield list(HEADINGS)
    for line in page.items:
        texts = ("" if one is None else canonical(one) for one in (line.before, line.after))
        yield [second(line.at), line.actor, words.ACTS.get(line.act, line.act), line.subject, *texts]
    if page.next:
        yield [f"仅导出最近 {PER_EXPORT} 条，请缩小日期范围后再导出其余部分"]


def _asked() -> dict[str, str]:
    """The words of the search; a date that is none is left out."""
    asked = {name: request.args.get(name, "").strip()[:LONGEST_WORD] for name in ("actor", "act", "subject")}
    return asked | {name: _day_of(request.args.get(name, "")) for name in ("first", "last")}


def _day_of(said: str) -> str:
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        return ""


def _find(asked: Mapping[str, Any], *, cursor: str | None, limit: int) -> PageOf[Line]:
    staff = current_staff()
    tops = [grant.region for grant in staff.grants if grant.role in trail.MAY_READ]
    first, last = (date.fromisoformat(asked[name]) if asked[name] else None for name in ("first", "last"))
    search = Search(
        actor=accounts.SYSTEM if asked["actor"] == words.SYSTEM else asked["actor"],
        act=asked["act"],
        subject=asked["subject"],
        begin=None if first is None else start_of(first),
        end=None if last is None else start_of(last + timedelta(days=1)),
    )
    return trail.list_lines(search, slugs=campaigns.list_slugs_under(tops), staff=staff, cursor=cursor, limit=limit)
