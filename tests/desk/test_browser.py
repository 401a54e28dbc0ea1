"""The desk in a real browser: a queue served by keyboard alone; every page in order at every width."""

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

pytestmark = pytest.mark.needs("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-quic"
)
WIDTHS = (320, 390, 1280)


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
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/desk/")
        yield page, url
        chromium.close()
    assert faults == []


def enter(page: Page, typed: str) -> str:
    """Type into whatever has the focus, press Enter; returns what the next page says in large letters."""
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
        page.mouse.click(5, 5)  # the next code still goes into the input
        assert enter(page, codes[0]) == "已领取"
        assert "摄像头" in page.inner_text(".scan")
    assert world.count("redemptions") == 3


@pytest.mark.parametrize("name", ["clerk", "second"])
def test_every_page_is_in_order_at_every_width(world: World, app: Flask, name: str) -> None:
    """Nothing is cut off at the side, and axe finds nothing that keeps people out."""
    world.publish()
    paths = [
        page.path
        for endpoint, page in PAGES.items()
        if "<" not in page.path and "show" in endpoint and may_open(world.member(name), page)
    ]
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
