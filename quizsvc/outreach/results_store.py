"""Statements on what is in force."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from quizsvc.kit.db import db
from quizsvc.outreach.models import HandoutRecord, RevisionRecord, TallyRecord


def list_in_force(campaign_id: UUID, volunteer_ids: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    said = RevisionRecord
    wanted = select(
        TallyRecord.volunteer_id,
        said.tally_id,
        said.revision,
        said.region_id,
        said.occurred_at,
        said.setting,
        said.households,
        said.people,
    ).join(TallyRecord, TallyRecord.id == said.tally_id)
    mine = wanted.where(said.in_force, said.campaign_id == campaign_id, TallyRecord.volunteer_id.in_(volunteer_ids))
    return db.session.execute(mine).all()


def list_handed_out(campaign_id: UUID, volunteer_ids: Collection[UUID]) -> dict[tuple[UUID, int], dict[str, int]]:
    """By tally and revision in force, what was handed out by material."""
    said, handout = RevisionRecord, HandoutRecord
    same = (handout.tally_id == said.tally_id) & (handout.revision == said.revision)
    wanted = (
        select(handout.tally_id, handout.revision, handout.material, func.sum(handout.quantity))
        .join(said, same)
        .join(TallyRecord, TallyRecord.id == said.tally_id)
        .where(said.in_force, said.campaign_id == campaign_id, TallyRecord.volunteer_id.in_(volunteer_ids))
        .group_by(handout.tally_id, handout.revision, handout.material)
    )
    found: dict[tuple[UUID, int], dict[str, int]] = {}
    for tally_id, revision, material, quantity in db.session.execute(wanted):
        found.setdefault((tally_id, revision), {})[material] = int(quantity)
    return found


def list_people(campaign_id: UUID) -> set[UUID]:
    said = RevisionRecord
    wanted = select(TallyRecord.volunteer_id).join(said, TallyRecord.id == said.tally_id)
    return set(db.session.scalars(wanted.where(said.in_force, said.campaign_id == campaign_id).distinct()))


def list_materials(campaign_id: UUID) -> set[str]:
    said, handout = RevisionRecord, HandoutRecord
    same = (handout.tally_id == said.tally_id) & (handout.revision == said.revision)
    wanted = select(handout.material).join(said, same).where(said.in_force, said.campaign_id == campaign_id)
    return set(db.session.scalars(wanted.distinct()))
