"""A lease: one holder at a time does what must happen by itself, on any number of hosts."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from quizsvc.kit.db import Base, UtcDateTime, db, insert_new


class Lease(Base):
    """Who may do a recurring job, until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[UUID]
    held_until: Mapped[datetime] = mapped_column(UtcDateTime)


def take_lease(name: str, *, holder: UUID, lasts: timedelta, now: datetime) -> bool:
    """Take or renew the lease; False while somebody else holds it. Every job is also idempotent by itself.

    A lease that reaches further than any could was taken before the clock was set back: it binds nobody.
    """
    if insert_new(Lease, name=name, holder=holder, held_until=now + lasts):
        return True
    is_free = (Lease.held_until <= now) | (Lease.held_until > now + 2 * lasts)
    taken = (
        update(Lease)
        .where(Lease.name == name, (Lease.holder == holder) | is_free)
        .values(holder=holder, held_until=now + lasts)
        .returning(Lease.name)
    )
    return db.session.scalar(taken) is not None


def drop_lease(name: str, *, holder: UUID, now: datetime) -> None:
    """Give the lease back."""
    db.session.execute(update(Lease).where(Lease.name == name, Lease.holder == holder).values(held_until=now))
