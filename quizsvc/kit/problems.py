"""What is wrong with a file that somebody wrote, in words that let them mend it."""

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Problem:
    """One thing to mend: `where` names the entry, `what` the fault, `mend` the way out."""

    where: str
    what: str
    mend: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: {self.where}" if self.file else self.where
        return f"{place}: {self.what} -> {self.mend}"


class FileRefused(Exception):
    """A file with problems. Nothing of it was taken over."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def read_text(path: Path) -> str:
    """A UTF-8 file's text (a BOM is dropped), or FileRefused."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileRefused([Problem("file", "not found", "check the path", str(path))]) from None
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise FileRefused([Problem("file", reason, "check the path and its rights", str(path))]) from None
    except UnicodeDecodeError as error:
        where = f"byte {error.start}"
        raise FileRefused([Problem(where, "not UTF-8", "save the file as UTF-8", str(path))]) from None


def parse_toml(text: str, *, file: str) -> dict[str, Any]:
    """A TOML text's table, or FileRefused naming the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileRefused([Problem("TOML", str(error), "mend the syntax at that place", file)]) from None


def read_csv(text: str, *, columns: Sequence[str], needed: Sequence[str], file: str) -> Iterator[tuple[int, Cells]]:
    """Each line's number (as an editor counts) and its cells by column, stripped; FileRefused for what is no table.

    Columns that are not `needed` may be missing, cells of other columns are passed over.
    """
    table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if missing := [name for name in needed if name not in (table.fieldnames or ())]:
            what, mend = f"columns are missing: {', '.join(missing)}", f"first line: {','.join(columns)}"
            raise FileRefused([Problem("line 1", what, mend, file)])
        for row in table:
            yield table.line_num, {name: (row.get(name) or "").strip() for name in columns}
    except csv.Error as error:
        where = f"line {table.line_num}"
        raise FileRefused([Problem(where, f"is no CSV: {error}", "mend its quotes", file)]) from None


def flatten(messages: Any, *, path: str = "") -> Iterable[tuple[str, str]]:
    """Walk nested validation messages as (path, message): `round[2].cards`, `Not a valid integer.`"""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = f"{path}[{key + 1}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
            yield from flatten(inner, path=path if key == "_schema" else step)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield path or "file", str(message)
