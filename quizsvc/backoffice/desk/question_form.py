"""One question as a form: read, checked and previewed as a table of one row."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, request
from werkzeug.wrappers import Response

from quizsvc.backoffice.desk.faults import Fault, read_faults
from quizsvc.backoffice.desk.questions import Sent, preview_sent
from quizsvc.backoffice.desk.render import show
from quizsvc.kit.db import reading
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import csv_text, read_table
from quizsvc.quiz import bank, sheet, workbook
from quizsvc.quiz.lifecycle import Entry

LETTERS = "ABCDEF"
OPTIONS = tuple(f"{sheet.HEADINGS['options']}{letter}" for letter in LETTERS)
FIELDS = (*(name for name in sheet.HEADINGS.values() if name != sheet.HEADINGS["options"]), *OPTIONS)
LONGEST = 1100  # a little more than any field may say, so that too much is refused and not cut off
ROW = "第 2 行"  # the question's in its table; nobody sees that
bp = Blueprint("question_form", __name__)


@bp.get("/question-form")
def show_form() -> Response:
    """An empty form, or a question that stands, to be changed."""
    code = request.args.get("code", "")
    with reading():
        return _form(_standing(code) if code else {}, changed=code)


@bp.post("/question-form")
def compose() -> Response:
    """What the question would change in the bank, with the way to confirm it; or all that is wrong, on the form."""
    typed = {name: request.form.get(name, "").replace("\r\n", "\n").strip()[:LONGEST] for name in FIELDS}
    table = csv_text([FIELDS, [typed[name] for name in FIELDS]])
    try:
        with reading():
            return preview_sent(Sent(f"{typed['编号'] or '题目'}.csv", table.encode()))
    except FileRefused as refused:
        faults = [replace(one, place=_place(one.place)) for one in read_faults(refused.problems)]
        return _form(typed, changed=request.form.get("changed", ""), faults=faults)


def _place(place: str) -> str:
    return place.removeprefix(ROW).strip("“”") or "题目"


def _form(typed: Mapping[str, str], *, changed: str, faults: list[Fault] | None = None) -> Response:
    choices = {
        "诈骗类型": [("", "请选择"), *((name, name) for name in sheet.scam_type_codes())],
        "题型": [(name, f"{name}题") for name in sheet.KINDS],
        "难度": [("1", "1 容易"), ("2", "2 中等"), ("3", "3 较难")],
        "状态": [("", "不变（新题为草稿）"), *((name, name) for name in sheet.STATES)],
    }
    said = {name: typed.get(name, "") for name in FIELDS}
    status = 422 if faults else 200
    return show(
        "question_form.html",
        status,
        typed=said,
        changed=changed,
        choices=choices,
        options=OPTIONS,
        audiences="、".join(sheet.AUDIENCES),
        faults=faults or [],
    )


def _standing(code: str) -> dict[str, str]:
    """The newest text of a question as the table has it; QuestionUnknown."""
    (found,) = bank.get_questions([code])
    with TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / "bank.csv"
        workbook.write_bank([Entry(found.text, None)], path)
        headings, values = read_table(path, sheet=sheet.SHEET).rows[:2]
    return {str(name): str(value) for name, value in zip(headings, values, strict=False)}
