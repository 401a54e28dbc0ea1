"""The list of volunteers at the desk: what each sees, the office's table, assignments, invitations."""

import csv
import io
import re
from datetime import timedelta

import pytest

from quizsvc.backoffice.desk import volunteers
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from tests.desk.browser import Browser, at_desk
from tests.materials.place import MATERIALS
from tests.outreach import place
from tests.outreach.reports import send, tally
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, World

HEAD = "编号,姓名,类别,区域,从,到\n"


@pytest.fixture
def office(world: World) -> World:
    """王小明 of the clerk's community, 李邻居 of the one next door, 丙生 of another street."""
    world.publish()
    place.enrol("v1", COMMUNITY, name="王小明")
    place.assign("v1", COMMUNITY)
    place.enrol("n1", NEIGHBOUR, name="李邻居", kind="grid-worker")
    place.enrol("x1", "s2c1", name="丙生")
    return world


def hand_in(browser: Browser, text: str, *, name: str = "名单.csv") -> int:
    browser.open("/desk/volunteers/load")
    fields = {"csrf_token": browser.token(), "file": (io.BytesIO(text.encode()), name)}
    return browser.open("/desk/volunteers/load", "POST", data=fields).status_code


def confirm(browser: Browser) -> int:
    fields = {name: browser.hidden(name) for name in ("called", "seen", "content")}
    return browser.send("/desk/volunteers/take", **fields).status_code


def audited(world: World, act: str) -> int:
    return world.count("audit", f"act = '{act}'")


def test_a_clerk_sees_the_own_community_and_whoever_serves_it(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open("/desk/volunteers")
    assert "王小明" in browser.text()
    assert "李邻居" not in browser.text()
    assert browser.open("/desk/volunteer/n1").status_code == 404
    assert "李邻居" not in browser.text()
    place.assign("n1", COMMUNITY)
    browser.open("/desk/volunteers")
    assert "李邻居" in browser.text()
    assert browser.open("/desk/volunteer/n1").status_code == 200
    assert browser.open(f"/desk/volunteers?region={NEIGHBOUR}").status_code == 403


def test_a_clerk_is_offered_nothing_that_writes(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open("/desk/volunteer/v1")
    assert "保存分工" not in browser.text()
    assert "生成邀请码</button>" not in browser.page
    for path in ("assign", "end", "leave", "invite"):
        assert (
            browser.open(f"/desk/volunteer/v1/{path}", "POST", data={"csrf_token": browser.token()}).status_code == 403
        )


def test_an_operator_reaches_the_own_street_alone(office: World) -> None:
    browser = at_desk(office, "second")
    browser.open("/desk/volunteers")
    assert {"王小明", "李邻居"} <= set(browser.text().split())
    assert "丙生" not in browser.text()
    assert browser.open("/desk/volunteer/x1").status_code == 404
    for path in ("assign", "end", "leave", "invite"):
        browser.open("/desk/volunteers")
        answer = browser.send(f"/desk/volunteer/x1/{path}", region="s2c1")
        assert answer.status_code == 404, path
    assert audited(office, "volunteer.invite") == 0


def test_the_list_is_filtered_by_what_one_looks_for(office: World) -> None:
    browser = at_desk(office, "operator")
    for query, names in {
        "": {"王小明", "李邻居", "丙生"},
        f"region={STREET}": {"王小明", "李邻居"},
        "kind=grid-worker": {"李邻居"},
        "bound=yes": set(),
        "part=小明": {"王小明"},
        "part=N1": {"李邻居"},
        "there=no": set(),
    }.items():
        browser.open(f"/desk/volunteers?{query}")
        assert {name for name in ("王小明", "李邻居", "丙生") if name in browser.text()} == names, query
    assert "没有符合条件的志愿者" in browser.text()


def test_a_long_list_comes_in_pages(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(2, 7):
        place.enrol(f"v{n}", COMMUNITY, name=f"队员{n}")
    monkeypatch.setattr(volunteers, "A_PAGE", 2)
    browser = at_desk(office, "clerk")
    seen: list[str] = []
    address = "/desk/volunteers?part=v"
    while address:
        browser.open(address)
        seen += re.findall(r'href="/desk/volunteer/(\w+)"', browser.page)
        (address,) = re.findall(r'href="([^"]+)">下一页', browser.page) or [""]
        address = address.replace("&amp;", "&")
    assert seen == ["v1", "v2", "v3", "v4", "v5", "v6"]
    browser.open("/desk/volunteers?cursor=nonsense")
    assert "地址或填写的内容有误" in browser.text()
    assert "fields" not in browser.page


def test_the_list_as_a_file_can_be_handed_in_again(office: World) -> None:
    browser = at_desk(office, "operator")
    place.assign("v1", NEIGHBOUR, last=START.date() + timedelta(days=3))
    answer = browser.open("/desk/volunteers?form=csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(browser.page.lstrip("\ufeff"))))
    assert [(row["编号"], row["区域"], row["到"]) for row in rows if row["编号"] == "v1"] == [
        ("v1", COMMUNITY, ""),
        ("v1", NEIGHBOUR, "2026-12-04"),
    ]
    served = office.count("assignments")
    of_street = "".join(line for line in browser.page.lstrip("\ufeff").splitlines(keepends=True) if "x1" not in line)
    second = at_desk(office, "second")
    assert (hand_in(second, of_street), confirm(second)) == (200, 303)
    assert office.count("assignments") == served + 1  # n1 had none until now


def test_every_problem_of_the_table_is_listed_and_nothing_is_taken_over(office: World) -> None:
    browser = at_desk(office, "second")
    text = HEAD + "v2,张三,保安,s1c1,,\nv3,,志愿者,s1c1,2026/13/1,\nv 4,赵四,志愿者,s1c1,2026-12-02,2026-12-01\n"
    assert hand_in(browser, text) == 422
    for said in (
        "第 2 行“类别”：没有“保安”这一类",
        "第 3 行“姓名”：没有填写",
        "第 3 行“从”：“2026/13/1”不是日期",
        "第 4 行“编号”：“v 4”不是编号",
        "第 4 行“到”：结束日期 2026-12-01 早于开始日期 2026-12-02",
    ):
        assert said in browser.text().replace(" ：", "："), (said, browser.text())
    assert hand_in(browser, HEAD + "v2,张三,志愿者,s1c1,,\nv3,李四,志愿者,s2c1,,\n") == 422
    assert "区域 s2c1 不归您管理" in browser.text()
    assert office.count("volunteers") == 3
    assert hand_in(browser, "", name="") == 422
    assert "请先选择文件" in browser.text()
    assert hand_in(browser, "x", name="名单.xls") == 422
    assert "另存为 .xlsx" in browser.text()


def test_the_table_is_taken_over_once(office: World) -> None:
    browser = at_desk(office, "second")
    text = HEAD + "v2,张三,志愿者,s1c1,,\nv3,李四,楼长,s1c2,2026-12-01,2026-12-31\n"
    assert hand_in(browser, text) == 200
    assert "新增 2 人，更新 0 人，0 人没有变化" in browser.text()
    assert "新增 2 项分工" in browser.text()
    assert (office.count("volunteers"), audited(office, "volunteers.load")) == (3, 0)
    preview = browser.page
    assert confirm(browser) == 303
    browser.open("/desk/volunteers")
    assert "新增 2 人" in browser.text()
    browser.page = preview  # sent once more: nothing is as it was foreseen
    assert confirm(browser) == 409
    assert "和预览时不一样" in browser.text()
    assert "都已登记，不用再导入" in browser.text()
    assert (
        hand_in(browser, text.replace("张三", "张三丰").replace("v3,李四,楼长,s1c2,2026-12-01,2026-12-31\n", "")) == 200
    )
    assert "新增 0 人，更新 1 人，0 人没有变化" in browser.text()
    assert (office.count("volunteers"), audited(office, "volunteers.load")) == (5, 1)
    assert office.rows("SELECT subject FROM audit WHERE act = 'volunteers.load'")[0][0] == "名单.csv"


def test_somebody_is_assigned_and_an_assignment_ends_after_a_question(office: World) -> None:
    browser = at_desk(office, "second")
    browser.open("/desk/volunteer/v1")
    assert browser.send("/desk/volunteer/v1/assign", region="nowhere").status_code == 404
    assert 'value="nowhere"' in browser.page
    assert browser.send("/desk/volunteer/v1/assign", region="s2c1").status_code == 403
    answer = browser.send("/desk/volunteer/v1/assign", region=NEIGHBOUR, first="2026-12-05", last="2026-12-04")
    assert answer.status_code == 422
    assert "结束日期不能早于开始日期" in browser.text()
    assert office.count("assignments") == 1
    assert browser.send("/desk/volunteer/v1/assign", region=NEIGHBOUR, last="2026-12-31").status_code == 303
    browser.open("/desk/volunteer/v1")
    assert "2026-12-31" in browser.text()

    assert browser.open(f"/desk/volunteer/v1/end?region={COMMUNITY}").status_code == 200
    assert "将不再负责甲社区" in browser.text()
    assert office.count("assignments", "ends_at IS NULL") == 1
    assert browser.send("/desk/volunteer/v1/end", region=COMMUNITY, last="never").status_code == 422
    assert browser.send("/desk/volunteer/v1/end", region=COMMUNITY).status_code == 303
    assert office.count("assignments", "ends_at IS NULL") == 0
    assert browser.open("/desk/volunteer/v1/end?region=s1").status_code == 404


def test_somebody_leaves_after_a_question(office: World) -> None:
    browser = at_desk(office, "second")
    browser.open("/desk/volunteer/v1/leave")
    assert office.count("volunteers", "left_at IS NOT NULL") == 0
    assert browser.send("/desk/volunteer/v1/leave").status_code == 303
    assert office.count("volunteers", "left_at IS NOT NULL") == 1
    browser.open("/desk/volunteers?there=no")
    assert "王小明" in browser.text()
    assert audited(office, "volunteer.leave") == 1


def test_a_personal_invitation_is_shown_once_and_binds(office: World) -> None:
    browser = at_desk(office, "second")
    browser.open("/desk/volunteer/v1")
    assert browser.send("/desk/volunteer/v1/invite").status_code == 200
    (code,) = re.findall(r'class="code">([^<]+)<', browser.page)
    assert "data:image/svg+xml" in browser.page
    phone = office.citizen("who comes", consents_to=None)
    assert phone.post("volunteers", json={"invitation": code}).status_code == 201
    browser.open("/desk/volunteer/v1")
    assert code not in browser.page
    assert "已绑定微信" in browser.text()
    assert code not in repr(office.rows("SELECT * FROM audit"))


def test_an_open_invitation_enrols_into_the_region(office: World) -> None:
    browser = at_desk(office, "second")
    browser.open("/desk/volunteers/invite")
    wish = {"region": COMMUNITY, "kind": "grid-worker", "uses": "2", "days": "7"}
    assert browser.send("/desk/volunteers/invite", **(wish | {"uses": "0"})).status_code == 422
    assert "请填 1 到 1000 之间的整数" in browser.text()
    assert browser.send("/desk/volunteers/invite", **(wish | {"region": "s2c1"})).status_code == 403
    assert browser.send("/desk/volunteers/invite", **wish).status_code == 200
    (code,) = re.findall(r'class="code">([^<]+)<', browser.page)
    phone = office.citizen("who comes", consents_to=None)
    assert phone.post("volunteers", json={"invitation": code, "name": "新来的"}).status_code == 201
    browser.open("/desk/volunteers?kind=grid-worker")
    assert "新来的" in browser.text()


def test_a_volunteers_page_shows_what_was_reported_lately(office: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    phone = office.citizen("v1", consents_to=None)
    phone.post("volunteers", json={"invitation": place.invitation("v1")})
    send(phone, tally(boxes=4, occurred_at=utcnow().isoformat()))
    browser = at_desk(office, "clerk")
    browser.open("/desk/volunteer/v1")
    assert "反诈抽纸 4 盒" in browser.text()
    assert "-4 盒" in browser.text()
    assert "少登记了领用" in browser.text()
