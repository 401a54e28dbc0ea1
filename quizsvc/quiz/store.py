"""Every statement on the bank, papers and tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, literal, select, update

from quizsvc.kit.db import UtcDateTime, db, insert
from quizsvc.quiz.models import (
    BankRecord,
    PaperRecord,
    QuestionRecord,
    QuestionVersionRecord,
    ScamTypeRecord,
    TicketRecord,
)
from quizsvc.quiz.rules import LAPSED, LATE, MARKED, OPEN, Item, Mark, Paper, Question, QuestionText, ScamType, Ticket

# --- the bank ---------------------------------------------------------------------------------------------------------


def find_epoch() -> str | None:
    """None before the bank was first loaded."""
    return db.session.scalar(select(BankRecord.epoch))


def lock_bank(*, epoch: str) -> None:
    """One loader at a time; the first one ever makes the row."""
    db.session.execute(insert(BankRecord).values(id=1, epoch=epoch).on_conflict_do_nothing())
    db.session.execute(select(BankRecord.id).with_for_update())


def record_epoch(epoch: str) -> None:
    db.session.execute(update(BankRecord).values(epoch=epoch))


def list_questions() -> Sequence[Question]:
    """Every version there is."""
    rows = db.session.scalars(select(QuestionVersionRecord).order_by(QuestionVersionRecord.id))
    return [
        Question(
            id=row.id,
            code=row.code,
            scam_type=row.scam_type,
            difficulty=row.difficulty,
            kind=row.kind,
            stem=row.stem,
            options=row.options,
            answer=frozenset(row.answer),
            explanation=row.explanation,
            source=row.source,
        )
        for row in rows
    ]


def list_dealable_ids() -> Sequence[int]:
    """The versions in force, in order of code."""
    wanted = (
        select(QuestionVersionRecord.id)
        .join(
            QuestionRecord,
            (QuestionRecord.code == QuestionVersionRecord.code)
            & (QuestionRecord.version == QuestionVersionRecord.version),
        )
        .order_by(QuestionRecord.code)
    )
    return db.session.scalars(wanted).all()


def list_scam_types() -> dict[str, str]:
    """Names by code."""
    rows = db.session.execute(select(ScamTypeRecord.code, ScamTypeRecord.name))
    return {row.code: row.name for row in rows}


def add_scam_type(one: ScamType) -> None:
    """One that stands already stays as it is."""
    db.session.execute(
        insert(ScamTypeRecord).values(code=one.code, name=one.name, year=one.year).on_conflict_do_nothing()
    )


def list_standing() -> dict[str, tuple[int, str]]:
    """Version in force and its content's hash, by code."""
    rows = db.session.execute(
        select(QuestionRecord.code, QuestionRecord.version, QuestionVersionRecord.content_hash).join(
            QuestionVersionRecord,
            (QuestionRecord.code == QuestionVersionRecord.code)
            & (QuestionRecord.version == QuestionVersionRecord.version),
        )
    )
    return {row.code: (row.version, row.content_hash) for row in rows}


def record_question(question: QuestionText, *, version: int, content_hash: str) -> None:
    """Put a new version in force."""
    if version == 1:
        db.session.execute(insert(QuestionRecord).values(code=question.code, version=1))
    else:
        db.session.execute(update(QuestionRecord).where(QuestionRecord.code == question.code).values(version=version))
    db.session.execute(
        insert(QuestionVersionRecord).values(
            code=question.code,
            version=version,
            content_hash=content_hash,
            scam_type=question.scam_type,
            kind=question.kind,
            difficulty=question.difficulty,
            stem=question.stem,
            options=dict(question.options),
            answer=list(question.answer),
            explanation=question.explanation,
            audience=list(question.audience),
            source=question.source,
            reviewed=question.reviewed,
        )
    )


# --- papers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """What a person has in hand today: the bank's epoch, papers dealt today, the open paper."""

    epoch: str | None
    dealt_today: int
    open_id: UUID | None


def find_desk(limit_key: str, *, day: date) -> Desk:
    """One statement."""
    paper = PaperRecord
    dealt = select(func.max(paper.no_of_day)).where(paper.limit_key == limit_key, paper.day == day)
    in_hand = select(paper.id).where(paper.limit_key == limit_key, paper.state == OPEN)
    epoch = select(BankRecord.epoch)
    row = db.session.execute(select(epoch.scalar_subquery(), dealt.scalar_subquery(), in_hand.scalar_subquery())).one()
    return Desk(epoch=row[0], dealt_today=row[1] or 0, open_id=row[2])


def _papers() -> Select[*tuple[Any, ...]]:
    record = PaperRecord
    return select(
        record.id,
        record.campaign_id,
        record.citizen_id,
        record.state,
        record.dealt_at,
        record.due_at,
        record.items,
        record.given,
        record.correct,
        record.passed,
        record.earns_ticket,
        record.handed_in_at,
    )


def _paper(row: Row[Any]) -> Paper:
    return Paper(**{**row._mapping, "items": Item.all_from(row.items)})


def get_paper(paper_id: UUID) -> Paper:
    return _paper(db.session.execute(_papers().where(PaperRecord.id == paper_id)).one())


def find_paper(paper_id: UUID, *, citizen_id: UUID) -> Paper | None:
    """The paper, if it is this citizen's."""
    row = db.session.execute(
        _papers().where(PaperRecord.id == paper_id, PaperRecord.citizen_id == citizen_id)
    ).one_or_none()
    return None if row is None else _paper(row)


def list_papers(citizen_id: UUID) -> Sequence[Paper]:
    """A citizen's papers, oldest first."""
    rows = db.session.execute(
        _papers().where(PaperRecord.citizen_id == citizen_id).order_by(PaperRecord.dealt_at, PaperRecord.id)
    )
    return [_paper(row) for row in rows]


def add_paper(paper: Paper, *, limit_key: str, region_id: UUID | None, day: date, no_of_day: int) -> bool:
    """False when another request dealt first: an open paper stands, or this number of the day is taken."""
    added = insert(PaperRecord).values(
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
    return db.session.scalar(added.on_conflict_do_nothing().returning(PaperRecord.id)) is not None


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


def record_mark(paper_id: UUID, mark: Mark, *, given: Sequence[str], late: bool, now: datetime) -> bool:
    """False when the paper was handed in before."""
    marked = (
        update(PaperRecord)
        .where(PaperRecord.id == paper_id, PaperRecord.handed_in_at.is_(None))
        .values(
            state=LATE if late else MARKED,
            given=list(given),
            correct=mark.correct,
            passed=mark.passed,
            handed_in_at=now,
        )
        .returning(PaperRecord.id)
    )
    return db.session.scalar(marked) is not None


# --- tickets ----------------------------------------------------------------------------------------------------------


def _tickets() -> Select[*tuple[Any, ...]]:
    record = TicketRecord
    return select(
        record.id, record.campaign_id, record.citizen_id, record.limit_key, record.region_id, record.earned_at
    )


def add_ticket(ticket_id: UUID, *, paper_id: UUID, now: datetime) -> None:
    """A ticket for a paper: whose it is, and where, is the paper's."""
    paper = PaperRecord
    owner = select(
        literal(ticket_id),
        paper.id,
        paper.campaign_id,
        paper.citizen_id,
        paper.limit_key,
        paper.region_id,
        literal(now, UtcDateTime),
    ).where(paper.id == paper_id)
    columns = ["id", "paper_id", "campaign_id", "citizen_id", "limit_key", "region_id", "earned_at"]
    db.session.execute(insert(TicketRecord).from_select(columns, owner))


def find_ticket_of(paper_id: UUID) -> UUID | None:
    return db.session.scalar(select(TicketRecord.id).where(TicketRecord.paper_id == paper_id))


def find_ticket(ticket_id: UUID, *, citizen_id: UUID) -> Ticket | None:
    """The ticket, if it is this citizen's."""
    row = db.session.execute(
        _tickets().where(TicketRecord.id == ticket_id, TicketRecord.citizen_id == citizen_id)
    ).one_or_none()
    return None if row is None else Ticket(**row._mapping)


def list_tickets(citizen_id: UUID, *, campaign_id: UUID | None = None) -> Sequence[Ticket]:
    """A citizen's tickets, oldest first; of one campaign or of all."""
    wanted = _tickets().where(TicketRecord.citizen_id == citizen_id)
    if campaign_id is not None:
        wanted = wanted.where(TicketRecord.campaign_id == campaign_id)
    rows = db.session.execute(wanted.order_by(TicketRecord.earned_at, TicketRecord.id))
    return [Ticket(**row._mapping) for row in rows]
