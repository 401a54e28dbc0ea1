"""Long stories over both faces, in a real browser, at a service that really runs."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.h5.conftest import MakePage
from tests.h5.visit import Bank, answer_all, log_in, open_screen
from tests.journeys.conftest import SURE, AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]


def win(page: Page, bank: Bank, name: str) -> str:
    """From the campaign's page to a prize, as anybody would; the code to fetch it with."""
    open_screen(page, f"#/c/{SURE}")
    page.get_by_role("link", name="开始答题").click()
    log_in(page, name)
    page.get_by_role("button", name="同意并继续").click()
    page.get_by_label("查找社区").fill("和平")
    page.get_by_role("button", name="和平社区").click()
    answer_all(page, bank)
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("link", name="去抽奖").click()
    page.get_by_role("button", name="抽一支签").click()
    expect(page.locator(".outcome .seal")).to_have_text(re.compile("中奖"))
    open_screen(page, "#/prizes")
    return page.get_by_text(re.compile(r"^\d{4} \d{4} \d{4}$")).inner_text()


def test_a_citizen_plays_and_wins_and_the_desk_hands_the_prize_over(
    office: Office, bank: Bank, phone: MakePage, desk: AtDesk
) -> None:
    citizen = phone(office.run)
    code = win(citizen, bank, "张大爷")
    clerk = desk("clerk")
    clerk.goto("/desk/redemption")
    clerk.keyboard.type(code)
    clerk.keyboard.press("Enter")
    expect(clerk.locator(".prize")).to_have_text("反诈抽纸")
    clerk.keyboard.press("Enter")
    expect(clerk.locator(".result.good .verdict")).to_have_text("已兑付")
    clerk.keyboard.type(code)
    clerk.keyboard.press("Enter")
    expect(clerk.locator(".result.bad .verdict")).to_have_text("已领取")
    expect(clerk.get_by_text("今日我已发放 1 份")).to_be_visible()
    citizen.reload()
    expect(citizen.get_by_text(re.compile("已兑|已领"))).to_be_visible()
