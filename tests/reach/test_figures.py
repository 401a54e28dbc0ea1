"""Months, revisions, and whose figure counts for a region: tables of cases, no database."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from quizsvc.reach.figures import (
    FILED,
    MEASURES,
    REPORTS,
    CaseRow,
    Figures,
    Month,
    Revision,
    add_up,
    find_faults,
    find_parts,
    find_repeated,
    months_between,
)
from quizsvc.regions.rules import Region
from tests.world import START

AUGUST = Month(2026, 8)
STREET = Region(UUID(int=1), "s1", "一街道", "street", "/s1/")
CHILDREN = {"d": ["s1", "s2"], "s1": ["c1", "c2"], "c1": ["b1", "b2"]}


def revision(region: str = "s1", no: int = 1, source: str = "公安分局", **figures: Any) -> Revision:
    return Revision(region, AUGUST, no, Figures(**figures), source, "operator", START)


def row(source: str = "公安分局", withdrawn: tuple[str, ...] = (), **figures: Any) -> CaseRow:
    return CaseRow("row 2", STREET, AUGUST, Figures(**figures), source, frozenset(withdrawn))


# --- months -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "reached"),
    [(0, (2026, 8)), (4, (2026, 12)), (5, (2027, 1)), (-7, (2026, 1)), (-8, (2025, 12)), (-12, (2025, 8))],
)
def test_months_go_on_over_the_year(months: int, reached: tuple[int, int]) -> None:
    assert AUGUST.plus(months) == Month(*reached)


def test_months_sort_as_they_come_and_are_written_so_that_text_does_too() -> None:
    months = months_between(Month(2025, 11), Month(2026, 2))
    assert [str(one) for one in months] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert sorted(months, reverse=True) == months[::-1]
    assert months_between(AUGUST, AUGUST) == [AUGUST]
    assert Month.of(date(2026, 8, 31)) == AUGUST
    assert AUGUST.chinese == "2026年8月"


# --- revisions --------------------------------------------------------------------------------------------------------


def test_what_was_said_before_is_a_repeat_also_when_it_was_corrected_since() -> None:
    first, second = revision(no=1, reports=40), revision(no=2, source="更正通报", reports=39)
    stood = [first, second]
    assert find_repeated(row(reports=40), stood) == first
    assert find_repeated(row("更正通报", reports=39), stood) == second
    for new in (row(reports=39), row("更正通报", reports=40), row(reports=40, filed=0), row(filed=40)):
        assert find_repeated(new, stood) is None
    assert find_repeated(row(reports=40), []) is None


@pytest.mark.parametrize(
    ("said", "standing", "faults"),
    [
        ({"reports": 39}, {"reports": 40}, []),
        ({"reports": 0}, {"reports": 40}, []),
        ({"reports": 39, "filed": 1, "loss_fen": 5}, {"reports": 40}, []),
        ({"reports": 39}, {"reports": 40, "filed": 7}, ["立案 is empty, and 7 stand"]),
        ({"reports": 39}, {"reports": 40, "filed": 0}, ["立案 is empty, and 0 stand"]),
        ({"reports": 39}, {"loss_fen": 150}, ["损失 is empty, and 150 fen stand"]),
        ({"reports": 39, "withdrawn": (FILED,)}, {"reports": 40, "filed": 7}, []),
        ({"reports": 39, "withdrawn": (FILED,)}, {"reports": 40}, ["no 立案 stands that could be withdrawn"]),
        ({"withdrawn": (REPORTS,)}, None, ["no 警情 stands that could be withdrawn"]),
        ({"reports": 39}, None, []),
    ],
)
def test_no_figure_is_lost_by_an_empty_cell(
    said: Mapping[str, Any], standing: Mapping[str, Any] | None, faults: list[str]
) -> None:
    stands = None if standing is None else Figures(**standing)
    assert [what for what, _ in find_faults(row(**said), stands)] == faults


# --- whose figure counts ----------------------------------------------------------------------------------------------


def summed(region: str, *revisions: Revision, measure: str = REPORTS) -> int | None:
    in_force = {(one.region, one.month): one for one in revisions}
    parts = find_parts(region, month=AUGUST, measure=measure, children=CHILDREN, in_force=in_force)
    return None if parts is None else add_up(parts, measure).value


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, None),
        ({"c1": 3}, None),  # not every community: no sum
        ({"c2": 4}, None),
        ({"c1": 3, "c2": 4}, 7),
        ({"c1": 0, "c2": 0}, 0),
        ({"s1": 9}, 9),
        ({"s1": 9, "c1": 3, "c2": 4}, 9),  # and never 16
        ({"s1": 0, "c1": 3, "c2": 4}, 0),
        ({"b1": 1, "b2": 2, "c2": 4}, 7),
        ({"b1": 1, "c1": 3, "c2": 4}, 7),
        ({"b1": 1, "c2": 4}, None),
        ({"d": 100, "s2": 8}, None),  # what lies above or beside says nothing of it
    ],
)
def test_a_regions_own_figure_wins_and_else_its_childrens_if_all_are_there(
    own: Mapping[str, int], wanted: int | None
) -> None:
    assert summed("s1", *(revision(code, reports=count) for code, count in own.items())) == wanted


def test_each_measure_is_made_up_by_itself() -> None:
    found = [revision("s1", filed=2), revision("c1", reports=3, filed=9), revision("c2", reports=4)]
    assert [summed("s1", *found, measure=measure) for measure in MEASURES] == [7, 2, None]


def test_a_region_above_adds_a_street_that_has_a_figure_to_one_that_is_made_up() -> None:
    found = [revision("c1", reports=3), revision("c2", reports=4), revision("s2", reports=5)]
    parts = find_parts(
        "d", month=AUGUST, measure=REPORTS, children=CHILDREN, in_force={(one.region, one.month): one for one in found}
    )
    assert parts is not None
    amount = add_up(parts, REPORTS)
    assert (amount.value, amount.made_of) == (12, frozenset({"c1", "c2", "s2"}))


def test_another_month_says_nothing_of_this_one() -> None:
    july = {("s1", AUGUST.plus(-1)): revision("s1", reports=9)}
    assert find_parts("s1", month=AUGUST, measure=REPORTS, children=CHILDREN, in_force=july) is None
