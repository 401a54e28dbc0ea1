"""`make screenshots`: every screen and page of a demo with people in it, at the width of a phone and of a desk.

A page is looked at by the first role that gets there by clicking. What is wider than the window is named, and the run
ends with status 1.
"""

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, Error, Page, sync_playwright
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, MapAdapter, Rule

from quizsvc.backoffice.desk.access import PAGES
from quizsvc.demo.simulate import Crowd, simulate
from quizsvc.kit.http import SlugConverter
from tests.h5.conftest import OPTIONS
from tests.h5.visit import Bank, answer_one, begin, open_screen, win
from tests.test_embedded import Run, running

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
ROLES = ("operator", "clerk", "auditor", "partner")
MOST_OF_A_KIND = 3  # pages of one kind that one role opens
NO_PAGE = re.compile(r"/desk/(static/|sign-out)|export|\.(csv|xlsx|docx|md|svg|toml|json)(\?|$)|format=")
SCREENS = ("", "c/demo/check", "prizes", "mistakes", "me", "safety/demo", "volunteer", "nowhere")


class Album:
    """Pictures in a folder, and which of them are wider than their window."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.overflowing = folder, list[str]()

    def take(self, page: Page, name: str) -> None:
        """One picture for each width."""
        for width, size in WIDTHS.items():
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            path = self.folder / f"{name}-{width}.png"
            page.screenshot(path=path, full_page=True)
            if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
                self.overflowing.append(path.name)
            click.echo(path)


def take_screens(browser: Browser, run: Run, album: Album) -> None:
    """The citizen's and the volunteer's face."""
    bank = Bank.shipped()
    page = _open(browser, run)
    open_screen(page)
    album.take(page, "h5-campaign")
    begin(page, "李奶奶")
    album.take(page, "h5-question")
    answer_one(page, bank, rightly=False)
    for _ in range(9):
        answer_one(page, bank)
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("link", name="去抽奖").wait_for()
    album.take(page, "h5-mark")
    page.get_by_role("link", name="去抽奖").click()
    page.get_by_role("button", name="抽一支签").click()
    page.locator(".outcome .seal").wait_for()
    album.take(page, "h5-drawn")
    for screen in SCREENS:
        open_screen(page, f"#/{screen}")
        album.take(page, f"h5-{screen.replace('/', '-') or 'campaigns'}")
    winner = _open(browser, run)
    open_screen(winner, "#/login/")
    winner.get_by_label("名字或号码").fill(win(run.http, bank, "goods")[0])
    winner.get_by_role("button", name="登录").click()
    winner.get_by_role("heading", name="登录").wait_for(state="hidden")
    open_screen(winner, "#/prizes")
    album.take(winner, "h5-prizes-won")


def take_pages(browser: Browser, run: Run, album: Album) -> None:
    """The desk: each of its pages once."""
    seen: set[str] = set()
    passwords = sign_ins(run)
    for role in ROLES:
        page = _open(browser, run)
        page.goto("/desk/sign-in")
        if role == ROLES[0]:
            album.take(page, "desk-sign-in")
        page.get_by_label("用户名").fill(role)
        page.get_by_label("密码").fill(passwords[role])
        page.get_by_role("button", name="登录").click()
        for endpoint in _walk(page):
            name = endpoint if endpoint not in seen else f"{role}-{endpoint}" if endpoint == "today.show_today" else ""
            if name:
                seen.add(endpoint)
                album.take(page, f"desk-{name.replace('.', '-').replace('/', '-')}")


def addresses_of_desk() -> MapAdapter:
    """Which page an address of the desk is."""
    rules = [Rule(f"/desk{page.path}", endpoint=endpoint) for endpoint, page in PAGES.items()]
    return Map(rules, converters={"slug": SlugConverter}).bind("localhost")


def _walk(page: Page) -> Iterator[str]:
    """Every page that can be clicked to from the first one, nearest first, by its name in the table of pages; each
    while it is open. Of a hundred questions or volunteers a few are enough.
    """
    addresses = addresses_of_desk()
    waiting, known, opened = ["/desk/"], {"/desk/"}, Counter[str]()
    while waiting:
        address = waiting.pop(0)
        try:
            endpoint, _ = addresses.match(address.partition("?")[0])
        except HTTPException:
            endpoint = f"nowhere {address}"
        if opened[endpoint] >= MOST_OF_A_KIND or not _opened(page, address):
            continue
        opened[endpoint] += 1
        yield endpoint
        links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
        for link in links:
            if link.startswith("/desk") and link not in known and not NO_PAGE.search(link):
                known.add(link)
                waiting.append(link)


def _opened(page: Page, address: str) -> bool:
    """Go there; False for a file to keep."""
    try:
        page.goto(address)
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    return True


def sign_ins(run: Run) -> dict[str, str]:
    """The demo's passwords by name, as the run printed them."""
    said = run.log.read_text(errors="replace")
    return {name: found[1] for name in ROLES if (found := re.search(rf"^\s+{name}\s+(\S+)$", said, re.MULTILINE))}


def invitation(run: Run) -> str:
    """The demo's open invitation, as the run printed it."""
    found = re.search(r"([0-9A-Z]{4}-){2}[0-9A-Z]{4}", run.log.read_text(errors="replace"))
    assert found
    return found[0]


def _open(browser: Browser, run: Run, **options: Any) -> Page:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{run.port}",
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        **options,
    )
    return context.new_page()


@contextmanager
def busy_demo() -> Iterator[Run]:
    """The demo with citizens who played and volunteers who reported."""
    with tempfile.TemporaryDirectory(prefix="pictures") as folder, running(Path(folder)) as run:
        passwords = sign_ins(run)
        crowd = Crowd(citizens=60, volunteers=12, invitation=invitation(run), days=3)
        simulate("demo", _with_staff(crowd, passwords), url=f"http://127.0.0.1:{run.port}")
        yield run


def _with_staff(crowd: Crowd, passwords: dict[str, str]) -> Crowd:
    """Goods are handed over; what is held stays so, to be seen."""
    return Crowd(crowd.citizens, crowd.volunteers, crowd.invitation, crowd.days, ("clerk", passwords["clerk"]), None)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("screenshots"))
def main(folder: Path) -> None:
    """Fill FOLDER with pictures."""
    folder.mkdir(exist_ok=True)
    album = Album(folder)
    with busy_demo() as run, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(OPTIONS))
        take_screens(browser, run, album)
        take_pages(browser, run, album)
        browser.close()
    for name in album.overflowing:
        click.echo(f"wider than its window: {name}", err=True)
    sys.exit(1 if album.overflowing else 0)


if __name__ == "__main__":
    main()
