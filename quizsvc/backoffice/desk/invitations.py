"""Invitations, shown this once: a personal one for somebody on the list, an open one for a region."""

from typing import Any

from flask import Blueprint, request
from segno import make_qr
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import KINDS_IN_CHINESE
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice.desk.inputs import in_form, offices_of
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.outreach import roster
from quizsvc.regions import service as regions
from quizsvc.regions.service import RegionUnknown

MOST_USES, MOST_DAYS, PERSONAL_DAYS = 1000, 366, 30
bp = Blueprint("invitations", __name__)


@bp.post("/volunteer/<code>/invite")
def invite(code: str) -> Response:
    """A personal invitation on a page to print; any earlier one binds no more."""
    with transaction():
        member, now = roster.get_seen(code, staff=current_staff()), utcnow()
        ((volunteer, invitation),) = roster.invite([code], days=PERSONAL_DAYS, by=current_staff(), now=now)
    return show(
        "invitation.html",
        volunteer=volunteer,
        region=member.home,
        kind=KINDS_IN_CHINESE[volunteer.kind],
        invitation=invitation,
        picture=_picture_of(invitation),
        days=PERSONAL_DAYS,
        uses=1,
    )


@bp.route("/volunteers/invite", methods=["GET", "POST"])
def invite_openly() -> Response:
    """An invitation that enrols so many into a region, on a page to print."""
    said = in_form()
    with reading():
        places = offices_of(current_staff(), ["operator"])
    shown: dict[str, Any] = {"said": said, "places": places, "kinds": KINDS_IN_CHINESE}
    if request.method == "GET":
        return show("invite_openly.html", refusal=None, **shown)
    code = said.word("region", longest=32, needed=True)
    kind = said.choice("kind", KINDS_IN_CHINESE, needed=True)
    uses, days = said.whole("uses", least=1, most=MOST_USES), said.whole("days", least=1, most=MOST_DAYS)
    if said.errors or kind is None or uses is None or days is None:
        return show("invite_openly.html", 422, refusal=None, **shown)
    try:
        with transaction():
            region = regions.get_region(code)
            made = roster.invite_openly(region, kind=kind, uses=uses, days=days, by=current_staff(), now=utcnow())
    except (RegionUnknown, RoleMissing) as refusal:
        return show_refusal(refusal, "invite_openly.html", **shown)
    return show(
        "invitation.html",
        volunteer=None,
        region=region,
        kind=KINDS_IN_CHINESE[kind],
        invitation=made,
        picture=_picture_of(made),
        days=days,
        uses=uses,
    )


def _picture_of(invitation: str) -> str:
    """The code to scan, as an image inside the page: no other address ever shows it."""
    picture: str = make_qr(invitation).svg_data_uri(scale=6, border=4)
    return picture
