"""What a survey of campaigns found: figures by metric id, each with what it is shown apart by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from quizsvc.kit.ratios import decimal, tenths_of
from quizsvc.reach.metrics import PERCENT, Metric, get_metric

LEAST_SAMPLE = 30
TOO_FEW = "样本不足"
NO_RESIDENTS = "常住人口未知"
NOTHING_TO_DIVIDE_BY = "无数据"
HIDDEN_BELOW = 5
LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class Period:
    """Shanghai days from the first to the last, both counted."""

    first: date
    last: date

    @classmethod
    def cut(cls, first: date, last: date) -> "Period":
        """From the first to the last day, or to ten years after the first where that is earlier."""
        return cls(first, min(last, first + LONGEST))

    @property
    def days(self) -> Sequence[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Figure:
    """One figure. `value`: an integer in the metric's unit, money in fen, a rate in tenths of a percent.

    None is not known, and `reason` says why. `of` names what it is shown apart by, as in {"material": "fan"};
    empty for the whole. `base` is what a rate was divided by, `own_unit` a material's,
    `source` who says so and as of when, where that is somebody else.
    """

    metric: Metric
    value: int | None
    of: Mapping[str, str] = field(default_factory=dict)
    base: int | None = None
    reason: str | None = None
    own_unit: str | None = None
    source: str | None = None

    @property
    def unit(self) -> str:
        return self.metric.unit or self.own_unit or ""

    @property
    def shown(self) -> str:
        """The figure as people read it, without its unit."""
        if self.value is None:
            return self.reason or NOTHING_TO_DIVIDE_BY
        if self.metric.unit == PERCENT:
            return decimal(self.value)
        return str(self.value)


@dataclass(frozen=True)
class Survey:
    """Figures of some campaigns in a period and a region. `as_of`: all that happened before then is counted."""

    as_of: datetime
    period: Period
    region: str
    campaigns: Sequence[str]
    figures: Sequence[Figure]

    def of(self, metric_id: str, **apart: str) -> Figure:
        """The one figure of a metric that is shown apart by exactly this; LookupError."""
        get_metric(metric_id)
        return next(one for one in self.figures if one.metric.id == metric_id and dict(one.of) == apart)

    def all_of(self, metric_id: str, by: str) -> list[Figure]:
        """A metric's figures apart by one thing, in their order."""
        return [one for one in self.figures if one.metric.id == metric_id and set(one.of) == {by}]


def rate_of(metric_id: str, part: int, whole: int, least: int = 1, /, **apart: str) -> Figure:
    """A rate in tenths of a percent, half up on the exact ratio; not known when there is too little to divide by."""
    metric = get_metric(metric_id)
    if whole < least:
        reason = TOO_FEW if whole else NOTHING_TO_DIVIDE_BY
        return Figure(metric, None, apart, base=whole, reason=reason)
    return Figure(metric, tenths_of(part, whole), apart, base=whole)


def count_of(metric_id: str, value: int, *, unit: str | None = None, **apart: str) -> Figure:
    """A count, or a sum in fen."""
    return Figure(get_metric(metric_id), value, apart, own_unit=unit)


def hide_few(figures: Iterable[Figure]) -> list[tuple[Figure, str]]:
    """Figures for everybody, each with how it is shown: 1 to 4 as <5, and then without its value."""
    found = []
    for one in figures:
        few = one.value is not None and 0 < one.value < HIDDEN_BELOW
        shown = f"<{HIDDEN_BELOW}" if few else one.shown
        hidden = Figure(one.metric, None, one.of, one.base, one.reason, one.own_unit) if few else one
        found.append((hidden, shown))
    return found
