"""Held tallies, paper forms and the list of what was reported, at the desk."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice.desk import tallies
from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.outreach import assignments
from tests.desk.browser import Browser, at_desk
from tests.materials.place import BOX, MATERIALS
from tests.outreach import place
from tests.outreach.reports import require_agreement, sent, tally, totals
from tests.world import COMMUNITY, NEIGHBOUR, STREET, Phone, World

HEAD = "单号,志愿者编号,活动,区域,场景,日期,时间,户数,人次,反诈抽纸,反诈抽纸(箱)\n"


@pytest.fixture
def office(world: World) -> World:
    """A campaign that runs and the materials."""
    world.publish()
    with transaction():
        stock.load_materials(MATERIALS)
    return world


@pytest.fixture
def phone(office: World) -> Phone:
    """Who serves the clerk's community, and no other."""
    return place.volunteer(office, "v1", COMMUNITY)


@pytest.fixture
def neighbours(office: World) -> Phone:
    """Who serves the community next door."""
    return place.volunteer(office, "n1", NEIGHBOUR)


def ids(world: World) -> list[str]:
    rows = world.rows("SELECT id FROM held_tallies ORDER BY id")
    return [str(one[0]) for one in rows]


# --- what is held -----------------------------------------------------------------------------------------------------


def test_what_is_held_is_shown_to_those_who_serve_the_region_alone(office: World, phone: Phone) -> None:
    assert sent(phone, tally(region=NEIGHBOUR, people=41)) == ["held"]
    for name, sees in {"clerk": False, "neighbour": True, "second": True, "auditor": True}.items():
        browser = at_desk(office, name)
        browser.open("/desk/held")
        assert ("41 人次" in browser.text()) is sees, name
        assert ("志愿者当时不负责这个区域" in browser.text()) is sees
    clerk = at_desk(office, "clerk")
    (held_id,) = ids(office)
    assert clerk.send(f"/desk/held/{_dashed(held_id)}", decision="count").status_code == 404
    assert office.count("held_tallies", "decision IS NULL") == 1


def _dashed(value: str) -> str:
    plain = value.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def decide(browser: Browser, held_id: str, decision: str, note: str = "") -> int:
    browser.open("/desk/held")
    return browser.send(f"/desk/held/{_dashed(held_id)}", decision=decision, note=note).status_code


def test_a_held_tally_is_decided_once_and_the_next_one_comes_up(
    office: World, phone: Phone, clock: time_machine.Traveller
) -> None:
    for people in (41, 42):
        clock.shift(1)
        sent(phone, tally(region=NEIGHBOUR, people=people))
    browser = at_desk(office, "neighbour")
    first, second = ids(office)
    assert decide(browser, first, "count", "已电话核实") == 303
    browser.open("/desk/held")
    assert "上报已计入" in browser.text()
    assert "41 人次" not in browser.text()
    assert "42 人次" in browser.text()
    assert decide(at_desk(office, "second"), first, "refuse", "不信") == 303
    assert office.rows("SELECT decision, decided_by, note FROM held_tallies WHERE decision IS NOT NULL") == [
        ("count", "neighbour", "已电话核实")
    ]
    operator = at_desk(office, "second")
    decide(operator, first, "refuse", "不信")
    operator.open("/desk/held")
    assert "此前已由 neighbour" in operator.text()
    assert decide(browser, second, "refuse", "没有去过") == 303
    browser.open("/desk/held")
    assert "没有待核实的上报" in browser.text()
    assert totals(office)["people"] == 41
    assert office.count("audit", "act IN ('tally.count', 'tally.refuse')") == 2
    require_agreement(office)


def test_what_waits_is_a_file_too(office: World, phone: Phone) -> None:
    sent(phone, tally(region=NEIGHBOUR, people=41), tally(region=COMMUNITY, people=42))
    for name, people in {"neighbour": ["41"], "clerk": []}.items():
        browser = at_desk(office, name)
        browser.open("/desk/held?form=csv")
        rows = list(csv.DictReader(io.StringIO(browser.page.lstrip("\ufeff"))))
        assert [row["人次"] for row in rows] == people
        assert {row["原因"] for row in rows} <= {"志愿者当时不负责这个区域"}


def test_refusing_wants_a_reason_and_keeps_what_was_typed(office: World, phone: Phone) -> None:
    sent(phone, tally(region=NEIGHBOUR))
    browser = at_desk(office, "neighbour")
    (held_id,) = ids(office)
    assert decide(browser, held_id, "refuse") == 422
    assert "请写明原因" in browser.text()
    assert decide(browser, held_id, "burn", "我写的话") == 422
    assert "我写的话" in browser.page
    assert office.count("held_tallies", "decision IS NULL") == 1


def test_one_can_look_at_the_next_without_deciding(office: World, phone: Phone, clock: time_machine.Traveller) -> None:
    for people in (41, 42):
        clock.shift(1)
        sent(phone, tally(region=NEIGHBOUR, people=people))
    browser = at_desk(office, "neighbour")
    browser.open("/desk/held")
    (skip,) = [part.split('"')[0] for part in browser.page.split('href="')[1:] if "暂不决定" in part[:300]]
    browser.open(skip.replace("&amp;", "&"))
    assert "42 人次" in browser.text()
    assert "41 人次" not in browser.text()


def test_what_a_held_tally_looks_like_stands_beside_it(office: World, phone: Phone) -> None:
    place.assign("v1", NEIGHBOUR, first=utcnow().date(), last=utcnow().date())
    same: dict[str, Any] = {"region": NEIGHBOUR, "people": 43, "occurred_at": rfc3339(utcnow() - timedelta(minutes=1))}
    sent(phone, tally(**same))
    with transaction():
        by = accounts.get_staff("operator")
        assignments.end("v1", NEIGHBOUR, ends_at=utcnow() - timedelta(minutes=5), by=by, now=utcnow())
    assert sent(phone, tally(**same)) == ["held"]
    browser = at_desk(office, "neighbour")
    browser.open("/desk/held")
    assert "很像另一条上报（已计入）" in browser.text()
    assert browser.text().count("43 人次") == 2


# --- what was reported ------------------------------------------------------------------------------------------------


def test_a_clerk_sees_what_was_reported_in_the_own_community(office: World, phone: Phone, neighbours: Phone) -> None:
    sent(phone, tally(people=51))
    sent(neighbours, other := tally(region=NEIGHBOUR, people=52))
    browser = at_desk(office, "clerk")
    browser.open("/desk/tallies")
    assert "51" in browser.text()
    assert "乙社区" not in browser.text()
    assert browser.open(f"/desk/tallies/{other['id']}").status_code == 404
    assert browser.open(f"/desk/tallies/{other['id']}/void").status_code == 404
    assert browser.send("/desk/sign-out").status_code == 303
    browser = at_desk(office, "clerk")
    assert browser.send(f"/desk/tallies/{other['id']}/void", reason="乱写").status_code == 404
    assert browser.open(f"/desk/tallies?region={NEIGHBOUR}").status_code == 403
    assert totals(office)["tallies"] == 2


def test_the_list_is_filtered_paged_and_kept_as_a_file(
    office: World, phone: Phone, neighbours: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = [rfc3339(utcnow() - timedelta(hours=hour)) for hour in range(4)]
    for hour, at in enumerate(hours):
        sent(phone, tally(people=60 + hour, occurred_at=at, setting="shop" if hour % 2 else "household"))
    sent(neighbours, tally(region=NEIGHBOUR, people=70))
    browser = at_desk(office, "second")
    for query, people in {
        "volunteer=v1": {60, 61, 62, 63},
        f"region={NEIGHBOUR}": {70},
        "setting=shop": {61, 63},
        "way=paper": set(),
        "first=2026-12-02": set(),
        "last=2026-12-01": {60, 61, 62, 63, 70},
    }.items():
        browser.open(f"/desk/tallies?{query}&form=csv")
        rows = list(csv.DictReader(io.StringIO(browser.page.lstrip("\ufeff"))))
        assert {int(row["人次"]) for row in rows} == people, query
    assert browser.open("/desk/tallies?volunteer=nobody").status_code == 404
    monkeypatch.setattr(tallies, "A_PAGE", 3)
    seen: list[str] = []
    address = "/desk/tallies?volunteer=v1"
    while address:
        browser.open(address)
        seen += [part[:2] for part in browser.page.split('<td class="number">')[2::2]]
        links = [part.split('"')[0] for part in browser.page.split('href="')[1:] if ">下一页<" in part[:400]]
        address = links[0].replace("&amp;", "&") if links else ""
    assert seen == ["60", "61", "62", "63"]


def test_a_tally_is_voided_with_a_reason_once(office: World, phone: Phone) -> None:
    sent(phone, told := tally(boxes=3), tally(boxes=5))
    browser = at_desk(office, "clerk")
    page = f"/desk/tallies/{told['id']}"
    browser.open(f"{page}/void")
    assert totals(office)["tallies"] == 2
    assert browser.send(f"{page}/void", reason=" ").status_code == 422
    assert totals(office)["tallies"] == 2
    for said in ("上报已作废", "此前已作废"):
        browser.open(f"{page}/void")
        assert browser.send(f"{page}/void", reason="重复登记").status_code == 303
        browser.open(page)
        assert said in browser.text()
    assert totals(office)[BOX.code] == 5
    require_agreement(office)
    assert office.rows("SELECT actor, subject FROM audit WHERE act = 'tally.void'") == [("clerk", "v1")]
    assert "重复登记" in str(office.rows("SELECT after FROM audit WHERE act = 'tally.void'"))
    assert sent(phone, told | {"revision": 2, "people": 9}) in (["conflict"], ["created"])
    assert totals(office)["tallies"] == 1


def test_a_volunteer_of_the_whole_street_is_named_and_their_page_is_not_offered(office: World) -> None:
    sent(place.volunteer(office, "w1", STREET), told := tally())
    browser = at_desk(office, "clerk")
    browser.open(f"/desk/tallies/{told['id']}")
    assert "（w1）" in browser.text()
    assert "/desk/volunteer/w1" not in browser.page
    operator = at_desk(office, "second")
    operator.open(f"/desk/tallies/{told['id']}")
    assert "/desk/volunteer/w1" in operator.page


def test_a_file_that_is_cut_says_so(office: World, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(phone, tally(), tally(), tally())
    browser = at_desk(office, "clerk")
    browser.open("/desk/tallies?form=csv")
    assert "缩小范围" not in browser.page
    monkeypatch.setattr(tallies, "MOST_EXPORTED", 2)
    browser.open("/desk/tallies?form=csv")
    assert "以上是前 2 条，后面还有" in browser.page


def test_an_auditor_reads_and_voids_nothing(office: World, phone: Phone) -> None:
    sent(phone, told := tally())
    browser = at_desk(office, "auditor")
    browser.open(f"/desk/tallies/{told['id']}")
    assert "作废</a>" not in browser.page
    assert browser.open(f"/desk/tallies/{told['id']}/void").status_code == 403


# --- paper ------------------------------------------------------------------------------------------------------------


def form(row: int, **said: str) -> dict[str, str]:
    """What is typed for a form in one row."""
    typed = {"region": COMMUNITY, "setting": "household", "day": "2026-12-01", "time": "", "note": ""} | said
    return {f"{name}-{row}": value for name, value in typed.items()}


COMMON = {"volunteer": "v1", "campaign": "play"}
FIRST = form(1, number="A-1", households="1", people="2", time="09:30") | {"goods-1-tissue-box": "2"}


def test_paper_forms_are_typed_in_by_the_rules_of_an_upload(office: World, phone: Phone) -> None:
    browser = at_desk(office, "clerk")
    browser.open("/desk/paper?volunteer=v1")
    second = form(3, number="A-2", region=NEIGHBOUR, time="09:00", households="1", people="3")
    for said in ("已录入 1 份，1 份转为待核实", "已录入 0 份，2 份此前已录入"):
        assert browser.send("/desk/paper", **COMMON, **FIRST, **second).status_code == 303
        browser.open("/desk/paper?volunteer=v1")
        assert said in browser.text()
    assert office.rows("SELECT entered_by, state FROM tally_revisions ORDER BY state") == [
        ("clerk", "counted"),
        ("clerk", "held"),
    ]
    assert totals(office) == {"tallies": 1, "households": 1, "people": 2, BOX.code: 2}
    require_agreement(office)


def test_every_problem_of_typed_forms_is_named_and_what_was_typed_stays(office: World, phone: Phone) -> None:
    browser = at_desk(office, "clerk")
    browser.open("/desk/paper?volunteer=v1")
    wrong = form(2, number="", households="x", people="3", day="2026-12-09") | {"goods-2-fan": "1.5"}
    assert browser.send("/desk/paper", **COMMON, **FIRST, **wrong).status_code == 422
    for said in ("第 2 张“户数”：“x”不是整数", "第 2 张“反诈扇”：“1.5”不是整数"):
        assert said in browser.text(), browser.text()
    assert browser.hidden("number-1") == "A-1"
    assert browser.hidden("goods-1-tissue-box") == "2"
    assert office.count("tallies") == 0
    future = form(2, number="A-3", households="1", people="3", day="2026-12-02")
    assert browser.send("/desk/paper", **COMMON, **FIRST, **future).status_code == 422
    assert "走访时间还没有到" in browser.text()
    assert browser.send("/desk/paper", **COMMON).status_code == 422
    assert "没有上报单" in browser.text()
    assert office.count("tallies") == 0


def test_a_clerk_enters_for_volunteers_of_the_own_community_alone(
    office: World, phone: Phone, neighbours: Phone
) -> None:
    browser = at_desk(office, "clerk")
    assert browser.open("/desk/paper?volunteer=n1").status_code == 422
    assert "您的区域里没有这个编号的志愿者" in browser.text()
    browser.open("/desk/paper?volunteer=v1")
    assert browser.send("/desk/paper", **(COMMON | {"volunteer": "n1"}), **FIRST).status_code == 422
    text = HEAD + f"A-1,n1,play,{NEIGHBOUR},住户,2026-12-01,9:00,1,2,,\n"
    assert hand_in(browser, text) == 422
    assert "不在您的区域服务" in browser.text()
    assert office.count("tallies") == 0


def hand_in(browser: Browser, text: str) -> int:
    browser.open("/desk/paper/load")
    fields = {"csrf_token": browser.token(), "file": (io.BytesIO(text.encode()), "纸质单.csv")}
    return browser.open("/desk/paper/load", "POST", data=fields).status_code


def test_a_table_of_forms_is_taken_in_whole_or_not_at_all(office: World, phone: Phone) -> None:
    browser = at_desk(office, "clerk")
    good = f"A-1,v1,play,{COMMUNITY},住户,2026-12-01,9:00,1,2,3,1\n"
    bad = f"A-2,v1,none,{COMMUNITY},住户,2026-12-01,9:00,1,2,,\nA-3,nobody,play,nowhere,住户,2026-12-01,9:00,1,2,,\n"
    assert hand_in(browser, HEAD + good + bad) == 422
    for said in ("没有这个活动", "名单里没有编号 nobody"):
        assert said in browser.text()
    assert office.count("tallies") == 0
    for said in ("已录入 1 份", "1 份此前已录入"):
        assert hand_in(browser, HEAD + good) == 303
        browser.open("/desk/tallies?way=paper")
        assert said in browser.text()
    assert totals(office)[BOX.code] == 3 + 24
    assert hand_in(browser, HEAD + good.replace(",1,2,3,1", ",1,9,3,1")) == 422
    assert "内容不同。如需更正，请在“修订”列填更大的数" in browser.text()
