"""Partners' coupon lists: what is there of each prize, and a list more. Never a coupon's code."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.backoffice.desk import scope
from quizsvc.backoffice.desk.access import OPERATOR, READERS
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.render import show
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import coupons, register
from quizsvc.regions import service as regions

bp = Blueprint("coupon_lists", __name__)


@bp.get("/campaigns/<slug:slug>/coupons")
def show_coupons(slug: str) -> Response:
    """Counts of each coupon prize, and where a list is uploaded."""
    with reading():
        return show("coupons.html", **_page(slug))


@bp.post("/campaigns/<slug:slug>/coupons")
def load(slug: str) -> Response:
    """Take a list over, all of it or nothing. A coupon counts once, however often it is sent."""
    prize, by, now = request.form.get("prize", ""), scope.whoever().name, utcnow()
    try:
        name, text = scope.read_upload()
        rows = coupons.read_coupons(text, file=name)
        with transaction():
            campaign = scope.get_campaign(slug, roles=OPERATOR)
            if prize not in {one.code for one in coupons.list_prizes(campaign)}:
                raise FileRefused([Problem("prize", "no such coupon prize", "choose one")])
            added, served = coupons.load_coupons(campaign, prize=prize, coupons=rows, by=by, now=now)
    except FileRefused as refused:
        with reading():
            return show("coupons.html", 422, **_page(slug, roles=OPERATOR, problems=refused.problems, prize=prize))
    flash(f"新增 {added} 个券码，{len(rows) - added} 个已经有了；补发给 {served} 位等待的中奖居民。", "good")
    return redirect(url_for("desk.coupon_lists.show_coupons", slug=slug), 303)


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
