"""Every statement on the bank."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, select, update

from quizsvc.kit.db import db, insert, insert_new, table_of
from quizsvc.quiz.lifecycle import REVIEWED, Standing
from quizsvc.quiz.models import BankRecord, QuestionRecord, QuestionVersionRecord, ScamTypeRecord
from quizsvc.quiz.rules import Question, QuestionText, ScamType

EPOCH = select(table_of(BankRecord).c.epoch)
SAME_CODE = QuestionRecord.code == QuestionVersionRecord.code
IN_FORCE = SAME_CODE & (QuestionRecord.version == QuestionVersionRecord.version)
NEWEST = SAME_CODE & (func.coalesce(QuestionRecord.waiting, QuestionRecord.version) == QuestionVersionRecord.version)


def find_epoch() -> str | None:
    """None before the bank was first loaded."""
    found: str | None = db.session.execute(EPOCH).scalar()
    return found


def lock_bank(*, epoch: str) -> None:
    """One loader at a time; the first one ever makes the row."""
    insert_new(BankRecord, id=1, epoch=epoch)
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


def list_version_numbers() -> dict[int, int]:
    """Each version's number within its question, by id."""
    rows = db.session.execute(select(QuestionVersionRecord.id, QuestionVersionRecord.version))
    return {row.id: row.version for row in rows}


def list_dealable_ids() -> Sequence[int]:
    """The versions in force of the reviewed questions, in order of code."""
    wanted = (
        select(QuestionVersionRecord.id)
        .join(QuestionRecord, IN_FORCE)
        .where(QuestionRecord.state == REVIEWED)
        .order_by(QuestionRecord.code)
    )
    return db.session.scalars(wanted).all()


def list_scam_types() -> dict[str, str]:
    """Names by code."""
    rows = db.session.execute(select(ScamTypeRecord.code, ScamTypeRecord.name))
    return {row.code: row.name for row in rows}


def add_scam_type(one: ScamType) -> None:
    """One that stands already stays as it is."""
    insert_new(ScamTypeRecord, code=one.code, name=one.name, year=one.year)


def list_standing() -> dict[str, tuple[Standing, QuestionText]]:
    """How each question stands and its newest text, by code."""
    rows = db.session.execute(select(QuestionRecord, QuestionVersionRecord).join(QuestionVersionRecord, NEWEST))
    return {
        one.code: (Standing(one.state, one.version, one.waiting, one.changed_by), _text_of(text)) for one, text in rows
    }


def list_versions(code: str) -> Sequence[tuple[int, QuestionText]]:
    """Every text of a question with its number, the newest first."""
    record = QuestionVersionRecord
    rows = db.session.scalars(select(record).where(record.code == code).order_by(record.version.desc()))
    return [(row.version, _text_of(row)) for row in rows]


def _text_of(row: QuestionVersionRecord) -> QuestionText:
    return QuestionText(
        code=row.code,
        scam_type=row.scam_type,
        kind=row.kind,
        stem=row.stem,
        options=row.options,
        answer=row.answer,
        explanation=row.explanation,
        difficulty=row.difficulty,
        audience=row.audience,
        source=row.source,
        reviewed=row.reviewed,
    )


def record_standing(code: str, standing: Standing) -> None:
    """How a question stands from now on; the first time makes it."""
    if not insert_new(QuestionRecord, code=code, **asdict(standing)):
        db.session.execute(update(QuestionRecord).where(QuestionRecord.code == code).values(**asdict(standing)))


def add_version(question: QuestionText, *, version: int, content_hash: str) -> None:
    """A new text of a question that stands."""
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
