"""Writes the bank as a table for the office, so that it reads back exactly as it stands."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import csv_text
from quizsvc.kit.xlsx import MOST_ROWS
from quizsvc.quiz.lifecycle import Entry
from quizsvc.quiz.rules import JUDGE, QuestionText
from quizsvc.quiz.sheet import AUDIENCES, HEADINGS, JUDGEMENT, KINDS, SHEET, STATES, read_rows, scam_type_codes

A3 = 8  # xlsxwriter's number for the paper
LINE = 15  # points
Value = str | int | date
Forms = Mapping[str, Format]
FORMS: Mapping[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#DDEBF7"},
    "text": {"num_format": "@"},
    "number": {"num_format": "0"},
    "date": {"num_format": "yyyy-mm-dd"},
}
FORM_OF = {"难度": "number", "审核日期": "date"}
WIDTHS = {"题干": 44, "解析": 52, "来源": 20, "诈骗类型": 18, "编号": 16, "审核日期": 12, "人群": 12}
USUAL_WIDTH, OPTION_WIDTH = 7, 22
CHOICES: Mapping[str, Sequence[object]] = {"题型": list(KINDS), "难度": [1, 2, 3], "状态": list(STATES)}
LETTERS = "ABCDEF"  # always there, for questions to come
NOTES = (
    ("编号", "一题一个，不能重复，定了就不再改。小写字母、数字、连字符，例如 loan-014。"),
    ("", "改动已有题目时保留原编号；新题另起一个编号。"),
    ("诈骗类型", "从下拉列表里选。"),
    ("题型", "单选、多选、判断。多选题至少两个正确选项、一个错误选项，全部选对才得分。"),
    ("难度", "1 容易，2 中等，3 较难。"),
    ("题干", "不超过 300 字。"),
    ("选项A……", "单选、多选写 3 到 6 个，不能重复，每个不超过 200 字。判断题留空，固定是“对”和“错”。"),
    ("答案", "单选写一个字母，例如 B；多选写全部字母，例如 ACD；判断题写“对”或“错”。"),
    ("解析", "不超过 1000 字。答题以后给居民看。"),
    ("人群", f"面向特定人群时填写：{'、'.join(AUDIENCES)}。多个用顿号隔开；面向所有人留空。"),
    ("来源", "法律条文写明第几条，其他写明出处。"),
    ("审核日期", "最近一次核对内容的日期，例如 2026-11-20。"),
    ("状态", "草稿、待审核：还不能出题；已审核：可以出题；已停用：不再出题。留空表示不变，新题为草稿。"),
    ("注意", "不要合并单元格，不要用公式，不要改第一行的标题。"),
    ("", "表里没有的题目不受影响；删掉一行不会删掉题目。"),
    ("导入", "先预览：quizsvc questions load 文件名 --as 用户名 --dry-run"),
    ("", "没有问题再去掉 --dry-run 导入。有一处错误，整张表都不导入。"),
)


def write_bank(entries: Sequence[Entry], path: Path) -> None:
    """Write an .xlsx or .csv. FileRefused, and no file, when a question would not read back as it stands."""
    if len(entries) >= MOST_ROWS:
        what, mend = f"{len(entries)} questions do not fit into {MOST_ROWS} rows", "export by --scam-type"
        raise FileRefused([Problem("file", what, mend, str(path))])
    fresh = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        if path.suffix.lower() == ".csv":
            _write_csv(entries, fresh)
        else:
            _write_xlsx(entries, fresh)
        _require_same(entries, fresh)
        fresh.replace(path)
    except OSError as error:
        problem = Problem("file", error.strerror or "cannot be written", "check the folder and its rights", str(path))
        raise FileRefused([problem]) from None
    finally:
        with suppress(OSError):
            fresh.unlink()


def _require_same(entries: Sequence[Entry], path: Path) -> None:
    for entry, row in zip(entries, read_rows(path), strict=True):
        if row.problems or entry != Entry(QuestionText(**{"audience": [], **row.entry}), row.state):
            mend = "mend its text in a question file: no blanks at its ends, options named by capital letters"
            raise FileRefused([Problem(entry.text.code, "would not read back as it stands", mend)])


# --- rows -------------------------------------------------------------------------------------------------------------


def _headings(entries: Iterable[Entry]) -> list[str]:
    texts = [one.text for one in entries]
    letters = {letter for one in texts if one.kind != JUDGE for letter in one.options} | set(LETTERS)
    options = [f"{HEADINGS['options']}{letter}" for letter in sorted(letters)]
    return [heading for field, name in HEADINGS.items() for heading in (options if field == "options" else [name])]


def _values(entry: Entry) -> dict[str, Value]:
    """Cells by heading."""
    question = entry.text
    audiences = {audience: name for name, audience in AUDIENCES.items()}
    states = {state: name for name, state in STATES.items()}
    names = {code: name for name, code in scam_type_codes().items()}
    kinds = {kind: name for name, kind in KINDS.items()}
    said = asdict(question) | {
        "scam_type": names.get(question.scam_type, question.scam_type),
        "kind": kinds[question.kind],
        "audience": "、".join(audiences.get(one, one) for one in question.audience),
        "answer": "".join(question.answer),
        "state": states.get(entry.state or "", ""),
    }
    options = said.pop("options")
    if question.kind == JUDGE:
        said["answer"] = "".join(JUDGEMENT.get(letter, letter) for letter in question.answer)
        options = {}
    cells = {HEADINGS[field]: value for field, value in said.items()}
    return cells | {f"{HEADINGS['options']}{letter}": text for letter, text in options.items()}


def _write_csv(entries: Sequence[Entry], path: Path) -> None:
    headings = _headings(entries)
    rows = [[str(_values(one).get(heading, "")) for heading in headings] for one in entries]
    path.write_text(csv_text([headings, *rows]), encoding="utf-8", newline="")


# --- the workbook -----------------------------------------------------------------------------------------------------


def _write_xlsx(entries: Sequence[Entry], path: Path) -> None:
    book = Workbook(str(path))
    forms = {name: book.add_format({**more, "valign": "top", "text_wrap": True}) for name, more in FORMS.items()}
    headings = _headings(entries)
    sheet, notes = book.add_worksheet(SHEET), book.add_worksheet("说明")
    for column, heading in enumerate(headings):
        # Empty cells too: in a text cell, 1-2 stays what was typed and becomes no date.
        sheet.set_column(column, column, _width(heading), forms[FORM_OF.get(heading, "text")])
        sheet.write_string(0, column, heading, forms["heading"])
    for row, entry in enumerate(entries, start=1):
        values = _values(entry)
        sheet.set_row(row, _height(values))
        for column, heading in enumerate(headings):
            _write_cell(sheet, row, column, values.get(heading, ""), forms)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(entries)), len(headings) - 1)
    sheet.set_landscape()
    sheet.set_paper(A3)
    sheet.fit_to_pages(1, 0)  # printed for a meeting: every column on the page, headings on each
    sheet.repeat_rows(0)
    scam_types = _write_notes(notes, forms)
    _offer_choices(sheet, headings, {**CHOICES, "诈骗类型": scam_types})
    book.close()


def _width(heading: str) -> int:
    """In characters."""
    return WIDTHS.get(heading, OPTION_WIDTH if heading.startswith(HEADINGS["options"]) else USUAL_WIDTH)


def _height(values: Mapping[str, Value]) -> int:
    """Points that a row needs: not every program wraps a text into a taller row by itself."""
    lines = (ceil(2 * len(value) / _width(name)) for name, value in values.items() if isinstance(value, str))
    return LINE * max(1, *lines)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Value, forms: Forms) -> None:
    """Each value as what it is. A text is never a formula or a link, whatever it begins with."""
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, forms["date"])
    elif isinstance(value, int):
        sheet.write_number(row, column, value, forms["number"])
    elif value:
        sheet.write_string(row, column, value, forms["text"])


def _write_notes(notes: Worksheet, forms: Forms) -> str:
    """How to fill the table in, and the scam types; returns where these stand."""
    notes.set_column(0, 0, 26)
    notes.set_column(1, 1, 90)
    lines = [("栏目", "怎样填写"), *NOTES, ("", ""), ("诈骗类型", "代码"), *scam_type_codes().items()]
    for row, (name, told) in enumerate(lines):
        form = forms["heading" if told in {"怎样填写", "代码"} else "text"]
        notes.write_string(row, 0, name, form)
        notes.write_string(row, 1, told, form)
    return f"=说明!$A${len(lines) - len(scam_type_codes()) + 1}:$A${len(lines)}"


def _offer_choices(sheet: Worksheet, headings: Sequence[str], choices: Mapping[str, str | Sequence[object]]) -> None:
    for heading, source in choices.items():
        column = headings.index(heading)
        offer = {"validate": "list", "source": source, "error_title": "填写有误", "error_message": "请从下拉列表里选"}
        sheet.data_validation(1, column, MOST_ROWS - 1, column, offer)
