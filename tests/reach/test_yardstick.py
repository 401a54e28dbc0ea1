"""The yardstick campaign's report: every figure of it equals an independent recount, and says the office's text.

30,012 citizens on PostgreSQL; on SQLite, where all code of reach is the same but for how rows are added, 1,512.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import time_machine

from quizsvc.kit.clock import rfc3339, start_of
from quizsvc.kit.db import db, reading
from quizsvc.kit.sheets import csv_text
from quizsvc.reach import snapshot_store
from quizsvc.reach.metrics import METRICS
from quizsvc.reach.snapshots import Snapshot, list_figures
from tests.accounts.test_staff import Command, command
from tests.outreach.reports import sent
from tests.reach.crowd import A_DAY, FIRST_DAY
from tests.reach.doors import ACTIVE, IDLE, Doors, Json, gather, report, visit
from tests.reach.recount_all import Key, Recount, Value, key
from tests.reach.yardstick import (
    HANDED_OUT,
    LAST_DAY,
    SLUG,
    TISSUE,
    TOWN,
    Size,
    come_through_the_api,
    fill_with_citizens,
    lay_out,
)
from tests.world import START, Phone, World

__all__ = ["command"]
SIZES = {"postgresql": Size(audience=30_012, by_api=300), "sqlite": Size(audience=1_512, by_api=60)}
WHOLE, SOME_DAYS = (FIRST_DAY, LAST_DAY), (FIRST_DAY + 3 * A_DAY, FIRST_DAY + 7 * A_DAY)
PHRASES = (
    "召集200余名反诈志愿者",
    "发放反诈抽纸5000余盒",
    "反诈扇子2000余个",
    "宣传彩页6万余份",
    "截至8月电信网络诈骗案件同比下降20.8%",
)
OF_THE_FULL_SIZE = "受众约3万人"
FILED = {2025: (71, 58, 64, 60, 66, 59, 63, 59), 2026: (50, 47, 52, 48, 51, 49, 50, 49)}  # 500 and 396


@pytest.mark.timeout(400)
def test_the_report_of_the_yardstick_campaign_equals_a_recount(
    world: World, clock: time_machine.Traveller, command: Command, tmp_path: Path
) -> None:
    size, chance = SIZES[db.engine.dialect.name], Random(20261201)
    lay_out(world)
    fill_with_citizens(world, size, chance)
    clock.move_to(START + (LAST_DAY - FIRST_DAY - A_DAY))
    world.staff.clear()
    doors = gather(world, chance)
    firsts = report(doors)
    came = come_through_the_api(world, clock, size, chance)
    load_cases(command, tmp_path)

    text, made = report_of(command)
    require_recount(world, made)
    require_golden(made, text, size)
    require_recount(world, report_of(command, SOME_DAYS)[1])

    clock.shift(timedelta(hours=1))
    run(command, "reach", "rebuild", SLUG)
    _, again = report_of(command)
    assert (again.before, again.changes) == (made.id, [])
    assert figures_of(again) == figures_of(made)

    clock.shift(timedelta(hours=1))
    expected = arrive_late(doors, firsts, came)
    assert run(command, "report", "--snapshot", made.id, "--as", "operator") == text
    _, later = report_of(command)
    require_changes(later, since=again, expected=expected)


# --- what is asked ----------------------------------------------------------------------------------------------------


def run(command: Command, *words: str) -> str:
    answer = command(*words)
    assert answer.exit_code == 0, answer.exception
    return str(answer.output)


def report_of(command: Command, period: tuple[date, date] = WHOLE) -> tuple[str, Snapshot]:
    """A report as printed, and the snapshot that it was made from."""
    first, last = (day.isoformat() for day in period)
    text = run(command, "report", SLUG, "--from", first, "--to", last, "--as", "operator")
    found = re.search(r"数据快照：([0-9a-f-]{36})", text)
    assert found is not None
    with reading():
        snapshot = snapshot_store.find_snapshot(UUID(found[1]))
    assert snapshot is not None
    return text, snapshot


def figures_of(snapshot: Snapshot) -> dict[Key, Value]:
    """Every figure of a snapshot, each there once."""
    listed = list_figures(snapshot)
    found = {key(one.metric.id, **one.of): (one.value, one.base) for one in listed}
    assert len(found) == len(listed)
    return found


def load_cases(command: Command, folder: Path) -> None:
    """Two years of the street, one month corrected later; the street next to it; nothing is known of September yet."""
    rows = [
        [TOWN, f"{year}-{month:02}", 3 * filed, filed, 1000 * filed, f"公安分局通报〔{year}〕{month}号"]
        for year, months in FILED.items()
        for month, filed in enumerate(months, start=1)
    ]
    rows += [[TOWN, f"2025-{month:02}", 99, 77, 55, "公安分局通报"] for month in range(9, 13)]
    rows += [["s1", f"2026-{month:02}", 9, 7, 5, "公安分局通报"] for month in range(1, 12)]
    wrong = [[*row[:3], 5, *row[4:5], "公安分局快报"] for row in rows if row[1] == "2026-02"]
    for name, table in (("first", wrong), ("all", rows)):
        path = folder / f"{name}.csv"
        headings = ("区域", "月份", "警情", "立案", "损失(元)", "来源")
        path.write_text(csv_text([[str(cell) for cell in row] for row in (headings, *table)]), encoding="utf-8")
        run(command, "cases", "load", str(path), "--as", "operator")


# --- what has to be ---------------------------------------------------------------------------------------------------


def require_recount(world: World, made: Snapshot) -> None:
    """No figure is another one, none is left out, and whatever the dictionary defines is among them."""
    period = made.survey.period
    found, expected = figures_of(made), Recount(world, SLUG, first=period.first, last=period.last).figures()
    assert {one: (found[one], expected.get(one)) for one in found if found[one] != expected.get(one)} == {}
    assert found.keys() == expected.keys()
    assert {metric for metric, _ in found} == {metric for metric in METRICS if not metric.endswith("_mom")}
    assert all(one.shown and (one.value is None) == (one.reason is not None) for one in list_figures(made))


def require_golden(made: Snapshot, text: str, size: Size) -> None:
    """The campaign is the one that it has to be, something happened of everything, and the text says so."""
    found = {metric: value or 0 for (metric, apart), (value, _) in figures_of(made).items() if not apart}
    assert found["online.audience"] == size.audience
    assert (found["offline.volunteers_active"], found["offline.volunteers_enrolled"]) == (ACTIVE, ACTIVE + IDLE)
    for code, quantity in HANDED_OUT.items():
        one = made.find("offline.handed_out", material=code)
        assert one is not None
        assert one.value == quantity
    assert {metric: value for metric, value in found.items() if not value} == {}
    for stage in ("drawers", "winners", "redeemers"):
        today = made.find(f"online.{stage}", day=LAST_DAY.isoformat())
        assert today is not None
        assert today.value, "somebody came through the API as well"
    for phrase in PHRASES if size.audience < 30_000 else (*PHRASES, OF_THE_FULL_SIZE):
        assert phrase in re.sub(r"\[\d+\]", "", text)
    assert "公安分局快报" not in text


def arrive_late(doors: Doors, firsts: Sequence[Json], came: Sequence[Phone]) -> Mapping[Key, int]:
    """A late tally, a revision, somebody who deletes themselves. Returns by how much which figure has to change."""
    day = LAST_DAY - 2 * A_DAY
    at = rfc3339(start_of(day) + timedelta(hours=9))
    said = {"setting": "household", "households": 1, "people": 2, "occurred_at": at}
    late = visit(doors, 0, {TISSUE.code: 3}, **said)
    assert sent(doors.phones[0], late) == ["created"]
    revised = firsts[1] | {"revision": 2, "people": firsts[1]["people"] + 5}
    assert sent(doors.phones[1], revised) == ["created"]
    assert came[1].delete("me").status_code == 204  # what a person did stays counted
    expected: Counter[Key] = Counter()
    for metric, by in (("household_tallies", 1), ("households", 1), ("people", 2)):
        for apart in ({}, {"region": late["region"]}, {"day": day.isoformat()}):
            expected[key(f"offline.{metric}", **apart)] += by
    for apart in ({}, {"region": revised["region"]}, {"day": revised["occurred_at"][:10]}):
        expected[key("offline.people", **apart)] += 5
    for apart in ({}, {"region": late["region"]}, {"day": day.isoformat()}):
        expected[key("offline.handed_out", material=TISSUE.code, **apart)] += 3
    return expected


def require_changes(later: Snapshot, *, since: Snapshot, expected: Mapping[Key, int]) -> None:
    """The new report lists exactly what changed since the last one, with both numbers; nothing else is another one."""
    assert later.before == since.id
    then, now = figures_of(since), figures_of(later)
    listed = {key(one.metric, **one.of): (one.then, one.now) for one in later.changes}
    assert len(listed) == len(later.changes)
    assert listed == {one: (then[one][0], now[one][0]) for one in then.keys() | now.keys() if then[one] != now[one]}
    assert {one: (new or 0) - (old or 0) for one, (old, new) in listed.items()} == expected
