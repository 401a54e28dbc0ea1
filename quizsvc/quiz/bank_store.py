"""Every statement on the bank."""

from collections.abc import Sequence

from sqlalchemy import select, update

from quizsvc.kit.db import db, insert, insert_new, table_of
from quizsvc.quiz.models import BankRecord, QuestionRecord, QuestionVersionRecord, ScamTypeRecord
from quizsvc.quiz.rules import Question, QuestionText, ScamType

EPOCH = select(table_of(BankRecord).c.epoch)
IN_FORCE = (QuestionRecord.code == QuestionVersionRecord.code) & (
    QuestionRecord.version == QuestionVersionRecord.version
)


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


def list_dealable_ids() -> Sequence[int]:
    """The versions in force, in order of code."""
    wanted = select(QuestionVersionRecord.id).join(QuestionRecord, IN_FORCE).order_by(QuestionRecord.code)
    return db.session.scalars(wanted).all()


def list_scam_types() -> dict[str, str]:
    """Names by code."""
    rows = db.session.execute(select(ScamTypeRecord.code, ScamTypeRecord.name))
    return {row.code: row.name for row in rows}


def add_scam_type(one: ScamType) -> None:
    """One that stands already stays as it is."""
    insert_new(ScamTypeRecord, code=one.code, name=one.name, year=one.year)


def list_texts() -> dict[str, tuple[int, QuestionText]]:
    """The version in force and its text, by code."""
    rows = db.session.scalars(select(QuestionVersionRecord).join(QuestionRecord, IN_FORCE))
    return {row.code: (row.version, _text_of(row)) for row in rows}


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
