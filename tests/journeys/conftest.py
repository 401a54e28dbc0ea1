"""The demo with a second operator, a clerk of another community, and a campaign in which every card is a prize."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from string import Template

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.files import shipped
from tests.h5.conftest import bank, browser, phone
from tests.journeys.pictures import invitation, sign_ins
from tests.test_embedded import Run, environment, running

__all__ = ["bank", "browser", "phone"]
PASSWORD = "journey-password"  # of those who are added here
SURE = "sure"  # the campaign in which everybody wins
CARDS = 20


@dataclass(frozen=True)
class Office:
    """A run, and the passwords of who works there."""

    run: Run
    passwords: dict[str, str]
    invitation: str

    def command(self, *words: str) -> None:
        """An operator's command on this run."""
        folder = self.run.log.parent
        command = [sys.executable, "-m", "quizsvc", *words]
        subprocess.run(command, check=True, env=environment(folder), cwd=folder, capture_output=True)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    with running(folder) as run:
        added = {"second": ("operator", "990100001"), "neighbour": ("clerk", "990100001002")}
        office = Office(run, sign_ins(run) | dict.fromkeys(added, PASSWORD), invitation(run))
        for name, (role, region) in added.items():
            words = ("--role", role, "--region", region, "--password", PASSWORD, "--as", "operator")
            office.command("staff", "add", name, *words)
        path = folder / "sure.toml"
        path.write_text(_sure(), encoding="utf-8")
        office.command("campaign", "load", str(path), "--as", "operator")
        office.command("campaign", "publish", SURE, "--as", "second")
        yield office


def _sure() -> str:
    """The demo campaign's file with one round of nothing but tissue boxes."""
    today = day_of(utcnow())
    days = {f"day{n}": str(today + timedelta(days=n)) for n in range(100)}
    written = Template(shipped("demo/campaign.toml").read_text(encoding="utf-8")).safe_substitute(days)
    plan = (
        written[: written.index("[[prize]]")]
        .replace('slug = "demo"', f'slug = "{SURE}"')
        .replace("演示活动", "人人有奖")
    )
    box = f"""
[[prize]]
code = "tissue-box"
name = "反诈抽纸"
value_fen = 800
kind = "goods"
material = "tissue-box"

[[round]]
opens_at = {days["day0"]}T00:00:00+08:00
closes_at = {days["day30"]}T00:00:00+08:00
cards = {CARDS}
prizes = {{ tissue-box = {CARDS} }}
"""
    return plan + box


AtDesk = Callable[[str], Page]


@pytest.fixture
def desk(browser: Browser, office: Office) -> Iterator[AtDesk]:
    """Signs somebody in at a desk of their own."""
    contexts: list[BrowserContext] = []

    def sign_in(name: str) -> Page:
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{office.run.port}", locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/desk/")
        page.get_by_label("用户名").fill(name)
        page.get_by_label("密码").fill(office.passwords[name])
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="今日")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()
