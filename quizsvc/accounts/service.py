"""Log-in, consent, exclusion and deletion of citizens; staff, their roles and the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from quizsvc.accounts import messages, rules, store, volunteers
from quizsvc.accounts.models import StaffRecord
from quizsvc.accounts.rules import Citizen, Consent, Grant, Staff
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

SYSTEM = "system"
hasher = PasswordHasher()
NOBODY = hasher.hash("a password that nobody has: verifying takes as long for unknown names")


class TokenMissing(Refusal):
    code, status = "accounts.token_missing", 401
    zh, en = "请先登录", "Log in first"


class TokenRefused(Refusal):
    code, status = "accounts.token_refused", 401
    zh, en = "登录已失效，请重新登录", "This log-in is no longer good, log in again"


class SignInRefused(Refusal):
    code, status = "accounts.sign_in_refused", 401
    zh, en = "用户名或密码不对", "Wrong name or password"


class RoleMissing(Refusal):
    code, status = "accounts.role_missing", 403
    zh, en = "您没有这项权限", "Your role does not cover this"


class ConsentNeeded(Refusal):
    code, status, retry = "accounts.consent_needed", 409, "later"
    zh, en = "请先阅读并同意个人信息保护告知", "Agree to the privacy notice first"


class PurposeUnknown(Refusal):
    code, status = "accounts.purpose_unknown", 404
    zh, en = "没有这项授权", "There is no such purpose"


class StaffUnknown(Refusal):
    code, status = "accounts.staff_unknown", 404
    zh, en = "没有这名工作人员", "There is no such staff member"


class NameTaken(Refusal):
    code, status = "accounts.name_taken", 409
    zh, en = "用户名已被使用", "This name is taken"


class NameRefused(Refusal):
    code, status = "accounts.name_refused", 422
    zh, en = (
        f"用户名为 1 到 {rules.LONGEST_NAME} 个字，首尾不留空格",
        f"Use a name of 1 to {rules.LONGEST_NAME} characters",
    )


class PasswordTooShort(Refusal):
    code, status = "accounts.password_too_short", 422
    zh, en = f"密码至少 {rules.SHORTEST_PASSWORD} 位", f"Use {rules.SHORTEST_PASSWORD} characters or more"


@dataclass(frozen=True)
class Session:
    """A fresh log-in. `expires_in` is in seconds."""

    token: str
    expires_in: int
    citizen: Citizen | None = None
    staff: Staff | None = None


# --- citizens ---------------------------------------------------------------------------------------------------------


def log_in(openid: str, *, now: datetime) -> Session:
    """Log the owner of an openid in; the first time makes the citizen."""
    openid_hash = keys().identity_hash("openid", openid)
    citizen_id = store.add_citizen(new_id(), openid_hash=openid_hash, now=now)
    token = keys().sign("citizen", citizen_id.hex, until=now + rules.CITIZEN_TOKEN_LASTS)
    return Session(token, int(rules.CITIZEN_TOKEN_LASTS.total_seconds()), citizen=get_citizen(citizen_id))


def get_citizen(citizen_id: UUID) -> Citizen:
    """The citizen, or TokenRefused when there is none any more."""
    if (found := store.find_citizen(citizen_id)) is None:
        raise TokenRefused
    return found


def verify_citizen(token: str, *, now: datetime) -> Citizen:
    """The citizen that a token was given to; TokenRefused."""
    value = keys().verify("citizen", token, now=now)
    if value is None:
        raise TokenRefused
    return get_citizen(UUID(value))


def choose_region(citizen: Citizen, *, code: str) -> Region:
    """Remember the community a citizen chose; RegionUnknown."""
    region = regions.get_region(code)
    store.record_region(citizen.id, region_id=region.id)
    return region


def give_consent(citizen: Citizen, *, purpose: str, version: str, granted: bool, now: datetime) -> Consent:
    """Record a yes or a no to one version of one purpose; the same word again changes nothing."""
    if purpose not in rules.PURPOSES:
        raise PurposeUnknown
    store.hold_citizen(citizen.id)  # the same word at once is one row
    stands = store.find_consent(citizen.id, purpose=purpose, version=version)
    if stands is not None and stands.granted == granted:
        return stands
    consent = Consent(purpose=purpose, version=version, granted=granted, at=now)
    store.add_consent(citizen.id, consent)
    messages.heed(citizen.id, consent)
    return consent


def require_consent(citizen: Citizen, *, version: str) -> None:
    """ConsentNeeded unless the citizen agreed to this version of the privacy notice."""
    stands = store.find_consent(citizen.id, purpose="privacy", version=version)
    if stands is None or not stands.granted:
        raise ConsentNeeded


def list_consents(citizen: Citizen) -> Sequence[Consent]:
    """Every word the citizen said, in order of time."""
    return store.list_consents(citizen.id)


def limit_key(citizen: Citizen, *, campaign_id: UUID) -> str:
    """What a person's limits in one campaign hang on: survives deletion, tells nothing, differs per campaign."""
    return keys().identity_hash("limit", f"{campaign_id}|{citizen.openid_hash}")


def list_barred() -> frozenset[UUID]:
    """Citizens who take part in no draw: excluded by the rules, or gone."""
    return frozenset(store.list_barred())


def delete_citizen(citizen: Citizen, *, now: datetime) -> None:
    """Forget who the citizen was: openid, consents, messages, whose log-in it was (the office's list stays).

    The row stays as a key that leads to nobody (PIPL art. 47).
    """
    if store.record_deletion(citizen.id, now=now):
        store.delete_consents(citizen.id)
        messages.forget(citizen.id)
        volunteers.unbind(citizen)
        audit(SYSTEM, act="citizen.delete", subject="citizen", now=now)


# --- staff ------------------------------------------------------------------------------------------------------------


def sign_in(name: str, *, password: str, now: datetime) -> Session:
    """A token for a staff member; SignInRefused after the same time whether the name exists or not."""
    record = store.find_staff(name)
    known = record is not None and record.dismissed_at is None
    try:
        hasher.verify(record.password_hash if record is not None and known else NOBODY, password)
    except VerificationError:
        raise SignInRefused from None
    if record is None or not known:
        raise SignInRefused
    token = keys().sign("staff", _key_of(record), until=now + rules.STAFF_TOKEN_LASTS)
    return Session(token, int(rules.STAFF_TOKEN_LASTS.total_seconds()), staff=_staff(record.id, record.name))


def verify_staff(token: str, *, now: datetime) -> Staff:
    """Whom a token was given to, with the roles held now; TokenRefused once dismissed, signed out or renewed."""
    value = keys().verify("staff", token, now=now) or ""
    record = store.find_staff_by_id(UUID(value[:32])) if value else None
    if record is None or record.dismissed_at is not None or value != _key_of(record):
        raise TokenRefused
    return _staff(record.id, record.name)


def _key_of(record: StaffRecord) -> str:
    return rules.staff_key(record.id, record.password_hash, record.sign_outs)


def get_staff(name: str) -> Staff:
    """The staff member with this name and the roles held now; StaffUnknown, also once dismissed."""
    record = store.find_staff(name)
    if record is None or record.dismissed_at is not None:
        raise StaffUnknown
    return _staff(record.id, record.name)


def get_acting(name: str | None) -> str:
    """The name under which a command writes: an operator's; SYSTEM only while there is no staff at all.

    StaffUnknown, RoleMissing.
    """
    if name is None and store.count_staff() == 0:
        return SYSTEM
    staff = None if name is None else get_staff(name)
    if staff is None or not any(grant.role == "operator" for grant in staff.grants):
        raise RoleMissing
    return staff.name


def require_role(staff: Staff, role: str, *, over: Region) -> None:
    """RoleMissing unless the staff member holds the role over the region."""
    if not staff.holds(role, over=over):
        raise RoleMissing


def add_staff(name: str, *, password: str, role: str, region: Region, granter: Staff | None, now: datetime) -> Staff:
    """Add a staff member with a first role, or give a standing one a further role.

    `granter` may be None only while there is no staff at all: somebody has to be the first. Safe to repeat: a
    standing member keeps the password.
    """
    if not (1 <= len(name) <= rules.LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise NameRefused
    if granter is None and store.count_staff() > 0:
        return _standing_first(name, role=role, region=region)
    if granter is not None and not rules.may_grant(granter, to_name=name, role=role, on=region):
        raise RoleMissing
    if len(password) < rules.SHORTEST_PASSWORD:
        raise PasswordTooShort
    store.add_staff(new_id(), name=name, password_hash=hasher.hash(password), now=now)
    record = store.find_staff(name)
    if record is None or record.dismissed_at is not None:
        raise NameTaken
    granted = store.add_grant(
        new_id(),
        staff_id=record.id,
        role=role,
        region_id=region.id,
        granted_by=None if granter is None else granter.id,
        now=now,
    )
    if granted:
        by = SYSTEM if granter is None else granter.name
        audit(by, act="staff.grant", subject=name, after={"role": role, "region": region.code}, now=now)
    return _staff(record.id, record.name)


def _standing_first(name: str, *, role: str, region: Region) -> Staff:
    """The very first member again, as added before; RoleMissing for anybody else."""
    record = store.find_staff(name)
    if record is None or record.dismissed_at is not None or (role, region.id) not in store.list_grants(record.id):
        raise RoleMissing
    return _staff(record.id, record.name)


def dismiss_staff(name: str, *, by: Staff, now: datetime) -> None:
    """End a staff member's access at once; every token stops working."""
    leaving = get_staff(name)
    if leaving.id == by.id or not rules.may_govern(by, leaving):
        raise RoleMissing
    store.record_dismissal(leaving.id, now=now)
    audit(by.name, act="staff.dismiss", subject=name, now=now)


def exclude(citizen_id: UUID, *, staff_name: str, by: Staff, now: datetime) -> None:
    """Bind a staff member's own WeChat log-in: may answer, earns no ticket, whatever log-in comes later."""
    if not rules.may_govern(by, get_staff(staff_name)):
        raise RoleMissing
    citizen = get_citizen(citizen_id)
    store.add_exclusion(citizen.openid_hash, reason=f"staff: {staff_name}", now=now)
    audit(by.name, act="staff.bind", subject=staff_name, now=now)


def audit(
    actor: str,
    *,
    act: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write down who did what, in the transaction of the act."""
    store.add_audit(actor=actor, act=act, subject=subject, before=before, after=after, now=now)


def _staff(staff_id: UUID, name: str) -> Staff:
    held = store.list_grants(staff_id)
    return Staff(staff_id, name, [Grant(role, regions.get_region_by_id(region_id)) for role, region_id in held])
