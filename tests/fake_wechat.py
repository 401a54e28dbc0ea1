"""A WeChat on loopback: HTTP 200 and text/plain whatever happened, `errcode` only where something went wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

APPID, APPSECRET = "wx0123456789abcdef", "appsecret-0123456789abcdef"
CODE_LASTS = timedelta(minutes=5)
PARAMETERS = {"/sns/jscode2session": "js_code", "/sns/oauth2/access_token": "code"}
MESSAGES = {
    -1: "system error",
    40013: "invalid appid",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    41008: "missing code",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
}


@dataclass(frozen=True)
class Answer:
    """What goes over the wire."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Person:
    """Who a code was given to."""

    openid: str
    unionid: str | None
    given_at: datetime


@dataclass
class FakeWeChat:
    """Gives log-in codes and answers for them once. Tests set the fields from `spoken` on to make it odd."""

    url: str = ""
    codes: dict[str, Person] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: [APPSECRET])
    spoken: Answer | None = None
    says_errcode_zero: bool = False
    slow: bool = False
    released: Event = field(default_factory=Event)
    witness: Callable[[], None] = lambda: None

    def code_for(self, openid: str, *, unionid: str | None = None) -> str:
        """A fresh code, as wx.login or the web page's redirect gives it."""
        code = f"code-{uuid4().hex}"
        self.codes[code] = Person(openid, unionid, datetime.now(UTC))
        self.secrets += [code, openid, *([unionid] if unionid else [])]
        return code

    def speak(self, body: Any, *, status: int = 200) -> None:
        """Answer this from now on, whatever is asked: bytes as they are, anything else as JSON."""
        self.spoken = Answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status)

    def refuse(self, errcode: int) -> None:
        """Answer with this errcode from now on."""
        self.spoken = _refusal(errcode)

    def answer(self, path: str, question: dict[str, str]) -> Answer:
        self.witness()
        self.paths.append(path)
        self.asked.append(question)
        if self.slow:
            self.released.wait(timeout=30)
        if self.spoken is not None:
            return self.spoken
        if path not in PARAMETERS:
            return Answer(b"<html>404</html>", 404, "text/html")
        return self._exchange(path, question)

    def _exchange(self, path: str, question: dict[str, str]) -> Answer:
        if question.get("appid") != APPID:
            return _refusal(40013)
        if question.get("secret") != APPSECRET:
            return _refusal(40125)
        code = question.get(PARAMETERS[path])
        if code is None:
            return _refusal(41008)
        if code in self.used:
            return _refusal(40163)
        person = self.codes.get(code)
        if person is None or datetime.now(UTC) - person.given_at >= CODE_LASTS:
            return _refusal(40029)
        self.used.add(code)
        return Answer(json.dumps(self._session(path, person)).encode())

    def _session(self, path: str, person: Person) -> dict[str, Any]:
        key, refresh = f"key-{uuid4().hex}", f"refresh-{uuid4().hex}"
        self.secrets += [key, refresh]
        session: dict[str, Any] = {"openid": person.openid}
        if path == "/sns/jscode2session":
            session["session_key"] = key
        else:
            session |= {"access_token": key, "expires_in": 7200, "refresh_token": refresh, "scope": "snsapi_base"}
        if person.unionid is not None:
            session["unionid"] = person.unionid
        if self.says_errcode_zero:
            session |= {"errcode": 0, "errmsg": "ok"}
        return session


def _refusal(errcode: int) -> Answer:
    message = f"{MESSAGES.get(errcode, 'error')}, rid: {uuid4().hex[:8]}"
    return Answer(json.dumps({"errcode": errcode, "errmsg": message}).encode())


@contextmanager
def fake_wechat() -> Iterator[FakeWeChat]:
    """A fake WeChat that listens until the block ends."""
    fake = FakeWeChat()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            question = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = fake.answer(parts.path, question)
            try:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except ConnectionError:  # who asked has given up
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            fake.released.set()
            server.shutdown()
            thread.join()
