"""The bank as a table: what is exported comes back as it stands, and what is wrong is named by row and column."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.cli import ScriptInfo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.files import shipped
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import csv_text
from quizsvc.kit.xlsx import read_xlsx
from quizsvc.quiz import bank, cli, rules
from quizsvc.quiz.files import read_bank
from quizsvc.quiz.lifecycle import DRAFT, RETIRED, REVIEWED, WAITING, Entry
from quizsvc.quiz.rules import QuestionText
from quizsvc.quiz.sheet import AUDIENCES, read_sheet
from quizsvc.quiz.workbook import write_bank
from tests.world import QUESTIONS, START, World

KINDS_OF_FILE = ("xlsx", "csv")
ROW: dict[str, Any] = {
    "编号": "loan-901",
    "诈骗类型": "虚假贷款",
    "题型": "单选",
    "难度": 1,
    "题干": "题目？",
    "选项A": "甲",
    "选项B": "乙",
    "选项C": "丙",
    "选项D": "",
    "答案": "B",
    "解析": "解析",
    "人群": "",
    "来源": "反诈常识",
    "审核日期": date(2026, 11, 20),
    "状态": "已审核",
}
QUESTION = QuestionText(
    code="loan-901",
    scam_type="loan",
    kind="single",
    stem="题目？",
    options={"A": "甲", "B": "乙", "C": "丙"},
    answer=["B"],
    explanation="解析",
    difficulty=1,
    audience=[],
    source="反诈常识",
    reviewed=date(2026, 11, 20),
)
JUDGE = {"题型": "判断", "选项A": "", "选项B": "", "选项C": "", "答案": "错"}


def write(path: Path, *rows: dict[str, Any], headings: Sequence[str] = tuple(ROW)) -> Path:
    """A table as a person would leave it: each value as its own type, no format but the dates'."""
    lines = [list(headings), *[[(ROW | row).get(name, "") for name in headings] for row in rows]]
    if path.suffix == ".csv":
        path.write_text(csv_text([[str(cell) for cell in line] for line in lines]), encoding="utf-8", newline="")
        return path
    book = Workbook(path, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False})
    sheet = book.add_worksheet("题库")
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            sheet.write(number, column, cell)
    book.close()
    return path


def texts_of(path: Path) -> list[QuestionText]:
    return [entry.text for entry in read_sheet(path)]


def write_texts(questions: Sequence[QuestionText], path: Path) -> None:
    write_bank([Entry(question, REVIEWED) for question in questions], path)


def problems_of(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(FileRefused) as refused:
        read_sheet(path)
    assert all(one.mend and one.file == str(path) for one in refused.value.problems)
    return [(one.where, one.what) for one in refused.value.problems]


# --- out and in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_the_shipped_bank_goes_out_and_comes_back(tmp_path: Path, kind: str) -> None:
    questions = read_bank(shipped("questions"))
    write_texts(questions, tmp_path / f"bank.{kind}")
    assert texts_of(tmp_path / f"bank.{kind}") == questions
    assert [path.name for path in tmp_path.iterdir()] == [f"bank.{kind}"]


ODD = (
    *("=1+1", "+86", "-1", "@here", "'=1", "''=1", "'", "1", "007", "1.50", "1E5", "TRUE", "2026-11-20", "3/5"),
    *(" 前后空格 ", "两行\n两行", "制\t表", '引"号"', "逗,号；分、号", "_x0041_", "<b>&amp;</b>", "http://a.example"),
    *("😀𠮷", "\u3000", "\u2028", "#N/A", "{=A1}", "A" * 190),
)


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
@pytest.mark.parametrize("text", [text for text in ODD if text.strip()])
def test_odd_texts_stay_texts(tmp_path: Path, kind: str, text: str) -> None:
    odd = replace(
        QUESTION, stem=text, options={"A": text, "B": f"另一个{text}", "C": "丙"}, explanation=text, source=text
    )
    write_texts([odd], tmp_path / f"bank.{kind}")
    assert texts_of(tmp_path / f"bank.{kind}") == [odd]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stem=TEXTS, option=TEXTS, kind=st.sampled_from(KINDS_OF_FILE))
def test_any_text_comes_back_or_is_refused_when_it_goes_out(tmp_path: Path, stem: str, option: str, kind: str) -> None:
    odd = replace(QUESTION, stem=stem, options={"A": option, "B": f"乙{option}", "C": f"丙{option}"})
    path = tmp_path / f"bank.{kind}"
    try:
        write_texts([odd], path)
    except FileRefused:
        assert not (stem.strip() and option.strip())
    else:
        assert texts_of(path) == [odd]


def test_what_would_not_come_back_is_named_and_leaves_what_stood(tmp_path: Path) -> None:
    path = tmp_path / "bank.xlsx"
    path.write_text("what stood")
    lower = replace(QUESTION, code="loan-902", options={"a": "甲", "b": "乙", "c": "丙"}, answer=["b"])
    for bad in (lower, replace(QUESTION, code="loan-902", audience=["老人、学生"])):
        with pytest.raises(FileRefused) as refused:
            write_texts([QUESTION, bad], path)
        assert "loan-902" in str(refused.value) or "选项a" in str(refused.value)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"what stood"]


def test_options_beyond_f_get_columns_of_their_own(tmp_path: Path) -> None:
    odd = replace(QUESTION, code="loan-902", options={"A": "甲", "M": "乙", "Z": "丙"}, answer=["M"])
    write_texts([QUESTION, odd], tmp_path / "bank.xlsx")
    assert texts_of(tmp_path / "bank.xlsx")[1] == odd


def test_the_workbook_shows_numbers_as_numbers_dates_as_dates_and_says_how_to_fill_it_in(tmp_path: Path) -> None:
    path = tmp_path / "bank.xlsx"
    write_texts([replace(QUESTION, audience=["elderly", "students"])], path)
    name, (headings, row) = read_xlsx(path, sheet="题库")
    options = "选项A 选项B 选项C 选项D 选项E 选项F"
    assert name == "题库"
    assert " ".join(map(str, headings)) == f"编号 诈骗类型 题型 难度 题干 {options} 答案 解析 人群 来源 审核日期 状态"
    said = dict(zip(map(str, headings), row, strict=True))
    assert (said["难度"], said["审核日期"]) == (1.0, date(2026, 11, 20))
    assert (said["诈骗类型"], said["题型"], said["人群"]) == ("虚假贷款", "单选", "老年人、学生")
    notes = read_xlsx(path, sheet="说明")[1]
    assert {str(line[0]) for line in notes} >= {"编号", "答案", "虚假贷款", "导入"}


def test_the_workbook_keeps_its_headings_in_sight_wraps_texts_and_offers_choices(tmp_path: Path) -> None:
    path = tmp_path / "bank.xlsx"
    write_texts([QUESTION], path)
    with zipfile.ZipFile(path) as packed:
        sheet, styles = (packed.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    assert re.search(r'<pane [^>]*ySplit="1"[^>]*state="frozen"', sheet)
    assert re.findall(r'<col [^>]*max="(\d+)" width=', sheet)[-1] == str(len(re.findall(r'<c r="[A-Z]1"', sheet)))
    assert styles.count('wrapText="1"') == 4
    offered = re.findall(r"<formula1>(.*?)</formula1>", sheet)
    assert offered[0] == '"单选,多选,判断"'
    assert offered[2] == '"草稿,待审核,已审核,已停用"'
    first, last = re.fullmatch(r"说明!\$A\$(\d+):\$A\$(\d+)", offered[3]).groups()  # type: ignore[union-attr]
    notes = read_xlsx(path, sheet="说明")[1]
    names = [str(line[0]) for line in notes[int(first) - 1 : int(last)]]
    assert names == [one.name for one in bank.known_scam_types()]


def test_a_long_text_makes_its_row_taller(tmp_path: Path) -> None:
    """Not every program wraps by itself: texts lay over each other in LibreOffice and on paper."""
    path = tmp_path / "bank.xlsx"
    write_texts([replace(QUESTION, stem="题" * 200), replace(QUESTION, code="loan-902", stem="题")], path)
    with zipfile.ZipFile(path) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    heights = re.findall(r'<row r="[23]"[^>]*?(?: ht="(\d+)"[^>]*)?>', sheet)
    assert heights == ["150", ""]  # ten lines of 15 points, and the usual height


def test_every_audience_has_a_name_that_people_read() -> None:
    assert set(AUDIENCES.values()) == set(rules.AUDIENCES)


def test_a_csv_opens_in_chinese_excel_and_its_texts_are_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    write_texts([replace(QUESTION, stem="=HYPERLINK(1)")], path)
    content = path.read_bytes()
    assert content.startswith("\ufeff编号,".encode())
    assert ",'=HYPERLINK(1)," in content.decode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_is_read_in_the_encodings_that_excel_saves(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "bank.csv", {"审核日期": "2026/11/20"})
    path.write_text(path.read_text(encoding="utf-8-sig"), encoding=encoding, newline="")
    assert texts_of(path) == [QUESTION]


# --- as people fill it in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ({}, {}),
        ({"答案": " ｂ "}, {}),
        ({"诈骗类型": "loan"}, {}),
        ({"难度": "2"}, {"difficulty": 2}),
        ({"题型": "多选", "答案": "C、a"}, {"kind": "multiple", "answer": ["C", "A"]}),
        ({"题型": "多选", "答案": "A，C"}, {"kind": "multiple", "answer": ["A", "C"]}),
        (JUDGE, {"kind": "judge", "options": {"T": "对", "F": "错"}, "answer": ["F"]}),
        ({"选项A": 96110, "选项B": 2.5}, {"options": {"A": "96110", "B": "2.5", "C": "丙"}}),
        ({"人群": "老年人，parents; 店主"}, {"audience": ["elderly", "parents", "shop-owners"]}),
        *[({"审核日期": said}, {}) for said in ("2026-11-20", "2026/11/20", "2026.11.20", "2026年11月20日")],
        ({"审核日期": " 2026-1-2 "}, {"reviewed": date(2026, 1, 2)}),
    ],
)
def test_a_row_is_read_as_it_is_meant(tmp_path: Path, kind: str, row: dict[str, Any], changes: Any) -> None:
    assert texts_of(write(tmp_path / f"a.{kind}", row)) == [replace(QUESTION, **changes)]


def test_a_date_with_a_time_is_that_day(tmp_path: Path) -> None:
    assert texts_of(write(tmp_path / "a.xlsx", {"审核日期": START.replace(tzinfo=None)})) == [
        replace(QUESTION, reviewed=date(2026, 12, 1))
    ]


def test_empty_rows_are_passed_over_and_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    empty = dict.fromkeys(ROW, "")
    headings = [f" {name} " for name in reversed(ROW)]
    path = write(tmp_path / "a.csv", empty, ROW, empty | {"题干": "  "}, ROW | {"编号": "loan-902"})
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([",".join(headings), *[",".join(reversed(line.split(","))) for line in lines[1:]]]))
    assert [one.code for one in texts_of(path)] == ["loan-901", "loan-902"]


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        ({"编号": ""}, "编号", "Missing data"),
        ({"编号": "贷款一"}, "编号", "Use lower-case letters"),
        ({"诈骗类型": ""}, "诈骗类型", "is empty"),
        ({"诈骗类型": "新型诈骗"}, "诈骗类型", "'新型诈骗' is unknown"),
        ({"题型": "单选题"}, "题型", "'单选题' is unknown"),
        ({"题型": ""}, "题型", "Missing data"),
        ({"难度": 4}, "难度", "'4' is no difficulty"),
        ({"难度": 1.5}, "难度", "'1.5' is no difficulty"),
        ({"难度": ""}, "难度", "Missing data"),
        ({"题干": ""}, "题干", "Missing data"),
        ({"题干": "题" * 301}, "题干", "Length must be between 1 and 300."),
        ({"选项B": "乙" * 201}, "选项B", "Length must be between 1 and 200."),
        ({"选项C": ""}, "", "2 options"),
        ({"选项C": "乙"}, "", "two options say the same"),
        ({"答案": ""}, "答案", "Missing data"),
        ({"答案": "E"}, "", "the answer names E, which is no option"),
        ({"答案": "AB"}, "", "a single question has 2 answers"),
        ({"题型": "判断"}, "选项", "a 判断 question has options of its own"),
        (JUDGE | {"答案": "不对"}, "", "the answer names 不对, which is no option"),
        ({"审核日期": "昨天"}, "审核日期", "'昨天' is no date"),
        ({"审核日期": "2026-02-30"}, "审核日期", "'2026-02-30' is no date"),
        ({"审核日期": ""}, "审核日期", "Missing data"),
        ({"状态": "reviewed"}, "状态", "'reviewed' is unknown"),
    ],
)
def test_each_fault_is_named_by_row_and_column(
    tmp_path: Path, kind: str, row: dict[str, Any], column: str, what: str
) -> None:
    path = write(tmp_path / f"a.{kind}", {"编号": "loan-900"}, row)
    ((where, said),) = problems_of(path)
    place = "sheet 题库 row 3" if kind == "xlsx" else "row 3"
    assert where == f"{place} {column}".strip()
    assert said.startswith(what)


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        ({"选项A": date(2026, 3, 5)}, "选项A", "was turned into a date or time"),
        ({"选项A": True}, "选项A", "is TRUE or FALSE, not a text"),
        ({"审核日期": 46346}, "审核日期", "'46346' is no date"),
    ],
)
def test_what_excel_made_of_a_text_is_said(tmp_path: Path, row: dict[str, Any], column: str, what: str) -> None:
    assert problems_of(write(tmp_path / "a.xlsx", row)) == [(f"sheet 题库 row 2 {column}", what)]


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
@pytest.mark.parametrize(
    ("headings", "what"),
    [
        ([name for name in ROW if name not in ("题干", "答案")], "columns are missing: 题干、答案"),
        ([name for name in ROW if name != "选项A"], "columns are missing: 选项A"),
        ([*ROW, "备注"], "the column 备注 is unknown"),
        ([*ROW, "题干"], "the column 题干 stands twice"),
        ([*ROW, "选项"], "the column 选项 is unknown"),
    ],
)
def test_each_fault_of_the_headings_is_named(tmp_path: Path, kind: str, headings: list[str], what: str) -> None:
    place = "sheet 题库 row 1" if kind == "xlsx" else "row 1"
    assert problems_of(write(tmp_path / f"a.{kind}", ROW, headings=headings)) == [(place, what)]


@pytest.mark.parametrize(("name", "state"), [("人群", "reviewed"), ("状态", None)])
def test_the_columns_that_may_be_empty_may_be_missing(tmp_path: Path, name: str, state: str | None) -> None:
    path = write(tmp_path / "a.xlsx", ROW, headings=[heading for heading in ROW if heading != name])
    assert read_sheet(path) == [Entry(QUESTION, state)]


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_the_state_goes_out_and_comes_back(tmp_path: Path, kind: str) -> None:
    states = (DRAFT, WAITING, REVIEWED, RETIRED, None)
    entries = [Entry(replace(QUESTION, code=f"loan-9{n}"), state) for n, state in enumerate(states)]
    write_bank(entries, tmp_path / f"a.{kind}")
    assert read_sheet(tmp_path / f"a.{kind}") == entries


def test_a_cell_beside_the_table_is_said(tmp_path: Path) -> None:
    """A comma that nobody quoted moves every cell of its row."""
    path = write(tmp_path / "a.csv", {})
    path.write_text(path.read_text(encoding="utf-8-sig").replace("题目？", "题目,？"))
    assert ("row 2", "stands in a column without a heading") in problems_of(path)


def test_all_problems_of_all_rows_are_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {"难度": 9, "题型": "问答"}, {"编号": "loan-902", "答案": "Z"}, {}, {})
    assert [(where.removeprefix("sheet 题库 "), what.split(",")[0]) for where, what in problems_of(path)] == [
        ("row 2 题型", "'问答' is unknown"),
        ("row 2 难度", "'9' is no difficulty"),
        ("row 3", "the answer names Z"),
        ("row 4", "loan-901 stands in sheet 题库 row 2 too"),
        ("row 5", "loan-901 stands in sheet 题库 row 2 too"),
    ]


@pytest.mark.parametrize(
    ("name", "make", "where", "what"),
    [
        ("a.csv", lambda path: path.write_bytes(b"\xff\xfe\x00"), "file", "is neither UTF-8 nor GBK"),
        ("a.csv", lambda path: path.write_text('编号\n"'), "line 2", "is no CSV"),
        ("a.csv", lambda path: path.write_text("编号\n" * 5001), "line 5001", "more than 5000 rows"),
        ("a.csv", lambda path: path.write_text("编号\n" + "," * 50), "line 2", "more than 5000 rows or 50 columns"),
        ("a.csv", lambda path: path.write_text(""), "row 1", "columns are missing: 编号"),
        ("a.csv", write, "file", "holds no question"),
        ("a.csv", lambda path: path.write_bytes(bytes(11 * 2**20)), "file", "is larger than 10 MB"),
        ("a.xlsx", write, "file", "holds no question"),
        ("a.xlsx", lambda path: Workbook(path).close(), "sheet Sheet1 row 1", "columns are missing: 编号"),
        ("a.xls", lambda path: path.write_bytes(b""), "file", ".xls is not read"),
        ("a.et", lambda path: path.write_bytes(b""), "file", ".et is not read"),
    ],
)
def test_what_is_no_table_is_said(
    tmp_path: Path, name: str, make: Callable[[Path], object], where: str, what: str
) -> None:
    make(tmp_path / name)
    ((place, said),) = problems_of(tmp_path / name)
    assert (place, said.startswith(what)) == (where, True), said


# --- by commands ------------------------------------------------------------------------------------------------------


def run(world: World, *words: str | Path) -> Result:
    """`quizsvc questions` with these words."""
    info = ScriptInfo(create_app=lambda: world.app)
    return CliRunner().invoke(cli.group, [str(word) for word in words], obj=info)


def bank_of(world: World) -> list[tuple[Any, ...]]:
    return [
        *world.rows("SELECT * FROM questions ORDER BY code"),
        *world.rows("SELECT * FROM question_versions ORDER BY id"),
        *world.rows("SELECT epoch FROM bank"),
    ]


def edited(path: Path, old: str, new: str) -> Path:
    """One text replaced, through CSV, as a person would in Excel."""
    other = path.with_suffix(".csv")
    write_bank(read_sheet(path), other)
    content = other.read_text(encoding="utf-8-sig")
    assert content.count(old) == 1
    other.write_text(content.replace(old, new), encoding="utf-8-sig", newline="")
    return other


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_an_export_that_nobody_edited_changes_nothing(world: World, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bank.{kind}"
    assert run(world, "export", path).output == f"{len(QUESTIONS)} questions stand in {path}\n"
    before = bank_of(world)
    loaded = run(world, "load", path, "--as", "operator")
    assert loaded.output == f"0 questions added, 0 changed, {len(QUESTIONS)} as they were\n"
    assert bank_of(world) == before


def test_some_scam_types_go_out_alone(world: World, tmp_path: Path) -> None:
    path = tmp_path / "bank.xlsx"
    assert run(world, "export", path, "--scam-type", "romance").output.startswith("1 questions")
    assert [one.code for one in texts_of(path)] == ["romance-001"]
    run(world, "export", path, "--scam-type", "romance", "--scam-type", "loan")
    assert len(texts_of(path)) == len(QUESTIONS)
    wrong = run(world, "export", path, "--scam-type", "lottery")
    assert (wrong.exit_code, "lottery: use brushing" in wrong.output) == (2, True)
    assert run(world, "export", tmp_path / "bank.ods").exit_code == 2


def test_a_preview_names_what_is_new_and_what_changed_and_changes_nothing(world: World, tmp_path: Path) -> None:
    changed = [replace(QUESTIONS[0], stem="新？", answer=["B"]), *QUESTIONS[1:]]
    fresh = Entry(replace(QUESTION, code="loan-999"), None)
    write_bank([*[Entry(one, REVIEWED) for one in changed], fresh], tmp_path / "bank.xlsx")
    before, audited = bank_of(world), world.count("audit")
    said = run(world, "load", tmp_path / "bank.xlsx", "--as", "operator", "--dry-run")
    assert said.output.splitlines() == [
        "loan-001: changed 题干、答案",
        "loan-999: new (草稿)",
        "to be reviewed: loan-999",
        f"1 questions added, 1 changed, {len(QUESTIONS) - 1} as they were; this was a preview, nothing was changed",
    ]
    assert (bank_of(world), world.count("audit")) == (before, audited)
    assert isinstance(run(world, "load", tmp_path / "bank.xlsx", "--dry-run").exception, RoleMissing)


def test_an_edited_export_changes_what_was_edited_and_the_log_says_who_and_what(world: World, tmp_path: Path) -> None:
    run(world, "export", tmp_path / "bank.xlsx")
    path = edited(tmp_path / "bank.xlsx", "题目2？", "=新题目？")
    for told in ("0 questions added, 1 changed", "0 questions added, 0 changed"):
        assert run(world, "load", path, "--as", "second").output.startswith(told)
    assert world.rows("SELECT version, stem FROM question_versions WHERE code = 'loan-002' ORDER BY id") == [
        (1, "题目2？"),
        (2, "=新题目？"),
    ]
    assert world.rows("SELECT code, version FROM questions WHERE version > 1") == [("loan-002", 2)]
    audited = world.rows("SELECT actor, subject, before, after FROM audit WHERE act = 'question.load'")
    ((actor, subject, before, after),) = audited
    assert (actor, subject) == ("second", "loan-002")
    assert [as_json(one) for one in (before, after)] == [
        {"version": 1, "stem": "题目2？"},
        {"version": 2, "stem": "=新题目？"},
    ]


def as_json(value: Any) -> Any:
    """A JSON column as either database gives it to plain SQL."""
    return json.loads(value) if isinstance(value, str) else value


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_one_bad_row_keeps_the_whole_table_out(world: World, tmp_path: Path, kind: str) -> None:
    rows = [{"编号": f"loan-9{n:02}", "答案": "Z" if n == 5 else "A"} for n in range(9)]
    path = write(tmp_path / f"a.{kind}", *rows)
    before, audited = bank_of(world), world.count("audit")
    for words in (("load", path, "--as", "operator"), ("load", path, "--as", "operator", "--dry-run"), ("check", path)):
        assert isinstance(run(world, *words).exception, FileRefused)
    assert (bank_of(world), world.count("audit")) == (before, audited)


def test_a_table_is_checked_like_question_files_without_a_database(tmp_path: Path) -> None:
    write_texts(read_bank(shipped("questions")), tmp_path / "bank.xlsx")
    checked = CliRunner().invoke(cli.group, ["check", str(tmp_path / "bank.xlsx")])
    assert (checked.exit_code, checked.output.splitlines()[-1]) == (0, "no problems")
    write_texts([replace(QUESTION, stem="題目？")], tmp_path / "bad.xlsx")
    refused = CliRunner().invoke(cli.group, ["check", str(tmp_path / "bad.xlsx")]).exception
    assert isinstance(refused, FileRefused)
    assert any(one.where == "loan-901" and "題" in one.what for one in refused.problems)


@pytest.mark.needs("soffice")
def test_a_workbook_that_another_program_edited_changes_that_one_question(world: World, tmp_path: Path) -> None:
    run(world, "export", tmp_path / "bank.xlsx")

    def convert(name: str, kind: str, folder: str) -> Path:
        words = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", kind]
        subprocess.run([*words, "--outdir", tmp_path / folder, tmp_path / name], check=True, capture_output=True)
        return tmp_path / folder / f"bank.{kind}"

    flat = convert("bank.xlsx", "fods", ".")
    text = flat.read_text(encoding="utf-8")
    assert text.count("题目7？") == 1
    flat.write_text(text.replace("题目7？", "题目七？"), encoding="utf-8")
    saved = convert("bank.fods", "xlsx", "edited")
    shutil.rmtree(tmp_path / "office")
    said = run(world, "load", saved, "--as", "operator", "--dry-run").output
    assert said.splitlines()[0] == "loan-007: changed 题干"
    assert run(world, "load", saved, "--as", "operator").output.startswith("0 questions added, 1 changed")
    untouched = convert("bank.xlsx", "xlsx", "again")
    assert texts_of(untouched) == texts_of(tmp_path / "bank.xlsx")
