"""Volunteers: the office's list, the log-ins bound to it, invitations, leaving."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import volunteer_store as store
from quizsvc.accounts.rules import Citizen, Listed, Volunteer
from quizsvc.kit.errors import Refusal


class VolunteerUnknown(Refusal):
    code, status = "accounts.volunteer_unknown", 404
    zh, en = "没有这名志愿者", "There is no such volunteer"


class NotAVolunteer(Refusal):
    code, status = "accounts.not_a_volunteer", 403
    zh, en = "这个微信还没有绑定志愿者，请先使用邀请码", "This log-in is bound to no volunteer, use an invitation first"


@dataclass(frozen=True)
class Enrolled:
    """What a list did: volunteers by code as they stand, codes that are new, names and kinds (was, is) by code."""

    volunteers: Mapping[str, Volunteer]
    added: Collection[str]
    changed: Mapping[str, tuple[tuple[str, str], tuple[str, str]]]


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


def list_volunteers_by_id(volunteer_ids: Collection[UUID]) -> dict[UUID, Volunteer]:
    """The volunteers with these ids, also who left."""
    return store.list_by_id(volunteer_ids)


def hold_volunteer(volunteer_id: UUID) -> Volunteer:
    """As get_volunteer; nobody else writes for this volunteer until this transaction ends."""
    found = store.find_by_id(volunteer_id, held=True)
    if found is None:
        raise VolunteerUnknown
    return found


def get_by_code(code: str) -> Volunteer:
    """The volunteer with this number on the list, also one who left; VolunteerUnknown."""
    found = store.find_by_code(code)
    if found is None:
        raise VolunteerUnknown
    return found


def list_volunteers() -> list[tuple[Volunteer, bool]]:
    """The whole list in order of code, each with whether a log-in is bound."""
    return store.list_volunteers()


def is_bound(volunteer: Volunteer) -> bool:
    """Whether a log-in is bound to this volunteer."""
    return store.is_bound(volunteer.id)


def enrol(listed: Sequence[Listed], *, now: datetime) -> Enrolled:
    """Take a list over by code: new ones are added, name and kind brought up to date. Safe to repeat.

    In four statements however long the list is; all of its volunteers are held until this transaction ends. They are
    held after new ones were added, in one order: two lists that share some of each would wait for each other.
    """
    new = store.add_volunteers(listed, now=now)
    standing = store.hold_by_code({one.code for one in listed})
    added = {code for code, one in standing.items() if one.id in new}
    changed = {
        one.code: ((stands.name, stands.kind), (one.name, one.kind))
        for one in listed
        for stands in [standing[one.code]]
        if (stands.name, stands.kind) != (one.name, one.kind)
    }
    store.record_names({standing[code].id: now_said for code, (_, now_said) in changed.items()})
    return Enrolled(standing, added, changed)


def take_back(volunteer_ids: Collection[UUID]) -> None:
    """Who left is a volunteer again."""
    store.record_return(volunteer_ids)


def leave(volunteer: Volunteer, *, left_at: datetime) -> bool:
    """Write down that a volunteer left; False when it was then or before. The log-in stays bound."""
    return store.record_leaving(volunteer.id, left_at=left_at)


def find_by_log_in(citizen: Citizen) -> Volunteer | None:
    """As get_by_log_in. Every log-in that is bound earns no ticket, so others are not even looked up."""
    return store.find_by_log_in(citizen.openid_hash) if citizen.excluded else None


def unbind(citizen: Citizen) -> None:
    """Forget whose log-in this is; the office's list keeps its entry."""
    store.unbind(citizen.openid_hash)
