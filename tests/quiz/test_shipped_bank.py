"""The bank that ships: passes its own check, and covers what a campaign needs."""

import pytest

from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.files import shipped
from quizsvc.quiz import bank
from quizsvc.quiz.files import check_bank
from quizsvc.quiz.review_bank import count, count_by_type
from quizsvc.quiz.rules import SINGLE, QuestionText


@pytest.fixture(scope="module")
def shipped_bank() -> list[QuestionText]:
    return check_bank(shipped("questions"), today=day_of(utcnow()))


def test_there_are_enough_questions_and_stories(shipped_bank: list[QuestionText]) -> None:
    figures = count("all", shipped_bank)
    assert figures.total >= 300
    assert figures.scenarios >= 100


def test_every_scam_type_has_enough_of_every_kind_and_difficulty(shipped_bank: list[QuestionText]) -> None:
    by_type = count_by_type(shipped_bank)
    assert {one.scam_type for one in by_type} == {one.code for one in bank.known_scam_types()}
    assert [one for one in by_type if one.total < 15] == []
    assert [one for one in by_type if 0 in (*one.kinds, *one.difficulties)] == []


def test_no_scam_type_keeps_its_answers_to_two_letters(shipped_bank: list[QuestionText]) -> None:
    letters = {one.scam_type: set[str]() for one in shipped_bank}
    for one in shipped_bank:
        if one.kind == SINGLE:
            letters[one.scam_type].add(one.answer[0])
    assert {scam_type for scam_type, used in letters.items() if len(used) < 3} == set()
