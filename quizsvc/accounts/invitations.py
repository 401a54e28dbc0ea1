"""Invitations: a code, read aloud or printed, that makes a WeChat log-in a volunteer's.

A personal one binds the log-in to somebody on the list, once. An open one enrols whoever has it, so many times. Only
a keyed hash is kept, so that a code is shown once and a stolen table invites nobody.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import rules, service
from quizsvc.accounts import store as people
from quizsvc.accounts import volunteer_store as store
from quizsvc.accounts.models import InvitationRecord
from quizsvc.accounts.rules import Citizen, Listed, Volunteer
from quizsvc.accounts.volunteers import get_volunteer, hold_volunteer
from quizsvc.kit import aloud
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

REASON = "volunteer"  # of the exclusion: who hands the leaflets out earns no ticket


class InvitationRefused(Refusal):
    code, status = "accounts.invitation_refused", 404
    zh, en = "邀请码不对、已用过或已过期", "This invitation is wrong, used up or expired"


class AlreadyBound(Refusal):
    code, status = "accounts.already_bound", 409
    zh, en = "这个微信已经绑定了另一名志愿者", "This log-in is bound to another volunteer"


@dataclass(frozen=True)
class Acceptance:
    """Whose log-in it is now. `enrolled_by`: who made the open invitation that has just enrolled them."""

    volunteer: Volunteer
    is_new: bool
    enrolled_by: str | None


def invite(volunteer: Volunteer, *, by: str, expires_at: datetime, now: datetime) -> str:
    """A code that binds one log-in to this volunteer, in the place of any other; earlier codes bind no more."""
    store.void_invitations(volunteer.id)
    return _make(volunteer.id, volunteer.region_id, volunteer.kind, uses=1, by=by, expires_at=expires_at, now=now)


def invite_openly(
    region: Region,
    *,
    kind: str,
    uses: int,
    by: str,
    expires_at: datetime,
    now: datetime,
    number: int | None = None,
) -> str:
    """A code that enrols whoever has it, so many times, with this region as home.

    `number`: what the code is made from, if it must be known before; secret, and used once.
    """
    return _make(None, region.id, kind, uses=uses, by=by, expires_at=expires_at, now=now, number=number)


def code_of(number: int) -> str:
    """The invitation that is made from a number of 64 bits."""
    return rules.letters_of(number, count=rules.INVITATION_LETTERS)


def _make(
    volunteer_id: UUID | None,
    region_id: UUID,
    kind: str,
    *,
    uses: int,
    by: str,
    expires_at: datetime,
    now: datetime,
    number: int | None = None,
) -> str:
    code = code_of(secrets.randbits(64) if number is None else number)
    store.add_invitation(
        _hash_of(code),
        volunteer_id=volunteer_id,
        region_id=region_id,
        kind=kind,
        uses=uses,
        expires_at=expires_at,
        made_by=by,
        now=now,
    )
    return code


def _hash_of(typed: str) -> str:
    return keys().identity_hash("invitation", aloud.heard(typed))


def accept(typed: str, *, citizen: Citizen, name: str | None, now: datetime) -> Acceptance:
    """Bind a log-in by an invitation; the same log-in with the same code gets the first answer, whatever became of it.

    InvitationRefused, AlreadyBound, TokenRefused (deleted meanwhile), BadShape (an open invitation needs a name).
    """
    people.hold_citizen(citizen.id)  # one log-in accepts one invitation at a time, and is not deleted meanwhile
    service.get_citizen(citizen.id)
    invitation, bound = store.find_invitation(_hash_of(typed)), store.find_by_log_in(citizen.openid_hash)
    if invitation is None:
        raise InvitationRefused
    volunteer_id = invitation.volunteer_id or _enrolled_id(invitation, citizen)
    if bound is not None:
        if bound.id != volunteer_id:
            raise AlreadyBound
        return Acceptance(bound, is_new=False, enrolled_by=None)
    if invitation.volunteer_id is not None:
        hold_volunteer(volunteer_id)  # as who invites does first, or the two could wait for each other
    if not store.take_use(invitation.code_hash, now=now):
        raise InvitationRefused
    if invitation.volunteer_id is None:
        _enrol(volunteer_id, invitation, name=name, now=now)
    store.bind(volunteer_id, openid_hash=citizen.openid_hash, now=now)
    people.add_exclusion(citizen.openid_hash, reason=REASON, now=now)
    volunteer = get_volunteer(volunteer_id)
    after = {"invited_by": invitation.made_by}
    service.audit(service.SYSTEM, act="volunteer.bind", subject=volunteer.code, after=after, now=now)
    enrolled_by = invitation.made_by if invitation.volunteer_id is None else None
    return Acceptance(volunteer, is_new=True, enrolled_by=enrolled_by)


def _enrolled_id(invitation: InvitationRecord, citizen: Citizen) -> UUID:
    """The one volunteer whom this log-in becomes by this open invitation, however often it is sent."""
    digest = keys().identity_digest("enrolment", f"{invitation.code_hash}|{citizen.openid_hash}")
    return UUID(bytes=digest[:16])


def _enrol(volunteer_id: UUID, invitation: InvitationRecord, *, name: str | None, now: datetime) -> None:
    if not (name := (name or "").strip()):
        raise BadShape(fields={"name": ["Missing data for required field."]})
    code = rules.letters_of(volunteer_id.int, count=rules.OPEN_CODE_LETTERS)
    home = regions.get_region_by_id(invitation.region_id)
    store.add_enrolled(volunteer_id, Listed(code, name, invitation.kind, home), now=now)
