"""How questions fare with people: counted from marked papers, judged by rule. Values in, values out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quizsvc.quiz.rules import Item, Question

ENOUGH = 30  # below, a share says nothing
EASY_PERCENT, HARD_PERCENT = 95, 20
TOO_FEW, TOO_EASY, TOO_HARD, MISLEADING = "样本不足", "太易", "太难", "易误导"


@dataclass(frozen=True)
class Faring:
    """One version of a question: how often it was answered, how often rightly, how often each option was chosen."""

    question: Question
    answered: int
    right: int
    chosen: Mapping[str, int]


def count_answers(papers: Iterable[tuple[Sequence[Sequence[Any]], Sequence[str]]]) -> Counter[tuple[int, str]]:
    """How often each version was answered in which way, in papers as stored (items dealt, options given); one pass.

    What is kept grows with the questions and the ways to answer them, not with the papers.
    """
    answers: Counter[tuple[int, str]] = Counter()
    for items, given in papers:
        dealt = Item.all_from(items)
        answers.update((item.question_id, choices) for item, choices in zip(dealt, given, strict=True))
    return answers


def list_farings(answers: Mapping[tuple[int, str], int], questions: Mapping[int, Question]) -> list[Faring]:
    """How each version fared, by code and age. What was left out counts as answered wrongly, as in the mark."""
    by_version: dict[int, Counter[str]] = {}
    for (question_id, choices), times in answers.items():
        by_version.setdefault(question_id, Counter())[choices] += times
    found = [_faring(questions[question_id], said) for question_id, said in by_version.items()]
    return sorted(found, key=lambda one: (one.question.code, one.question.id))


def _faring(question: Question, said: Mapping[str, int]) -> Faring:
    chosen = {
        letter: sum(times for choices, times in said.items() if letter in choices)
        for letter in sorted(question.options)
    }
    right = sum(times for choices, times in said.items() if frozenset(choices) == question.answer)
    return Faring(question, sum(said.values()), right, chosen)


def judge_faring(faring: Faring) -> list[str]:
    """What to look at: too easy, too hard, or misleading (a wrong option chosen more often than a right one)."""
    if faring.answered < ENOUGH:
        return [TOO_FEW]
    judged = []
    if faring.right * 100 >= EASY_PERCENT * faring.answered:
        judged.append(TOO_EASY)
    if faring.right * 100 <= HARD_PERCENT * faring.answered:
        judged.append(TOO_HARD)
    right = [times for letter, times in faring.chosen.items() if letter in faring.question.answer]
    wrong = [times for letter, times in faring.chosen.items() if letter not in faring.question.answer]
    if max(wrong, default=0) > min(right, default=0):
        judged.append(MISLEADING)
    return judged
