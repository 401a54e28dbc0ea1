"""The campaign page, open to everybody; the citizen's own state, awards, export and deletion."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_citizen
from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.fields import PageQuery, page_of
from quizsvc.kit.http import cached, query, refuses, reply
from quizsvc.kit.pages import PageOf
from quizsvc.lottery.service import Win
from quizsvc.me import schemas, service
from quizsvc.me.service import CampaignPage, OwnState

pages = Blueprint("campaigns", __name__)
citizen = Blueprint("me", __name__)


@pages.get("/campaigns")
@cached(5)
@query(PageQuery())
@reply(page_of(schemas.CampaignLine()))
def list_campaigns(page: dict[str, Any]) -> PageOf[Campaign]:
    """Published campaigns."""
    with reading():
        return service.list_pages(cursor=page["cursor"], limit=page["limit"])


@pages.get("/campaigns/<slug:slug>")
@cached(2)
@refuses(campaigns.CampaignUnknown)
@reply(schemas.Campaign())
def get_campaign(slug: str) -> CampaignPage:
    """A campaign: rules, prizes, rounds and the boxes' commitments."""
    with reading():
        return service.get_page(slug)


@pages.get("/campaigns/<slug:slug>/rules/<int:version>")
@cached(60)
@refuses(campaigns.CampaignUnknown, amendments.VersionUnknown)
@reply(schemas.Rules())
def get_rules(slug: str, version: int) -> dict[str, Any]:
    """One version of a campaign's rules, exactly as it was hashed; all versions are listed on the campaign page."""
    with reading():
        return amendments.get_rules(campaigns.get_public(slug), version=version)


@pages.get("/campaigns/<slug:slug>/privacy")
@cached(60)
@refuses(campaigns.CampaignUnknown)
@reply(schemas.Privacy())
def get_privacy(slug: str) -> Campaign:
    """The campaign's privacy notice, to be agreed to before the first paper."""
    with reading():
        return campaigns.get_public(slug)


@citizen.get("/campaigns/<slug:slug>/me")
@refuses(campaigns.CampaignUnknown)
@reply(schemas.OwnState())
def get_own_state(slug: str) -> OwnState:
    """The own state in a campaign: papers left, tickets, awards, consents. The first look of a day is counted."""
    citizen, now = current_citizen(), utcnow()
    with reading():
        state = service.get_own_state(slug, citizen, now=now)
    if service.is_new_visit(state.campaign, citizen, now=now):
        with transaction():
            service.record_visit(state.campaign, citizen, now=now)
    return state


@citizen.get("/me/awards")
@query(PageQuery())
@reply(page_of(schemas.Award()))
def list_awards(page: dict[str, Any]) -> PageOf[Win]:
    """The own awards with their redemption codes and coupons."""
    with reading():
        return service.list_awards(current_citizen(), cursor=page["cursor"], limit=page["limit"])


@citizen.get("/me")
@reply(schemas.Export())
def export() -> dict[str, Any]:
    """Export all that is kept about oneself."""
    with reading():
        return service.export(current_citizen())


@citizen.delete("/me")
@reply(None, 204)
def delete() -> None:
    """Delete oneself. What must be kept stays without a person; limits are not reset."""
    with transaction():
        service.delete(current_citizen(), now=utcnow())
