"""The bank as a table for the office: one question a row, Chinese headings. Reads it; `workbook` writes it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from quizsvc.kit.cells import CellRefused, date_of, is_blank, text_of, word_of
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import Table, read_table
from quizsvc.kit.xlsx import Cell
from quizsvc.quiz.bank import known_scam_types
from quizsvc.quiz.files import read_entry, review
from quizsvc.quiz.lifecycle import DRAFT, RETIRED, REVIEWED, WAITING, Entry
from quizsvc.quiz.rules import JUDGE, MULTIPLE, SINGLE, QuestionText

SHEET = "题库"
# Field of a question -> heading. `options` is several columns: 选项A, 选项B ...
HEADINGS: Mapping[str, str] = {
    "code": "编号",
    "scam_type": "诈骗类型",
    "kind": "题型",
    "difficulty": "难度",
    "stem": "题干",
    "options": "选项",
    "answer": "答案",
    "explanation": "解析",
    "audience": "人群",
    "source": "来源",
    "reviewed": "审核日期",
    "state": "状态",
}
STATES: Mapping[str, str] = {"草稿": DRAFT, "待审核": WAITING, "已审核": REVIEWED, "已停用": RETIRED}
FIELDS = {heading: field for field, heading in HEADINGS.items() if field != "options"}
MAY_BE_MISSING = frozenset({"人群", "状态"})
OPTION = re.compile(r"选项([A-Z])")
KINDS: Mapping[str, str] = {"单选": SINGLE, "多选": MULTIPLE, "判断": JUDGE}
AUDIENCES: Mapping[str, str] = {
    "老年人": "elderly",
    "学生": "students",
    "财务人员": "accountants",
    "家长": "parents",
    "店主": "shop-owners",
}
JUDGEMENT: Mapping[str, str] = {"T": "对", "F": "错"}
SEPARATORS = re.compile(r"[、,，;；\s]+")

Fault = tuple[str, str]  # what, how to mend


@dataclass(frozen=True)
class Row:
    """A row as read: where it stands, what it says by the names of a question file, what could not be understood."""

    where: str
    entry: Mapping[str, Any]
    state: str | None
    problems: Sequence[Problem]


def read_sheet(path: Path) -> list[Entry]:
    """The questions of an .xlsx or .csv and the states wanted, or FileRefused naming every row that is wrong."""
    rows = read_rows(path)
    problems: list[Problem] = []
    entries: list[Entry] = []
    first: dict[str, str] = {}
    for row in rows:
        question, wrong = _question_of(row, file=str(path))
        problems += wrong
        entries += [Entry(question, row.state)] if question is not None else []
        code = str(row.entry.get("code", ""))
        if code and first.setdefault(code, row.where) != row.where:
            problems.append(Problem(row.where, f"{code} stands in {first[code]} too", "give it its own", str(path)))
    if not rows:
        problems.append(Problem("file", "holds no question", "fill in one row per question", str(path)))
    if problems:
        raise FileRefused(problems)
    return entries


def check_sheet(path: Path, *, today: date) -> list[QuestionText]:
    """The questions as `read_sheet` reads them, or FileRefused naming also what a reviewer would not let pass."""
    questions = [entry.text for entry in read_sheet(path)]
    if problems := list(review([(str(path), one) for one in questions], place=str(path), today=today)):
        raise FileRefused(problems)
    return questions


def read_rows(path: Path) -> list[Row]:
    """The rows that say anything, without the checks of a question; FileRefused when the table itself is wrong."""
    table = read_table(path, sheet=SHEET)
    headings = _headings_of(table)
    rows = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if any(not is_blank(cell) for cell in cells):
            rows.append(_row_of(zip_longest(headings, cells, fillvalue=""), table=table, number=number))
    return rows


def _headings_of(table: Table) -> list[str]:
    headings = [unicodedata.normalize("NFKC", str(cell)).strip() for cell in (table.rows or [[]])[0]]
    used = [name for name in headings if name]
    faults: list[Fault] = []
    if missing := [name for name in [*FIELDS, "选项A"] if name not in used and name not in MAY_BE_MISSING]:
        faults.append((f"columns are missing: {'、'.join(missing)}", "export the bank and fill in that table"))
    twice = sorted({name for name in used if used.count(name) > 1})
    faults += [(f"the column {name} stands twice", "delete one of them") for name in twice]
    unknown = [name for name in used if name not in FIELDS and not OPTION.fullmatch(name)]
    faults += [(f"the column {name[:20]} is unknown", "delete it, or use a heading of an export") for name in unknown]
    if faults:
        raise FileRefused(Problem(table.place(1), what, mend, table.file) for what, mend in faults)
    return headings


def _row_of(cells: Iterable[tuple[str, Cell]], *, table: Table, number: int) -> Row:
    entry: dict[str, Any] = {}
    options: dict[str, str] = {}
    problems: list[Problem] = []
    for heading, cell in cells:
        if is_blank(cell):
            continue
        try:
            if option := OPTION.fullmatch(heading):
                options[option[1]] = text_of(cell)
            elif heading:
                field = FIELDS[heading]
                entry[field] = READERS.get(field, text_of)(cell)
            else:
                raise CellRefused("stands in a column without a heading", "delete it")
        except CellRefused as refused:
            what, mend = refused.args
            problems.append(Problem(table.place(number, heading), what, mend, table.file))
    if entry.get("kind") == JUDGE and options:
        what, mend = "a 判断 question has options of its own", "leave them empty: they are 对 and 错"
        problems.append(Problem(table.place(number, HEADINGS["options"]), what, mend, table.file))
    entry["options"] = dict(JUDGEMENT) if entry.get("kind") == JUDGE else options
    if "answer" in entry:
        entry["answer"] = _letters(entry["answer"], options=entry["options"])
    return Row(table.place(number), entry, entry.pop("state", None), problems)


def _question_of(row: Row, *, file: str) -> tuple[QuestionText | None, Sequence[Problem]]:
    if row.problems:
        return None, row.problems
    entry = dict(row.entry)
    if (scam_type := entry.pop("scam_type", None)) is None:
        return None, [Problem(f"{row.where} 诈骗类型", "is empty", "choose one of the list", file)]
    question, problems = read_entry(entry, scam_type=scam_type, where=row.where, file=file)
    return question, [_in_headings(problem, row.where) for problem in problems]


def _in_headings(problem: Problem, where: str) -> Problem:
    """The problem with the row's own words: `options.B` is the column 选项B."""
    field, _, rest = problem.where.removeprefix(where).strip().partition(".")
    heading = HEADINGS.get(field.partition("[")[0], field) + rest.removesuffix(".value")
    return Problem(
        f"{where} {heading}".strip(), problem.what, problem.mend.replace("docs/question-file.md", "说明"), problem.file
    )


# --- cells ------------------------------------------------------------------------------------------------------------


@cache
def scam_type_codes() -> Mapping[str, str]:
    """Codes of the scam types by the names that people see."""
    return {one.name: one.code for one in known_scam_types()}


def _scam_type(cell: Cell) -> str:
    codes, word = scam_type_codes(), word_of(cell)
    if word not in codes and word not in codes.values():
        raise CellRefused(f"{word[:20]!r} is unknown", f"use one of {'、'.join(codes)}")
    return codes.get(word, word)


def _kind(cell: Cell) -> str:
    if word_of(cell) not in KINDS:
        raise CellRefused(f"{word_of(cell)[:20]!r} is unknown", f"use one of {'、'.join(KINDS)}")
    return KINDS[word_of(cell)]


def _state(cell: Cell) -> str:
    if word_of(cell) not in STATES:
        raise CellRefused(f"{word_of(cell)[:20]!r} is unknown", f"use one of {'、'.join(STATES)}")
    return STATES[word_of(cell)]


def _difficulty(cell: Cell) -> int:
    if word_of(cell) not in {"1", "2", "3"}:
        raise CellRefused(f"{word_of(cell)[:20]!r} is no difficulty", "write 1 (easy), 2 or 3 (hard)")
    return int(word_of(cell))


def _audience(cell: Cell) -> list[str]:
    return [AUDIENCES.get(word, word) for word in SEPARATORS.split(word_of(cell)) if word]


READERS: Mapping[str, Any] = {
    "code": word_of,
    "scam_type": _scam_type,
    "kind": _kind,
    "difficulty": _difficulty,
    "answer": word_of,
    "audience": _audience,
    "source": text_of,
    "reviewed": date_of,
    "state": _state,
}


def _letters(said: str, *, options: Mapping[str, str]) -> list[str]:
    """Option ids from `BD`, `b、d` or, of a judge question, `对`."""
    if options == JUDGEMENT:
        named = {text: letter for letter, text in JUDGEMENT.items()}
        return [named.get(said, said)]
    return list(unicodedata.normalize("NFKC", SEPARATORS.sub("", said)).upper())
