"""Statements for the desk: what waits to be fetched, what was handed over, what a public name stands for."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from quizsvc.kit.db import db
from quizsvc.lottery import award_store
from quizsvc.lottery.models import AwardRecord, DrawRecord, EntryRecord, RedemptionRecord, RoundRecord
from quizsvc.lottery.rules import WON, Award, Entry

HandoverRow = Row[*tuple[Any, ...]]  # as list_handovers selects it


def count_waiting(
    campaign_id: UUID, *, homes: Collection[UUID] | None, until: datetime | None, now: datetime
) -> dict[str, int]:
    """Awards that can still be fetched, by prize: of winners at home in some regions, or of all; expiring `until`."""
    record = AwardRecord
    wanted = (
        select(record.prize, func.count())
        .where(record.campaign_id == campaign_id, record.state == WON, record.expires_at > now)
        .group_by(record.prize)
    )
    if homes is not None:
        wanted = wanted.where(record.region_id.in_(homes))
    if until is not None:
        wanted = wanted.where(record.expires_at <= until)
    return {row[0]: int(row[1]) for row in db.session.execute(wanted)}


def list_handovers(staff_id: UUID, *, begin: datetime, end: datetime) -> Sequence[HandoverRow]:
    """What one person handed over between two moments, the latest first; also what was undone since."""
    scan, award = RedemptionRecord, AwardRecord
    wanted = (
        select(
            scan.id, scan.redeemed_at, scan.note, scan.region_id, scan.undone_at, scan.undone_by, scan.undo_reason,
            award.prize, award.campaign_id,
        )
        .join(award, award.id == scan.award_id)
        .where(scan.staff_id == staff_id, scan.redeemed_at >= begin, scan.redeemed_at < end)
        .order_by(scan.redeemed_at.desc(), scan.id.desc())
    )  # fmt: skip
    return db.session.execute(wanted).all()


def find_ticket(*, alias: str) -> UUID | None:
    """The ticket that drew under this public name."""
    found: UUID | None = db.session.scalar(select(DrawRecord.ticket_id).where(DrawRecord.alias == alias))
    return found


def find_entry(*, alias: str) -> tuple[Entry, UUID, UUID] | None:
    """The place in a closing draw with this public name, its round and its campaign."""
    record = EntryRecord
    row = db.session.execute(
        select(
            record.id, record.limit_key, record.citizen_id, record.region_id,
            record.alias, record.position, record.prize, record.drawn_at,
            record.round_id, RoundRecord.campaign_id,
        )
        .join(RoundRecord, RoundRecord.id == record.round_id)
        .where(record.alias == alias)
    ).one_or_none()  # fmt: skip
    return None if row is None else (Entry(*row[:8]), row[8], row[9])


def find_award_of_entry(entry_id: UUID) -> Award | None:
    """What a place in a closing draw has won."""
    award_id = db.session.scalar(select(AwardRecord.id).where(AwardRecord.entry_id == entry_id))
    return None if award_id is None else award_store.find_award(award_id)
