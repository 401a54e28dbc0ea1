"""Tallies: from volunteers' phones, from clerks' paper forms, and those that wait for a person."""

from typing import Any
from uuid import UUID

from flask import Blueprint

from quizsvc.accounts.guards import current_staff, current_volunteer
from quizsvc.accounts.service import RoleMissing
from quizsvc.accounts.volunteers import VolunteerUnknown
from quizsvc.campaigns.service import WrongState
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.fields import page_of
from quizsvc.kit.http import body, query, refuses, reply
from quizsvc.kit.pages import PageOf
from quizsvc.outreach import held, service
from quizsvc.outreach import tally_schemas as schemas
from quizsvc.outreach.held import Held
from quizsvc.outreach.service import Answer
from quizsvc.regions.service import RegionUnknown

volunteer = Blueprint("tallies", __name__, url_prefix="/outreach")
clerk = Blueprint("tallies", __name__, url_prefix="/outreach")


@volunteer.post("/tallies")
@body(schemas.Batch())
@reply(schemas.Answer())
def upload_tallies(batch: dict[str, Any]) -> Answer:
    """Send up to 100 tallies, in any order. Safe to repeat; one bad line never spoils its neighbours."""
    with transaction():
        return service.upload(batch["tallies"], volunteer=current_volunteer(), clock=batch["clock"], now=utcnow())


@clerk.post("/volunteers/<uuid:volunteer_id>/tallies")
@refuses(VolunteerUnknown, RoleMissing)
@body(schemas.Batch())
@reply(schemas.Answer())
def enter_tallies(volunteer_id: UUID, batch: dict[str, Any]) -> Answer:
    """Enter paper forms for a volunteer. As upload; safe to repeat."""
    with transaction():
        return service.enter(
            batch["tallies"], volunteer_id=volunteer_id, staff=current_staff(), clock=batch["clock"], now=utcnow()
        )


@clerk.get("/held")
@refuses(RegionUnknown, RoleMissing)
@query(schemas.HeldQuery())
@reply(page_of(schemas.Held()))
def list_held(asked: dict[str, Any]) -> PageOf[Held]:
    """What waits for a decision in one's regions, oldest first."""
    with reading():
        return held.list_held(
            under=asked["region"], staff=current_staff(), cursor=asked["cursor"], limit=asked["limit"]
        )


@clerk.put("/held/<uuid:held_id>")
@refuses(held.HeldUnknown, WrongState)
@body(schemas.Decision())
@reply(schemas.Held())
def decide(held_id: UUID, decision: dict[str, Any]) -> Held:
    """Count a held tally, or refuse it. Safe to repeat: what was decided first stands."""
    with transaction():
        return held.decide(held_id, **decision, staff=current_staff(), now=utcnow())
