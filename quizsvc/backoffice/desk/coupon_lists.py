"""Partners' coupon lists: what is there of each prize, and a list more. Never a coupon's code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.backoffice.desk import scope, tables
from quizsvc.backoffice.desk.access import OPERATOR, READERS
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, rehearsal, transaction
from quizsvc.kit.problems import FileRefused, Problem, read_text
from quizsvc.lottery import coupons, register
from quizsvc.regions import service as regions

bp = Blueprint("coupon_lists", __name__)


@bp.get("/campaigns/<slug:slug>/coupons")
def show_coupons(slug: str) -> Response:
    """Counts of each coupon prize, and where a list is uploaded."""
    with reading():
        return show("coupons.html", **_page(slug))


@bp.post("/campaigns/<slug:slug>/coupons")
def preview(slug: str) -> Response:
    """What a list would add; every wrong line is named. Changes nothing."""
    try:
        with tables.handed_in("file") as (path, called):
            return _preview(slug, path, called)
    except FileRefused as refused:
        return _refused(slug, refused)


@bp.post("/campaigns/<slug:slug>/coupons/take")
def load(slug: str) -> Response:
    """Take a list over, all of it or nothing, if that adds what the preview said; else show the preview again.

    A coupon counts once, however often it is sent.
    """
    try:
        with tables.kept() as (path, called):
            try:
                with transaction():
                    done = _take(slug, path, called)
                    scope.require_unchanged(asdict(done))
            except scope.ChangedMeanwhile as refusal:
                return _preview(slug, path, called, refusal=refusal)
    except FileRefused as refused:
        return _refused(slug, refused)
    told = f"新增 {done.added} 个券码，{done.known} 个已经有了；补发给 {done.served} 位等待的中奖居民。"
    flash(told, "good")
    return redirect(url_for("desk.coupon_lists.show_coupons", slug=slug), 303)


@dataclass(frozen=True)
class Taken:
    """What a list did, or would do: coupons that are new, that were there, awards that had waited for one."""

    added: int
    known: int
    served: int


def _take(slug: str, path: Path, called: str) -> Taken:
    """In the caller's transaction; FileRefused."""
    rows = coupons.read_coupons(read_text(path), file=called)
    campaign, prize = scope.get_campaign(slug, roles=OPERATOR), request.form.get("prize", "")
    if prize not in {one.code for one in coupons.list_prizes(campaign)}:
        raise FileRefused([Problem("prize", "no such coupon prize", "choose one")])
    by = scope.whoever().name
    added, served = coupons.load_coupons(campaign, prize=prize, coupons=rows, by=by, now=utcnow())
    return Taken(added, len(rows) - added, served)


def _preview(slug: str, path: Path, called: str, *, refusal: scope.ChangedMeanwhile | None = None) -> Response:
    with rehearsal():
        done = _take(slug, path, called)
    with reading():
        shown = _page(slug, roles=OPERATOR, prize=request.form["prize"])
    shown |= {"done": done, "seen": scope.mark_of(asdict(done)), **tables.carried(path, called)}
    if refusal is not None:
        return show_refusal(refusal, "coupons_preview.html", **shown)
    return show("coupons_preview.html", refusal=None, **shown)


def _refused(slug: str, refused: FileRefused) -> Response:
    prize = request.form.get("prize", "")
    with reading():
        return show("coupons.html", 422, **_page(slug, roles=OPERATOR, problems=refused.problems, prize=prize))


def _page(
    slug: str, *, roles: frozenset[str] = READERS, problems: Sequence[Problem] = (), prize: str = ""
) -> dict[str, Any]:
    campaign = scope.get_campaign(slug, roles=roles)
    prizes = coupons.list_prizes(campaign)
    plans = campaign.definition.rounds
    return {
        "campaign": campaign,
        "prizes": prizes,
        "stocks": register.list_stocks(campaign),
        "cards": {one.code: sum(plan.planned.get(one.code, 0) for plan in plans) for one in prizes},
        "writes": scope.whoever().holds("operator", over=regions.get_region_by_id(campaign.region_id)),
        "faults": read_faults(problems),
        "prize": prize,
    }
