"""A citizen complains: what the phone shows is read out, and the desk finds and prints the whole way."""

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.h5.conftest import MakePage
from tests.h5.visit import Bank, open_screen
from tests.journeys.acts import draw, pass_paper, turn_to
from tests.journeys.conftest import SURE, AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]
PAPER: ViewportSize = {"width": 680, "height": 1009}  # A4 without its margins of 15 mm, in CSS pixels
CUT_OFF = """sheet => [...sheet.querySelectorAll("*")].filter(one => {
  const box = one.getBoundingClientRect(), whole = one.scrollWidth <= one.clientWidth + 1;
  const clips = getComputedStyle(one).overflowX !== "visible";
  return box.left < 0 || box.right > window.innerWidth || (clips && !whole);
}).map(one => one.outerHTML)"""


def fact(sheet: Locator, name: str) -> str:
    """What stands beside a name, as it is read."""
    dd = sheet.locator("dl.pairs > div", has=sheet.page.locator("dt", has_text=re.compile(f"^{name}"))).locator("dd")
    return dd.inner_text().strip()


def read_out(page: Page, name: str) -> str:
    """What stands beside a name on the phone, as a person says it: in fours, with no thought of case."""
    return page.locator("dl.pairs div", has_text=name).locator(".hash").last.inner_text().lower()


def ask(operator: Page, word: str) -> Locator:
    turn_to(operator, "凭证查询")
    operator.get_by_label("券号或试卷编号").fill(word)
    operator.get_by_role("button", name="查询").click()
    sheet = operator.locator("article.sheet")
    expect(sheet.get_by_role("heading", name="答题与抽奖过程核查单")).to_be_visible()
    return sheet


def test_what_a_citizen_reads_out_leads_to_the_whole_way_and_is_printed(
    office: Office, bank: Bank, phone: MakePage, desk: AtDesk
) -> None:
    page, operator = phone(office.run), desk("operator")
    pass_paper(page, bank, "赵大妈")
    page.get_by_text("对成绩有疑问").click()
    paper = read_out(page, "试卷编号")
    draw(page)
    anchors = office.command(f"lottery anchor {SURE} --as operator")
    open_screen(page, f"#/c/{SURE}")
    page.get_by_text("签箱是封好的：承诺值").click()
    commitment = page.locator("details[open] .pairs .hash").inner_text()
    page.get_by_role("link", name="核对抽奖").click()
    expect(page.get_by_role("heading", name="对抽奖有疑问")).to_be_visible()
    expect(page.get_by_role("link", name="025-00000000")).to_be_visible()
    card = page.locator(".card", has_text="第 1 轮")
    number = re.search(r"签号 (\d+)", card.inner_text())
    assert number
    ticket = read_out(page, "签号")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    sheet = ask(operator, f" {ticket}")
    found = {name: fact(sheet, name) for name in ("试卷编号", "成绩", "券号", "签号", "结果", "签箱承诺值", "首个覆盖")}
    assert found["试卷编号"].replace("-", "") == paper.replace(" ", "")
    assert found["成绩"] == "10 题答对 10 题，及格（及格线 80%）"
    assert found["券号"].lower() == ticket
    assert found["签号"] == f"第 {number[1]} 号"
    assert found["结果"] == "反诈抽纸"
    assert found["签箱承诺值"] == commitment
    assert found["首个覆盖"].splitlines()[-1] in re.findall(r"[0-9a-f]{64}", anchors)
    told = sheet.locator("dl.pairs").all_inner_texts()
    assert not re.search(r"\d{4} \d{4} \d{4}", sheet.inner_text()), "no code that fetches the prize"
    be_printed(operator, sheet)
    assert ask(operator, paper.upper()).locator("dl.pairs").all_inner_texts() == told


def be_printed(page: Page, sheet: Locator) -> None:
    """The sheet alone, whole, on one page."""
    screen = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    expect(page.get_by_role("button", name="查询")).to_be_hidden()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(sheet).to_be_visible()
    assert sheet.evaluate(CUT_OFF) == []
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.emulate_media(media="screen")
    page.set_viewport_size(screen or PAPER)
