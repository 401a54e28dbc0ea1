"""Becoming a volunteer; what a volunteer's phone reads."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_citizen, current_volunteer
from quizsvc.accounts.invitations import AlreadyBound, InvitationRefused
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.etags import reply_if_changed
from quizsvc.kit.http import body, refuses, reply
from quizsvc.outreach import enrolment, phone, schemas
from quizsvc.outreach.phone import Bootstrap, OwnState
from quizsvc.outreach.rules import Membership

citizen = Blueprint("volunteers", __name__)
volunteer = Blueprint("outreach", __name__, url_prefix="/outreach")


@citizen.post("/volunteers")
@refuses(InvitationRefused, AlreadyBound)
@body(schemas.Invited())
@reply(schemas.Volunteer(), 201, also=200)
def accept_invitation(invited: dict[str, Any]) -> tuple[Membership, int]:
    """Become a volunteer by an invitation, 201. Safe to repeat: 200 with the first answer. Earns no ticket from now."""
    with transaction():
        found, is_new = enrolment.accept(
            invited["invitation"], citizen=current_citizen(), name=invited["name"], now=utcnow()
        )
    return found, 201 if is_new else 200


@volunteer.get("/bootstrap")
@reply_if_changed(schemas.Bootstrap(), but="server_time")
def get_bootstrap() -> Bootstrap:
    """What a phone needs to take tallies offline; ask again with its ETag."""
    with reading():
        return phone.get_bootstrap(current_volunteer(), now=utcnow())


@volunteer.get("/me")
@reply(schemas.OwnState())
def get_own_state() -> OwnState:
    """The own stock and totals."""
    with reading():
        return phone.get_own_state(current_volunteer(), now=utcnow())
