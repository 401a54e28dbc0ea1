"""The figures' page: what it shows is in the dictionary and nobody else's; its charts carry nothing but columns."""

import re
from base64 import b64decode
from html import unescape
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from quizsvc.backoffice.desk import charts
from quizsvc.backoffice.desk.charts import Chart, draw
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.reach import reporting
from quizsvc.reach.metrics import METRICS
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.survey import count_of, rate_of
from tests.desk.browser import Browser, at_desk
from tests.materials.place import MATERIALS
from tests.outreach.place import volunteer
from tests.outreach.reports import sent, tally
from tests.reach.test_survey import FEW, at_home, settle
from tests.world import NEIGHBOUR, STREET, World

NUMBER = re.compile(r"<(?:td class=\"number\"|dd)([^>]*)>(.*?)</(?:td|dd)>", re.DOTALL)
XML = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def played(world: World) -> World:
    """Two people of one community and one of another have played; a volunteer has been about."""
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)
    for region in (None, "s1c1", NEIGHBOUR):
        person = at_home(world, region=region) if region else at_home(world)
        person.draw(person.earn_ticket())
    assert sent(volunteer(world), tally(boxes=3, fans=2), tally(boxes=4, fans=0)) == ["created"] * 2
    settle()
    return world


def shown(browser: Browser, metric: str) -> list[str]:
    """The values that stand on the page for a metric."""
    found = [value for said, value in NUMBER.findall(browser.page) if f'data-metric="{metric}"' in said]
    return [re.sub(r"\s+", "", unescape(re.sub("<[^>]+>", "", one))) for one in found]


def test_every_figure_shown_is_one_of_the_dictionary(played: World) -> None:
    browser = at_desk(played, "operator")
    assert browser.open(f"/desk/reach?region={STREET}").status_code == 200
    numbers = NUMBER.findall(browser.page)
    assert len(numbers) > 100
    for said, value in numbers:
        metric = re.search(r'data-metric="([^"]+)"', said)
        assert metric, value
        assert metric[1] in METRICS
    assert shown(browser, "online.papers")[0] == "3份"
    assert {one.kind for one in map(METRICS.__getitem__, re.findall(r'data-metric="([^"]+)"', browser.page))} == {
        "online",
        "offline",
        "cases",
    }


def test_figures_say_what_they_count_and_as_of_when(played: World) -> None:
    browser = at_desk(played, "operator")
    browser.open(f"/desk/reach?region={STREET}")
    assert METRICS["online.audience"].definition in browser.text()
    assert "统计截至 2026-12-01 10:00" in browser.text()


def test_boxes_and_fans_of_a_day_are_apart(played: World) -> None:
    browser = at_desk(played, "operator")
    browser.open(f"/desk/reach?region={STREET}")
    assert "每日发放物料：反诈抽纸" in browser.text()
    day = browser.page.split('id="by-day"')[1].split("</table>")[0]
    today = next(row for row in day.split("<tr>") if "2026-12-01" in row)
    handed_out = [value for said, value in NUMBER.findall(today) if "offline.handed_out" in said]
    assert [one.strip() for one in handed_out] == ["2", "7"]


def test_every_community_is_listed_in_order_of_code_zeros_too(played: World) -> None:
    browser = at_desk(played, "second")
    browser.open("/desk/reach")
    listed = re.findall(r'<th scope="row">(.*?)</th>', browser.page.split('id="by-region"')[1].split("</table>")[0])
    assert listed == ["甲社区", "乙社区", "其他区域"]


def test_a_clerk_reads_the_own_community_and_no_other(played: World) -> None:
    browser = at_desk(played, "clerk")
    assert browser.open("/desk/reach").status_code == 200
    assert shown(browser, "online.participants")[0] == "2人"
    assert "甲社区" in browser.text()
    assert "乙社区" not in browser.text()
    assert "警情" not in browser.text()
    assert "分社区" not in browser.text()
    for path in ("/desk/reach", "/desk/reach/figures.csv"):
        for region in (NEIGHBOUR, STREET, "d"):
            assert browser.open(f"{path}?region={region}").status_code == 403
            assert "乙社区" not in browser.page
        assert browser.open(f"{path}?region=nowhere").status_code == 404
    assert at_desk(played, "stranger").open("/desk/reach?campaign=play").status_code == 404


def test_what_is_not_published_is_not_there(played: World) -> None:
    played.draft(slug="secret", title="还没有公开", **FEW)
    browser = at_desk(played, "operator")
    browser.open("/desk/reach")
    assert "还没有公开" not in browser.text()
    assert browser.open("/desk/reach?campaign=secret").status_code == 404


def test_without_a_campaign_the_page_says_so(world: World) -> None:
    browser = at_desk(world, "operator")
    assert browser.open("/desk/reach").status_code == 200
    assert "还没有发布过的活动" in browser.text()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-12-02&to=2026-12-01", "结束日期早于开始日期"),
        ("from=12月1日", "请按 2026-12-01 的样子填写日期"),
        ("from=2020-01-01", "一次最多看 366 天"),
    ],
)
def test_what_is_wrong_is_said_on_the_form(played: World, query: str, said: str) -> None:
    browser = at_desk(played, "operator")
    assert browser.open(f"/desk/reach?{query}").status_code == 422
    assert said in browser.text()


def test_several_campaigns_count_a_person_once(played: World) -> None:
    played.publish(slug="other", **FEW)
    browser = at_desk(played, "operator")
    browser.open(f"/desk/reach?campaign=play&campaign=other&region={STREET}")
    assert shown(browser, "online.participants")[0] == "3人"
    assert browser.page.count("checked") == 2


def test_figures_go_as_files(played: World) -> None:
    browser = at_desk(played, "clerk")
    answer = browser.open("/desk/reach/figures.xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_name("总数").to_python()
    assert next(row[3] for row in sheet if row[8] == "online.papers") == 2.0
    assert "乙社区" not in browser.open("/desk/reach/figures.csv").get_data(as_text=True)


# --- charts -----------------------------------------------------------------------------------------------------------


def test_charts_hold_no_script_no_style_and_nothing_from_outside(played: World) -> None:
    browser = at_desk(played, "operator")
    browser.open(f"/desk/reach?region={STREET}")
    pictures = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="[^"]{10,}"', browser.page)
    assert len(pictures) == browser.page.count("<img") == 6
    for picture in map(b64decode, pictures):
        root = ElementTree.fromstring(picture)
        for one in root.iter():
            assert one.tag.removeprefix(XML) in {"svg", "title", "g", "rect", "path", "text"}, one.tag
            assert not {
                name for name in one.attrib if name in {"style", "class", "id"} or "href" in name or name[:2] == "on"
            }
        assert b"http" not in picture.replace(b"http://www.w3.org/", b"")


def test_a_page_asks_for_its_figures_once(played: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    look = reporting.look

    def counted(*args: Any, **said: Any) -> Snapshot:
        asked.append("once")
        return look(*args, **said)

    monkeypatch.setattr(reporting, "look", counted)
    browser = at_desk(played, "operator")
    browser.open(f"/desk/reach?region={STREET}")
    for address in re.findall(r'src="(/[^"]+)"', browser.page):
        browser.open(unescape(address))
    assert asked == ["once"]


def test_a_chart_has_a_column_for_each_value_as_high_as_it_is() -> None:
    chart = Chart("x", "每日", [(f"2026-12-{n:02}", count_of("online.papers", n * 10)) for n in range(1, 31)])
    root = ElementTree.fromstring(draw(chart))
    columns = [one for one in root.iter(f"{XML}rect") if one.get("fill") == charts.BRAND]
    heights = [float(one.attrib["height"]) for one in columns]
    assert len(heights) == 30
    assert heights[29] / heights[2] == pytest.approx(10, rel=0.001)
    assert heights == sorted(heights)
    labels = [one.text for one in root.iter(f"{XML}text") if one.get("text-anchor") == "middle"]
    assert labels[:2] == ["12-01", "12-05"]
    assert root.findtext(f"{XML}title") == "每日柱状图，2026-12-01至2026-12-30，共30项，最高为2026-12-30的300份"
    assert draw(chart) == draw(chart)


def test_a_rate_that_is_not_known_leaves_its_place_empty() -> None:
    rates = [rate_of("online.first_paper_pass_rate", 0, 0), rate_of("online.paper_pass_rate", 1, 3)]
    root = ElementTree.fromstring(draw(Chart("x", "首卷", [(one.metric.name, one) for one in rates])))
    assert len([one for one in root.iter(f"{XML}rect") if one.get("fill") == charts.BRAND]) == 1
    assert "33.3" in [one.text for one in root.iter(f"{XML}text")]
