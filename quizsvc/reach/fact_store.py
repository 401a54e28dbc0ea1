"""Every statement on visits, on what each person adds to the figures, and on the counts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, literal, select, update

from quizsvc.kit.db import add_all, db, insert_all, insert_new, table_of
from quizsvc.reach.facts import CHAINED, NEVER, WHOLE, Place
from quizsvc.reach.models import CountRecord, ShareRecord, TurnRecord, VisitRecord

TURN = 1
PAGE = 2000


def add_visit(campaign_id: UUID, citizen_id: UUID, *, day: date, region_id: UUID | None) -> bool:
    """False when the citizen was there on that day before."""
    return insert_new(VisitRecord, campaign_id=campaign_id, citizen_id=citizen_id, day=day, region_id=region_id)


def list_visits(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    record = VisitRecord
    wanted = select(record.citizen_id, record.region_id, record.day)
    return db.session.execute(wanted.where(record.campaign_id == campaign_id, record.citizen_id.in_(citizens))).all()


def list_visits_of(citizen_id: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
    """A citizen's, oldest first."""
    record = VisitRecord
    wanted = select(record.campaign_id, record.day, record.region_id).where(record.citizen_id == citizen_id)
    return db.session.execute(wanted.order_by(record.day, record.campaign_id)).all()


def list_visitors(campaign_id: UUID) -> set[UUID]:
    record = VisitRecord
    return set(db.session.scalars(select(record.citizen_id).where(record.campaign_id == campaign_id).distinct()))


def take_turn() -> None:
    """Let nobody else settle until this transaction ends."""
    insert_new(TurnRecord, id=TURN)
    db.session.execute(select(TurnRecord.id).where(TurnRecord.id == TURN).with_for_update())


def list_shares(campaign_id: UUID, kind: str, parts: Collection[UUID]) -> dict[UUID, str]:
    """What some people did, as it was counted."""
    record = ShareRecord
    mine = (record.campaign_id == campaign_id, record.kind == kind, record.part.in_(parts))
    return {row.part: row.done for row in db.session.execute(select(record.part, record.done).where(*mine))}


def replace_shares(campaign_id: UUID, kind: str, shares: Mapping[UUID, str | None]) -> None:
    """Put what some people did in the place of what was counted; None for who did nothing that counts."""
    record = ShareRecord
    mine = (record.campaign_id == campaign_id, record.kind == kind, record.part.in_(list(shares)))
    db.session.execute(delete(record).where(*mine))
    rows = [
        {"campaign_id": campaign_id, "kind": kind, "part": part, "done": done}
        for part, done in sorted(shares.items())
        if done is not None
    ]
    insert_all(record, rows)


def add_counts(campaign_id: UUID, changes: Mapping[Place, int]) -> None:
    """Add to counts, below zero to take away; what comes to nothing is not kept.

    What is taken away was added before, so its row is there: only what is added can be new.
    """
    more = [{"campaign_id": campaign_id, **place._asdict(), "n": n} for place, n in sorted(changes.items()) if n > 0]
    less = [
        {f"of_{name}": value for name, value in place._asdict().items()} | {"less": -n}
        for place, n in sorted(changes.items())
        if n < 0
    ]
    add_all(CountRecord, more, to="n")
    if less:
        of_campaign = _LESS.where(_counts.c.campaign_id == campaign_id)
        db.session.connection().execute(of_campaign, less)
        gone = (CountRecord.campaign_id == campaign_id, CountRecord.n == 0)
        db.session.execute(delete(CountRecord).where(*gone))


_counts = table_of(CountRecord)
_LESS = (
    update(_counts)
    .where(*(_counts.c[name] == bindparam(f"of_{name}") for name in Place._fields))
    .values(n=_counts.c.n - bindparam("less"))
)


def list_counts(campaign_id: UUID) -> dict[Place, int]:
    """Everything that was counted in a campaign."""
    record = CountRecord
    wanted = select(record.region, record.day, record.metric, record.apart, record.n)
    return {Place(*row[:4]): row[4] for row in db.session.execute(wanted.where(record.campaign_id == campaign_id))}


def sum_counts(
    campaign_id: UUID, regions: Collection[str], metrics: Collection[str], *, first: str, last: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Sums between two days by region, metric and what it is shown apart by."""
    record = CountRecord
    wanted = select(record.region, record.metric, record.apart, func.sum(record.n).label("n"))
    within = _within(campaign_id, regions, metrics, first=first, last=last)
    return db.session.execute(wanted.where(*within).group_by(record.region, record.metric, record.apart)).all()


def sum_people(
    campaign_id: UUID, regions: Collection[str], *, first: str, last: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """People between two days by region and metric: those who are new in them."""
    record = CountRecord
    wanted = select(record.region, record.metric, literal(NEVER).label("apart"), func.sum(record.n).label("n"))
    within = _within(campaign_id, regions, CHAINED, first=first, last=last)
    new = wanted.where(*within, record.apart < first)
    return db.session.execute(new.group_by(record.region, record.metric)).all()


def _within(
    campaign_id: UUID, regions: Collection[str], metrics: Collection[str], *, first: str, last: str
) -> tuple[ColumnElement[bool], ...]:
    record = CountRecord
    return (
        record.campaign_id == campaign_id,
        record.region.in_(regions),
        record.metric.in_(metrics),
        record.day >= first,
        record.day <= last,
    )


def find_first_day(campaign_ids: Collection[UUID]) -> str | None:
    """The first day on which anything was counted."""
    record = CountRecord
    days = select(func.min(record.day)).where(record.campaign_id.in_(campaign_ids), record.day != WHOLE)
    return db.session.scalar(days)


def list_days(
    campaign_id: UUID, region: str, metrics: Collection[str], *, first: str, last: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Sums of one region by day and metric, whatever they are shown apart by."""
    record = CountRecord
    wanted = select(record.day, record.metric, func.sum(record.n).label("n"))
    within = _within(campaign_id, [region], metrics, first=first, last=last)
    return db.session.execute(wanted.where(*within).group_by(record.day, record.metric)).all()


def list_days_apart(
    campaign_id: UUID, region: str, metric: str, *, first: str, last: str
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Sums of one region and metric by day and what it is shown apart by."""
    record = CountRecord
    wanted = select(record.day, record.apart, func.sum(record.n).label("n"))
    within = _within(campaign_id, [region], [metric], first=first, last=last)
    return db.session.execute(wanted.where(*within).group_by(record.day, record.apart)).all()


def list_all_shares(campaign_id: UUID, kind: str) -> Iterator[tuple[UUID, str]]:
    """What everybody did in a campaign, as it was counted; read in pages."""
    record = ShareRecord
    wanted = select(record.part, record.done).where(record.campaign_id == campaign_id, record.kind == kind)
    after: UUID | None = None
    while True:
        page = wanted if after is None else wanted.where(record.part > after)
        rows = db.session.execute(page.order_by(record.part).limit(PAGE)).all()
        yield from ((row.part, row.done) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1].part
