"""Every statement on messages, the addresses they are sent to, and the access token."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, literal, select, update

from quizsvc.accounts.models import AccessTokenRecord, AddressRecord, ConsentRecord, MessageRecord
from quizsvc.accounts.rules import LATE, LOST, MESSAGES, SENDING, UNWANTED, WAITING, Fate, Message
from quizsvc.kit.db import db, insert, insert_new, table_of

# --- addresses --------------------------------------------------------------------------------------------------------


def add_address(citizen_id: UUID, *, sealed_openid: str, now: datetime) -> None:
    insert_new(AddressRecord, citizen_id=citizen_id, sealed_openid=sealed_openid, kept_at=now)


def find_address(citizen_id: UUID) -> str | None:
    """The sealed openid."""
    return db.session.scalar(select(AddressRecord.sealed_openid).where(AddressRecord.citizen_id == citizen_id))


def delete_address(citizen_id: UUID) -> None:
    db.session.execute(delete(AddressRecord).where(AddressRecord.citizen_id == citizen_id))


def delete_addresses_but(versions: Collection[str]) -> int:
    """Delete the addresses of everybody whose last word on none of these versions is a yes. Returns how many."""
    said = select(func.max(ConsentRecord.id)).where(
        ConsentRecord.purpose == MESSAGES, ConsentRecord.version.in_(list(versions))
    )
    latest = said.group_by(ConsentRecord.citizen_id, ConsentRecord.version)
    agreed = select(ConsentRecord.citizen_id).where(ConsentRecord.id.in_(latest), ConsentRecord.granted)
    gone = delete(AddressRecord).where(AddressRecord.citizen_id.not_in(agreed)).returning(AddressRecord.citizen_id)
    return len(db.session.scalars(gone).all())


def list_addresses() -> Sequence[tuple[UUID, str]]:
    """Citizen and sealed openid, held until this transaction ends."""
    rows = db.session.execute(select(AddressRecord.citizen_id, AddressRecord.sealed_openid).with_for_update())
    return [(row[0], row[1]) for row in rows]


def record_resealed(citizen_id: UUID, *, sealed_openid: str) -> None:
    db.session.execute(
        update(AddressRecord).where(AddressRecord.citizen_id == citizen_id).values(sealed_openid=sealed_openid)
    )


# --- messages ---------------------------------------------------------------------------------------------------------


def add_message(message: Message, *, now: datetime) -> None:
    """Queue a message in one statement, if its citizen has an address and agreed last; once per kind and subject."""
    consent = ConsentRecord
    agreed = (
        select(consent.granted)
        .where(
            consent.citizen_id == message.citizen_id, consent.purpose == MESSAGES, consent.version == message.version
        )
        .order_by(consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    values: dict[str, Any] = {
        "id": message.id,
        "kind": message.kind,
        "subject": message.subject,
        "citizen_id": message.citizen_id,
        "version": message.version,
        "state": WAITING,
        "tries": message.tries,
        "due_at": now,
        "until": message.until,
        "queued_at": now,
    }
    columns = table_of(MessageRecord).c
    row = select(*(literal(value, columns[name].type) for name, value in values.items()))
    wanted = row.where(AddressRecord.citizen_id == message.citizen_id, agreed)
    db.session.execute(insert(MessageRecord).from_select(list(values), wanted).on_conflict_do_nothing())


def find_due(kinds: Collection[str], *, now: datetime) -> Message | None:
    """The message that has been due for longest, held until this transaction ends; no other sender waits for it."""
    record = MessageRecord
    wanted = (
        select(record.id, record.kind, record.subject, record.citizen_id, record.version, record.tries, record.until)
        .where(record.state == WAITING, record.due_at <= now, record.until > now, record.kind.in_(list(kinds)))
        .order_by(record.due_at, record.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = db.session.execute(wanted).one_or_none()
    return None if row is None else Message(**row._mapping)


def record_claimed(message_id: UUID, *, now: datetime) -> None:
    claimed = {"state": SENDING, "due_at": None, "claimed_at": now, "tries": MessageRecord.tries + 1}
    db.session.execute(update(MessageRecord).where(MessageRecord.id == message_id).values(claimed))


def record_fate(message_id: UUID, fate: Fate, *, errcode: int | None = None) -> None:
    """What became of a message that was being sent, or is not sent after all."""
    fated = {"state": fate.state, "due_at": fate.due_at, "errcode": errcode}
    open_states = MessageRecord.state.in_((WAITING, SENDING))
    db.session.execute(update(MessageRecord).where(MessageRecord.id == message_id, open_states).values(fated))


def record_postponed(kinds: Collection[str], *, until: datetime) -> None:
    """Let no message of these kinds be due before a moment."""
    record = MessageRecord
    earlier = _held(record.state == WAITING, record.due_at < until, record.kind.in_(list(kinds)))
    db.session.execute(update(record).where(record.id.in_(earlier)).values(due_at=until))


def record_late(*, now: datetime) -> int:
    """End the messages whose news is old. Returns how many."""
    record = MessageRecord
    old = _held(record.state == WAITING, record.until <= now)
    late = update(record).where(record.id.in_(old)).values(state=LATE, due_at=None).returning(record.id)
    return len(db.session.scalars(late).all())


def record_lost(*, claimed_before: datetime) -> int:
    """End the messages of which nobody knows whether they were sent. Returns how many."""
    record = MessageRecord
    unclear = _held(record.state == SENDING, record.claimed_at <= claimed_before)
    lost = update(record).where(record.id.in_(unclear)).values(state=LOST).returning(record.id)
    return len(db.session.scalars(lost).all())


def record_unwanted(citizen_id: UUID, *, version: str) -> None:
    record = MessageRecord
    waiting = _held(record.citizen_id == citizen_id, record.version == version, record.state == WAITING)
    db.session.execute(update(record).where(record.id.in_(waiting)).values(state=UNWANTED, due_at=None))


def delete_messages(citizen_id: UUID) -> None:
    db.session.execute(delete(MessageRecord).where(MessageRecord.id.in_(_held(MessageRecord.citizen_id == citizen_id))))


def delete_old(*, before: datetime) -> None:
    """Forget messages whose news was old before a moment."""
    db.session.execute(delete(MessageRecord).where(MessageRecord.id.in_(_held(MessageRecord.until < before))))


def _held(*which: ColumnElement[bool]) -> Select[UUID]:
    """Messages, held until this transaction ends, in one order: two that change many must not wait for each other."""
    return select(MessageRecord.id).where(*which).order_by(MessageRecord.id).with_for_update()


def list_messages(citizen_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """Kind, state and when it was queued, oldest first."""
    record = MessageRecord
    wanted = select(record.kind, record.state, record.queued_at).where(record.citizen_id == citizen_id)
    return db.session.execute(wanted.order_by(record.id)).all()


# --- the access token -------------------------------------------------------------------------------------------------


def find_token(appid: str, *, now: datetime) -> str | None:
    """The sealed token that is good at this moment."""
    record = AccessTokenRecord
    return db.session.scalar(select(record.sealed_token).where(record.appid == appid, record.good_until > now))


def keep_token(appid: str, *, sealed_token: str, good_until: datetime) -> None:
    """The application's token from now on."""
    kept = {"sealed_token": sealed_token, "good_until": good_until}
    fresh = insert(AccessTokenRecord).values(appid=appid, **kept)
    db.session.execute(fresh.on_conflict_do_update(index_elements=["appid"], set_=kept))
