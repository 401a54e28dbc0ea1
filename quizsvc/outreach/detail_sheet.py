"""Tallies as a table for the office, of any length."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from quizsvc.accounts.rules import KINDS_IN_CHINESE
from quizsvc.kit.clock import day_of
from quizsvc.kit.long_sheet import Column, Row, write_long
from quizsvc.materials.rules import Material
from quizsvc.outreach.detail import Detail
from quizsvc.outreach.tally_sheet import SETTINGS_IN_CHINESE

SHEET = "上报明细"
CHINESE_OF = {code: name for name, code in SETTINGS_IN_CHINESE.items()}
COLUMNS = (
    Column("日期", 12, "走访那天，北京时间"),
    Column("时间", 17, "走访的时间，北京时间"),
    Column("区域编号", 16, "走访的区域"),
    Column("区域", 18, "走访的区域"),
    Column("志愿者编号", 14),
    Column("志愿者", 12),
    Column("类别", 10, "、".join(KINDS_IN_CHINESE.values())),
    Column("场景", 8, "、".join(SETTINGS_IN_CHINESE)),
    Column("户数", 8, "户；同一户走访两次计两户"),
    Column("人次", 8, "人次；同一人接触两次计两人次"),
)
LAST = (Column("代录人", 12, "替志愿者录入纸质表的工作人员"), Column("上报编号", 38, "手机或纸质表给这次走访的编号"))


def write_details(
    details: Iterable[Detail],
    path: Path,
    *,
    asked: Iterable[tuple[str, str]],
    materials: Sequence[Material],
    told: Callable[[int], object],
) -> int:
    """Write an .xlsx, a tally a row and a column for each material in its base unit; how many rows."""
    goods = [Column(f"{one.name}（{one.unit}）", 12, "发放数量，按基本单位") for one in materials]
    rows = (_row(one, materials) for one in details)
    return write_long(path, name=SHEET, asked=asked, columns=[*COLUMNS, *goods, *LAST], rows=rows, told=told)


def _row(one: Detail, materials: Sequence[Material]) -> Row:
    who = one.volunteer
    return (
        day_of(one.occurred_at),
        one.occurred_at,
        one.region.code,
        one.region.name,
        who.code,
        who.name,
        KINDS_IN_CHINESE[who.kind],
        CHINESE_OF[one.setting],
        one.households,
        one.people,
        *(one.handed_out.get(material.code, 0) for material in materials),
        one.entered_by,
        str(one.tally_id),
    )
