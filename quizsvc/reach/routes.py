"""Figures: totals for everybody, everything for the office."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.kit.http import cached, query, refuses, reply
from quizsvc.reach import schemas, service
from quizsvc.reach.survey import Period
from quizsvc.regions import service as regions

public = Blueprint("reach", __name__)
staff = Blueprint("reach", __name__)


@public.get("/campaigns/<slug:slug>/reach")
@cached(60)
@refuses(campaigns.CampaignUnknown)
@reply(schemas.PublicReach())
def get_reach(slug: str) -> dict[str, Any]:
    """A campaign's totals. One to four is shown as <5, and no two totals give a hidden one away."""
    with reading():
        return service.show_public(campaigns.get_public(slug), now=utcnow())


@staff.get("/campaigns/<slug:slug>/statistics")
@refuses(campaigns.CampaignUnknown, regions.RegionUnknown, RoleMissing)
@query(schemas.Asked())
@reply(schemas.Statistics())
def get_statistics(slug: str, asked: dict[str, Any]) -> dict[str, Any]:
    """All figures of a campaign in a region and a period: by day, community, scam type, question, material."""
    with reading():
        campaign, now = campaigns.get_public(slug), utcnow()
        region = regions.get_region(asked["region"] or campaign.definition.region)
        service.require_reader(current_staff(), over=region)
        whole = service.whole_period([campaign], now=now)
        first = asked["first"] or whole.first
        period = Period.cut(first, asked["last"] or max(first, whole.last))
        found = service.survey([campaign], region=region, period=period, now=now)
    return {
        "as_of": found.as_of,
        "period": found.period,
        "campaign": slug,
        "region": found.region,
        "figures": found.figures,
    }
