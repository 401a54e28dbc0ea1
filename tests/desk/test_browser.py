"""The desk in a real browser: a queue served by keyboard alone; every page in order at every width."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from quizsvc.backoffice.desk.access import PAGES, may_open
from tests.lottery.test_redemption import winner
from tests.world import PASSWORD, World, box

# What a browser shows does not differ by database, and a visit to every page at three widths takes half a minute.
pytestmark = [pytest.mark.needs("chromium"), pytest.mark.parametrize("app", ["sqlite"], indirect=True)]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-quic"
)
WIDTHS = (320, 390, 1280)
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
SAMPLE = {"slug": "play", "no": "1", "code": "loan-001", "act": "close"}


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def seated(app: Flask, name: str) -> Iterator[tuple[Page, str]]:
    """A browser in which somebody has signed in, and the address; no script may fail and nothing be asked elsewhere."""
    faults: list[str] = []
    with served(app) as url, sync_playwright() as driver:
        program = shutil.which("chromium")
        chromium = driver.chromium.launch(executable_path=program, args=FLAGS.split())
        page = chromium.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else faults.append(asked.url))
        page.goto(f"{url}/desk/sign-in")
        wait_for_focus(page, "name")  # a program types before a browser has looked where to
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/desk/")
        yield page, url
        chromium.close()
    assert faults == []


def wait_for_focus(page: Page, field: str) -> None:
    """Until the page has put the cursor into a field by itself."""
    page.wait_for_function(f"document.activeElement.id === '{field}'")


def enter(page: Page, typed: str) -> str:
    """Type into the input, which has the focus by itself, and press Enter; what the next page says in large letters."""
    wait_for_focus(page, "code")
    with page.expect_navigation():
        page.keyboard.type(f"{typed}\n")
    return page.inner_text(".verdict")


def test_a_queue_is_served_with_a_scanner_and_enter_alone(world: World, app: Flask) -> None:
    world.publish(round=[box(cards=3, prizes={"tissue": 3})])
    codes = [winner(world)[1] for _ in range(3)]
    with seated(app, "clerk") as (page, url):
        page.goto(f"{url}/desk/redemption")
        for code in codes:
            assert enter(page, code) == "待领取"
            assert enter(page, "") == "已兑付"
        wait_for_focus(page, "code")
        page.mouse.click(5, 300)
        assert page.evaluate("document.activeElement.id") != "code"
        with page.expect_navigation():
            page.keyboard.type(f"{codes[0]}\n")  # the next code still goes into the input
        assert page.inner_text(".verdict") == "已领取"
        assert "摄像头" in page.inner_text(".scan")
    assert world.count("redemptions") == 3


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["clerk", "second"])
def test_every_page_is_in_order_at_every_width(world: World, app: Flask, name: str) -> None:
    """Nothing is cut off at the side, and axe finds nothing that keeps people out."""
    world.publish()
    world.draft(slug="plan")
    named = [
        PLACE.sub(lambda place: SAMPLE.get(place[1], "<"), page.path)
        for endpoint, page in PAGES.items()
        if (".show" in endpoint or ".list" in endpoint) and endpoint != "volunteers.show_one"  # nobody is on the list
        if may_open(world.member(name), page)
    ]
    paths = [path.replace("play/edit", "plan/edit") for path in named if "<" not in path]
    assert len(paths) >= 3
    wrong: list[object] = []
    with seated(app, name) as (page, url):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for path in paths:
                page.goto(f"{url}/desk{path}")
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wrong.append((width, path, "cut off"))
                found = Axe().run(page).response["violations"]
                wrong += [(width, path, one["id"], one["nodes"][0]["html"]) for one in found]
    assert wrong == []
