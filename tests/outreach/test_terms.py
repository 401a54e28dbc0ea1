"""What becomes of standing assignments when the office asks for a stretch of service."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.outreach.rules import Assignment
from quizsvc.outreach.terms import Step, Term, cut, moved, settle
from quizsvc.regions.rules import Region

REGION = Region(UUID(int=1), "c1", "社区", "community", "/c1/")
TODAY = datetime(2026, 12, 10, tzinfo=UTC)
NOW = TODAY + timedelta(hours=10)
Span = tuple[int, int | None]


def day(number: int | None) -> datetime | None:
    return None if number is None else at(number)


def at(number: int) -> datetime:
    """So many days after the first of the month."""
    return datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=number - 1)


def assigned(*spans: Span) -> list[Assignment]:
    return [
        Assignment(UUID(int=n), UUID(int=99), REGION, at(first), day(end)) for n, (first, end) in enumerate(spans, 1)
    ]


def begin(starts_at: datetime, ends_at: datetime | None) -> Step:
    return Step(starts_at, ends_at)


@pytest.mark.parametrize(
    ("standing", "asked", "begun", "ends"),
    [
        # nothing stands
        ([], (None, None), [(TODAY, None)], {}),
        ([], (3, None), [(at(3), None)], {}),
        ([], (3, 5), [(at(3), at(5))], {}),
        # it stands already
        ([(3, None)], (3, None), [], {}),
        ([(3, None)], (None, None), [], {}),
        ([(3, 20)], (3, 20), [], {}),
        ([(20, None)], (None, None), [], {}),
        # an end is set, moved, lifted
        ([(3, None)], (3, 20), [], {1: 20}),
        ([(3, 20)], (3, 12), [], {1: 12}),
        ([(3, 12)], (3, 20), [], {1: 20}),
        ([(3, 20)], (3, None), [(at(20), None)], {}),
        # from later on: the end counts, the beginning stays
        ([(3, None)], (5, 20), [], {1: 20}),
        ([(3, None)], (5, None), [], {}),
        # from earlier on: what is missing goes in front
        ([(8, None)], (3, None), [(at(3), at(8))], {}),
        ([(8, 20)], (3, 20), [(at(3), at(8))], {}),
        ([(8, None)], (3, 20), [(at(3), at(8))], {1: 20}),
        # who stopped and comes back starts now; the gap stays
        ([(3, 7)], (3, None), [(NOW, None)], {}),
        ([(3, 7)], (None, None), [(TODAY, None)], {}),
        ([(3, 7), (10, None)], (3, None), [], {}),
        ([(3, 7), (10, None)], (3, 20), [], {2: 20}),
        # what only touches is something else, and so is what never held
        ([(3, 7)], (7, 9), [(at(7), at(9))], {}),
        ([(9, None)], (7, 9), [(at(7), at(9))], {}),
        ([(12, 12)], (11, 20), [(at(11), at(20))], {}),
    ],
)
def test_the_list_gets_what_it_says(
    standing: list[Span],
    asked: tuple[int | None, int | None],
    begun: list[tuple[datetime, datetime | None]],
    ends: dict[int, int],
) -> None:
    term = Term(REGION, day(asked[0]), day(asked[1]))
    steps = settle(term, assigned(*standing), today=TODAY, now=NOW)
    assert [(one.starts_at, one.ends_at) for one in steps if one.assignment is None] == begun
    assert {one.assignment.int: one.ends_at for one in steps if one.assignment} == {
        n: at(end) for n, end in ends.items()
    }


def test_who_left_today_and_comes_back_today_starts_now() -> None:
    left = [Assignment(UUID(int=1), UUID(int=99), REGION, at(3), TODAY + timedelta(hours=8))]
    assert settle(Term(REGION, None, None), left, today=TODAY, now=NOW) == [begin(NOW, None)]


spans = st.lists(
    st.integers(1, 30).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, 31))), max_size=4
)


@given(spans, st.booleans(), st.integers(1, 30), st.none() | st.integers(1, 30))
def test_asking_twice_is_asking_once_and_the_stretch_ends_where_asked(
    closed: list[Span], is_open: bool, first: int, length: int | None
) -> None:
    standing = assigned(*closed, *([(15, None)] if is_open else []))
    end = None if length is None else first + length
    term = Term(REGION, at(first), day(end))
    after = taken(standing, settle(term, standing, today=TODAY, now=NOW))
    assert settle(term, after, today=TODAY, now=NOW) == []
    assert sum(one.ends_at is None for one in after) <= 1
    assert all(one.ends_at is None or one.starts_at <= one.ends_at for one in after)
    lasting = [one for one in after if one.ends_at is None or one.starts_at < one.ends_at]
    assert any(one.covers(REGION, at=at(first)) for one in lasting)
    if end is not None:  # nothing that held in the stretch goes on after it
        assert not [
            one for one in lasting if one.starts_at < at(end) and (one.ends_at is None or one.ends_at > at(end))
        ]


def taken(standing: list[Assignment], steps: list[Step]) -> list[Assignment]:
    new = [
        Assignment(UUID(int=100 + n), UUID(int=99), REGION, one.starts_at, one.ends_at)
        for n, one in enumerate(steps)
        if one.assignment is None
    ]
    return moved(standing, steps) + new


@pytest.mark.parametrize(
    ("standing", "ends", "after"),
    [
        ((3, None), 9, (3, 9)),
        ((3, 20), 9, (3, 9)),
        ((3, 9), 9, (3, 9)),
        ((3, 7), 9, (3, 7)),
        ((12, None), 9, (12, 12)),
        ((12, 20), 9, (12, 12)),
        ((12, 12), 9, (12, 12)),
        ((9, None), 9, (9, 9)),
    ],
)
def test_nothing_reaches_beyond_a_cut(standing: Span, ends: int, after: Span) -> None:
    before = assigned(standing)
    steps = cut(before, ends_at=at(ends))
    assert moved(before, steps) == assigned(after)
    assert len(steps) == (standing != after)
