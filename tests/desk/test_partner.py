"""The partner's page: totals that betray nobody, coupons counted, nothing else of the house."""

import re

import pytest

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.lottery.models import CouponRecord
from quizsvc.materials import stock
from quizsvc.reach.metrics import METRICS
from quizsvc.reach.service import PUBLIC
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.desk.test_reach import shown
from tests.materials.place import MATERIALS
from tests.outreach.place import volunteer
from tests.outreach.reports import sent, tally
from tests.reach.test_survey import at_home, settle
from tests.world import PASSWORD, START, World, box

ALL_WIN = {"round": [box(cards=8, prizes={"credit": 8})], "rules": {"max_wins": 5}}
HOUSE = ("clerk", "operator", "auditor", "second", "neighbour", "甲社区", "乙社区")


@pytest.fixture
def partner(world: World) -> Browser:
    with transaction():
        granter, street = accounts.get_staff("operator"), regions.get_region("s1")
        accounts.add_staff("carrier", password=PASSWORD, role="partner", region=street, granter=granter, now=utcnow())
        stock.load_materials(MATERIALS)
    world.publish(**ALL_WIN)
    return at_desk(world, "carrier")


def cells(browser: Browser) -> list[list[str]]:
    table = browser.page.split("券的使用</h2>")[1]
    return [re.findall(r"<td class=\"number\">(\d+)</td>", row) for row in table.split("<tr>")[2:]]


def test_few_are_hidden_and_no_name_and_no_community_is_there(world: World, partner: Browser) -> None:
    for _ in range(4):
        at_home(world).earn_ticket()
    assert sent(volunteer(world), tally(boxes=3, fans=0)) == ["created"]
    settle()
    for page in ("/desk/partner", "/desk/"):
        partner.open(page)
        assert shown(partner, "online.participants") == ["<5人"]
        assert shown(partner, "offline.handed_out") == ["0把", "<5盒"]
        assert "4 人" not in partner.text()
    at_home(world).earn_ticket()
    settle()
    partner.open("/desk/partner")
    assert shown(partner, "online.participants") == ["5人"]
    metrics = set(re.findall(r'data-metric="([^"]+)"', partner.page))
    assert metrics == {*PUBLIC} <= {*METRICS}
    text = partner.text().replace("carrier", "")
    assert [name for name in HOUSE if name in text] == []
    assert "志愿者 v" not in text


def test_coupons_are_counted_by_what_became_of_them(world: World, partner: Browser) -> None:
    world.publish(slug="other", **ALL_WIN)
    for slug, times in (("play", 3), ("other", 1)):
        for _ in range(times):
            person = world.citizen(consents_to=slug)
            assert person.draw(person.earn_ticket(slug)).get_json()["outcome"] == "won"
    with transaction():
        unused = (
            db.session.query(CouponRecord).filter(CouponRecord.award_id.is_(None)).order_by(CouponRecord.id).first()
        )
        assert unused is not None
        unused.voided_at = START
    partner.open("/desk/partner?campaign=play")
    assert cells(partner) == [["8", "3", "4", "1"]]
    partner.open("/desk/partner?campaign=other")
    assert cells(partner) == [["8", "1", "7", "0"]]


def test_campaigns_of_other_regions_and_drafts_are_not_there(world: World, partner: Browser) -> None:
    with transaction():
        granter, district = accounts.get_staff("operator"), regions.get_region("d")
        accounts.add_staff("second", password=PASSWORD, role="operator", region=district, granter=granter, now=utcnow())
    world.publish(slug="elsewhere", region="s2", title="别处的活动", **ALL_WIN)
    world.publish(slug="above", region="d", title="全区的活动", **ALL_WIN)
    world.draft(slug="secret", title="还没有公开", **ALL_WIN)
    partner.open("/desk/partner")
    for title in ("别处的活动", "全区的活动", "还没有公开"):
        assert title not in partner.text()
    for slug in ("elsewhere", "above", "secret", "nothing"):
        assert partner.open(f"/desk/partner?campaign={slug}").status_code == 404


def test_no_other_page_is_the_partners(partner: Browser) -> None:
    listed = set(re.findall(r'<li><a href="([^"]+)"', partner.page))
    assert listed == {"/desk/", "/desk/partner", "/desk/password"}
    for path in ("reach", "reach/figures.csv", "bulletins", "cases", "staff"):
        assert partner.open(f"/desk/{path}").status_code == 403


def test_without_a_campaign_the_page_says_so(world: World) -> None:
    with transaction():
        granter, other = accounts.get_staff("operator"), regions.get_region("s2")
        accounts.add_staff("carrier", password=PASSWORD, role="partner", region=other, granter=granter, now=utcnow())
    browser = at_desk(world, "carrier")
    assert browser.open("/desk/partner").status_code == 200
    assert "还没有发布过的活动" in browser.text()
