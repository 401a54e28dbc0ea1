"""What shows only across questions: the same asked twice, answers that can be guessed, and the bank's figures."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from quizsvc.quiz.passages import bare
from quizsvc.quiz.rules import JUDGE, KINDS, SINGLE, QuestionText

Fault = tuple[str, str]
ENOUGH = 20  # fewer questions say nothing about a rate
LEEWAY = 0.10
# Share of common character pairs. Unlike questions of the shipped bank stay below 0.3; the same story with another
# name and amount is above 0.6.
TOO_ALIKE = 0.45
SCENARIO = 40  # a stem of so many characters tells a story


@dataclass(frozen=True)
class Counts:
    """A scam type's questions: how many by kind and by difficulty, and how many tell a story."""

    scam_type: str
    total: int
    kinds: Sequence[int]
    difficulties: Sequence[int]
    scenarios: int


def find_alike(questions: Sequence[QuestionText]) -> Iterator[tuple[QuestionText, Fault]]:
    """Questions that ask what an earlier one asks, each with (what, how to mend)."""
    read = [(one, bare(one.stem), _pairs(bare(one.stem))) for one in questions]
    for (first, stem, pairs), (second, other, other_pairs) in combinations(read, 2):
        common = len(pairs & other_pairs)
        if stem == other:
            yield second, (f"asks the same as {first.code}", "ask something else")
        elif common and common / (len(pairs) + len(other_pairs) - common) >= TOO_ALIKE:
            yield second, (f"asks nearly the same as {first.code}", "tell another story")


def _pairs(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters; amounts count as one, since a story is the same for more money."""
    return frozenset(map("".join, pairwise(re.sub(r"\d+", "0", text))))


def find_guessable(questions: Sequence[QuestionText]) -> Iterator[Fault]:
    """How answers could be guessed without reading, as (what, how to mend)."""
    yield from _uneven_letters([one for one in questions if one.kind == SINGLE])
    yield from _uneven_letters([one for one in questions if one.kind == JUDGE])
    yield from _longest_answers([one for one in questions if one.kind == SINGLE])


def _uneven_letters(questions: Sequence[QuestionText]) -> Iterator[Fault]:
    """Each letter is right as often as chance has it, give or take: 15 to 35 % of four options, 40 to 60 % of two."""
    for letter in sorted({letter for one in questions for letter in one.options}):
        offering = [one for one in questions if letter in one.options]
        share = sum(letter in one.answer for one in offering) / len(offering)
        if len(offering) >= ENOUGH and abs(share - _chance(offering)) > LEEWAY:
            what = f"{letter} is right in {share:.0%} of {len(offering)} {offering[0].kind} questions"
            yield what, f"move right answers until it is near {_chance(offering):.0%}"


def _longest_answers(questions: Sequence[QuestionText]) -> Iterator[Fault]:
    longest = [one for one in questions if _is_longest(one)]
    if len(questions) >= ENOUGH and len(longest) / len(questions) > _chance(questions) + LEEWAY:
        codes = ", ".join(one.code for one in longest)
        what = f"the right option is the longest in {len(longest) / len(questions):.0%} of {len(questions)}: {codes}"
        yield what, f"lengthen wrong options or cut right ones, to {_chance(questions) + LEEWAY:.0%} at most"


def _is_longest(question: QuestionText) -> bool:
    right = max(len(question.options[letter]) for letter in question.answer)
    return all(len(text) < right for letter, text in question.options.items() if letter not in question.answer)


def _chance(questions: Sequence[QuestionText]) -> float:
    return sum(1 / len(one.options) for one in questions) / len(questions)


def count_by_type(questions: Sequence[QuestionText]) -> list[Counts]:
    """The bank's figures by scam type, in order of their codes."""
    return [
        count(scam_type, [one for one in questions if one.scam_type == scam_type])
        for scam_type in sorted({one.scam_type for one in questions})
    ]


def count(label: str, questions: Sequence[QuestionText]) -> Counts:
    """The figures of some questions."""
    return Counts(
        label,
        total=len(questions),
        kinds=[sum(one.kind == kind for one in questions) for kind in KINDS],
        difficulties=[sum(one.difficulty == level for one in questions) for level in (1, 2, 3)],
        scenarios=sum(len(one.stem) >= SCENARIO for one in questions),
    )
