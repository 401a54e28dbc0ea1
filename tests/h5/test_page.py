"""The page's files as they are sent: strict headers, small, all there, and nothing asked of anybody else."""

import re
from pathlib import Path

import pytest
from flask import Flask

from quizsvc.h5.routes import bp, files, init_h5
from quizsvc.settings import WeChatSettings
from quizsvc.wiring import API
from tests.world import Phone

LARGEST_FIRST_LOAD = 150 * 1024
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
STATIC = Path(__file__).parents[2] / "quizsvc/h5/static"
# Asked by the browser's address bar alone, when WeChat logs somebody in.
WECHAT = "https://open.weixin.qq.com/connect/oauth2/authorize"
SVG = "http://www.w3.org/2000/svg"


def address(name: str) -> str:
    return {"index.html": "/", "sw.js": "/sw.js"}.get(name, f"/h5/{name}")


def scripts() -> dict[str, str]:
    """Our own scripts."""
    found = {path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js")}
    return {name: text for name, text in found.items() if not name.startswith("vendor/")}


def test_every_file_is_sent_under_the_strict_policy_and_only_when_it_has_changed(app: Flask) -> None:
    client = app.test_client()
    assert len(files()) > 15
    for name in files():
        sent = client.get(address(name))
        assert sent.status_code == 200, name
        policy = sent.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        for rule in ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert rule in policy
        assert sent.headers["X-Content-Type-Options"] == "nosniff"
        assert sent.headers["Referrer-Policy"] == "same-origin"
        assert "camera=(self)" in sent.headers["Permissions-Policy"]
        assert sent.headers["Cache-Control"] == "no-cache"
        again = client.get(address(name), headers={"If-None-Match": sent.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        other = client.get(address(name), headers={"If-None-Match": '"of another version"'})
        assert other.status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "../routes.py", "..%2froutes.py", "screens", "screens/"])
def test_what_is_no_file_of_the_page_is_not_there(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/h5/{name}").status_code == 404


def test_all_that_a_first_visit_loads_is_small() -> None:
    assert sum(len(file.content) for file in files().values()) < LARGEST_FIRST_LOAD


def test_no_file_names_an_address_elsewhere() -> None:
    for name, file in files().items():
        if name.endswith(".txt"):
            continue
        found = set(re.findall(r"""(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\s"'`)]*""", file.content.decode()))
        assert found <= {WECHAT, SVG}, name


def test_every_module_that_is_imported_is_there() -> None:
    for name, text in scripts().items():
        for wanted in re.findall(r'from "([^"]+)"', text):
            assert ((STATIC / name).parent / wanted).resolve().is_file(), (name, wanted)
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    for wanted in re.findall(r'(?:src|href)="/h5/([^"]+)"', page):
        assert (STATIC / wanted).is_file(), wanted


def test_every_call_is_one_that_the_document_knows(app: Flask) -> None:
    document = Phone(app).get("openapi.json").get_json()
    known = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix(f"{API}/")))
        for path, item in document["paths"].items()
        for method in item
    }
    used = set()
    for text in scripts().values():
        used |= set(re.findall(r'\bcall\(\s*"([A-Z]+)",\s*"([^"]+)"', text))
        used |= {("GET", path) for path in re.findall(r'\bcallAll\(\s*"([^"]+)"', text)}
    assert len(used) > 15
    assert {(method, re.sub(r"\{\w+\}", "{}", path.partition("?")[0])) for method, path in used} <= known
    assert not [name for name, text in scripts().items() if name != "api.js" and "/api/" in text]


def test_what_people_see_is_built_from_values_and_never_from_markup() -> None:
    for name, text in scripts().items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|style=|<script>|\son\w+=|javascript:", page)


def test_scripts_stay_short() -> None:
    for name, text in scripts().items():
        lines = text.splitlines()
        assert len(lines) <= LONGEST_FILE, name
        start = 0
        for number, line in enumerate(lines):
            if re.match(r"(export )?(async )?function |  (async |get )?\w+\(.*\) \{$", line):
                start = number
            if line in ("}", "  }"):
                assert number - start <= LONGEST_FUNCTION, f"{name}:{start + 1}"


@pytest.mark.parametrize(
    ("wechat", "said"),
    [
        (None, {"log_in": "stand-in"}),
        (WeChatSettings("wx1", "the secret", "web"), {"log_in": "wechat", "appid": "wx1"}),
        (WeChatSettings("wx1", "the secret", "miniprogram"), {"log_in": "miniprogram"}),
    ],
)
def test_the_page_is_told_how_to_log_in_and_no_secret(wechat: WeChatSettings | None, said: dict[str, str]) -> None:
    app = Flask("page")
    app.register_blueprint(bp)
    init_h5(app, wechat)
    sent = app.test_client().get("/h5.json")
    assert sent.get_json() == said
    assert sent.headers["Cache-Control"] == "no-store"
