"""Draws for citizens, redemption for clerks."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from quizsvc.accounts.guards import current_citizen, current_staff
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.http import body, cached, refuses, reply
from quizsvc.lottery import ledger, redeem, schemas, service
from quizsvc.lottery.awards import MaxWins
from quizsvc.lottery.redeem import Found, Redeemed
from quizsvc.lottery.service import Drawn
from quizsvc.materials.service import Short
from quizsvc.quiz import service as quiz

public = Blueprint("ledger", __name__)
citizen = Blueprint("lottery", __name__)
clerk = Blueprint("redemptions", __name__, url_prefix="/redemptions")


@public.get("/campaigns/<slug:slug>/anchors")
@cached(10)
@refuses(campaigns.CampaignUnknown)
@reply(schemas.Anchors())
def list_anchors(slug: str) -> dict[str, Any]:
    """Hourly anchors of the draws so far, to be saved elsewhere."""
    with reading():
        return {"rounds": ledger.list_anchors(campaigns.get_public(slug))}


@public.get("/campaigns/<slug:slug>/rounds/<int:no>/ledger")
@cached(60)
@refuses(campaigns.CampaignUnknown, ledger.RoundUnknown, ledger.LedgerSealed)
@reply(schemas.Bundle())
def get_ledger(slug: str, no: int) -> dict[str, Any]:
    """A closed round's bundle: seed, anchors and every draw, for the verifier."""
    with reading():
        return ledger.get_bundle(campaigns.get_public(slug), no=no)


@citizen.put("/tickets/<uuid:ticket_id>/draw")
@refuses(quiz.TicketUnknown, campaigns.NotOpenYet, campaigns.Paused, campaigns.Over)
@refuses(service.Excluded, service.NoRoundOpen, service.RoundEmpty, MaxWins, service.TooFast, service.Busy)
@reply(schemas.Outcome())
def draw_ticket(ticket_id: UUID) -> Drawn:
    """Draw a card for a ticket. Safe to repeat: the first outcome stands."""
    return service.draw_ticket(ticket_id, citizen=current_citizen(), now=utcnow())


@citizen.get("/tickets/<uuid:ticket_id>")
@refuses(quiz.TicketUnknown)
@reply(schemas.Ticket())
def get_ticket(ticket_id: UUID) -> dict[str, Any]:
    """An own ticket and, once it is drawn, its outcome."""
    with reading():
        ticket = quiz.get_ticket(ticket_id, citizen=current_citizen())
        drawn = service.find_drawn(ticket.id)
        campaign = campaigns.get_campaign_by_id(ticket.campaign_id)
    return {
        "id": ticket.id,
        "campaign": campaign.slug,
        "earned_at": ticket.earned_at,
        "drawn": drawn is not None,
        "draw": drawn,
    }


@clerk.post("/lookup")
@refuses(redeem.CodeMistyped, redeem.AwardUnknown)
@body(schemas.Code())
@reply(schemas.LookUp())
def look_up(asked: dict[str, str]) -> Found:
    """What a redemption code stands for. Changes nothing."""
    with reading():
        return redeem.look_up(asked["code"], staff=current_staff(), now=utcnow())


@clerk.put("/<uuid:scan_id>")
@refuses(redeem.CodeMistyped, redeem.AwardUnknown, redeem.AlreadyRedeemed, redeem.AwardExpired, redeem.AwardVoid)
@refuses(redeem.RedemptionUnknown, Short)
@body(schemas.Scan())
@reply(schemas.Redemption())
def redeem_award(scan_id: UUID, scan: dict[str, str]) -> Redeemed:
    """Hand a prize over under the client's scan id. Safe to repeat."""
    with transaction():
        return redeem.redeem(scan_id, code=scan["code"], note=scan["note"], staff=current_staff(), now=utcnow())


@clerk.post("/<uuid:scan_id>/undo")
@refuses(redeem.RedemptionUnknown, redeem.UndoTooLate, campaigns.WrongState)
@body(schemas.Undo())
@reply(schemas.Redemption())
def undo(scan_id: UUID, wish: dict[str, str]) -> Redeemed:
    """Take a redemption back. Safe to repeat."""
    with transaction():
        return redeem.undo(scan_id, reason=wish["reason"], staff=current_staff(), now=utcnow())
