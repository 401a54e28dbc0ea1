"""Counting: what was counted stands, whatever is posted late; what came after the count goes on top."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.materials import service
from quizsvc.materials.rules import VOLUNTEER, Holder
from tests.materials.place import (
    BOX,
    balances,
    books,
    lay_out,
    make_noise,
    move,
    moved,
    take_back,
    volunteer_name,
    wrong_balances,
)
from tests.materials.place import VOLUNTEER as SOMEBODY
from tests.world import COMMUNITY, START, World

HOUR = timedelta(hours=1)
STORE = f"store:{COMMUNITY}"


def at(hours: float) -> str:
    return rfc3339(START + hours * HOUR)


@pytest.fixture(autouse=True)
def _begun(world: World) -> None:
    """A hundred boxes came at START, twenty were issued at once."""
    lay_out()
    make_noise(world)
    moved(world.desk(), "receive", 100, store=COMMUNITY)
    moved(world.desk(), "issue", 20, store=COMMUNITY, volunteer=str(SOMEBODY))


def differences(world: World) -> list[tuple[Any, ...]]:
    """Every count in the ledger: whose, how many, and whether it was counted or stands beside another movement."""
    rows = world.rows(
        "SELECT coalesce(giver, taker), CASE WHEN giver IS NULL THEN quantity ELSE -quantity END, counted"
        " FROM movements WHERE act = 'count'"
    )
    return sorted(rows, key=lambda row: row[1])


@pytest.mark.parametrize(("counted", "difference"), [(78, -2), (80, 0), (83, 3), (0, -80)])
def test_a_count_sets_the_store_to_what_was_found(world: World, counted: int, difference: int) -> None:
    posted = moved(world.desk(), "count", counted, store=COMMUNITY, reason="月末盘点")
    assert (posted["quantity"], posted["counted"]) == (abs(difference), counted)
    assert balances(world).get(STORE, 0) == counted
    assert differences(world) == [(STORE, difference, counted)]
    assert (books().difference, books().agrees, wrong_balances()) == (difference, True, [])


def test_a_hand_out_dated_before_the_count_and_posted_after_it_leaves_what_was_counted(
    world: World, clock: time_machine.Traveller
) -> None:
    clerk, volunteer = world.desk(), str(SOMEBODY)
    clock.move_to(START + 3 * HOUR)
    moved(clerk, "count", 14, volunteer=volunteer, occurred_at=at(2))  # six were handed out and not yet reported
    for hour, quantity in ((1, 4), (2, 1), (1.999, 2)):
        moved(clerk, "hand_out", quantity, volunteer=volunteer, occurred_at=at(hour))
    assert balances(world)[volunteer_name()] == 13  # only the one dated at the count, not before it, is taken off
    assert differences(world) == [
        (volunteer_name(), -6, 14),
        (volunteer_name(), 2, None),
        (volunteer_name(), 4, None),
    ]
    assert (books().handed_out, books().difference, books().agrees) == (7, 0, True)
    assert wrong_balances() == []


def test_an_empty_store_takes_a_hand_out_from_before_its_count(world: World, clock: time_machine.Traveller) -> None:
    clerk = world.desk()
    clock.move_to(START + 3 * HOUR)
    moved(clerk, "count", 0, store=COMMUNITY, occurred_at=at(2))
    moved(clerk, "hand_out", 5, store=COMMUNITY, occurred_at=at(1))
    assert move(clerk, "hand_out", 1, store=COMMUNITY, occurred_at=at(2)).get_json()["errcode"] == "materials.short"
    assert STORE not in balances(world)
    assert books().agrees


def test_a_correction_of_what_lies_before_the_count_leaves_what_was_counted(
    world: World, clock: time_machine.Traveller
) -> None:
    """Taken back and posted anew with another quantity: on both sides of the count, before and after it was posted."""
    clerk, volunteer = world.desk(), str(SOMEBODY)
    clock.move_to(START + 3 * HOUR)
    early = moved(clerk, "hand_out", 10, volunteer=volunteer, occurred_at=at(1))
    moved(clerk, "count", 9, volunteer=volunteer, occurred_at=at(2))
    late = moved(clerk, "hand_out", 3, volunteer=volunteer, occurred_at=at(1))
    for wrong in (early, late):
        assert take_back(clerk, wrong["id"]).status_code == 201
        assert balances(world)[volunteer_name()] == 9
    moved(clerk, "hand_out", 11, volunteer=volunteer, occurred_at=at(1))
    assert balances(world)[volunteer_name()] == 9
    assert (books().handed_out, books().difference, books().agrees, wrong_balances()) == (11, 0, True, [])


def test_what_is_dated_after_the_count_and_was_posted_before_it_goes_on_top(
    world: World, clock: time_machine.Traveller
) -> None:
    clerk = world.desk()
    clock.move_to(START + 3 * HOUR)
    moved(clerk, "receive", 50, store=COMMUNITY, occurred_at=at(2))
    moved(clerk, "count", 79, store=COMMUNITY, occurred_at=at(1))
    assert differences(world) == [(STORE, -1, 79)]
    assert balances(world)[STORE] == 129


def test_a_count_older_than_the_last_is_refused_and_a_later_one_puts_it_right(
    world: World, clock: time_machine.Traveller
) -> None:
    clerk = world.desk()
    clock.move_to(START + 3 * HOUR)
    moved(clerk, "count", 70, store=COMMUNITY, occurred_at=at(2))
    refused = move(clerk, "count", 75, store=COMMUNITY, occurred_at=at(1.999))
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.counted_since")
    moved(clerk, "count", 80, store=COMMUNITY, occurred_at=at(2))
    assert (balances(world)[STORE], books().difference) == (80, 0)


def test_one_stores_count_says_nothing_of_another_or_of_another_material(
    world: World, clock: time_machine.Traveller
) -> None:
    clerk = world.desk()
    clock.move_to(START + 3 * HOUR)
    moved(clerk, "count", 70, store=COMMUNITY, material="fan", occurred_at=at(2))
    moved(clerk, "count", 20, volunteer=str(SOMEBODY), occurred_at=at(2))
    moved(clerk, "hand_out", 5, store=COMMUNITY, occurred_at=at(1))
    moved(clerk, "return", 5, store=COMMUNITY, volunteer=str(SOMEBODY), occurred_at=at(1))
    assert (balances(world)[STORE], balances(world)[volunteer_name()]) == (80, 20)
    assert books().agrees


def test_hand_outs_of_other_slices_go_by_name_once_and_are_theirs_to_take_back(
    world: World, clock: time_machine.Traveller
) -> None:
    clock.move_to(START + 3 * HOUR)
    moved(world.desk(), "count", 18, volunteer=str(SOMEBODY), occurred_at=at(2))
    with reading():
        holder = Holder(VOLUNTEER, service.store_of(COMMUNITY).region, SOMEBODY)

    def hand_out(quantity: int) -> Any:
        with transaction():
            return service.hand_out(
                "tally-1",
                source="tally",
                material=BOX.code,
                quantity=quantity,
                pack="箱",
                holder=holder,
                occurred_at=START + HOUR,
                by="a volunteer",
                now=utcnow(),
            )

    first = hand_out(1)
    assert (first.quantity, first.overdrawn, balances(world)[volunteer_name()]) == (24, False, 18)
    assert hand_out(5) == first
    refused = take_back(world.desk(), str(first.id))
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.irreversible")
    for _ in range(2):
        with transaction():
            taken = service.take_back("tally-1", source="tally", reason="作废", by="a volunteer", now=utcnow())
        assert taken is not None
        assert (balances(world)[volunteer_name()], books().handed_out, books().agrees) == (18, 0, True)
    with transaction():
        assert service.take_back("tally-2", source="tally", reason="作废", by="a volunteer", now=utcnow()) is None
