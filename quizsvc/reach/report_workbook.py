"""A report as an .xlsx: what was asked and what each figure means, then the figures, numbers as numbers.

Whatever came from outside is written as text, never as a formula. Charts are Excel's own, over the cells beside them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from quizsvc.kit.clock import SHANGHAI
from quizsvc.reach.metrics import KINDS, PERCENT
from quizsvc.reach.snapshots import Snapshot, list_figures
from quizsvc.reach.survey import Figure

SAFELY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
MONEY = "元"
HEADING_HEIGHT = 32  # points: two lines
A3 = 8  # xlsxwriter's number for the paper
FORMS: Mapping[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"},
    "text": {"num_format": "@", "text_wrap": True, "valign": "top"},
    "count": {"num_format": "#,##0"},
    "rate": {"num_format": "0.0"},
    "money": {"num_format": "#,##0.00"},
    "date": {"num_format": "yyyy-mm-dd"},
}
Forms = Mapping[str, Format]
WHOLE = ("类别", "指标", "区分", "数值", "单位", "分母", "说明", "来源", "指标编号")
DEFINED = ("指标编号", "指标", "单位", "可否相加", "口径")
CHARTED = ("online.participants", "online.papers", "offline.people")
# Sheets apart by one thing: its key, the sheet's name, the heading of its first column, and how wide that is.
GRIDS = (
    ("region", "分社区", "区域", 24),
    ("day", "每日", "日期", 12),
    ("scam_type", "诈骗类型", "诈骗类型", 24),
    ("question", "难题", "题目", 60),
    ("stage", "漏斗", "步骤", 12),
)


def workbook_of(snapshot: Snapshot) -> bytes:
    """A snapshot's figures as an .xlsx; the same snapshot gives the same cells."""
    out = BytesIO()
    with Workbook(out, SAFELY) as book:
        forms = {name: book.add_format(form) for name, form in FORMS.items()}
        figures = list_figures(snapshot)
        _write_front(book.add_worksheet("说明"), snapshot, figures, forms)
        _write_whole(book.add_worksheet("总数"), snapshot, figures, forms)
        for by, name, heading, width in GRIDS:
            apart = [one for one in figures if set(one.of) - {"material"} == {by}]
            if apart:
                _write_grid(book, name, apart, by=by, heading=heading, width=width, snapshot=snapshot, forms=forms)
        for sheet in book.worksheets():
            sheet.set_landscape()
            sheet.set_paper(A3)
            sheet.repeat_rows(0)
    return out.getvalue()


def _write_front(sheet: Worksheet, snapshot: Snapshot, figures: Sequence[Figure], forms: Forms) -> None:
    """What was asked, and the dictionary's word on every figure that follows."""
    heading, survey = snapshot.heading, snapshot.survey
    asked = (
        ("报表", heading.title),
        ("活动", "、".join(heading.campaigns)),
        ("区域", heading.region),
        ("时间", f"{survey.period.first} 至 {survey.period.last}（两天都算，北京时间）"),
        ("统计截至", survey.as_of.astimezone(SHANGHAI).isoformat(" ", "seconds")),
        ("快照编号", snapshot.id),
        ("制表人", snapshot.made_by),
    )
    for row, (name, said) in enumerate(asked):
        sheet.write_string(row, 0, name, forms["heading"])
        sheet.write_string(row, 1, said, forms["text"])
    top = len(asked) + 1
    for column, name in enumerate(DEFINED):
        sheet.write_string(top, column, name, forms["heading"])
    defined = {one.metric.id: one.metric for one in figures}
    for row, metric in enumerate(defined.values(), start=top + 1):
        additive = "可以相加" if metric.additive else "不可相加"
        said_of = (metric.id, metric.name, metric.unit or "各物料的单位", additive, metric.definition)
        for column, cell in enumerate(said_of):
            sheet.write_string(row, column, cell, forms["text"])
    for column, width in enumerate((32, 44, 14, 10, 120)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(top + 1, 0)
    sheet.fit_to_pages(1, 0)


def _write_whole(sheet: Worksheet, snapshot: Snapshot, figures: Iterable[Figure], forms: Forms) -> None:
    """The figures of the whole, one a row; by material and kind of volunteer, too."""
    for column, name in enumerate(WHOLE):
        sheet.write_string(0, column, name, forms["heading"])
    whole = (one for one in figures if set(one.of) <= {"material", "kind"})
    for row, one in enumerate(whole, start=1):
        apart = "、".join(snapshot.name(by, code) for by, code in one.of.items())
        said = (KINDS[one.metric.kind], one.metric.name, apart)
        for column, cell in enumerate(said):
            sheet.write_string(row, column, cell, forms["text"])
        if one.value is not None:  # what is not known leaves its cell empty, and says why further on
            _write_value(sheet, row, 3, one, forms)
        sheet.write_string(row, 4, one.unit, forms["text"])
        why = "" if one.value is not None else one.shown
        if one.base is not None:
            sheet.write_number(row, 5, one.base, forms["count"])
        for column, cell in enumerate((why, one.source or "", one.metric.id), start=6):
            sheet.write_string(row, column, cell, forms["text"])
    for column, width in enumerate((10, 18, 18, 14, 8, 10, 40, 40, 32)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.fit_to_pages(1, 0)


def _write_grid(
    book: Workbook,
    name: str,
    figures: Sequence[Figure],
    *,
    by: str,
    heading: str,
    width: int,
    snapshot: Snapshot,
    forms: Forms,
) -> None:
    """A row for each part, a column for each metric (and material), both in the order of the survey."""
    sheet = book.add_worksheet(name)
    columns: dict[tuple[str, str], int] = {}
    rows: dict[str, int] = {}
    sheet.write_string(0, 0, heading, forms["heading"])
    for one in figures:
        material = one.of.get("material", "")
        if (key := (one.metric.id, material)) not in columns:
            columns[key] = len(columns) + 1
            of = f"：{snapshot.name('material', material)}" if material else ""
            title = f"{one.metric.name}{of}（{one.unit}）"
            sheet.write_string(0, columns[key], title, forms["heading"])
        if (part := one.of[by]) not in rows:
            rows[part] = len(rows) + 1
            _write_part(sheet, rows[part], by, part, snapshot, forms)
        _write_value(sheet, rows[part], columns[key], one, forms)
    sheet.set_column(0, 0, width)
    sheet.set_column(1, len(columns), 14)
    sheet.set_row(0, HEADING_HEIGHT)
    sheet.freeze_panes(1, 1)
    sheet.repeat_columns(0)
    if by == "day":
        _draw(book, sheet, columns, last=len(rows))


def _write_part(sheet: Worksheet, row: int, by: str, part: str, snapshot: Snapshot, forms: Forms) -> None:
    if by == "day":
        sheet.write_datetime(row, 0, date.fromisoformat(part), forms["date"])
    else:
        sheet.write_string(row, 0, snapshot.name(by, part), forms["text"])


def _write_value(sheet: Worksheet, row: int, column: int, one: Figure, forms: Forms) -> None:
    """A number as a number; what is not known says why."""
    if one.value is None:
        sheet.write_string(row, column, one.shown, forms["text"])
    elif one.metric.unit == PERCENT:
        sheet.write_number(row, column, one.value / 10, forms["rate"])
    elif one.unit == MONEY:
        sheet.write_number(row, column, one.value / 100, forms["money"])
    else:
        sheet.write_number(row, column, one.value, forms["count"])


def _draw(book: Workbook, sheet: Worksheet, columns: Mapping[tuple[str, str], int], *, last: int) -> None:
    """Some of the days' columns as lines; each of another unit, and so in a chart of its own."""
    for place, metric in enumerate(one for one in CHARTED if (one, "") in columns):
        column = columns[metric, ""]
        chart = book.add_chart({"type": "column"})
        chart.add_series(
            {
                "name": [sheet.get_name(), 0, column],
                "categories": [sheet.get_name(), 1, 0, last, 0],
                "values": [sheet.get_name(), 1, column, last, column],
            }
        )
        chart.set_legend({"none": True})
        chart.set_x_axis({"date_axis": True, "num_format": "mm-dd"})
        chart.set_size({"width": 560, "height": 260})
        sheet.insert_chart(last + 2 + 14 * place, 1, chart)
