"""Paper forms from a table: entered for their volunteers, whole or not at all, as often as one likes."""

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from xlsxwriter import Workbook

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.db import transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.materials import stock
from tests.accounts.test_staff import Command, command
from tests.materials.place import BOX, FAN, MATERIALS, wrong_balances
from tests.outreach.place import assign, enrol
from tests.outreach.reports import require_agreement, totals
from tests.world import COMMUNITY, NEIGHBOUR, START, World

__all__ = ["command"]
HEAD = "单号,志愿者编号,活动,区域,场景,日期,时间,户数,人次,反诈抽纸,反诈抽纸（箱）,fan,备注,修订,作废\n"
FORMS = (
    f"{HEAD}A-1,v1,play,{COMMUNITY},住户,2026-12-01,9:30,1,3,2,,1,,,\n"
    f"A-2,v1,play,{COMMUNITY},摆点,2026年11月30日,14:05,0,40,,1,0,路口,,\n"
    f"A-1,v2,play,{NEIGHBOUR},shop,2026-12-01,,2,2,3,,,,,\n"
)
Load = Callable[..., str]


@pytest.fixture(autouse=True)
def _laid_out(world: World, clock: time_machine.Traveller) -> None:
    clock.move_to(START + timedelta(hours=4))
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    for code, region in (("v1", COMMUNITY), ("v2", NEIGHBOUR)):
        enrol(code, region)
        assign(code, region)


@pytest.fixture
def load(command: Command, tmp_path: Path) -> Load:
    """Load a table; what was said, or every problem."""

    def load(content: str, *, by: str = "second") -> str:
        path = tmp_path / "forms.csv"
        path.write_text(content, encoding="utf-8")
        result = command("tallies", "load", str(path), "--as", by)
        if isinstance(result.exception, FileRefused):
            return "\n".join(map(str, result.exception.problems))
        assert result.exit_code == 0, result.exception
        return str(result.output)

    return load


def test_forms_become_their_volunteers_tallies_once(world: World, load: Load) -> None:
    assert load(FORMS) == "3 tallies entered, 0 held for a decision, 0 as before\n"
    stands = {"tallies": 3, "households": 3, "people": 45, BOX.code: 2 + 24 + 3, FAN.code: 1}
    assert totals(world) == stands
    assert load(FORMS, by="operator") == "0 tallies entered, 0 held for a decision, 3 as before\n"
    assert totals(world) == stands
    rows = world.rows("SELECT DISTINCT entered_by FROM tally_revisions")
    assert [tuple(row) for row in rows] == [("second",)]
    assert world.count("audit", "act = 'tallies.enter'") == 2
    require_agreement(world)
    assert wrong_balances() == []


def test_a_form_is_corrected_by_a_revision_and_voided(world: World, load: Load) -> None:
    load(FORMS)
    again = f"{HEAD}A-1,v1,play,{COMMUNITY},住户,2026-12-01,9:30,1,4,2,,1,,,\n"
    assert "other_content" in load(again)
    assert load(again.replace(",,,\n", ",,2,\n")).startswith("1 tallies entered")
    assert totals(world)["people"] == 46
    assert load(f"{HEAD}A-2,v1,,,,,,,,,,,,2,是\n").startswith("1 tallies entered")
    assert (totals(world)["people"], totals(world)["tallies"]) == (6, 2)
    require_agreement(world)


def test_a_form_of_a_region_where_the_volunteer_had_no_business_is_held(world: World, load: Load) -> None:
    assert load(FORMS.replace("摆点,2026年11月30日", "摆点,2025-11-30").replace("A-2", "A-9")) == (
        "2 tallies entered, 1 held for a decision, 0 as before\n"
    )
    assert world.rows("SELECT reason FROM held_tallies") == [("outside_campaign",)]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("住户", "家里", "row 2 场景"),
        ("9:30", "25:30", "row 2 时间"),
        ("2026-12-01,9:30", "12月1日,9:30", "row 2 日期"),
        ("2026-12-01,9:30", "2026-12-01,23:59", "row 2 时间"),
        (",1,3,2", ",1,3,2.5", "row 2 反诈抽纸"),
        (",1,3,2", ",1,-3,2", "row 2 人次"),
        (",1,3,2", ",1,,2", "row 2 人次"),
        (",1,3,2", ",1,3000000,2", "row 2"),
        ("A-1,v1", ",v1", "row 2 单号"),
        ("A-1,v1", "A-1,v9", "v9 is on no list"),
        ("A-2", "A-1", "row 3 单号"),
        ("play", "unheard-of", "No such campaign."),
        (f"{COMMUNITY},住户", "s9,住户", "No such region."),
        ("反诈抽纸（箱）", "反诈抽纸（托）", "has no pack 托"),
        ("fan", "姓名", "the column 姓名"),
        ("fan", "反诈抽纸", "stands twice"),
        ("户数", "", "columns are missing: 户数"),
        ("路口,,", "路口,0,", "row 3 修订"),
        ("路口,,", "路口,,maybe", "row 3 作废"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_entered(
    world: World, load: Load, was: str, becomes: str, said: str
) -> None:
    assert FORMS.count(was) >= 1
    answer = load(FORMS.replace(was, becomes, 1))
    assert said in answer, answer
    assert (world.count("tallies"), world.count("movements"), world.count("audit", "act = 'tallies.enter'")) == (
        0,
        0,
        0,
    )


def test_a_clerk_enters_for_own_volunteers_alone(world: World, load: Load) -> None:
    answer = load(FORMS, by="clerk")
    assert "row 4" in answer
    assert "v2 does not serve your regions" in answer
    assert world.count("tallies") == 0
    assert load("".join(FORMS.splitlines(keepends=True)[:3]), by="clerk").startswith("2 tallies entered")
    for name in ("auditor", "stranger"):
        with pytest.raises((FileRefused, RoleMissing, AssertionError)):
            assert load(FORMS, by=name).startswith("3")


def test_a_workbook_says_the_same_as_a_csv(world: World, command: Command, tmp_path: Path) -> None:
    """Dates, times and numbers as Excel keeps them."""
    path = tmp_path / "forms.xlsx"
    book = Workbook(str(path))
    sheet = book.add_worksheet("上报")
    day, clock_time = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "hh:mm"))
    head = ["单号", "志愿者编号", "活动", "区域", "场景", "日期", "时间", "户数", "人次", "反诈抽纸"]
    sheet.write_row(0, 0, head)
    cells: list[Any] = [7, "v1", "play", COMMUNITY, "讲座", None, None, 0, 60, 55]
    sheet.write_row(1, 0, cells)
    sheet.write_datetime(1, 5, START.replace(hour=0, tzinfo=None), day)
    sheet.write_datetime(1, 6, time(9, 30), clock_time)
    book.close()
    result = command("tallies", "load", str(path), "--as", "second")
    assert (result.exit_code, result.exception) == (0, None)
    assert totals(world) == {"tallies": 1, "households": 0, "people": 60, BOX.code: 55}
    ((occurred_at,),) = world.rows("SELECT occurred_at FROM tally_revisions")
    assert str(occurred_at).startswith("2026-12-01 01:30:00")


def test_hundreds_of_forms_are_entered_in_parts(world: World, load: Load) -> None:
    rows = "".join(f"F-{n},v1,play,{COMMUNITY},住户,2026-12-01,9:30,1,3,1,,,,,\n" for n in range(250))
    assert load(HEAD + rows).startswith("250 tallies entered")
    assert totals(world)[BOX.code] == 250
