"""Statements on the tallies in force, read in pages however many there are."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_

from quizsvc.kit.db import db
from quizsvc.outreach.models import HandoutRecord, RevisionRecord, TallyRecord

PAGE = 2_000
HandedOut = Mapping[str, int]


def list_details(
    campaign_id: UUID, regions: Collection[UUID], *, begin: datetime | None, end: datetime | None
) -> Iterator[tuple[Row[*tuple[Any, ...]], HandedOut]]:
    """Each tally in force of some regions in [begin, end) in order of time, with what was handed out."""
    said = RevisionRecord
    wanted = (
        select(
            said.tally_id,
            said.occurred_at,
            said.region_id,
            said.setting,
            said.households,
            said.people,
            said.entered_by,
            TallyRecord.volunteer_id,
        )
        .join(TallyRecord, TallyRecord.id == said.tally_id)
        .where(said.in_force, said.campaign_id == campaign_id, said.region_id.in_(regions))
    )
    if begin is not None:
        wanted = wanted.where(said.occurred_at >= begin)
    if end is not None:
        wanted = wanted.where(said.occurred_at < end)
    after: tuple[datetime, UUID] | None = None
    while True:
        page = wanted if after is None else wanted.where(tuple_(said.occurred_at, said.tally_id) > after)
        rows = db.session.execute(page.order_by(said.occurred_at, said.tally_id).limit(PAGE)).all()
        handed_out = _handed_out([row.tally_id for row in rows])
        yield from ((row, handed_out.get(row.tally_id, {})) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1].occurred_at, rows[-1].tally_id


def _handed_out(tally_ids: Sequence[UUID]) -> Mapping[UUID, HandedOut]:
    said, handout = RevisionRecord, HandoutRecord
    same = (handout.tally_id == said.tally_id) & (handout.revision == said.revision)
    wanted = (
        select(handout.tally_id, handout.material, func.sum(handout.quantity))
        .join(said, same)
        .where(said.in_force, said.tally_id.in_(tally_ids))
        .group_by(handout.tally_id, handout.material)
    )
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for tally_id, material, quantity in db.session.execute(wanted):
        found[tally_id][material] = int(quantity)
    return found
