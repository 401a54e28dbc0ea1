"""Charts of a snapshot: columns in the desk's own colours, as SVG without script, style sheet or anything from outside.

A chart goes into the page itself as an image of its own address, so that one page asks for its figures once.
One chart holds one unit. What it shows stands beside it in text, too: a chart is never the only place of a figure.
"""

import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pygal
from pygal.etree import etree

from quizsvc.reach import facts
from quizsvc.reach.metrics import PERCENT
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.survey import Figure

# For maps, which are not drawn here, pygal asks to find modules in a way that Python 3.11 warns of at every miss.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

BY_DAY = {
    "participants": "online.participants",
    "papers": "online.papers",
    "households": "offline.households",
}
LEARNED = ("online.first_paper_pass_rate", "online.first_paper_right_rate", "online.paper_pass_rate")
SIZE = {"width": 480, "height": 220, "margin_top": 24, "margin_bottom": 12, "margin_left": 8, "margin_right": 8}
MOST_LABELS, MOST_NUMBERS, LINES = 8, 10, 4
INK, SOFT, LINE, BRAND, PAPER = "#1f2733", "#4a5565", "#c9d1dc", "#0b4a8f", "#ffffff"  # as look.css has them
FONTS = "system-ui, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
NOT_SHOWN = ("defs", "desc")
# A tag with its class, or with the axis it belongs to -> how it looks. No style sheet: the desk's policy blocks it.
LOOKS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("rect", "background"): {"fill": PAPER},
    ("rect", "rect"): {"fill": BRAND},
    ("path", "line"): {"fill": "none", "stroke": LINE, "stroke-width": "1"},
    ("text", "x"): {"fill": SOFT, "text-anchor": "middle"},
    ("text", "y"): {"fill": SOFT, "text-anchor": "end"},
    ("text", "value"): {"fill": INK, "text-anchor": "middle"},
}


@dataclass(frozen=True)
class Chart:
    """Columns of one unit, from the first to the last; a figure without a value leaves its place empty."""

    name: str
    title: str
    points: Sequence[tuple[str, Figure]]

    @property
    def unit(self) -> str:
        return self.points[0][1].unit

    @property
    def is_empty(self) -> bool:
        return not any(one.value for _, one in self.points)

    @property
    def said(self) -> str:
        """The chart in one sentence, for who does not see it."""
        (begins, _), (ends, _) = self.points[0], self.points[-1]
        at, most = max(self.points, key=lambda point: point[1].value or 0)
        return f"{self.title}柱状图，{begins}至{ends}，共{len(self.points)}项，最高为{at}的{most.shown}{self.unit}"

    @property
    def picture(self) -> str:
        """The address of an image that is the chart."""
        return f"data:image/svg+xml;base64,{b64encode(draw(self)).decode()}"


def list_charts(snapshot: Snapshot) -> Iterator[Chart]:
    """Every chart there is of a snapshot, in the order of the page."""
    survey = snapshot.survey
    for name, metric in BY_DAY.items():
        yield _of_days(name, survey.all_of(metric, "day"))
    handed_out = [
        one for one in survey.figures if one.metric.id == facts.HANDED_OUT and set(one.of) == {"day", "material"}
    ]
    for material in dict.fromkeys(one.of["material"] for one in handed_out):
        mine = [one for one in handed_out if one.of["material"] == material]
        yield _of_days(f"handed-out-{material}", mine, of=snapshot.name("material", material))
    learned = [one for one in map(snapshot.find, LEARNED) if one is not None]
    if learned:
        yield Chart("learned", "首卷与全部试卷", [(one.metric.name, one) for one in learned])


def _of_days(name: str, figures: Sequence[Figure], *, of: str = "") -> Chart:
    title = f"每日{figures[0].metric.name}{f'：{of}' if of else ''}"
    return Chart(name, title, [(one.of["day"], one) for one in figures])


def draw(chart: Chart) -> bytes:
    """The chart as SVG; the same chart gives the same bytes."""
    is_rate = chart.unit == PERCENT
    values = [None if one.value is None else one.value / (10 if is_rate else 1) for _, one in chart.points]
    ticks = [0, 25, 50, 75, 100] if is_rate else _ticks(max(value or 0 for value in values))
    every = -(-len(values) // MOST_LABELS)
    made = pygal.Bar(
        js=(),
        css=(),
        show_legend=False,
        explicit_size=True,
        print_values=len(values) <= MOST_NUMBERS,
        print_values_position="top",
        show_minor_x_labels=False,
        truncate_label=-1,
        formatter=lambda value: f"{value:,.0f}",
        range=(ticks[0], ticks[-1]),
        **SIZE,
    )
    labels = [label.removeprefix(chart.points[0][0][:5]) if label[:4].isdigit() else label for label, _ in chart.points]
    made.x_labels = labels
    made.x_labels_major = labels[::every]
    made.y_labels = [{"label": f"{tick:,}", "value": tick} for tick in ticks]
    made.add("", values, formatter=(lambda value: f"{value:,.1f}") if is_rate else None)
    return bytes(etree.tostring(_bare(made.render_tree(), chart), encoding="utf-8"))


def _ticks(highest: float) -> list[int]:
    """From zero in even steps of 1, 2 or 5 tens, hundreds, ..., so that nothing stands above the last."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step * LINES >= highest:
                return list(range(0, int(highest) + step, step)) if highest else [0, step]
        size *= 10


def _bare(root: Any, chart: Chart) -> Any:
    """What pygal drew, with its looks as attributes: no script, no style, no comment of when it was made."""
    for one in list(root.iter()):
        if one.tag in NOT_SHOWN or not isinstance(one.tag, str) or "tooltip-overlay" in one.get("class", ""):
            one.getparent().remove(one)
    _dress(root, axis="")
    root.find("title").text = chart.said
    root.attrib.update({"role": "img", "font-family": FONTS, "font-size": "12"})
    return root


def _dress(element: Any, *, axis: str) -> None:
    words = element.attrib.pop("class", "").split()
    for dropped in ("id", "style"):
        element.attrib.pop(dropped, None)
    if "axis" in words and element.tag == "g":
        axis = "x" if "x" in words else "y"
    for word in (*words, axis):
        element.attrib.update(LOOKS.get((element.tag, word), {}))
    for child in list(element):
        if axis and (child.tag == "title" or (axis == "x" and child.tag == "path")):
            element.remove(child)  # a line behind every column, or a label that says what is written there anyway
        else:
            _dress(child, axis=axis)
