"""Dealing and marking as arithmetic: no database, no clock."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.campaigns.rules import PaperPlan, PlanLine
from quizsvc.quiz import rules
from quizsvc.quiz.rules import GRACE, Bank, Choices, Item, Mark, Question, QuestionText

Pools = Mapping[tuple[str, int], int]
OPTIONS = {"single": "ABCD", "multiple": "ABCDE", "judge": "TF"}
KINDS = ("single", "multiple", "judge")


def question(version: int, scam_type: str, difficulty: int) -> Question:
    kind = KINDS[version % 3]
    options = {letter: f"{version}{letter}" for letter in OPTIONS[kind]}
    answer = frozenset({"single": "A", "multiple": "AB", "judge": "T"}[kind])
    return Question(version, f"q-{version}", scam_type, difficulty, kind, "?", options, answer, "...", "...")


def bank_of(pools: Pools) -> Bank:
    """So many questions per scam type and difficulty; beside them, as many superseded versions."""
    questions: dict[int, Question] = {}
    in_force: list[Question] = []
    for (scam_type, difficulty), count in pools.items():
        for _ in range(count):
            made = question(len(questions) + 1, scam_type, difficulty)
            questions[made.id] = made
            in_force.append(made)
    for made in in_force:
        questions[made.id + 1000] = replace(made, id=made.id + 1000)
    return Bank("epoch", questions, rules.index_by_plan(in_force), {})


def plan_of(*lines: tuple[str, int, int]) -> PaperPlan:
    return PaperPlan([PlanLine(*line) for line in lines], pass_percent=80, minutes=10, per_day=3)


def mix(items: Sequence[Item] | None, bank: Bank) -> Counter[tuple[str, int]]:
    """How many questions of which scam type and difficulty."""
    assert items is not None
    dealt = [bank.questions[item.question_id] for item in items]
    return Counter((one.scam_type, one.difficulty) for one in dealt)


# --- dealing ----------------------------------------------------------------------------------------------------------

RICH = bank_of({("loan", 1): 9, ("loan", 2): 6, ("romance", 1): 7, ("gaming", 3): 5})
PLAN = plan_of(("loan", 1, 4), ("loan", 2, 2), ("romance", 1, 3))


def test_a_paper_follows_the_plan() -> None:
    for seed in range(50):
        assert mix(rules.deal(PLAN, RICH, seed=seed), RICH) == {("loan", 1): 4, ("loan", 2): 2, ("romance", 1): 3}


def test_the_same_seed_deals_the_same_paper_and_other_seeds_other_papers() -> None:
    papers = [tuple(rules.deal(PLAN, RICH, seed=seed) or ()) for seed in range(100)]
    assert papers == [tuple(rules.deal(PLAN, RICH, seed=seed) or ()) for seed in range(100)]
    assert len(set(papers)) == 100
    assert len({frozenset(item.question_id for item in paper) for paper in papers}) > 90


def test_over_many_papers_every_question_and_every_order_of_options_comes_up() -> None:
    papers = [rules.deal(PLAN, RICH, seed=seed) or [] for seed in range(400)]
    dealt = {item.question_id for paper in papers for item in paper}
    assert dealt == {one for key, pool in RICH.dealable.items() if key[0] != "gaming" for one in pool}
    single = min(one for one in dealt if RICH.questions[one].kind == "single")
    assert len({item.order for paper in papers for item in paper if item.question_id == single}) == 24


def test_questions_do_not_stand_in_the_order_of_the_plan() -> None:
    first = [RICH.questions[(rules.deal(PLAN, RICH, seed=seed) or [])[0].question_id].scam_type for seed in range(60)]
    assert set(first) == {"loan", "romance"}


@st.composite
def banks_and_plans(draw: st.DrawFn) -> tuple[Bank, PaperPlan, Pools]:
    keys = st.tuples(st.sampled_from(["loan", "romance", "gaming", "general"]), st.integers(1, 3))
    pools = draw(st.dictionaries(keys, st.integers(0, 8), max_size=8))
    wanted = draw(st.dictionaries(keys, st.integers(1, 6), min_size=1, max_size=5))
    plan = plan_of(*[(scam_type, difficulty, count) for (scam_type, difficulty), count in wanted.items()])
    return bank_of(pools), plan, pools


@given(banks_and_plans(), st.integers(0, 2**128 - 1))
def test_a_dealt_paper_is_full_without_repeats_and_shuffled_within_its_options(
    made: tuple[Bank, PaperPlan, Pools], seed: int
) -> None:
    bank, plan, pools = made
    items = rules.deal(plan, bank, seed=seed)
    if sum(pools.values()) < plan.questions:
        assert items is None
        return
    assert items is not None
    assert len(items) == plan.questions
    assert len({item.question_id for item in items}) == plan.questions
    assert {item.question_id for item in items} <= {one for pool in bank.dealable.values() for one in pool}
    for item in items:
        dealt = bank.questions[item.question_id]
        assert sorted(item.order) == sorted(dealt.options)
        assert dealt.kind != "judge" or item.order == "TF"
    if all(pools.get((line.scam_type, line.difficulty), 0) >= line.count for line in plan.lines):
        assert mix(items, bank) == {(line.scam_type, line.difficulty): line.count for line in plan.lines}


def test_a_line_that_is_short_is_filled_from_its_own_scam_type_first() -> None:
    bank = bank_of({("loan", 1): 2, ("loan", 3): 2, ("romance", 1): 9})
    for seed in range(30):
        assert mix(rules.deal(plan_of(("loan", 1, 4)), bank, seed=seed), bank) == {("loan", 1): 2, ("loan", 3): 2}


def test_a_scam_type_that_is_short_is_filled_from_anywhere() -> None:
    bank = bank_of({("loan", 1): 2, ("loan", 3): 1, ("romance", 1): 9, ("gaming", 2): 9})
    for seed in range(30):
        dealt = mix(rules.deal(plan_of(("loan", 1, 5)), bank, seed=seed), bank)
        assert (dealt["loan", 1], dealt["loan", 3], dealt["romance", 1] + dealt["gaming", 2]) == (2, 1, 2)


def test_a_bank_that_is_one_question_short_deals_nothing() -> None:
    plan = plan_of(("loan", 1, 3), ("romance", 1, 2))
    enough, short = bank_of({("gaming", 2): 5}), bank_of({("gaming", 2): 4})
    assert len(rules.deal(plan, enough, seed=1) or []) == 5
    assert rules.deal(plan, short, seed=1) is None


def test_the_index_knows_versions_by_scam_type_and_difficulty() -> None:
    assert rules.index_by_plan([question(1, "loan", 1), question(2, "loan", 2), question(3, "loan", 1)]) == {
        ("loan", 1): [1, 3],
        ("loan", 2): [2],
    }


def test_plan_lines_that_the_bank_cannot_fill_are_named() -> None:
    bank = bank_of({("loan", 1): 3, ("romance", 1): 9})
    assert list(rules.find_plan_faults(plan_of(("loan", 1, 3), ("romance", 1, 9)), bank)) == []
    found = list(rules.find_plan_faults(plan_of(("loan", 1, 4), ("loan", 2, 1), ("romance", 1, 1)), bank))
    assert [what for what, _ in found] == [
        "4 of loan, difficulty 1; the bank has 3",
        "1 of loan, difficulty 2; the bank has 0",
    ]


# --- marking ----------------------------------------------------------------------------------------------------------

# 1 and 4 are multiple (AB), 2 and 5 judge (T), 3 single (A)
MARKED = bank_of({("loan", 1): 5})
ITEMS = [Item(n, "".join(MARKED.questions[n].options)) for n in (1, 2, 3, 4, 5)]
RIGHT = {1: "AB", 2: "T", 3: "A", 4: "AB", 5: "T"}


@pytest.mark.parametrize(
    ("said", "correct"),
    [
        (RIGHT, 5),
        ({}, 0),
        (dict.fromkeys(RIGHT, ""), 0),
        (RIGHT | {1: "BA"}, 5),
        (RIGHT | {1: "A"}, 4),
        (RIGHT | {1: "ABC"}, 4),
        (RIGHT | {1: ""}, 4),
        (RIGHT | {1: "CD"}, 4),
        (RIGHT | {2: "F"}, 4),
        (RIGHT | {2: "TF"}, 4),
        (RIGHT | {3: "AB"}, 4),
        ({no: choices for no, choices in RIGHT.items() if no != 3}, 4),
        ({3: "A"}, 1),
        ({1: "T", 2: "AB"}, 0),
        ({0: "AB", 6: "T"}, 0),
    ],
)
def test_a_question_counts_only_when_exactly_the_right_options_are_chosen(
    said: Mapping[int, str], correct: int
) -> None:
    answers: dict[int, Choices] = {no: frozenset(choices) for no, choices in said.items()}
    assert rules.mark_paper(ITEMS, answers, MARKED, pass_percent=80) == Mark(correct=correct, total=5, pass_percent=80)


def test_marking_goes_by_the_version_that_was_dealt() -> None:
    newer = replace(MARKED.questions[3], id=2000, answer=frozenset("B"))
    bank = replace(MARKED, questions={**MARKED.questions, 2000: newer})
    answers = {1: frozenset("A"), 2: frozenset("A")}
    assert rules.mark_paper([Item(3, "ABCD"), Item(2000, "ABCD")], answers, bank, pass_percent=50).correct == 1


@pytest.mark.parametrize(
    ("correct", "total", "pass_percent", "passed"),
    [
        (4, 5, 80, True),
        (3, 5, 80, False),
        (4, 5, 81, False),
        (3, 3, 80, True),
        (2, 3, 80, False),
        (2, 3, 66, True),
        (2, 3, 67, False),
        (1, 3, 33, True),
        (1, 3, 34, False),
        (7, 10, 70, True),
        (29, 100, 29, True),
        (57, 100, 57, True),
        (5, 5, 100, True),
        (4, 5, 100, False),
        (1, 100, 1, True),
        (0, 5, 1, False),
    ],
)
def test_the_pass_mark_is_met_exactly_and_never_by_rounding(
    correct: int, total: int, pass_percent: int, passed: bool
) -> None:
    assert Mark(correct=correct, total=total, pass_percent=pass_percent).passed is passed


def test_a_paper_is_overdue_only_after_the_last_moment_of_its_grace() -> None:
    due_at = datetime(2026, 12, 1, 2, 10, tzinfo=UTC)
    assert timedelta(seconds=15) == GRACE
    assert not rules.is_overdue(due_at, now=due_at)
    assert not rules.is_overdue(due_at, now=due_at + GRACE)
    assert rules.is_overdue(due_at, now=due_at + GRACE + timedelta(milliseconds=1))
    assert not rules.is_overdue(None, now=due_at + timedelta(days=3650))


# --- what is wrong with a question ------------------------------------------------------------------------------------

GOOD = {
    "single": QuestionText(
        code="loan-001",
        scam_type="loan",
        kind="single",
        stem="?",
        options={"A": "甲", "B": "乙", "C": "丙"},
        answer=["B"],
        explanation="...",
        difficulty=1,
        audience=[],
        source="...",
        reviewed=date(2026, 11, 20),
    )
}
GOOD["multiple"] = replace(GOOD["single"], kind="multiple", answer=["A", "C"])
GOOD["judge"] = replace(GOOD["single"], kind="judge", options={"T": "对", "F": "错"}, answer=["F"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_question_has_no_faults(kind: str) -> None:
    assert list(rules.find_faults(GOOD[kind])) == []


def test_three_and_six_options_are_the_edges_of_what_is_good() -> None:
    options = {letter: letter * 2 for letter in "ABCDEF"}
    assert list(rules.find_faults(replace(GOOD["single"], options=options))) == []
    assert list(rules.find_faults(replace(GOOD["multiple"], options=options, answer=list("ABCDE")))) == []


@pytest.mark.parametrize(
    ("kind", "changes", "what"),
    [
        ("single", {"options": {"A": "甲", "B": "乙", "CD": "丙"}}, "an option's id is not one letter"),
        ("single", {"options": {"A": "甲", "B": "乙", "": "丙"}}, "an option's id is not one letter"),
        ("single", {"options": {"A": "甲", "B": "乙", "C": "乙"}}, "two options say the same"),
        ("single", {"answer": ["D"]}, "the answer names D, which is no option"),
        (
            "multiple",
            {"options": {letter: letter * 2 for letter in "ABCD"}, "answer": ["A", "B", "A"]},
            "the answer names an option twice",
        ),
        ("judge", {"options": {"T": "是", "F": "否"}}, "a judge question has other options"),
        ("judge", {"options": {"T": "对", "F": "错", "X": "不知道"}}, "a judge question has other options"),
        ("judge", {"answer": ["T", "F"]}, "a judge question has 2 answers"),
        ("single", {"answer": ["A", "B"]}, "a single question has 2 answers"),
        ("single", {"answer": []}, "a single question has 0 answers"),
        ("multiple", {"answer": ["A"]}, "a multiple question needs two right options and a wrong one"),
        ("multiple", {"answer": ["A", "B", "C"]}, "a multiple question needs two right options and a wrong one"),
        ("single", {"options": {"A": "甲", "B": "乙"}}, "2 options"),
        ("single", {"options": {letter: letter * 2 for letter in "ABCDEFG"}}, "7 options"),
    ],
)
def test_each_fault_of_a_question_is_named_with_its_mending(kind: str, changes: dict[str, Any], what: str) -> None:
    found = list(rules.find_faults(replace(GOOD[kind], **changes)))
    assert [said for said, _ in found] == [what]
    assert all(mend for _, mend in found)


def test_several_faults_of_one_question_are_named_together() -> None:
    broken = replace(GOOD["single"], options={"A": "甲", "BB": "甲"}, answer=["Z", "Z"])
    assert [said for said, _ in rules.find_faults(broken)] == [
        "an option's id is not one letter",
        "two options say the same",
        "the answer names Z, Z, which is no option",
        "the answer names an option twice",
        "a single question has 2 answers",
        "2 options",
    ]
