"""Year on year and month on month, in words: exact, whole, and without a cause."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.reach.comparison import Comparison, month_on_month, say_period, year_on_year
from quizsvc.reach.figures import Amount, Month, months_between
from quizsvc.reach.wording import say_money

AUGUST = Month(2026, 8)
HERE = frozenset({"s1"})


def amounts(year: int, values: Sequence[int | None], *, made_of: frozenset[str] = HERE) -> dict[Month, Amount]:
    """From January on; None is a missing month."""
    return {
        Month(year, number): Amount(value, made_of) for number, value in enumerate(values, start=1) if value is not None
    }


def until_august(now: Sequence[int | None], base: Sequence[int | None]) -> Comparison:
    noise = amounts(2024, [7] * 12) | {Month(2026, 9): Amount(999, HERE), Month(2025, 9): Amount(1, HERE)}
    found = noise | amounts(2026, now) | amounts(2025, base)
    return year_on_year(found, first=Month(2026, 1), last=AUGUST)


def spread(total: int) -> list[int]:
    """A total over eight months, unevenly."""
    return [total // 9] * 7 + [total - total // 9 * 7]


# --- published texts --------------------------------------------------------------------------------------------------


def test_the_years_text_says_how_cases_changed() -> None:
    compared = until_august(spread(190), spread(240))
    said = f"{say_period(Month(2026, 1), AUGUST)}电信网络诈骗案件{compared.said}"
    assert said == "截至8月电信网络诈骗案件同比下降20.8%"
    assert (compared.now, compared.base) == (190, 240)


def test_a_districts_published_figures_come_out_as_they_were_published() -> None:
    reports, filed = until_august(spread(389), spread(404)), until_august(spread(181), spread(230))
    loss = until_august(spread(958_700_000), spread(2_169_000_000))
    assert f"警情{reports.now}起，{reports.said}" == "警情389起，同比下降3.7%"
    assert f"立案{filed.now}起，{filed.said}" == "立案181起，同比下降21.3%"
    assert f"损失{say_money(loss.now or 0)}，{loss.said}" == "损失958.7万元，同比下降55.8%"


# --- the rate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "base", "said"),
    [
        (399, 400, "同比下降0.3%"),  # 0.25: half up, not to even
        (401, 400, "同比上升0.3%"),
        (1993, 2000, "同比下降0.4%"),  # 0.35, which no float is
        (1_998_999, 2_000_000, "同比下降0.1%"),  # 0.05005
        (1999, 2000, "同比下降0.1%"),  # 0.05
        (99_960, 100_000, "同比持平"),  # -0.04
        (100_049, 100_000, "同比持平"),  # 0.049
        (100_050, 100_000, "同比上升0.1%"),
        (8, 8, "同比持平"),
        (8, 4, "同比上升100.0%"),
        (25, 10, "同比上升150.0%"),
        (0, 7, "同比下降100.0%"),
        (10**17 - 1, 2, "同比上升4999999999999999850.0%"),
        (999_499, 1_000_000, "同比下降0.1%"),
        (0, 0, "同比不可比（上年同期为0）"),
        (5, 0, "同比不可比（上年同期为0）"),
    ],
)
def test_a_change_is_said_to_one_decimal_half_up(now: int, base: int, said: str) -> None:
    assert until_august(spread(now), spread(base)).said == said


@given(now=st.integers(0, 10**15), base=st.integers(1, 10**15))
def test_a_change_is_the_exact_ratio_rounded_half_up(now: int, base: int) -> None:
    with localcontext(prec=60):
        exact = Decimal(abs(now - base)) * 100 / base
        shown = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    said = until_august(spread(now), spread(base)).said
    word = "上升" if now > base else "下降"
    assert said == ("同比持平" if shown == 0 else f"同比{word}{shown}%")


# --- the same months --------------------------------------------------------------------------------------------------

FULL = [5] * 8


@pytest.mark.parametrize(
    ("now", "base", "reason"),
    [
        (FULL, [5, 5, None, 5, 5, 5, 5, 5], "2025年3月无数据"),
        ([5, 5, None, 5, 5, 5, 5, 5], FULL, "2026年3月无数据"),
        (FULL[:7], FULL, "2026年8月无数据"),
        (FULL, FULL[:7], "2025年8月无数据"),
        ([None, *FULL[1:]], [None, *FULL[1:]], "2025年1月、2026年1月无数据"),
        (FULL, [], "2025年1月、2025年2月、2025年3月等8个月无数据"),
    ],
)
def test_a_missing_month_on_either_side_makes_it_incomparable(
    now: list[int | None], base: list[int | None], reason: str
) -> None:
    compared = until_august(now, base)
    assert compared.said == f"同比不可比（{reason}）"
    assert compared.tenths is None
    assert (compared.now is None) is (len(now) < 8 or None in now)
    assert (compared.base is None) is (len(base) < 8 or None in base)


def test_a_month_without_a_case_is_not_missing() -> None:
    assert until_august([0] * 7 + [3], [0] * 7 + [4]).said == "同比下降25.0%"


def test_what_is_counted_otherwise_is_not_compared() -> None:
    """A street's own figure against the sum over its communities."""
    summed = amounts(2025, FULL) | {Month(2025, 2): Amount(4, frozenset({"s1c1", "s1c2"}))}
    compared = year_on_year(amounts(2026, FULL) | summed, first=Month(2026, 1), last=AUGUST)
    assert compared.said == "同比不可比（2026年2月与上年同期统计口径不同）"
    both = summed | amounts(2026, FULL) | {Month(2026, 2): Amount(3, frozenset({"s1c2", "s1c1"}))}
    assert year_on_year(both, first=Month(2026, 1), last=AUGUST).said == "同比下降2.6%"


def test_a_period_may_cross_the_year_and_lasts_a_year_at_most() -> None:
    first, last = Month(2025, 12), Month(2026, 11)
    found: Mapping[Month, Amount] = {
        month: Amount(3 if month >= first else 2, HERE) for month in months_between(Month(2024, 12), last)
    }
    assert year_on_year(found, first=first, last=last).said == "同比上升50.0%"
    for wrong in (Month(2026, 12), Month(2025, 11)):
        with pytest.raises(ValueError, match="Month"):
            year_on_year(found, first=first, last=wrong)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (6, 5, "环比上升20.0%"),
        (6, None, "环比不可比（2025年12月无数据）"),
        (None, 5, "环比不可比（2026年1月无数据）"),
        (6, 0, "环比不可比（上月为0）"),
        (5, 5, "环比持平"),
    ],
)
def test_a_month_is_compared_with_the_one_before(now: int | None, before: int | None, said: str) -> None:
    found = amounts(2025, [9] * 11 + [before]) | amounts(2026, [now, 50])
    assert month_on_month(found, Month(2026, 1)).said == said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (Month(2026, 1), Month(2026, 8), "截至8月"),
        (Month(2026, 1), Month(2026, 1), "1月"),
        (Month(2026, 3), Month(2026, 8), "3月至8月"),
        (Month(2026, 8), Month(2026, 8), "8月"),
        (Month(2025, 11), Month(2026, 2), "2025年11月至2026年2月"),
    ],
)
def test_a_period_is_said_by_its_months(first: Month, last: Month, said: str) -> None:
    assert say_period(first, last) == said


def test_no_word_claims_a_cause() -> None:
    said = [until_august(spread(now), spread(base)).said for now in (0, 3, 9) for base in (0, 3, 9)]
    assert not any(word in text for text in said for word in ("因", "使", "促", "成效", "效果", "得益", "由于"))
