"""Every statement on the chain of the audit log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from quizsvc.accounts.models import AuditHeadRecord, AuditRecord
from quizsvc.kit.chain import START
from quizsvc.kit.db import db, insert_new, table_of

HEAD = 1
_audit = table_of(AuditRecord)
_ENTRY = (_audit.c.at, _audit.c.actor, _audit.c.act, _audit.c.subject, _audit.c.before, _audit.c.after)
_SEALED = update(_audit).where(_audit.c.id == bindparam("entry")).values(seq=bindparam("no"), hash=bindparam("made"))
EntryRow = Row[*tuple[Any, ...]]


def hold_head() -> tuple[int, str]:
    """Number and hash of the last sealed entry; nobody else seals until this transaction ends."""
    insert_new(AuditHeadRecord, id=HEAD, seq=0, hash=START)
    head = AuditHeadRecord
    row = db.session.execute(select(head.seq, head.hash).where(head.id == HEAD).with_for_update()).one()
    return row.seq, row.hash


def find_head() -> tuple[int, str] | None:
    """As hold_head, for who only looks; None before anything was sealed."""
    head = AuditHeadRecord
    row = db.session.execute(select(head.seq, head.hash).where(head.id == HEAD)).one_or_none()
    return None if row is None else (row.seq, row.hash)


def record_head(seq: int, made: str) -> None:
    db.session.execute(update(AuditHeadRecord).where(AuditHeadRecord.id == HEAD).values(seq=seq, hash=made))


def list_unsealed(*, limit: int) -> Sequence[EntryRow]:
    """Entries that wait to be sealed, in the order in which they were written."""
    wanted = select(_audit.c.id, *_ENTRY).where(_audit.c.seq.is_(None)).order_by(_audit.c.id).limit(limit)
    return db.session.execute(wanted).all()


def count_unsealed() -> int:
    wanted = select(func.count()).select_from(_audit).where(_audit.c.seq.is_(None))
    return db.session.execute(wanted).scalar_one()


def record_sealed(sealed: Sequence[tuple[int, int, str]]) -> None:
    """Id, number and hash of entries."""
    rows = [{"entry": entry, "no": seq, "made": made} for entry, seq, made in sealed]
    db.session.connection().execute(_SEALED, rows)


def list_sealed(*, after: int, until: int | None = None, limit: int) -> Sequence[EntryRow]:
    """Sealed entries in order of number."""
    wanted = select(_audit.c.seq, _audit.c.hash, *_ENTRY).where(_audit.c.seq > after)
    if until is not None:
        wanted = wanted.where(_audit.c.seq <= until)
    return db.session.execute(wanted.order_by(_audit.c.seq).limit(limit)).all()


def find_hash(seq: int) -> str | None:
    """The hash of the sealed entry with this number."""
    return db.session.scalar(select(_audit.c.hash).where(_audit.c.seq == seq))


def find_first(subject: str) -> int | None:
    """The number of the first sealed entry on a subject."""
    found: int | None = db.session.scalar(select(func.min(_audit.c.seq)).where(_audit.c.subject == subject))
    return found
