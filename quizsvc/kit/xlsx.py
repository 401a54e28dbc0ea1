"""Reads one sheet of an .xlsx that anybody may have made, within bounds of memory that no file can lift.

A small workbook can inflate to gigabytes, its directory can lie about that, and one cell at the far corner makes a
reader lay out the whole plane. So the parts are unpacked here, counted byte by byte, the sheet is walked once for its
extent, and calamine gets only what passed.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from quizsvc.kit.problems import FileRefused, Problem

Cell = int | float | str | bool | date | datetime | time | timedelta
LARGEST_FILE = 10 * 2**20
LARGEST_UNPACKED = 16 * 2**20
MOST_PARTS = 500
MOST_ROWS, MOST_COLUMNS = 5_000, 50
SHOWN = 5  # places named in one problem
OLD_FORMAT, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
SAVE_AGAIN = "open it in Excel or WPS and save it as .xlsx without a password"
NUMBER = re.compile(r"[1-9][0-9]{0,6}")
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def read_xlsx(path: Path, *, sheet: str, most_rows: int = MOST_ROWS) -> tuple[str, list[list[Cell]]]:
    """The sheet with this name, else the first one: its name, its rows from A1 on. FileRefused.

    Numbers come as floats, empty cells as "". Merged cells, formulas and error values are refused with their places.
    """
    with _opened(path) as packed:
        plain = _unpacked(packed, file=str(path))
    with zipfile.ZipFile(plain) as parts:
        name, part = _find_sheet(parts, sheet, file=str(path))
        _walk_sheet(parts, part, most_rows=most_rows, where=f"sheet {name}", file=str(path))
    plain.seek(0)
    try:
        found = CalamineWorkbook.from_filelike(plain).get_sheet_by_name(name)
        return name, found.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise _refused(path, "file", f"cannot be read: {error}", SAVE_AGAIN) from None


def _refused(path: Path | str, where: str, what: str, mend: str) -> FileRefused:
    return FileRefused([Problem(where, what, mend, str(path))])


def require_size(path: Path) -> bytes:
    """The first bytes of a file of bearable size, or FileRefused."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _refused(path, "file", f"is larger than {LARGEST_FILE >> 20} MB", "split it into several files")
        with path.open("rb") as file:
            return file.read(4)
    except FileNotFoundError:
        raise _refused(path, "file", "not found", "check the path") from None
    except OSError as error:
        raise _refused(path, "file", error.strerror or "unreadable", "check the path and its rights") from None


def _opened(path: Path) -> zipfile.ZipFile:
    head = require_size(path)
    if head == OLD_FORMAT:
        raise _refused(path, "file", "is an old .xls, or protected by a password", SAVE_AGAIN)
    try:
        packed = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        what = "is damaged" if head == ZIP else "is no .xlsx, whatever its name says"
        raise _refused(path, "file", what, SAVE_AGAIN) from None
    if "xl/workbook.xml" not in packed.namelist():
        packed.close()
        raise _refused(path, "file", "is a zip archive, but no workbook", SAVE_AGAIN)
    return packed


def _unpacked(packed: zipfile.ZipFile, *, file: str) -> io.BytesIO:
    """The workbook's own parts, packed anew without compression; never more than LARGEST_UNPACKED."""
    plain = io.BytesIO()
    left = LARGEST_UNPACKED
    wanted = [one for one in packed.infolist() if one.filename.endswith((".xml", ".rels"))]
    too_large = _refused(file, "file", f"unpacks to more than {left >> 20} MB", "keep the one sheet alone in it")
    if sum(one.file_size for one in wanted) > left or len(wanted) > MOST_PARTS:
        raise too_large
    if len({one.filename for one in wanted}) < len(wanted):
        raise _refused(file, "file", "holds a part twice", SAVE_AGAIN)
    try:
        with zipfile.ZipFile(plain, "w") as copy:
            for one in wanted:
                with packed.open(one) as source:
                    content = source.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise too_large
                copy.writestr(one.filename, content)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise _refused(file, "file", "is damaged or encrypted", SAVE_AGAIN) from None
    return plain


Attributes = Mapping[str, str]


def _walk(parts: zipfile.ZipFile, part: str, *, file: str, begin: Callable[[str, Attributes], None]) -> None:
    """Walk a part's elements: their names without namespace, their attributes with it, as calamine knows them."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: begin(name.rpartition(" ")[2], attributes)

    def refuse_doctype(*_said: object) -> None:
        raise _refused(file, part, "has a document type", SAVE_AGAIN)

    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(parts.read(part), True)  # at once: in pieces, one long attribute costs minutes
    except KeyError:
        raise _refused(file, part, "lacks a part", SAVE_AGAIN) from None
    except expat.ExpatError as error:
        raise _refused(file, f"{part} line {error.lineno}", "is damaged", SAVE_AGAIN) from None


def _find_sheet(parts: zipfile.ZipFile, wanted: str, *, file: str) -> tuple[str, str]:
    """The sheet's name and its part."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def note(kept: dict[str, str], key: str, value: str) -> None:
        if kept.setdefault(key, value) != value:  # two readers could take two different ones
            raise _refused(file, "file", f"names {key} twice", SAVE_AGAIN)

    def note_sheet(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = [value for key, value in attributes.items() if key.endswith("/relationships id")]
            note(ids, attributes.get("name", ""), "".join(relation))

    def note_target(name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            note(targets, attributes.get("Id", ""), attributes.get("Target", ""))

    _walk(parts, "xl/workbook.xml", file=file, begin=note_sheet)
    _walk(parts, "xl/_rels/workbook.xml.rels", file=file, begin=note_target)
    name = wanted if wanted in ids else next(iter(ids), wanted)
    target = targets.get(ids.get(name, ""), "")
    return name, target.lstrip("/") if target.startswith("/") else f"xl/{target}"


class _Extent:
    """What a walk over a sheet finds: cells with content within bounds, and what no table of ours can hold."""

    def __init__(self, *, most_rows: int, where: str, file: str) -> None:
        self.most_rows, self.where, self.file = most_rows, where, file
        self.row = self.column = 0
        self.reference = ""
        self.bad: dict[str, list[str]] = {}

    def begin(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._place_row(attributes.get("r", ""))
        elif name == "c":
            self._place(attributes.get("r", ""))
            if attributes.get("t") == "e":
                self._note("an error value", self.reference)
        elif name in {"v", "is", "f"}:
            self._require_room()
            if name == "f":
                self._note("a formula", self.reference)
        elif name == "mergeCell":
            self._note("merged cells", attributes.get("ref", "?"))

    def _place_row(self, number: str) -> None:
        if number and not NUMBER.fullmatch(number):
            raise _refused(self.file, f"{self.where} row {number}", "is damaged", SAVE_AGAIN)
        self.row = int(number) if number else self.row + 1
        self.column = 0

    def _place(self, reference: str) -> None:
        match = REFERENCE.fullmatch(reference.upper())
        if match:
            letters, row = match.groups()
            self.row, self.column = int(row), 0
            for letter in letters:
                self.column = self.column * 26 + ord(letter) - 64
        elif reference:
            raise _refused(self.file, f"{self.where} {reference[:20]}", "is damaged", SAVE_AGAIN)
        else:
            self.column += 1
        self.reference = reference or f"row {self.row}, cell {self.column}"

    def _require_room(self) -> None:
        if self.row > self.most_rows:
            raise _refused(self.file, f"{self.where} row {self.row}", *_too_many("rows", self.most_rows))
        if self.column > MOST_COLUMNS:
            raise _refused(self.file, f"{self.where} {self.reference}", *_too_many("columns", MOST_COLUMNS))

    def _note(self, what: str, place: str) -> None:
        places = self.bad.setdefault(what, [])
        if len(places) <= SHOWN:
            places.append(place)


def _too_many(what: str, most: int) -> tuple[str, str]:
    return f"more than {most} {what}", f"keep to {most}; delete what is not needed, or split the file"


MENDING = {
    "a formula": "copy the cells and paste them as values",
    "an error value": "write what is meant",
    "merged cells": "unmerge them and fill in every cell",
}


def _walk_sheet(parts: zipfile.ZipFile, part: str, *, most_rows: int, where: str, file: str) -> None:
    """FileRefused for a sheet beyond the bounds, or with something in it that is no plain value."""
    extent = _Extent(most_rows=most_rows, where=where, file=file)
    _walk(parts, part, file=file, begin=extent.begin)
    problems = [_problem_of(what, places, extent) for what, places in extent.bad.items()]
    if problems:
        raise FileRefused(problems)


def _problem_of(what: str, places: Sequence[str], extent: _Extent) -> Problem:
    more = " and more" if len(places) > SHOWN else ""
    return Problem(f"{extent.where} {', '.join(places[:SHOWN])}{more}", what, MENDING[what], extent.file)
