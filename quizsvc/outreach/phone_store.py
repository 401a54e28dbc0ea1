"""Statements on what one volunteer has reported: by campaign, and of nobody else."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from quizsvc.kit.db import db, table_of
from quizsvc.outreach.models import HandoutRecord, HeldRecord, RevisionRecord, TallyRecord

_tallies, _revisions = table_of(TallyRecord).c, table_of(RevisionRecord).c
_handouts, _held = table_of(HandoutRecord).c, table_of(HeldRecord).c
_reported = table_of(TallyRecord).join(table_of(RevisionRecord), _revisions.tally_id == _tallies.id)


def _of(volunteer_id: UUID, *columns: Any) -> Select[*tuple[Any, ...]]:
    return select(*columns).select_from(_reported).where(_tallies.volunteer_id == volunteer_id)


def list_counted(volunteer_id: UUID) -> list[tuple[UUID, str, int, int, int]]:
    """Tallies in force by campaign and setting: how many, households, people."""
    sums = (func.count(), func.sum(_revisions.households), func.sum(_revisions.people))
    groups = (_revisions.campaign_id, _revisions.setting)
    rows = db.session.execute(_of(volunteer_id, *groups, *sums).where(_revisions.in_force).group_by(*groups))
    return [
        (campaign, setting, int(count), int(homes), int(people)) for campaign, setting, count, homes, people in rows
    ]


def list_handed_out(volunteer_id: UUID) -> list[tuple[UUID, str, int]]:
    """What the tallies in force say was handed out, by campaign and material in order of its code."""
    same = (_handouts.tally_id == _revisions.tally_id) & (_handouts.revision == _revisions.revision)
    groups = (_revisions.campaign_id, _handouts.material)
    wanted = (
        select(*groups, func.sum(_handouts.quantity))
        .select_from(_reported.join(table_of(HandoutRecord), same))
        .where(_tallies.volunteer_id == volunteer_id, _revisions.in_force)
        .group_by(*groups)
        .order_by(_handouts.material)
    )
    return [(campaign, material, int(quantity)) for campaign, material, quantity in db.session.execute(wanted)]


def count_voided(volunteer_id: UUID) -> dict[UUID, int]:
    """Voided tallies by the campaign that their highest revision with one names; a bare void names none."""
    place = func.row_number().over(partition_by=_revisions.tally_id, order_by=_revisions.revision.desc())
    named = _of(volunteer_id, _revisions.campaign_id, place.label("place")).where(
        _tallies.voided, _revisions.campaign_id.is_not(None)
    )
    last = named.subquery().c
    rows = db.session.execute(select(last.campaign_id, func.count()).where(last.place == 1).group_by(last.campaign_id))
    return {campaign: int(count) for campaign, count in rows}


def count_waiting(volunteer_id: UUID) -> dict[UUID, int]:
    """Tallies that wait for a decision, by campaign; as the office sees them, not what was voided or revised since."""
    same = (_held.tally_id == _revisions.tally_id) & (_held.revision == _revisions.revision)
    later = table_of(RevisionRecord).alias().c
    overtaken = exists().where(later.tally_id == _revisions.tally_id, later.in_force)
    overtaken = overtaken.where(later.revision > _revisions.revision)
    wanted = (
        select(_revisions.campaign_id, func.count(_tallies.id.distinct()))
        .select_from(_reported.join(table_of(HeldRecord), same))
        .where(_tallies.volunteer_id == volunteer_id, _held.decision.is_(None), ~_tallies.voided, ~overtaken)
        .where(_revisions.campaign_id.is_not(None))
        .group_by(_revisions.campaign_id)
    )
    return {campaign: int(count) for campaign, count in db.session.execute(wanted)}
