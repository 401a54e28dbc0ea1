"""Whom an act goes between, whose role it wants, what it changes: tables of cases, no database."""

from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from quizsvc.materials import rules
from quizsvc.materials.rules import Balance, Entry, Holder
from quizsvc.regions.rules import Region
from tests.world import START


def region(code: str) -> Region:
    return Region(uuid4(), code, code, "community", f"/s1/{code}/")


HERE, THERE = Holder("store", region("a")), Holder("store", region("b"))
SOMEBODY = Holder("volunteer", region("a"), UUID(int=1))
SUPPLIER, PUBLIC, LOST = Holder("supplier"), Holder("public"), Holder("lost")
WAYS = {
    ("receive", "s"): (SUPPLIER, HERE),
    ("issue", "sv"): (HERE, SOMEBODY),
    ("return", "sv"): (SOMEBODY, HERE),
    ("return", "s"): (HERE, SUPPLIER),
    ("transfer", "st"): (HERE, THERE),
    ("hand_out", "s"): (HERE, PUBLIC),
    ("hand_out", "v"): (SOMEBODY, PUBLIC),
    ("loss", "s"): (HERE, LOST),
    ("loss", "v"): (SOMEBODY, LOST),
    ("count", "s"): (HERE, None),
    ("count", "v"): (SOMEBODY, None),
}


@pytest.mark.parametrize("act", rules.ACTS)
def test_each_act_takes_its_own_holders_and_no_others(act: str) -> None:
    for named in product((False, True), repeat=3):
        letters = "".join(letter for letter, said in zip("stv", named, strict=True) if said)
        ends = rules.ends_of(
            act,
            store=HERE if named[0] else None,
            to_store=THERE if named[1] else None,
            volunteer=SOMEBODY if named[2] else None,
        )
        assert ends == WAYS.get((act, letters)), letters


def test_nothing_goes_from_a_store_to_itself() -> None:
    assert rules.ends_of("transfer", store=HERE, to_store=HERE, volunteer=None) is None


@pytest.mark.parametrize(
    ("giver", "taker", "codes"),
    [
        (SUPPLIER, HERE, ["a"]),
        (HERE, THERE, ["a", "b"]),
        (THERE, SOMEBODY, ["b"]),
        (SOMEBODY, THERE, ["b"]),
        (SOMEBODY, PUBLIC, ["a"]),
        (None, SOMEBODY, ["a"]),
        (HERE, None, ["a"]),
    ],
)
def test_the_stores_decide_who_may_post_and_else_the_volunteers_region(
    giver: Holder | None, taker: Holder | None, codes: list[str]
) -> None:
    assert [one.code for one in rules.regions_of(giver, taker)] == codes


def entry(giver: Holder | None, taker: Holder | None, *, hours: float) -> Entry:
    occurred_at = START + timedelta(hours=hours)
    return Entry(uuid4(), "transfer", "box", 5, giver, taker, occurred_at, "clerk")


@pytest.mark.parametrize(
    ("hours", "changes"),
    [(0.999, [(0, 5), (5, 0)]), (1, [(-5, 0), (5, 0)]), (1.001, [(-5, 0), (5, 0)])],
)
def test_only_who_counted_after_its_date_keeps_what_was_counted(hours: float, changes: list[tuple[int, int]]) -> None:
    balances = {("box", HERE.name): Balance(9, START + timedelta(hours=1)), ("box", THERE.name): Balance(0, None)}
    found = rules.changes_of(entry(HERE, THERE, hours=hours), balances)
    assert [(one.delta, one.difference) for one in found] == changes


def test_supplier_public_and_lost_keep_no_balance() -> None:
    balances = {("box", HERE.name): Balance(9, None)}
    for other in (SUPPLIER, PUBLIC, LOST):
        assert [one.holder for one in rules.changes_of(entry(HERE, other, hours=0), balances)] == [HERE]


@pytest.mark.parametrize(("there", "overdrawn"), [(5, False), (4, True), (-3, True)])
def test_a_volunteer_who_gives_more_than_is_there_is_flagged(there: int, overdrawn: bool) -> None:
    sheet = rules.sheet_of([entry(SOMEBODY, PUBLIC, hours=0)], {("box", SOMEBODY.name): Balance(there, None)})
    assert (sheet.lines[0].overdrawn, sheet.shortage) == (overdrawn, None)
    assert sheet.left == {("box", SOMEBODY.name): there - 5}
    taking = rules.sheet_of([entry(None, SOMEBODY, hours=0)], {("box", SOMEBODY.name): Balance(-20, None)})
    assert not taking.lines[0].overdrawn


@pytest.mark.parametrize(("there", "short"), [(10, None), (9, 4), (4, 4)])
def test_a_store_that_would_give_more_than_it_has_is_short_of_what_those_before_left(
    there: int, short: int | None
) -> None:
    """Two take five each; the first to find too few is told what was there."""
    balances = {("box", HERE.name): Balance(there, None), ("box", SOMEBODY.name): Balance(0, None)}
    sheet = rules.sheet_of([entry(HERE, SOMEBODY, hours=0), entry(HERE, PUBLIC, hours=0)], balances)
    assert sheet.shortage == (None if short is None else rules.Shortage("box", HERE.name, short))
    assert not any(line.overdrawn for line in sheet.lines)
