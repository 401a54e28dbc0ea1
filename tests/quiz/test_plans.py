"""What a bank makes of a paper plan, as arithmetic; and what `campaign check` says of it."""

from itertools import combinations

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo

from quizsvc.backoffice import cli
from quizsvc.kit.db import transaction
from quizsvc.quiz import bank, rules
from quizsvc.quiz.lifecycle import RETIRED
from quizsvc.quiz.plans import describe_plan, shown
from tests.quiz.test_rules import bank_of, plan_of
from tests.world import World

FILLED = "the bank fills every line of the paper plan; it makes {} different papers"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1"),
        (1234567, "1,234,567"),
        (10**15 - 1, "999,999,999,999,999"),
        (10**15, "more than 10^14"),
        (10**15 + 1, "more than 10^15"),
        (123 * 10**20, "more than 10^22"),
    ],
)
def test_a_count_is_exact_while_it_can_be_read(number: int, text: str) -> None:
    assert shown(number) == text


def test_the_number_of_papers_is_that_of_all_that_can_be_dealt() -> None:
    """Counted one by one beside the product of binomials."""
    bank_, plan = bank_of({("loan", 1): 5, ("loan", 2): 3, ("romance", 1): 2}), plan_of(("loan", 1, 2), ("loan", 2, 2))
    assert list(describe_plan(plan, bank_)) == [FILLED.format(30)]
    dealt = {frozenset(i.question_id for i in rules.deal(plan, bank_, seed=seed) or []) for seed in range(2000)}
    assert len(dealt) == 30
    assert len(list(combinations(range(5), 2))) * len(list(combinations(range(3), 2))) == 30


def test_a_line_that_is_just_filled_makes_one_paper() -> None:
    assert list(describe_plan(plan_of(("loan", 1, 3)), bank_of({("loan", 1): 3}))) == [FILLED.format(1)]


def test_a_large_bank_makes_more_papers_than_can_be_read() -> None:
    said = list(
        describe_plan(plan_of(("loan", 1, 20), ("romance", 1, 20)), bank_of({("loan", 1): 60, ("romance", 1): 60}))
    )
    assert said == [FILLED.format("more than 10^31")]


def test_of_a_short_line_it_is_said_where_the_rest_comes_from_as_it_is_dealt() -> None:
    bank_ = bank_of({("loan", 1): 2, ("loan", 3): 2, ("romance", 1): 9})
    for wanted, told in (
        (3, "has only 2 of 3; the rest would be 1 of loan in other difficulties (2 there)"),
        (4, "has only 2 of 4; the rest would be 2 of loan in other difficulties (2 there)"),
        (5, "has only 2 of 5; the rest would be 2 of loan in other difficulties (2 there) and 1 of other scam types"),
    ):
        plan = plan_of(("loan", 1, wanted))
        assert list(describe_plan(plan, bank_)) == [f"warning: loan, difficulty 1, {told}"]
        dealt = [bank_.questions[one.question_id] for one in rules.deal(plan, bank_, seed=7) or []]
        assert sum(one.scam_type != "loan" for one in dealt) == max(0, wanted - 4)
    (said,) = describe_plan(plan_of(("gaming", 2, 1)), bank_)
    assert said == "warning: gaming, difficulty 2, has only 0 of 1; the rest would be 1 of other scam types"


def test_a_bank_that_can_deal_no_paper_says_so() -> None:
    said = list(describe_plan(plan_of(("loan", 1, 3), ("romance", 1, 2)), bank_of({("loan", 1): 4})))
    assert said[-1] == "warning: no paper can be dealt: it asks for 5 questions, the bank has 4"


def check(world: World) -> tuple[int, list[str]]:
    result = CliRunner().invoke(cli.group, ["check", "play"], obj=ScriptInfo(create_app=lambda: world.app))
    return result.exit_code, result.output.splitlines()


def retire(*codes: str) -> None:
    with transaction():
        bank.set_state(codes, RETIRED, by="operator", second_person=False)


def test_check_says_how_many_papers_there_are(world: World) -> None:
    world.draft()
    assert check(world) == (0, [f"play: paper.plan: {FILLED.format(120)}", "play can be published"])


def test_a_short_line_keeps_a_draft_back_and_is_a_warning_once_it_is_published(world: World) -> None:
    world.publish()
    retire("romance-001")
    warned = (
        "play: paper.plan: warning: romance, difficulty 1, has only 0 of 1; the rest would be 1 of other scam types"
    )
    status, said = check(world)
    assert (status, said[0]) == (0, warned)
    world.draft(slug="second")
    result = CliRunner().invoke(cli.group, ["check", "second"], obj=ScriptInfo(create_app=lambda: world.app))
    assert result.exit_code == 1
    assert result.output.startswith("second: paper.plan: 1 of romance, difficulty 1; the bank has 0 -> ")
    assert warned.replace("play", "second") in result.output


def test_a_published_campaign_that_can_deal_no_paper_is_a_problem(world: World) -> None:
    world.publish()
    assert len(world.citizen().deal()["questions"]) == 5
    retire("romance-001", *[f"loan-{n:03}" for n in range(1, 8)])
    assert check(world)[0] == 0
    retire("loan-008")
    status, said = check(world)
    assert status == 1
    assert said[-1] == "play: paper.plan: warning: no paper can be dealt: it asks for 5 questions, the bank has 4"
