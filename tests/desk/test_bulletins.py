"""Bulletins at the desk: stored once, the same ever after, each number with its source; by role and region."""

import re
from datetime import timedelta

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.reach.metrics import METRICS
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.desk.test_reach import shown
from tests.reach.test_survey import FEW, at_home
from tests.world import PASSWORD, STREET, World


@pytest.fixture
def operator(world: World) -> Browser:
    world.publish(**FEW)
    at_home(world).earn_ticket()
    browser = at_desk(world, "second")
    browser.open("/desk/bulletins")
    return browser


def make(browser: Browser, **said: str) -> str:
    """The address of a bulletin made now."""
    browser.open("/desk/bulletins")
    answer = browser.send("/desk/bulletins", **{"campaign": "play", "region": STREET} | said)
    assert answer.status_code == 303, browser.text()
    return answer.location


def test_what_waits_is_counted_and_each_number_leads_to_its_source(operator: Browser, world: World) -> None:
    assert world.count("dirty_keys") > 0
    operator.open(make(operator))
    assert world.count("dirty_keys") == 0
    assert "简报已生成" in operator.text()
    assert "答题1人&#8288;<sup>" in operator.page
    leading = re.findall(r'href="#source-(\d+)"', operator.page)
    assert leading
    assert leading == re.findall(r'id="source-(\d+)"', operator.page)
    assert {*re.findall(r'data-metric="([^"]+)"', operator.page)} <= {*METRICS}
    assert shown(operator, "online.participants") == ["1人"]


def test_a_bulletin_stays_what_it_was_and_the_next_says_what_arrived_later(operator: Browser, world: World) -> None:
    first = make(operator)
    operator.open(first)
    operator.open(first)  # without the notice
    before = re.sub(r'value="[^"]+"', "", operator.page)
    texts = {form: operator.open(f"{first}/report.{form}").data for form in ("md", "csv")}
    at_home(world).earn_ticket()
    second = make(operator)
    operator.open(second)
    operator.open(first)
    assert re.sub(r'value="[^"]+"', "", operator.page) == before
    assert {form: operator.open(f"{first}/report.{form}").data for form in ("md", "csv")} == texts
    operator.open(second)
    told = operator.page.split("与上一份简报不同的数字</h2>")[1]
    row = next(row for row in told.split("<tr>") if "答题人数" in row and "总数" in row)
    assert re.findall(r"(\d+) <span", row) == ["1", "2"]
    assert first in told


def test_files_have_the_words_of_the_page(operator: Browser) -> None:
    address = make(operator)
    text = operator.open(f"{address}/report.md").data.decode()
    operator.open(address)
    phrases = re.findall(r"<p>(.*?)&#8288;<sup>", operator.page)
    assert phrases
    assert [one for one in phrases if one not in text] == []
    for form in ("xlsx", "docx"):
        assert f'href="{address.removeprefix("http://localhost")}/report.{form}"' in operator.page
    for form in ("xlsx", "docx"):
        book = operator.open(f"{address}/report.{form}")
        assert book.data[:2] == b"PK"
        assert "UTF-8''" in book.headers["Content-Disposition"]
    assert operator.open(f"{address}/report.exe").status_code == 404


def test_the_list_is_newest_first_in_pages(operator: Browser, clock: time_machine.Traveller) -> None:
    addresses = []
    for _ in range(22):
        clock.shift(timedelta(seconds=1))
        addresses.append(make(operator).removeprefix("http://localhost"))
    operator.open("/desk/bulletins")
    listed = re.findall(r'href="(/desk/bulletins/[0-9a-f-]{36})"', operator.page)
    further = re.search(r'href="(/desk/bulletins\?cursor=[^"]+)"', operator.page)
    assert further
    operator.open(further[1])
    assert listed + re.findall(r'href="(/desk/bulletins/[0-9a-f-]{36})"', operator.page) == addresses[::-1]
    assert operator.open("/desk/bulletins?cursor=x").status_code == 422


def test_only_the_own_region_is_listed_reachable_and_reported(operator: Browser, world: World) -> None:
    address = make(operator)
    with transaction():
        granter = accounts.get_staff("operator")
        place = regions.get_region("s2")
        accounts.add_staff("elsewhere", password=PASSWORD, role="operator", region=place, granter=granter, now=utcnow())
    other = at_desk(world, "elsewhere")
    other.open("/desk/bulletins")
    assert address not in other.page
    for path in (address, f"{address}/report.md", f"{address}/report.xlsx"):
        assert other.open(path).status_code == 403
    other.open("/desk/")
    assert other.send("/desk/bulletins", campaign="play", region=STREET).status_code == 403
    assert world.count("report_snapshots") == 1


def test_an_auditor_reads_and_makes_none(operator: Browser, world: World) -> None:
    address = make(operator)
    auditor = at_desk(world, "auditor")
    auditor.open("/desk/bulletins")
    assert address in auditor.page
    assert "生成简报" not in auditor.text()
    assert auditor.open(address).status_code == 200
    assert auditor.send("/desk/bulletins", campaign="play", region=STREET).status_code == 403


def test_without_a_campaign_nothing_is_made_and_the_form_says_so(operator: Browser, world: World) -> None:
    answer = operator.send("/desk/bulletins", region=STREET, **{"from": "2026-12-02", "to": "2026-12-01"})
    assert answer.status_code == 422
    assert "请至少勾选一个活动" in operator.text()
    assert "结束日期早于开始日期" in operator.text()
    assert 'value="2026-12-02"' in operator.page
    assert world.count("report_snapshots") == 0
