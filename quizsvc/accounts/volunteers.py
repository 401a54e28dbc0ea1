"""Volunteers: the office's list, the log-ins bound to it, invitations, leaving."""

from uuid import UUID

from quizsvc.accounts import volunteer_store as store
from quizsvc.accounts.rules import Citizen, Volunteer
from quizsvc.kit.errors import Refusal


class VolunteerUnknown(Refusal):
    code, status = "accounts.volunteer_unknown", 404
    zh, en = "没有这名志愿者", "There is no such volunteer"


class NotAVolunteer(Refusal):
    code, status = "accounts.not_a_volunteer", 403
    zh, en = "这个微信还没有绑定志愿者，请先使用邀请码", "This log-in is bound to no volunteer, use an invitation first"


def get_by_log_in(citizen: Citizen) -> Volunteer:
    """The volunteer whose log-in this is, also one who left; NotAVolunteer."""
    found = store.find_by_log_in(citizen.openid_hash)
    if found is None:
        raise NotAVolunteer
    return found


def get_volunteer(volunteer_id: UUID) -> Volunteer:
    """The volunteer with this id, also one who left; VolunteerUnknown."""
    found = store.find_by_id(volunteer_id)
    if found is None:
        raise VolunteerUnknown
    return found


def hold_volunteer(volunteer_id: UUID) -> Volunteer:
    """As get_volunteer; nobody else writes for this volunteer until this transaction ends."""
    found = store.find_by_id(volunteer_id, held=True)
    if found is None:
        raise VolunteerUnknown
    return found
