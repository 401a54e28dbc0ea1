"""The tree's decisions: levels, paths, who lies under whom; what is wrong with a list of regions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

LEVELS = ("district", "street", "community", "compound", "building")
CODE = re.compile(r"[0-9A-Za-z-]{1,32}")
COUNT = re.compile(r"[0-9]{1,9}")
LONGEST_NAME, LONGEST_SOURCE = 60, 100
COLUMNS = ("code", "name", "level", "parent", "households", "residents", "source", "as_of")


@dataclass(frozen=True)
class Region:
    """A node of the tree. `path` is `/ancestor/.../code/`."""

    id: UUID
    code: str
    name: str
    level: str
    path: str

    @property
    def parent(self) -> str | None:
        """The parent's code."""
        return self.path.rstrip("/").split("/")[-2] or None

    def covers(self, other: "Region") -> bool:
        """Whether the other region is this one or lies under it."""
        return other.path.startswith(self.path)


@dataclass(frozen=True)
class Population:
    """How many people live in a region, by whom and as of when."""

    residents: int
    source: str
    as_of: date


@dataclass(frozen=True)
class RegionRow:
    """One line of a list of regions."""

    code: str
    name: str
    level: str
    parent: str | None
    households: int | None = None
    residents: int | None = None
    source: str | None = None
    as_of: date | None = None


def read_row(cells: Mapping[str, str]) -> tuple[RegionRow | None, list[tuple[str, str]]]:
    """One line's cells as a row, or what is wrong with it as (what, how to mend)."""
    faults = list(_faults_of_words(cells)) + list(_faults_of_numbers(cells))
    if faults:
        return None, faults
    row = RegionRow(
        code=cells["code"],
        name=cells["name"],
        level=cells["level"],
        parent=cells["parent"] or None,
        households=int(cells["households"]) if cells["households"] else None,
        residents=int(cells["residents"]) if cells["residents"] else None,
        source=cells["source"] or None,
        as_of=date.fromisoformat(cells["as_of"]) if cells["as_of"] else None,
    )
    return row, []


def _faults_of_words(cells: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    if any(not text.isprintable() for text in cells.values()):
        yield "a cell holds a character that cannot be printed", "remove it"
    if not CODE.fullmatch(cells["code"]):
        yield f"code {cells['code']!r} is not a code", "use 1 to 32 letters, digits or hyphens"
    if not 1 <= len(cells["name"]) <= LONGEST_NAME:
        yield "name is missing or too long", f"give a name of 1 to {LONGEST_NAME} characters"
    if len(cells["source"]) > LONGEST_SOURCE:
        yield "source is too long", f"say it in {LONGEST_SOURCE} characters"
    if cells["level"] not in LEVELS:
        yield f"level {cells['level']!r} is unknown", f"use one of {', '.join(LEVELS)}"


def _faults_of_numbers(cells: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for name in ("households", "residents"):
        if cells[name] and not COUNT.fullmatch(cells[name]):
            yield f"{name} {cells[name][:20]!r} is not a whole number", "leave it empty or give digits only, up to 9"
    try:
        as_of = date.fromisoformat(cells["as_of"]) if cells["as_of"] else None
    except ValueError:
        yield f"as_of {cells['as_of'][:20]!r} is not a date", "write it as 2026-01-31"
        return
    if cells["residents"] and not (cells["source"] and as_of):
        yield "residents stand without source and as_of", "say where the number is from and of what day"


def place_rows(
    rows: Sequence[tuple[int, RegionRow]], *, known: Mapping[str, Region]
) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    """Every row's path by code, and the rows that have no place as (line, what, how to mend).

    `known` are the regions that already stand, by code. A parent must come before its children.
    """
    paths = {code: region.path for code, region in known.items()}
    levels = {code: region.level for code, region in known.items()}
    seen: set[str] = set()
    faults: list[tuple[int, str, str]] = []
    for line, row in rows:
        if row.code in seen:
            faults.append((line, f"code {row.code} stands twice in this file", "remove one of the two lines"))
            continue
        seen.add(row.code)
        if row.parent is not None and row.parent not in paths:
            faults.append((line, f"parent {row.parent} is unknown", "put the parent's line before this one"))
            continue
        if row.parent is not None and LEVELS.index(levels[row.parent]) >= LEVELS.index(row.level):
            faults.append((line, f"a {row.level} cannot lie under a {levels[row.parent]}", "mend level or parent"))
            continue
        path = f"{paths[row.parent] if row.parent else '/'}{row.code}/"
        if row.code in known and (known[row.code].path, known[row.code].level) != (path, row.level):
            faults.append((line, f"{row.code} stands elsewhere in the tree", "regions never move; use a new code"))
            continue
        paths[row.code], levels[row.code] = path, row.level
    return paths, faults
