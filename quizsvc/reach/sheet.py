"""Monthly fraud cases as a table for the office: one region and month a row, Chinese headings."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache, partial
from math import isfinite
from pathlib import Path
from typing import TypeVar

from quizsvc.kit.cells import CellRefused, is_blank, text_of
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import Table, read_table
from quizsvc.kit.xlsx import Cell
from quizsvc.reach import figures
from quizsvc.reach.figures import FILED, LOSS, REPORTS, CaseRow, Fault, Figures, Month
from quizsvc.regions.rules import CODE, Region

SHEET = "案件"
REGION, MONTH, SOURCE = "区域", "月份", "来源"
# Columns of figures -> measure, and how many of its base unit one is.
COLUMNS: Mapping[str, tuple[str, int]] = {
    "警情": (REPORTS, 1),
    "立案": (FILED, 1),
    "损失(元)": (LOSS, figures.FEN_PER_YUAN),
    "损失(万元)": (LOSS, figures.FEN_PER_WAN),
}
MONTH_FORM = re.compile(r"([0-9]{4})(?:[-/]([0-9]{1,2})(?:[-/]0?1)?|年([0-9]{1,2})月(?:1日)?)")
NUMBER_FORM = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
FindRegion = Callable[[str], Region | None]
Value = TypeVar("Value")


def read_cases(path: Path, *, find_region: FindRegion, today: date) -> list[CaseRow]:
    """The rows of an .xlsx or .csv, or FileRefused naming every one that is wrong.

    Figures stand in 警情, 立案 and 损失(元) or 损失(万元); a column may be left out. Loss is exact to the fen.
    """
    table = read_table(path, sheet=SHEET)
    headings = _headings_of(table)
    found = [_Row(table, number, cells) for number, cells in _filled_rows(table, headings)]
    once = cache(find_region)
    rows = [row for one in found if (row := one.read(once, today=today)) is not None]
    problems = [problem for one in found for problem in one.problems] + list(_twice(rows, file=str(path)))
    if not found:
        problems = [Problem("file", "holds no figures", "fill in one row per region and month", str(path))]
    if problems:
        raise FileRefused(problems)
    return rows


def rows_of(rows: Iterable[CaseRow]) -> Iterator[Sequence[str]]:
    """The rows as a table that read_cases reads back as the same ones."""
    yield (REGION, MONTH, "警情", "立案", "损失(元)", SOURCE)
    for row in rows:
        said = (_written(row, measure) for measure in (REPORTS, FILED, LOSS))
        yield (row.region.code, str(row.month), *said, row.source)


def _written(row: CaseRow, measure: str) -> str:
    amount = row.figures.amount(measure)
    if amount is None:
        return figures.WITHDRAWN if measure in row.withdrawn else ""
    yuan, fen = divmod(amount, figures.FEN_PER_YUAN)
    return f"{yuan}.{fen:02}" if measure == LOSS else str(amount)


def _headings_of(table: Table) -> list[str]:
    """The first row's words without blanks, full-width brackets as plain ones."""
    headings = [re.sub(r"\s", "", unicodedata.normalize("NFKC", str(cell))) for cell in (table.rows or [[]])[0]]
    if faults := list(_faults_of_headings([name for name in headings if name])):
        raise FileRefused(Problem(table.place(1), what, mend, table.file) for what, mend in faults)
    return headings


def _faults_of_headings(used: Sequence[str]) -> Iterator[Fault]:
    if missing := [name for name in (REGION, MONTH, SOURCE) if name not in used]:
        yield f"columns are missing: {'、'.join(missing)}", f"head them {'、'.join((REGION, MONTH, *COLUMNS, SOURCE))}"
    if not any(name in COLUMNS for name in used):
        yield "no column of figures", f"add one or more of {'、'.join(COLUMNS)}"
    for name in sorted({name for name in used if used.count(name) > 1}):
        yield f"the column {name} stands twice", "delete one of them"
    if sum(COLUMNS[name][0] == LOSS for name in set(used) if name in COLUMNS) > 1:
        yield "the loss stands in 元 and in 万元", "keep one of the two columns"
    for name in used:
        if name == "损失":
            yield "损失 names no unit", "head it 损失(元) or 损失(万元)"
        elif name not in {REGION, MONTH, SOURCE, *COLUMNS}:
            yield f"the column {name[:20]} is unknown", f"delete it, or head it as one of {'、'.join(COLUMNS)}"


def _filled_rows(table: Table, headings: Sequence[str]) -> Iterator[tuple[int, dict[str, Cell]]]:
    """Number and cells by heading of every row that says anything; what stands beside the headings is under ""."""
    for number, cells in enumerate(table.rows[1:], start=2):
        named = [*headings, *[""] * (len(cells) - len(headings))]
        filled = {name: cell for name, cell in zip(named, cells, strict=False) if not is_blank(cell)}
        if filled:
            yield number, filled


def _twice(rows: Iterable[CaseRow], *, file: str) -> Iterator[Problem]:
    first: dict[tuple[str, Month], str] = {}
    for row in rows:
        if (where := first.setdefault((row.region.code, row.month), row.where)) != row.where:
            what = f"{row.region.code} {row.month} stands in {where} too"
            yield Problem(row.where, what, "keep one of the two rows", file)


@dataclass
class _Row:
    """One row on its way to figures, and what is wrong with it so far."""

    table: Table
    number: int
    cells: Mapping[str, Cell]
    problems: list[Problem] = field(default_factory=list)

    def read(self, find_region: FindRegion, *, today: date) -> CaseRow | None:
        """The row, or None when something is wrong."""
        region = self._take(REGION, lambda cell: _region(cell, find_region))
        month = self._take(MONTH, lambda cell: _month(cell, today=today))
        source = self._take(SOURCE, _source)
        filled = [name for name in COLUMNS if name in self.cells]
        amounts = {COLUMNS[name][0]: self._take(name, partial(_amount, column=name)) for name in filled}
        if "" in self.cells:
            self._refuse("", "something stands in a column without a heading", "delete it")
        if not amounts:
            self._refuse("", "holds no figure", "fill one in, or delete the row")
        if self.problems or region is None or month is None or source is None:
            return None
        said = Figures(reports=amounts.get(REPORTS), filed=amounts.get(FILED), loss_fen=amounts.get(LOSS))
        withdrawn = frozenset(measure for measure, amount in amounts.items() if amount is None)
        return CaseRow(self.table.place(self.number), region, month, said, source, withdrawn)

    def _take(self, heading: str, reader: Callable[[Cell], Value]) -> Value | None:
        try:
            return reader(self.cells.get(heading, ""))
        except CellRefused as refused:
            self._refuse(heading, *refused.args)
            return None

    def _refuse(self, heading: str, what: str, mend: str) -> None:
        self.problems.append(Problem(self.table.place(self.number, heading), what, mend, self.table.file))


# --- cells ------------------------------------------------------------------------------------------------------------


def _text(cell: Cell) -> str:
    """A cell's text in one line. CellRefused for an empty cell."""
    if not (text := " ".join(text_of(cell).split())):
        raise CellRefused("is empty", "fill it in")
    return text


def _word(cell: Cell) -> str:
    """A text that is no prose: ４０ is 40."""
    return unicodedata.normalize("NFKC", _text(cell)).strip()


def _region(cell: Cell, find_region: FindRegion) -> Region:
    code = _word(cell)
    if not CODE.fullmatch(code) or (found := find_region(code)) is None:
        raise CellRefused(f"{code[:40]!r} is no code of a region", "see the list that was loaded as regions")
    return found


def _month(cell: Cell, *, today: date) -> Month:
    """A month that is over: a part of one would be compared with a whole one."""
    month = find_month(cell)
    if month is None:
        raise CellRefused(f"{str(cell)[:20]!r} is no month", "write it like 2026-08, in a cell formatted as text")
    if month >= Month.of(today):
        raise CellRefused(f"{month} is not over yet", "load it when the month is over")
    return month


def find_month(cell: Cell) -> Month | None:
    """The month that a cell names: 2026-08, 2026年8月 or its first day; None for anything else.

    A number names none: 2026.1 may have been 2026.10.
    """
    if isinstance(cell, date):  # Excel turns 2026-08 into its first day
        found = Month.of(cell) if cell.day == 1 else None
    else:
        match = MONTH_FORM.fullmatch(unicodedata.normalize("NFKC", cell).strip()) if isinstance(cell, str) else None
        found = None if match is None else Month(int(match[1]), int(match[2] or match[3]))
    return found if found is not None and found.is_real else None


def _source(cell: Cell) -> str:
    """As it is written, 〔2026〕8号 and （2026）8号 alike."""
    text = _text(cell)
    if len(text) > figures.LONGEST_SOURCE:
        raise CellRefused("is too long", f"say it in {figures.LONGEST_SOURCE} characters")
    if not text.isprintable():
        raise CellRefused("holds a character that cannot be printed", "type it again")
    return text


def _amount(cell: Cell, *, column: str) -> int | None:
    """A figure in its base unit, exact; None for one that is taken back."""
    if isinstance(cell, str) and cell.strip() == figures.WITHDRAWN:
        return None
    measure, per = COLUMNS[column]
    amount = _number(cell) * per
    if amount < 0:
        raise CellRefused(f"{cell} is negative", "write what there was, 0 or more")
    if amount.denominator != 1:
        finest = "a fen" if measure == LOSS else "one"
        raise CellRefused(f"{cell} is no whole number, or finer than {finest}", "round it as its source has it")
    if amount > figures.LARGEST[measure]:
        raise CellRefused(f"{cell} is too large", "check the unit of the column")
    return int(amount)


def _number(cell: Cell) -> Fraction:
    """What a cell shows, exactly. A spreadsheet keeps 958.7 as a binary fraction, and shows 15 digits of it at most."""
    if isinstance(cell, float) and isfinite(cell):
        return Fraction(f"{cell:.15g}")
    text = _word(cell)
    if not NUMBER_FORM.fullmatch(text):  # nor 1.23457E+11, of which a CSV has lost the rest
        raise CellRefused(f"{text[:20]!r} is no number", "write digits only; leave it empty if the source is silent")
    return Fraction(text)
