"""The office's table of cases: read exactly as it shows, and what is wrong is named by row and column."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import csv_text
from quizsvc.reach.figures import FILED, LOSS, REPORTS, CaseRow, Figures, Month
from quizsvc.reach.sheet import find_month, read_cases, rows_of
from quizsvc.regions.rules import Region
from tests.books import book, sheet_of

KINDS = ("xlsx", "csv")
TODAY = date(2026, 12, 1)
HEADINGS = ("区域", "月份", "警情", "立案", "损失（万元）", "来源")
ROW = ("s1", "2026-08", 40, 19, 95.87, "区公安分局〔2026〕8号")
REGIONS = {
    code: Region(UUID(int=n), code, code, "street", f"/{code}/") for n, code in enumerate(("s1", "s2", "320118"))
}
NEXT = ("s2", "2026-08", 1, 1, 1, "同上")


def write(path: Path, *rows: Sequence[Any], headings: Sequence[str] = HEADINGS) -> Path:
    """A table as a person would leave it: each value as its own type."""
    if path.suffix == ".csv":
        path.write_text(
            csv_text([[str(cell) for cell in row] for row in (headings, *rows)]), encoding="utf-8", newline=""
        )
        return path
    made = Workbook(path, {"default_date_format": "yyyy-mm", "remove_timezone": True, "strings_to_formulas": False})
    sheet = made.add_worksheet("案件")
    for number, row in enumerate((headings, *rows)):
        sheet.write_row(number, 0, row)
    made.close()
    return path


def read(path: Path, *, today: date = TODAY) -> list[CaseRow]:
    return read_cases(path, find_region=REGIONS.get, today=today)


def problems_of(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(FileRefused) as refused:
        read(path)
    assert all(one.mend and one.file == str(path) for one in refused.value.problems)
    return [(one.where.removeprefix("sheet 案件 "), one.what) for one in refused.value.problems]


def changed(**cells: Any) -> tuple[Any, ...]:
    """ROW with other cells."""
    names = ("region", "month", "reports", "filed", "loss", "source")
    return tuple(cells.get(name, cell) for name, cell in zip(names, ROW, strict=True))


# --- good tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_read_as_it_stands(tmp_path: Path, kind: str) -> None:
    (row,) = read(write(tmp_path / f"a.{kind}", ROW))
    assert (row.region.code, row.month, row.source) == ("s1", Month(2026, 8), "区公安分局〔2026〕8号")
    assert (row.figures, row.withdrawn) == (Figures(40, 19, 95_870_000), frozenset())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("heading", "cell", "fen"),
    [
        ("损失（万元）", 958.7, 958_700_000),
        ("损失(万元)", 0.29, 290_000),  # 0.29 * 1000000 is 289999.99999999994 as floats
        ("损失 (万元)", 1.001001, 1_001_001),
        ("损失(万元)", "958.700", 958_700_000),
        ("损失(元)", 9_587_000, 958_700_000),
        ("损失（元）", 4.35, 435),  # 4.35 * 100 is 434.99999999999994
        ("损失(元)", 0, 0),
        ("损失(元)", "１２.５", 1250),
        ("损失(万元)", 100_000_000, 10**14),
    ],
)
def test_a_loss_is_exact_to_the_fen_in_either_unit(
    tmp_path: Path, kind: str, heading: str, cell: float | str, fen: int
) -> None:
    path = write(tmp_path / f"a.{kind}", ("s1", "2026-08", cell, "来源"), headings=("区域", "月份", heading, "来源"))
    assert read(path)[0].figures == Figures(loss_fen=fen)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fen=st.integers(0, 10**14), kind=st.sampled_from(KINDS))
def test_any_loss_in_wan_comes_back_to_the_fen(tmp_path: Path, fen: int, kind: str) -> None:
    """A spreadsheet keeps a double, which holds 15 digits."""
    said = f"{fen // 10**6}.{fen % 10**6:06}"
    (row,) = read(write(tmp_path / f"a.{kind}", changed(loss=said if kind == "csv" else float(said))))
    assert row.figures.loss_fen == fen


@pytest.mark.parametrize("kind", KINDS)
def test_columns_stand_in_any_order_may_be_left_out_and_empty_rows_are_passed_over(tmp_path: Path, kind: str) -> None:
    rows = (("来源甲", 7, "2026年8月", "s1"), ("", "", "", ""), ("来源乙", 0, "2026/7", "s2"))
    path = write(tmp_path / f"a.{kind}", *rows, headings=("来源", "立案", "月份", "区域"))
    found = [(one.where.removeprefix("sheet 案件 "), one.region.code, one.month, one.figures) for one in read(path)]
    assert found == [
        ("row 2", "s1", Month(2026, 8), Figures(filed=7)),
        ("row 4", "s2", Month(2026, 7), Figures(filed=0)),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_cell_is_silent_and_a_figure_is_withdrawn_in_so_many_words(tmp_path: Path, kind: str) -> None:
    (row,) = read(write(tmp_path / f"a.{kind}", changed(reports="", filed="撤回", loss=" 撤回 ")))
    assert (row.figures, row.withdrawn) == (Figures(), frozenset({FILED, LOSS}))
    (row,) = read(write(tmp_path / f"b.{kind}", changed(reports="撤回", filed="", loss="")))
    assert row.withdrawn == {REPORTS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("公安分局（2026）8号", "公安分局（2026）8号"),
        (" 公安分局\u3000８号\n通报 ", "公安分局 ８号 通报"),
        ("=公安分局", "=公安分局"),
        ("源" * 100, "源" * 100),
        (20268, "20268"),
    ],
)
def test_a_source_is_kept_as_it_is_written_in_one_line(
    tmp_path: Path, kind: str, written: str | int, source: str
) -> None:
    assert read(write(tmp_path / f"a.{kind}", changed(source=written)))[0].source == source


def test_what_excel_made_of_a_code_or_a_month_is_understood(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path / "a.xlsx", changed(region=320118, month=datetime(2026, 8, 1, tzinfo=SHANGHAI))))
    assert (row.region.code, row.month) == ("320118", Month(2026, 8))


@pytest.mark.parametrize(
    ("stored", "fen"),
    [("958.7", 958_700_000), ("958.70000000000005", 958_700_000), ("0.30000000000000004", 300_000), ("1E-6", 1)],
)
def test_a_number_is_what_the_spreadsheet_shows_of_it(tmp_path: Path, stored: str, fen: int) -> None:
    """0.1 + 0.2, pasted as a value, shows 0.3 and is stored with all its binary digits."""
    assert read(stored_as(tmp_path / "a.xlsx", stored))[0].figures.loss_fen == fen


@pytest.mark.parametrize("stored", ["NaN", "INF"])
def test_a_number_that_is_none_is_refused(tmp_path: Path, stored: str) -> None:
    ((place, told),) = problems_of(stored_as(tmp_path / "a.xlsx", stored))
    assert (place.endswith("row 2 损失(万元)"), "is no number" in told) == (True, True)


def stored_as(path: Path, number: str) -> Path:
    """A workbook that stores a loss in this very way."""
    texts = [f"<is><t>{text}</t></is>" for text in ("区域", "月份", "损失(万元)", "来源", "s1", "2026-08", "来源甲")]
    cells = [f'<c t="inlineStr">{text}</c>' for text in texts]
    row = f"<row>{''.join(cells[4:6])}<c><v>{number}</v></c>{cells[6]}</row>"
    return book(path, sheet_of(f"<row>{''.join(cells[:4])}</row>{row}"))


@pytest.mark.parametrize(
    "text", ["2026-08", "2026-8", "2026/8", "2026/08/01", "2026-8-1", "2026年8月", "2026年08月1日"]
)
def test_a_month_may_be_written_in_many_ways(text: str) -> None:
    assert find_month(text) == Month(2026, 8)


@pytest.mark.parametrize(("text", "month"), [("2000-01", Month(2000, 1)), ("2100-12", Month(2100, 12))])
def test_the_first_and_the_last_month_there_are(text: str, month: Month) -> None:
    assert find_month(text) == month


# --- bad tables -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("cells", "where", "what"),
    [
        ({"region": "s9"}, "区域", "'s9' is no code"),
        ({"region": "S1"}, "区域", "'S1' is no code"),
        ({"region": ""}, "区域", "is empty"),
        ({"month": ""}, "月份", "is no month"),
        ({"month": "8月"}, "月份", "is no month"),
        ({"month": "2026-13"}, "月份", "is no month"),
        ({"month": "2026-00"}, "月份", "is no month"),
        ({"month": "1999-12"}, "月份", "is no month"),
        ({"month": "2026-08-15"}, "月份", "is no month"),
        ({"month": 2026.1}, "月份", "is no month"),  # or was it 2026.10?
        ({"month": 202608}, "月份", "is no month"),
        ({"month": "2026-12"}, "月份", "2026-12 is not over yet"),
        ({"month": "2027-01"}, "月份", "2027-01 is not over yet"),
        ({"reports": -1}, "警情", "is negative"),
        ({"reports": 1.5}, "警情", "no whole number"),
        ({"reports": "1,234"}, "警情", "'1,234' is no number"),
        ({"reports": "40起"}, "警情", "is no number"),
        ({"reports": "1.2E+03"}, "警情", "is no number"),
        ({"reports": "—"}, "警情", "is no number"),
        ({"reports": "٤٠"}, "警情", "is no number"),
        ({"reports": 10_000_001}, "警情", "too large"),
        ({"filed": -0.5}, "立案", "is negative"),
        ({"loss": -0.01}, "损失(万元)", "is negative"),
        ({"loss": 1.0000001}, "损失(万元)", "finer than a fen"),
        ({"loss": "0.30000000000000004"}, "损失(万元)", "finer than a fen"),
        ({"loss": "nan"}, "损失(万元)", "is no number"),
        ({"loss": 100_000_000.01}, "损失(万元)", "too large"),
        ({"source": ""}, "来源", "is empty"),
        ({"source": "源" * 101}, "来源", "too long"),
        ({"source": "甲\u200b乙"}, "来源", "cannot be printed"),
        ({"region": "s1\u200b"}, "区域", "is no code"),
        ({"reports": "", "filed": " ", "loss": ""}, "", "holds no figure"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(
    tmp_path: Path, kind: str, cells: dict[str, Any], where: str, what: str
) -> None:
    ((place, told),) = problems_of(write(tmp_path / f"a.{kind}", NEXT, changed(**cells)))
    assert place == f"row 3 {where}".strip()
    assert what in told


@pytest.mark.parametrize(
    ("cells", "where", "what"),
    [
        ({"month": datetime(2026, 8, 2, tzinfo=SHANGHAI)}, "月份", "is no month"),
        ({"month": True}, "月份", "is no month"),
        ({"reports": True}, "警情", "is TRUE or FALSE"),
        ({"reports": datetime(2026, 8, 1, tzinfo=SHANGHAI)}, "警情", "turned into a date or time"),
        ({"source": datetime(2026, 8, 1, tzinfo=SHANGHAI)}, "来源", "turned into a date or time"),
        ({"loss": 1e-7}, "损失(万元)", "finer than a fen"),
        ({"loss": 1e300}, "损失(万元)", "too large"),
    ],
)
def test_what_only_a_spreadsheet_can_hold_is_refused_as_well(
    tmp_path: Path, cells: dict[str, Any], where: str, what: str
) -> None:
    ((place, told),) = problems_of(write(tmp_path / "a.xlsx", NEXT, changed(**cells)))
    assert (place, what in told) == (f"row 3 {where}", True)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path, kind: str) -> None:
    rows = (ROW, changed(region="s9", month="2027-01", reports=-1, source=""), NEXT, changed(month="2026年8月"))
    path = write(tmp_path / f"a.{kind}", *rows)
    assert [place for place, _ in problems_of(path)] == [
        "row 3 区域",
        "row 3 月份",
        "row 3 来源",
        "row 3 警情",
        "row 5",
    ]
    assert problems_of(path)[-1][1].replace("sheet 案件 ", "") == "s1 2026-08 stands in row 2 too"


@pytest.mark.parametrize(("today", "over"), [(date(2026, 11, 30), False), (date(2026, 12, 1), True)])
def test_a_month_is_over_with_its_last_day(tmp_path: Path, today: date, over: bool) -> None:
    path = write(tmp_path / "a.csv", changed(month="2026-11"))
    if over:
        assert len(read(path, today=today)) == 1
    else:
        with pytest.raises(FileRefused, match="2026-11 is not over yet"):
            read(path, today=today)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("headings", "what"),
    [
        (("区域", "月份", "警情"), "columns are missing: 来源"),
        (("区域", "警情"), "columns are missing: 月份、来源"),
        (("区域", "月份", "来源"), "no column of figures"),
        (("区域", "月份", "警情", "警情", "来源"), "the column 警情 stands twice"),
        (("区域", "月份", "损失(元)", "损失（万元）", "来源"), "the loss stands in 元 and in 万元"),
        (("区域", "月份", "警情", "损失", "来源"), "损失 names no unit"),
        (("区域", "月份", "警情", "刑拘", "来源"), "the column 刑拘 is unknown"),
    ],
)
def test_wrong_headings_are_named(tmp_path: Path, kind: str, headings: tuple[str, ...], what: str) -> None:
    path = write(tmp_path / f"a.{kind}", ("s1", "2026-08", 1, 1, 1)[: len(headings)], headings=headings)
    assert problems_of(path) == [("row 1", what)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_beside_the_table_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"a.{kind}", (*ROW, "备注"))
    assert problems_of(path) == [("row 2", "something stands in a column without a heading")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_without_rows_holds_no_figures(tmp_path: Path, kind: str) -> None:
    assert problems_of(write(tmp_path / f"a.{kind}")) == [("file", "holds no figures")]


def test_rows_that_were_written_are_read_back_as_they_were(tmp_path: Path) -> None:
    region = REGIONS["s1"]
    rows = [
        CaseRow("row 2", region, Month(2026, 7), Figures(0, None, 1), "=1+1〔2026〕7号", frozenset()),
        CaseRow("row 3", region, Month(2026, 8), Figures(None, 12, None), "'甲", frozenset({REPORTS, LOSS})),
        CaseRow("row 4", region, Month(2025, 12), Figures(10**7, 0, 10**14), "丙, 丁", frozenset()),
    ]
    path = tmp_path / "again.csv"
    path.write_text(csv_text(rows_of(rows)), encoding="utf-8", newline="")
    assert read_cases(path, find_region=REGIONS.get, today=TODAY) == rows
