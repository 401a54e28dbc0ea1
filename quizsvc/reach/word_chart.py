"""A chart of Word's own (DrawingML): sharp, in the reader's fonts, and edited like any other.

A chart is a part of the package with the workbook it was drawn from inside; what Word shows before anybody opens that
workbook is cached in the part. Both are written here from the same values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.parser import parse_xml
from docx.shared import Length
from xlsxwriter import Workbook

SHEET = "数据"
COLOUR = "2F5597"
MOST_LABELLED = 40  # more numbers over the columns run into each other
LABELS_ACROSS = 12
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
AXES = (("111", "222"), ("222", "111"))  # each with the one that it crosses: the categories, the values


@dataclass(frozen=True)
class Chart:
    """One row of bars: `across` names the categories, `up` what is counted, with its unit.

    None is not known and leaves a gap. `lying`: the bars lie, the first one on top. `top` is where the values' axis
    ends, for charts that are compared; None lets Word choose.
    """

    title: str
    across: str
    up: str
    names: Sequence[str]
    values: Sequence[int | None]
    lying: bool = False
    top: int | None = None


def add_chart(document: Document, chart: Chart, *, style: str, width: Length, height: Length, now: datetime) -> None:
    """Put a chart into a paragraph of its own at the end of a document. `now` is when its workbook says it was made."""
    package, number = document.part.package, _count_charts(document) + 1
    book = Part(
        PackURI(f"/word/embeddings/chart{number}.xlsx"), CONTENT_TYPE.SML_SHEET, _workbook(chart, now=now), package
    )
    drawn = _ChartPart(PackURI(f"/word/charts/chart{number}.xml"), CONTENT_TYPE.DML_CHART, package=package)
    drawn.xml = _chart_xml(chart, book_id=drawn.relate_to(book, RELATIONSHIP_TYPE.PACKAGE))
    frame = _frame(chart, number, document.part.relate_to(drawn, RELATIONSHIP_TYPE.CHART), width, height)
    document.add_paragraph(style=style).add_run().element.append(parse_xml(frame))


class _ChartPart(Part):
    """A part whose text names a relationship of its own, and so is written after that was made."""

    xml = ""

    @property
    def blob(self) -> bytes:
        return self.xml.encode()


def _count_charts(document: Document) -> int:
    return sum(one.reltype == RELATIONSHIP_TYPE.CHART for one in document.part.rels.values())


def _workbook(chart: Chart, *, now: datetime) -> bytes:
    out = BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": chart.title, "created": now})
        sheet = book.add_worksheet(SHEET)
        sheet.write_string(0, 0, chart.across)
        sheet.write_string(0, 1, chart.up)
        for row, (name, value) in enumerate(zip(chart.names, chart.values, strict=True), start=1):
            sheet.write_string(row, 0, name)
            if value is not None:
                sheet.write_number(row, 1, value)
        sheet.set_column(0, 1, 24)
    return out.getvalue()


def _frame(chart: Chart, number: int, chart_id: str, width: Length, height: Length) -> str:
    """The chart's place in the text. Whoever cannot see it is told what it is."""
    said = escape(f"{chart.title}：{'条形图' if chart.lying else '柱形图'}，{len(chart.names)}项。数字见图内的数据表。")
    return (
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        f' xmlns:wp="{DRAWING}/wordprocessingDrawing" xmlns:a="{DRAWING}/main" xmlns:c="{DRAWING}/chart"'
        f' xmlns:r="{RELATED}"><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{int(width)}" cy="{int(height)}"/>'
        f'<wp:docPr id="{number}" name="图{number}" descr="{said}"/><wp:cNvGraphicFramePr/>'
        f'<a:graphic><a:graphicData uri="{DRAWING}/chart"><c:chart r:id="{chart_id}"/></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing>"
    )


def _chart_xml(chart: Chart, *, book_id: str) -> str:
    direction = "bar" if chart.lying else "col"
    series = (
        f'<c:ser><c:idx val="0"/><c:order val="0"/><c:tx>{_words("$B$1", [chart.up])}</c:tx>'
        f'<c:spPr><a:solidFill><a:srgbClr val="{COLOUR}"/></a:solidFill></c:spPr><c:invertIfNegative val="0"/>'
        f"{_labels(shown=len(chart.names) <= MOST_LABELLED)}"
        f"<c:cat>{_words(_column('A', chart), chart.names)}</c:cat><c:val>{_numbers(chart)}</c:val></c:ser>"
    )
    axis_ids = "".join(f'<c:axId val="{own}"/>' for own, _ in AXES)
    bars = (
        f'<c:barChart><c:barDir val="{direction}"/><c:grouping val="clustered"/><c:varyColors val="0"/>{series}'
        f'<c:gapWidth val="60"/>{axis_ids}</c:barChart>'
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace xmlns:c="{DRAWING}/chart"'
        f' xmlns:a="{DRAWING}/main" xmlns:r="{RELATED}"><c:date1904 val="0"/><c:lang val="zh-CN"/>'
        f'<c:roundedCorners val="0"/><c:chart>{_title(chart.title, points=12)}<c:autoTitleDeleted val="0"/>'
        f"<c:plotArea><c:layout/>{bars}{_names_axis(chart)}{_values_axis(chart)}</c:plotArea>"
        '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        "<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>"
        f"{_text(points=9)}"
        f'<c:externalData r:id="{book_id}"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    )


def _names_axis(chart: Chart) -> str:
    """Bars that lie are listed from the top, and all of them are named; of many days, some are."""
    own, other = AXES[0]
    skipped = 1 if chart.lying else -(-len(chart.names) // LABELS_ACROSS)
    return (
        f'<c:catAx><c:axId val="{own}"/><c:scaling><c:orientation val="{"maxMin" if chart.lying else "minMax"}"/>'
        f'</c:scaling><c:delete val="0"/><c:axPos val="{"l" if chart.lying else "b"}"/>'
        f'{_title(chart.across, points=9, upright=chart.lying)}<c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f'{_text(points=8)}<c:crossAx val="{other}"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/>'
        f'<c:lblOffset val="100"/><c:tickLblSkip val="{skipped}"/><c:tickMarkSkip val="{skipped}"/>'
        '<c:noMultiLvlLbl val="1"/></c:catAx>'
    )


def _values_axis(chart: Chart) -> str:
    """From zero on, below the last bar where they lie."""
    own, other = AXES[1]
    top = "" if chart.top is None else f'<c:max val="{chart.top}"/>'
    return (
        f'<c:valAx><c:axId val="{own}"/><c:scaling><c:orientation val="minMax"/>{top}<c:min val="0"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{"b" if chart.lying else "l"}"/>'
        '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill></a:ln></c:spPr>'
        f"</c:majorGridlines>{_title(chart.up, points=9, upright=not chart.lying)}"
        '<c:numFmt formatCode="#,##0" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f'<c:crossAx val="{other}"/><c:crosses val="{"max" if chart.lying else "autoZero"}"/>'
        '<c:crossBetween val="between"/></c:valAx>'
    )


def _title(text: str, *, points: int, upright: bool = False) -> str:
    """`upright`: written from below to above, as beside an axis on the left."""
    turned = ' rot="-5400000" vert="horz"' if upright else ""
    return (
        f'<c:title><c:tx><c:rich><a:bodyPr{turned}/><a:lstStyle/><a:p><a:r><a:rPr lang="zh-CN" sz="{points}00" b="0"/>'
        f'<a:t>{escape(text)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>'
    )


def _text(*, points: int) -> str:
    return (
        f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{points}00"/></a:pPr><a:endParaRPr lang="zh-CN"/>'
        "</a:p></c:txPr>"
    )


def _labels(*, shown: bool) -> str:
    parts = ("LegendKey", "Val", "CatName", "SerName", "Percent", "BubbleSize")
    said = "".join(f'<c:show{part} val="{int(shown and part == "Val")}"/>' for part in parts)
    return f"<c:dLbls>{said}</c:dLbls>"


def _column(letter: str, chart: Chart) -> str:
    return f"${letter}$2:${letter}${len(chart.names) + 1}"


def _words(cells: str, words: Sequence[str]) -> str:
    points = "".join(f'<c:pt idx="{no}"><c:v>{escape(word)}</c:v></c:pt>' for no, word in enumerate(words))
    cache = f'<c:strCache><c:ptCount val="{len(words)}"/>{points}</c:strCache>'
    return f"<c:strRef><c:f>'{SHEET}'!{cells}</c:f>{cache}</c:strRef>"


def _numbers(chart: Chart) -> str:
    known = [(no, value) for no, value in enumerate(chart.values) if value is not None]
    points = "".join(f'<c:pt idx="{no}"><c:v>{value}</c:v></c:pt>' for no, value in known)
    cache = f'<c:formatCode>#,##0</c:formatCode><c:ptCount val="{len(chart.values)}"/>{points}'
    cells = f"'{SHEET}'!{_column('B', chart)}"
    return f"<c:numRef><c:f>{cells}</c:f><c:numCache>{cache}</c:numCache></c:numRef>"
