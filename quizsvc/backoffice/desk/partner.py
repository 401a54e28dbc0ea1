"""What a partner sees: totals as everybody may see them, and how many of its coupons were used. Nothing of a person."""

from flask import Blueprint, Response, request

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.render import show
from quizsvc.campaigns.service import CampaignUnknown
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.lottery import results
from quizsvc.reach import reporting, service

bp = Blueprint("partner", __name__)


@bp.get("/partner")
def show_partner() -> Response:
    """One campaign of the partner's region, the newest unless another is asked for."""
    slug = request.args.get("campaign")
    with reading():
        there = reporting.list_covered(current_staff(), role="partner")
        chosen = next((one for one in there if slug in (None, one.slug)), None)
        if chosen is None:
            if slug is not None:
                raise CampaignUnknown
            return show("partner.html", there=[], campaign=None)
        reach, coupons = service.show_public(chosen, now=utcnow()), results.count_coupons(chosen.id)
    prizes = {one.code: one.name for one in chosen.definition.prizes}
    return show("partner.html", there=there, campaign=chosen, reach=reach, coupons=coupons, prizes=prizes)
