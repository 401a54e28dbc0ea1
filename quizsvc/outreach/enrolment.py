"""Become a volunteer by an invitation."""

from dataclasses import dataclass
from datetime import datetime

from quizsvc.accounts import invitations
from quizsvc.accounts.rules import Citizen, Volunteer
from quizsvc.outreach import assignments
from quizsvc.outreach.terms import Term
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region


@dataclass(frozen=True)
class Membership:
    """A volunteer and their home."""

    volunteer: Volunteer
    region: Region


def accept(code: str, *, citizen: Citizen, name: str | None, now: datetime) -> tuple[Membership, bool]:
    """Bind a log-in by an invitation; an open one assigns whom it enrols to its region, from now. True when new.

    InvitationRefused, AlreadyBound, TokenRefused, BadShape.
    """
    done = invitations.accept(code, citizen=citizen, name=name, now=now)
    home = regions.get_region_by_id(done.volunteer.region_id)
    if done.enrolled_by is not None:
        assignments.serve([(done.volunteer, Term(home, now, None))], by=done.enrolled_by, now=now)
    return Membership(done.volunteer, home), done.is_new
