"""The answer to a complaint: one page from paper to prize, for whoever may see it, found by whatever was kept."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice.desk.render import in_fours
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.lottery import rounds
from quizsvc.lottery.models import DrawRecord
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.desk.test_redemption import confirm
from tests.lottery.test_closing_draw import lottery, places, play
from tests.world import PASSWORD, START, Phone, World, box

ALL_WIN = [box(cards=3, prizes={"tissue": 3})]


def ask(browser: Browser, word: str) -> int:
    browser.open("/desk/receipt")
    return browser.send("/desk/receipt", word=word).status_code


def drawn(world: World) -> tuple[Phone, dict[str, Any], dict[str, Any], str]:
    """A citizen who passed and drew: phone, paper, outcome, ticket id."""
    phone = world.citizen()
    paper = phone.deal()
    (ticket,) = phone.hand_in(paper, wrong=1)["tickets"]
    return phone, paper, phone.draw(ticket).get_json(), ticket


def test_everything_on_one_page_however_it_was_asked_for(world: World) -> None:
    world.publish(round=ALL_WIN)
    drawn(world)
    _, paper, outcome, ticket = drawn(world)
    browser = at_desk(world, "auditor")
    receipt = outcome["receipt"]
    commitment = world.phone().get("campaigns/play").get_json()["rounds"][0]["commitment"]
    pages = set()
    alias = receipt["ticket"]
    read_out = (in_fours(alias).lower(), in_fours(paper["id"].replace("-", "").upper()).replace("0", "o"))
    for word in (paper["id"], ticket, alias, json.dumps(receipt), f"  {alias}\n", *read_out):
        assert ask(browser, word) == 200
        text = browser.text()
        assert f"试卷编号 {paper['id']}" in text
        assert "发卷时间 2026-12-01 10:00:00" in text
        assert "5 题答对 4 题，及格（及格线 80%）" in text
        assert f"券号 {in_fours(alias)}" in text
        assert f"签号 第 {receipt['position']} 号" in text
        assert commitment in text
        assert "结果 反诈抽纸" in text
        assert "状态 待领取" in text
        pages.add(text.partition("答题与抽奖过程核查单")[2])
    assert len(pages) == 1
    assert outcome["award"]["code"] not in browser.page


def test_a_paper_without_ticket_and_a_ticket_not_drawn_say_so(world: World) -> None:
    world.publish()
    phone = world.citizen()
    failed = phone.deal()
    phone.hand_in(failed, wrong=3)
    passed = phone.deal()
    phone.hand_in(passed)
    open_one = phone.deal()
    browser = at_desk(world, "auditor")
    ask(browser, failed["id"])
    assert "5 题答对 2 题，未及格" in browser.text()
    assert "没有抽奖券，也就没有抽签" in browser.text()
    ask(browser, passed["id"])
    assert "抽奖券还没有使用" in browser.text()
    ask(browser, open_one["id"])
    assert "状态 答题中 成绩 无" in browser.text()


def test_anchor_redemption_and_the_seed_come_when_they_are_there(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    _, _, outcome, _ = drawn(world)
    alias = outcome["receipt"]["ticket"]
    browser = at_desk(world, "auditor")
    ask(browser, alias)
    assert "尚未锚定" in browser.text()
    assert "本轮结束公布种子后可重算" in browser.text()
    world.tick()  # what is drawn in the moment of an anchor is under it
    clock.shift(timedelta(hours=2))
    drawn(world)
    world.tick()
    confirm(at_desk(world, "clerk"), outcome["award"]["code"])
    browser = at_desk(world, "auditor")
    ask(browser, alias)
    first = world.phone().get("campaigns/play/anchors").get_json()["rounds"][0]["anchors"][0]
    assert "锚定 2026-12-01 10:00:00，共 1 次抽签" in browser.text()
    assert first["digest"] in browser.page
    assert "状态 已领取" in browser.text()
    assert "2026-12-01 12:00:00，甲社区，经手人 clerk" in browser.text()
    assert "撤销这次兑付" not in browser.text()
    clock.move_to(START + timedelta(days=29))
    world.tick()
    browser = at_desk(world, "second")
    ask(browser, alias)
    assert "一致：这支签就是上述结果" in browser.text()
    assert world.phone().get("campaigns/play/rounds/1/ledger").get_json()["head"] in browser.page
    assert "撤销这次兑付" in browser.text()


def test_a_draw_that_the_seed_does_not_make_is_told(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=[box(cards=3, prizes={"tissue": 2})])
    outcomes = [drawn(world)[2] for _ in range(3)]
    (missed,) = [one for one in outcomes if one["outcome"] == "missed"]
    with transaction():
        draw = db.session.query(DrawRecord).filter_by(alias=missed["receipt"]["ticket"]).one()
        draw.prize = "tissue"
        db.session.flush()
    rounds._deck.cache_clear()
    clock.move_to(START + timedelta(days=29))
    world.tick()
    browser = at_desk(world, "auditor")
    ask(browser, missed["receipt"]["ticket"])
    assert "不一致，请立即报告" in browser.text()


def test_a_place_in_the_closing_draw_is_traced_too(world: World, clock: time_machine.Traveller) -> None:
    slug, phones, _ = play(world, clock)
    browser = at_desk(world, "auditor")
    waiting = [one for one in places(slug, phones) if one]
    ask(browser, waiting[0]["ticket"])
    assert "等待抽取" in browser.text()
    lottery(world, "beacon", slug, "2", "888")
    world.tick()
    entered = [one for one in places(slug, phones) if one]
    assert entered
    for one in entered:
        assert ask(browser, one["ticket"]) == 200
        assert "这是收尾抽奖的名次" in browser.text()
        assert "一致：这支签就是上述结果" in browser.text()


@pytest.mark.parametrize("word", ["", "nothing", "0" * 32, "[1, 2]", '{"ticket": 5}', "x" * 5000, "%"])
def test_what_nobody_knows_is_refused_in_words(world: World, word: str) -> None:
    world.publish()
    browser = at_desk(world, "auditor")
    assert ask(browser, word) == 404
    assert "没有查到这张凭证" in browser.text()


def test_a_receipt_of_another_street_is_unknown_here(world: World) -> None:
    world.publish(round=ALL_WIN)
    _, paper, outcome, ticket = drawn(world)
    with transaction():
        elsewhere = regions.get_region("s2")
        granter = accounts.get_staff("operator")
        for name, role in (("other auditor", "auditor"), ("other operator", "operator")):
            accounts.add_staff(name, password=PASSWORD, role=role, region=elsewhere, granter=granter, now=utcnow())
    for name in ("other auditor", "other operator"):
        browser = at_desk(world, name)
        for word in (paper["id"], ticket, outcome["receipt"]["ticket"]):
            assert ask(browser, word) == 404
    assert ask(at_desk(world, "operator"), paper["id"]) == 200
