"""What papers came to, for those who count: by person, without anything that leads back to one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from quizsvc.quiz import bank_store, store
from quizsvc.quiz.rules import MARKED, Question


@dataclass(frozen=True)
class Outcome:
    """A paper: whose, where and of which day it is.

    `right`, `wrong`: its questions by the id of their version, none unless it was handed in in time.
    """

    citizen_id: UUID
    region_id: UUID | None
    day: date
    is_marked: bool
    is_passed: bool
    right: Sequence[int]
    wrong: Sequence[int]


def list_outcomes(campaign_id: UUID, citizens: Collection[UUID]) -> Iterator[Outcome]:
    """Every paper of some people in a campaign, oldest first."""
    papers = store.list_outcomes(campaign_id, citizens)
    questions = known_questions()
    for row in papers:
        answers: tuple[list[int], list[int]] = ([], [])
        is_marked = row.state == MARKED
        if is_marked:
            for (question_id, _order), given in zip(row.items, row.given, strict=True):
                answers[frozenset(given) != questions[question_id].answer].append(question_id)
        yield Outcome(row.citizen_id, row.region_id, row.day, is_marked, is_marked and row.passed, *answers)


def list_ticket_regions(campaign_id: UUID, citizens: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Where some people were at home when they earned each of their tickets of a campaign."""
    return store.list_ticket_regions(campaign_id, citizens)


def list_people(campaign_id: UUID) -> Collection[UUID]:
    """Everybody who was ever dealt a paper in a campaign."""
    return store.list_people(campaign_id)


def name_scam_types() -> dict[str, str]:
    """The names of scam types by code."""
    return dict(bank_store.list_scam_types())


def known_questions() -> Mapping[int, Question]:
    """Every version of every question by its id."""
    return _questions(bank_store.find_epoch())


@lru_cache(maxsize=1)
def _questions(_epoch: str | None) -> Mapping[int, Question]:
    """Every version of every question, read once by each process; a load renews the epoch."""
    return {question.id: question for question in bank_store.list_questions()}
