"""Staff at the desk: added and granted within one's own subtree, never by oneself; passwords are shown once."""

import re
from typing import Any

import pytest

from quizsvc.accounts import guards, members
from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.world import COMMUNITY, NEIGHBOUR, PASSWORD, STREET, World, uuid_of

NEW = "a brand new password"


@pytest.fixture
def operator(world: World) -> Browser:
    """Operates the street; the first operator, of the district, is out of reach."""
    return at_desk(world, "second")


def add(browser: Browser, name: str, role: str = "clerk", region: str = COMMUNITY) -> Any:
    browser.open("/desk/staff/new")
    return browser.send("/desk/staff/new", name=name, role=role, region=region)


def password_shown(browser: Browser) -> str:
    found = re.search(r'class="digits secret">([^<]+)<', browser.page)
    assert found, browser.text()
    return found[1]


def page_of(world: World, name: str) -> str:
    (found,) = world.rows("SELECT id FROM staff WHERE name = :name", name=name)
    return f"/desk/staff/{uuid_of(found[0])}"


def grants_of(world: World, name: str) -> list[tuple[str, str]]:
    with reading():
        return sorted((one.role, one.region.code) for one in accounts.get_staff(name).grants)


def audited(world: World, act: str) -> list[tuple[Any, ...]]:
    return world.rows("SELECT actor, subject FROM audit WHERE act = :act ORDER BY id", act=act)


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_has_the_own_subtree_and_nobody_else(world: World, operator: Browser) -> None:
    operator.open("/desk/staff")
    listed = re.findall(r'<a href="/desk/staff/[0-9a-f-]{36}">([^<]+)</a>', operator.page)
    assert listed == ["auditor", "clerk", "neighbour", "second"]
    assert "社区窗口：甲社区" in operator.text()
    operator.open("/desk/staff?role=clerk")
    assert re.findall(r'<a href="/desk/staff/[0-9a-f-]{36}">([^<]+)</a>', operator.page) == ["clerk", "neighbour"]
    text = operator.open("/desk/staff.csv").get_data(as_text=True)
    assert "neighbour,社区窗口,乙社区,s1c2,2026-12-01 10:00" in text
    assert "stranger" not in text
    for name in ("stranger", "operator"):
        for path in ("", "/reset", "/dismiss"):
            assert operator.open(page_of(world, name) + path).status_code == 404


def test_a_name_that_looks_like_a_formula_is_none(world: World, operator: Browser) -> None:
    assert add(operator, "=1+1").status_code == 200
    assert "'=1+1" in operator.open("/desk/staff.csv").get_data(as_text=True)


def test_the_list_goes_in_pages(world: World, operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quizsvc.backoffice.desk.staff.PAGE", 3)
    operator.open("/desk/staff")
    further = re.search(r'href="(/desk/staff\?cursor=[^"]+)"', operator.page)
    assert further
    operator.open(further[1])
    assert re.findall(r'<a href="/desk/staff/[0-9a-f-]{36}">([^<]+)</a>', operator.page) == ["second"]


def test_an_auditor_reads_and_changes_nothing(world: World) -> None:
    auditor = at_desk(world, "auditor")
    auditor.open("/desk/staff")
    assert "neighbour" in auditor.text()
    assert "添加工作人员" not in auditor.text()
    clerk = page_of(world, "clerk")
    assert auditor.open(clerk).status_code == 200
    assert not re.search("收回|重置密码|停用|授予", auditor.text())
    for path in ("reset", "dismiss", "revoke", "grant"):
        assert auditor.send(f"{clerk}/{path}", role="clerk", region=COMMUNITY).status_code == 403
        auditor.open("/desk/")
    assert auditor.send("/desk/staff/new", name="x", role="clerk", region=COMMUNITY).status_code == 403


# --- adding and granting ----------------------------------------------------------------------------------------------


def test_a_new_member_gets_a_password_that_is_shown_once_and_works(world: World, operator: Browser) -> None:
    assert add(operator, "fresh").status_code == 200
    password = password_shown(operator)
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", password)
    assert Browser(world).sign_in("fresh", password).status_code == 303
    assert add(operator, "fresh", region=NEIGHBOUR).status_code == 303
    operator.open(page_of(world, "fresh"))
    assert "密码不变" in operator.text()
    assert password not in operator.page
    assert Browser(world).sign_in("fresh", password).status_code == 303
    assert grants_of(world, "fresh") == [("clerk", COMMUNITY), ("clerk", NEIGHBOUR)]
    assert password not in repr(world.rows("SELECT * FROM audit"))


@pytest.mark.parametrize(
    ("name", "role", "region", "status", "said"),
    [
        ("second", "operator", STREET, 403, "不能给自己授权"),
        ("fresh", "clerk", "s2c1", 403, "负责的区域以外"),
        ("fresh", "operator", "d", 403, "负责的区域以外"),
        ("fresh", "king", STREET, 403, "请核对用户名、角色和区域"),
        ("fresh", "clerk", "nowhere", 404, "没有这个区域"),
        ("", "clerk", COMMUNITY, 422, "用户名为 1 到 40 个字"),
    ],
)
def test_what_may_not_be_granted_is_refused_on_the_form(
    world: World, operator: Browser, name: str, role: str, region: str, status: int, said: str
) -> None:
    before = world.rows("SELECT name FROM staff ORDER BY name"), world.count("grants")
    assert add(operator, name, role, region).status_code == status
    assert said in operator.text()
    assert f'value="{name}"' in operator.page
    assert (world.rows("SELECT name FROM staff ORDER BY name"), world.count("grants")) == before


def test_nobody_grants_to_oneself_on_the_own_page(world: World, operator: Browser) -> None:
    page = page_of(world, "second")
    operator.open(page)
    assert "请由另一位管理员操作" in operator.text()
    assert "授予" not in operator.text()
    assert operator.send(f"{page}/grant", role="auditor", region=STREET).status_code == 403
    assert "不能给自己授权" in operator.text()
    for step in ("revoke", "reset", "dismiss"):
        operator.open("/desk/password")
        assert operator.send(f"{page}/{step}", role="operator", region=STREET).status_code == 403
    assert grants_of(world, "second") == [("operator", STREET)]


def test_a_role_is_granted_and_taken_back_at_once(world: World, operator: Browser) -> None:
    clerk, page = at_desk(world, "clerk"), page_of(world, "clerk")
    operator.open(page)
    assert operator.send(f"{page}/grant", role="auditor", region=STREET).status_code == 303
    assert clerk.open("/desk/cases").status_code == 200
    operator.open(f"{page}/revoke?role=auditor&region={STREET}")
    assert "审计员（一街道）" in operator.text()
    assert operator.send(f"{page}/revoke", role="auditor", region=STREET).status_code == 303
    assert clerk.open("/desk/cases").status_code == 403
    assert grants_of(world, "clerk") == [("clerk", COMMUNITY)]
    operator.open(page)
    assert operator.send(f"{page}/revoke", role="auditor", region=STREET).status_code == 403
    assert audited(world, "staff.revoke") == [("second", "clerk")]


def test_a_role_of_elsewhere_is_not_seen_and_keeps_the_member_out_of_reach(world: World, operator: Browser) -> None:
    with transaction():
        granter, other = accounts.get_staff("operator"), regions.get_region("s2")
        accounts.add_staff("clerk", password=PASSWORD, role="auditor", region=other, granter=granter, now=utcnow())
    page = page_of(world, "clerk")
    operator.open(page)
    assert "二街道" not in operator.text()
    assert "请联系上级管理员" in operator.text()
    for step, fields in (("reset", {}), ("dismiss", {}), ("revoke", {"role": "auditor", "region": "s2"})):
        operator.open("/desk/password")
        assert operator.send(f"{page}/{step}", **fields).status_code == 403
    assert Browser(world).sign_in("clerk").status_code == 303
    assert grants_of(world, "clerk") == [("auditor", "s2"), ("clerk", COMMUNITY)]


# --- passwords and leaving --------------------------------------------------------------------------------------------


def test_a_reset_password_ends_what_was_signed_in(world: World, operator: Browser) -> None:
    clerk, phone, page = at_desk(world, "clerk"), world.desk("clerk"), page_of(world, "clerk")
    assert operator.open(f"{page}/reset").status_code == 200
    assert clerk.open("/desk/").status_code == 200
    assert operator.send(f"{page}/reset").status_code == 200
    password = password_shown(operator)
    assert clerk.open("/desk/").status_code == 303
    assert phone.get("outreach/held").status_code == 401
    assert Browser(world).sign_in("clerk").status_code == 401
    assert Browser(world).sign_in("clerk", password).status_code == 303
    assert audited(world, "staff.reset_password") == [("second", "clerk")]
    assert at_desk(world, "neighbour").open("/desk/").status_code == 200


def test_who_is_dismissed_is_out_and_listed_as_that(world: World, operator: Browser) -> None:
    clerk, page = at_desk(world, "clerk"), page_of(world, "clerk")
    operator.open(f"{page}/dismiss")
    assert "不能恢复" in operator.text()
    assert operator.send(f"{page}/dismiss").status_code == 303
    assert clerk.open("/desk/").status_code == 303
    operator.open("/desk/staff")
    assert ">clerk</a>" not in operator.page
    operator.open("/desk/staff?gone=1")
    assert ">clerk</a>" in operator.page
    assert operator.open(page).status_code == 200
    assert "重置密码" not in operator.text()
    assert operator.send(f"{page}/reset").status_code == 403
    assert add(operator, "clerk").status_code == 409


def test_the_own_password_is_changed_by_who_knows_it(world: World) -> None:
    here, there = at_desk(world, "clerk"), at_desk(world, "clerk")
    here.open("/desk/password")
    for old, new, again, said in (
        ("wrong", NEW, NEW, "原密码不对"),
        (PASSWORD, NEW, NEW + "x", "两次输入的新密码不一样"),
        (PASSWORD, "123456789", "123456789", "密码至少 10 位"),
    ):
        assert here.send("/desk/password", old=old, new=new, again=again).status_code == 422
        assert said in here.text()
        assert NEW not in here.page
    assert here.send("/desk/password", old=PASSWORD, new=NEW, again=NEW).status_code == 303
    here.open("/desk/password")
    assert "密码已修改" in here.text()
    assert there.open("/desk/").status_code == 303
    assert Browser(world).sign_in("clerk").status_code == 401
    assert Browser(world).sign_in("clerk", NEW).status_code == 303
    assert audited(world, "staff.change_password") == [("clerk", "clerk")]
    assert NEW not in repr(world.rows("SELECT * FROM audit"))


def test_the_old_password_cannot_be_tried_for_ever(world: World) -> None:
    browser = at_desk(world, "clerk")
    browser.open("/desk/password")
    statuses = [
        browser.send("/desk/password", old="wrong", new=NEW, again=NEW).status_code
        for _ in range(guards.NAME_PACE.burst + 1)
    ]
    assert statuses == [422] * guards.NAME_PACE.burst + [429]


def test_who_was_there_first_keeps_the_password(world: World) -> None:
    with transaction():
        by, region = accounts.get_staff("second"), regions.get_region(COMMUNITY)
        _, first = members.enrol("fresh", role="clerk", region=region, by=by, now=utcnow())
        _, second = members.enrol("fresh", role="clerk", region=region, by=by, now=utcnow())
    assert first is not None
    assert second is None
