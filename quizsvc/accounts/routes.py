"""Log-in of citizens and staff; a citizen's consent and community."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts import messages, schemas, service, volunteers, wechat
from quizsvc.accounts.guards import TooManyTries, current_citizen, enter
from quizsvc.accounts.rules import Citizen, Consent
from quizsvc.accounts.service import Session
from quizsvc.accounts.wechat import openid_of
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.http import body, refuses, reply
from quizsvc.regions import service as regions

doors = Blueprint("accounts", __name__)
citizen = Blueprint("accounts", __name__)


@doors.post("/sessions")
@refuses(wechat.CodeRefused, wechat.RiskyUser, wechat.WeChatAway)
@body(schemas.Code())
@reply(schemas.CitizenSession())
def log_in(login: dict[str, str]) -> dict[str, Any]:
    """Log a citizen in with a WeChat code."""
    openid = openid_of(login["code"])
    with transaction():
        return _shown(service.log_in(openid, now=utcnow()))


@doors.post("/staff/sessions")
@refuses(service.SignInRefused, TooManyTries)
@body(schemas.SignIn())
@reply(schemas.StaffSession())
def sign_in(login: dict[str, str]) -> Session:
    """Sign a staff member in with name and password."""
    return enter(login["name"], password=login["password"])


@citizen.put("/me/consents/<purpose>")
@refuses(service.PurposeUnknown, messages.CodeNotYours, wechat.RiskyUser, wechat.WeChatAway)
@body(schemas.ConsentWord())
@reply(schemas.Consent())
def give_consent(purpose: str, word: dict[str, Any]) -> Consent:
    """Agree to a version of a purpose, or take it back. Safe to repeat, also with a code that was used."""
    citizen, version, granted = current_citizen(), word["version"], word["granted"]
    openid = _address(citizen, word["code"], purpose=purpose, granted=granted)
    with transaction():
        said = service.give_consent(citizen, purpose=purpose, version=version, granted=granted, now=utcnow())
        if openid is not None:
            messages.keep_address(citizen, openid=openid, now=utcnow())
        return said


def _address(citizen: Citizen, code: str | None, *, purpose: str, granted: bool) -> str | None:
    """The openid behind the code that came with a yes to messages, asked for only where it is wanted."""
    if code is None:
        return None
    with reading():
        is_wanted = messages.wants_address(citizen, purpose=purpose, granted=granted)
    if not is_wanted:
        return None
    try:
        return openid_of(code)
    except wechat.CodeRefused:
        raise messages.CodeNotYours from None


@citizen.put("/me/region")
@refuses(regions.RegionUnknown)
@body(schemas.RegionChoice())
@reply(schemas.RegionChoice())
def choose_region(choice: dict[str, str]) -> dict[str, str]:
    """Choose the own community. Safe to repeat."""
    with transaction():
        return {"region": service.choose_region(current_citizen(), code=choice["region"]).code}


def _shown(session: Session) -> dict[str, Any]:
    person = session.citizen
    region = None if person is None or person.region_id is None else regions.get_region_by_id(person.region_id).code
    roles = ["citizen", "volunteer"] if person and volunteers.find_by_log_in(person) else ["citizen"]
    shown = {"id": person and person.id, "region": region, "roles": roles}
    return {"token": session.token, "expires_in": session.expires_in, "citizen": shown}
