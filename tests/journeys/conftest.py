"""The demo with a second operator, a clerk of another community, and two campaigns in which every card is a prize.

All journeys share one service and one browser, and leave to each other what they did: each has people of its own.
"""

import json
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
from tests.h5.conftest import PATIENCE_MS, bank, chromium, phone
from tests.journeys.pictures import invitation, sign_ins
from tests.test_embedded import Run, environment, running

__all__ = ["bank", "phone"]
PASSWORD = "journey-password"  # of those who are added here
SURE, OWN = "sure", "own"  # in which everybody wins: the street's, and one of a single community
STREET, SPRING, PEACE = "990100001", "990100001001", "990100001002"  # 春风社区 has the clerk, 和平社区 the neighbour
CARDS = 20
EACH = """
import json, sys
from quizsvc import app, commands
for words in json.load(sys.stdin):
    commands.group.main(words, obj=commands.script(app.create_app), standalone_mode=False)
"""


@dataclass(frozen=True)
class Office:
    """A run, and the passwords of who works there."""

    run: Run
    passwords: dict[str, str]
    invitation: str

    def command(self, *commands: str) -> str:
        """Operators' commands on this run, one after the other; what they said."""
        folder = self.run.log.parent
        words = json.dumps([one.split() for one in commands])
        process = [sys.executable, "-c", EACH]
        done = subprocess.run(
            process, check=True, env=environment(folder), cwd=folder, input=words, text=True, capture_output=True
        )
        return done.stdout


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    for slug, region, name in ((SURE, STREET, "人人有奖"), (OWN, SPRING, "春风专场")):
        (folder / f"{slug}.toml").write_text(_all_win(slug, region=region, name=name), encoding="utf-8")
    with running(folder) as run:
        added = {"second": f"--role operator --region {STREET}", "neighbour": f"--role clerk --region {PEACE}"}
        office = Office(run, sign_ins(run) | dict.fromkeys(added, PASSWORD), invitation(run))
        office.command(
            *(f"staff add {name} {role} --password {PASSWORD} --as operator" for name, role in added.items()),
            *(f"campaign load {folder}/{slug}.toml --as operator" for slug in (SURE, OWN)),
            *(f"campaign publish {slug} --as second" for slug in (SURE, OWN)),
        )
        yield office


def _all_win(slug: str, *, region: str, name: str) -> str:
    """The demo campaign's file with one round of nothing but tissue boxes."""
    today = day_of(utcnow())
    days = {f"day{n}": str(today + timedelta(days=n)) for n in range(100)}
    written = Template(shipped("demo/campaign.toml").read_text(encoding="utf-8")).safe_substitute(days)
    plan = (
        written[: written.index("[[prize]]")]
        .replace('slug = "demo"', f'slug = "{slug}"')
        .replace(f'region = "{STREET}"', f'region = "{region}"')
        .replace("演示活动", name)
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
        context.set_default_timeout(PATIENCE_MS)
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
