"""The audit log: everything that concerns the own reach and nothing else, found, paged and taken along as a file."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice.desk import audit
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.world import PASSWORD, START, World


def note(actor: str, act: str, subject: str, **said: Any) -> None:
    with transaction():
        accounts.audit(actor, act=act, subject=subject, now=utcnow(), **said)


def rows(browser: Browser, address: str = "/desk/audit") -> list[list[str]]:
    """The table on the page: actor, act, subject of each row."""
    assert browser.open(address).status_code == 200
    found = []
    for row in re.findall(r"(?s)<tr>(.*?)</tr>", browser.page.partition("<tbody>")[2]):
        cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"(?s)<td.*?>(.*?)</td>", row)]
        found.append(cells[1:4])
    return found


def acts(browser: Browser, address: str = "/desk/audit") -> list[str]:
    return [" ".join(row) for row in rows(browser, address)]


def test_the_latest_comes_first_with_before_and_after_in_chinese(world: World) -> None:
    note("second", "campaign.paused", "play", before={"state": "published"}, after={"state": "paused", "n": [1, None]})
    browser = at_desk(world, "operator")
    assert acts(browser)[:2] == ["operator 登录 operator", "second 暂停活动 play"]
    assert "状态 进行中" in browser.text()
    assert "状态 已暂停 n [1,null]" in browser.text()


def test_a_search_is_by_person_act_subject_and_period(world: World, clock: time_machine.Traveller) -> None:
    browser = at_desk(world, "operator")
    clock.move_to(START + timedelta(days=1))
    note("clerk", "award.redeem", "a-100%")
    note("clerk", "award.undo", "a-1000")
    note("neighbour", "award.redeem", "a-100x")
    note("system", "round.close", "play/1")
    clock.move_to(START + timedelta(days=1, hours=14))
    note("clerk", "award.redeem", "the next day")
    asked = {
        "actor=clerk": ["the next day", "a-1000", "a-100%"],
        "actor=系统&act=round.close": ["play/1"],
        "act=award.redeem": ["the next day", "a-100x", "a-100%"],
        "subject=100%25": ["a-100%"],
        "actor=clerk&act=award.undo&subject=a-": ["a-1000"],
        "actor=clerk&first=2026-12-03": ["the next day"],
        "actor=clerk&first=2026-12-02&last=2026-12-02": ["a-1000", "a-100%"],
        "first=2026-12-04": [],
        "actor=nobody": [],
        "actor=clerk&first=yesterday": ["the next day", "a-1000", "a-100%"],
    }
    clock.move_to(START)
    for query, subjects in asked.items():
        assert [row[2] for row in rows(browser, f"/desk/audit?{query}")] == subjects, query
    assert "没有符合条件的记录" in browser.open("/desk/audit?actor=nobody").get_data(as_text=True)


def test_pages_follow_each_other_and_leave_nothing_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PER_PAGE", 4)
    for n in range(11):
        note("clerk" if n % 5 else "neighbour", "award.redeem", f"a{n}")
    browser = at_desk(world, "operator")
    seen: list[str] = []
    address: str | None = "/desk/audit?actor=clerk"
    while address:
        seen += [row[2] for row in rows(browser, address)]
        following = re.search(r'<a class="button plain" href="([^"]+)">下一页', browser.page)
        address = following and following[1].replace("&amp;", "&")
        if len(seen) == 4:
            note("clerk", "award.redeem", "came in between")
    assert seen == [f"a{n}" for n in range(10, -1, -1) if n % 5]
    for cursor in ("x", "WyJ4Il0", "WyItMSJd", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ"):
        assert browser.open(f"/desk/audit?cursor={cursor}").status_code == 422


def test_others_see_what_concerns_their_reach_and_nothing_else(world: World) -> None:
    world.publish()
    with transaction():
        granter = accounts.get_staff("operator")
        elsewhere = regions.get_region("s2")
        accounts.add_staff(
            "other auditor", password=PASSWORD, role="auditor", region=elsewhere, granter=granter, now=utcnow()
        )
    note("clerk", "award.redeem", "here")
    note("operator", "campaign.paused", "play")
    note("system", "round.close", "play/1")
    note("system", "round.close", "player/1")
    note("stranger", "award.redeem", "there")
    note("system", "staff.sign_in_refused", "-")
    note("system", "staff.sign_in_refused", "clerk")
    here, there = at_desk(world, "auditor"), at_desk(world, "other auditor")
    for told in ("clerk 兑付奖品 here", "operator 暂停活动 play", "系统 轮次结束 play/1", "系统 登录被拒 clerk"):
        assert told in acts(here)
        assert told not in acts(there)
        assert told in acts(at_desk(world, "operator"))
    assert "stranger 兑付奖品 there" in acts(there)
    for hidden in (
        "stranger 兑付奖品 there",
        "系统 登录被拒 -",
        "系统 轮次结束 player/1",
        "operator 授予角色 other auditor",
    ):
        assert hidden not in acts(here)
    assert "系统 登录被拒 -" in acts(at_desk(world, "operator"))


def test_who_left_is_still_in_the_log(world: World) -> None:
    note("clerk", "award.redeem", "here")
    with transaction():
        accounts.dismiss_staff("clerk", by=accounts.get_staff("operator"), now=utcnow())
    assert "clerk 兑付奖品 here" in acts(at_desk(world, "auditor"))


def test_the_file_holds_what_was_searched_for_and_no_formula(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PER_PAGE", 1)
    note("clerk", "award.redeem", "=1+1", after={"prize": "抽纸"})
    note("clerk", "award.undo", "b")
    note("neighbour", "award.redeem", "c")
    browser = at_desk(world, "operator")
    answer = browser.open("/desk/audit.csv?actor=clerk")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    table = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert table == [
        ["时间", "人员", "操作", "对象", "变更前", "变更后"],
        ["2026-12-01 10:00:00", "clerk", "撤销兑付", "b", "", ""],
        ["2026-12-01 10:00:00", "clerk", "兑付奖品", "'=1+1", "", '{"prize":"抽纸"}'],
    ]
    monkeypatch.setattr(audit, "PER_EXPORT", 1)
    assert "仅导出最近 1 条" in browser.open("/desk/audit.csv?actor=clerk").get_data(as_text=True)


def test_nothing_in_the_log_writes_markup(world: World) -> None:
    note("clerk", "award.redeem", "<script>x</script>", after={"<b>": "<i>"})
    browser = at_desk(world, "operator")
    browser.open("/desk/audit")
    assert not re.search(r"<(script>x|b>|i>)", browser.page)
