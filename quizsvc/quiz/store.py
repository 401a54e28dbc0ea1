"""Every statement on papers and tickets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select, update
from sqlalchemy import insert as insert_statement

from quizsvc.kit import dirty
from quizsvc.kit.db import UtcDateTime, db, insert_new, table_of
from quizsvc.quiz.bank_store import EPOCH
from quizsvc.quiz.models import PaperRecord, TicketRecord
from quizsvc.quiz.rules import LAPSED, LATE, MARKED, OPEN, PERSON, Item, Mark, Paper, Ticket

# --- papers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """What a person has in hand today: the bank's epoch, papers dealt today, the open paper."""

    epoch: str | None
    dealt_today: int
    open_id: UUID | None


_papers = table_of(PaperRecord).c
_DEALT_TODAY = select(func.max(_papers.no_of_day)).where(
    _papers.limit_key == bindparam("limit_key"), _papers.day == bindparam("day")
)
_IN_HAND = select(_papers.id).where(_papers.limit_key == bindparam("limit_key"), _papers.state == OPEN)
_DESK = select(EPOCH.scalar_subquery(), _DEALT_TODAY.scalar_subquery(), _IN_HAND.scalar_subquery())


def find_desk(limit_key: str, *, day: date) -> Desk:
    """One statement."""
    row = db.session.execute(_DESK, {"limit_key": limit_key, "day": day}).one()
    return Desk(epoch=row[0], dealt_today=row[1] or 0, open_id=row[2])


_PAPERS = select(
    _papers.id,
    _papers.campaign_id,
    _papers.citizen_id,
    _papers.state,
    _papers.dealt_at,
    _papers.due_at,
    _papers["items"],
    _papers.given,
    _papers.correct,
    _papers.passed,
    _papers.earns_ticket,
    _papers.handed_in_at,
)
_PAPER = _PAPERS.where(_papers.id == bindparam("paper_id"))
_OWN_PAPER = _PAPER.where(_papers.citizen_id == bindparam("citizen_id")).add_columns(
    EPOCH.scalar_subquery().label("epoch")
)
_OWN_PAPERS = _PAPERS.where(_papers.citizen_id == bindparam("citizen_id")).order_by(_papers.dealt_at, _papers.id)


def _paper(row: Row[*tuple[Any, ...]]) -> Paper:
    named = dict(row._mapping)
    named.pop("epoch", None)
    return Paper(**named | {"items": Item.all_from(named["items"])})


def get_paper(paper_id: UUID) -> Paper:
    return _paper(db.session.execute(_PAPER, {"paper_id": paper_id}).one())


def find_paper(paper_id: UUID, *, citizen_id: UUID) -> tuple[Paper, str | None] | None:
    """The paper, if it is this citizen's, and the bank's epoch."""
    row = db.session.execute(_OWN_PAPER, {"paper_id": paper_id, "citizen_id": citizen_id}).one_or_none()
    return None if row is None else (_paper(row), row.epoch)


def list_marked(*, after: UUID, limit: int) -> Sequence[tuple[UUID, list[Any], list[str]]]:
    """Papers marked in time, in order of id from `after` on: id, items, given. Late ones were for learning."""
    wanted = select(_papers.id, _papers["items"], _papers.given).where(_papers.state == MARKED, _papers.id > after)
    return [(row[0], row[1], row[2]) for row in db.session.execute(wanted.order_by(_papers.id).limit(limit))]


def list_newest_marked(*, limit: int) -> Sequence[tuple[UUID, list[Any], list[str]]]:
    """As list_marked, the newest: ids sort by age."""
    wanted = select(_papers.id, _papers["items"], _papers.given).where(_papers.state == MARKED)
    return [(row[0], row[1], row[2]) for row in db.session.execute(wanted.order_by(_papers.id.desc()).limit(limit))]


def list_outcomes(campaign_id: UUID, citizens: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """The papers of some people in a campaign, oldest first: whose, where, when, and what they came to."""
    wanted = select(
        _papers.citizen_id,
        _papers.region_id,
        _papers.day,
        _papers.state,
        _papers.passed,
        _papers["items"].label("items"),
        _papers.given,
    ).where(_papers.citizen_id.in_(citizens), _papers.campaign_id == campaign_id)
    return db.session.execute(wanted.order_by(_papers.dealt_at, _papers.id)).all()


def list_people(campaign_id: UUID) -> set[UUID]:
    """Everybody who was dealt a paper in a campaign."""
    return set(db.session.scalars(select(_papers.citizen_id).where(_papers.campaign_id == campaign_id).distinct()))


def list_papers(citizen_id: UUID) -> Sequence[Paper]:
    """A citizen's papers, oldest first."""
    return [_paper(row) for row in db.session.execute(_OWN_PAPERS, {"citizen_id": citizen_id})]


def add_paper(paper: Paper, *, limit_key: str, region_id: UUID | None, day: date, no_of_day: int) -> bool:
    """False when another request dealt first: an open paper stands, or this number of the day is taken."""
    added = insert_new(
        PaperRecord,
        id=paper.id,
        campaign_id=paper.campaign_id,
        citizen_id=paper.citizen_id,
        limit_key=limit_key,
        region_id=region_id,
        day=day,
        no_of_day=no_of_day,
        state=OPEN,
        dealt_at=paper.dealt_at,
        due_at=paper.due_at,
        earns_ticket=paper.earns_ticket,
        items=[[item.question_id, item.order] for item in paper.items],
    )
    if added:
        dirty.mark(PERSON, whole=paper.campaign_id, part=paper.citizen_id, now=paper.dealt_at)
    return added


def has_papers(campaign_id: UUID) -> bool:
    """Whether any paper was ever dealt in a campaign."""
    return db.session.scalar(select(_papers.id).where(_papers.campaign_id == campaign_id).limit(1)) is not None


def record_lapse(paper_id: UUID) -> None:
    """Put an open paper aside: it counts, and can only be marked for learning."""
    db.session.execute(
        update(PaperRecord).where(PaperRecord.id == paper_id, PaperRecord.state == OPEN).values(state=LAPSED)
    )


def record_lapses(*, due_before: datetime) -> int:
    """Put every overdue paper aside. Returns how many."""
    lapsed = (
        update(PaperRecord)
        .where(PaperRecord.state == OPEN, PaperRecord.due_at < due_before)
        .values(state=LAPSED)
        .returning(PaperRecord.id)
    )
    return len(db.session.scalars(lapsed).all())


def record_lapses_of(citizen_id: UUID) -> None:
    """Put a leaving citizen's open papers aside."""
    db.session.execute(
        update(PaperRecord).where(PaperRecord.citizen_id == citizen_id, PaperRecord.state == OPEN).values(state=LAPSED)
    )


_MARK = (
    update(table_of(PaperRecord))
    .where(_papers.id == bindparam("paper_id"), _papers.handed_in_at.is_(None))
    .values(
        state=bindparam("new_state"),
        given=bindparam("new_given"),
        correct=bindparam("new_correct"),
        passed=bindparam("new_passed"),
        handed_in_at=bindparam("now"),
    )
    .returning(_papers.id)
)


def record_mark(paper: Paper, mark: Mark, *, given: Sequence[str], late: bool, now: datetime) -> bool:
    """False when the paper was handed in before."""
    said = {
        "paper_id": paper.id,
        "new_state": LATE if late else MARKED,
        "new_given": list(given),
        "new_correct": mark.correct,
        "new_passed": mark.passed,
        "now": now,
    }
    if db.session.execute(_MARK, said).first() is None:
        return False
    dirty.mark(PERSON, whole=paper.campaign_id, part=paper.citizen_id, now=now)
    return True


# --- tickets ----------------------------------------------------------------------------------------------------------


_tickets = table_of(TicketRecord).c
_TICKETS = select(
    _tickets.id,
    _tickets.campaign_id,
    _tickets.citizen_id,
    _tickets.limit_key,
    _tickets.region_id,
    _tickets.earned_at,
)
_OWN_TICKET = _TICKETS.where(_tickets.id == bindparam("ticket_id"), _tickets.citizen_id == bindparam("citizen_id"))
_TICKET_OF = select(_tickets.id).where(_tickets.paper_id == bindparam("paper_id"))
_NEW_TICKET = insert_statement(table_of(TicketRecord)).from_select(
    ["id", "paper_id", "campaign_id", "citizen_id", "limit_key", "region_id", "earned_at"],
    select(
        bindparam("ticket_id", type_=Uuid()),
        _papers.id,
        _papers.campaign_id,
        _papers.citizen_id,
        _papers.limit_key,
        _papers.region_id,
        bindparam("now", type_=UtcDateTime()),
    ).where(_papers.id == bindparam("of_paper")),
)


def add_ticket(ticket_id: UUID, *, paper_id: UUID, now: datetime) -> None:
    """A ticket for a paper: whose it is, and where, is the paper's."""
    db.session.execute(_NEW_TICKET, {"ticket_id": ticket_id, "of_paper": paper_id, "now": now})


def find_ticket_of(paper_id: UUID) -> UUID | None:
    found: UUID | None = db.session.execute(_TICKET_OF, {"paper_id": paper_id}).scalar()
    return found


def find_ticket(ticket_id: UUID, *, citizen_id: UUID) -> Ticket | None:
    """The ticket, if it is this citizen's."""
    row = db.session.execute(_OWN_TICKET, {"ticket_id": ticket_id, "citizen_id": citizen_id}).one_or_none()
    return None if row is None else Ticket(*row)


def list_tickets(citizen_id: UUID, *, campaign_id: UUID | None = None) -> Sequence[Ticket]:
    """A citizen's tickets, oldest first; of one campaign or of all."""
    wanted = _TICKETS.where(_tickets.citizen_id == citizen_id)
    if campaign_id is not None:
        wanted = wanted.where(_tickets.campaign_id == campaign_id)
    return [Ticket(*row) for row in db.session.execute(wanted.order_by(_tickets.earned_at, _tickets.id))]


def list_tickets_of(campaign_id: UUID) -> Sequence[Ticket]:
    """Every ticket of a campaign, oldest first."""
    wanted = _TICKETS.where(_tickets.campaign_id == campaign_id).order_by(_tickets.earned_at, _tickets.id)
    return [Ticket(*row) for row in db.session.execute(wanted)]


def list_ticket_regions(campaign_id: UUID, citizens: Collection[UUID]) -> dict[UUID, UUID | None]:
    """By ticket, where its owner was at home."""
    wanted = select(_tickets.id, _tickets.region_id).where(_tickets.citizen_id.in_(citizens))
    return {row[0]: row[1] for row in db.session.execute(wanted.where(_tickets.campaign_id == campaign_id))}


def find_traced(known_as: UUID) -> tuple[Paper, UUID | None, datetime | None] | None:
    """A paper by its own id or its ticket's, with the ticket's id and time; whoever's it is."""
    named = select(_tickets.paper_id).where(_tickets.id == known_as).scalar_subquery()
    paper_id = db.session.scalar(select(_papers.id).where((_papers.id == known_as) | (_papers.id == named)))
    if paper_id is None:
        return None
    ticket = db.session.execute(select(_tickets.id, _tickets.earned_at).where(_tickets.paper_id == paper_id)).first()
    return (get_paper(paper_id), *(ticket or (None, None)))
