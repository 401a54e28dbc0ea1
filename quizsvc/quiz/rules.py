"""Dealing and marking: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from quizsvc.campaigns.rules import PaperPlan

SINGLE, MULTIPLE, JUDGE = KINDS = ("single", "multiple", "judge")
AUDIENCES = ("elderly", "students", "accountants", "parents", "shop-owners")
OPEN, MARKED, LAPSED, LATE = STATES = ("open", "marked", "lapsed", "late")
GRACE = timedelta(seconds=15)  # a phone's last request may be on its way when time is up

PERSON = "person"  # the kind of dirty key that says: count anew what a citizen did in a campaign

Choices = frozenset[str]


@dataclass(frozen=True)
class ScamType:
    """A kind of fraud, and the year of the list it is from."""

    code: str
    name: str
    year: int


@dataclass(frozen=True)
class Question:
    """One version of a question. `options` are texts by option id; `id` names the version."""

    id: int
    code: str
    scam_type: str
    difficulty: int
    kind: str
    stem: str
    options: Mapping[str, str]
    answer: Choices
    explanation: str
    source: str


@dataclass(frozen=True)
class Bank:
    """The bank as of one epoch: every version by id, and what can be dealt now by scam type and difficulty."""

    epoch: str
    questions: Mapping[int, Question]
    dealable: Mapping[tuple[str, int], Sequence[int]]
    scam_types: Mapping[str, str]


@dataclass(frozen=True)
class Item:
    """A question as dealt to one person: the version, and the order of its options."""

    question_id: int
    order: str

    @classmethod
    def all_from(cls, stored: Iterable[Sequence[Any]]) -> list["Item"]:
        return [cls(question_id, order) for question_id, order in stored]


@dataclass(frozen=True)
class Mark:
    """The result of a paper."""

    correct: int
    total: int
    pass_percent: int

    @property
    def passed(self) -> bool:
        return self.correct * 100 >= self.pass_percent * self.total


@dataclass(frozen=True)
class Paper:
    """A paper as stored. `given` is None until it was handed in."""

    id: UUID
    campaign_id: UUID
    citizen_id: UUID
    state: str
    dealt_at: datetime
    due_at: datetime | None
    items: Sequence[Item]
    given: Sequence[Sequence[str]] | None
    correct: int | None
    passed: bool | None
    earns_ticket: bool
    handed_in_at: datetime | None


@dataclass(frozen=True)
class Ticket:
    """One right to draw."""

    id: UUID
    campaign_id: UUID
    citizen_id: UUID
    limit_key: str
    region_id: UUID | None
    earned_at: datetime


def deal(plan: PaperPlan, bank: Bank, *, seed: int) -> list[Item] | None:
    """A paper by the plan: questions and option orders fixed by the seed. None when the bank is too small.

    Where a line's own pool is too small (questions were retired after publishing) the rest comes from the same scam
    type, then from anywhere: a full paper matters more than its mix.
    """
    random = Random(seed)
    chosen: dict[int, None] = {}  # a set that keeps its order
    for line in plan.lines:
        missing = line.count
        for pool in _pools(bank, line.scam_type, line.difficulty):
            fresh = pool if chosen.keys().isdisjoint(pool) else [one for one in pool if one not in chosen]
            taken = random.sample(fresh, min(missing, len(fresh)))
            chosen |= dict.fromkeys(taken)
            missing -= len(taken)
            if not missing:
                break
        else:
            return None
    dealt = list(chosen)
    random.shuffle(dealt)
    return [Item(question_id, _shuffled(bank.questions[question_id], random)) for question_id in dealt]


def _pools(bank: Bank, scam_type: str, difficulty: int) -> Iterable[Sequence[int]]:
    yield bank.dealable.get((scam_type, difficulty), ())
    yield [one for (kind, _), pool in bank.dealable.items() if kind == scam_type for one in pool]
    yield [one for pool in bank.dealable.values() for one in pool]


def _shuffled(question: Question, random: Random) -> str:
    """The option ids (one letter each) in the order this person sees; right and wrong stay where people look."""
    letters = list(question.options)
    if question.kind != JUDGE:
        random.shuffle(letters)
    return "".join(letters)


def mark_paper(items: Sequence[Item], answers: Mapping[int, Choices], bank: Bank, *, pass_percent: int) -> Mark:
    """Full marks or none per question: a multiple choice must match exactly. `answers` by number from 1."""
    correct = sum(
        answers.get(no, frozenset()) == bank.questions[item.question_id].answer
        for no, item in enumerate(items, start=1)
    )
    return Mark(correct=correct, total=len(items), pass_percent=pass_percent)


def is_overdue(due_at: datetime | None, *, now: datetime) -> bool:
    """Whether the time for a paper, with its grace, is over. No `due_at`: never."""
    return due_at is not None and now > due_at + GRACE


@dataclass(frozen=True)
class QuestionText:
    """A question as its file says it."""

    code: str
    scam_type: str
    kind: str
    stem: str
    options: Mapping[str, str]
    answer: Sequence[str]
    explanation: str
    difficulty: int
    audience: Sequence[str]
    source: str
    reviewed: date


def find_faults(question: QuestionText) -> Iterable[tuple[str, str]]:
    """What is wrong with a question beyond its shape, as (what, how to mend)."""
    answer, options = list(question.answer), question.options
    if any(len(letter) != 1 for letter in options):
        yield "an option's id is not one letter", "name the options A, B, C ..."
    texts = {"the stem": question.stem, "the explanation": question.explanation, "the source": question.source}
    texts |= {f"option {letter}": text for letter, text in options.items()}
    for place, text in texts.items():
        if not text.strip():
            yield f"{place} is blank", "write it, or take the question out"
    if len(set(options.values())) < len(options):
        yield "two options say the same", "make them differ"
    if unknown := [letter for letter in answer if letter not in options]:
        yield f"the answer names {', '.join(unknown)}, which is no option", "use the ids of the options"
    if len(set(answer)) < len(answer):
        yield "the answer names an option twice", "name each right option once"
    if question.kind == JUDGE and dict(options) != {"T": "对", "F": "错"}:
        yield "a judge question has other options", 'write options = { T = "对", F = "错" }'
    if question.kind in (SINGLE, JUDGE) and len(answer) != 1:
        yield f"a {question.kind} question has {len(answer)} answers", "name exactly one"
    if question.kind == MULTIPLE and not 2 <= len(answer) < len(options):
        yield "a multiple question needs two right options and a wrong one", "mend options or answer"
    if question.kind != JUDGE and not 3 <= len(options) <= 6:
        yield f"{len(options)} options", "give 3 to 6"


def index_by_plan(questions: Iterable[Question]) -> dict[tuple[str, int], list[int]]:
    """Version ids by scam type and difficulty, for dealing."""
    index: dict[tuple[str, int], list[int]] = {}
    for question in questions:
        index.setdefault((question.scam_type, question.difficulty), []).append(question.id)
    return index


def find_plan_faults(plan: PaperPlan, bank: Bank) -> Iterable[tuple[str, str]]:
    """Plan lines that the bank cannot fill, as (what, how to mend)."""
    for line in plan.lines:
        there = len(bank.dealable.get((line.scam_type, line.difficulty), ()))
        if there < line.count:
            yield (
                f"{line.count} of {line.scam_type}, difficulty {line.difficulty}; the bank has {there}",
                "ask for fewer, or add questions",
            )
