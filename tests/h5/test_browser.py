"""Citizens with a small phone and a real browser, at a service that really runs."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from playwright.sync_api import Page, Route, expect

from quizsvc.lottery import verifier
from tests.h5.conftest import MakePage
from tests.h5.visit import (
    Bank,
    Client,
    aloud,
    answer_all,
    answer_one,
    barriers,
    begin,
    log_in,
    open_screen,
    settled,
    win,
)
from tests.test_embedded import Run, environment, running

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("h5"), pytest.mark.timeout(300)]
OUTCOME = re.compile("中奖|这支签没有奖")


def papers_of(run: Run, name: str) -> list[dict[str, Any]]:
    papers: list[dict[str, Any]] = Client(run.http, name).ask("GET", "me")["papers"]
    return papers


def fits(page: Page) -> bool:
    """Nothing reaches beyond the edge of the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_citizen_plays_to_the_end_through_a_reload_and_a_lost_network(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run, service_workers="block")
    begin(page, "王阿姨")
    for _ in range(4):
        answer_one(page, bank)
    stem = page.locator("legend").inner_text()
    page.reload()
    settled(page)
    assert page.locator("legend").inner_text() == stem
    expect(page.get_by_text("第 5 题，共 10 题")).to_be_visible()
    answer_all(page, bank, left=6)

    page.context.set_offline(True)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("网络断了，答案已经存在手机上")).to_be_visible()
    assert [paper["handed_in_at"] for paper in papers_of(run, "王阿姨")] == [None]
    page.context.set_offline(False)  # and nobody has to press anything
    expect(page.get_by_role("heading", name="通过了")).to_be_visible()
    expect(page.get_by_text("10 / 10")).to_be_visible()
    assert [paper["correct"] for paper in papers_of(run, "王阿姨")] == [10]

    page.get_by_role("link", name="去抽奖").click()
    page.get_by_role("button", name="抽一支签").click()
    expect(page.locator(".outcome .seal")).to_have_text(OUTCOME)
    (draw,) = Client(run.http, "王阿姨").ask("GET", "me")["draws"]
    assert ("中奖" in page.locator(".outcome .seal").inner_text()) == (draw["prize"] is not None)
    page.get_by_text("抽奖凭据").click()
    expect(page.get_by_text(aloud(draw["alias"]))).to_be_visible()


def test_a_mark_that_was_lost_on_its_way_is_fetched_again(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run, service_workers="block")
    begin(page, "answer lost")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().text())
        return route.abort()

    page.route("**/answers", lose_the_first)
    answer_all(page, bank)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("网络断了")).to_be_visible()
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_role("heading", name="通过了")).to_be_visible()
    assert len(lost) == 1
    assert [paper["correct"] for paper in papers_of(run, "answer lost")] == [10]


def test_wrong_answers_are_explained_and_kept_as_mistakes(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run)
    begin(page, "learner")
    stem = page.locator("legend").inner_text()
    answer_one(page, bank, rightly=False)
    answer_all(page, bank, left=9)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("9 / 10")).to_be_visible()
    expect(page.locator(".card", has=page.get_by_role("heading", name=stem))).to_contain_text("正确答案")
    assert barriers(page) == []
    open_screen(page, "#/mistakes")
    card = page.locator(".card", has=page.get_by_role("heading", name=stem))
    for text in bank.right[stem]:
        expect(card).to_contain_text(text)
    assert barriers(page) == []


@pytest.mark.parametrize("hours", [-3, 3])
def test_the_time_left_is_the_services_whatever_the_phone_thinks(run: Run, phone: MakePage, hours: int) -> None:
    page = phone(run)
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    begin(page, f"clock {hours}")
    expect(page.get_by_text(re.compile(r"还剩 (10:00|9:5\d)"))).to_be_visible()
    page.clock.fast_forward(8 * 60_000)
    expect(page.get_by_text(re.compile(r"还剩 (2:00|1:5\d)"))).to_be_visible()
    page.clock.fast_forward(3 * 60_000)
    expect(page.get_by_text("时间已到")).to_be_visible()
    for _ in range(10):
        page.get_by_role("button", name=re.compile("先跳过|答完了")).click()
    expect(page.get_by_text("答题时间已经过了")).to_be_visible()
    expect(page.get_by_role("heading", name="还有 10 题没有答")).to_be_visible()


def test_who_does_not_agree_reads_on_and_answers_nothing(run: Run, phone: MakePage) -> None:
    page = phone(run)
    open_screen(page)
    page.get_by_role("link", name="开始答题").click()
    log_in(page, "careful")
    page.get_by_role("button", name="不同意").click()
    expect(page.get_by_role("heading", name="奖品", exact=True)).to_be_visible()
    assert Client(run.http, "careful").ask("GET", "campaigns/demo/me")["open_paper"] is None
    page.get_by_role("link", name="开始答题").click()
    expect(page.get_by_role("button", name="不同意")).to_be_visible()


def test_a_prize_shows_its_code_in_digits_and_as_qr(run: Run, bank: Bank, phone: MakePage) -> None:
    name, outcome = win(run.http, bank, "goods")
    code = outcome["award"]["code"]
    page = phone(run)
    open_screen(page, "#/prizes")
    log_in(page, name)
    expect(page.locator(".code")).to_have_text(f"{code[:4]} {code[4:8]} {code[8:]}")
    drawn = {
        (int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h", page.locator(".qr path").get_attribute("d") or "")
    }
    assert drawn in [dark_of(code, error, mask) for error in "lmqh" for mask in range(8)]
    assert barriers(page) == []
    assert fits(page)


def dark_of(text: str, error: str, mask: int) -> set[tuple[int, int]]:
    """The dark modules of a QR code as another program makes it, in the middle of its quiet zone."""
    rows = segno.make(text, error=error, mask=mask, boost_error=False, micro=False).matrix
    return {(x + 4, y + 4) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


def test_a_coupon_is_shown_without_a_code_for_the_desk(run: Run, bank: Bank, phone: MakePage) -> None:
    name, outcome = win(run.http, bank, "coupon")
    page = phone(run)
    open_screen(page, "#/prizes")
    log_in(page, name)
    expect(page.get_by_text(outcome["award"]["coupon"]["code"])).to_be_visible()
    expect(page.locator(".qr")).to_have_count(0)


def test_a_busy_service_is_waited_for_and_the_ticket_stays(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run, service_workers="block")
    begin(page, "patient")
    answer_all(page, bank)
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("link", name="去抽奖").click()
    asked: list[str] = []

    def busy_at_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.continue_()
        content = {"errcode": "lottery.busy", "errmsg": "抽奖人数较多，请稍后再试，抽奖券保留", "request_id": "x"}
        return route.fulfill(status=503, headers={"Retry-After": "1"}, json=content)

    page.route("**/draw", busy_at_first)
    page.get_by_role("button", name="抽一支签").click()
    expect(page.get_by_text("抽奖人数较多")).to_be_visible()
    expect(page.locator(".outcome .seal")).to_have_text(OUTCOME)
    assert len(asked) == 2


def test_own_data_is_taken_along_and_then_deleted(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run)
    begin(page, "leaver")
    answer_all(page, bank)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_role("heading", name="通过了")).to_be_visible()
    me = Client(run.http, "leaver")
    open_screen(page, "#/me")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出我的信息").click()
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8")) == me.ask("GET", "me")
    assert barriers(page) == []

    page.get_by_text("没有存成文件").click()
    assert json.loads(page.get_by_label("导出的内容").input_value()) == me.ask("GET", "me")

    page.get_by_role("button", name="删除我的信息").click()
    expect(page.get_by_text("会留下的")).to_be_visible()
    assert me.ask("GET", "me")["papers"] != []
    page.get_by_role("button", name="确认删除").click()
    expect(page.get_by_role("heading", name="已经删除")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('quizsvc.me'))") == []
    assert run.http.get("/api/v1/me", headers=me.headers).status_code == 401


def test_consent_is_taken_back_and_the_community_changed_from_the_own_page(run: Run, phone: MakePage) -> None:
    page = phone(run)
    begin(page, "changer")
    me = Client(run.http, "changer")
    assert me.ask("GET", "me")["citizen"]["region"] == "990100001002"
    open_screen(page, "#/me")
    page.get_by_role("link", name="换一个社区").click()
    page.get_by_role("button", name="春风社区").click()
    expect(page.get_by_role("heading", name="我的信息")).to_be_visible()
    assert me.ask("GET", "me")["citizen"]["region"] == "990100001001"
    page.get_by_role("link", name="告知与同意").click()
    page.get_by_role("button", name="撤回同意").click()
    expect(page.get_by_text("您还没有同意个人信息保护告知")).to_be_visible()
    assert me.ask("GET", "campaigns/demo/me")["consents"]["privacy"] is False


def test_several_campaigns_are_listed(run: Run, phone: MakePage) -> None:
    page = phone(run, service_workers="block")
    (demo,) = run.http.get("/api/v1/campaigns").json()["items"]
    over = {**demo, "slug": "last-year", "title": "去年的活动", "state": "closed"}
    page.route("**/api/v1/campaigns?*", answer_with({"items": [demo, over], "next": None}))
    open_screen(page)
    expect(page.locator(".card", has_text="去年的活动")).to_contain_text("活动已结束")
    assert barriers(page) == []
    page.get_by_role("link", name=demo["title"]).click()
    expect(page.get_by_role("link", name="开始答题")).to_be_visible()


@pytest.mark.parametrize("address", ["", "#/safety/demo", "#/c/demo/check", "#/nowhere", "#/login/"])
def test_open_screens_keep_nobody_out(run: Run, phone: MakePage, address: str) -> None:
    page = phone(run)
    open_screen(page, address)
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert barriers(page) == []
    assert fits(page)


def test_screens_of_the_own_visit_keep_nobody_out(run: Run, bank: Bank, phone: MakePage) -> None:
    page = phone(run)
    open_screen(page)
    page.get_by_role("link", name="开始答题").click()
    log_in(page, "axe")
    for sign in ("同意并继续", "和平社区"):
        expect(page.get_by_role("button", name=sign)).to_be_visible()
        assert barriers(page) == []
        assert fits(page)
        page.get_by_role("button", name=sign).click()
    expect(page.locator("legend")).to_be_visible()
    assert barriers(page) == []
    assert fits(page)
    answer_all(page, bank)
    assert barriers(page) == []
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("link", name="去抽奖").click()
    expect(page.get_by_role("button", name="抽一支签")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="抽一支签").click()
    expect(page.locator(".outcome")).to_be_visible()
    assert barriers(page) == []


def tell_service(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "quizsvc", *words, "demo", "--as", "operator"]
    done = subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def look_until(page: Page, there: Callable[[], bool]) -> None:
    """What is seen of a campaign may be some seconds old: the service and the browser keep it that long."""
    for _ in range(100):
        page.goto("/#/c/demo/check")
        page.reload()
        settled(page)
        if there():
            return
        page.wait_for_timeout(250)
    raise AssertionError("it never came")


def has_anchored(page: Page, draws: int) -> bool:
    """Whether this phone has saved an anchor over so many draws."""
    saved = json.loads(page.evaluate("localStorage.getItem('quizsvc.anchors.demo')"))
    return any(anchor["count"] == draws for anchor in saved["1"])


def forge(bundle: dict[str, Any], how: str) -> None:
    """Change a published round as somebody would who has something to hide."""
    lines = bundle["lines"]
    if how == "prize":
        lines[1]["prize"] = "umbrella" if lines[1]["prize"] is None else None
    elif how == "time":
        lines[2]["drawn_at"] = "2026-01-01T00:00:00.000+08:00"
    elif how == "seed":
        bundle["seed"] = "00" * 32
    elif how == "missing":
        del lines[0]
    elif how == "counts":
        bundle["planned"][0]["count"] += 1
    elif how == "written anew":
        del lines[-1]
        bundle["anchors"] = []
        chain_anew(bundle)
    elif how == "another's ticket":
        lines[0]["ticket"] = "0" * 32
        bundle["anchors"] = []
        chain_anew(bundle)


def chain_anew(bundle: dict[str, Any]) -> None:
    """Whoever has the database can do this, too."""
    head = verifier.sha256(verifier.canonical({name: bundle[name] for name in verifier.HEADER if name in bundle}))
    for line in bundle["lines"]:
        head = line["hash"] = verifier.sha256(head + verifier.text_of(line))
    bundle["head"] = head


def answer_with(content: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=content)


FORGERIES = {
    "prize": "第 2 条记录（签号 2）：记录的结果与签箱里的签不一样",
    "time": "第 3 条记录（签号 3）：这一条或它前面的内容被改过",
    "seed": "种子与承诺值对不上",
    "missing": "第 1 条记录（签号 2）：这一条或它前面的内容被改过",
    "counts": "箱里的奖品数与公布的不一样",
    "written anew": "的锚点：当时已有的抽奖记录后来被改过",
    "another's ticket": "的锚点：当时已有的抽奖记录后来被改过",
}


def test_a_closed_round_is_checked_on_the_phone_and_forgeries_are_named(
    tmp_path: Path, bank: Bank, phone: MakePage
) -> None:
    with running(tmp_path) as run:
        page = phone(run, service_workers="block")
        begin(page, "checker")
        answer_all(page, bank)
        page.get_by_role("button", name="交卷").click()
        page.get_by_role("link", name="去抽奖").click()
        page.get_by_role("button", name="抽一支签").click()
        expect(page.locator(".outcome")).to_be_visible()
        for number in range(5):
            Client(run.http, f"neighbour {number}").play(bank)
        tell_service(tmp_path, "lottery", "anchor")
        look_until(page, lambda: has_anchored(page, 6))
        tell_service(tmp_path, "campaign", "close")
        look_until(page, lambda: page.get_by_role("button", name="现在核对").count() == 1)
        bundle = run.http.get("/api/v1/campaigns/demo/rounds/1/ledger").json()
        assert len(bundle["lines"]) == 6

        def check() -> None:
            page.goto("/#/c/demo/check")
            page.reload()
            settled(page)
            page.locator(".card", has_text="第 1 轮").get_by_role("button", name="现在核对").click()

        check()
        passed = page.locator(".notice.good", has_text="核对通过")
        for sign in (
            "6 条抽奖记录",
            "8000 支签",
            "您的凭据（签号 1",
            "承诺值就是这部手机在抽奖前看到的",
            "锚点都对得上",
        ):
            expect(passed).to_contain_text(sign)
        assert barriers(page) == []
        expect(page.locator(".card", has_text="第 2 轮")).to_contain_text("没有举行")
        for how, said in FORGERIES.items():
            forged = json.loads(json.dumps(bundle))
            forge(forged, how)
            page.route("**/ledger", answer_with(forged))
            check()
            expect(page.locator(".notice.bad")).to_contain_text(said)
            page.unroute("**/ledger")

        # whoever saved no anchor still has the own receipt
        page.evaluate("localStorage.removeItem('quizsvc.anchors.demo')")
        page.route("**/anchors", answer_with({"rounds": []}))
        page.route("**/ledger", answer_with(forged))
        check()
        expect(page.locator(".notice.bad")).to_contain_text("您的凭据（签号 1）不在公开的记录里")
