"""Reads paper forms typed into an .xlsx or .csv, one visit a row: every wrong row named.

Whatever column is not one of HEADINGS is a material, by its code or its name, with a pack in brackets if the numbers
count packs: 反诈抽纸(箱).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any

from quizsvc.kit.cells import CellRefused, date_of, is_blank, word_of
from quizsvc.kit.clock import SHANGHAI, rfc3339
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import Table, read_table
from quizsvc.kit.xlsx import Cell
from quizsvc.materials.rules import Material
from quizsvc.outreach.paper import Form
from quizsvc.outreach.rules import SETTINGS

SHEET = "上报"
MOST_FORMS = 5_000
HEADINGS: Mapping[str, str] = {
    "number": "单号",
    "volunteer": "志愿者编号",
    "campaign": "活动",
    "region": "区域",
    "setting": "场景",
    "day": "日期",
    "time": "时间",
    "households": "户数",
    "people": "人次",
    "note": "备注",
    "revision": "修订",
    "void": "作废",
}
FIELDS = {heading: field for field, heading in HEADINGS.items()} | {field: field for field in HEADINGS}
NEEDED = ("number", "volunteer", "campaign", "region", "setting", "day", "households", "people")
SETTINGS_IN_CHINESE = dict(zip(("住户", "商铺", "摆点", "讲座"), SETTINGS, strict=True))
NOON = time(12)  # of a form that says the day alone
WHOLE = re.compile(r"0|[1-9][0-9]{0,12}")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:：]([0-5][0-9])")
PACKED = re.compile(r"(.+?)\((.+)\)")
LONGEST_NUMBER = 60
YES, NO = ("是", "yes"), ("否", "no")

Fault = tuple[str, str, str]  # heading, what, how to mend
Column = str | tuple[str, str | None]  # a field, or a material with its pack


def read_forms(path: Path, *, materials: Sequence[Material], now: datetime) -> list[Form]:
    """The rows of a file, or FileRefused naming every one that is wrong. `now`: no form is of a time to come."""
    return forms_in(read_table(path, sheet=SHEET, most_rows=MOST_FORMS + 1), materials=materials, now=now)


def forms_in(table: Table, *, materials: Sequence[Material], now: datetime) -> list[Form]:
    """As read_forms, of a table wherever it comes from."""
    columns = _columns_of(table, materials)
    forms: list[Form] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str, int], str] = {}
    for row, cells in enumerate(table.rows[1:], start=2):
        if any(not is_blank(cell) for cell in cells):
            form, faults = _form_of(columns, cells, headings=table.rows[0], where=table.place(row), now=now)
            if form is not None:
                key = (form.volunteer, form.number, form.said["revision"])
                if (before := seen.setdefault(key, form.where)) != form.where:
                    faults = [("单号", f"{form.number} stands in {before} too", "give every form its own number")]
                forms.append(form)
            problems += [Problem(table.place(row, heading), what, mend, table.file) for heading, what, mend in faults]
    if not forms and not problems:
        problems = [Problem("file", "holds no form", "fill in one row per visit", table.file)]
    if problems:
        raise FileRefused(problems)
    return forms


def _columns_of(table: Table, materials: Sequence[Material]) -> list[Column | None]:
    """What each column holds; None for an empty one without a heading."""
    by_name = {one.name: one for one in materials} | {one.code: one for one in materials}
    columns: list[Column | None] = []
    faults: list[tuple[str, str]] = []
    for cell in (table.rows or [[]])[0]:
        heading = unicodedata.normalize("NFKC", str(cell)).strip()
        packed = PACKED.fullmatch(heading)
        material = by_name.get(packed[1] if packed else heading)
        if material is not None and packed and packed[2] not in {one.name for one in material.packs}:
            faults.append((f"{material.name} has no pack {packed[2][:20]}", "use one that materials load made known"))
        elif material is not None:
            columns.append((material.code, packed[2] if packed else None))
            continue
        elif heading not in {*FIELDS, ""}:
            faults.append((f"the column {heading[:20]} is no field and no material", "delete it, or load the material"))
        columns.append(FIELDS.get(heading))
    named = [column for column in columns if column is not None]
    faults += [(f"the column {one} stands twice", "delete one") for one in {c for c in named if named.count(c) > 1}]
    if missing := [f"{HEADINGS[field]} ({field})" for field in NEEDED if field not in columns]:
        faults.append((f"columns are missing: {'、'.join(missing)}", "the first row names the columns"))
    if faults:
        raise FileRefused(Problem(table.place(1), what, mend, table.file) for what, mend in faults)
    return columns


def _form_of(
    columns: Sequence[Column | None], cells: Sequence[Cell], *, headings: Sequence[Cell], where: str, now: datetime
) -> tuple[Form | None, list[Fault]]:
    said: dict[str, Any] = {}
    handouts: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for column, heading, cell in zip_longest(columns, headings, cells, fillvalue=""):
        if is_blank(cell):
            continue
        try:
            if isinstance(column, tuple):
                if quantity := _whole(cell):
                    material, pack = column
                    handouts.append({"material": material, "quantity": quantity, "pack": pack})
            elif column:
                said[column] = READERS[column](cell)
            else:
                raise CellRefused("stands in a column without a heading", "delete it")
        except CellRefused as refused:
            faults.append((str(heading), *refused.args))
    if faults or (said.get("void") and {"number", "volunteer"} <= said.keys()):
        return (None, faults) if faults else (_void_form(said, where=where), [])
    faults += [(HEADINGS[field], "is empty", "fill it in") for field in NEEDED if field not in said]
    if faults:
        return None, faults
    occurred_at = datetime.combine(said["day"], said.get("time", NOON), SHANGHAI)
    if occurred_at > now:
        return None, [("时间", "the visit is still to come", "write the time of the visit")]
    visit = {name: said[name] for name in ("campaign", "region", "setting", "households", "people")}
    visit |= {"revision": said.get("revision", 1), "occurred_at": rfc3339(occurred_at), "note": said.get("note")}
    return Form(where, said["volunteer"], said["number"], visit | {"handouts": handouts}), []


def _void_form(said: Mapping[str, Any], *, where: str) -> Form:
    return Form(where, said["volunteer"], said["number"], {"revision": said.get("revision", 1), "void": True})


def _whole(cell: Cell) -> int:
    if not WHOLE.fullmatch(word := word_of(cell)):
        raise CellRefused(f"{word[:20]!r} is no whole number", "write digits alone")
    return int(word)


def _revision(cell: Cell) -> int:
    if (number := _whole(cell)) == 0:
        raise CellRefused("0 is no revision", "count from 1")
    return number


def _number(cell: Cell) -> str:
    if not (len(word := word_of(cell)) <= LONGEST_NUMBER and word.isprintable()):
        raise CellRefused("is too long or not printable", f"write it in 1 to {LONGEST_NUMBER} characters")
    return word


def _setting(cell: Cell) -> str:
    word = word_of(cell)
    if word not in SETTINGS_IN_CHINESE and word not in SETTINGS:
        raise CellRefused(f"{word[:20]!r} is unknown", f"use one of {'、'.join(SETTINGS_IN_CHINESE)}")
    return SETTINGS_IN_CHINESE.get(word, word)


def _time(cell: Cell) -> time:
    if isinstance(cell, datetime | time):
        return time(cell.hour, cell.minute)
    if not (match := CLOCK.fullmatch(word_of(cell))):
        raise CellRefused(f"{word_of(cell)[:20]!r} is no time", "write it like 14:30")
    return time(int(match[1]), int(match[2]))


def _day(cell: Cell) -> date:
    if not 2000 <= (day := date_of(cell)).year <= 2999:
        raise CellRefused(f"{day} is too far away", "write a year from 2000 to 2999")
    return day


def _void(cell: Cell) -> bool:
    if (word := word_of(cell).lower()) not in (*YES, *NO):
        raise CellRefused(f"{word[:20]!r} is neither 是 nor 否", "write 是 to void the form")
    return word in YES


READERS: Mapping[str, Callable[[Cell], Any]] = {
    "number": _number,
    "volunteer": word_of,
    "campaign": word_of,
    "region": word_of,
    "setting": _setting,
    "day": _day,
    "time": _time,
    "households": _whole,
    "people": _whole,
    "note": word_of,
    "revision": _revision,
    "void": _void,
}
