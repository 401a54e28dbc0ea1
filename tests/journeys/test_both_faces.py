"""Long stories over both faces, in a real browser, at a service that really runs."""

import re

import pytest
from playwright.sync_api import expect

from tests.h5.conftest import MakePage
from tests.h5.visit import Bank
from tests.journeys.acts import win
from tests.journeys.conftest import AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]


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
