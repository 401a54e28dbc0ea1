"""A WeChat on loopback: HTTP 200 and text/plain whatever happened, `errcode` only where something went wrong."""

import json
import re
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

APPID, APPSECRET = "wx0123456789abcdef", "appsecret-0123456789abcdef"
CODE_LASTS = timedelta(minutes=5)
TOKEN_LASTS, TOKENS_OVERLAP = timedelta(seconds=7200), timedelta(minutes=5)
TOKEN_PATH, SEND_PATH = "/cgi-bin/stable_token", "/cgi-bin/message/subscribe/send"
CUT, SLOW = "cut", "slow"  # the message arrives, and its answer not, or too late
PARAMETERS = {"/sns/jscode2session": "js_code", "/sns/oauth2/access_token": "code"}
MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40014: "invalid access_token",
    40037: "invalid template_id",
    40013: "invalid appid",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43101: "user refuse to accept the msg",
    45009: "reach max api daily quota limit",
    47003: "argument invalid! data.thing1.value invalid",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
}


@dataclass(frozen=True)
class Answer:
    """What goes over the wire."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain"
    is_cut: bool = False


@dataclass(frozen=True)
class Delivered:
    """A message on somebody's phone."""

    openid: str
    template: str
    data: dict[str, str]
    page: str | None


@dataclass
class Token:
    """An access token and when it ends."""

    value: str
    ends_at: datetime


@dataclass(frozen=True)
class Person:
    """Who a code was given to."""

    openid: str
    unionid: str | None
    given_at: datetime


@dataclass
class FakeWeChat:
    """Gives log-in codes and answers for them once; delivers a message for each consent. Tests set the fields from
    `spoken` on to make it odd.
    """

    url: str = ""
    codes: dict[str, Person] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: [APPSECRET])
    web_host: str = "127.0.0.1"  # 网页授权域名
    tokens: list[Token] = field(default_factory=list)
    templates: dict[str, set[str]] = field(default_factory=dict)
    consents: Counter[tuple[str, str]] = field(default_factory=Counter)
    inbox: list[Delivered] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    spoken: Answer | None = None
    odd: deque[int | str | Answer] = field(default_factory=deque)  # how the next messages are answered
    seconds: float = 0.0  # that every answer takes
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

    def authorise(self, address: str, *, openid: str | None) -> str | None:
        """Where the web authorisation at this address leads to: back with a code for the person, or without one who
        says no. None: WeChat's own page says that the request is wrong, as for a host that the office did not register.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        back = urlsplit(asked["redirect_uri"])
        is_right = asked["appid"] == APPID and asked["response_type"] == "code" and asked["scope"] == "snsapi_base"
        if not is_right or back.hostname != self.web_host or not re.fullmatch(r"[0-9A-Za-z]{0,128}", asked["state"]):
            return None
        said = {"state": asked["state"]} if openid is None else {"code": self.code_for(openid), "state": asked["state"]}
        return f"{asked['redirect_uri']}{'&' if back.query else '?'}{urlencode(said)}"

    def speak(self, body: Any, *, status: int = 200) -> None:
        """Answer this from now on, whatever is asked: bytes as they are, anything else as JSON."""
        self.spoken = Answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status)

    def refuse(self, errcode: int) -> None:
        """Answer with this errcode from now on."""
        self.spoken = _refusal(errcode)

    def subscribe(self, openid: str, template: str) -> None:
        """The person says yes, once, as wx.requestSubscribeMessage asks."""
        self.consents[openid, template] += 1

    def replace_token(self) -> None:
        """Somebody else forces a new token: the ones before are no good from now on."""
        self.tokens.clear()
        self._new_token()

    def count(self, path: str) -> int:
        """How often something was asked."""
        return self.paths.count(path)

    def answer(self, path: str, question: dict[str, str], body: bytes = b"") -> Answer:
        self.witness()
        self.paths.append(path)
        self.asked.append(question)
        if self.slow or self.seconds:
            self.released.wait(timeout=30 if self.slow else self.seconds)
        if self.spoken is not None:
            return self.spoken
        if path == TOKEN_PATH:
            return self._token(json.loads(body))
        if path == SEND_PATH:
            self.bodies.append(body)
            return self._message(question, json.loads(body))
        if path not in PARAMETERS:
            return Answer(b"<html>404</html>", 404, "text/html")
        return self._exchange(path, question)

    def _token(self, question: dict[str, str]) -> Answer:
        """The same one again until five minutes before its end; then both are good for as long."""
        if question["appid"] != APPID:
            return _refusal(40013)
        if question["secret"] != APPSECRET:
            return _refusal(40125)
        assert question["grant_type"] == "client_credential"
        now = datetime.now(UTC)
        if not self.tokens or now >= self.tokens[-1].ends_at - TOKENS_OVERLAP:
            self._new_token()
        left = self.tokens[-1].ends_at - now
        return Answer(
            json.dumps({"access_token": self.tokens[-1].value, "expires_in": int(left.total_seconds())}).encode()
        )

    def _new_token(self) -> None:
        value = f"{uuid4().hex * 5}"
        self.secrets.append(value)
        self.tokens.append(Token(value, datetime.now(UTC) + TOKEN_LASTS))

    def _message(self, question: dict[str, str], message: dict[str, Any]) -> Answer:
        odd = self.odd.popleft() if self.odd else None
        if isinstance(odd, Answer):
            return odd
        if isinstance(odd, int):
            return _refusal(odd)
        errcode = self._deliver(question["access_token"], message)
        if odd == SLOW:
            self.released.wait(timeout=30)
        if odd == CUT:
            return Answer(b"", is_cut=True)
        return _refusal(errcode) if errcode else Answer(b'{"errcode":0,"errmsg":"ok","msgid":3847123}')

    def _deliver(self, value: str, message: dict[str, Any]) -> int:
        token = next((one for one in self.tokens if one.value == value), None)
        if token is None or datetime.now(UTC) >= token.ends_at:
            return 40001 if token is None else 42001
        openid, template = message["touser"], message["template_id"]
        if openid not in {person.openid for person in self.codes.values()}:
            return 40003
        if template not in self.templates:
            return 40037
        data = {key: str(one["value"]) for key, one in message["data"].items()}
        if set(data) != self.templates[template] or not all(_fits(key, value) for key, value in data.items()):
            return 47003
        if not self.consents[openid, template]:
            return 43101
        self.consents[openid, template] -= 1
        self.inbox.append(Delivered(openid, template, data, message.get("page")))
        return 0

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


def _fits(key: str, value: str) -> bool:
    if key.startswith("thing"):
        return 0 < len(value.encode("utf-16-le")) // 2 <= 20 and "\n" not in value
    return re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日( \d{2}:\d{2})?", value) is not None


def _refusal(errcode: int) -> Answer:
    message = f"{MESSAGES.get(errcode, 'error')}, rid: {uuid4().hex[:8]}"
    return Answer(json.dumps({"errcode": errcode, "errmsg": message}).encode())


@contextmanager
def fake_wechat() -> Iterator[FakeWeChat]:
    """A fake WeChat that listens until the block ends."""
    fake = FakeWeChat()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            question = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = fake.answer(parts.path, question, body)
            if answer.is_cut:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
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
