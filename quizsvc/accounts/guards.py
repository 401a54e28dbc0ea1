"""The doors: who may enter an area, and who entered. For wiring and routes only."""

from flask import g, request

from quizsvc.accounts import service
from quizsvc.accounts.rules import Citizen, Staff
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.kit.http import refuses


def bearer() -> str:
    """The request's bearer token, or TokenMissing."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise service.TokenMissing
    return token.strip()


@refuses(service.TokenMissing, service.TokenRefused)
def citizen_guard() -> None:
    """Let citizens in."""
    token = bearer()
    with reading():
        g.citizen = service.verify_citizen(token, now=utcnow())


@refuses(service.TokenMissing, service.TokenRefused)
def staff_guard() -> None:
    """Let staff in; what they may do is decided per act, by role and region."""
    token = bearer()
    with reading():
        g.staff = service.verify_staff(token, now=utcnow())


def current_citizen() -> Citizen:
    """Who entered the citizens' area."""
    found: Citizen = g.citizen
    return found


def current_staff() -> Staff:
    """Who entered the staff's area."""
    found: Staff = g.staff
    return found
