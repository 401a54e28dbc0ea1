"""Become a volunteer by an invitation."""

from datetime import datetime

from quizsvc.accounts import invitations
from quizsvc.accounts.rules import Citizen
from quizsvc.outreach import assignments
from quizsvc.outreach.rules import Membership
from quizsvc.outreach.terms import Term
from quizsvc.regions import service as regions


def accept(code: str, *, citizen: Citizen, name: str | None, now: datetime) -> tuple[Membership, bool]:
    """Bind a log-in by an invitation; an open one assigns whom it enrols to its region, from now. True when new.

    InvitationRefused, AlreadyBound, TokenRefused, BadShape.
    """
    done = invitations.accept(code, citizen=citizen, name=name, now=now)
    home = regions.get_region_by_id(done.volunteer.region_id)
    if done.enrolled_by is not None:
        assignments.serve([(done.volunteer, Term(home, now, None))], by=done.enrolled_by, now=now)
    return Membership(done.volunteer, home), done.is_new
