"""Stock, the books, the ledger's lines, new ones, stock-taking and reversals, at the desk."""

import csv
import io
import re
from uuid import uuid4

import pytest
import time_machine

from quizsvc.backoffice.desk import movements
from tests.desk.browser import Browser, at_desk
from tests.materials.place import BOX, FAN, balances, books, lay_out, make_noise, moved
from tests.world import COMMUNITY, NEIGHBOUR, STREET, World

MINE, STREETS = f"store:{COMMUNITY}", f"store:{STREET}"


@pytest.fixture
def office(world: World) -> World:
    """Boxes and fans here, and others elsewhere. 100 boxes in the clerk's store."""
    lay_out()
    make_noise(world)
    moved(world.desk("operator"), "receive", 100, store=COMMUNITY)
    return world


def fill(browser: Browser, kind: str, quantity: str = "1", **said: str) -> int:
    """Open the form of a kind of movement and send it."""
    assert browser.open(f"/desk/movements/new?kind={kind}").status_code == 200
    wish = {"id": browser.hidden("id"), "kind": kind, "measure": f"{BOX.code}|", "quantity": quantity}
    return browser.send("/desk/movements/new", **(wish | said)).status_code


def read(browser: Browser, address: str) -> list[dict[str, str]]:
    browser.open(address)
    return list(csv.DictReader(io.StringIO(browser.page.lstrip("\ufeff"))))


# --- new lines --------------------------------------------------------------------------------------------------------


def test_a_clerk_keeps_the_own_store(office: World) -> None:
    browser = at_desk(office, "clerk")
    assert fill(browser, "receive", "2", store=COMMUNITY, measure=f"{BOX.code}|箱", ref="送-1") == 303
    browser.open("/desk/movements")
    assert "已登记：入库 反诈抽纸 2 箱（48 盒）" in browser.text()
    assert fill(browser, "issue", "30", store=COMMUNITY, volunteer="v7") == 303
    assert fill(browser, "return", "5", store=COMMUNITY, volunteer="v7") == 303
    assert fill(browser, "hand-out", "10", store=COMMUNITY) == 303
    assert fill(browser, "loss", "3", store=COMMUNITY, reason="受潮") == 303
    assert fill(browser, "lost-on-the-way", "2", volunteer="v7", reason="遗失") == 303
    assert fill(browser, "send-back", "1", store=COMMUNITY, reason="次品") == 303
    assert balances(office)[MINE] == 100 + 48 - 30 + 5 - 10 - 3 - 1
    assert balances(office)["volunteer:00000000-0000-0000-0000-000000000007"] == 30 - 5 - 2
    assert books().agrees
    acts = office.rows("SELECT act FROM audit WHERE actor = 'clerk' AND act LIKE 'material.%' ORDER BY id")
    assert [act for (act,) in acts] == [
        f"material.{act}" for act in ("receive", "issue", "return", "hand_out", "loss", "loss", "return")
    ]


def test_an_operator_moves_goods_between_stores(office: World) -> None:
    browser = at_desk(office, "second")
    assert fill(browser, "transfer", "4", store=COMMUNITY, to_store=STREET) == 303
    assert (balances(office)[MINE], balances(office)[STREETS]) == (96, 4)
    assert fill(browser, "transfer", "4", store=COMMUNITY, to_store=COMMUNITY) == 422


@pytest.mark.parametrize("kind", ["receive", "hand-out", "loss", "send-back"])
def test_anothers_store_is_refused_on_the_form(office: World, kind: str) -> None:
    before = office.count("movements")
    browser = at_desk(office, "clerk")
    assert NEIGHBOUR not in browser.page
    assert fill(browser, kind, "7", store=NEIGHBOUR, reason="试试") == 403
    assert "您没有这项权限" in browser.text()
    assert browser.hidden("quantity") == "7"
    assert office.count("movements") == before


def test_who_is_not_of_ones_regions_gets_nothing_from_ones_store(office: World) -> None:
    browser = at_desk(office, "neighbour")
    assert fill(browser, "issue", "7", store=NEIGHBOUR, volunteer="v7") == 404
    assert "没有这名志愿者" in browser.text()


def test_a_form_sent_twice_posts_once_and_says_so(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open("/desk/movements/new?kind=receive")
    wish = {"id": browser.hidden("id"), "kind": "receive", "measure": f"{BOX.code}|", "store": COMMUNITY}
    for quantity, said in (("5", "已登记：入库"), ("5", "没有重复登记"), ("9", "此前已登记为「入库 反诈抽纸 5 盒」")):
        browser.open("/desk/movements/new?kind=receive")
        assert browser.send("/desk/movements/new", quantity=quantity, **wish).status_code == 303
        browser.open("/desk/movements")
        assert said in browser.text()
    assert balances(office)[MINE] == 105
    browser.open("/desk/movements/new?kind=receive")
    assert browser.hidden("id") != wish["id"]


def test_a_store_cannot_go_below_zero_and_the_form_says_what_is_there(office: World) -> None:
    browser = at_desk(office, "clerk")
    assert fill(browser, "hand-out", "101", store=COMMUNITY) == 409
    assert "库存不足" in browser.text()
    assert "账面只有 100 盒" in browser.text()
    name = browser.hidden("id")
    assert browser.hidden("quantity") == "101"
    wish = {"id": name, "kind": "hand-out", "measure": f"{BOX.code}|", "store": COMMUNITY, "quantity": "100"}
    assert browser.send("/desk/movements/new", **wish).status_code == 303
    assert MINE not in balances(office)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"quantity": "0"}, "请填 1 到"),
        ({"quantity": "1.5"}, "请填 1 到"),
        ({"quantity": ""}, "请填写这一项"),
        ({"occurred_at": "2026-12-02T10:00"}, "发生时间不能晚于现在"),
        ({"occurred_at": "昨天"}, "请按 2026-12-01 10:00"),
        ({"id": "x"}, "id"),
        ({"measure": "gold|"}, "没有这种物料"),
        ({"measure": f"{BOX.code}|托"}, "没有这个包装"),
        ({"reason": "话" * 201}, "请写在 200 个字以内"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(office: World, said: dict[str, str], told: str) -> None:
    before = office.count("movements")
    browser = at_desk(office, "clerk")
    assert fill(browser, "receive", **({"quantity": "5", "store": COMMUNITY} | said)) in (404, 422)
    assert told in browser.page
    assert office.count("movements") == before


def test_a_loss_wants_a_reason(office: World) -> None:
    browser = at_desk(office, "clerk")
    assert fill(browser, "loss", "3", store=COMMUNITY) == 422
    assert balances(office)[MINE] == 100


# --- lines and stock --------------------------------------------------------------------------------------------------


def test_lines_and_stock_of_others_are_not_listed(office: World) -> None:
    for path in ("/desk/movements?form=csv", "/desk/stock?form=csv"):
        rows = read(at_desk(office, "clerk"), path)
        assert rows
        assert not [row for row in rows if {"乙社区仓库", "丙社区仓库", "一街道仓库"} & set(row.values())], path
    browser = at_desk(office, "clerk")
    for path in ("movements", "stock", "books"):
        assert browser.open(f"/desk/{path}?region={NEIGHBOUR}").status_code == 403
    assert len(read(at_desk(office, "auditor"), "/desk/movements?form=csv")) == 4


def test_lines_are_filtered_and_paged(
    office: World, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    browser = at_desk(office, "clerk")
    for n in range(1, 5):
        clock.shift(1)
        fill(browser, "issue", str(n), store=COMMUNITY, volunteer="v7")
    fill(browser, "receive", "9", store=COMMUNITY, occurred_at="2026-11-30T10:00")
    for query, quantities in {
        "act=issue": [4, 3, 2, 1],
        "volunteer=v7": [4, 3, 2, 1],
        "volunteer=v6": [],
        f"material={FAN.code}": [77],
        "last=2026-11-30": [9],
        f"region={COMMUNITY}": [9, 4, 3, 2, 1, 100, 77],
    }.items():
        found = [int(row["数量"]) for row in read(browser, f"/desk/movements?form=csv&{query}")]
        assert sorted(found) == sorted(quantities), query
    monkeypatch.setattr(movements, "A_PAGE", 3)
    seen, address = [], "/desk/movements?act=issue"
    while address:
        browser.open(address)
        seen += re.findall(r"number still\">(\d) 盒", browser.page)
        (address,) = re.findall(r'href="([^"]+)">下一页', browser.page) or [""]
        address = address.replace("&amp;", "&")
    assert seen == ["4", "3", "2", "1"]


def test_a_volunteer_below_zero_is_flagged(office: World) -> None:
    browser = at_desk(office, "clerk")
    fill(browser, "issue", "2", store=COMMUNITY, volunteer="v7")
    browser.open("/desk/stock?overdrawn=yes")
    assert "没有符合条件的库存" in browser.text()
    fill(browser, "lost-on-the-way", "3", volunteer="v7", reason="遗失")
    browser.open("/desk/stock?overdrawn=yes")
    assert "-1 盒 少登记了领用" in browser.text()
    assert "甲社区仓库" not in browser.text()


def test_both_sides_of_the_books_are_one_line(office: World) -> None:
    browser = at_desk(office, "clerk")
    fill(browser, "hand-out", "10", store=COMMUNITY)
    fill(browser, "loss", "3", store=COMMUNITY, reason="受潮")
    browser.open("/desk/books")
    assert "入库 100 + 盘点差异 0 = 发放 10 + 损耗 3 + 退供应商 0 + 现有 87" in browser.text()
    assert "两边都是 100 盒，账目相符" in browser.text()
    assert "乙社区" not in browser.text()


# --- taking a line back -----------------------------------------------------------------------------------------------


def line_of(world: World, act: str) -> str:
    (found,) = world.rows(f"SELECT id FROM movements WHERE act = '{act}' AND posted_by = 'clerk'")
    plain = str(found[0]).replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def test_a_line_is_taken_back_once_after_a_question(office: World) -> None:
    browser = at_desk(office, "clerk")
    fill(browser, "hand-out", "10", store=COMMUNITY)
    page = f"/desk/movements/{line_of(office, 'hand_out')}/reverse"
    browser.open(page)
    assert "反诈抽纸 10 盒" in browser.text()
    assert balances(office)[MINE] == 90
    name = browser.hidden("id")
    assert browser.send(page, id=name, reason="").status_code == 422
    for _ in range(2):
        browser.open(page)
        assert browser.send(page, id=name, reason="登记错了").status_code == 303
    assert balances(office)[MINE] == 100
    browser.open(page)
    assert browser.send(page, id=str(uuid4()), reason="又一次").status_code == 409
    assert "已经冲销" in browser.text()
    browser.open("/desk/movements")
    assert "已冲销" in browser.text()
    assert balances(office)[MINE] == 100


def test_a_delivery_that_was_passed_on_is_not_taken_back(office: World) -> None:
    browser = at_desk(office, "clerk")
    fill(browser, "receive", "10", store=COMMUNITY)
    fill(browser, "hand-out", "105", store=COMMUNITY)
    page = f"/desk/movements/{line_of(office, 'receive')}/reverse"
    browser.open(page)
    assert browser.send(page, id=str(uuid4()), reason="登记错了").status_code == 409
    assert "账面只有 5 盒" in browser.text()


def test_anothers_line_cannot_be_reached(office: World) -> None:
    browser = at_desk(office, "clerk")
    fill(browser, "hand-out", "10", store=COMMUNITY)
    page = f"/desk/movements/{line_of(office, 'hand_out')}/reverse"
    other = at_desk(office, "neighbour")
    assert other.open(page).status_code == 404
    other.open("/desk/")
    assert other.send(page, id=str(uuid4()), reason="乱来").status_code == 404
    assert balances(office)[MINE] == 90


# --- stock-taking -----------------------------------------------------------------------------------------------------


def count(browser: Browser, step: str, **found: str) -> int:
    """Send the stock-take's page as it stands, with what was found."""
    carried = {name: browser.hidden(name) for name in ("id", "store", "volunteer")}
    shown = dict(re.findall(r'name="((?:found|difference|reason)[^"]*)"[^>]*value="([^"]*)"', browser.page))
    return browser.send("/desk/stock/count", step=step, **(shown | carried | found)).status_code


def test_a_stock_take_shows_the_difference_before_it_is_posted_once(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open(f"/desk/stock/count?store={COMMUNITY}")
    assert "账面 100 盒" in browser.text()
    found = {f"found-{BOX.code}": "97", f"found-{FAN.code}": "80"}
    assert count(browser, "check", **found) == 200
    assert "少 3 盒" in browser.text()
    assert "多 3 把" in browser.text()
    assert balances(office)[MINE] == 100
    preview = browser.page
    for said in ("盘点已登记，共 2 种物料", "没有重复登记"):
        browser.page = preview
        assert count(browser, "post") == 303
        browser.open("/desk/stock")
        assert said in browser.text()
    assert (balances(office)[MINE], balances(office, FAN.code)[MINE]) == (97, 80)
    assert office.count("movements", "counted IS NOT NULL") == 2
    browser.open("/desk/books")
    assert "盘点差异 -3" in browser.text()


def test_what_was_not_counted_is_left_alone_and_nothing_counted_is_said(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open(f"/desk/stock/count?store={COMMUNITY}")
    assert count(browser, "check", **{f"found-{BOX.code}": "", f"found-{FAN.code}": ""}) == 422
    assert "请至少填写一种物料" in browser.text()
    assert count(browser, "check", **{f"found-{BOX.code}": "0", f"found-{FAN.code}": "x"}) == 422
    assert count(browser, "check", **{f"found-{BOX.code}": "0", f"found-{FAN.code}": ""}) == 200
    assert count(browser, "post") == 303
    assert balances(office, FAN.code)[MINE] == 77
    assert MINE not in balances(office)


def test_books_that_moved_meanwhile_are_shown_again_before_anything_is_posted(office: World) -> None:
    browser = at_desk(office, "clerk")
    browser.open(f"/desk/stock/count?store={COMMUNITY}")
    assert count(browser, "check", **{f"found-{BOX.code}": "97"}) == 200
    moved(office.desk("operator"), "hand_out", 10, store=COMMUNITY)
    assert count(browser, "post") == 200
    assert "账面有了变动" in browser.text()
    assert "多 7 盒" in browser.text()
    assert office.count("movements", "counted IS NOT NULL") == 0
    assert count(browser, "post") == 303
    assert balances(office)[MINE] == 97


def test_a_clerk_counts_the_own_store_and_volunteers_alone(office: World) -> None:
    browser = at_desk(office, "clerk")
    assert browser.open(f"/desk/stock/count?store={NEIGHBOUR}").status_code == 403
    assert "账面" not in browser.text()
    assert at_desk(office, "neighbour").open("/desk/stock/count?volunteer=v7").status_code == 422
    fill(browser, "issue", "20", store=COMMUNITY, volunteer="v7")
    browser.open("/desk/stock/count?volunteer=v7")
    assert "账面 20 盒" in browser.text()
    assert count(browser, "check", **{f"found-{BOX.code}": "18"}) == 200
    assert count(browser, "post") == 303
    assert balances(office)["volunteer:00000000-0000-0000-0000-000000000007"] == 18
