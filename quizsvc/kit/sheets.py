"""Tables that people edit in Excel or WPS, as rows of cells: .xlsx, or .csv in UTF-8 or GBK."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.xlsx import MOST_COLUMNS, MOST_ROWS, SAVE_AGAIN, Cell, read_xlsx, require_size

SUFFIXES = (".xlsx", ".csv")
STRANGERS = (".xls", ".xlsm", ".xlsb", ".ods", ".et", ".numbers")
# Excel takes a text that begins like this for a formula when it opens a CSV; an apostrophe in front keeps it a text.
LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Table:
    """The rows of a file from its first on. `sheet` is empty for a CSV."""

    file: str
    sheet: str
    rows: list[list[Cell]]

    def place(self, row: int, heading: str = "") -> str:
        """Where a problem is, as Excel counts rows."""
        return " ".join(filter(None, (f"sheet {self.sheet}" if self.sheet else "", f"row {row}", heading)))


def is_sheet(path: Path) -> bool:
    """Whether the name is that of a table, also of a kind that is refused."""
    return path.suffix.lower() in SUFFIXES + STRANGERS


def read_table(path: Path, *, sheet: str, most_rows: int = MOST_ROWS) -> Table:
    """The sheet with this name (else the first one) of an .xlsx, or a .csv; FileRefused."""
    if path.suffix.lower() in STRANGERS:
        raise FileRefused([Problem("file", f"{path.suffix} is not read", SAVE_AGAIN, str(path))])
    if path.suffix.lower() == ".csv":
        return Table(str(path), "", _read_csv(path, most_rows=most_rows))
    name, rows = read_xlsx(path, sheet=sheet, most_rows=most_rows)
    return Table(str(path), name, rows)


def _read_csv(path: Path, *, most_rows: int) -> list[list[Cell]]:
    require_size(path)
    rows: list[list[Cell]] = []
    lines = csv.reader(io.StringIO(_decoded(path), newline=""), strict=True)
    try:
        for row in lines:
            if len(rows) == most_rows or len(row) > MOST_COLUMNS:
                what = f"more than {most_rows} rows or {MOST_COLUMNS} columns"
                raise FileRefused([Problem(f"line {lines.line_num}", what, "split the file", str(path))])
            rows.append([_unguarded(cell) for cell in row])
    except csv.Error as error:
        problem = Problem(f"line {lines.line_num}", f"is no CSV: {error}", "mend its quotes", str(path))
        raise FileRefused([problem]) from None
    return rows


def _decoded(path: Path) -> str:
    """Excel in Chinese saves "CSV" as GBK, and "CSV UTF-8" with a byte order mark."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused([Problem("file", "is neither UTF-8 nor GBK", "save it as CSV UTF-8", str(path))])


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """The rows as a CSV that Excel opens without taking a text for a formula; read_table takes the guard off again.

    Written with a byte order mark: without it Excel in Chinese reads GBK.
    """
    out = io.StringIO(newline="")
    out.write("\ufeff")
    csv.writer(out).writerows([_guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


def _guarded(text: str) -> str:
    return f"'{text}" if LIKE_A_FORMULA.match(text) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and LIKE_A_FORMULA.match(text) else text
