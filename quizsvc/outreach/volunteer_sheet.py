"""Reads the office's list of volunteers, one assignment a row, as an .xlsx or .csv: every wrong row named.

`from` and `to` are Shanghai days, both inclusive. No `from`: as it stands, or from the day of loading; no `to`: until
further notice. Columns that the list does not know are refused: what nobody needs is not handed in.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise, zip_longest
from pathlib import Path

from quizsvc.accounts.rules import KINDS_IN_CHINESE, LONGEST_NAME, VOLUNTEER_KINDS
from quizsvc.kit.cells import CellRefused, date_of, is_blank, word_of
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import Table, read_table
from quizsvc.kit.xlsx import Cell
from quizsvc.outreach.roster import Row

SHEET = "志愿者"
MOST_VOLUNTEERS = 10_000
HEADINGS: Mapping[str, str] = {
    "code": "编号",
    "name": "姓名",
    "kind": "类别",
    "region": "区域",
    "from": "从",
    "to": "到",
}
FIELDS = {heading: field for field, heading in HEADINGS.items()} | {field: field for field in HEADINGS}
NEEDED = ("code", "name", "kind", "region")
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}")
KINDS = {name: kind for kind, name in KINDS_IN_CHINESE.items()} | {kind: kind for kind in VOLUNTEER_KINDS}
EARLIEST_YEAR, LATEST_YEAR = 2000, 2999


def read_volunteers(path: Path) -> list[Row]:
    """The rows of a list, or FileRefused naming every one that is wrong."""
    table = read_table(path, sheet=SHEET, most_rows=MOST_VOLUNTEERS + 1)
    fields = _fields_of(table)
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in enumerate(table.rows[1:], start=2):
        if any(not is_blank(cell) for cell in cells):
            row, faults = _row_of(dict(_named(fields, cells)), where=table.place(number))
            problems += [
                Problem(table.place(number, heading), what, mend, table.file) for heading, what, mend in faults
            ]
            rows += [] if row is None else [row]
    problems += [Problem(where, what, mend, table.file) for where, what, mend in _faults_between(rows)]
    if not rows and not problems:
        problems = [Problem("file", "holds no volunteer", "fill in one row per volunteer and region", table.file)]
    if problems:
        raise FileRefused(problems)
    return rows


def _fields_of(table: Table) -> list[str]:
    """The field of each column, by Chinese or English heading."""
    headings = [unicodedata.normalize("NFKC", str(cell)).strip() for cell in (table.rows or [[]])[0]]
    fields = [FIELDS.get(heading, "") for heading in headings]
    every = "、".join(f"{chinese} ({field})" for field, chinese in HEADINGS.items())
    faults = [
        (f"the column {name[:20]} is unknown", f"delete it, or use {every}")
        for name in headings
        if name not in {*FIELDS, ""}
    ]
    if missing := [f"{HEADINGS[field]} ({field})" for field in NEEDED if field not in fields]:
        faults.append((f"columns are missing: {'、'.join(missing)}", f"the first row names the columns: {every}"))
    twice = sorted({field for field in fields if field and fields.count(field) > 1})
    faults += [(f"the column {HEADINGS[field]} stands twice", "delete one of them") for field in twice]
    if faults:
        raise FileRefused(Problem(table.place(1), what, mend, table.file) for what, mend in faults)
    return fields


def _named(fields: Sequence[str], cells: Sequence[Cell]) -> Iterator[tuple[str, Cell]]:
    for field, cell in zip_longest(fields, cells, fillvalue=""):
        if not is_blank(cell):
            yield str(field), cell


Fault = tuple[str, str, str]  # heading or place, what, how to mend


def _row_of(cells: Mapping[str, Cell], *, where: str) -> tuple[Row | None, list[Fault]]:
    said: dict[str, str] = {}
    days: dict[str, date] = {}
    faults: list[Fault] = [(HEADINGS[field], "is empty", "fill it in") for field in NEEDED if field not in cells]
    for field, cell in cells.items():
        try:
            if field in READERS:
                said[field] = READERS[field](cell)
            elif field in HEADINGS:
                days[field] = _day(cell)
            else:
                raise CellRefused("stands in a column without a heading", "delete it")
        except CellRefused as refused:
            faults.append((HEADINGS.get(field, ""), *refused.args))
    first, last = days.get("from"), days.get("to")
    if not faults and last is not None and first is None:
        faults.append((HEADINGS["from"], "is empty although an end is given", "write the first day, too"))
    if first is not None and last is not None and last < first:
        faults.append((HEADINGS["to"], f"{last} lies before {first}", "write the last day, which counts"))
    return (None if faults else Row(where, **said, first=first, last=last)), faults


def _code(cell: Cell) -> str:
    if not CODE.fullmatch(code := word_of(cell)):
        raise CellRefused(f"{code[:40]!r} is not a code", "use 1 to 32 letters, digits or hyphens")
    return code


def _name(cell: Cell) -> str:
    if not (len(name := word_of(cell)) <= LONGEST_NAME and name.isprintable()):
        raise CellRefused("is too long or not printable", f"write it in 1 to {LONGEST_NAME} characters")
    return name


def _kind(cell: Cell) -> str:
    if (word := word_of(cell)) not in KINDS:
        raise CellRefused(f"{word[:20]!r} is unknown", f"use one of {'、'.join(KINDS)}")
    return KINDS[word]


def _day(cell: Cell) -> date:
    day = date_of(cell)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise CellRefused(f"{day} is too far away", f"write a year from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return day


READERS: Mapping[str, Callable[[Cell], str]] = {"code": _code, "name": _name, "kind": _kind, "region": word_of}


def _faults_between(rows: Sequence[Row]) -> Iterator[Fault]:
    """Rows that contradict each other: one code of two people, or one stretch of service twice."""
    first: dict[str, Row] = {}
    served: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        served[row.code, row.region].append(row)
        standing = first.setdefault(row.code, row)
        if (standing.name, standing.kind) != (row.name, row.kind):
            what = f"{row.code} has another name or kind in {standing.where}"
            yield row.where, what, "write the same in both, or use two codes"
    for same in served.values():
        in_order = sorted(same, key=lambda row: row.first or date.min)
        for before, row in pairwise(in_order):
            if (row.first or date.min) <= (before.last or date.max):
                what = f"{row.code} serves {row.region} in {before.where} too, and the days overlap"
                yield row.where, what, "leave one row, or set the days apart"
