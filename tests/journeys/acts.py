"""What people do at the two faces, more than one journey long."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.h5.visit import Bank, answer_all, log_in, open_screen
from tests.journeys.conftest import SURE

CODE = re.compile(r"^\d{4} \d{4} \d{4}$")


# --- a phone ----------------------------------------------------------------------------------------------------------


def pass_paper(page: Page, bank: Bank, name: str, *, slug: str = SURE, community: str = "和平社区") -> None:
    """From the campaign's page to the mark, as anybody would."""
    open_screen(page, f"#/c/{slug}")
    page.get_by_role("link", name="开始答题").click()
    log_in(page, name)
    page.get_by_role("button", name="同意并继续").click()
    page.get_by_label("查找社区").fill(community[:2])
    page.get_by_role("button", name=community).click()
    answer_all(page, bank)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_role("heading", name="通过了")).to_be_visible()


def draw(page: Page) -> None:
    """A card of a box that holds nothing but prizes."""
    page.get_by_role("link", name="去抽奖").click()
    page.get_by_role("button", name="抽一支签").click()
    expect(page.locator(".outcome .seal")).to_have_text(re.compile("中奖"))


def win(page: Page, bank: Bank, name: str, *, slug: str = SURE, community: str = "和平社区") -> str:
    """From the campaign's page to a prize; the code to fetch it with."""
    pass_paper(page, bank, name, slug=slug, community=community)
    draw(page)
    open_screen(page, "#/prizes")
    return page.get_by_text(CODE).inner_text()


def join(page: Page, invitation: str, name: str) -> str:
    """Become a volunteer; the code under which one stands on the list."""
    open_screen(page, "#/volunteer")
    log_in(page, name)
    page.get_by_label("邀请码").fill(invitation)
    page.get_by_label("姓名").fill(name)
    page.get_by_role("button", name="加入").click()
    said = page.get_by_text(re.compile(rf"^{name}（\S+）$")).inner_text()
    return said[len(name) + 1 : -1]


# --- the desk ---------------------------------------------------------------------------------------------------------


def turn_to(page: Page, entry: str) -> None:
    """Through the menu."""
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=entry, exact=True).click()
    expect(page.locator("h1")).to_have_text(entry)


def invite(page: Page, region: str) -> str:
    """An open invitation into a region, read off the page."""
    turn_to(page, "志愿者")
    page.get_by_role("link", name="公开邀请码").click()
    page.get_by_label("常驻区域编号").fill(region)
    page.get_by_role("button", name="生成邀请码").click()
    return page.locator(".code").inner_text()


def filtered(page: Page, **fields: str) -> None:
    """Ask a list for less."""
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    with page.expect_navigation():
        page.get_by_role("button", name="筛选").click()


def rows(table: Locator) -> list[list[str]]:
    """A table's cells as they are read, line by line."""
    told: list[list[str]] = table.locator("tbody tr").evaluate_all(
        "lines => lines.map(line => [...line.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    )
    return told
