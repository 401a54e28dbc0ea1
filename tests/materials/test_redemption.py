"""A prize of goods leaves the desk's store in the redemption's own transaction, and comes back when it is undone."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from quizsvc.kit.problems import FileRefused
from tests.lottery.test_redemption import winner
from tests.materials.place import BOX, VOLUNTEER, balances, books, lay_out, make_noise, moved, take_back, wrong_balances
from tests.world import COMMUNITY, NEIGHBOUR, START, Phone, World, at_once, box

STORE = f"store:{COMMUNITY}"
PRIZES = [{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods", "material": BOX.code}]
BOXED: dict[str, Any] = {"prize": PRIZES, "round": [box(cards=4, prizes={"tissue": 4})]}


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    lay_out()
    make_noise(world)
    world.publish(**BOXED)


def redeem(desk: Phone, code: str, *, scan: str | None = None) -> Any:
    return Phone(desk.app, token=desk.token).put(f"redemptions/{scan or uuid4()}", json={"code": code})


def test_one_box_leaves_the_desks_store_with_the_redemption_and_once(world: World) -> None:
    moved(world.desk(), "receive", 5, store=COMMUNITY)
    (_, code), scan = winner(world), str(uuid4())
    for _ in range(3):
        assert redeem(world.desk(), code, scan=scan).status_code == 200
    assert balances(world)[STORE] == 4
    assert world.rows("SELECT act, quantity, giver, taker, ref FROM movements WHERE source = 'redemption'") == [
        ("hand_out", 1, STORE, "public", scan)
    ]
    assert (books().handed_out, books().agrees) == (1, True)


def test_nothing_in_the_store_refuses_the_redemption_and_the_award_stays_won(world: World) -> None:
    _, code = winner(world)
    desk, scan = world.desk(), str(uuid4())
    refused = redeem(desk, code, scan=scan)
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.short")
    assert refused.get_json()["fields"] == {"material": BOX.code, "holder": STORE, "there": 0}
    assert world.rows("SELECT state FROM awards") == [("won",)]
    assert (world.count("redemptions"), world.count("audit", "act = 'award.redeem'")) == (0, 0)
    assert world.count("movements", "source = 'redemption'") == 0
    moved(desk, "receive", 1, store=COMMUNITY)
    assert redeem(desk, code, scan=scan).status_code == 200
    assert STORE not in balances(world)


def test_undoing_puts_the_box_back_once_and_the_prize_can_be_handed_over_again(world: World) -> None:
    desk = world.desk()
    moved(desk, "receive", 1, store=COMMUNITY)
    (_, code), scan = winner(world), str(uuid4())
    redeem(desk, code, scan=scan)
    for _ in range(2):
        assert desk.post(f"redemptions/{scan}/undo", json={"reason": "拿错"}).status_code == 200
        assert balances(world)[STORE] == 1
    assert redeem(desk, code).status_code == 200
    assert STORE not in balances(world)
    assert (books().handed_out, books().agrees, wrong_balances()) == (1, True, [])


def test_an_undo_after_a_count_leaves_what_was_counted(world: World, clock: time_machine.Traveller) -> None:
    desk = world.desk()
    moved(desk, "receive", 5, store=COMMUNITY)
    (_, code), scan = winner(world), str(uuid4())
    redeem(desk, code, scan=scan)
    clock.move_to(START + timedelta(minutes=5))
    moved(desk, "count", 5, store=COMMUNITY)  # the box never left
    assert desk.post(f"redemptions/{scan}/undo", json={"reason": "拿错"}).status_code == 200
    assert (balances(world)[STORE], books().handed_out, books().difference) == (5, 0, 0)


def test_what_a_redemption_moved_is_taken_back_by_undoing_it_alone(world: World) -> None:
    desk = world.desk()
    moved(desk, "receive", 1, store=COMMUNITY)
    _, code = winner(world)
    redeem(desk, code)
    ((movement_id,),) = world.rows("SELECT id FROM movements WHERE source = 'redemption'")
    refused = take_back(desk, str(movement_id))
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "materials.irreversible")
    assert STORE not in balances(world)


def test_a_prize_without_a_material_moves_nothing_and_its_rules_read_as_before(world: World) -> None:
    plain = {name: value for name, value in PRIZES[0].items() if name != "material"}
    world.publish(**{**BOXED, "slug": "plain", "prize": [plain]})
    ((rules,),) = world.rows("SELECT rules FROM campaign_versions WHERE rules LIKE '%plain%'")
    assert "material" not in rules
    phone = world.citizen(consents_to="plain")
    code = phone.draw(phone.earn_ticket("plain")).get_json()["award"]["code"]
    before = world.count("movements")
    scan = str(uuid4())
    assert redeem(world.desk(), code, scan=scan).status_code == 200
    assert world.desk().post(f"redemptions/{scan}/undo", json={"reason": "拿错"}).status_code == 200
    assert world.count("movements") == before


@pytest.mark.parametrize("turn", range(3))
def test_the_last_box_goes_to_one_of_two_winners_at_two_clerks(world: World, turn: int) -> None:
    desk = world.desk()
    moved(desk, "receive", 1, store=COMMUNITY)
    codes = [winner(world)[1] for _ in range(4)]
    answers = at_once(*[lambda c=code: redeem(desk, c) for code in codes])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    assert {one.get_json()["errcode"] for one in answers if one.status_code == 409} == {"materials.short"}
    assert Counter(world.rows("SELECT state FROM awards")) == {("redeemed",): 1, ("won",): 3}
    assert (STORE in balances(world), books().handed_out, books().agrees) == (False, 1, True)


def test_each_desk_gives_from_its_own_store(world: World) -> None:
    moved(world.desk(), "receive", 1, store=COMMUNITY)
    moved(world.desk(), "issue", 1, store=COMMUNITY, volunteer=str(VOLUNTEER))
    _, code = winner(world)
    assert redeem(world.desk(), code).status_code == 409
    assert redeem(world.desk("neighbour"), code).status_code == 200
    assert balances(world)[f"store:{NEIGHBOUR}"] == 499


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"material": "unheard-of"}, "there is no material unheard-of"), ({"kind": "coupon"}, "names a material")],
)
def test_a_prize_with_a_material_that_cannot_be_is_not_published(
    world: World, changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(FileRefused, match=what):
        world.publish(**{**BOXED, "slug": "wrong", "prize": [{**PRIZES[0], **changes}]})
