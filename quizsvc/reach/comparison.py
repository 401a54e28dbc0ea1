"""Year on year and month on month: exact, over the same months, or 不可比 with the reason. Never a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quizsvc.kit.ratios import decimal, tenths_of
from quizsvc.reach.figures import Amount, Month, months_between

YEAR_ON_YEAR, MONTH_ON_MONTH = "同比", "环比"
UP, DOWN, SAME, INCOMPARABLE = "上升", "下降", "持平", "不可比"
MONTHS_IN_A_YEAR = 12
NAMED = 3  # missing months named in a reason
Amounts = Mapping[Month, Amount]  # without the months that are missing


@dataclass(frozen=True)
class Comparison:
    """Two periods side by side. An amount is None when a month of it is missing; `reason`: why it is 不可比, or ""."""

    name: str
    now: int | None
    base: int | None
    reason: str = ""

    @property
    def tenths(self) -> int | None:
        """The change in tenths of a percent, half up on the exact ratio whichever way it goes; None for 不可比."""
        if self.reason or self.now is None or not self.base:
            return None
        size = tenths_of(abs(self.now - self.base), self.base)
        return size if self.now > self.base else -size

    @property
    def said(self) -> str:
        """同比下降20.8%, 同比持平, 同比不可比（上年同期为0）.

        A change that would be shown as 0.0% is 持平: -0.04 % is no fall that anybody could check.
        """
        if (tenths := self.tenths) is None:
            return f"{self.name}{INCOMPARABLE}（{self.reason}）"
        if tenths == 0:
            return f"{self.name}{SAME}"
        return f"{self.name}{UP if tenths > 0 else DOWN}{decimal(abs(tenths))}%"


def year_on_year(amounts: Amounts, *, first: Month, last: Month) -> Comparison:
    """The months from first to last against the same months of the year before. ValueError beyond twelve months."""
    if not first <= last < first.plus(MONTHS_IN_A_YEAR):
        raise ValueError((first, last))
    months = months_between(first, last)
    before = [month.plus(-MONTHS_IN_A_YEAR) for month in months]
    return _compare(YEAR_ON_YEAR, amounts, months, before, base_name="上年同期")


def month_on_month(amounts: Amounts, month: Month) -> Comparison:
    """A month against the one before."""
    return _compare(MONTH_ON_MONTH, amounts, [month], [month.plus(-1)], base_name="上月")


def _compare(
    name: str, amounts: Amounts, months: Sequence[Month], before: Sequence[Month], *, base_name: str
) -> Comparison:
    now, base = _total(amounts, months), _total(amounts, before)
    if missing := [month.chinese for month in (*before, *months) if month not in amounts]:
        return Comparison(name, now, base, f"{_named(missing)}无数据")
    # A street's own figure counts what no community was told of: beside a sum over communities it would look like more.
    pairs = zip(months, before, strict=True)
    if unlike := [month.chinese for month, then in pairs if amounts[month].made_of != amounts[then].made_of]:
        return Comparison(name, now, base, f"{_named(unlike)}与{base_name}统计口径不同")
    return Comparison(name, now, base, "" if base else f"{base_name}为0")


def _named(months: Sequence[str]) -> str:
    more = f"等{len(months)}个月" if len(months) > NAMED else ""
    return f"{'、'.join(months[:NAMED])}{more}"


def _total(amounts: Amounts, months: Sequence[Month]) -> int | None:
    """None as soon as one month is missing: a partial sum would pass for a whole one."""
    return None if any(month not in amounts for month in months) else sum(amounts[month].value for month in months)


def say_period(first: Month, last: Month) -> str:
    """截至8月 for what begins in January, else 8月, 3月至8月, 2025年11月至2026年2月."""
    if first.year != last.year:
        return f"{first.chinese}至{last.chinese}"
    if first == last:
        return f"{last.month}月"
    return f"截至{last.month}月" if first.month == 1 else f"{first.month}月至{last.month}月"
