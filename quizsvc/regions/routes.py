"""The tree of regions, open to everybody."""

from typing import Any

from flask import Blueprint

from quizsvc.kit.db import reading
from quizsvc.kit.fields import page_of
from quizsvc.kit.http import cached, query, refuses, reply
from quizsvc.kit.pages import PageOf
from quizsvc.regions import schemas, service
from quizsvc.regions.rules import Region

bp = Blueprint("regions", __name__)


@bp.get("/regions")
@cached(60)
@refuses(service.RegionUnknown)
@query(schemas.RegionQuery())
@reply(page_of(schemas.Region()))
def list_regions(wanted: dict[str, Any]) -> PageOf[Region]:
    """Regions in order of code, under one of them, of one level or by a part of the name."""
    with reading():
        return service.list_regions(
            under=wanted["under"],
            name_part=wanted["q"],
            level=wanted["level"],
            cursor=wanted["cursor"],
            limit=wanted["limit"],
        )
