"""A browser at the width of a small phone, and a running service that it visits."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.h5.visit import PHONE, PLAIN, Bank
from tests.test_embedded import Run, running

PATIENCE_MS = 20_000  # a machine that runs many tests at once is slow
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
    f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1",  # by this name the page came by plain HTTP, as from another machine
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One at a time: there is one of playwright's loops in a process."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone before another module opens one."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with running(tmp_path_factory.mktemp("run")) as run:
        yield run


@pytest.fixture(scope="session")
def bank() -> Bank:
    return Bank.shipped()


MakePage = Callable[..., Page]


class Served(Protocol):
    """What listens on a port of this machine."""

    port: int


@pytest.fixture
def phone(browser: Browser) -> Iterator[MakePage]:
    """Makes a fresh phone that looks at a run; whatever its page reports as an error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(run: Served, *, host: str = "127.0.0.1", **options: Any) -> Page:
        context = browser.new_context(
            base_url=f"http://{host}:{run.port}",
            viewport=PHONE,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            accept_downloads=True,
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []
