"""The office's own people: who holds which role where, adding and leaving, passwords."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from argon2.exceptions import VerificationError

from quizsvc.accounts import rules, service, store
from quizsvc.accounts.models import StaffRecord
from quizsvc.accounts.rules import Grant, Staff
from quizsvc.accounts.service import PasswordTooShort, RoleMissing, StaffUnknown, TokenRefused
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.regions import service as regions
from quizsvc.regions.rules import LEVELS, Region

MAY_READ = ("operator", "auditor")
LOWEST = "community"


@dataclass(frozen=True)
class Member:
    """A staff member as somebody may see them: `grants` are those in the reader's regions.

    `is_governed`: the reader may reset the password and dismiss, because no grant lies elsewhere.
    """

    id: UUID
    name: str
    created_at: datetime
    dismissed_at: datetime | None
    grants: Sequence[Grant]
    is_governed: bool


def list_places(staff: Staff, *, roles: Collection[str]) -> list[Region]:
    """Where the staff member holds one of these roles, down to the communities, in order of code."""
    held = [grant.region for grant in staff.grants if grant.role in roles]
    above = LEVELS[: LEVELS.index(LOWEST) + 1]
    return [one for one in regions.list_subtrees(held) if one.level in above or one in held]


def list_members(by: Staff, *, role: str | None, gone: bool, cursor: str | None, limit: int) -> PageOf[Member]:
    """Who holds a role in the reader's regions, in order of name; dismissed ones, or those who stand."""
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    within = [one.id for one in regions.list_subtrees(_held(by))]
    found = store.list_members(within, role=role, gone=gone, after=after, limit=limit + 1)
    return page_from([_member(one, by) for one in found], limit=limit, key=lambda one: (one.name,))


def get_member(member_id: UUID, *, by: Staff) -> Member:
    """The member, if they hold a role in the reader's regions; StaffUnknown."""
    record = store.find_staff_by_id(member_id)
    member = None if record is None else _member(record, by)
    if member is None or not member.grants:
        raise StaffUnknown
    return member


def enrol(name: str, *, role: str, region: Region, by: Staff, now: datetime) -> tuple[Staff, str | None]:
    """Add a member with a first role, and the password to start with; or give a standing one a role, without one.

    Refusals as add_staff.
    """
    password = _made()
    added = service.add_staff(name, password=password, role=role, region=region, granter=by, now=now)
    record = store.find_staff(name)  # who stood before, if only for a moment, keeps the password
    return added, password if record is not None and _opens(record.password_hash, password) else None


def revoke(member: Member, *, role: str, region: Region, by: Staff, now: datetime) -> None:
    """Take a role back, as who might grant it may; RoleMissing. What nobody holds stays so."""
    if not rules.may_grant(by, to_name=member.name, role=role, on=region):
        raise RoleMissing
    if store.record_revocation(member.id, role=role, region_id=region.id, now=now):
        before = {"role": role, "region": region.code}
        service.audit(by.name, act="staff.revoke", subject=member.name, before=before, now=now)


def reset_password(member: Member, *, by: Staff, now: datetime) -> str:
    """A new password to start with, which ends every sign-in of theirs; RoleMissing for oneself, too."""
    if member.name == by.name or not member.is_governed or member.dismissed_at is not None:
        raise RoleMissing
    password = _made()
    store.record_password(member.id, password_hash=service.hasher.hash(password))
    service.audit(by.name, act="staff.reset_password", subject=member.name, now=now)
    return password


def change_password(staff: Staff, *, password: str, now: datetime) -> None:
    """One's own, after one has shown the old one; ends every sign-in of oneself. PasswordTooShort."""
    if len(password) < rules.SHORTEST_PASSWORD:
        raise PasswordTooShort
    store.record_password(staff.id, password_hash=service.hasher.hash(password))
    service.audit(staff.name, act="staff.change_password", subject=staff.name, now=now)


def sign_out(token: str, *, now: datetime) -> None:
    """End every sign-in of whom a token was given to; one that is no longer good ends nothing."""
    try:
        staff = service.verify_staff(token, now=now)
    except TokenRefused:
        return
    store.record_sign_out(staff.id)
    service.audit(staff.name, act="staff.sign_out", subject=staff.name, now=now)


def _held(by: Staff) -> list[Region]:
    return [grant.region for grant in by.grants if grant.role in MAY_READ]


def _member(record: StaffRecord, by: Staff) -> Member:
    known = regions.list_regions_by_id(region_id for _, region_id in store.list_grants(record.id))
    grants = [Grant(role, known[region_id]) for role, region_id in store.list_grants(record.id)]
    whole = Staff(record.id, record.name, grants)
    seen = [one for one in grants if any(place.covers(one.region) for place in _held(by))]
    return Member(record.id, record.name, record.created_at, record.dismissed_at, seen, rules.may_govern(by, whole))


def _opens(password_hash: str, password: str) -> bool:
    try:
        return service.hasher.verify(password_hash, password)
    except VerificationError:
        return False


def _made() -> str:
    return rules.letters_of(secrets.randbits(5 * rules.PASSWORD_LETTERS), count=rules.PASSWORD_LETTERS)
