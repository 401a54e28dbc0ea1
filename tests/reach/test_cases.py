"""Cases on both databases: loaded whole or not at all, once, corrected by revisions, compared by subtree."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from quizsvc.accounts import service as accounts
from quizsvc.accounts.models import AuditRecord
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
JANUARY, AUGUST = Month(2026, 1), Month(2026, 8)
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
    assert load(*rows, by="operator").output == "0 months added, 0 corrected, 2 as they were\n"
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
        ("s1c1\0,2026-08,1,1,1,来源", "row 3 区域: 's1c1\\x00' is no code of a region"),
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
    found = world.rows("SELECT actor, act, subject FROM audit WHERE act LIKE 'cases.%' ORDER BY id")
    audit = AuditRecord
    assert found == [
        ("second", "cases.load", "cases.csv"),
        ("operator", "cases.load", "cases.csv"),
        ("operator", "cases.correct", "s1 2026-08"),
    ]
    with reading():
        ((before, after),) = db.session.execute(select(audit.before, audit.after).where(audit.act == "cases.correct"))
    same = {"filed": 19, "loss_fen": 95_870_000}
    assert before == {"revision": 1, "reports": 40, "source": "分局8月通报", **same}
    assert after == {"revision": 2, "reports": 39, "source": "分局更正通报", **same}


def test_a_file_with_a_long_name_is_loaded_as_well(world: World) -> None:
    long = "长" * 60 + "b" * 60
    rows = case_rows((COMMUNITY, 8, 3, "通报"))
    with transaction():
        cases.load_cases(rows, file=f"/folder/{long}", by=accounts.get_staff("second"), now=utcnow())
    assert world.rows("SELECT subject FROM audit WHERE act = 'cases.load'") == [(long[-100:],)]


# --- what the table promises ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"month": 0},
        {"month": 13},
        {"year": 1999},
        {"year": 2101},
        {"revision": 0},
        {"reports": -1},
        {"filed": -1},
        {"loss_fen": -1},
        {"loss_fen": 10**14 + 1},
        {"reports": 10**7 + 1},
        {"source": ""},
        {"reports": None, "filed": None, "loss_fen": None},
        {},
    ],
)
def test_the_table_itself_refuses_what_is_no_figure(world: World, load: Load, broken: dict[str, Any]) -> None:
    load(ROW)
    fresh = {"revision": 1, "month": 7} if broken else {}  # unbroken, it is the row that stands
    changed = fresh | broken
    columns = "region_id, year, month, revision, region_path, reports, filed, loss_fen, source, loaded_by, loaded_at"
    shown = ", ".join(f":{name}" if name in changed else name for name in columns.split(", "))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(f"INSERT INTO case_figures ({columns}) SELECT {shown} FROM case_figures"), changed)


def test_a_later_revision_may_hold_no_figure(world: World, load: Load) -> None:
    load(ROW)
    assert done(load((STREET, "2026-08", "撤回", "撤回", "撤回", "报错了"))).startswith("0 months added, 1 corrected")


# --- at once ----------------------------------------------------------------------------------------------------------


def case_rows(*said: tuple[str, int, int, str]) -> list[CaseRow]:
    """Rows of reports by region and month."""
    with reading():
        return [
            CaseRow(f"row {n}", regions.get_region(code), Month(2026, month), Figures(reports=count), source)
            for n, (code, month, count, source) in enumerate(said, start=2)
        ]


def load_at_once(app: Flask, *files: Sequence[CaseRow]) -> list[int]:
    """Load them all in the same moment; how many revisions each added."""

    barrier = Barrier(len(files))

    def load_one(rows: Sequence[CaseRow]) -> int:
        barrier.wait()
        with app.app_context(), transaction():
            loaded = cases.load_cases(rows, file="cases.csv", by=accounts.get_staff("second"), now=utcnow())
            return sum(one.is_new for one in loaded)

    with ThreadPoolExecutor(len(files)) as threads:
        return list(threads.map(load_one, files))


@pytest.mark.parametrize("turn", range(3))
def test_the_same_file_at_once_is_loaded_once(world: World, turn: int) -> None:
    rows = case_rows(*[(code, month, month, "通报") for code in (STREET, COMMUNITY) for month in range(1, 9)])
    added = load_at_once(world.app, *[rows] * 8)
    assert sorted(added) == [0] * 7 + [16]
    assert world.count("case_figures") == 16


@pytest.mark.parametrize("turn", range(3))
def test_different_files_at_once_are_revisions_in_a_row_and_none_is_lost(world: World, turn: int) -> None:
    """In opposite orders, too: nobody may wait for somebody who waits for them."""
    files = []
    for count in range(8):
        rows = case_rows(*[(code, 8, count, f"通报{count}") for code in (COMMUNITY, NEIGHBOUR, STREET)])
        files.append(rows[:: -1 if count % 2 else 1])
    assert load_at_once(world.app, *files) == [3] * 8
    for code in (COMMUNITY, NEIGHBOUR, STREET):
        with reading():
            found = cases.list_revisions(regions.get_region(code), AUGUST)
        assert [one.no for one in found] == list(range(1, 9))
        assert sorted(one.source for one in found) == [f"通报{count}" for count in range(8)]


# --- comparing --------------------------------------------------------------------------------------------------------


def months_of(code: str, year: int, counts: Sequence[int], *, source: str) -> list[tuple[object, ...]]:
    """Rows from January on: reports as said, filed half of it, a loss of as many hundred yuan."""
    return [
        (code, f"{year}-{month:02}", count, count // 2, count / 100, source)
        for month, count in enumerate(counts, start=1)
    ]


THIS, LAST = [20, 21, 22, 23, 24, 25, 26, 29], [30] * 8  # 190 and 240


@pytest.fixture
def published(world: World, load: Load) -> None:
    """The street's own figures, a corrected month, and noise of every kind around them."""
    rows = months_of(STREET, 2026, [*THIS[:7], 99], source="2026年通报") + months_of(
        STREET, 2025, LAST, source="2025年通报"
    )
    rows += months_of("s2", 2026, [500] * 8, source="二街道") + months_of("s2", 2025, [1] * 8, source="二街道")
    rows += months_of(COMMUNITY, 2026, [3] * 8, source="甲社区") + months_of(COMMUNITY, 2025, [4] * 8, source="甲社区")
    rows += [
        (STREET, "2026-09", 77, 7, 7, "以后"),
        (STREET, "2025-09", 7, 7, 7, "以后"),
        (STREET, "2024-12", 1, 1, 1, "以前"),
    ]
    assert load(*rows, by="operator").exit_code == 0
    assert load((STREET, "2026-08", THIS[7], 14, 0.29, "更正通报"), by="operator").exit_code == 0


def compared(code: str, *, first: Month = JANUARY, last: Month = AUGUST) -> dict[str, cases.Compared]:
    with reading():
        return cases.compare_years(regions.get_region(code), first=first, last=last)


@pytest.mark.usefixtures("published")
def test_a_street_is_compared_by_its_own_figures_in_force_with_their_sources(world: World) -> None:
    found = compared(STREET)
    assert [(one.comparison.now, one.comparison.base) for one in found.values()] == [
        (190, 240),
        (93, 120),
        (1_900_000, 2_400_000),
    ]
    assert found[REPORTS].comparison.said == "同比下降20.8%"
    assert found[REPORTS].sources == ["2025年通报", "2026年通报", "更正通报"]
    assert [(str(part.month), part.no) for part in found[LOSS].parts][-2:] == [("2026-07", 1), ("2026-08", 2)]
    with reading():
        month = cases.compare_months(regions.get_region(STREET), AUGUST)[REPORTS]
    assert (month.comparison.said, month.sources) == ("环比上升11.5%", ["2026年通报", "更正通报"])


@pytest.mark.usefixtures("published")
def test_a_figure_that_is_missing_is_never_made_up_of_some_communities(world: World, load: Load) -> None:
    load((STREET, "2026-08", "撤回", 14, 0.29, "又更正"))
    assert compared(STREET)[REPORTS].comparison.said == "同比不可比（2026年8月无数据）"
    assert compared(STREET)[FILED].comparison.said == "同比下降22.5%"
    load((NEIGHBOUR, "2026-08", 26, 1, 1, "乙社区"))
    found = compared(STREET)[REPORTS].comparison
    assert (found.now, found.said) == (190, "同比不可比（2026年8月与上年同期统计口径不同）")
    load((NEIGHBOUR, "2025-08", 26, 1, 1, "乙社区"), (STREET, "2025-08", "撤回", 1, 1, "又更正"))
    assert compared(STREET)[REPORTS].comparison.base == 240
    assert compared(STREET)[REPORTS].comparison.said == "同比下降20.8%"
    assert compared(NEIGHBOUR)[REPORTS].comparison.said.startswith(
        "同比不可比（2025年1月、2025年2月、2025年3月等14个月"
    )


@pytest.mark.usefixtures("published")
def test_a_region_above_adds_up_all_its_streets_or_none(world: World, load: Load) -> None:
    found = compared("d")[REPORTS].comparison
    assert (found.now, found.base) == (190 + 4000, 240 + 8)
    with transaction():
        regions.load_regions("code,name,level,parent\ns3,三街道,street,d\n", file="regions.csv")
    assert compared("d")[REPORTS].comparison.now is None
    load(("d", "2026-08", 9, 9, 9, "区里"), ("d", "2025-08", 8, 8, 8, "区里"), by="operator")
    assert compared("d", first=AUGUST)[REPORTS].comparison.said == "同比上升12.5%"


@pytest.mark.usefixtures("published")
def test_a_code_that_begins_alike_is_another_region(world: World, load: Load) -> None:
    tree = "code,name,level,parent\nS1,大写街道,street,d\nS1C1,大写社区,community,S1\ns1x,一街道外,street,d\n"
    with transaction():
        regions.load_regions(tree, file="regions.csv")
    load(*[(code, "2026-08", 9, 9, 9, "来源") for code in ("S1", "S1C1", "s1x")], by="operator")
    assert compared(STREET)[REPORTS].comparison.now == 190
    assert compared("S1", first=AUGUST)[REPORTS].comparison.now == 9


@pytest.mark.usefixtures("published")
def test_the_comparison_is_printed_with_its_sources_and_without_a_cause(command: Any) -> None:
    assert command("cases", "compare", STREET, "2026年8月").output.splitlines() == [
        "截至8月警情190起，同比下降20.8%；8月环比上升11.5%",
        "截至8月立案93起，同比下降22.5%；8月环比上升7.7%",
        "截至8月损失1.9万元，同比下降20.8%；8月环比上升11.5%",
        "来源：2025年通报",
        "来源：2026年通报",
        "来源：更正通报",
    ]
    printed = command("cases", "compare", NEIGHBOUR, "2026-01").output.splitlines()
    assert (
        printed[0]
        == "1月警情无数据，同比不可比（2025年1月、2026年1月无数据）；1月环比不可比（2025年12月、2026年1月无数据）"
    )


@pytest.mark.parametrize("month", ["", "2026", "2026-8-15", "2026.8", "2026-13", "2026-00", "1999-12", "2101-01"])
def test_a_month_that_is_none_is_a_usage_error(world: World, command: Any, month: str) -> None:
    for name in ("history", "compare"):
        assert command("cases", name, STREET, month).exit_code == 2


def test_the_yardsticks_street_is_compared_at_once(world: World, statements: list[str]) -> None:
    """33 communities with 2,360 buildings; two years of months."""
    lines = [f"y{c},社区{c},community,{STREET}" for c in range(33)]
    lines += [f"y{c % 33}b{c},楼{c},building,y{c % 33}" for c in range(2360)]
    with transaction():
        regions.load_regions("code,name,level,parent\n" + "\n".join(lines), file="regions.csv")
    codes = [COMMUNITY, NEIGHBOUR, *[f"y{c}" for c in range(33)]]
    with reading():
        known = {code: regions.get_region(code) for code in codes}
    rows = [
        CaseRow("row", known[code], Month(year, month), Figures(year - 2020, 1, 100), "通报")
        for code in codes
        for year in (2025, 2026)
        for month in range(1, 9)
    ]
    with transaction():
        cases.load_cases(rows, file="cases.csv", by=accounts.get_staff("second"), now=utcnow())
    statements.clear()
    found = compared(STREET)[REPORTS].comparison
    assert (found.now, found.base, found.said) == (6 * 8 * 35, 5 * 8 * 35, "同比上升20.0%")
    assert len([one for one in statements if one.startswith("SELECT")]) <= 4
