"""Every statement on volunteers and invitations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select, update

from quizsvc.accounts.models import InvitationRecord, VolunteerRecord
from quizsvc.accounts.rules import Listed, Volunteer
from quizsvc.kit.db import db, insert, insert_new, table_of
from quizsvc.kit.ids import new_id

# --- volunteers -------------------------------------------------------------------------------------------------------

_table = table_of(VolunteerRecord)
_volunteers = _table.c
_VOLUNTEER: Select[*tuple[Any, ...]] = select(
    _volunteers.id,
    _volunteers.code,
    _volunteers.name,
    _volunteers.kind,
    _volunteers.region_id,
    _volunteers.left_at,
)


def find_by_log_in(openid_hash: str) -> Volunteer | None:
    """Also one who left: what was handed out before may still be on its way."""
    row = db.session.execute(_VOLUNTEER.where(_volunteers.openid_hash == openid_hash)).one_or_none()
    return None if row is None else Volunteer(*row)


def find_by_id(volunteer_id: UUID, *, held: bool = False) -> Volunteer | None:
    """`held`: nobody else writes for this volunteer until this transaction ends."""
    wanted = _VOLUNTEER.where(_volunteers.id == volunteer_id)
    row = db.session.execute(wanted.with_for_update() if held else wanted).one_or_none()
    return None if row is None else Volunteer(*row)


def list_by_id(volunteer_ids: Collection[UUID]) -> dict[UUID, Volunteer]:
    rows = db.session.execute(_VOLUNTEER.where(_volunteers.id.in_(list(volunteer_ids))))
    return {row.id: Volunteer(*row) for row in rows}


def find_by_code(code: str) -> Volunteer | None:
    row = db.session.execute(_VOLUNTEER.where(_volunteers.code == code)).one_or_none()
    return None if row is None else Volunteer(*row)


def hold_by_code(codes: Collection[str]) -> dict[str, Volunteer]:
    """Those with these codes, kept from others until this transaction ends; in one order, or two lists could wait for
    each other."""
    wanted = _VOLUNTEER.where(_volunteers.code.in_(list(codes))).order_by(_volunteers.code).with_for_update()
    return {row.code: Volunteer(*row) for row in db.session.execute(wanted)}


def list_volunteers() -> list[tuple[Volunteer, bool]]:
    """All of them in order of code, each with whether a log-in is bound."""
    wanted = _VOLUNTEER.add_columns(_volunteers.openid_hash.is_not(None)).order_by(_volunteers.code)
    return [(Volunteer(*row[:-1]), bool(row[-1])) for row in db.session.execute(wanted)]


def is_bound(volunteer_id: UUID) -> bool:
    bound = select(_volunteers.openid_hash.is_not(None)).where(_volunteers.id == volunteer_id)
    return bool(db.session.scalar(bound))


def add_volunteers(listed: Sequence[Listed], *, now: datetime) -> set[UUID]:
    """Add those whose codes are new, in order of code; the others stay. Returns the ids that were given to new ones."""
    codes = [one.code for one in listed]
    standing = set(db.session.scalars(select(_volunteers.code).where(_volunteers.code.in_(codes))))
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "code": one.code,
            "name": one.name,
            "kind": one.kind,
            "region_id": one.region.id,
            "enrolled_at": now,
        }
        for one in sorted(listed, key=lambda one: one.code)
        if one.code not in standing
    ]
    if rows:
        db.session.execute(insert(VolunteerRecord).on_conflict_do_nothing(), rows)
    return {row["id"] for row in rows}


def add_enrolled(volunteer_id: UUID, listed: Listed, *, now: datetime) -> bool:
    """False when this id, or its code, stands already."""
    return insert_new(
        VolunteerRecord,
        id=volunteer_id,
        code=listed.code,
        name=listed.name,
        kind=listed.kind,
        region_id=listed.region.id,
        enrolled_at=now,
    )


_RECORD_NAMES = (
    update(_table)
    .where(_volunteers.id == bindparam("volunteer"))
    .values(name=bindparam("new_name"), kind=bindparam("new_kind"))
)


def record_names(names: Mapping[UUID, tuple[str, str]]) -> None:
    """Bring name and kind up to date."""
    rows = [{"volunteer": one, "new_name": name, "new_kind": kind} for one, (name, kind) in names.items()]
    if rows:
        db.session.connection().execute(_RECORD_NAMES, rows)


def record_leaving(volunteer_id: UUID, *, left_at: datetime) -> bool:
    """False for who left no later."""
    later = or_(_volunteers.left_at.is_(None), _volunteers.left_at > left_at)
    left = update(_table).where(_volunteers.id == volunteer_id, later).values(left_at=left_at).returning(_volunteers.id)
    return db.session.scalar(left) is not None


def record_return(volunteer_ids: Collection[UUID]) -> None:
    """Who left is there again."""
    back = update(_table).where(_volunteers.id.in_(list(volunteer_ids)), _volunteers.left_at.is_not(None))
    db.session.execute(back.values(left_at=None))


def bind(volunteer_id: UUID, *, openid_hash: str, now: datetime) -> None:
    """Let this log-in be the volunteer's, in the place of another."""
    bound = update(_table).where(_volunteers.id == volunteer_id)
    db.session.execute(bound.values(openid_hash=openid_hash, bound_at=now))


def unbind(openid_hash: str) -> None:
    """Let this log-in be no volunteer's."""
    bound = update(_table).where(_volunteers.openid_hash == openid_hash)
    db.session.execute(bound.values(openid_hash=None, bound_at=None))


# --- invitations ------------------------------------------------------------------------------------------------------


def add_invitation(
    code_hash: str,
    *,
    volunteer_id: UUID | None,
    region_id: UUID,
    kind: str,
    uses: int,
    expires_at: datetime,
    made_by: str,
    now: datetime,
) -> None:
    db.session.execute(
        insert(InvitationRecord).values(
            code_hash=code_hash,
            volunteer_id=volunteer_id,
            region_id=region_id,
            kind=kind,
            uses_left=uses,
            expires_at=expires_at,
            made_by=made_by,
            made_at=now,
        )
    )


def find_invitation(code_hash: str) -> InvitationRecord | None:
    """Also one that is used up or has expired."""
    return db.session.scalar(select(InvitationRecord).where(InvitationRecord.code_hash == code_hash))


def take_use(code_hash: str, *, now: datetime) -> bool:
    """Use an invitation once; False when it is used up or has expired."""
    record = InvitationRecord
    used = (
        update(record)
        .where(record.code_hash == code_hash, record.uses_left > 0, record.expires_at > now)
        .values(uses_left=record.uses_left - 1)
        .returning(record.uses_left)
    )
    return db.session.scalar(used) is not None


def void_invitations(volunteer_id: UUID) -> None:
    """Let no earlier invitation of this volunteer be used."""
    record = InvitationRecord
    db.session.execute(update(record).where(record.volunteer_id == volunteer_id).values(uses_left=0))
