"""Every tally in force as a row of a table: the totals can be counted after, and nothing in it is a formula."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

import pytest
import time_machine
from python_calamine import CalamineWorkbook

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit import long_sheet
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.outreach import detail_store
from tests.accounts.test_staff import Command, command
from tests.materials.place import MATERIALS
from tests.outreach.place import enrol
from tests.outreach.place import volunteer as joined
from tests.outreach.reports import sent, tally, totals
from tests.world import COMMUNITY, NEIGHBOUR, START, World

__all__ = ["command"]
FORMULA = '=HYPERLINK("http://x.invalid","领奖")'
HEADINGS = ["日期", "时间", "区域编号", "区域", "志愿者编号", "志愿者", "类别", "场景", "户数", "人次"]


@pytest.fixture(autouse=True)
def _laid_out(world: World, clock: time_machine.Traveller) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    world.publish(slug="other")
    clock.move_to(START + timedelta(hours=4))


def exported(command: Command, path: Path, *options: str, slug: str = "play", by: str = "second") -> Any:
    result = command("tallies", "export", slug, "--output", str(path), "--as", by, *options)
    if result.exception is not None:
        raise result.exception
    return CalamineWorkbook.from_path(path).get_sheet_by_name("上报明细").to_python()


def test_the_rows_are_the_tallies_in_force_and_add_up(world: World, command: Command, tmp_path: Path) -> None:
    here, there = joined(world), joined(world, "v2", NEIGHBOUR)
    mended, gone = tally(boxes=5), tally(boxes=7)
    sent(here, tally(), mended, gone, tally(region=NEIGHBOUR, boxes=90), tally(campaign="other", boxes=80))
    sent(here, mended | {"revision": 2, "people": 9}, {"id": gone["id"], "revision": 2, "void": True})
    sent(there, tally(region=NEIGHBOUR, boxes=0, fans=4, setting="shop"))
    heading, *rows = exported(command, tmp_path / "all.xlsx")
    assert heading[: len(HEADINGS)] == HEADINGS
    assert heading[len(HEADINGS) :] == ["反诈扇（把）", "反诈抽纸（盒）", "代录人", "上报编号"]
    assert len(rows) == 3
    in_force = totals(world)  # of both campaigns
    assert sum(row[9] for row in rows) == in_force["people"] - 3
    assert sum(row[11] for row in rows) == 2 + 5
    assert {row[4] for row in rows} == {"v1", "v2"}
    assert [row[7] for row in rows if row[4] == "v2"] == ["商铺"]
    assert len(exported(command, tmp_path / "part.xlsx", "--region", NEIGHBOUR)) == 2
    assert all(isinstance(row[0], date) and isinstance(row[1], datetime) for row in rows)


def test_a_name_that_looks_like_a_formula_stays_a_text(world: World, command: Command, tmp_path: Path) -> None:
    phone = joined(world)
    enrol("v1", COMMUNITY, name=FORMULA)
    sent(phone, tally())
    path = tmp_path / "formula.xlsx"
    assert exported(command, path)[1][5] == FORMULA
    with ZipFile(path) as parts:
        sheets = "".join(parts.read(one).decode() for one in parts.namelist() if "worksheets/" in one)
    assert "<f>" not in sheets
    assert "<hyperlink" not in sheets


def test_days_are_shanghais_and_both_count(
    world: World, clock: time_machine.Traveller, command: Command, tmp_path: Path
) -> None:
    phone, midnight = joined(world), START.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    clock.move_to(midnight + timedelta(days=2))
    times = (midnight - timedelta(microseconds=1000), midnight, midnight + timedelta(days=1))
    assert sent(phone, *(tally(occurred_at=rfc3339(at)) for at in times)) == ["created"] * 3
    day = str(date(2026, 12, 2))
    found = exported(command, tmp_path / "day.xlsx", "--from", day, "--to", day)
    assert [str(row[0]) for row in found[1:]] == [day]
    assert str(found[1][1]) in {day, f"{day} 00:00:00"}  # midnight


def test_pages_and_sheets_lose_no_row(world: World, command: Command, tmp_path: Path) -> None:
    phone = joined(world)
    many = [tally(boxes=n + 1) for n in range(11)]  # all at one moment: a page may end between two of them
    sent(phone, *many)
    with patch.object(detail_store, "PAGE", 4), patch.object(long_sheet, "LONGEST_SHEET", 5):
        exported(command, tmp_path / "pages.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "pages.xlsx")
    assert book.sheet_names == ["说明", "上报明细", "上报明细2", "上报明细3"]
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names[1:]]
    assert [len(rows) for rows in sheets] == [6, 6, 2]
    assert sorted(row[-1] for rows in sheets for row in rows[1:]) == sorted(one["id"] for one in many)


def test_who_may_not_see_volunteers_gets_no_file(world: World, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.xlsx"
    with pytest.raises(RoleMissing):
        exported(command, path, by="clerk")  # of one community, and the whole street was asked for
    assert not list(tmp_path.iterdir())
    assert len(exported(command, path, "--region", COMMUNITY, by="clerk")) == 1
