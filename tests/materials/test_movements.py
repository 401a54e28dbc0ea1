"""Movements over HTTP: who may post what, what is refused, what a repeat hears, how the books stand afterwards."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from quizsvc.kit.clock import rfc3339
from quizsvc.kit.db import db, transaction
from quizsvc.materials import stock
from quizsvc.materials.rules import Material, Pack
from tests.materials.place import (
    BOX,
    VOLUNTEER,
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
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, World


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    lay_out()
    make_noise(world)


def test_every_act_moves_what_it_says_and_the_books_agree(world: World) -> None:
    before = books()
    operator, clerk, volunteer = world.desk("second"), world.desk(), str(VOLUNTEER)
    moved(operator, "receive", 10, pack="箱", store=STREET)
    moved(operator, "transfer", 100, store=STREET, to_store=COMMUNITY)
    moved(clerk, "issue", 40, store=COMMUNITY, volunteer=volunteer)
    moved(clerk, "hand_out", 7, volunteer=volunteer)
    moved(clerk, "hand_out", 3, store=COMMUNITY)
    moved(clerk, "return", 5, store=COMMUNITY, volunteer=volunteer)
    moved(clerk, "return", 2, store=COMMUNITY)
    moved(clerk, "loss", 1, volunteer=volunteer, reason="淋湿")
    counted = moved(clerk, "count", 61, store=COMMUNITY, reason="月末盘点")
    assert (counted["quantity"], counted["giver"], counted["taker"], counted["counted"]) == (
        1,
        None,
        f"store:{COMMUNITY}",
        61,
    )
    assert balances(world) == {
        "store:s2c1": 1000,
        f"store:{NEIGHBOUR}": 500,
        f"store:{STREET}": 140,
        f"store:{COMMUNITY}": 61,
        volunteer_name(): 27,
    }
    after = books()
    assert (after.received - before.received, after.difference, after.handed_out, after.lost, after.returned) == (
        240,
        1,
        10,
        1,
        2,
    )
    assert after.agrees
    assert (after.moved_in, after.moved_out) == (0, 0)
    assert wrong_balances() == []


@pytest.mark.parametrize(
    ("said", "status", "where"),
    [
        ({"quantity": 0}, 422, "quantity"),
        ({"quantity": -1}, 422, "quantity"),
        ({"quantity": 1.5}, 422, "quantity"),
        ({"quantity": 2.0}, 422, "quantity"),
        ({"quantity": "3"}, 422, "quantity"),
        ({"quantity": True}, 422, "quantity"),
        ({"quantity": 10**12}, 422, "quantity"),
        ({"quantity": 10_000_001}, 422, "quantity"),
        ({"quantity": 416_667, "pack": "箱"}, 422, "quantity"),
        ({"quantity": None}, 422, "quantity"),
        ({"material": "unheard-of"}, 404, "materials.unknown"),
        ({"material": None}, 422, "material"),
        ({"pack": "托"}, 404, "materials.pack_unknown"),
        ({"store": "s9"}, 404, "regions.unknown"),
        ({"store": None}, 422, "store"),
        ({"to_store": NEIGHBOUR}, 422, "store"),
        ({"volunteer": str(UUID(int=99))}, 404, "accounts.volunteer_unknown"),
        ({"occurred_at": rfc3339(START + timedelta(milliseconds=1))}, 422, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, 422, "occurred_at"),
        ({"occurred_at": "2026-11-30T10:00:00"}, 422, "occurred_at"),
        ({"reverses": str(uuid4())}, 422, "reverses"),
        ({"act": "give"}, 422, "act"),
        ({"act": "count", "quantity": 3, "pack": "箱"}, 422, "pack"),
        ({"act": "loss", "reason": ""}, 422, "reason"),
        ({"act": "transfer", "to_store": COMMUNITY}, 422, "store"),
        ({"id": "one"}, 422, "id"),
    ],
)
def test_what_cannot_be_moved_is_refused_and_changes_nothing(
    world: World, said: dict[str, Any], status: int, where: str
) -> None:
    wish: dict[str, Any] = {"act": "receive", "store": COMMUNITY, **said}
    before = (world.count("movements"), balances(world))
    answer = move(world.desk(), **wish)
    assert answer.status_code == status, answer.get_json()
    shown = answer.get_json()
    assert where in (shown["fields"] if status == 422 else shown["errcode"])
    assert (world.count("movements"), balances(world)) == before


@pytest.mark.parametrize("quantity", [10_000_000, 416_666])
def test_the_largest_quantity_is_taken(world: World, quantity: int) -> None:
    pack = {"pack": "箱"} if quantity < 1_000_000 else {}
    assert moved(world.desk(), "receive", quantity, store=COMMUNITY, **pack)["quantity"] in (10_000_000, 9_999_984)


def test_a_store_never_gives_more_than_it_has(world: World) -> None:
    clerk = world.desk()
    moved(clerk, "receive", 30, store=COMMUNITY)
    before = world.count("movements")
    for act, said in (("issue", {"volunteer": str(VOLUNTEER)}), ("hand_out", {}), ("loss", {}), ("return", {})):
        refused = move(clerk, act, 31, store=COMMUNITY, **said)
        assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.short")
        assert refused.get_json()["fields"] == {
            "material": BOX.code,
            "holder": f"store:{COMMUNITY}",
            "there": 30,
        }
    assert world.count("movements") == before
    assert world.count("holders", "kind = 'volunteer'") == 0
    moved(clerk, "hand_out", 30, store=COMMUNITY)
    assert f"store:{COMMUNITY}" not in balances(world)


def test_a_volunteers_overdraw_is_taken_and_flagged(world: World) -> None:
    clerk, volunteer = world.desk(), str(VOLUNTEER)
    moved(clerk, "receive", 30, store=COMMUNITY)
    moved(clerk, "issue", 10, store=COMMUNITY, volunteer=volunteer)
    assert moved(clerk, "hand_out", 10, volunteer=volunteer)["overdrawn"] is False
    assert moved(clerk, "hand_out", 4, volunteer=volunteer)["overdrawn"] is True
    assert balances(world)[volunteer_name()] == -4
    (line,) = [one for one in clerk.get("materials/stock").get_json()["items"] if one["kind"] == "volunteer"]
    assert (line["on_hand"], line["overdrawn"], line["volunteer"]) == (-4, True, volunteer)
    moved(clerk, "issue", 4, store=COMMUNITY, volunteer=volunteer)
    assert moved(clerk, "hand_out", 1, volunteer=volunteer)["overdrawn"] is True
    assert books().agrees


def test_the_tables_themselves_refuse_what_the_ledger_promises_against(world: World) -> None:
    receipt = moved(world.desk(), "receive", 5, store=COMMUNITY)
    undone = take_back(world.desk(), receipt["id"]).get_json()
    copied = (
        "INSERT INTO movements SELECT CAST(:new AS {uuid}), act, material, {quantity}, pack, factor, giver, taker,"
        " occurred_at, posted_at, posted_by, reason, ref, source, counted, {reverses}, {act}, belongs_to, overdrawn"
        " FROM movements WHERE id = :old"
    )
    kind = "TEXT" if db.engine.dialect.name == "sqlite" else "UUID"
    plain = {"uuid": kind, "quantity": "quantity", "reverses": "NULL", "act": "NULL"}
    broken = [
        ("UPDATE balances SET quantity = -1 WHERE holder = 'store:s1c1'", {}),
        ("UPDATE balances SET may_overdraw = true WHERE holder = 'store:s1c1'", {}),
        ("UPDATE holders SET may_overdraw = true WHERE kind = 'store'", {}),
        ("UPDATE packs SET factor = 0", {}),
        ("UPDATE packs SET factor = -1", {}),
        ("UPDATE movements SET quantity = 0", {}),
        (copied.format(**plain | {"quantity": "-1"}), {"old": receipt["id"]}),
        (copied.format(**plain | {"reverses": "id", "act": "'reversal'"}), {"old": undone["id"]}),
    ]
    for statement, values in broken:
        named = {name: uuid_value(value) for name, value in {**values, "new": str(uuid4())}.items()}
        needed = {name: value for name, value in named.items() if f":{name}" in statement}
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(statement), needed)


def uuid_value(value: str) -> str:
    """An id as a plain statement gives it to either database."""
    return value.replace("-", "") if db.engine.dialect.name == "sqlite" else value


def test_a_repeat_hears_the_first_answer_whatever_it_carries_and_whatever_has_changed(
    world: World, clock: time_machine.Traveller
) -> None:
    clerk, name = world.desk(), str(uuid4())
    moved(clerk, "receive", 5, store=COMMUNITY)
    first = move(clerk, "hand_out", 5, store=COMMUNITY, id=name)
    clock.shift(timedelta(hours=1))
    repeats: list[Callable[[], Any]] = [
        lambda: move(clerk, "hand_out", 5, store=COMMUNITY, id=name),
        lambda: move(clerk, "receive", 9, store="s9", material="unheard-of", id=name),
        lambda: take_back(clerk, str(uuid4()), id=name),
    ]
    for repeat in repeats:
        answer = repeat()
        assert (answer.status_code, answer.get_json()) == (200, first.get_json())
    assert f"store:{COMMUNITY}" not in balances(world)
    stranger = move(world.desk("neighbour"), "receive", 1, store=NEIGHBOUR, id=name)
    assert (stranger.status_code, stranger.get_json()["errcode"]) == (404, "materials.movement_unknown")


@pytest.mark.parametrize(
    ("name", "store", "status"),
    [
        ("clerk", COMMUNITY, 201),
        ("clerk", NEIGHBOUR, 403),
        ("clerk", STREET, 403),
        ("second", COMMUNITY, 201),
        ("second", STREET, 201),
        ("second", "s2c1", 403),
        ("second", "d", 403),
        ("auditor", COMMUNITY, 403),
        ("stranger", COMMUNITY, 403),
    ],
)
def test_a_clerk_posts_for_own_stores_and_an_operator_for_the_subtree(
    world: World, name: str, store: str, status: int
) -> None:
    assert move(world.desk(name), "receive", 1, store=store).status_code == status


def test_a_transfer_wants_a_role_over_both_stores(world: World) -> None:
    moved(world.desk(), "receive", 5, store=COMMUNITY)
    for name, status in (("clerk", 403), ("neighbour", 403), ("second", 201)):
        assert move(world.desk(name), "transfer", 1, store=COMMUNITY, to_store=NEIGHBOUR).status_code == status
    moved(world.desk(), "issue", 2, store=COMMUNITY, volunteer=str(VOLUNTEER))
    assert move(world.desk("neighbour"), "hand_out", 1, volunteer=str(VOLUNTEER)).status_code == 403


def test_stock_is_seen_by_those_who_hold_a_role_there_page_by_page(world: World) -> None:
    moved(world.desk(), "receive", 5, store=COMMUNITY)

    def seen(name: str, address: str = "materials/stock?limit=1") -> list[tuple[str, str, int]]:
        lines: list[tuple[str, str, int]] = []
        cursor = ""
        while True:
            page = world.desk(name).get(f"{address}{cursor}").get_json()
            lines += [(one["region"]["code"], one["material"]["code"], one["on_hand"]) for one in page["items"]]
            if page["next"] is None:
                return lines
            cursor = f"&cursor={page['next']}"

    own = [(COMMUNITY, "fan", 77), (COMMUNITY, "tissue-box", 5)]
    street = [(STREET, "fan", 77), *own, (NEIGHBOUR, "tissue-box", 500)]
    assert seen("clerk") == own
    assert seen("second") == seen("auditor") == street
    assert seen("operator") == [*street, ("s2c1", "tissue-box", 1000)]
    assert seen("second", f"materials/stock?region={COMMUNITY}&limit=1") == own
    assert world.desk().get(f"materials/stock?region={NEIGHBOUR}").status_code == 403
    assert world.desk().get("materials/stock?region=s9").status_code == 404
    (line,) = world.desk("neighbour").get("materials/stock").get_json()["items"]
    assert line["material"] == {
        "code": "tissue-box",
        "name": "反诈抽纸",
        "unit": "盒",
        "packs": [{"name": "箱", "factor": 24}],
    }


def test_a_factor_changed_later_changes_no_past_total(world: World) -> None:
    clerk = world.desk()
    receipt = moved(clerk, "receive", 2, pack="箱", store=COMMUNITY)
    before = books()
    with transaction():
        stock.load_materials([Material(BOX.code, BOX.name, BOX.unit, [Pack("箱", 30)])])
    assert (replace(books(), material=before.material), wrong_balances()) == (before, [])
    assert moved(clerk, "receive", 2, pack="箱", store=COMMUNITY)["quantity"] == 60
    assert take_back(clerk, receipt["id"]).get_json()["quantity"] == 48
    assert balances(world)[f"store:{COMMUNITY}"] == 60


def test_a_reversal_is_posted_once_and_never_of_a_reversal_or_a_count(world: World) -> None:
    clerk = world.desk()
    receipt = moved(clerk, "receive", 8, store=COMMUNITY)
    undone = take_back(clerk, receipt["id"])
    assert (undone.status_code, undone.get_json()["giver"], undone.get_json()["taker"]) == (
        201,
        f"store:{COMMUNITY}",
        "supplier",
    )
    again = take_back(clerk, receipt["id"])
    assert (again.status_code, again.get_json()["errcode"]) == (409, "materials.already_reversed")
    count = moved(clerk, "count", 3, store=COMMUNITY)
    for name in (undone.get_json()["id"], count["id"]):
        refused = take_back(clerk, name)
        assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.irreversible")
    assert take_back(clerk, str(uuid4())).status_code == 404
    assert take_back(world.desk("neighbour"), receipt["id"]).status_code == 403
    assert balances(world)[f"store:{COMMUNITY}"] == 3
    assert books().agrees


def test_what_came_and_was_passed_on_cannot_be_taken_back_from_an_empty_store(world: World) -> None:
    clerk = world.desk()
    receipt = moved(clerk, "receive", 8, store=COMMUNITY)
    issue = moved(clerk, "issue", 5, store=COMMUNITY, volunteer=str(VOLUNTEER))
    moved(clerk, "hand_out", 5, volunteer=str(VOLUNTEER))
    assert take_back(clerk, receipt["id"]).get_json()["errcode"] == "materials.short"
    taken = take_back(clerk, issue["id"]).get_json()
    assert (taken["overdrawn"], balances(world)[volunteer_name()]) == (True, -5)
    assert take_back(clerk, receipt["id"]).status_code == 201
    assert books().agrees
