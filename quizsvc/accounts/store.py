"""Every statement on people, roles, consent and audit."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, exists, func, or_, select, update

from quizsvc.accounts.models import (
    AuditRecord,
    CitizenRecord,
    ConsentRecord,
    ExclusionRecord,
    GrantRecord,
    StaffRecord,
)
from quizsvc.accounts.rules import Citizen, Consent, Search
from quizsvc.kit.db import db, insert, insert_new, table_of


def add_citizen(citizen_id: UUID, *, openid_hash: str, now: datetime) -> UUID:
    """The citizen with this openid: a new one, or the one who stands."""
    if insert_new(CitizenRecord, id=citizen_id, openid_hash=openid_hash, created_at=now):
        return citizen_id
    return db.session.execute(select(CitizenRecord.id).where(CitizenRecord.openid_hash == openid_hash)).scalar_one()


_citizens = table_of(CitizenRecord).c
_EXCLUDED = exists().where(table_of(ExclusionRecord).c.openid_hash == _citizens.openid_hash)
_CITIZEN = select(
    _citizens.id,
    _citizens.openid_hash,
    _citizens.region_id,
    _EXCLUDED,
).where(_citizens.id == bindparam("citizen_id"), _citizens.deleted_at.is_(None))


def find_citizen(citizen_id: UUID) -> Citizen | None:
    """None also for a deleted citizen."""
    found = db.session.execute(_CITIZEN, {"citizen_id": citizen_id}).one_or_none()
    return None if found is None else Citizen(found[0], found[1], found[2], bool(found[3]))


def hold_citizen(citizen_id: UUID) -> None:
    """Let no other request of this citizen write until this transaction ends."""
    db.session.execute(select(CitizenRecord.id).where(CitizenRecord.id == citizen_id).with_for_update())


def record_region(citizen_id: UUID, *, region_id: UUID) -> None:
    db.session.execute(update(CitizenRecord).where(CitizenRecord.id == citizen_id).values(region_id=region_id))


def record_deletion(citizen_id: UUID, *, now: datetime) -> bool:
    """Forget who the citizen was. False when it was done before."""
    forgotten = (
        update(CitizenRecord)
        .where(CitizenRecord.id == citizen_id, CitizenRecord.deleted_at.is_(None))
        .values(openid_hash=None, deleted_at=now)
        .returning(CitizenRecord.id)
    )
    return db.session.scalar(forgotten) is not None


def delete_consents(citizen_id: UUID) -> None:
    db.session.execute(delete(ConsentRecord).where(ConsentRecord.citizen_id == citizen_id))


def list_consents(citizen_id: UUID) -> Sequence[Consent]:
    """In order of time."""
    record = ConsentRecord
    rows = db.session.execute(
        select(record.purpose, record.version, record.granted, record.at)
        .where(record.citizen_id == citizen_id)
        .order_by(record.id)
    )
    return [Consent(*row) for row in rows]


_consents = table_of(ConsentRecord).c
_CONSENT = (
    select(_consents.purpose, _consents.version, _consents.granted, _consents.at)
    .where(
        _consents.citizen_id == bindparam("citizen_id"),
        _consents.purpose == bindparam("purpose"),
        _consents.version == bindparam("version"),
    )
    .order_by(_consents.id.desc())
    .limit(1)
)


def find_consent(citizen_id: UUID, *, purpose: str, version: str) -> Consent | None:
    """The last word on this purpose and version."""
    asked = {"citizen_id": citizen_id, "purpose": purpose, "version": version}
    row = db.session.execute(_CONSENT, asked).one_or_none()
    return None if row is None else Consent(*row)


def add_consent(citizen_id: UUID, consent: Consent) -> None:
    db.session.execute(
        insert(ConsentRecord).values(
            citizen_id=citizen_id,
            purpose=consent.purpose,
            version=consent.version,
            granted=consent.granted,
            at=consent.at,
        )
    )


def add_exclusion(openid_hash: str, *, reason: str, now: datetime) -> None:
    insert_new(ExclusionRecord, openid_hash=openid_hash, reason=reason, at=now)


def list_barred() -> Sequence[UUID]:
    """Citizens who take part in no draw: excluded, or gone."""
    return db.session.scalars(select(_citizens.id).where(_citizens.deleted_at.is_not(None) | _EXCLUDED)).all()


def count_staff() -> int:
    return db.session.execute(select(func.count()).select_from(StaffRecord)).scalar_one()


def find_staff(name: str) -> StaffRecord | None:
    """Also a dismissed one."""
    return db.session.scalar(select(StaffRecord).where(StaffRecord.name == name))


def find_staff_by_id(staff_id: UUID) -> StaffRecord | None:
    return db.session.scalar(select(StaffRecord).where(StaffRecord.id == staff_id))


def add_staff(staff_id: UUID, *, name: str, password_hash: str, now: datetime) -> bool:
    """False when the name is taken."""
    return insert_new(StaffRecord, id=staff_id, name=name, password_hash=password_hash, created_at=now)


def record_dismissal(staff_id: UUID, *, now: datetime) -> None:
    db.session.execute(
        update(StaffRecord)
        .where(StaffRecord.id == staff_id, StaffRecord.dismissed_at.is_(None))
        .values(dismissed_at=now)
    )


def list_grants(staff_id: UUID) -> Sequence[tuple[str, UUID]]:
    """Role and region of every grant in force."""
    rows = db.session.execute(
        select(GrantRecord.role, GrantRecord.region_id)
        .where(GrantRecord.staff_id == staff_id, GrantRecord.revoked_at.is_(None))
        .order_by(GrantRecord.granted_at)
    )
    return [(row.role, row.region_id) for row in rows]


def add_grant(
    grant_id: UUID, *, staff_id: UUID, role: str, region_id: UUID, granted_by: UUID | None, now: datetime
) -> bool:
    """False when the same grant stands already."""
    return insert_new(
        GrantRecord,
        id=grant_id,
        staff_id=staff_id,
        role=role,
        region_id=region_id,
        granted_by=granted_by,
        granted_at=now,
    )


def list_members(
    region_ids: Collection[UUID], *, role: str | None, gone: bool, after: str, limit: int
) -> Sequence[StaffRecord]:
    """Who holds a role (or this one) in one of these regions, in order of name; dismissed ones, or those who stand."""
    grant, staff = GrantRecord, StaffRecord
    held = [grant.staff_id == staff.id, grant.revoked_at.is_(None), grant.region_id.in_(list(region_ids))]
    if role is not None:
        held.append(grant.role == role)
    wanted = select(staff).where(exists().where(*held), staff.dismissed_at.is_not(None) == gone, staff.name > after)
    return db.session.scalars(wanted.order_by(staff.name).limit(limit)).all()


def record_revocation(staff_id: UUID, *, role: str, region_id: UUID, now: datetime) -> bool:
    """False when no such grant is in force."""
    grant = GrantRecord
    standing = (
        grant.staff_id == staff_id,
        grant.role == role,
        grant.region_id == region_id,
        grant.revoked_at.is_(None),
    )
    return db.session.scalar(update(grant).where(*standing).values(revoked_at=now).returning(grant.id)) is not None


def record_password(staff_id: UUID, *, password_hash: str) -> None:
    db.session.execute(update(StaffRecord).where(StaffRecord.id == staff_id).values(password_hash=password_hash))


def record_sign_out(staff_id: UUID) -> None:
    db.session.execute(
        update(StaffRecord).where(StaffRecord.id == staff_id).values(sign_outs=StaffRecord.sign_outs + 1)
    )


def add_audit(
    *,
    actor: str,
    act: str,
    subject: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    db.session.execute(
        insert(AuditRecord).values(
            at=now,
            actor=actor,
            act=act,
            subject=subject,
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
        )
    )


def list_holders() -> Sequence[tuple[str, UUID]]:
    """Name and region of every grant there is or was."""
    wanted = select(StaffRecord.name, GrantRecord.region_id).join(GrantRecord, GrantRecord.staff_id == StaffRecord.id)
    return [(row[0], row[1]) for row in db.session.execute(wanted.distinct())]


def list_audit(
    search: Search, *, names: Collection[str] | None, slugs: Collection[str], below: int | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Lines that fit, the latest first. `names`: only what these people did, or what was done to them or to `slugs`."""
    line = AuditRecord
    wanted = select(line.id, line.at, line.actor, line.act, line.subject, line.before, line.after)
    if names is not None:
        own = [line.subject.startswith(f"{slug}/", autoescape=True) for slug in slugs]  # a round: play/1
        wanted = wanted.where(or_(line.actor.in_(names), line.subject.in_([*names, *slugs]), *own))
    for column, word in ((line.actor, search.actor), (line.act, search.act)):
        if word:
            wanted = wanted.where(column == word)
    if search.subject:
        wanted = wanted.where(line.subject.contains(search.subject, autoescape=True))
    if search.begin is not None:
        wanted = wanted.where(line.at >= search.begin)
    if search.end is not None:
        wanted = wanted.where(line.at < search.end)
    if below is not None:
        wanted = wanted.where(line.id < below)
    return db.session.execute(wanted.order_by(line.id.desc()).limit(limit)).all()


def list_acts() -> Sequence[str]:
    """Every act that the audit log knows, in order."""
    return db.session.scalars(select(AuditRecord.act).distinct().order_by(AuditRecord.act)).all()
