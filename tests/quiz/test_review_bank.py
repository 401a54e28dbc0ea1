"""What shows only across questions, and which rules bite at `check` and which at `load`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.quiz.files import check_bank, read_bank
from quizsvc.quiz.review_bank import Counts, count, count_by_type, find_alike, find_guessable
from quizsvc.quiz.rules import QuestionText
from tests.quiz.test_bank_files import GOOD, entry, write
from tests.quiz.test_review import JUDGE, SINGLE, TODAY

EVEN = {"A": "四个字的", "B": "四个字呀", "C": "四个字吧", "D": "四个字啊"}


def singles(letters: str, *, longest: int = 0, options: int = 4) -> list[QuestionText]:
    """Single questions with these right letters; in the first `longest` of them the right option is the longest."""
    return [
        replace(
            SINGLE,
            code=f"loan-{no:03}",
            options={**dict(list(EVEN.items())[:options]), **({letter: "长长长长长"} if no < longest else {})},
            answer=[letter],
        )
        for no, letter in enumerate(letters)
    ]


def judges(letters: str) -> list[QuestionText]:
    return [replace(JUDGE, code=f"loan-{no:03}", answer=[letter]) for no, letter in enumerate(letters)]


# --- the same asked twice ---------------------------------------------------------------------------------------------

STEM = "刘阿姨领到12元后，群主又说：“垫100元做一单，返130元。”刘阿姨该怎么办？"


@pytest.mark.parametrize(
    ("stem", "what"),
    [
        (STEM, "asks the same as loan-001"),
        (STEM.replace("，", "！").removesuffix("？"), "asks the same as loan-001"),
        (STEM.replace("刘阿姨", "王大爷").replace("12", "15"), "asks nearly the same as loan-001"),
        (
            STEM.replace("刘阿姨", "王大爷").replace("100", "80").replace("130", "95").replace("12", "15"),
            "asks nearly the same as loan-001",
        ),
        (f"周末，{STEM}", "asks nearly the same as loan-001"),
        ("刘阿姨接到“银行”电话，说她的卡有风险，要把钱转到安全账户。刘阿姨该怎么办？", ""),
        ("怎么办？", ""),
    ],
)
def test_a_stem_that_asks_what_another_asks_is_named(stem: str, what: str) -> None:
    first, noise = replace(SINGLE, code="loan-001", stem=STEM), replace(SINGLE, code="loan-002")
    found = list(find_alike([first, noise, replace(SINGLE, code="loan-003", stem=stem)]))
    assert [(question.code, said) for question, (said, _) in found] == ([("loan-003", what)] if what else [])


def test_stems_without_a_pair_of_characters_are_not_alike_unless_equal() -> None:
    one, other, same = (
        replace(SINGLE, code=f"loan-{no}", stem=stem) for no, stem in enumerate(("甲？", "乙？", "甲。"))
    )
    assert list(find_alike([one, other])) == []
    assert [question.code for question, _ in find_alike([one, other, same])] == ["loan-2"]


# --- answers that can be guessed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        (singles("ABCD" * 5), []),
        (singles("A" * 7 + "B" * 7 + "C" * 3 + "D" * 3), []),
        (singles("A" * 8 + "B" * 6 + "C" * 3 + "D" * 3), ["A is right in 40% of 20 single questions"]),
        (singles("A" * 6 + "B" * 6 + "C" * 6 + "D" * 2), ["D is right in 10% of 20 single questions"]),
        (
            singles("A" * 9 + "B" * 6 + "C" * 5 + "D" * 5),
            ["A is right in 36% of 25 single questions"],
        ),
        (singles("A" * 19), []),
        (singles("ABCD" * 5) + singles("ABC" * 7, options=3), []),
        (singles("ABC" * 7, options=3), []),
        (
            singles("A" * 10 + "B" * 6 + "C" * 5, options=3),
            ["A is right in 48% of 21 single questions"],
        ),
        (judges("TF" * 10), []),
        (judges("T" * 12 + "F" * 8), []),
        (
            judges("T" * 13 + "F" * 7),
            ["F is right in 35% of 20 judge questions", "T is right in 65% of 20 judge questions"],
        ),
        (judges("T" * 19), []),
        (judges("TF" * 9) + singles("ABCD" * 5), []),
    ],
)
def test_letters_are_right_about_as_often_as_chance_has_it(
    questions: Sequence[QuestionText], expected: Sequence[str]
) -> None:
    assert [what for what, _ in find_guessable(questions)] == expected


@pytest.mark.parametrize(("longest", "named"), [(5, False), (7, False), (8, True)])
def test_the_right_option_is_not_the_longest_more_often_than_chance_and_ten_points(longest: int, named: bool) -> None:
    found = [what for what, _ in find_guessable(singles("ABCD" * 5, longest=longest))]
    codes = ", ".join(f"loan-{no:03}" for no in range(longest))
    assert found == ([f"the right option is the longest in {longest * 5}% of 20: {codes}"] if named else [])


def test_a_right_option_as_long_as_a_wrong_one_is_not_the_longest() -> None:
    tied = [replace(one, options={**one.options, "A": "长长长长长", "D": "短短短短短"}) for one in singles("AD" * 4)]
    assert [what for what, _ in find_guessable(tied + singles("BCDBCADABCDC"))] == []


# --- the bank's figures -----------------------------------------------------------------------------------------------


def test_the_figures_are_by_scam_type() -> None:
    questions = [
        replace(SINGLE, stem="题" * 40),
        replace(SINGLE, stem="题" * 39, difficulty=3),
        replace(JUDGE, scam_type="gaming", difficulty=2),
    ]
    assert count_by_type(questions) == [
        Counts("gaming", total=1, kinds=[0, 0, 1], difficulties=[0, 1, 0], scenarios=0),
        Counts("loan", total=2, kinds=[2, 0, 0], difficulties=[1, 0, 1], scenarios=1),
    ]
    assert count("all", questions) == Counts("all", total=3, kinds=[2, 0, 1], difficulties=[1, 1, 1], scenarios=1)


# --- where each rule bites --------------------------------------------------------------------------------------------

FULL = f'"{SINGLE.explanation}"'


def loads(folder: Path) -> bool:
    try:
        read_bank(folder)
    except FileRefused:
        return False
    return True


def found_by_check(folder: Path, *, today: date = TODAY) -> list[Problem]:
    with pytest.raises(FileRefused) as refused:
        check_bank(folder, today=today)
    return list(refused.value.problems)


@pytest.mark.parametrize(
    ("changes", "what", "loaded"),
    [
        ({"audience": '["student"]'}, "Must be one of: elderly, students", False),
        ({"audience": '["elderly", "parents"]'}, "", True),
        ({"source": '" "'}, "the source is blank", False),
        ({"stem": '"\\u3000"'}, "the stem is blank", False),
        ({"explanation": '"\\n"'}, "the explanation is blank", False),
        ({"options": '{ A = "甲", B = "乙", C = " " }'}, "option C is blank", False),
        ({"explanation": FULL.replace("110", "12381")}, "says “打12381”", False),
        ({"explanation": FULL.replace("打110报警", "报警绝对安全")}, "claims “绝对安全”", False),
        ({"source": '"《刑法》第五百条"'}, "quotes article 500", False),
        ({"options": '{ A = "甲", B = "乙", C = "以上都是" }'}, "option C speaks of the others", False),
        ({"explanation": FULL.replace("110", "12377")}, "names 12377", True),
        ({"source": '"《刑法》第二百条"'}, "quotes article 200", True),
        ({"stem": '"題目?"'}, "traditional or rare", True),
        ({"explanation": '"解析"'}, "the explanation has 2 characters", True),
        ({"reviewed": "2026-11-25"}, "which is to come", True),
    ],
)
def test_check_names_every_fault_and_load_refuses_what_is_wrong(
    tmp_path: Path, changes: dict[str, str], what: str, *, loaded: bool
) -> None:
    path = write(tmp_path / "loan.toml", entry({**GOOD, "explanation": FULL, **changes}))
    assert loads(tmp_path) is loaded
    if what:
        problem = found_by_check(tmp_path)[0]
        assert (problem.file, problem.where.split(" ")[0]) == (str(path), "loan-901")
        assert what in problem.what
        assert problem.mend
    else:
        assert len(check_bank(tmp_path, today=TODAY)) == 1


def test_a_misshapen_question_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    misshapen = entry({**GOOD, "explanation": FULL.replace("110", "12381"), "answer": '["Z"]'})
    write(tmp_path / "loan.toml", misshapen, *[entry(code=f'"loan-{no}"') for no in range(20)])
    with pytest.raises(FileRefused) as refused:
        read_bank(tmp_path)
    assert [one.what for one in refused.value.problems] == [
        "the answer names Z, which is no option",
        "explanation says “打12381”",
    ]
    assert len(found_by_check(tmp_path)) > 2


def test_a_date_that_is_none_and_a_code_that_stands_twice_are_said_once(tmp_path: Path) -> None:
    good = {**GOOD, "explanation": FULL}
    write(
        tmp_path / "loan.toml", entry(good), entry(good), entry(good, code='"loan-2"', stem='"甲"', reviewed='"soon"')
    )
    assert [(one.where, one.what) for one in found_by_check(tmp_path)] == [
        ("loan-901", f"this code stands in {tmp_path / 'loan.toml'} too"),
        ("loan-2", "reviewed is not a date"),
    ]


def test_a_review_of_today_is_not_to_come(tmp_path: Path) -> None:
    write(tmp_path / "loan.toml", entry({**GOOD, "explanation": FULL}))
    reviewed = date.fromisoformat(GOOD["reviewed"])
    assert len(check_bank(tmp_path, today=reviewed)) == 1
    (problem,) = found_by_check(tmp_path, today=reviewed - timedelta(days=1))
    assert problem.what == "reviewed on 2026-11-20, which is to come"


def test_faults_across_files_name_the_later_file_and_the_bank(tmp_path: Path) -> None:
    good = {**GOOD, "explanation": FULL}
    write(tmp_path / "loan.toml", entry(good))
    path = write(
        tmp_path / "romance.toml",
        *[entry(good, code=f'"romance-{no}"', stem=f'"{chr(0x4E00 + no) * 3}"') for no in range(19)],
        entry(good, code='"romance-99"'),
        head='scam_type = "romance"',
    )
    assert loads(tmp_path)
    found = [(one.file, one.where, one.what) for one in found_by_check(tmp_path) if "traditional" not in one.what]
    assert found == [
        (str(path), "romance-99", "asks the same as loan-901"),
        (str(tmp_path), "bank", "A is right in 0% of 21 single questions"),
        (str(tmp_path), "bank", "B is right in 100% of 21 single questions"),
        (str(tmp_path), "bank", "C is right in 0% of 21 single questions"),
    ]
