"""Cases at the desk: looked at before they count, every fault named with its row, compared, by region."""

import re
from collections.abc import Sequence
from html import unescape
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.sheets import csv_text
from quizsvc.reach.metrics import METRICS
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.reach.test_cases import HEADINGS, stored
from tests.world import COMMUNITY, PASSWORD, STREET, World

HOSTILE = '=HYPERLINK("x")<b>'
ROW = (STREET, "2026-08", 40, 396, 95.87, HOSTILE)


@pytest.fixture
def operator(world: World) -> Browser:
    return at_desk(world, "second")


def upload(
    browser: Browser, *rows: Sequence[object], headings: Sequence[str] = HEADINGS, name: str = ""
) -> TestResponse:
    """Show a table to the desk."""
    text = csv_text([[str(cell) for cell in row] for row in (headings, *rows)])
    browser.open("/desk/cases/upload")
    table = (BytesIO(text.encode()), name or "八月.csv")
    return browser.open("/desk/cases/upload", "POST", data={"csrf_token": browser.token(), "table": table})


def confirm(browser: Browser) -> TestResponse:
    """Say yes to what is shown."""
    table = re.search(r'name="table" value="([^"]*)"', browser.page)
    assert table, browser.text()
    return browser.send("/desk/cases/load", called=browser.hidden("called"), table=unescape(table[1]))


def load(browser: Browser, *rows: Sequence[object]) -> None:
    assert upload(browser, *rows).status_code == 200, browser.text()
    assert confirm(browser).status_code == 303, browser.text()


def test_a_table_counts_only_once_it_was_looked_at(world: World, operator: Browser) -> None:
    assert upload(operator, ROW, (COMMUNITY, "2026-07", "", 3, "", "社区台账")).status_code == 200
    assert stored(world) == []
    assert world.count("audit", "act LIKE 'cases%'") == 0
    assert "《八月.csv》共 2 行，其中 2 行会带来变化" in operator.text()
    page = operator.page
    assert confirm(operator).status_code == 303
    expected = [
        ("/d/s1/", 2026, 8, 1, 40, 396, 95_870_000, HOSTILE, "second"),
        ("/d/s1/s1c1/", 2026, 7, 1, None, 3, None, "社区台账", "second"),
    ]
    assert stored(world) == expected
    operator.open("/desk/cases")
    assert "新增 2 个月，更正 0 个月，0 个月没有变化" in operator.text()
    operator.page = page
    assert confirm(operator).status_code == 303
    assert stored(world) == expected
    assert world.rows("SELECT actor, subject FROM audit WHERE act = 'cases.load'") == [("second", "八月.csv")]


def test_a_correction_shows_both_numbers_and_keeps_the_old_one(world: World, operator: Browser) -> None:
    load(operator, ROW)
    upload(operator, (STREET, "2026-08", 39, 396, 95.87, "更正通报"))
    assert (
        "更正 ，第 2 版 警情 40，立案 396，损失 958,700.00 元 警情 39，立案 396，损失 958,700.00 元" in operator.text()
    )
    assert confirm(operator).status_code == 303
    assert operator.open(f"/desk/cases/of/{STREET}/2026-08").status_code == 200
    text = operator.text()
    assert text.index("第 2 版（有效） 39") < text.index("第 1 版 40")
    assert HOSTILE in text
    assert "<b>" not in operator.page
    upload(operator, ROW)
    assert "是更正以前的旧数，不变" in operator.text()
    assert "表里的数都已登记" in operator.text()


def test_every_fault_is_named_with_its_row_in_chinese_and_nothing_is_taken(world: World, operator: Browser) -> None:
    load(operator, ROW)
    bad = [
        ("nowhere", "2026-07", 1, 1, 1, "甲"),
        (STREET, "2026.7", 1, 1, 1, "甲"),
        (STREET, "2026-12", 1, 1, 1, "甲"),
        (STREET, "2026-06", -1, "x", 1e30, ""),
        (STREET, "2026-05", 1.5, 1, "0.0000001", "甲" * 101),
        (STREET, "2026-04", "", "", "", "甲"),
    ]
    assert upload(operator, *bad).status_code == 422
    faults = re.findall(r"<li>(第 \d+ 行.*?)</li>", operator.page)
    assert {int(number) for one in faults for number in re.findall(r"第 (\d+) 行", one)} == set(range(2, 8))
    assert len(faults) == 11, faults
    said = unescape(" ".join(faults))
    assert "有误（" not in said
    assert set(re.findall(r"[A-Za-z]{2,}", said)) <= {"nowhere"}
    assert len(stored(world)) == 1
    for row, words in (
        ((STREET, "2026-08", "", 396, 95.87, "新"), "警情留空，但已登记过数"),
        ((STREET, "2026-07", "撤回", 1, "", "新"), "没有可以撤回的警情"),
    ):
        assert upload(operator, row).status_code == 422
        assert words in operator.text()
    assert len(stored(world)) == 1


@pytest.mark.parametrize(
    ("headings", "name", "said"),
    [
        (("区域", "月份", "警情"), "", "缺少列：来源"),
        (("区域", "月份", "损失", "来源"), "", "“损失”没有写单位"),
        ((*HEADINGS, "备注"), "", "没有“备注”这一列"),
        (HEADINGS, "", "没有数据"),
        (HEADINGS, "八月.xlsx", "不是完好的 .xlsx 文件"),
        (HEADINGS, "八月.doc", "不支持 .xls 文件"),
        (HEADINGS, "/", "没有选择文件"),
    ],
)
def test_a_file_that_is_no_such_table_is_told_so(
    operator: Browser, headings: tuple[str, ...], name: str, said: str
) -> None:
    assert upload(operator, headings=headings, name=name).status_code == 422
    assert said in operator.text()
    assert "有误（" not in operator.text()


def test_years_and_months_are_compared_and_say_why_they_cannot(operator: Browser) -> None:
    load(operator, (STREET, "2025-08", 50, 500, 1, "甲"), (STREET, "2026-07", 80, 0, 2, "乙"), ROW)
    operator.open(f"/desk/cases?region={STREET}&year=2026")
    row = next(one for one in operator.page.split("<tr>") if "2026年8月</th>" in one)
    cells = [
        re.sub(r"\s+", "", re.sub("<[^>]+>", "", one)) for one in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    ]
    assert cells[:6] == ["40", "下降20.0%", "下降50.0%", "396", "下降20.8%", "不可比上月为0"]
    metrics = re.findall(r'data-metric="([^"]+)"', operator.page)
    assert metrics
    assert {*metrics} <= {*METRICS}
    assert "未登记" in operator.text()


def test_another_streets_cases_are_neither_shown_nor_taken(world: World, operator: Browser) -> None:
    load(operator, ROW)
    with transaction():
        granter, place = accounts.get_staff("operator"), regions.get_region("s2")
        accounts.add_staff("elsewhere", password=PASSWORD, role="operator", region=place, granter=granter, now=utcnow())
    other = at_desk(world, "elsewhere")
    for path in (f"/desk/cases?region={STREET}", f"/desk/cases/of/{STREET}/2026-08"):
        assert other.open(path).status_code == 403
    assert upload(other, (STREET, "2026-07", 1, 1, 1, "甲")).status_code == 403
    other.open("/desk/cases/upload")
    table = csv_text([HEADINGS, (STREET, "2026-07", "1", "1", "1", "甲")])
    assert other.send("/desk/cases/load", called="x.csv", table=table).status_code == 403
    assert len(stored(world)) == 1


def test_an_auditor_reads_and_loads_nothing(world: World, operator: Browser) -> None:
    load(operator, ROW)
    auditor = at_desk(world, "auditor")
    assert auditor.open("/desk/cases").status_code == 200
    assert "导入" not in auditor.text()
    assert auditor.open("/desk/cases/upload").status_code == 403
    assert auditor.open(f"/desk/cases/of/{STREET}/2026-08").status_code == 200
    assert auditor.open(f"/desk/cases/of/{STREET}/august").status_code == 404
