"""Two communities of one street: what one does, the other neither is shown nor can reach."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from quizsvc.kit.clock import rfc3339, utcnow
from tests.h5.conftest import MakePage
from tests.h5.visit import Bank, Client
from tests.journeys.acts import invite, turn_to, win
from tests.journeys.conftest import OWN, SPRING, AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]
SOUTH, NAME = "990100001006", "吴巡访"
THEIRS = re.compile(f"南湖|{NAME}|春风社区仓库|春风专场")  # somebody of 春风社区 serves the neighbour's, too
REFUSED = {403: "如工作需要，请联系街道管理员开通", 404: "它可能已被移走，或不属于您负责的区域"}


def walk(office: Office, invitation: str) -> list[str]:
    """A volunteer of 南湖社区 tells of a visit that counts and of one that is held; the tallies' ids."""
    me = Client(office.run.http, NAME)
    me.ask("POST", "volunteers", {"invitation": invitation, "name": NAME})
    now = utcnow()
    visit = {"revision": 1, "campaign": "demo", "region": SOUTH, "setting": "household", "households": 1, "people": 6}
    given = [{"material": "leaflet", "quantity": 77}]
    moments = (now, now - timedelta(days=60))
    told = [visit | {"id": str(uuid4()), "occurred_at": rfc3339(at), "handouts": given} for at in moments]
    answer = me.ask("POST", "outreach/tallies", {"clock": rfc3339(now), "tallies": told})
    assert [one["status"] for one in answer["results"]] == ["created", "held"]
    return [str(one["id"]) for one in told]


def find_theirs(operator: Page, tallies: list[str]) -> list[str]:
    """The addresses of what is the other communities' own, as the operator, who may see them, finds them."""
    turn_to(operator, "志愿者")
    operator.get_by_label("姓名或编号").fill(NAME)
    operator.get_by_role("button", name="筛选").click()
    volunteer = operator.get_by_role("row", name=NAME).get_by_role("link").get_attribute("href")
    operator.goto(f"/desk/movements?region={SPRING}")
    reversal = operator.get_by_role("link", name="冲销").first.get_attribute("href")
    assert volunteer
    assert reversal
    found = [volunteer, reversal, *(f"/desk/tallies/{one}" for one in tallies), f"/desk/tallies/{tallies[0]}/void"]
    for address in found:
        operator.goto(address)
        assert THEIRS.search(operator.locator("main").inner_text()), address
    return found


def see_nothing_through_the_menu(page: Page) -> None:
    """Page after page, in lists and in what forms suggest."""
    entries = page.get_by_role("navigation", name="主菜单").get_by_role("link").all_inner_texts()
    assert {"兑奖", "志愿者", "待核实上报", "上报记录", "库存", "出入库", "账目", "活动数据"} <= set(entries)
    for entry in entries:
        turn_to(page, entry)
        assert THEIRS.findall(page.content()) == [], entry


def be_refused(page: Page, address: str) -> None:
    """A page in Chinese that says no and what to do, and nothing of what is there."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status in REFUSED, (address, answer.status)
    expect(page.locator("main")).to_contain_text(REFUSED[answer.status])
    expect(page.get_by_role("link", name="回到首页")).to_be_visible()
    assert THEIRS.findall(page.content()) == [], address


def look_up(page: Page, code: str) -> None:
    turn_to(page, "兑奖")
    page.get_by_label("扫描或输入兑奖码").fill(code)
    page.get_by_role("button", name="查询").click()


def test_a_clerk_neither_sees_nor_reaches_another_community(
    office: Office, bank: Bank, phone: MakePage, desk: AtDesk
) -> None:
    operator, neighbour, clerk = desk("operator"), desk("neighbour"), desk("clerk")
    theirs = find_theirs(operator, walk(office, invite(operator, SOUTH)))
    see_nothing_through_the_menu(neighbour)
    asked = ("tallies", "held", "stock", "movements", "books", "volunteers")
    theirs += [f"/desk/{page}?region={SOUTH}" for page in asked]
    theirs += [f"/desk/tallies?region={SOUTH}&form=csv", f"/desk/stock/count?store={SPRING}"]
    theirs += ["/desk/campaigns", f"/desk/campaigns/{OWN}", "/desk/receipt", "/desk/audit", "/desk/staff"]
    for address in theirs:
        be_refused(neighbour, address)

    street = win(phone(office.run), bank, "春风居民", community="春风社区")
    look_up(neighbour, street)  # a prize of the street is handed over at any of its desks
    expect(neighbour.get_by_text("居民所在社区：春风社区")).to_be_visible()
    neighbour.get_by_role("button", name="确认发放").click()
    expect(neighbour.get_by_role("alert")).to_contain_text("窗口库存里没有这件奖品，未作兑付")
    look_up(clerk, street)
    clerk.get_by_role("button", name="确认发放").click()
    expect(clerk.locator(".result.good .verdict")).to_have_text("已兑付")
    be_refused(neighbour, clerk.url)
    look_up(neighbour, street)
    expect(neighbour.locator(".result.bad .verdict")).to_have_text("已领取")
    for said in ("地点 春风社区", "经手人 clerk"):
        expect(neighbour.locator(".result.bad")).to_contain_text(re.compile(said.replace(" ", r"\s*")))

    own = win(phone(office.run), bank, "春风邻里", slug=OWN, community="春风社区")
    look_up(neighbour, own)  # that of a community nowhere else
    expect(neighbour.get_by_role("alert")).to_contain_text("请核对数字，并确认是本街道的活动")
    assert THEIRS.findall(neighbour.content()) == []
