"""The statement on awards of which winners are reminded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from quizsvc.kit.db import db
from quizsvc.lottery.models import AwardRecord
from quizsvc.lottery.rules import WON


def record_reminded(*, expires_before: datetime, limit: int, now: datetime) -> Sequence[UUID]:
    """Mark awards that wait to be fetched and expire soon, each once. Returns which.

    They are held in order of id, as whatever changes many awards holds them.
    """
    record = AwardRecord
    due = (record.state == WON, record.expires_at > now, record.expires_at <= expires_before)
    soon = select(record.id).where(*due, record.reminded_at.is_(None)).order_by(record.id).limit(limit)
    marked = update(record).where(record.id.in_(soon.with_for_update())).values(reminded_at=now).returning(record.id)
    return db.session.scalars(marked).all()
