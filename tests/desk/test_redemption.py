"""Prizes over the counter: one input, one handover however often the form is sent, undone in time and with a reason."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from tests.desk.browser import Browser, at_desk
from tests.lottery.test_redemption import ALL_WIN, winner
from tests.materials.place import BOX, balances, lay_out, moved
from tests.world import COMMUNITY, START, World, box

PRIZES = [{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods", "material": BOX.code}]
GOODS: dict[str, Any] = {"prize": PRIZES, "round": [box(cards=4, prizes={"tissue": 4})]}


def look_up(browser: Browser, code: str) -> str:
    """Type a code into the input of an empty page; returns the address that a confirmation is sent to."""
    browser.open("/desk/redemption")
    browser.send("/desk/redemption/lookup", code=code)
    found = re.search(r'<form class="card scan" method="post" action="([^"]+)"', browser.page)
    assert found
    return found[1]


def confirm(browser: Browser, code: str) -> Any:
    """Look a code up and press Enter in the empty input."""
    return browser.send(look_up(browser, code), code=code, next="")


def standing(world: World) -> int:
    return world.count("redemptions", "undone_at IS NULL")


def test_looking_up_shows_the_prize_and_changes_nothing(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    browser = at_desk(world, "clerk")
    for typed in (code, f" {code[:4]} {code[4:8]} {code[8:]} ", "".join(chr(ord(digit) + 0xFEE0) for digit in code)):
        assert look_up(browser, typed).startswith("/desk/redemption/")
        assert "待领取 反诈抽纸 价值 8.00 元" in browser.text()
        assert "按回车确认发放" in browser.text()
    assert standing(world) == 0
    assert world.rows("SELECT state FROM awards") == [("won",)]


def test_enter_hands_over_once_however_often_it_is_pressed(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    browser = at_desk(world, "clerk")
    action = look_up(browser, code)
    token = browser.token()
    answers = [browser.open(action, "POST", data={"csrf_token": token, "code": code, "next": ""}) for _ in range(3)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, action)}
    assert browser.open(action).status_code == 200
    assert "已兑付 反诈抽纸" in browser.text()
    assert "今日我已发放 1 份" in browser.text()
    assert standing(world) == world.count("redemptions") == 1
    assert world.count("audit", "act = 'award.redeem' AND actor = 'clerk'") == 1


def test_the_next_code_scanned_too_early_is_looked_up_and_nothing_is_handed_over(world: World) -> None:
    world.publish(round=ALL_WIN)
    (_, code), (_, other) = winner(world), winner(world)
    browser = at_desk(world, "clerk")
    answer = browser.send(look_up(browser, code), code=code, next=other)
    assert answer.status_code == 200
    assert browser.hidden("code") == other
    assert standing(world) == 0


def test_an_empty_input_asks_for_nothing(world: World) -> None:
    world.publish()
    browser = at_desk(world, "clerk")
    browser.open("/desk/redemption")
    assert browser.send("/desk/redemption/lookup", code="  ").location == "/desk/redemption"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("123", 422, "兑奖码有误"),
        ("000000000001", 422, "输入的是“0000 0000 0001”"),
        ("000000000000", 404, "没有查到这个兑奖码"),
        ("<b>" * 20, 422, "兑奖码有误"),
    ],
)
def test_a_wrong_code_says_what_to_do_and_the_input_is_there_again(
    world: World, code: str, status: int, said: str
) -> None:
    world.publish()
    browser = at_desk(world, "clerk")
    browser.open("/desk/redemption")
    assert browser.send("/desk/redemption/lookup", code=code).status_code == status
    assert said in browser.text()
    assert "<b>" not in browser.page
    assert re.search(r'<input id="code"[^>]*name="code"[^>]*autofocus', browser.page)


def test_what_was_fetched_says_when_where_and_by_whom(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    confirm(at_desk(world, "neighbour"), code)
    clock.shift(timedelta(hours=2))
    browser = at_desk(world, "clerk")
    assert look_up(browser, code) == "/desk/redemption/lookup"
    assert "已领取 反诈抽纸 时间 2026-12-01 10:00 地点 乙社区 经手人 neighbour" in browser.text()


def test_two_desks_at_once_hand_over_once_and_the_second_is_told(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    first, second = at_desk(world, "clerk"), at_desk(world, "neighbour")
    here, there = look_up(first, code), look_up(second, code)
    assert first.send(here, code=code, next="").status_code == 303
    assert second.send(there, code=code, next="").status_code == 409
    assert "已领取" in second.text()
    assert "经手人 clerk" in second.text()
    assert standing(world) == 1


def test_what_expired_or_is_void_is_not_handed_over(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    browser = at_desk(world, "clerk")
    action = look_up(browser, code)
    clock.move_to(START + timedelta(days=45))
    browser = at_desk(world, "clerk")
    assert browser.send(action, code=code, next="").status_code == 409
    assert "已过期 反诈抽纸" in browser.text()
    assert look_up(browser, code) == "/desk/redemption/lookup"
    assert "已过期，不能发放" in browser.text()
    assert standing(world) == 0


def test_somebody_elses_campaign_is_not_handed_over_here(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    browser = at_desk(world, "stranger")
    browser.open("/desk/redemption")
    assert browser.send("/desk/redemption/lookup", code=code).status_code == 404
    assert browser.send(f"/desk/redemption/{uuid4()}", code=code, next="").status_code == 404
    assert standing(world) == 0


def test_goods_leave_the_store_and_an_empty_one_says_what_to_do(world: World) -> None:
    lay_out()
    world.publish(**GOODS)
    (_, code), (_, other) = winner(world), winner(world)
    moved(world.desk(), "receive", 1, store=COMMUNITY)
    browser = at_desk(world, "clerk")
    assert confirm(browser, code).status_code == 303
    assert balances(world) == {}
    assert confirm(browser, other).status_code == 409
    assert "窗口库存里没有这件奖品" in browser.text()
    assert "待领取 反诈抽纸" in browser.text()
    assert standing(world) == 1


# --- undoing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "status"), [(timedelta(minutes=15), 303), (timedelta(minutes=15, milliseconds=1), 409)]
)
def test_the_own_handover_is_undone_within_fifteen_minutes_and_with_a_reason(
    world: World, clock: time_machine.Traveller, later: timedelta, status: int
) -> None:
    lay_out()
    world.publish(**GOODS)
    _, code = winner(world)
    moved(world.desk(), "receive", 1, store=COMMUNITY)
    browser = at_desk(world, "clerk")
    action = confirm(browser, code).location
    browser.open(action)
    assert f"{action}/undo" in browser.page
    clock.move_to(START + later)
    browser.open(f"{action}/undo")
    assert browser.send(f"{action}/undo", reason="  ").status_code == 422
    assert "请写明撤销原因" in browser.text()
    assert standing(world) == 1
    assert browser.send(f"{action}/undo", reason="拿错").status_code == status
    assert standing(world) == (status != 303)
    assert sum(balances(world).values()) == (status == 303)


def test_a_colleague_cannot_undo_and_an_operator_can_later(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    action = confirm(at_desk(world, "clerk"), code).location
    clock.shift(timedelta(hours=3))
    for name in ("neighbour", "stranger"):
        other = at_desk(world, name)
        assert other.open(f"{action}/undo").status_code == 404
        assert other.send(f"{action}/undo", reason="我想撤销").status_code == 404
        assert other.open(action).status_code == 404
    operator = at_desk(world, "second")
    assert operator.open(f"{action}/undo").status_code == 200
    assert operator.send(f"{action}/undo", reason="核实为误操作").location == "/desk/"
    assert standing(world) == 0
    assert world.rows("SELECT undone_by, undo_reason FROM redemptions") == [("second", "核实为误操作")]


# --- the register -----------------------------------------------------------------------------------------------------


def test_the_register_lists_the_own_handovers_of_a_day_and_nobody_by_name(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(round=[box(cards=5, prizes={"tissue": 5})])
    codes = [winner(world)[1] for _ in range(5)]
    browser = at_desk(world, "clerk")
    clock.move_to(START.replace(hour=0))
    first = at_desk(world, "clerk")
    clock.move_to(START - timedelta(hours=10, milliseconds=1))
    browser = at_desk(world, "clerk")
    confirm(browser, codes[0])
    clock.move_to(START - timedelta(hours=10))
    confirm(first, codes[1])
    undone = confirm(first, codes[2]).location
    first.open(f"{undone}/undo")
    first.send(f"{undone}/undo", reason="拿错")
    confirm(at_desk(world, "neighbour"), codes[3])
    clock.move_to(START + timedelta(hours=1))
    browser = at_desk(world, "clerk")
    confirm(browser, codes[4])
    browser.open("/desk/redemption/register?day=2026-12-01")
    assert "共 2 份" in browser.text()
    assert "1 00:00 测试活动 反诈抽纸 甲社区 2 11:00 测试活动 反诈抽纸 甲社区" in browser.text()
    assert not [code for code in codes if code in browser.page]
    browser.open("/desk/redemption/register?day=2026-11-30")
    assert "共 1 份" in browser.text()
    for odd in ("", "?day=yesterday", "?day=2026-12-03"):
        assert browser.open(f"/desk/redemption/register{odd}").status_code == 200
    assert "这一天没有发放" in browser.text()
