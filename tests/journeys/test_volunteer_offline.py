"""A volunteer without a network, and what the desk makes of it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from quizsvc.kit.clock import SHANGHAI, utcnow
from tests.h5.conftest import MakePage
from tests.h5.visit import CUT, come_back, cut_off, open_screen, tell
from tests.journeys.acts import filtered, invite, join, rows, turn_to
from tests.journeys.conftest import SPRING, AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]
DEMO = "全民反诈 答题有礼（演示活动）"
ALIKE = "疑似重复"
TOLD = [
    ["1", "3", "反诈抽纸 1 盒", "已计入"],
    ["1", "4", "反诈宣传单 5 份、反诈抽纸 2 盒", "已计入"],
    ["1", "4", "反诈宣传单 5 份、反诈抽纸 2 盒", "已计入"],
    ["1", "9", "反诈抽纸 7 盒", "待核实"],
]


def before_the_campaign() -> str:
    """As an input of dates and times wants it."""
    return (utcnow() - timedelta(days=40)).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


def issue(clerk: Page, code: str) -> None:
    """A pack of tissue boxes from the clerk's own store."""
    turn_to(clerk, "出入库")
    clerk.get_by_role("link", name="登记出入库").click()
    clerk.get_by_role("link", name="领用").click()
    clerk.get_by_label("志愿者编号").fill(code)
    clerk.get_by_label("物料和单位").select_option("tissue-box|箱")
    clerk.get_by_label("数量").fill("1")
    clerk.get_by_role("button", name="登记领用").click()
    expect(clerk.get_by_role("status")).to_contain_text("已登记")


def tell_offline(page: Page) -> None:
    """Two doors alike, a wrong number that is put right, and a visit of long ago."""
    tell(page, campaign=DEMO, boxes=2, leaflets=5, people=4)
    page.get_by_role("link", name="照上次填").click()
    page.get_by_role("button", name="保存并上报").click()
    tell(page, campaign=DEMO, boxes=1, people=30)
    page.locator(".part", has_text="30 人次").get_by_role("link", name="改").click()
    page.get_by_label("人次", exact=True).fill("3")
    page.get_by_role("button", name="保存并上报").click()
    tell(page, campaign=DEMO, boxes=7, people=9, when=before_the_campaign())
    expect(page.get_by_role("link", name="未发送 5")).to_be_visible()
    expect(page.get_by_role("heading", name="今天的上报（4）")).to_be_visible()


def test_what_a_volunteer_told_offline_is_what_the_desk_counts(office: Office, phone: MakePage, desk: AtDesk) -> None:
    page, clerk = phone(office.run), desk("clerk")
    page.add_init_script(CUT)
    code = join(page, invite(desk("operator"), SPRING), "周志愿")
    issue(clerk, code)
    cut_off(page)
    tell_offline(page)
    turn_to(clerk, "上报记录")
    filtered(clerk, 志愿者编号=code)
    expect(clerk.get_by_text("没有符合条件的上报")).to_be_visible()
    lost = come_back(page)
    assert sorted(one["status"] for one in lost[0]["results"]) == [*["created"] * 4, "held"]
    expect(page.locator(".part", has_text="9 人次").get_by_text("待核实", exact=True)).to_be_visible()

    filtered(clerk)
    told = [line[4:] for line in rows(clerk.locator("main"))]
    assert [[cell.removesuffix(f" {ALIKE}") for cell in line] for line in told] == TOLD
    assert sum(ALIKE in line[-1] for line in told) == 1, "both count, and the later one says what it looks like"
    check_books(clerk, code, boxes=[1, 2, 2], leaflets=[5, 5])

    turn_to(clerk, "待核实上报")
    held = clerk.get_by_role("region", name="不在活动的时间或区域之内")
    expect(held).to_contain_text(f"周志愿（{code}）")
    expect(held).to_contain_text("反诈抽纸 7 盒")
    clerk.get_by_label("核实情况").fill("本人补记")
    clerk.get_by_role("button", name="计入", exact=True).click()
    expect(clerk.get_by_role("status")).to_have_text("周志愿在春风社区的上报已计入。")
    check_books(clerk, code, boxes=[7, 1, 2, 2], leaflets=[5, 5])

    open_screen(page, "?later#/volunteer")
    total = page.locator(".card", has_text=f"我的累计：{DEMO}")
    for name, number in {"上报": "4 次", "走访": "4 户", "触达": "20 人次", "发放反诈抽纸": "12 盒"}.items():
        expect(total.locator(".row", has_text=name)).to_contain_text(number)
    expect(page.locator(".card", has_text="手上的物料")).to_contain_text("38 盒")


def check_books(clerk: Page, code: str, *, boxes: list[int], leaflets: list[int]) -> None:
    """What was handed out stands in the ledger line by line, and was taken from what the volunteer has."""
    turn_to(clerk, "出入库")
    filtered(clerk, 志愿者编号=code)
    lines = [line[1:6] for line in rows(clerk.locator("main"))]
    who = f"周志愿（{code}）"
    given = [["发放", "反诈抽纸", f"{number} 盒", who, "居民"] for number in boxes]
    given += [["发放 超出账面", "反诈宣传单", f"{number} 份", who, "居民"] for number in leaflets]
    issued = ["领用", "反诈抽纸", "1 箱（50 盒）", "春风社区仓库", who]
    assert sorted(lines) == sorted([*given, issued])
    turn_to(clerk, "志愿者")
    filtered(clerk, 姓名或编号=code)
    clerk.get_by_role("link", name=code).click()
    stock = {line[0]: line[1] for line in rows(clerk.get_by_role("region", name="手中物料"))}
    assert stock == {"反诈抽纸": f"{50 - sum(boxes)} 盒", "反诈宣传单": f"{-sum(leaflets)} 份 少登记了领用"}
