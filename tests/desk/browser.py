"""Somebody at the desk: a browser without script that fills in the forms it is shown."""

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.world import PASSWORD, World

FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
FIELD = re.compile(
    r"<(input|select|textarea)\b([^>]*)>((?:(?!<input|<select|<textarea|</select>|</textarea>).)*)", re.DOTALL
)


class Browser:
    """Keeps cookies and the page it is on; follows no redirect unless told to."""

    def __init__(self, world: World, **options: Any) -> None:
        self.app = world.app
        self.http: FlaskClient = world.app.test_client()
        self.options = options
        self.page = ""

    def open(self, path: str, method: str = "GET", **options: Any) -> TestResponse:
        with self.app.app_context():  # `g` is this request's own, as it is on a server
            response = self.http.open(path, method=method, buffered=True, **(self.options | options))
        self.page = response.get_data().decode(errors="replace")  # a download is no page
        self.page = response.data.decode(errors="replace")  # a file that is taken away is no text
        return response

    def send(self, path: str, **fields: str) -> TestResponse:
        """A form of this page, with its token."""
        return self.open(path, "POST", data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """The page's token, of its first form."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        assert found, self.page
        return found[1]

    def hidden(self, name: str) -> str:
        """What the page's form carries under this name."""
        found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', self.page)
        assert found, f"{name} is nowhere in {self.page}"
        return unescape(found[1])

    def hidden_or(self, name: str, otherwise: str = "") -> str:
        """As hidden, for a form that may do without."""
        return self.hidden(name) if f'name="{name}"' in self.page else otherwise

    def fields(self) -> dict[str, str]:
        """What the page's fields say, as a browser sends them."""
        said: dict[str, str] = {}
        for kind, attributes, inner in FIELD.findall(self.page):
            name = re.search(r'\bname="([^"]+)"', attributes)
            if name is None:
                continue
            if kind == "select":
                chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(r'value="([^"]*)"', inner)
                said[name[1]] = unescape(chosen[1]) if chosen else ""
            else:
                value = re.search(r'\bvalue="([^"]*)"', attributes)
                said[name[1]] = unescape(inner if kind == "textarea" else value[1] if value else "")
        return said

    def link(self, text: str) -> str:
        """Where a link of this page leads."""
        found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>{text}</a>', self.page)
        assert found, f"no link {text} in {self.page}"
        return unescape(found[1])

    def text(self) -> str:
        """What a person reads on the page."""
        body = re.sub(r"(?s)<(head|script)\b.*?</\1>", " ", self.page)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        self.open("/desk/sign-in")
        return self.send("/desk/sign-in", name=name, password=password)


def at_desk(world: World, name: str, **options: Any) -> Browser:
    """Somebody who is signed in, on the first page."""
    browser = Browser(world, **options)
    assert browser.sign_in(name).status_code == 303, browser.text()
    assert browser.open("/desk/").status_code == 200
    return browser
