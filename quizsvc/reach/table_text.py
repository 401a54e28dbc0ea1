"""Every figure of a snapshot as rows of text, one figure a row."""

from collections.abc import Iterator, Sequence

from quizsvc.reach.snapshots import Snapshot, list_figures

HEADINGS = ("指标编号", "指标", "区分", "数值", "单位", "分母", "说明", "来源", "快照")


def rows_of(snapshot: Snapshot) -> Iterator[Sequence[str]]:
    """The headings, then the figures in the survey's order; money in 元 to the fen."""
    yield HEADINGS
    for one in list_figures(snapshot):
        apart = "、".join(snapshot.name(by, code) for by, code in one.of.items())
        value = "" if one.value is None else one.shown
        if one.value is not None and one.unit == "元":
            value = f"{one.value // 100}.{one.value % 100:02}"
        base = "" if one.base is None else str(one.base)
        said = (one.reason or "", one.source or "", snapshot.id)
        yield (one.metric.id, one.metric.name, apart, value, one.unit, base, *said)
