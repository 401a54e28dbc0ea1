"""How questions fare: counted from papers marked in time, judged only where there are enough answers."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask.cli import ScriptInfo

from quizsvc.kit.db import reading
from quizsvc.kit.ratios import percent
from quizsvc.quiz import bank, cli
from quizsvc.quiz.faring import (
    MISLEADING,
    TOO_EASY,
    TOO_FEW,
    TOO_HARD,
    Faring,
    count_answers,
    judge_faring,
    list_farings,
)
from quizsvc.quiz.rules import Question
from tests.world import Phone, World, right_answers

OPTIONS = {letter: letter * 2 for letter in "ABCD"}


def question(number: int, *, answer: str = "A", code: str = "loan-001") -> Question:
    return Question(number, code, "loan", 1, "single", "?", OPTIONS, frozenset(answer), "...", "...")


# --- counting ---------------------------------------------------------------------------------------------------------


def test_each_version_is_counted_by_itself_and_by_the_letters_of_the_question() -> None:
    """The order in which a person saw the options is of no matter: what is given are the question's own letters."""
    questions = {1: question(1), 2: question(2, answer="BC"), 3: question(3, code="aaa"), 4: question(4)}
    papers: list[tuple[Sequence[Sequence[object]], Sequence[str]]] = [
        ([[1, "DCBA"], [2, "ABCD"]], ["A", "BC"]),
        ([[2, "ABCD"], [1, "BACD"]], ["B", "B"]),
        ([[1, "ABCD"]], [""]),
        ([[3, "ABCD"], [2, "ABCD"]], ["D", "BCD"]),
    ]
    assert list_farings(count_answers(iter(papers)), questions) == [
        Faring(questions[3], 1, 0, {"A": 0, "B": 0, "C": 0, "D": 1}),
        Faring(questions[1], 3, 1, {"A": 1, "B": 1, "C": 0, "D": 0}),
        Faring(questions[2], 3, 1, {"A": 0, "B": 3, "C": 2, "D": 1}),
    ]


@pytest.mark.parametrize(
    ("answer", "answered", "right", "chosen", "judged"),
    [
        ("A", 29, 29, (29, 0, 0, 0), [TOO_FEW]),
        ("A", 29, 0, (0, 29, 0, 0), [TOO_FEW]),
        ("A", 30, 30, (30, 0, 0, 0), [TOO_EASY]),
        ("A", 100, 95, (95, 5, 0, 0), [TOO_EASY]),
        ("A", 100, 94, (94, 6, 0, 0), []),
        ("A", 100, 21, (21, 21, 21, 21), []),
        ("A", 100, 20, (20, 20, 20, 20), [TOO_HARD]),
        ("A", 100, 40, (40, 40, 20, 0), []),
        ("A", 100, 40, (40, 41, 19, 0), [MISLEADING]),
        ("A", 100, 10, (10, 60, 30, 0), [TOO_HARD, MISLEADING]),
        ("A", 100, 0, (0, 0, 0, 0), [TOO_HARD]),
        ("AB", 100, 50, (90, 60, 60, 0), []),
        ("AB", 100, 50, (90, 60, 61, 0), [MISLEADING]),
    ],
)
def test_a_version_is_judged_from_thirty_answers_on(
    answer: str, answered: int, right: int, chosen: Sequence[int], judged: list[str]
) -> None:
    faring = Faring(question(1, answer=answer), answered, right, dict(zip("ABCD", chosen, strict=True)))
    assert judge_faring(faring) == judged


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 7, "0.0%"), (7, 7, "100.0%"), (1, 3, "33.3%"), (2, 3, "66.7%"), (1, 2000, "0.1%"), (1, 2001, "0.0%")],
)
def test_a_share_has_one_decimal_half_up(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


# --- from papers ------------------------------------------------------------------------------------------------------

ALL_EASY = {
    "plan": [{"scam_type": "loan", "difficulty": 1, "count": 6}, {"scam_type": "romance", "difficulty": 1, "count": 1}]
}


def answer(phone: Phone, *, romance: list[str]) -> None:
    """A paper, all right but for the question about romance."""
    paper = phone.deal()
    answers = right_answers(paper)
    for asked, said in zip(paper["questions"], answers, strict=True):
        said["choices"] = romance if asked["scam_type"] == "romance" else said["choices"]
    assert phone.put(f"papers/{paper['id']}/answers", json={"answers": answers}).status_code == 200


def stats(world: World, *words: str) -> list[str]:
    result = CliRunner().invoke(cli.group, ["stats", *words], obj=ScriptInfo(create_app=lambda: world.app))
    assert result.exit_code == 0, repr(result.exception)
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_only_papers_handed_in_in_time_count(world: World, clock: time_machine.Traveller) -> None:
    world.publish(paper=ALL_EASY)
    assert stats(world) == ["0 versions were answered 1 times or more"]
    for romance in (["A", "B"], ["A", "B"], ["A", "C"], []):
        answer(world.citizen(), romance=romance)
    late, lapsed = world.citizen(), world.citizen()
    paper = late.deal()
    lapsed.deal()
    clock.shift(timedelta(hours=1))
    mark = late.put(f"papers/{paper['id']}/answers", json={"answers": right_answers(paper)}).get_json()
    assert mark["late"]
    world.citizen().deal()
    *lines, summary = stats(world)
    assert summary == "7 versions were answered 1 times or more"
    assert lines[-1] == "romance-001 v1 n 4 right 50.0% *A 75.0% *B 50.0% C 25.0% 样本不足"
    assert lines[0] == "loan-002 v1 n 4 right 100.0% *A 100.0% B 0.0% C 0.0% 样本不足"
    assert stats(world, "--min", "5") == ["0 versions were answered 5 times or more"]
    assert len(stats(world, "--min", "4")) == 8


def test_versions_stand_apart_and_enough_answers_are_judged(world: World, tmp_path: Path) -> None:
    world.publish(paper=ALL_EASY)
    answer(world.citizen(), romance=["C"])
    path = tmp_path / "bank.csv"
    info = ScriptInfo(create_app=lambda: world.app)
    for words in (["export", str(path)], ["load", str(path), "--as", "operator"]):
        assert CliRunner().invoke(cli.group, words, obj=info).exit_code == 0
        path.write_text(path.read_text(encoding="utf-8").replace("多选？", "改过？"), encoding="utf-8")
    for _ in range(30):
        answer(world.citizen(), romance=["A", "C"])
    lines = stats(world)
    assert "romance-001 v1 n 1 right 0.0% *A 0.0% *B 0.0% C 100.0% 样本不足" in lines
    assert "romance-001 v2 n 30 right 0.0% *A 100.0% *B 0.0% C 100.0% 太难 易误导" in lines
    assert "loan-002 v1 n 31 right 100.0% *A 100.0% B 0.0% C 0.0% 太易" in lines


def test_papers_are_read_page_by_page(world: World, statements: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish(paper=ALL_EASY)
    for _ in range(5):
        answer(world.citizen(), romance=["A", "B"])
    with reading():
        whole = bank.list_farings()
    monkeypatch.setattr(bank, "PAPERS_AT_ONCE", 2)
    statements.clear()
    with reading():
        assert bank.list_farings() == whole
    assert sum("FROM papers" in one for one in statements) == 4  # two, two, one, none
    assert {one.answered for one, _ in whole} == {5}
