"""The material ledger for clerks and operators."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.accounts.volunteers import VolunteerUnknown
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.fields import page_of
from quizsvc.kit.http import body, query, refuses, reply
from quizsvc.kit.pages import PageOf
from quizsvc.materials import schemas, service, stock
from quizsvc.materials.rules import Movement
from quizsvc.materials.stock import Stock
from quizsvc.regions.service import RegionUnknown

clerk = Blueprint("materials", __name__, url_prefix="/materials")


@clerk.post("/movements")
@refuses(RegionUnknown, RoleMissing, service.MaterialUnknown, service.PackUnknown, VolunteerUnknown)
@refuses(service.Short, service.CountedSince)
@refuses(service.MovementUnknown, service.AlreadyReversed, service.Irreversible)
@body(schemas.Wished())
@reply(schemas.Movement(), 201, also=200)
def post_movement(wished: dict[str, Any]) -> tuple[Movement, int]:
    """Post a movement under the client's id, 201. Safe to repeat: 200 with the first answer."""
    with transaction():
        staff, now = current_staff(), utcnow()
        if wished["wish"] is not None:
            movement, is_new = service.post(wished["wish"], staff=staff, now=now)
        else:
            movement, is_new = service.reverse(
                wished["id"], wished["reverses"], reason=wished["reason"], staff=staff, now=now
            )
    return movement, 201 if is_new else 200


@clerk.get("/stock")
@refuses(RegionUnknown, RoleMissing)
@query(schemas.StockQuery())
@reply(page_of(schemas.StockLine()))
def list_stock(asked: dict[str, Any]) -> PageOf[Stock]:
    """What the stores and volunteers of one's regions have."""
    with reading():
        return stock.list_stock(
            under=asked["region"], staff=current_staff(), cursor=asked["cursor"], limit=asked["limit"]
        )
