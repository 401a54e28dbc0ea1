"""The life of a question: who may put which text into force, and what is dealt meanwhile."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.db import db, transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.quiz import bank, cli, lifecycle
from quizsvc.quiz.lifecycle import DRAFT, FILED, RETIRED, REVIEWED, WAITING, Entry, Standing
from quizsvc.quiz.rules import QuestionText
from quizsvc.quiz.sheet import read_sheet
from quizsvc.quiz.workbook import write_bank
from tests.world import QUESTIONS, Phone, World, right_answers

DRAFTED = Standing(DRAFT, 2, None, "ann")
IN_FORCE = Standing(REVIEWED, 2, None, "ann")
CHANGED = Standing(REVIEWED, 2, 3, "ann")
GONE = Standing(RETIRED, 2, None, "ann")
ALIKE: Sequence[tuple[Standing | None, bool, str | None, Standing | None]] = (
    # how it stands, whether the text is new, what is wanted, how it stands then; whoever brings it, whatever the rule
    (None, True, None, Standing(DRAFT, 1, None, "bob")),
    (None, True, DRAFT, Standing(DRAFT, 1, None, "bob")),
    (None, True, WAITING, Standing(DRAFT, 1, None, "bob")),
    (None, True, RETIRED, Standing(RETIRED, 1, None, "bob")),
    (None, True, FILED, Standing(REVIEWED, 1, None, "bob")),
    (DRAFTED, False, None, DRAFTED),
    (DRAFTED, True, None, Standing(DRAFT, 3, None, "bob")),
    (DRAFTED, True, FILED, Standing(REVIEWED, 3, None, "bob")),
    (DRAFTED, False, RETIRED, Standing(RETIRED, 2, None, "ann")),
    (IN_FORCE, False, None, IN_FORCE),
    (IN_FORCE, False, REVIEWED, IN_FORCE),
    (IN_FORCE, False, FILED, IN_FORCE),
    (IN_FORCE, False, DRAFT, None),
    (IN_FORCE, False, WAITING, None),
    (IN_FORCE, True, WAITING, Standing(REVIEWED, 2, 3, "bob")),
    (IN_FORCE, True, DRAFT, Standing(REVIEWED, 2, 3, "bob")),
    (IN_FORCE, True, FILED, Standing(REVIEWED, 3, None, "bob")),
    (IN_FORCE, False, RETIRED, GONE),
    (IN_FORCE, True, RETIRED, Standing(RETIRED, 3, None, "bob")),
    (CHANGED, False, None, CHANGED),
    (CHANGED, False, WAITING, CHANGED),
    (CHANGED, True, None, Standing(REVIEWED, 2, 4, "bob")),
    (CHANGED, False, FILED, Standing(REVIEWED, 3, None, "ann")),
    (CHANGED, False, RETIRED, Standing(RETIRED, 3, None, "ann")),
    (GONE, False, None, GONE),
    (GONE, True, None, Standing(RETIRED, 3, None, "bob")),
    (GONE, False, FILED, GONE),
    (GONE, True, FILED, Standing(RETIRED, 3, None, "bob")),
    (GONE, False, DRAFT, DRAFTED),
)
# The same, where it matters: a review is wanted of a text by ann (or, if new, by who brings it).
REVIEWS: Sequence[tuple[Standing | None, bool, str, bool, Standing]] = (
    # how it stands, whether the text is new, who brings it, whether a second person is needed, how it stands then
    (None, True, "bob", False, Standing(REVIEWED, 1, None, "bob")),
    (None, True, "bob", True, Standing(DRAFT, 1, None, "bob")),
    (DRAFTED, False, "ann", False, Standing(REVIEWED, 2, None, "ann")),
    (DRAFTED, False, "ann", True, DRAFTED),
    (DRAFTED, False, "bob", True, Standing(REVIEWED, 2, None, "ann")),
    (DRAFTED, True, "bob", True, Standing(DRAFT, 3, None, "bob")),
    (IN_FORCE, True, "bob", False, Standing(REVIEWED, 3, None, "bob")),
    (IN_FORCE, True, "bob", True, Standing(REVIEWED, 2, 3, "bob")),
    (CHANGED, False, "ann", False, Standing(REVIEWED, 3, None, "ann")),
    (CHANGED, False, "ann", True, CHANGED),
    (CHANGED, False, "bob", True, Standing(REVIEWED, 3, None, "ann")),
    (CHANGED, True, "bob", True, Standing(REVIEWED, 2, 4, "bob")),
    (GONE, False, "ann", False, Standing(REVIEWED, 2, None, "ann")),
    (GONE, False, "ann", True, DRAFTED),
    (GONE, False, "bob", True, Standing(REVIEWED, 2, None, "ann")),
)


@pytest.mark.parametrize(("before", "new_text", "wanted", "after"), ALIKE)
@pytest.mark.parametrize("second_person", [False, True])
def test_what_is_no_review_settles_alike_under_either_rule(
    before: Standing | None, new_text: bool, wanted: str | None, after: Standing | None, second_person: bool
) -> None:
    found = lifecycle.settle(before, new_text=new_text, wanted=wanted, by="bob", second_person=second_person)
    assert found == after


@pytest.mark.parametrize(("before", "new_text", "by", "second_person", "after"), REVIEWS)
def test_who_wrote_a_text_puts_it_into_force_only_where_no_second_person_is_needed(
    before: Standing | None, new_text: bool, by: str, second_person: bool, after: Standing
) -> None:
    found = lifecycle.settle(before, new_text=new_text, wanted=REVIEWED, by=by, second_person=second_person)
    assert found == after


# --- in the bank ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_people(world: World) -> Iterator[None]:
    """Reviews need a second person."""
    world.app.config["QUESTION_SECOND_PERSON"] = True
    yield
    world.app.config["QUESTION_SECOND_PERSON"] = False


def run(world: World, *words: str | Path) -> Result:
    """`quizsvc questions` with these words."""
    info = ScriptInfo(create_app=lambda: world.app)
    return CliRunner().invoke(cli.group, [str(word) for word in words], obj=info)


def load(world: World, tmp_path: Path, *entries: Entry, by: str = "operator") -> str:
    """Through a workbook, as an operator does it."""
    write_bank(entries, tmp_path / "load.xlsx")
    result = run(world, "load", tmp_path / "load.xlsx", "--as", by)
    assert result.exit_code == 0, repr(result.exception)
    return result.output


def standing(world: World, code: str = "romance-001") -> tuple[Any, ...]:
    wanted = "SELECT state, version, waiting, changed_by FROM questions WHERE code = :code"
    (found,) = world.rows(wanted, code=code)
    return found


def audited(world: World, act: str) -> list[tuple[Any, ...]]:
    rows = world.rows("SELECT actor, subject, before, after FROM audit WHERE act = :act ORDER BY id", act=act)
    return [(*row[:2], *[json.loads(one) if isinstance(one, str) else one for one in row[2:]]) for row in rows]


def romance_stems(phone: Phone) -> list[str]:
    """What a new paper asks about romance; the bank holds one question about it, and the plan asks for one."""
    paper = phone.deal()
    phone.hand_in(paper)
    return [one["stem"] for one in paper["questions"] if one["scam_type"] == "romance"]


ROMANCE = QUESTIONS[-1]


def test_a_draft_is_dealt_to_nobody_until_it_is_reviewed(world: World, tmp_path: Path) -> None:
    world.publish()
    run(world, "retire", "romance-001", "--as", "operator")
    assert load(world, tmp_path, Entry(replace(ROMANCE, code="romance-002", stem="新题？"), None)).splitlines() == [
        "to be reviewed: romance-002",
        "1 questions added, 0 changed, 0 as they were",
    ]
    assert standing(world, "romance-002") == ("draft", 1, None, "operator")
    citizen = world.citizen()
    assert romance_stems(citizen) == []
    run(world, "review", "romance-002", "--as", "operator")
    assert romance_stems(citizen) == ["新题？"]


def test_a_retired_question_stays_in_papers_in_hand_and_in_mistakes(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    assert run(world, "retire", "romance-001", "--as", "operator").exit_code == 0
    assert citizen.deal() == paper
    answers = right_answers(paper)
    for question, said in zip(paper["questions"], answers, strict=True):
        said["choices"] = ["C"] if question["scam_type"] == "romance" else said["choices"]
    mark = citizen.put(f"papers/{paper['id']}/answers", json={"answers": answers}).get_json()
    assert (mark["correct"], mark["total"]) == (4, 5)
    (mistake,) = citizen.get("me/mistakes").get_json()["items"]
    assert (mistake["stem"], mistake["explanation"]) == ("多选？", "多选解析")
    assert romance_stems(citizen) == []


def test_review_and_retire_can_be_repeated_and_are_written_down(world: World) -> None:
    words = ("romance-001", "loan-001", "romance-001", "--as", "second")
    assert run(world, "retire", *words).output == "2 questions are retired, 2 of them since now\n"
    epoch = world.rows("SELECT epoch FROM bank")
    assert run(world, "retire", *words).output == "2 questions are retired, 0 of them since now\n"
    assert world.rows("SELECT epoch FROM bank") == epoch
    assert run(world, "review", *words).output == "2 questions are reviewed, 2 of them since now\n"
    assert run(world, "review", *words).output == "2 questions are reviewed, 0 of them since now\n"
    assert world.rows("SELECT epoch FROM bank") != epoch
    assert world.count("question_versions") == len(QUESTIONS)
    assert {one[0] for one in world.rows("SELECT state FROM questions")} == {"reviewed"}
    reviewed, retired = {"version": 1, "state": "reviewed"}, {"version": 1, "state": "retired"}
    assert audited(world, "question.retire") == [
        ("second", code, reviewed, retired) for code in ("romance-001", "loan-001")
    ]
    assert audited(world, "question.review") == [
        ("second", code, retired, reviewed) for code in ("romance-001", "loan-001")
    ]


def test_one_unknown_code_keeps_all_as_they_are(world: World) -> None:
    before, log = world.rows("SELECT * FROM questions ORDER BY code"), world.count("audit")
    result = run(world, "retire", "loan-001", "loan-xxx", "romance-yyy", "--as", "operator")
    assert isinstance(result.exception, FileRefused)
    assert [one.where for one in result.exception.problems] == ["loan-xxx", "romance-yyy"]
    assert (world.rows("SELECT * FROM questions ORDER BY code"), world.count("audit")) == (before, log)


@pytest.mark.parametrize("act", ["review", "retire"])
def test_only_an_operator_reviews_and_retires(world: World, act: str) -> None:
    assert isinstance(run(world, act, "loan-001", "--as", "clerk").exception, RoleMissing)
    assert run(world, act, "loan-001").exit_code == 2
    assert standing(world, "loan-001")[0] == "reviewed"


def test_a_changed_text_waits_for_a_second_person_and_the_old_one_stays_in_force(
    world: World, tmp_path: Path, two_people: None
) -> None:
    world.publish()
    citizen = world.citizen()
    told = load(world, tmp_path, Entry(replace(ROMANCE, stem="改过？"), REVIEWED))
    assert told == "to be reviewed: romance-001\n0 questions added, 1 changed, 0 as they were\n"
    assert standing(world) == ("reviewed", 1, 2, "operator")
    assert romance_stems(citizen) == ["多选？"]
    refused = run(world, "review", "romance-001", "--as", "operator")
    assert isinstance(refused.exception, FileRefused)
    assert str(refused.exception).startswith("romance-001: its text was last changed by operator")
    assert romance_stems(citizen) == ["多选？"]
    assert run(world, "review", "romance-001", "--as", "second").exit_code == 0
    assert standing(world) == ("reviewed", 2, None, "operator")
    assert romance_stems(citizen) == ["改过？"]
    assert audited(world, "question.load") == [
        (
            "operator",
            "romance-001",
            {"version": 1, "stem": "多选？", "state": "reviewed"},
            {"version": 2, "stem": "改过？", "state": "waiting"},
        )
    ]
    assert audited(world, "question.review") == [
        ("second", "romance-001", {"version": 2, "state": "waiting"}, {"version": 2, "state": "reviewed"})
    ]


def test_retiring_and_reviewing_again_is_no_way_around_the_second_person(
    world: World, tmp_path: Path, two_people: None
) -> None:
    load(world, tmp_path, Entry(replace(ROMANCE, stem="改过？"), REVIEWED))
    run(world, "retire", "romance-001", "--as", "operator")
    assert isinstance(run(world, "review", "romance-001", "--as", "operator").exception, FileRefused)
    assert "to be reviewed" in load(world, tmp_path, Entry(replace(ROMANCE, stem="改过？"), REVIEWED))
    assert standing(world) == ("draft", 2, None, "operator")


def test_without_a_second_person_a_changed_text_is_in_force_at_once(world: World, tmp_path: Path) -> None:
    world.publish()
    load(world, tmp_path, Entry(replace(ROMANCE, stem="改过？"), REVIEWED))
    assert standing(world) == ("reviewed", 2, None, "operator")
    assert romance_stems(world.citizen()) == ["改过？"]


def test_what_waits_is_exported_with_its_state_and_comes_back_unchanged(
    world: World, tmp_path: Path, two_people: None
) -> None:
    load(world, tmp_path, Entry(replace(ROMANCE, stem="改过？"), REVIEWED), Entry(replace(ROMANCE, code="x"), None))
    run(world, "retire", "loan-001", "--as", "operator")
    path = tmp_path / "bank.xlsx"
    run(world, "export", path)
    shown = {one.text.code: (one.text.stem, one.state) for one in read_sheet(path)}
    assert shown["romance-001"] == ("改过？", "waiting")
    assert (shown["x"][1], shown["loan-001"][1], shown["loan-002"][1]) == ("draft", "retired", "reviewed")
    before = world.rows("SELECT * FROM questions ORDER BY code")
    for by in ("operator", "second"):
        told = run(world, "load", path, "--as", by).output
        assert told == f"0 questions added, 0 changed, {len(QUESTIONS) + 1} as they were\n"
    assert world.rows("SELECT * FROM questions ORDER BY code") == before


def test_the_second_person_reviews_in_the_workbook_too(world: World, tmp_path: Path, two_people: None) -> None:
    changed = replace(ROMANCE, stem="改过？")
    for by, state in (("operator", WAITING), ("second", REVIEWED)):
        load(world, tmp_path, Entry(changed, REVIEWED), by=by)
        assert bank_state(world) == state
    assert standing(world) == ("reviewed", 2, None, "operator")


def bank_state(world: World) -> str | None:
    with world.app.app_context(), transaction():
        (entry,) = bank.list_entries(["romance"])
    return entry.state


def test_what_was_reviewed_is_no_draft_again(world: World, tmp_path: Path) -> None:
    write_bank([Entry(QUESTIONS[0], DRAFT), Entry(QUESTIONS[1], REVIEWED)], tmp_path / "a.xlsx")
    for words in (("--dry-run",), ()):
        result = run(world, "load", tmp_path / "a.xlsx", "--as", "operator", *words)
        assert isinstance(result.exception, FileRefused)
        assert str(result.exception).startswith("loan-001: was reviewed and has the same text")


def test_question_files_bring_nothing_back_that_was_retired(world: World) -> None:
    run(world, "retire", "romance-001", "--as", "operator")
    with transaction():
        assert bank.load_bank(QUESTIONS).unchanged == len(QUESTIONS)
        assert bank.load_bank([replace(ROMANCE, stem="改过？")]).changed == 1
    assert standing(world) == ("retired", 2, None, "system")


def test_what_ships_leaves_alone_what_a_person_changed(world: World, tmp_path: Path) -> None:
    """Every start of the one-machine run loads the shipped bank."""
    load(world, tmp_path, Entry(replace(ROMANCE, stem="街道改过？"), REVIEWED))
    newer: list[QuestionText] = [replace(one, explanation="新版解析") for one in (ROMANCE, QUESTIONS[0])]
    with transaction():
        assert bank.load_shipped([*newer, replace(ROMANCE, code="romance-002")]).changes
    assert standing(world) == ("reviewed", 2, None, "operator")
    assert standing(world, "loan-001") == ("reviewed", 2, None, "system")
    assert standing(world, "romance-002") == ("reviewed", 1, None, "system")


@pytest.mark.parametrize("bad", ["state = 'gone'", "waiting = 1", "waiting = 2, state = 'draft'"])
def test_the_database_keeps_states_in_their_bounds(world: World, bad: str) -> None:
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(f"UPDATE questions SET {bad} WHERE code = 'loan-001'"))
