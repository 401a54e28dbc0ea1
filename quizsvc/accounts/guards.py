"""The doors: who may enter an area, and who entered. For wiring and routes only."""

import logging
from datetime import timedelta

from flask import g, request

from quizsvc.accounts import service, trail, volunteers
from quizsvc.accounts.rules import Citizen, Staff, Volunteer
from quizsvc.accounts.service import Session, SignInRefused
from quizsvc.kit.addresses import client_address, neighbourhood
from quizsvc.kit.clock import utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.http import refuses
from quizsvc.kit.lua import RedisError
from quizsvc.kit.throttle import Pace, admit, forget

SIGN_IN = "sign-in"
NAME_PACE = Pace(timedelta(minutes=1), burst=8)
ADDRESS_PACE = Pace(timedelta(seconds=5), burst=60)  # an office of many desks has one address

logger = logging.getLogger("quizsvc")


class TooManyTries(Refusal):
    code, status, retry = "accounts.too_many_tries", 429, "later"
    zh, en = "登录尝试过于频繁，请稍后再试", "Too many tries to sign in, please wait a little"


def enter(name: str, *, password: str) -> Session:
    """Sign a staff member in, by the API or at the desk; SignInRefused, TooManyTries. Either way the audit log says so.

    Tries are counted before the password is looked at, by name and by address; who knows the password gets the name's
    tries back. While Redis is away nothing is counted and people are let in: prizes are handed over without Redis,
    nobody outside can take it away, and a try still costs a slow hash and leaves its line in the log.
    """
    address = client_address()
    bucket = f"name:{keys().identity_hash('sign-in', name)}"
    _wait_for_turn({bucket: NAME_PACE, f"address:{neighbourhood(address)}": ADDRESS_PACE})
    try:
        with reading():
            session = service.sign_in(name, password=password, now=utcnow())
    except SignInRefused:
        with transaction():
            trail.note_refusal(name, address=address, now=utcnow())
        raise
    with transaction():
        trail.note_sign_in(name, address=address, now=utcnow())
    try:
        forget(SIGN_IN, bucket)
    except RedisError as error:
        logger.warning("sign-in is not counted: Redis is away: %s", type(error).__name__)
    return session


def _wait_for_turn(paces: dict[str, Pace]) -> None:
    try:
        wait = admit(SIGN_IN, paces)
    except RedisError as error:
        logger.warning("sign-in is not counted: Redis is away: %s", type(error).__name__)
        return
    if wait:
        raise TooManyTries(retry_after=wait)


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
