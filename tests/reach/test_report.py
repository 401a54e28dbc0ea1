"""Reports on both databases: stored once, printed again byte for byte, by role."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from python_calamine import CalamineWorkbook

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.materials.rules import Material
from quizsvc.reach.metrics import METRICS
from tests.accounts.test_staff import command
from tests.world import World

__all__ = ["command"]


def test_a_stored_report_is_printed_again_byte_for_byte(world: World, command: Any, tmp_path: Path) -> None:
    world.publish()
    first = command("report", "play", "--as", "second")
    assert first.exit_code == 0, first.exception
    (snapshot,) = world.rows("SELECT id FROM report_snapshots")
    world.citizen().deal()
    world.tick()
    again = command("report", "--snapshot", str(snapshot[0]), "--as", "auditor")
    assert again.output == first.output
    out = tmp_path / "report.csv"
    made = command("report", "play", "--as", "second", "--format", "csv", "--output", str(out))
    assert made.exit_code == 0, made.exception
    assert "online.audience,线上受众" in out.read_text(encoding="utf-8")


def test_a_clerk_makes_no_report(world: World, command: Any) -> None:
    world.publish()
    assert isinstance(command("report", "play", "--as", "clerk").exception, RoleMissing)
    assert world.count("report_snapshots") == 0


def test_what_waits_is_counted_before_the_report_is_made(world: World, command: Any) -> None:
    world.publish()
    world.citizen().deal()
    assert world.count("dirty_keys") > 0
    made = command("report", "play", "--as", "second", "--format", "csv")
    assert made.exit_code == 0, made.exception
    assert "online.participants,答题人数,,1,人" in made.output
    assert world.count("dirty_keys") == 0


HOSTILE = ('=HYPERLINK("http://example.invalid","x")', "+1", "-1+1", "@SUM(A1)", "\t=1")


def test_a_workbook_has_numbers_dates_and_no_formula(world: World, command: Any, tmp_path: Path) -> None:
    """Read back: numbers are numbers, dates are dates, and whatever somebody called a material is a text."""
    with transaction():
        stock.load_materials([Material(f"m{n}", name.strip(), "盒") for n, name in enumerate(HOSTILE)])
    world.publish()
    person = world.citizen()
    person.hand_in(person.deal())
    out = tmp_path / "report.xlsx"
    made = command("report", "play", "--as", "second", "--format", "xlsx", "--output", str(out))
    assert made.exit_code == 0, made.exception
    book = CalamineWorkbook.from_path(str(out))
    assert book.sheet_names[:4] == ["说明", "总数", "分社区", "每日"]
    front = book.get_sheet_by_name("说明").to_python()
    defined = {row[0]: row[4] for row in front if row[0] in METRICS}
    whole = book.get_sheet_by_name("总数").to_python()
    assert {row[8] for row in whole[1:]} <= set(defined)
    papers = next(row for row in whole if row[8] == "online.papers")
    assert (papers[3], papers[4]) == (1.0, "份")
    assert {row[2] for row in whole if row[8] == "offline.handed_out"} == {name.strip() for name in HOSTILE}
    days = book.get_sheet_by_name("每日").to_python()
    assert [row[0] for row in days[1:]] == [date(2026, 11, 30), date(2026, 12, 1)]
    communities = book.get_sheet_by_name("分社区").to_python()
    assert [row[0] for row in communities[1:]] == ["甲社区", "乙社区", "其他区域"]
    with zipfile.ZipFile(out) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert sheets
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)
    assert all("frozen" in sheet for sheet in sheets)


@pytest.mark.parametrize("form", ["xlsx", "docx"])
def test_what_a_terminal_cannot_show_goes_to_a_file(world: World, command: Any, form: str) -> None:
    world.publish()
    assert command("report", "play", "--as", "second", "--format", form).exit_code == 2
    assert world.count("report_snapshots") == 0


def test_a_bulletin_is_written_as_word(world: World, command: Any, tmp_path: Path) -> None:
    world.publish()
    world.citizen().deal()
    out = tmp_path / "report.docx"
    made = command("report", "play", "--as", "second", "--format", "docx", "--output", str(out))
    assert made.exit_code == 0, made.exception
    (snapshot,) = world.rows("SELECT id FROM report_snapshots")
    said = command("report", "--snapshot", str(snapshot[0]), "--as", "second").output
    (sentence,) = [line for line in said.splitlines() if line.startswith("受众")]
    assert "答题1人" in sentence
    assert sentence.replace("\\", "") in [one.text for one in docx.Document(str(out)).paragraphs]
