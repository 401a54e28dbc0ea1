"""Handing prizes over: once, by whom it may, undone in time; coupons exactly once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from quizsvc.kit.db import transaction
from quizsvc.lottery import service as lottery
from tests.world import START, Phone, World, at_once, box

ALL_WIN = [box(cards=4, prizes={"tissue": 4})]


def winner(world: World) -> tuple[Phone, str]:
    """A citizen with a won tissue box, and its code."""
    phone = world.citizen()
    drawn = phone.draw(phone.earn_ticket()).get_json()
    return phone, str(drawn["award"]["code"])


def test_looking_up_changes_nothing_and_says_what_it_is(world: World) -> None:
    world.publish(round=ALL_WIN)
    phone = world.citizen()
    phone.put("me/region", json={"region": "s1c2"})
    code = phone.draw(phone.earn_ticket()).get_json()["award"]["code"]
    for shown in (code, f"{code[:4]} {code[4:8]} {code[8:]}", f"{code[:4]}-{code[4:8]}-{code[8:]}"):
        assert world.desk().post("redemptions/lookup", json={"code": shown}).get_json() == {
            "prize": {"code": "tissue", "name": "反诈抽纸"},
            "state": "won",
            "desk": {"code": "s1c2", "name": "乙社区"},
            "redeemed": None,
        }
    assert world.rows("SELECT state FROM awards") == [("won",)]


def test_the_table_holds_no_code_that_redeems(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    for table in ("awards", "draws", "audit"):
        for row in world.rows(f"SELECT * FROM {table}"):
            assert code not in repr(row)


def test_the_same_scan_answers_the_same_whatever_it_carries(world: World) -> None:
    world.publish(round=ALL_WIN)
    (_, code), (_, other_code) = winner(world), winner(world)
    scan = uuid4()
    first = world.desk().put(f"redemptions/{scan}", json={"code": code, "note": "本人"})
    for repeated in ({"code": code}, {"code": other_code, "note": "别的"}, {"code": "000000000000"}):
        assert world.desk().put(f"redemptions/{scan}", json=repeated).get_data() == first.get_data()
    assert world.count("redemptions") == 1
    assert world.desk("neighbour").put(f"redemptions/{scan}", json={"code": code}).status_code == 404


def test_only_clerks_under_the_campaigns_region_hand_prizes_over(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    for name in ("stranger", "auditor", "second"):
        desk = world.desk(name)
        assert desk.post("redemptions/lookup", json={"code": code}).get_json()["errcode"] == "lottery.award_unknown"
        assert desk.put(f"redemptions/{uuid4()}", json={"code": code}).status_code == 404
    assert world.count("redemptions") == 0


@pytest.mark.parametrize(
    ("code", "status", "errcode"),
    [
        ("123", 422, "lottery.code_mistyped"),
        ("000000000001", 422, "lottery.code_mistyped"),
        ("000000000000", 404, "lottery.award_unknown"),
    ],
)
def test_a_wrong_code_says_whether_it_was_mistyped(world: World, code: str, status: int, errcode: str) -> None:
    world.publish(round=ALL_WIN)
    answer = world.desk().post("redemptions/lookup", json={"code": code})
    assert (answer.status_code, answer.get_json()["errcode"]) == (status, errcode)


@pytest.mark.parametrize(
    ("later", "status"), [(timedelta(minutes=15), 200), (timedelta(minutes=15, milliseconds=1), 409)]
)
def test_a_clerk_undoes_the_own_scan_for_fifteen_minutes(
    world: World, clock: time_machine.Traveller, later: timedelta, status: int
) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    scan = uuid4()
    world.desk().put(f"redemptions/{scan}", json={"code": code})
    clock.move_to(START + later)
    assert world.desk("neighbour").post(f"redemptions/{scan}/undo", json={"reason": "拿错"}).status_code == 404
    assert world.desk().post(f"redemptions/{scan}/undo", json={"reason": "拿错"}).status_code == status
    assert world.desk("second").post(f"redemptions/{scan}/undo", json={"reason": "核实"}).status_code == 200
    again = world.desk().put(f"redemptions/{uuid4()}", json={"code": code})
    assert again.status_code == 200
    assert world.count("redemptions") == 2
    assert world.count("redemptions", "undone_at IS NULL") == 1


def test_undoing_twice_is_undoing_once(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    scan = uuid4()
    world.desk().put(f"redemptions/{scan}", json={"code": code})
    for reason in ("拿错", "又一次"):
        assert world.desk().post(f"redemptions/{scan}/undo", json={"reason": reason}).status_code == 200
    assert world.rows("SELECT undo_reason FROM redemptions") == [("拿错",)]
    assert world.count("audit", "act = 'award.undo'") == 1


@pytest.mark.parametrize(("before", "status"), [(timedelta(milliseconds=1), 200), (timedelta(0), 409)])
def test_an_award_expires_by_the_clock_whether_tick_ran_or_not(
    world: World, clock: time_machine.Traveller, before: timedelta, status: int
) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    clock.move_to(START + timedelta(days=45) - before)
    answer = world.desk().put(f"redemptions/{uuid4()}", json={"code": code})
    assert answer.status_code == status
    if status == 409:
        assert answer.get_json()["errcode"] == "lottery.award_expired"
        assert world.desk().post("redemptions/lookup", json={"code": code}).get_json()["state"] == "expired"
    with transaction():
        assert lottery.expire_awards(now=START + timedelta(days=45)) == (status == 409)


def test_coupons_go_to_their_winners_only_and_each_once(world: World) -> None:
    world.publish(round=[box(cards=3, prizes={"credit": 3})], rules={"max_wins": 1})
    people = [(phone, phone.earn_ticket()) for phone in [world.citizen() for _ in range(3)]]
    answers = at_once(*[lambda p=phone, t=ticket: p.draw(t) for phone, ticket in people])
    shown = [answer.get_json()["award"]["coupon"]["code"] for answer in answers]
    assert sorted(shown) == ["credit-0", "credit-1", "credit-2"]
    for (phone, _), code in zip(people, shown, strict=True):
        (award,) = phone.get("me/awards").get_json()["items"]
        assert award["coupon"]["code"] == code
        assert award["coupon"]["face_value_fen"] == 1000
    assert all(code not in repr(row) for code in shown for row in world.rows("SELECT * FROM coupons"))
