"""The office's list: taken over whole or not at all, in Chinese or English, as often as one likes."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse
from xlsxwriter import Workbook

from quizsvc.accounts.service import RoleMissing, get_staff
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.outreach import roster
from quizsvc.outreach.roster import Loaded
from quizsvc.outreach.volunteer_sheet import read_volunteers
from tests.accounts.test_staff import Command, command
from tests.outreach.place import enrol
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, Phone, World, at_once

__all__ = ["command"]
HEAD = "编号,姓名,类别,区域,从,到\n"
LIST = f"{HEAD}v1,王小明,志愿者,s1c1,2026-11-01,2026-12-31\nv1,王小明,志愿者,s1c2,,\nv2,李四,楼长,s1c1,2026年12月1日,\n"
Write = Callable[[str], str]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    def write(content: str) -> str:
        path = tmp_path / "list.csv"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def load(command: Command, written: Write) -> Callable[..., str]:
    """Load a list; returns what was said, or fails."""

    def load(content: str, *, by: str = "second") -> str:
        result = command("volunteers", "load", written(content), "--as", by)
        assert result.exit_code == 0, result.exception
        return str(result.output)

    return load


@pytest.fixture
def refuse(command: Command, written: Write) -> Callable[..., str]:
    """Load a list that is refused; returns why."""

    def refuse(content: str, *, by: str = "second") -> str:
        refused = command("volunteers", "load", written(content), "--as", by).exception
        assert isinstance(refused, FileRefused), refused
        return str(refused)

    return refuse


def served(world: World) -> list[tuple[str, str, str, str | None]]:
    """Who serves where from when to when, as Shanghai's wall clock tells it."""
    rows = world.rows(
        "SELECT v.code, r.code, a.starts_at, a.ends_at FROM assignments a JOIN volunteers v ON v.id = a.volunteer_id"
        " JOIN regions r ON r.id = a.region_id ORDER BY v.code, r.code, a.starts_at"
    )
    return [(code, region, told(start), None if end is None else told(end)) for code, region, start, end in rows]


def told(moment: Any) -> str:
    """A stored UTC moment in Shanghai."""
    parsed = time_of(moment) + timedelta(hours=8)
    return f"{parsed:%m-%d %H:%M}"


def time_of(moment: Any) -> datetime:
    found: datetime = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.replace(tzinfo=None)


def people(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT v.code, v.name, v.kind, r.code FROM volunteers v JOIN regions r ON r.id = v.region_id ORDER BY v.code"
    )


def test_days_begin_and_end_at_midnight_in_shanghai_and_the_last_one_counts(world: World, load: Any) -> None:
    assert load(LIST) == "2 volunteers added, 0 changed; 3 assignments begun, the end of 0 moved\n"
    assert people(world) == [("v1", "王小明", "volunteer", "s1c1"), ("v2", "李四", "building-head", "s1c1")]
    assert served(world) == [
        ("v1", "s1c1", "11-01 00:00", "01-01 00:00"),
        ("v1", "s1c2", "12-01 00:00", None),
        ("v2", "s1c1", "12-01 00:00", None),
    ]


def test_the_same_list_again_changes_nothing_also_days_later(
    world: World, load: Any, clock: time_machine.Traveller
) -> None:
    load(LIST)
    before = served(world)
    for days in (0, 1, 40):
        clock.move_to(START + timedelta(days=days))
        assert load(LIST) == "0 volunteers added, 0 changed; 0 assignments begun, the end of 0 moved\n"
        assert (served(world), len(people(world))) == (before, 2)


def test_a_changed_name_kind_and_end_are_brought_up_to_date_and_written_down(world: World, load: Any) -> None:
    enrol("noise")
    load(LIST)
    changed = f"{HEAD}v2,李思,网格员,s1c1,2026-12-01,2026-12-20\n"
    assert load(changed) == "0 volunteers added, 1 changed; 0 assignments begun, the end of 1 moved\n"
    assert ("v2", "李思", "grid-worker", "s1c1") in people(world)
    assert ("noise", "王小明", "volunteer", "s1c1") in people(world)
    assert [one for one in served(world) if one[0] == "v2"] == [("v2", "s1c1", "12-01 00:00", "12-21 00:00")]
    (_, audited) = world.rows("SELECT actor, before, after FROM audit WHERE act = 'volunteers.load' ORDER BY id")
    actor = audited[0]
    before, after = (json.loads(one) if isinstance(one, str) else one for one in audited[1:])
    assert (actor, before) == ("second", {"v2": ["李四", "building-head"]})
    assert after == {"added": 0, "begun": 0, "moved": 1, "changed": {"v2": ["李思", "grid-worker"]}}
    ended = world.rows("SELECT ended_by FROM assignments WHERE ended_by IS NOT NULL ORDER BY id")
    assert ended == [("second",), ("second",)]


def test_english_headings_and_codes_of_kinds_do_as_well(world: World, load: Any) -> None:
    load("code,kind,name,region\n7,grid-worker,张三,s1\n")
    assert people(world) == [("7", "张三", "grid-worker", "s1")]
    assert served(world) == [("7", "s1", "12-01 00:00", None)]


def test_a_workbook_reads_as_a_csv_does(world: World, command: Command, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("志愿者")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["编号", "姓名", "类别", "区域", "从", "到"])
        sheet.write_row(1, 0, [12, "王小明", "志愿者", "s1c1"])
        sheet.write_datetime(1, 4, date(2026, 11, 1), day)
        sheet.write_datetime(1, 5, date(2026, 11, 30), day)
    assert command("volunteers", "load", str(path), "--as", "second").exit_code == 0
    assert served(world) == [("12", "s1c1", "11-01 00:00", "12-01 00:00")]


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("v 3,张三,志愿者,s1c1,,", "row 3 编号", "'v 3' is not a code"),
        (f"{'v' * 33},张三,志愿者,s1c1,,", "row 3 编号", "is not a code"),
        (",张三,志愿者,s1c1,,", "row 3 编号", "is empty"),
        ("v3,,志愿者,s1c1,,", "row 3 姓名", "is empty"),
        (f"v3,{'张' * 41},志愿者,s1c1,,", "row 3 姓名", "is too long"),
        ("v3,张三,队长,s1c1,,", "row 3 类别", "'队长' is unknown"),
        ("v3,张三,志愿者,nowhere,,", "row 3", "region nowhere is unknown"),
        ("v3,张三,志愿者,s2c1,,", "row 3", "region s2c1 is not in your reach"),
        ("v3,张三,志愿者,d,,", "row 3", "region d is not in your reach"),
        ("v3,张三,志愿者,s1c1,2026-11-31,", "row 3 从", "is no date"),
        ("v3,张三,志愿者,s1c1,2026-12-02,2026-12-01", "row 3 到", "lies before"),
        ("v3,张三,志愿者,s1c1,,2026-12-01", "row 3 从", "is empty although"),
        ("v3,张三,志愿者,s1c1,2026-12-01,9999-12-31", "row 3 到", "too far away"),
        ("v1,王小红,志愿者,s1c2,,", "row 3", "another name or kind in row 2"),
        ("v1,王小明,网格员,s1c2,,", "row 3", "another name or kind in row 2"),
        ("v1,王小明,志愿者,s1c1,2026-12-31,", "row 3", "serves s1c1 in row 2 too"),
        ("v1,王小明,志愿者,s1c1,,", "row 2", "serves s1c1 in row 3 too"),
        ("v3,张三,志愿者,s1c1,,,13800000000", "row 3", "a column without a heading"),
    ],
)
def test_a_list_with_one_wrong_row_is_not_taken_over(
    world: World, refuse: Any, line: str, where: str, what: str
) -> None:
    said = refuse(f"{HEAD}v1,王小明,志愿者,s1c1,2026-11-01,2026-12-31\n{line}\nv4,赵六,志愿者,s1c1,,\n")
    (problem,) = [one for one in said.splitlines() if what in one]
    assert f" {where}: " in problem
    assert (people(world), served(world)) == ([], [])


def test_every_wrong_row_is_named_at_once(refuse: Any) -> None:
    said = refuse(f"{HEAD}a b,张三,志愿者,s1c1,,\nv3,张三,队长,s1c1,,\nv4,张三,志愿者,s1c1,x,y\n")
    assert [line.split(": ")[1] for line in said.splitlines()] == ["row 2 编号", "row 3 类别", "row 4 从", "row 4 到"]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("编号,姓名,类别\n", "columns are missing: 区域"),
        ("编号,姓名,类别,区域,手机号\n", "the column 手机号 is unknown"),
        ("编号,code,姓名,类别,区域\n", "the column 编号 stands twice"),
        ("", "columns are missing: 编号"),
        (HEAD, "holds no volunteer"),
    ],
)
def test_a_table_that_is_no_list_is_refused(refuse: Any, head: str, what: str) -> None:
    assert what in refuse(head)


def test_days_that_only_touch_do_not_overlap(world: World, load: Any) -> None:
    load(f"{HEAD}v1,王,志愿者,s1c1,2026-12-02,\nv1,王,志愿者,s1c1,2026-11-01,2026-12-01\n")
    assert served(world) == [
        ("v1", "s1c1", "11-01 00:00", "12-02 00:00"),
        ("v1", "s1c1", "12-02 00:00", None),
    ]


def test_a_list_is_an_operators_and_a_code_of_others_is_not_taken_over(
    world: World, command: Command, written: Write, refuse: Any
) -> None:
    enrol("v9", "s2c1", name="别人")
    for nobody in ("clerk", "auditor"):
        refused = command("volunteers", "load", written(LIST), "--as", nobody)
        assert isinstance(refused.exception, RoleMissing), nobody
    said = refuse(f"{HEAD}v1,王小明,志愿者,s1c1,,\nv9,改名,志愿者,s1c1,,\n")
    assert "row 3: v9 is a volunteer of s2c1" in said
    assert people(world) == [("v9", "别人", "volunteer", "s2c1")]


def test_who_left_is_there_again_when_the_list_says_so_and_the_gap_stays(
    world: World, command: Command, load: Any, clock: time_machine.Traveller
) -> None:
    listed = f"{HEAD}v1,王小明,志愿者,s1c1,2026-11-01,\n"
    load(listed)
    clock.move_to(START + timedelta(days=2))
    assert command("volunteers", "leave", "v1", "--as", "second").exit_code == 0
    clock.move_to(START + timedelta(days=5))
    load(f"{HEAD}v1,王小明,志愿者,s1c2,2026-11-01,2026-12-01\n")  # days that are over bring nobody back
    assert world.count("volunteers", "left_at IS NOT NULL") == 1
    for _ in range(2):
        load(listed)
        assert [one for one in served(world) if one[1] == COMMUNITY] == [
            ("v1", COMMUNITY, "11-01 00:00", "12-03 10:00"),
            ("v1", COMMUNITY, "12-06 10:00", None),
        ]
    assert world.count("volunteers", "left_at IS NULL") == 1


def test_ten_thousand_rows_are_a_handful_of_statements(world: World, load: Any, statements: list[str]) -> None:
    lines = [f"n{n},志愿者{n},志愿者,{(COMMUNITY, NEIGHBOUR, STREET)[n % 3]},2026-11-01,\n" for n in range(10_000)]
    assert load(HEAD + "".join(lines)).startswith("10000 volunteers added, 0 changed; 10000 assignments begun")
    sent = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent) < 25
    assert (world.count("volunteers"), world.count("assignments", "ends_at IS NULL")) == (10_000, 10_000)


def test_one_row_too_many_is_refused(refuse: Any) -> None:
    lines = [f"n{n},志愿者,志愿者,s1c1,,\n" for n in range(10_001)]
    assert "more than 10001 rows" in refuse(HEAD + "".join(lines))


@pytest.mark.parametrize("turn", range(3))
def test_one_list_loaded_by_many_at_once_is_taken_over_once(world: World, tmp_path: Path, turn: int) -> None:
    """Whatever the order of their rows: two of them must not wait for each other."""
    for n in range(0, 40, 3):
        enrol(f"n{n}", name=f"志愿者{n}")
    lines = [f"n{n},志愿者{n},志愿者,s1c1,2026-11-01," for n in range(40)]
    done: list[Loaded] = []

    def load(number: int) -> TestResponse:
        path = tmp_path / f"{number}.csv"
        path.write_text(HEAD + "\n".join(lines if number % 2 else reversed(lines)), encoding="utf-8")
        with world.app.app_context(), transaction():
            done.append(roster.load(read_volunteers(path), file=path.name, by=get_staff("second"), now=utcnow()))
        return Phone(world.app).get("/healthz")

    at_once(*[lambda n=number: load(n) for number in range(8)])
    assert Counter((one.added, one.begun) for one in done) == {(26, 40): 1, (0, 0): 7}
    assert (world.count("volunteers"), world.count("assignments")) == (40, 40)
