"""The first page: what waits for whom, and figures of the own region alone."""

from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import update

from quizsvc.backoffice import waiting
from quizsvc.backoffice.desk import today
from quizsvc.backoffice.desk.access import PAGES
from quizsvc.backoffice.desk.today import PAGE_OF
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.lottery.models import AwardRecord
from quizsvc.materials import stock
from tests.desk.browser import at_desk
from tests.lottery.test_redemption import winner
from tests.materials.place import BOX, MATERIALS, VOLUNTEER, lay_out, move, moved
from tests.outreach.place import volunteer
from tests.outreach.reports import send, tally
from tests.world import COMMUNITY, NEIGHBOUR, START, World, box

PRIZES = [{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods", "material": BOX.code}]
GOODS: dict[str, Any] = {"prize": PRIZES, "round": [box(cards=4, prizes={"tissue": 4})]}


def waiting_for(world: World, name: str) -> list[tuple[str, int, int]]:
    """What the first page tells somebody: kind, count, how many there are."""
    staff = world.member(name)
    with reading():
        return [(task.kind, task.count, task.there) for task in waiting.list_tasks(staff, now=utcnow())]


def test_a_quiet_day_says_so_and_an_office_without_campaigns_too(world: World) -> None:
    browser = at_desk(world, "clerk")
    assert "没有等待处理的事项" in browser.text()
    assert "您负责的区域目前没有进行中的活动" in browser.text()
    world.publish()
    browser.open("/desk/")
    assert "测试活动 进行中" in browser.text()
    assert "甲社区，开始以来累计，截至 2026-12-01 10:00" in browser.text()
    assert "测试活动" not in at_desk(world, "stranger").text()


def test_every_task_leads_to_a_page() -> None:
    assert set(PAGE_OF.values()) <= set(PAGES)


def test_a_round_that_cannot_open_tomorrow_is_the_operators_to_mend(
    world: World, clock: time_machine.Traveller
) -> None:
    rounds = [
        box(cards=4, prizes={"tissue": 2}, days=(-1, 5)),
        box(cards=9, prizes={"tissue": 4}, days=(5, 9)),
    ]
    world.publish(rules={"beacon": "福彩3D 第2026330期"}, round=rounds)
    assert waiting_for(world, "second") == [("beacon", 1, 0)]
    clock.move_to(START + timedelta(days=4) - timedelta(milliseconds=1))
    assert waiting_for(world, "second") == [("beacon", 1, 0)]
    clock.move_to(START + timedelta(days=4))
    assert waiting_for(world, "second") == [("beacon", 1, 0), ("beacon", 2, 0)]
    assert waiting_for(world, "clerk") == waiting_for(world, "auditor") == []
    assert "第 2 轮公开数未录入" in at_desk(world, "second").text()


def test_prizes_that_soon_lapse_are_told_where_their_winners_live(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=[box(cards=9, prizes={"tissue": 9})])
    for home in (COMMUNITY, COMMUNITY, NEIGHBOUR):
        phone = world.citizen()
        phone.put("me/region", json={"region": home})
        phone.draw(phone.earn_ticket())
    winner(world)  # who chose no community
    clock.move_to(START + timedelta(days=28))
    assert waiting_for(world, "clerk") == []
    with transaction():  # the rules of this campaign keep them longer than it runs
        db.session.execute(update(AwardRecord).values(expires_at=START + timedelta(days=35)))
    assert waiting_for(world, "clerk") == [("expiring", 2, 0)]
    assert waiting_for(world, "second") == [("expiring", 4, 0)]
    assert waiting_for(world, "stranger") == waiting_for(world, "auditor") == []


def test_goods_are_short_where_fewer_lie_than_wait(world: World) -> None:
    lay_out()
    world.publish(**GOODS)
    moved(world.desk(), "receive", 1, store=COMMUNITY)
    moved(world.desk(), "receive", 50, store=COMMUNITY)
    moved(world.desk(), "issue", 50, store=COMMUNITY, volunteer=str(VOLUNTEER))
    moved(world.desk("operator"), "receive", 1000, store="s2c1")
    assert waiting_for(world, "second") == []
    winner(world)
    assert waiting_for(world, "second") == []
    winner(world)
    assert waiting_for(world, "second") == [("short", 2, 1)]
    assert "库存不足" in at_desk(world, "second").text()


def test_an_empty_shelf_is_told_though_nobody_waits(world: World) -> None:
    lay_out()
    world.publish(**GOODS)
    moved(world.desk(), "receive", 1, store=COMMUNITY)
    assert move(world.desk(), "loss", 1, store=COMMUNITY).status_code == 201
    assert waiting_for(world, "clerk") == [("short", 0, 0)]
    assert "反诈抽纸已无库存" in at_desk(world, "clerk").text()
    assert waiting_for(world, "neighbour") == []


def test_tallies_that_wait_are_told_to_who_may_decide_them(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    phone = volunteer(world)
    for _ in range(2):
        send(phone, tally(region=NEIGHBOUR))
    assert waiting_for(world, "neighbour") == waiting_for(world, "second") == [("held", 2, 0)]
    assert waiting_for(world, "clerk") == waiting_for(world, "auditor") == []
    assert "2 条上报待核实" in at_desk(world, "neighbour").text()


def test_volunteers_who_gave_more_than_they_got_are_told(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    send(volunteer(world), tally(handouts=[{"material": BOX.code, "quantity": 3}]))
    assert waiting_for(world, "clerk") == waiting_for(world, "second") == [("overdrawn", 1, 0)]
    assert waiting_for(world, "neighbour") == []


def test_a_task_links_only_to_a_page_that_is_there(world: World) -> None:
    assert set(today.PAGE_OF.values()) <= set(PAGES)
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    send(volunteer(world), tally(region=NEIGHBOUR))
    browser = at_desk(world, "neighbour")
    for address in {part.split('"')[0] for part in browser.page.split('href="/desk/')[1:]}:
        assert browser.open(f"/desk/{address}").status_code == 200, address
