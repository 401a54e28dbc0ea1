"""Writes tables of any length as .xlsx: a row at a time, in little memory; a value is never a formula."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from quizsvc.kit.clock import SHANGHAI

LONGEST_SHEET = 1_000_000  # rows; Excel takes 1,048,576
SAFELY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FORMS: Mapping[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"},
    "text": {"num_format": "@"},
    "number": {"num_format": "#,##0"},
    "date": {"num_format": "yyyy-mm-dd"},
    "time": {"num_format": "yyyy-mm-dd hh:mm"},
}
Value = str | int | date | datetime | None
Row = Sequence[Value]


@dataclass(frozen=True)
class Column:
    """A column's heading, how wide it is, and what it means."""

    heading: str
    width: int = 12
    meaning: str = ""


def write_long(
    path: Path,
    *,
    name: str,
    asked: Iterable[tuple[str, str]],
    columns: Sequence[Column],
    rows: Iterable[Row],
    told: Callable[[int], object] = lambda _: None,
) -> int:
    """Write the rows on sheets of a million each, behind one that says what was asked and what the columns mean.

    Times become Shanghai's. `told` hears of each row written. Returns how many there are; no file is left behind when
    anything fails, and one that was there stays.
    """
    fresh = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        with Workbook(str(fresh), SAFELY | {"constant_memory": True}) as book:
            forms = {form: book.add_format(look) for form, look in FORMS.items()}
            _write_front(book.add_worksheet("说明"), asked, columns, forms)
            count = _write_rows(book, name, columns, rows, forms, told)
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink()
    return count


def _write_front(
    sheet: Worksheet, asked: Iterable[tuple[str, str]], columns: Sequence[Column], forms: Mapping[str, Format]
) -> None:
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 100)
    lines = [*asked, ("", ""), ("列", "说明"), *((one.heading, one.meaning) for one in columns)]
    for row, (heading, said) in enumerate(lines):
        sheet.write_string(row, 0, heading, forms["heading"] if heading else None)
        sheet.write_string(row, 1, said, forms["text"])


def _write_rows(
    book: Workbook,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    forms: Mapping[str, Format],
    told: Callable[[int], object],
) -> int:
    sheet, count = _new_sheet(book, name, columns, forms), 0
    for count, row in enumerate(rows, start=1):
        place = (count - 1) % LONGEST_SHEET + 1
        if place == 1 and count > 1:
            sheet = _new_sheet(book, f"{name}{count // LONGEST_SHEET + 1}", columns, forms)
        for column, value in enumerate(row):
            _write(sheet, place, column, value, forms)
        told(1)
    return count


def _new_sheet(book: Workbook, name: str, columns: Sequence[Column], forms: Mapping[str, Format]) -> Worksheet:
    sheet = book.add_worksheet(name)
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.heading, forms["heading"])
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    return sheet


def _write(sheet: Worksheet, row: int, column: int, value: Value, forms: Mapping[str, Format]) -> None:
    """An empty cell for None."""
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(SHANGHAI).replace(tzinfo=None), forms["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, forms["date"])
    elif isinstance(value, int):
        sheet.write_number(row, column, value, forms["number"])
    elif value is not None:
        sheet.write_string(row, column, value, forms["text"])
