"""The doors: who may enter an area, and who entered. For wiring and routes only."""

from flask import g, request

from quizsvc.accounts import service, volunteers
from quizsvc.accounts.rules import Citizen, Staff, Volunteer
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


@refuses(service.TokenMissing, service.TokenRefused, volunteers.NotAVolunteer)
def volunteer_guard() -> None:
    """Let volunteers in, by the log-in that was bound; also who left, for what is still on its way."""
    token = bearer()
    with reading():
        g.citizen = service.verify_citizen(token, now=utcnow())
        g.volunteer = volunteers.get_by_log_in(g.citizen)


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


def current_volunteer() -> Volunteer:
    """Who entered the volunteers' area."""
    found: Volunteer = g.volunteer
    return found


def current_staff() -> Staff:
    """Who entered the staff's area."""
    found: Staff = g.staff
    return found
