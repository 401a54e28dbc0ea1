"""Every statement on tallies, their revisions and hand-outs, and on what is held."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, select, tuple_, update

from quizsvc.kit.db import db, insert_all, table_of
from quizsvc.kit.ids import new_id
from quizsvc.outreach.models import HandoutRecord, HeldRecord, RevisionRecord, TallyRecord
from quizsvc.outreach.rules import COUNTED, HELD, REFUSED, Handout, Likeness, Revision, Standing

_tallies, _revisions, _held = table_of(TallyRecord), table_of(RevisionRecord), table_of(HeldRecord)
_KNOWN = (
    select(
        _tallies.c.id,
        _tallies.c.volunteer_id,
        _tallies.c.voided,
        _revisions.c.revision,
        _revisions.c.content,
        _revisions.c.in_force,
        _held.c.reason,
    )
    .join(_revisions, _revisions.c.tally_id == _tallies.c.id)
    .outerjoin(
        _held,
        and_(
            _held.c.tally_id == _revisions.c.tally_id,
            _held.c.revision == _revisions.c.revision,
            _held.c.decision.is_(None),
            _tallies.c.voided.is_(False),
        ),
    )
    .where(_tallies.c.id.in_(bindparam("ids", expanding=True)))
)
_OVERRULED = (
    update(_revisions)
    .where(_revisions.c.tally_id == bindparam("of"), _revisions.c.revision == bindparam("number"))
    .values(in_force=False)
)
_HANDOUTS = table_of(HandoutRecord).c


@dataclass(frozen=True)
class Arrival:
    """How a batch came in: when, off by how many seconds, entered by whom if not by the volunteer."""

    received_at: datetime
    clock_skew: int
    entered_by: str | None


def list_known(ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Those of these tallies that stand."""
    found: dict[UUID, Standing] = {}
    for row in db.session.execute(_KNOWN, {"ids": list(ids)}):
        stands = found.get(row.id, Standing(row.volunteer_id, row.voided))
        in_force = row.revision if row.in_force else stands.in_force
        contents = {**stands.contents, row.revision: row.content}
        held = stands.held if row.reason is None else {**stands.held, row.revision: row.reason}
        found[row.id] = replace(stands, in_force=in_force, contents=contents, held=held)
    return found


def add_tallies(tallies: Mapping[UUID, Standing]) -> set[UUID]:
    """Which are in: not one whose id somebody else named first. In order of id, so that no two batches wait in turn."""
    rows = [
        {"id": tally_id, "volunteer_id": tallies[tally_id].volunteer_id, "voided": tallies[tally_id].voided}
        for tally_id in sorted(tallies)
    ]
    return insert_all(TallyRecord, rows)


def record_void(ids: Collection[UUID]) -> None:
    """Once void, void for good."""
    if ids:
        db.session.execute(update(TallyRecord).where(TallyRecord.id.in_(list(ids))).values(voided=True))


def record_overruled(revisions: Iterable[tuple[UUID, int]]) -> None:
    """These are in force no longer."""
    if rows := [{"of": tally_id, "number": number} for tally_id, number in revisions]:
        db.session.connection().execute(_OVERRULED, rows)


def list_campaigns_of(revisions: Collection[tuple[UUID, int]]) -> set[UUID]:
    """The campaigns that some revisions are of."""
    if not revisions:
        return set()
    said = _revisions.c
    wanted = select(said.campaign_id).where(tuple_(said.tally_id, said.revision).in_(list(revisions))).distinct()
    return {one for one in db.session.scalars(wanted) if one is not None}


def add_revisions(
    revisions: Sequence[Revision],
    *,
    in_force: Collection[tuple[UUID, int]],
    likenesses: Mapping[tuple[UUID, int], tuple[str, UUID | None]],
    arrival: Arrival,
) -> None:
    """Write revisions down, with what they say was handed out, and those that are held."""
    rows = []
    for one in revisions:
        key = (one.tally_id, one.number)
        likeness, looks_like = likenesses.get(key, (None, None))
        state = COUNTED if one.held is None else HELD
        rows.append(_row_of(one) | {"in_force": key in in_force, "state": state, **_came(arrival)})
        rows[-1] |= {"likeness": likeness, "looks_like": looks_like}
    insert_all(RevisionRecord, rows)
    insert_all(HandoutRecord, [row for one in revisions for row in _handout_rows(one)])
    held = [
        {
            "id": new_id(),
            "tally_id": one.tally_id,
            "revision": one.number,
            "reason": one.held,
            "region_path": one.visit.region.path,
            "held_at": arrival.received_at,
            **dict.fromkeys(("decision", "decided_by", "decided_at", "note")),
        }
        for one in revisions
        if one.held is not None and one.visit is not None
    ]
    insert_all(HeldRecord, held)


def _came(arrival: Arrival) -> dict[str, Any]:
    return {
        "received_at": arrival.received_at,
        "clock_skew": arrival.clock_skew,
        "entered_by": arrival.entered_by,
    }


def _row_of(one: Revision) -> dict[str, Any]:
    visit = one.visit
    return {
        "tally_id": one.tally_id,
        "revision": one.number,
        "void": one.void,
        "content": one.content,
        "campaign_id": None if visit is None else visit.campaign.id,
        "region_id": None if visit is None else visit.region.id,
        "occurred_at": None if visit is None else visit.occurred_at,
        "setting": None if visit is None else visit.setting,
        "households": None if visit is None else visit.households,
        "people": None if visit is None else visit.people,
    }


def _handout_rows(one: Revision) -> list[dict[str, Any]]:
    handouts = () if one.visit is None else one.visit.handouts
    return [
        {
            "tally_id": one.tally_id,
            "revision": one.number,
            "no": no,
            "material": handout.material,
            "quantity": handout.quantity,
            "pack": handout.pack,
            "factor": handout.factor,
        }
        for no, handout in enumerate(handouts)
    ]


def list_handouts(revisions: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Handout]]:
    """What some revisions say was handed out, in the order sent; a revision with nothing is not there."""
    found: dict[tuple[UUID, int], list[Handout]] = {}
    if revisions:
        wanted = (
            select(_HANDOUTS.tally_id, _HANDOUTS.revision, _HANDOUTS.material, _HANDOUTS.quantity)
            .add_columns(_HANDOUTS.pack, _HANDOUTS.factor)
            .where(tuple_(_HANDOUTS.tally_id, _HANDOUTS.revision).in_(list(revisions)))
            .order_by(_HANDOUTS.tally_id, _HANDOUTS.revision, _HANDOUTS.no)
        )
        for tally_id, revision, *said in db.session.execute(wanted):
            found.setdefault((tally_id, revision), []).append(Handout(*said))
    return found


def list_likenesses(likenesses: Collection[str], *, begin: datetime, end: datetime) -> list[Likeness]:
    """What was said between two moments and looks like one of these, oldest first; refused ones left out."""
    if not likenesses:
        return []
    said = _revisions.c
    rows = db.session.execute(
        select(said.likeness, said.tally_id, said.occurred_at)
        .where(said.likeness.in_(list(likenesses)), said.occurred_at >= begin, said.occurred_at <= end)
        .where(said.state != REFUSED)
        .order_by(said.occurred_at, said.tally_id)
    )
    return [Likeness(str(row[0]), row[1], row[2]) for row in rows]
