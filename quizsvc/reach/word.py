"""A bulletin as Word: the office's 工作简报 with charts, in the look of an official paper.

Made from the same phrases, sources and changes as the Markdown. Fonts are named, not carried: see word_style.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from re import compile as pattern

from docx.document import Document
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml
from docx.shared import Mm, Pt

from quizsvc.kit.clock import day_of
from quizsvc.reach.bulletin import (
    CHANGED,
    NUMERALS,
    SOURCED,
    SOURCES,
    Bulletin,
    Phrase,
    head_changes,
    list_changes,
)
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.survey import Figure
from quizsvc.reach.word_chart import Chart, add_chart
from quizsvc.reach.word_style import BANNER, CELL, FIGURE, FIRST, ISSUER, NOTE, SECOND, TITLE, WIDTH, blank_document

NOT_XML = pattern(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BANNER_POINTS, LEAST_POINTS = 36, 14
ABOVE_WIDTHS, SOURCE_WIDTHS, CHANGE_WIDTHS = (26, 130), (9, 31, 50, 21, 45), (56, 40, 30, 30)  # millimetres
DAYS_HEIGHT, BAR_HEIGHT, AROUND_BARS = 82, 4.9, 27
MOST_BARS = 34  # a page


@dataclass(frozen=True)
class Drawn:
    """What is drawn: a metric, apart by one thing, which people call `across`."""

    metric: str
    by: str
    heading: str
    across: str


# Communities stand in order of code, as in every list: never in order of their figures.
DRAWN = (
    Drawn("online.participants", "day", "每日答题人数", "日期"),
    Drawn("offline.household_tallies", "region", "各社区入户走访", "社区"),
)


def word_of(bulletin: Bulletin, snapshot: Snapshot) -> bytes:
    """The .docx; the same text, figures and charts for the same snapshot."""
    document = blank_document()
    _describe(document, bulletin, snapshot)
    _write_head(document, bulletin, snapshot)
    numerals = iter(NUMERALS)
    for section, numeral in zip(bulletin.sections, numerals, strict=False):
        document.add_paragraph(f"{numeral}、{_plain(section.heading)}", FIRST)
        for sentence in section.sentences:
            _write_sentence(document, sentence)
    document.add_paragraph(f"{next(numerals)}、图表", FIRST)
    for numeral, drawn in zip(NUMERALS, DRAWN, strict=False):
        document.add_paragraph(f"（{numeral}）{drawn.heading}", SECOND)
        _write_charts(document, drawn, snapshot)
    document.add_paragraph(SOURCES, FIRST)
    if not bulletin.sources:
        document.add_paragraph("文中没有数字。")
    else:
        _write_table(document, SOURCE_WIDTHS, [one.row for one in bulletin.sources], head=SOURCED)
    if snapshot.changes:
        document.add_paragraph(_plain(head_changes(snapshot)), FIRST)
        _write_table(document, CHANGE_WIDTHS, list_changes(snapshot), head=CHANGED)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _plain(text: str) -> str:
    """A text on one line, of characters that XML can hold."""
    return " ".join(NOT_XML.sub(" ", text).split())


def _office(snapshot: Snapshot) -> str:
    return _plain((*snapshot.heading.organisers, snapshot.heading.region)[0])


def _describe(document: Document, bulletin: Bulletin, snapshot: Snapshot) -> None:
    """The document's properties: the office, never a person."""
    about, moment = document.core_properties, snapshot.survey.as_of
    about.title, about.author, about.last_modified_by = _plain(bulletin.title)[:255], *[_office(snapshot)[:255]] * 2
    about.subject = _plain("、".join(snapshot.heading.campaigns))[:255]
    about.category, about.language, about.identifier = "工作简报", "zh-CN", snapshot.id
    about.keywords, about.comments = "反诈宣传", f"数据快照 {snapshot.id}"
    about.created = about.modified = moment.replace(microsecond=0, tzinfo=None)


def _write_head(document: Document, bulletin: Bulletin, snapshot: Snapshot) -> None:
    """The office's name in red, as large as one line holds, over a red rule; the title; what was asked."""
    banner = f"{_office(snapshot)}工作简报"
    size = max(LEAST_POINTS, min(BANNER_POINTS, int(WIDTH.pt / len(banner))))
    document.add_paragraph(style=BANNER).add_run(banner).font.size = Pt(size)
    day = day_of(snapshot.survey.as_of)
    document.add_paragraph(f"{_office(snapshot)}\t{day.year}年{day.month}月{day.day}日", ISSUER)
    document.add_paragraph(_plain(bulletin.title), TITLE)
    _write_table(document, ABOVE_WIDTHS, bulletin.above, style="Asked")


def _write_sentence(document: Document, sentence: Sequence[Phrase]) -> None:
    """A paragraph; behind every number, raised, the number of its source."""
    paragraph = document.add_paragraph()
    for phrase in sentence:
        paragraph.add_run(_plain(phrase.text))
        if phrase.no is not None:
            paragraph.add_run(f"[{phrase.no}]").font.superscript = True


def _write_charts(document: Document, drawn: Drawn, snapshot: Snapshot) -> None:
    """One chart, or as many as its bars fill pages; the sentence that says so where there is nothing to draw."""
    metric, period = get_metric(drawn.metric), snapshot.survey.period
    figures = snapshot.survey.all_of(drawn.metric, drawn.by)
    if not any(one.value for one in figures):
        document.add_paragraph(f"本期没有{drawn.heading}的记录，不作图。")
        return
    document.add_paragraph(f"{metric.name} {metric.id}：{metric.definition}", NOTE)
    lying, most = drawn.by == "region", max(one.value or 0 for one in figures)
    pages = range(0, len(figures), MOST_BARS if lying else len(figures))
    for begin in pages:
        part = figures[begin : begin + pages.step]
        no = f"（{begin // pages.step + 1}/{len(pages)}）" if len(pages) > 1 else ""
        chart = Chart(
            title=f"{drawn.heading}（{metric.unit}），{period.first}至{period.last}{no}",
            across=drawn.across,
            up=f"{metric.name}（{metric.unit}）",
            names=_names(snapshot, drawn.by, part),
            values=[one.value for one in part],
            lying=lying,
            top=most if len(pages) > 1 else None,
        )
        height = Mm(AROUND_BARS + BAR_HEIGHT * len(part)) if lying else Mm(DAYS_HEIGHT)
        add_chart(document, chart, style=FIGURE, width=WIDTH, height=height, now=snapshot.survey.as_of)


def _names(snapshot: Snapshot, by: str, figures: Iterable[Figure]) -> list[str]:
    """What stands at the bars; of days in one year, month and day."""
    period = snapshot.survey.period
    if by == "day" and period.first.year == period.last.year:
        return [one.of[by][len("2026-") :].replace("-", "/") for one in figures]
    return [_plain(snapshot.name(by, one.of[by])) for one in figures]


def _write_table(
    document: Document,
    widths: Sequence[int],
    rows: Iterable[Sequence[str]],
    *,
    head: Sequence[str] = (),
    style: str = "TableText",
) -> None:
    """A table with thin lines. Written as XML at once: python-docx looks for every cell anew."""
    twips = [Mm(width).twips for width in widths]
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
    lines = [_row_xml(head, widths, style, of_head=True)] if head else []
    lines += [_row_xml(row, widths, style) for row in rows]
    table = (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="TableGrid"/>'
        f'<w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )
    document.element.body[-1].addprevious(parse_xml(table))
    document.add_paragraph(style=CELL)  # Word wants a paragraph behind a table


def _row_xml(cells: Sequence[str], widths: Sequence[int], style: str, *, of_head: bool = False) -> str:
    said = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{Mm(width).twips}" w:type="dxa"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/>'
        f"</w:pPr><w:r>{'<w:rPr><w:b/></w:rPr>' if of_head else ''}"
        f'<w:t xml:space="preserve">{escape(_plain(cell))}</w:t></w:r></w:p></w:tc>'
        for cell, width in zip(cells, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if of_head else ''}</w:trPr>{said}</w:tr>"
