"""Cases on both databases: loaded whole or not at all, once, corrected by revisions, compared by subtree."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from quizsvc.accounts import service as accounts
from quizsvc.accounts.service import RoleMissing, StaffUnknown
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import csv_text
from quizsvc.reach import cases
from quizsvc.reach.figures import FILED, LOSS, REPORTS, CaseRow, Figures, Month
from quizsvc.regions import service as regions
from tests.accounts.test_staff import command
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, World

__all__ = ["command"]
AUGUST = Month(2026, 8)
HEADINGS = ("区域", "月份", "警情", "立案", "损失(万元)", "来源")
Load = Callable[..., Any]


@pytest.fixture
def load(world: World, command: Any, tmp_path: Path) -> Load:
    """Load rows from a table through the command."""

    def run(*rows: Sequence[object], by: str = "second", headings: Sequence[str] = HEADINGS) -> Any:
        path = tmp_path / "cases.csv"
        path.write_text(csv_text([[str(cell) for cell in row] for row in (headings, *rows)]), encoding="utf-8")
        return command("cases", "load", str(path), "--as", by)

    return run


def done(result: Any) -> str:
    """What a command that went well printed last."""
    assert result.exit_code == 0, result.exception
    return str(result.output.splitlines()[-1])


def refusal(result: Any) -> str:
    assert isinstance(result.exception, FileRefused), result.exception
    return str(result.exception)


def stored(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT f.region_path, f.year, f.month, f.revision, f.reports, f.filed, f.loss_fen, f.source, f.loaded_by"
        " FROM case_figures f JOIN regions r ON r.id = f.region_id AND r.path = f.region_path ORDER BY 1, 2, 3, 4"
    )


ROW = (STREET, "2026-08", 40, 19, 95.87, "分局8月通报")
CORRECTED = (STREET, "2026-08", 39, 19, "95.8700", "分局更正通报")


# --- loading ----------------------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(world: World, load: Load, clock: time_machine.Traveller) -> None:
    rows = (ROW, (COMMUNITY, "2026-07", "", 3, "", "社区台账"))
    assert done(load(*rows)) == "2 months added, 0 corrected, 0 as they were"
    before, audited = stored(world), world.count("audit")
    assert before == [
        ("/d/s1/", 2026, 8, 1, 40, 19, 95_870_000, "分局8月通报", "second"),
        ("/d/s1/s1c1/", 2026, 7, 1, None, 3, None, "社区台账", "second"),
    ]
    clock.shift(timedelta(days=1))
    assert done(load(*rows, by="operator")) == "0 months added, 0 corrected, 2 as they were"
    assert (stored(world), world.count("audit")) == (before, audited)


def test_a_correction_is_a_new_revision_and_the_old_one_stays_readable(
    world: World, load: Load, command: Any, clock: time_machine.Traveller
) -> None:
    load(ROW, (NEIGHBOUR, "2026-08", 1, 1, 1, "别的社区"), (STREET, "2026-07", 2, 2, 2, "别的月份"))
    clock.shift(timedelta(days=3))
    result = load(CORRECTED, by="operator")
    assert result.output == (
        "s1 2026-08: 警情 40 立案 19 损失 958700.00 -> 警情 39 立案 19 损失 958700.00 (revision 2)\n"
        "0 months added, 1 corrected, 0 as they were\n"
    )
    assert command("cases", "history", STREET, "2026-08").output == (
        "1: 警情 40 立案 19 损失 958700.00; 分局8月通报 (second, 2026-12-01)\n"
        "2: 警情 39 立案 19 损失 958700.00; 分局更正通报 (operator, 2026-12-04)\n"
        "s1 2026-08 has 2 revisions\n"
    )
    assert in_force(STREET) == Figures(39, 19, 95_870_000)


def test_an_old_file_undoes_no_correction(world: World, load: Load) -> None:
    load(ROW)
    load(CORRECTED)
    result = load(ROW)
    assert result.output.startswith("s1 2026-08: this was revision 1, which was corrected since; nothing changed\n")
    assert [row[3:5] for row in stored(world)] == [(1, 40), (2, 39)]
    assert in_force(STREET) == Figures(39, 19, 95_870_000)
    back = (*ROW[:5], "复核通报")
    assert done(load(back)) == "0 months added, 1 corrected, 0 as they were"
    assert [row[3:5] for row in stored(world)] == [(1, 40), (2, 39), (3, 40)]


def test_a_figure_is_taken_back_in_so_many_words_only(world: World, load: Load) -> None:
    load(ROW)
    silent = (STREET, "2026-08", 40, "", 95.87, "又一份")
    assert "row 2: 立案 is empty, and 19 stand -> write it again, or 撤回" in refusal(load(silent))
    assert in_force(STREET) == Figures(40, 19, 95_870_000)
    withdrawal = (STREET, "2026-08", "撤回", "撤回", "撤回", "报错了区域")
    for told in ("0 months added, 1 corrected, 0 as they were", "0 months added, 0 corrected, 1 as they were"):
        assert done(load(withdrawal)) == told
    assert in_force(STREET) == Figures()
    assert "no 警情 stands that could be withdrawn" in refusal(load((STREET, "2026-08", "撤回", 1, 1, "再来")))
    assert "no 警情 stands" in refusal(load((STREET, "2026-07", "撤回", 1, 1, "从来没有")))
    assert [row[3:7] for row in stored(world)] == [(1, 40, 19, 95_870_000), (2, None, None, None)]


def in_force(code: str, month: Month = AUGUST) -> Figures:
    with reading():
        return cases.list_revisions(regions.get_region(code), month)[-1].figures


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("s9,2026-08,1,1,1,来源", "row 3 区域: 's9' is no code of a region"),
        (f"{COMMUNITY},2026-12,1,1,1,来源", "row 3 月份: 2026-12 is not over yet"),
        (f"{COMMUNITY},2026-08,-1,1,1,来源", "row 3 警情: -1 is negative"),
        (f"{COMMUNITY},2026-08,1,1,1,", "row 3 来源: is empty"),
        (f"{STREET},2026年8月,1,1,1,来源", "row 3: s1 2026-08 stands in row 2 too"),
        (f"{NEIGHBOUR},2026-08,1,,1,来源", "row 3: 立案 is empty, and 5 stand"),
    ],
)
def test_one_wrong_row_and_nothing_is_loaded(world: World, load: Load, wrong: str, said: str) -> None:
    load((NEIGHBOUR, "2026-08", 5, 5, 5, "从前"))
    before, audited = stored(world), world.count("audit")
    assert said in refusal(load(ROW, wrong.split(","), (STREET, "2026-06", 1, 1, 1, "好的")))
    assert (stored(world), world.count("audit")) == (before, audited)


def test_a_month_is_over_when_it_is_over_in_shanghai(world: World, load: Load, clock: time_machine.Traveller) -> None:
    row = (STREET, "2026-11", 1, 1, 1, "来源")
    clock.move_to(START.replace(month=11, day=30, hour=23, minute=59, second=59))
    assert "2026-11 is not over yet" in refusal(load(row))
    clock.shift(timedelta(seconds=1))
    assert done(load(row)) == "1 months added, 0 corrected, 0 as they were"


@pytest.mark.parametrize("by", ["clerk", "auditor"])
def test_only_an_operator_loads_and_only_own_regions(world: World, load: Load, by: str) -> None:
    assert isinstance(load(ROW, by=by).exception, RoleMissing)
    assert isinstance(load(ROW, ("s2", "2026-08", 1, 1, 1, "来源")).exception, RoleMissing)
    assert isinstance(load(ROW, by="nobody").exception, StaffUnknown)
    assert world.count("case_figures") == 0
    assert done(load(ROW, ("s2", "2026-08", 1, 1, 1, "来源"), by="operator")).startswith("2 months added")


def test_the_audit_log_says_who_loaded_and_what_was_corrected(world: World, load: Load) -> None:
    load(ROW, (COMMUNITY, "2026-08", 1, 1, 1, "来源"))
    load(CORRECTED, (NEIGHBOUR, "2026-08", 1, 1, 1, "来源"), by="operator")
    with reading():
        query = "SELECT actor, act, subject FROM audit WHERE act LIKE 'cases.%' ORDER BY id"
        found = [tuple(row) for row in db.session.execute(text(query))]
    path = found[0][2]
    assert path.endswith("cases.csv")
    assert found == [
        ("second", "cases.load", path),
        ("operator", "cases.load", path),
        ("operator", "cases.correct", "s1 2026-08"),
    ]
    ((before, after),) = world.rows("SELECT before, after FROM audit WHERE act = 'cases.correct'")
    assert ('"reports":40' in str(before).replace(" ", "")) or before["reports"] == 40
    assert ("分局更正通报" in str(after), "分局8月通报" in str(before)) == (True, True)
