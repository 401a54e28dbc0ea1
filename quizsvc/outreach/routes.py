"""Becoming a volunteer; what a volunteer's phone reads."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_citizen
from quizsvc.accounts.invitations import AlreadyBound, InvitationRefused
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.http import body, refuses, reply
from quizsvc.outreach import enrolment, schemas
from quizsvc.outreach.enrolment import Membership

citizen = Blueprint("volunteers", __name__)


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
