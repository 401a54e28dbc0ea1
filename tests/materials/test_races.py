"""Many at once: a store gives what it has and no more, nobody waits for ever, one name is one movement."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from werkzeug.test import TestResponse

from quizsvc.kit.clock import rfc3339
from tests.materials.place import (
    VOLUNTEER,
    balances,
    books,
    lay_out,
    make_noise,
    move,
    moved,
    take_back,
    wrong_balances,
)
from tests.world import COMMUNITY, NEIGHBOUR, START, Phone, World, at_once

TURNS = pytest.mark.parametrize("turn", range(3))
STORE = f"store:{COMMUNITY}"


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    lay_out()
    make_noise(world)


@TURNS
def test_fifty_issues_of_one_from_a_stock_of_thirty_are_thirty(world: World, turn: int) -> None:
    clerk = world.desk()
    moved(clerk, "receive", 30, store=COMMUNITY)
    volunteers = [str(UUID(int=1 + n % 5)) for n in range(50)]
    answers = at_once(*[lambda v=one: move(clerk, "issue", 1, store=COMMUNITY, volunteer=v) for one in volunteers])
    assert Counter(answer.status_code for answer in answers) == {201: 30, 409: 20}
    refused = [answer.get_json() for answer in answers if answer.status_code == 409]
    assert {(one["errcode"], one["fields"]["there"]) for one in refused} == {("materials.short", 0)}
    kept = balances(world)
    assert STORE not in kept
    assert sum(quantity for name, quantity in kept.items() if name.startswith("volunteer:")) == 30
    assert world.count("movements", "act = 'issue'") == 30
    assert books().agrees
    assert wrong_balances() == []


@TURNS
def test_opposite_transfers_at_once_do_not_wait_for_each_other(world: World, turn: int) -> None:
    operator = world.desk("second")
    moved(operator, "receive", 500, store=COMMUNITY)
    ways = [(COMMUNITY, NEIGHBOUR), (NEIGHBOUR, COMMUNITY)]
    answers = at_once(
        *[
            lambda w=ways[n % 2], q=1 + n % 2: move(operator, "transfer", q, store=w[0], to_store=w[1])
            for n in range(24)
        ]
    )
    assert {answer.status_code for answer in answers} == {201}
    kept = balances(world)
    assert (kept[STORE], kept[f"store:{NEIGHBOUR}"]) == (512, 488)
    assert wrong_balances() == []


@TURNS
def test_one_name_from_twenty_threads_is_one_movement_with_one_answer(world: World, turn: int) -> None:
    """Also when it takes the last box: who comes second must hear the first answer, not that nothing is left."""
    clerk, name = world.desk(), str(uuid4())
    moved(clerk, "receive", 1, store=COMMUNITY)
    answers = at_once(*[lambda: move(clerk, "hand_out", 1, store=COMMUNITY, id=name) for _ in range(20)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert len({answer.get_data() for answer in answers}) == 1
    assert world.count("movements", "act = 'hand_out'") == 1
    assert STORE not in balances(world)


@TURNS
def test_one_count_from_many_threads_is_one_count(world: World, clock: time_machine.Traveller, turn: int) -> None:
    """Whatever else they carry: who is dated earlier and comes second must not be refused as counted since."""
    clerk, name = world.desk(), str(uuid4())
    moved(clerk, "receive", 9, store=COMMUNITY)
    clock.shift(timedelta(hours=1))
    dated = [rfc3339(START + timedelta(minutes=n)) for n in range(12)]
    answers = at_once(
        *[lambda d=one: move(clerk, "count", 7, store=COMMUNITY, id=name, occurred_at=d) for one in reversed(dated)]
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 11}
    assert len({answer.get_data() for answer in answers}) == 1
    assert balances(world)[STORE] == 7


@TURNS
def test_one_movement_is_taken_back_once_by_many(world: World, turn: int) -> None:
    clerk = world.desk()
    receipt = moved(clerk, "receive", 9, store=COMMUNITY)
    moved(clerk, "receive", 100, store=COMMUNITY)
    answers = at_once(*[lambda: take_back(clerk, receipt["id"]) for _ in range(12)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    assert {answer.get_json()["errcode"] for answer in answers if answer.status_code == 409} == {
        "materials.already_reversed"
    }
    assert balances(world)[STORE] == 100


@pytest.mark.parametrize("turn", range(6))
def test_a_count_at_once_with_late_hand_outs_ends_at_what_was_counted(
    world: World, clock: time_machine.Traveller, turn: int
) -> None:
    """Whichever comes first: those before the count are in it, those after it are made up for."""
    clerk = world.desk()
    moved(clerk, "receive", 100, store=COMMUNITY)
    moved(clerk, "issue", 10, store=COMMUNITY, volunteer=str(VOLUNTEER))
    clock.shift(timedelta(hours=2))
    dated, counted = rfc3339(START), rfc3339(START + timedelta(hours=1))
    handing = [lambda: move(clerk, "hand_out", 1, store=COMMUNITY, occurred_at=dated) for _ in range(8)]
    counting = [lambda: move(clerk, "count", 60, store=COMMUNITY, occurred_at=counted)]
    answers = at_once(*handing[:4], *counting, *handing[4:])
    assert {answer.status_code for answer in answers} == {201}
    assert balances(world)[STORE] == 60
    assert (books().handed_out, books().agrees, wrong_balances()) == (8, True, [])


@TURNS
def test_a_rebuild_while_others_post_finds_nothing_wrong_and_breaks_nothing(world: World, turn: int) -> None:
    clerk = world.desk()
    moved(clerk, "receive", 30, store=COMMUNITY)
    wrong: list[tuple[str, str, int, int]] = []

    def rebuild() -> TestResponse:
        with world.app.app_context():
            wrong.extend(wrong_balances())
        return Phone(world.app).get("/healthz")

    issuing = [lambda: move(clerk, "issue", 1, store=COMMUNITY, volunteer=str(VOLUNTEER)) for _ in range(20)]
    answers = at_once(*issuing[:10], rebuild, rebuild, *issuing[10:])
    assert Counter(answer.status_code for answer in answers) == {201: 20, 200: 2}
    assert (wrong, wrong_balances()) == ([], [])
    assert balances(world)[STORE] == 10
