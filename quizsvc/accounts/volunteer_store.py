"""Every statement on volunteers and invitations."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from quizsvc.accounts.models import VolunteerRecord
from quizsvc.accounts.rules import Volunteer
from quizsvc.kit.db import db, table_of

_volunteers = table_of(VolunteerRecord).c
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


def find_by_code(code: str) -> Volunteer | None:
    row = db.session.execute(_VOLUNTEER.where(_volunteers.code == code)).one_or_none()
    return None if row is None else Volunteer(*row)
