"""What outreach's tests play with: volunteers on the office's list, assigned and with a phone."""

from datetime import date
from uuid import UUID

from quizsvc.accounts import invitations, volunteers
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Listed
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.outreach import assignments
from quizsvc.regions import service as regions
from tests.world import COMMUNITY, Phone, World

EVER = date(2026, 1, 1)


def enrol(code: str = "v1", region: str = COMMUNITY, *, kind: str = "volunteer", name: str = "王小明") -> UUID:
    """Put somebody on the list; returns the id."""
    with transaction():
        listed = Listed(code, name, kind, regions.get_region(region))
        return volunteers.enrol([listed], now=utcnow()).volunteers[code].id


def assign(code: str = "v1", region: str = COMMUNITY, *, first: date | None = EVER, last: date | None = None) -> None:
    """Let somebody on the list serve a region."""
    with transaction():
        by = accounts.get_staff("operator")
        assignments.assign(code, region, first=first, last=last, by=by, now=utcnow())


def invitation(code: str = "v1") -> str:
    """A personal invitation."""
    with transaction():
        expires_at = utcnow().replace(year=2028)
        found = volunteers.get_by_code(code)
        return invitations.invite(found, by="operator", expires_at=expires_at, now=utcnow())


def volunteer(
    world: World,
    code: str = "v1",
    region: str = COMMUNITY,
    *,
    first: date | None = EVER,
    last: date | None = None,
) -> Phone:
    """The phone of a volunteer who is on the list, serves a region (from long ago on) and has bound the log-in."""
    enrol(code, region)
    assign(code, region, first=first, last=last)
    phone = world.citizen(f"volunteer {code}", consents_to=None)
    answer = phone.post("volunteers", json={"invitation": invitation(code)})
    assert answer.status_code == 201, answer.get_json()
    return phone


def id_of(code: str = "v1") -> UUID:
    """The id of somebody on the list."""
    with reading():
        return volunteers.get_by_code(code).id
