"""What is wrong with a file that somebody wrote, in words that let them mend it."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def flatten(messages: Any, *, path: str = "") -> Iterable[tuple[str, str]]:
    """Walk nested validation messages as (path, message): `round[2].cards`, `Not a valid integer.`"""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = f"{path}[{key + 1}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
            yield from flatten(inner, path=path if key == "_schema" else step)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield path or "file", str(message)
