"""A campaign from nothing: typed in at the desk, published by a second person, met by a citizen."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from quizsvc.kit.clock import day_of, utcnow
from tests.h5.conftest import MakePage
from tests.h5.visit import open_screen
from tests.journeys.acts import rows, turn_to
from tests.journeys.conftest import STREET, AtDesk, Office

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]
SLUG, TITLE = "winter", "冬季反诈知识竞答"
UMBRELLA, TISSUE = "反诈晴雨伞", "反诈抽纸"
DAYS = {"opens": 0, "turns": 10, "closes": 20, "claimed": 40}
CONDITIONS = "本街道居民均可参加，每天两次。\n通过一份试卷得一张抽奖券。"
PRIVACY = "我们只保存您的登录标识、社区、答题和抽奖记录。\n您可以随时导出、删除。"


def at(when: str) -> str:
    """Midnight of a day of the story, as an input of dates and times wants it."""
    return f"{day_of(utcnow()) + timedelta(days=DAYS[when])}T00:00"


def row_of(page: Page, legend: str) -> Locator:
    """The prize or round of this number."""
    return page.get_by_role("group", name=legend, exact=True)


def fill_in(page: Page) -> None:
    """All but the privacy notice, which somebody has yet to write."""
    fields = {
        "活动名称": TITLE,
        "活动代号": SLUG,
        "主办方名称": "示范街道平安办",
        "主办方联系方式": "025-00000000",
        "联合单位": "示范通信公司",
        "每人每天份数": "2",
        "参加条件": CONDITIONS,
        "抽奖方式": "每张抽奖券按先后取下一支签。",
        "领奖办法": "凭兑奖码到社区窗口领取，不收任何费用。",
        "领奖截止时间": at("claimed"),
        "虚假贷款（容易）题数": "3",
        "网络婚恋交友（容易）题数": "2",
    }
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("所属区域").select_option(STREET)
    page.get_by_role("group", name="基本情况").get_by_label("开始时间").fill(at("opens"))
    page.get_by_role("group", name="基本情况").get_by_label("结束时间").fill(at("closes"))


def add_prizes(page: Page) -> None:
    page.get_by_role("button", name="再加一种奖品").click()
    for legend, name, yuan in (("第 1 种奖品", UMBRELLA, "30"), ("第 2 种奖品", TISSUE, "8.50")):
        prize = row_of(page, legend)
        prize.get_by_label("名称").fill(name)
        prize.get_by_label("价值（元）").fill(yuan)
        prize.get_by_label("对应物料").select_option(name)


def add_rounds(page: Page) -> None:
    page.get_by_role("button", name="再加一轮").click()
    planned = (("第 1 轮", "opens", "turns", "40", "2"), ("第 2 轮", "turns", "closes", "60", "3"))
    for legend, begin, end, cards, umbrellas in planned:
        one = row_of(page, legend)
        one.get_by_label("开始时间").fill(at(begin))
        one.get_by_label("结束时间").fill(at(end))
        one.get_by_label("签数").fill(cards)
        one.get_by_label(UMBRELLA).fill(umbrellas)
        one.get_by_label(TISSUE).fill("10")


def publish(page: Page) -> None:
    page.get_by_role("link", name="核对并发布").click()
    page.get_by_role("button", name="发布", exact=True).click()


def test_an_operator_builds_a_campaign_and_a_second_person_makes_it_public(
    office: Office, phone: MakePage, desk: AtDesk
) -> None:
    author, second = desk("operator"), desk("second")
    turn_to(author, "活动")
    author.get_by_role("link", name="新建活动").click()
    fill_in(author)
    add_prizes(author)
    add_rounds(author)
    author.get_by_role("button", name="保存草稿").first.click()
    expect(author.get_by_role("alert")).to_contain_text("个人信息保护告知")
    expect(author.get_by_label("活动名称")).to_have_value(TITLE)
    author.get_by_label("告知全文").fill(PRIVACY)
    author.get_by_role("button", name="保存草稿").first.click()
    expect(author.get_by_role("status")).to_contain_text("草稿已保存")
    expect(author.get_by_text("检查通过，可以发布。")).to_be_visible()
    expect(author.get_by_text("您是起草人，不能自己发布。")).to_be_visible()
    assert rows(author.get_by_role("region", name="奖品", exact=True)) == [
        [UMBRELLA, "实物", "30.00 元", "5", "不适用"],
        [TISSUE, "实物", "8.50 元", "20", "不适用"],
    ]
    publish(author)
    expect(author.get_by_role("alert")).to_contain_text("发布须由起草人以外的人操作")
    citizen = phone(office.run)
    open_screen(citizen, f"#/c/{SLUG}")
    expect(citizen.get_by_text(TITLE)).to_have_count(0)

    turn_to(second, "活动")
    second.get_by_role("link", name=TITLE).click()
    publish(second)
    expect(second.get_by_role("status")).to_have_text("已发布。")
    commitments = read_commitments(second)
    see_as_citizen(citizen, commitments)
    find_frozen(author)


def read_commitments(page: Page) -> list[str]:
    """What the desk shows of each sealed box."""
    page.get_by_role("link", name="轮次与签箱").click()
    found = []
    for legend in ("第 1 轮", "第 2 轮"):
        page.get_by_role("link", name=legend).click()
        found.append(page.locator("#proof ~ dl dd").first.inner_text())
        page.get_by_role("link", name="返回轮次").click()
    assert [len(one) for one in found] == [64, 64]
    return found


def see_as_citizen(page: Page, commitments: list[str]) -> None:
    """The page says what was typed in: rules, prizes, chances, and the boxes' fingerprints."""
    page.reload()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    prizes = page.locator(".card", has=page.get_by_role("heading", name="奖品", exact=True))
    expect(prizes.locator(".row").first).to_contain_text(UMBRELLA)
    assert [text.split() for text in prizes.locator(".row").all_inner_texts()] == [
        [UMBRELLA, "价值", "30", "元", "5", "份"],
        [TISSUE, "价值", "8.50", "元", "20", "份"],
    ]
    expect(page.get_by_text("每份试卷 5 题，限时 10 分钟，答对 80% 为通过，每天最多 2 份。")).to_be_visible()
    page.get_by_text("怎么参加").click()
    expect(page.get_by_text("本街道居民均可参加，每天两次。")).to_be_visible()
    expect(page.get_by_text("12 支有奖，中奖机会")).to_be_visible()
    page.get_by_text("签箱是封好的：承诺值").click()
    assert page.locator("details[open] .pairs .hash").all_inner_texts() == commitments
    expect(page.get_by_role("link", name="开始答题")).to_be_visible()


def find_frozen(author: Page) -> None:
    """Neither the draft nor what an amendment may not touch can be edited any more."""
    author.goto(f"/desk/campaigns/{SLUG}")
    expect(author.get_by_role("link", name="修改草稿")).to_have_count(0)
    author.goto(f"/desk/campaigns/{SLUG}/edit")
    expect(author.get_by_role("heading", level=1)).to_have_text("活动已发布，内容不能再改")
    expect(author.locator("form.long")).to_have_count(0)
    author.goto(f"/desk/campaigns/{SLUG}/amend")
    assert "机会" not in author.locator("form.long").inner_text()
    for label in ("活动代号", "主办方名称", "虚假贷款（容易）题数", "告知全文"):
        expect(author.get_by_label(label)).to_have_count(0)
    for legend in ("第 1 种奖品", "第 2 种奖品"):
        expect(row_of(author, legend).get_by_label("名称")).to_have_count(0)
    expect(row_of(author, "第 1 轮").locator("input, select")).to_have_count(0)
    expect(row_of(author, "第 2 轮").get_by_label("签数")).to_be_visible()
