"""Every statement on the closing draw."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from quizsvc.kit.db import db, insert, table_of
from quizsvc.lottery.models import ClosingSeedRecord, EntryRecord, RoundRecord
from quizsvc.lottery.rules import Entry


def add_closing_seed(campaign_id: UUID, *, commitment: str, sealed_seed: str) -> None:
    db.session.execute(
        insert(ClosingSeedRecord).values(campaign_id=campaign_id, commitment=commitment, sealed_seed=sealed_seed)
    )


def find_closing_seed(campaign_id: UUID) -> tuple[str, str] | None:
    """Commitment and sealed seed; None where the rules know no closing draw."""
    record = ClosingSeedRecord
    row = db.session.execute(
        select(record.commitment, record.sealed_seed).where(record.campaign_id == campaign_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def delete_closing_seed(campaign_id: UUID) -> None:
    db.session.execute(delete(ClosingSeedRecord).where(ClosingSeedRecord.campaign_id == campaign_id))


def add_entries(round_id: UUID, entries: Sequence[Entry]) -> None:
    if entries:
        db.session.execute(
            insert(EntryRecord),
            [
                {
                    "id": one.id,
                    "round_id": round_id,
                    "limit_key": one.limit_key,
                    "citizen_id": one.citizen_id,
                    "region_id": one.region_id,
                    "alias": one.alias,
                }
                for one in entries
            ],
        )


_entries = table_of(EntryRecord).c
_ENTRIES = select(
    _entries.id,
    _entries.limit_key,
    _entries.citizen_id,
    _entries.region_id,
    _entries.alias,
    _entries.position,
    _entries.prize,
    _entries.drawn_at,
)


def list_entries(round_id: UUID) -> Sequence[Entry]:
    """In order of position, once drawn."""
    rows = db.session.execute(_ENTRIES.where(_entries.round_id == round_id).order_by(_entries.position, _entries.alias))
    return [Entry(*row) for row in rows]


def find_entry(campaign_id: UUID, *, citizen_id: UUID) -> tuple[Entry, int] | None:
    """The citizen's entry in a campaign's closing draw, and the number of its round."""
    row = db.session.execute(
        _ENTRIES.add_columns(table_of(RoundRecord).c.no)
        .join(table_of(RoundRecord), table_of(RoundRecord).c.id == _entries.round_id)
        .where(_entries.citizen_id == citizen_id, table_of(RoundRecord).c.campaign_id == campaign_id)
    ).one_or_none()
    return None if row is None else (Entry(*row[:-1]), row[-1])


def record_places(places: Sequence[tuple[UUID, int, str | None]], *, now: datetime) -> None:
    """Entry, position and prize of everybody in the closing draw."""
    if places:
        placed = (
            update(table_of(EntryRecord))
            .where(_entries.id == bindparam("entry"))
            .values(position=bindparam("place"), prize=bindparam("won"), drawn_at=now)
        )
        db.session.execute(placed, [{"entry": one, "place": place, "won": won} for one, place, won in places])


def list_sealed_seeds() -> Sequence[tuple[UUID, str]]:
    """Campaign and sealed seed, held until this transaction ends."""
    record = ClosingSeedRecord
    wanted = select(record.campaign_id, record.sealed_seed).with_for_update()
    return [(row[0], row[1]) for row in db.session.execute(wanted)]


def record_resealed(campaign_id: UUID, *, sealed_seed: str) -> None:
    record = ClosingSeedRecord
    db.session.execute(update(record).where(record.campaign_id == campaign_id).values(sealed_seed=sealed_seed))
