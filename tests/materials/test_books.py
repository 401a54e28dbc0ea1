"""Whatever happens, and in whatever order it is reported: the books agree, no store is below zero, rebuild is right."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from quizsvc.kit.clock import rfc3339
from quizsvc.kit.db import db, reading, transaction
from quizsvc.materials import rules, stock
from quizsvc.materials.rules import Flow
from quizsvc.regions import service as regions
from tests.accounts.test_staff import command
from tests.materials.place import BOX, FAN, balances, books, lay_out, make_noise, moved, take_back, wrong_balances
from tests.materials.place import move as asked
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, World

__all__ = ["command"]
STORES = (STREET, COMMUNITY, NEIGHBOUR)
VOLUNTEERS = [str(UUID(int=n)) for n in (1, 2)]


def random_movement(chance: Random, *, hours: int) -> dict[str, Any]:
    """Something that somebody may report now, of now or of some hours ago."""
    store, to_store = chance.sample(STORES, 2)
    keeper = chance.choice([{"store": store}, {"volunteer": chance.choice(VOLUNTEERS)}])
    both = {"store": store, "volunteer": chance.choice(VOLUNTEERS)}
    act, who = chance.choice(
        [
            ("receive", {"store": store}),
            ("issue", both),
            ("return", both),
            ("return", {"store": store}),
            ("transfer", {"store": store, "to_store": to_store}),
            ("hand_out", keeper),
            ("hand_out", keeper),
            ("loss", keeper),
            ("count", keeper),
        ]
    )
    back = chance.choice([0, 0, chance.randint(0, hours)])
    said: dict[str, Any] = {"act": act, "quantity": chance.randint(1, 40), **who}
    if back:
        said["occurred_at"] = rfc3339(START + timedelta(hours=hours - back))
    if act in {"receive", "issue"} and chance.random() < 0.3:
        said |= {"pack": "箱", "quantity": chance.randint(1, 3)}
    return said


def meant_for(holder: str, ledger: list[dict[str, Any]]) -> int:
    """What a holder should have, told anew: what was last counted, and what the count did not know of.

    That is what was posted before it and dated later, and what was posted after it and not dated earlier.
    """
    counts = [
        n for n, one in enumerate(ledger) if one["counted"] is not None and holder in (one["giver"], one["taker"])
    ]
    last = counts[-1] if counts else None
    total = 0 if last is None else int(ledger[last]["counted"])
    for n, one in enumerate(ledger):
        if last is not None:
            dated, counted = (datetime.fromisoformat(ledger[at]["occurred_at"]) for at in (n, last))
            if dated < counted or (n < last and dated == counted):
                continue
        if one["act"] != "count":
            total += one["quantity"] * ((one["taker"] == holder) - (one["giver"] == holder))
    return total


@pytest.mark.parametrize("seed", range(2))
def test_the_books_agree_after_a_thousand_random_events(world: World, clock: time_machine.Traveller, seed: int) -> None:
    lay_out()
    make_noise(world)
    noise: dict[str, Any] = {
        "act": "receive",
        "giver": "supplier",
        "taker": f"store:{NEIGHBOUR}",
        "quantity": 500,
        "counted": None,
    }
    noise["occurred_at"] = rfc3339(START)
    chance, desk, done = Random(seed), world.desk("second"), list[dict[str, Any]]()
    statuses: dict[int, int] = {}
    for event in range(1000):
        clock.move_to(START + timedelta(seconds=36 * event))
        if done and chance.random() < 0.1:
            answer = take_back(desk, chance.choice(done)["id"])
        else:
            answer = asked(desk, **random_movement(chance, hours=event // 100))
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if answer.status_code == 201:
            done.append(answer.get_json())
    assert set(statuses) <= {201, 404, 409}
    assert statuses[201] > 500
    keepers = [f"store:{code}" for code in STORES] + [f"volunteer:{volunteer}" for volunteer in VOLUNTEERS]
    meant = {name: meant_for(name, [noise, *done]) for name in keepers}
    assert {name: balances(world).get(name, 0) for name in keepers} == meant
    assert min(balance for name, balance in balances(world).items() if name.startswith("store:")) >= 0
    for material in (BOX, FAN):
        assert books(material.code).agrees
    with reading():
        for code in (*STORES, "s2", "d"):
            assert all(one.agrees for one in stock.list_accounts(regions.get_region(code))), code
    assert wrong_balances() == []


def test_a_balance_that_was_tampered_with_is_seen_and_made_anew(world: World, command: Any) -> None:
    lay_out()
    make_noise(world)
    clerk = world.desk()
    moved(clerk, "receive", 30, store=COMMUNITY)
    moved(clerk, "count", 28, store=COMMUNITY)
    right = world.rows("SELECT * FROM balances ORDER BY material, holder")
    for tampered in (
        "UPDATE balances SET quantity = 31 WHERE quantity = 28",
        "DELETE FROM balances WHERE quantity = 28",
    ):
        with transaction():
            db.session.execute(text(tampered))
        assert not books().agrees
        shown = command("materials", "stock")
        assert (shown.exit_code, "<>" in shown.output) == (1, True)
        rebuilt = command("materials", "rebuild", "--as", "operator")
        assert rebuilt.output.splitlines()[0].endswith("-> 28")
        assert world.rows("SELECT * FROM balances ORDER BY material, holder") == right
    assert command("materials", "rebuild", "--as", "operator").output == "0 balances were wrong\n"
    assert world.count("audit", "act = 'materials.rebuild'") == 2


def test_both_sides_of_the_books_are_read_at_one_moment(world: World, statements: list[str]) -> None:
    """In two statements, whatever is posted between them would look like a fault."""
    lay_out()
    make_noise(world)
    del statements[:]
    assert books().agrees
    assert sum("movements" in one or "balances" in one for one in statements) == 1


# --- the arithmetic alone ---------------------------------------------------------------------------------------------

FLOWS = st.builds(
    Flow,
    material=st.sampled_from(["box", "fan"]),
    other=st.sampled_from(["supplier", "public", "lost", "store", "volunteer"]),
    inward=st.booleans(),
    reversal=st.booleans(),
    quantity=st.integers(1, 10**9),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(FLOWS, max_size=30), st.lists(st.tuples(st.booleans(), st.integers(1, 99)), max_size=5))
def test_an_account_agrees_exactly_with_what_came_in_less_what_went_out(
    flows: list[Flow], counts: list[tuple[bool, int]]
) -> None:
    """Goods come from the supplier, or back by a reversal; they never come from the public otherwise."""
    possible = [flow for flow in flows if flow.other not in {"public", "lost"} or flow.inward == flow.reversal]
    everything = possible + [Flow("box", None, inward, False, quantity) for inward, quantity in counts]
    mine = [flow for flow in everything if flow.material == "box"]
    on_hand = sum(flow.quantity if flow.inward else -flow.quantity for flow in mine)
    material = rules.Material("box", "盒子", "盒")
    assert rules.account_of(material, everything, on_hand=on_hand).agrees
    assert not rules.account_of(material, everything, on_hand=on_hand + 1).agrees
