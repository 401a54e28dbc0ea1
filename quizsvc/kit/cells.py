"""What a cell of a table that people edit says: a text, a word, a date."""

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from quizsvc.kit.xlsx import Cell

DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class CellRefused(Exception):
    """A cell that says something else than its column wants: what, how to mend."""


def is_blank(cell: Cell) -> bool:
    """Whether the cell says nothing."""
    return isinstance(cell, str) and not cell.strip()


def text_of(cell: Cell) -> str:
    """A cell's text, or CellRefused. A number that somebody typed is the text it shows."""
    if isinstance(cell, bool):
        raise CellRefused("is TRUE or FALSE, not a text", "format the cell as text and type it again")
    if isinstance(cell, date | time | timedelta):
        raise CellRefused("was turned into a date or time", "format the cell as text and type it again")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).replace("\r\n", "\n").replace("\r", "\n")


def word_of(cell: Cell) -> str:
    """As text_of, without what surrounds it."""
    return text_of(cell).strip()


def date_of(cell: Cell) -> date:
    """A date as Excel keeps or people write it (2026-11-20, 2026年11月20日), or CellRefused."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    match = DATE.fullmatch(word_of(cell))
    with suppress(ValueError):
        if match:
            year, month, day = map(int, match.groups())
            return date(year, month, day)
    raise CellRefused(f"{word_of(cell)[:20]!r} is no date", "write it like 2026-11-20")
