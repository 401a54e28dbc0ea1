"""Question files: every fault is named, nothing is half loaded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo

from quizsvc.accounts.service import RoleMissing, StaffUnknown
from quizsvc.kit.db import transaction
from quizsvc.kit.files import shipped
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.quiz import bank, cli
from quizsvc.quiz.bank import Loaded
from quizsvc.quiz.files import read_bank
from quizsvc.quiz.rules import QuestionText
from tests.world import QUESTIONS, World, at_once

GOOD = {
    "code": '"loan-901"',
    "kind": '"single"',
    "stem": '"题目？"',
    "options": '{ A = "甲", B = "乙", C = "丙" }',
    "answer": '["B"]',
    "explanation": '"解析"',
    "difficulty": "1",
    "audience": "[]",
    "source": '"反诈常识"',
    "reviewed": "2026-11-20",
}
JUDGE = GOOD | {"kind": '"judge"', "options": '{ T = "对", F = "错" }', "answer": '["F"]'}
MULTIPLE = GOOD | {"kind": '"multiple"', "answer": '["A", "C"]'}


def entry(base: Mapping[str, str] = GOOD, **changes: str | None) -> str:
    """A [[question]] as TOML; None leaves a line out."""
    lines = {**base, **changes}
    return "\n".join(["[[question]]", *[f"{name} = {value}" for name, value in lines.items() if value is not None], ""])


def write(path: Path, *entries: str, head: str = 'scam_type = "loan"') -> Path:
    path.write_text("\n".join([head, *entries]), encoding="utf-8")
    return path


def problems_of(path: Path) -> list[Problem]:
    with pytest.raises(FileRefused) as refused:
        read_bank(path)
    return list(refused.value.problems)


def test_a_good_file_reads_as_it_is_written(tmp_path: Path) -> None:
    write(tmp_path / "loan.toml", entry(), entry(JUDGE, code='"loan-902"'))
    write(tmp_path / "romance.toml", entry(MULTIPLE, code='"romance-901"'), head='scam_type = "romance"')
    (tmp_path / "notes.txt").write_text("no question file")
    found = read_bank(tmp_path)
    assert [(one.code, one.scam_type, one.kind, one.answer) for one in found] == [
        ("loan-901", "loan", "single", ["B"]),
        ("loan-902", "loan", "judge", ["F"]),
        ("romance-901", "romance", "multiple", ["A", "C"]),
    ]
    assert found[0].options == {"A": "甲", "B": "乙", "C": "丙"}
    assert read_bank(tmp_path / "loan.toml") == found[:2]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (entry(code=None), "question[2] code", "Missing data"),
        (entry(code='"Loan 901"'), "Loan 901 code", "lower-case"),
        (entry(code=f'"{"x" * 61}"'), "code", "lower-case"),
        (entry(kind=None), "loan-901 kind", "Missing data"),
        (entry(kind='"essay"'), "loan-901 kind", "Must be one of"),
        (entry(stem=None), "loan-901 stem", "Missing data"),
        (entry(stem='""'), "loan-901 stem", "Length must be between 1 and 300"),
        (entry(stem=f'"{"题" * 301}"'), "loan-901 stem", "Length must be between 1 and 300"),
        (entry(stem='"\\u0000"'), "loan-901 stem", "Not a valid string"),
        (entry(options=None), "loan-901 options", "Missing data"),
        (entry(options='["甲", "乙", "丙"]'), "loan-901 options", "Not a valid mapping"),
        (entry(options='{ A = "甲", B = "", C = "丙" }'), "loan-901 options.B", "Length must be"),
        (entry(options='{ A = "甲", B = 7, C = "丙" }'), "loan-901 options.B", "Not a valid string"),
        (entry(answer=None), "loan-901 answer", "Missing data"),
        (entry(answer='"B"'), "loan-901 answer", "Not a valid list"),
        (entry(answer="[]"), "loan-901 answer", "Shorter than minimum length 1"),
        (entry(answer="[2]"), "loan-901 answer[1]", "Not a valid string"),
        (entry(explanation=None), "loan-901 explanation", "Missing data"),
        (entry(explanation='""'), "loan-901 explanation", "Length must be"),
        (entry(difficulty=None), "loan-901 difficulty", "Missing data"),
        (entry(difficulty="0"), "loan-901 difficulty", "greater than or equal to 1"),
        (entry(difficulty="4"), "loan-901 difficulty", "less than or equal to 3"),
        (entry(difficulty='"1"'), "loan-901 difficulty", "Not a valid integer"),
        (entry(difficulty="1.5"), "loan-901 difficulty", "Not a valid integer"),
        (entry(audience='"elders"'), "loan-901 audience", "Not a valid list"),
        (entry(source=None), "loan-901 source", "Missing data"),
        (entry(reviewed=None), "loan-901 reviewed", "Missing data"),
        (entry(reviewed='"2026-11-20"'), "loan-901", "reviewed is not a date"),
        (entry(reviewed="2026-11-20T08:00:00+08:00"), "loan-901", "reviewed is not a date"),
        (entry(hint='"..."'), "loan-901 hint", "Unknown field"),
        (entry(options='{ A = "甲", B = "乙", C2 = "丙" }'), "loan-901", "an option's id is not one letter"),
        (entry(options='{ A = "甲", B = "乙", C = "乙" }'), "loan-901", "two options say the same"),
        (entry(answer='["Z"]'), "loan-901", "the answer names Z, which is no option"),
        (
            entry(MULTIPLE, options='{ A = "1", B = "2", C = "3", D = "4" }', answer='["A", "A", "B"]'),
            "loan-901",
            "the answer names an option twice",
        ),
        (entry(JUDGE, options='{ T = "是", F = "否" }'), "loan-901", "a judge question has other options"),
        (entry(answer='["A", "B"]'), "loan-901", "a single question has 2 answers"),
        (entry(JUDGE, answer='["T", "F"]'), "loan-901", "a judge question has 2 answers"),
        (entry(MULTIPLE, answer='["A"]'), "loan-901", "a multiple question needs two right options and a wrong one"),
        (
            entry(MULTIPLE, answer='["A", "B", "C"]'),
            "loan-901",
            "a multiple question needs two right options and a wrong one",
        ),
        (entry(options='{ A = "甲", B = "乙" }'), "loan-901", "2 options"),
        (entry(options='{ A="1", B="2", C="3", D="4", E="5", F="6", G="7" }'), "loan-901", "7 options"),
    ],
)
def test_each_fault_of_a_question_is_named_with_file_code_and_mending(
    tmp_path: Path, text: str, where: str, what: str
) -> None:
    path = write(tmp_path / "loan.toml", entry(code='"loan-900"'), text)
    (problem,) = problems_of(tmp_path)
    assert problem.file == str(path)
    assert where in problem.where
    assert what in problem.what
    assert problem.mend
    assert str(problem) == f"{path}: {problem.where}: {problem.what} -> {problem.mend}"


@pytest.mark.parametrize(
    ("head", "body", "where", "what"),
    [
        ('scam_type = "lottery"', entry(), "scam_type", "'lottery' is unknown"),
        ("", entry(), "scam_type", "None is unknown"),
        ("scam_type = 7", entry(), "scam_type", "7 is unknown"),
        ('scam_type = ["loan"]', entry(), "scam_type", "is unknown"),
        ('scam_type = "loan"\nyear = 2024', entry(), "year", "is no entry of a question file"),
        ('scam_type = "loan"', "", "question", "there is none"),
        ('scam_type = "loan"', "question = []", "question", "there is none"),
        ('scam_type = "loan"', "[question]\ncode = 'loan-901'", "question", "there is none"),
        ('scam_type = "loan"', "question = [1]", "question[1]", "Invalid"),
    ],
)
def test_each_fault_of_a_file_is_named(tmp_path: Path, head: str, body: str, where: str, what: str) -> None:
    path = write(tmp_path / "loan.toml", body, head=head)
    (problem,) = problems_of(path)
    assert (problem.file, problem.where.split(" ")[0]) == (str(path), where)
    assert what in problem.what
    assert problem.mend


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "loan.toml", entry(), 'stem = "题目？" options = 3')
    (problem,) = problems_of(path)
    assert (problem.file, problem.where) == (str(path), "TOML")
    assert "line 14" in problem.what


def test_a_file_that_is_not_utf_8_says_at_which_byte(tmp_path: Path) -> None:
    path = tmp_path / "loan.toml"
    path.write_bytes('scam_type = "loan"\n# 题目'.encode("gbk"))
    (problem,) = problems_of(path)
    assert (problem.file, problem.where, problem.what) == (str(path), "byte 21", "not UTF-8")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "loan.toml"
    path.write_text('scam_type = "loan"\n' + entry(), encoding="utf-8-sig")
    assert len(read_bank(path)) == 1


def test_a_folder_without_question_files_is_said(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path)
    assert (problem.file, problem.what) == (str(tmp_path), "holds no .toml file")
    (problem,) = problems_of(tmp_path / "nowhere.toml")
    assert (problem.file, problem.what) == (str(tmp_path / "nowhere.toml"), "not found")


def test_a_code_that_stands_in_two_files_is_named_with_a_file(tmp_path: Path) -> None:
    write(tmp_path / "loan.toml", entry())
    write(tmp_path / "romance.toml", entry(stem='"另一题？"'), head='scam_type = "romance"')
    (problem,) = problems_of(tmp_path)
    assert (problem.where, problem.file) == ("loan-901", str(tmp_path / "romance.toml"))
    assert problem.what == f"this code stands in {tmp_path / 'loan.toml'} too"


def test_a_code_that_stands_twice_in_one_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "loan.toml", entry(), entry())
    (problem,) = problems_of(tmp_path)
    assert (problem.where, problem.what) == ("loan-901", f"this code stands in {tmp_path / 'loan.toml'} too")


def test_all_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", entry(kind='"essay"', stem=None), entry(code='"a-2"', answer='["Z"]'))
    write(tmp_path / "b.toml", entry(code='"b-1"'), head='scam_type = "lottery"')
    write(tmp_path / "c.toml", "this is no TOML")
    write(tmp_path / "d.toml", entry(code='"d-1"'), entry(code='"d-1"'))
    (tmp_path / "e.toml").write_bytes(b"\xff")
    write(tmp_path / "f.toml", entry(code='"f-1"'))
    found = problems_of(tmp_path)
    assert Counter(Path(one.file).name for one in found if one.where != "d-1") == {
        "a.toml": 3,
        "b.toml": 1,
        "c.toml": 1,
        "e.toml": 1,
    }
    assert {one.where for one in found} == {
        "loan-901 kind",
        "loan-901 stem",
        "a-2",
        "scam_type",
        "TOML",
        "d-1",
        "byte 0",
    }


def test_a_wrong_date_hides_no_other_fault_of_its_question(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", entry(reviewed='"yesterday"', answer='["Z"]'))
    assert {problem.what for problem in problems_of(tmp_path)} == {
        "reviewed is not a date",
        "the answer names Z, which is no option",
    }


# --- loading ----------------------------------------------------------------------------------------------------------


def run(world: World, *words: str | Path) -> Result:
    """`quizsvc questions` with these words."""
    info = ScriptInfo(create_app=lambda: world.app)
    return CliRunner().invoke(cli.group, [str(word) for word in words], obj=info)


def standing(world: World) -> dict[str, int]:
    """The version in force, by code."""
    return {str(code): int(version) for code, version in world.rows("SELECT code, version FROM questions")}


def epoch(world: World) -> str:
    ((found,),) = world.rows("SELECT epoch FROM bank")
    return str(found)


def test_one_bad_entry_keeps_the_whole_folder_out(world: World, tmp_path: Path) -> None:
    write(tmp_path / "a.toml", entry())
    path = write(tmp_path / "b.toml", entry(code='"loan-902"'), entry(code='"loan-903"', answer='["Z"]'))
    before, was = standing(world), epoch(world)
    result = run(world, "load", tmp_path, "--as", "operator")
    assert isinstance(result.exception, FileRefused)
    assert str(result.exception).startswith(f"{path}: loan-903: the answer names Z")
    assert (standing(world), epoch(world)) == (before, was)
    path.unlink()
    result = run(world, "load", tmp_path, "--as", "operator")
    assert result.output == "1 questions added, 0 changed, 0 as they were\n"
    assert standing(world) == before | {"loan-901": 1}


def test_the_shipped_bank_loads_beside_what_stands(world: World) -> None:
    before = standing(world)
    result = run(world, "load", "--as", "operator")
    assert result.exit_code == 0
    found = read_bank(shipped("questions"))
    added = sum(one.code not in before for one in found)
    assert result.output == f"{added} questions added, {len(found) - added} changed, 0 as they were\n"
    assert set(standing(world)) == set(before) | {one.code for one in found}
    assert run(world, "load", "--as", "operator").output == f"0 questions added, 0 changed, {len(found)} as they were\n"


@pytest.mark.parametrize("acting", [[], ["--as", "clerk"], ["--as", "nobody"]])
def test_only_an_operator_loads_the_bank(world: World, tmp_path: Path, acting: list[str]) -> None:
    write(tmp_path / "a.toml", entry())
    before, was, audited = standing(world), epoch(world), world.count("audit")
    result = run(world, "load", tmp_path, *acting)
    assert isinstance(result.exception, RoleMissing | StaffUnknown)
    assert (standing(world), epoch(world), world.count("audit")) == (before, was, audited)
    assert run(world, "load", tmp_path, "--as", "second").exit_code == 0
    assert world.rows("SELECT actor FROM audit WHERE act = 'questions.load'") == [("second",)]


def test_checking_says_how_many_there_are_and_changes_nothing(world: World, tmp_path: Path) -> None:
    explanation = '"放款前先要钱的就是骗局，不转账，保存好聊天记录，马上打110报警，也可以打96110问一问。"'
    write(tmp_path / "a.toml", entry(explanation=explanation))
    judge = entry(JUDGE, code='"gaming-1"', stem='"买卖账号走平台。"', explanation=explanation, difficulty="3")
    write(tmp_path / "b.toml", judge, head='scam_type = "gaming"')
    before, was = standing(world), epoch(world)
    result = run(world, "check", tmp_path)
    *table, verdict = result.output.splitlines()
    assert [line.split() for line in table] == [
        ["scam", "type", "all", "single", "multiple", "judge", "1", "2", "3", "stories"],
        ["gaming", "1", "0", "0", "1", "0", "0", "1", "0"],
        ["loan", "1", "1", "0", "0", "1", "0", "0", "0"],
        ["all", "2", "1", "0", "1", "1", "0", "1", "0"],
    ]
    assert len({len(line) for line in table}) == 1
    assert verdict == "no problems"
    assert (standing(world), epoch(world)) == (before, was)


def test_loading_the_same_again_changes_nothing(world: World) -> None:
    before, was = world.rows("SELECT * FROM question_versions ORDER BY id"), epoch(world)
    with transaction():
        assert bank.load_bank(QUESTIONS) == Loaded(added=0, changed=0, unchanged=len(QUESTIONS))
    assert world.rows("SELECT * FROM question_versions ORDER BY id") == before
    assert epoch(world) == was


@pytest.mark.parametrize(
    "changed",
    [
        replace(QUESTIONS[0], stem="新题目？"),
        replace(QUESTIONS[0], answer=["B"]),
        replace(QUESTIONS[0], explanation="新解析"),
        replace(QUESTIONS[0], difficulty=3),
        replace(QUESTIONS[0], scam_type="gaming"),
        replace(QUESTIONS[0], reviewed=QUESTIONS[0].reviewed.replace(day=2)),
    ],
)
def test_a_changed_text_makes_a_new_version_and_a_new_epoch(world: World, changed: QuestionText) -> None:
    code = changed.code
    before, was = standing(world), epoch(world)
    old = world.rows("SELECT * FROM question_versions ORDER BY id")
    with transaction():
        assert bank.load_bank([changed, *QUESTIONS[1:]]) == Loaded(added=0, changed=1, unchanged=len(QUESTIONS) - 1)
    assert standing(world) == before | {code: 2}
    assert epoch(world) != was
    assert world.rows("SELECT * FROM question_versions ORDER BY id")[: len(old)] == old
    assert world.rows("SELECT version FROM question_versions WHERE code = :code ORDER BY id", code=code) == [(1,), (2,)]


def test_a_new_question_makes_a_new_epoch_and_leaves_out_nothing(world: World) -> None:
    before, was = standing(world), epoch(world)
    with transaction():
        assert bank.load_bank([replace(QUESTIONS[0], code="loan-999")]) == Loaded(added=1, changed=0, unchanged=0)
    assert standing(world) == before | {"loan-999": 1}
    assert epoch(world) != was


def test_a_question_changed_back_is_a_third_version(world: World) -> None:
    for stem, version in (("新？", 2), (QUESTIONS[0].stem, 3)):
        with transaction():
            bank.load_bank([replace(QUESTIONS[0], stem=stem)])
        assert standing(world)[QUESTIONS[0].code] == version


def test_two_loaders_at_once_make_one_new_version(world: World) -> None:
    for turn in range(4):
        changed = [replace(one, stem=f"{one.stem}{turn}") for one in QUESTIONS[:5]]

        def load(changed: list[QuestionText] = changed) -> Loaded:
            with transaction():
                return bank.load_bank(changed)

        said = at_once(*[load] * 4)
        assert Counter(said) == {Loaded(0, 5, 0): 1, Loaded(0, 0, 5): 3}
        assert {version for code, version in standing(world).items() if code in {c.code for c in changed}} == {turn + 2}
