"""A volunteer with a small phone: tallies without a network, sent later, each counted once."""

import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from quizsvc.h5.routes import files
from tests.h5.conftest import MakePage
from tests.h5.visit import (
    CUT,
    PLAIN,
    Client,
    barriers,
    come_back,
    cut_off,
    expect_sent,
    log_in,
    open_screen,
    settled,
    tell,
)
from tests.test_embedded import Run

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("h5")]
INVITATION = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
HOME = "#/volunteer"


def join(run: Run, page: Page, name: str) -> None:
    found = INVITATION.search(run.log.read_text())
    assert found is not None
    open_screen(page, HOME)
    log_in(page, name)
    expect(page.get_by_label("邀请码")).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("邀请码").fill(found[0].lower().replace("-", " "))
    page.get_by_role("button", name="加入").click()
    expect(page.get_by_text("请把姓名也填上")).to_be_visible()
    page.get_by_label("姓名").fill("李网格")
    page.get_by_role("button", name="加入").click()
    expect(page.get_by_role("heading", name="志愿者上报")).to_be_visible()


def own(run: Run, name: str) -> dict[str, Any]:
    """What the service has of a volunteer in the demo campaign."""
    campaigns = Client(run.http, name).ask("GET", "outreach/me")["campaigns"]
    if not campaigns:
        return {"tallies": 0}
    (totals,) = campaigns
    given = {one["material"]: one["quantity"] for one in totals["handed_out"]}
    sums: dict[str, Any] = {key: totals[key] for key in ("tallies", "households", "people", "voided", "held")}
    return {**sums, **given}


def test_what_was_told_without_a_network_arrives_exactly_once(run: Run, phone: MakePage) -> None:
    page = phone(run)
    page.add_init_script(CUT)
    join(run, page, "offline")
    kept_by_then = len([name for name in files() if name.endswith((".js", ".css", ".svg")) and name != "sw.js"])
    page.wait_for_function(
        "async (count) => (await (await caches.open('shell')).keys()).length >= count", arg=kept_by_then + 2
    )  # and the page itself, and how to log in
    cut_off(page)
    tell(page, boxes=2, leaflets=3, people=4)
    tell(page, setting="摆点", people=30, leaflets=40)
    tell(page, boxes=1, people=2)
    expect(page.get_by_role("heading", name="今天的上报（3）")).to_be_visible()
    expect(page.get_by_role("link", name="未发送 3")).to_be_visible()
    page.reload()  # also without a network
    settled(page)
    expect(page.get_by_role("link", name="未发送 3")).to_be_visible()
    latest = page.locator(".part").first
    latest.get_by_role("link", name="改").click()
    page.get_by_label("人次", exact=True).fill("5")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.get_by_role("link", name="未发送 4")).to_be_visible()
    assert own(run, "offline") == {"tallies": 0}

    lost = come_back(page)
    expect(page.get_by_text("上报有问题")).to_have_count(0)
    assert len(lost) == 1
    assert [one["status"] for one in lost[0]["results"]] == ["created"] * 4
    told = {"tallies": 3, "people": 39, "households": 2, "voided": 0, "held": 0, "tissue-box": 3, "leaflet": 43}
    assert own(run, "offline") == told
    expect(page.locator(".row", has_text="触达")).to_contain_text("39 人次")
    assert barriers(page) == []


def test_one_of_today_is_corrected_and_another_taken_back(run: Run, phone: MakePage) -> None:
    page = phone(run)
    join(run, page, "corrector")
    tell(page, boxes=5)
    expect_sent(page)
    page.get_by_role("link", name="照上次填").click()
    expect(page.get_by_label("反诈抽纸", exact=True)).to_have_value("5")
    page.get_by_role("button", name="保存并上报").click()
    expect_sent(page)
    assert own(run, "corrector")["tissue-box"] == 10
    first, second = page.locator(".part").nth(1), page.locator(".part").nth(0)
    first.get_by_role("link", name="改").click()
    page.get_by_label("反诈抽纸", exact=True).fill("1")
    page.get_by_label("反诈抽纸的单位").select_option("箱")
    page.get_by_role("button", name="保存并上报").click()
    expect_sent(page)
    told = own(run, "corrector")
    assert (told["tallies"], told["tissue-box"]) == (2, 55)
    second = page.locator(".part", has_text="反诈抽纸 5 盒")
    second.get_by_role("button", name="作废").click()
    assert own(run, "corrector")["voided"] == 0
    page.get_by_role("button", name="确认作废").click()
    expect(page.get_by_text("已作废", exact=True).first).to_be_visible()
    expect_sent(page)
    told = own(run, "corrector")
    assert (told["tallies"], told["voided"], told["tissue-box"]) == (1, 1, 50)


def test_what_the_service_does_not_take_stays_and_says_why(run: Run, phone: MakePage) -> None:
    page = phone(run)
    join(run, page, "stuck")
    tell(page, boxes=1)
    expect_sent(page)
    name = page.evaluate("Object.keys(localStorage).find((name) => name.startsWith('quizsvc.me.today.'))")
    told = json.loads(page.evaluate(f"localStorage.getItem('{name}')"))["tally"]
    who = page.evaluate("JSON.parse(localStorage.getItem('quizsvc.me.who'))")
    for number, wrong in enumerate(({**told, "people": 9}, {**told, "id": str(UUID(int=7)), "people": -1})):
        key = f"quizsvc.out.{who}.{wrong['id']}.{number + 1}"
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, json.dumps({"tally": wrong})])
    open_screen(page, "?again" + HOME)
    expect(page.get_by_text("系统里已经有这次上报")).to_be_visible()
    expect(page.get_by_text("填写的内容有误")).to_be_visible()
    assert barriers(page) == []
    expect_sent(page)
    page.locator(".card", has_text="系统里已经有这次上报").get_by_role("link", name="改正").click()
    page.get_by_role("button", name="保存并上报").click()
    expect(page.get_by_text("系统里已经有这次上报")).to_have_count(0)
    expect_sent(page)
    assert own(run, "stuck")["people"] == 9
    page.get_by_role("button", name="不要了").click()
    expect(page.get_by_text("上报有问题")).to_have_count(0)


def test_a_log_out_loses_nothing_that_was_not_sent(run: Run, phone: MakePage) -> None:
    page = phone(run, service_workers="block")
    join(run, page, "away")
    page.route("**/outreach/tallies", lambda route: route.abort())
    tell(page, people=6)
    open_screen(page, "#/me")
    page.get_by_role("button", name="退出登录").click()
    open_screen(page, "?other" + HOME)
    log_in(page, "somebody else")
    expect(page.get_by_label("邀请码")).to_be_visible()
    page.unroute("**/outreach/tallies")
    open_screen(page, "#/me")
    page.get_by_role("button", name="退出登录").click()
    open_screen(page, "?back" + HOME)
    log_in(page, "away")
    expect_sent(page)
    assert own(run, "away")["people"] == 6


def test_a_log_in_that_has_run_out_is_renewed_and_nothing_is_lost(run: Run, phone: MakePage) -> None:
    page = phone(run)
    join(run, page, "expired")
    page.evaluate("localStorage.setItem('quizsvc.me.session', JSON.stringify({token: 'x', citizen: {}}))")
    tell(page, people=8)
    expect(page.get_by_text("登录已过期")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("link", name="重新登录").click()
    log_in(page, "expired")
    expect_sent(page)
    assert own(run, "expired")["people"] == 8


def test_plain_http_takes_tallies_too_and_says_what_it_cannot_do(run: Run, phone: MakePage) -> None:
    page = phone(run, host=PLAIN)
    join(run, page, "plain")
    assert page.evaluate("window.isSecureContext") is False
    expect(page.get_by_text("没有网络时请不要刷新本页")).to_be_visible()
    tell(page, people=2)
    expect_sent(page)
    assert own(run, "plain")["people"] == 2
    open_screen(page, "#/c/demo/check")
    expect(page.get_by_text("只有以“https://”开头的地址才能用")).to_be_visible()


def test_a_tally_keeps_the_moment_and_the_building_that_were_told(run: Run, phone: MakePage) -> None:
    page = phone(run)
    join(run, page, "exact")
    sent: list[Any] = []
    page.on("request", lambda one: sent.append(one.post_data_json) if one.url.endswith("/outreach/tallies") else None)
    page.get_by_role("link", name="新的上报").click()
    assert barriers(page) == []
    page.get_by_label("社区", exact=True).select_option("春风社区")
    buildings = page.get_by_label("小区或楼栋")
    chosen = buildings.locator("option").last
    code, name = chosen.get_attribute("value"), chosen.inner_text()
    assert code is not None
    assert code.startswith("990100001001"), name
    buildings.select_option(code)
    page.get_by_label("时间").fill("2026-01-02T03:04")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator(".part .mark")).to_have_text("待核实")
    expect(page.get_by_text("时间或地点不在活动之内")).to_be_visible()
    expect(page.get_by_text("上报有问题")).to_have_count(0)
    (tally,) = sent[0]["tallies"]
    assert tally["region"] == code
    assert datetime.fromisoformat(tally["occurred_at"]) == datetime.fromisoformat("2026-01-02T03:04:00+08:00")
    page.get_by_role("link", name="新的上报").click()
    expect(page.get_by_label("小区或楼栋")).to_have_value(code)
    page.get_by_label("户数", exact=True).fill("1.5")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.get_by_text("数字要写整数")).to_be_visible()
    assert len(sent) == 1
