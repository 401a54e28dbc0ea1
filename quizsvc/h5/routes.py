"""The page's files, each with its ETag, under one strict policy; and how this installation logs citizens in."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from quizsvc.kit.errors import NotFound
from quizsvc.kit.files import shipped
from quizsvc.kit.http import json_response
from quizsvc.settings import WeChatSettings

LOG_IN = "quizsvc.h5_log_in"
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
# Nothing from elsewhere, nothing written into the page, nobody's frame.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
}

bp = Blueprint("h5", __name__)


@dataclass(frozen=True)
class File:
    """One file of the page."""

    content: bytes
    kind: str
    etag: str


@cache
def files() -> Mapping[str, File]:
    """Every file of the page by its name below `static`; what is not here is not served."""
    home = shipped("h5/static")
    found = {}
    for path in sorted(home.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            etag = hashlib.sha256(content).hexdigest()[:32]
            found[path.relative_to(home).as_posix()] = File(content, KINDS[path.suffix], etag)
    return found


def init_h5(app: Flask, wechat: WeChatSettings | None) -> None:
    """Tell the page how citizens log in here: by the stand-in, WeChat's web authorisation, or in the mini-program."""
    if wechat is None:
        said = {"log_in": "stand-in"}
    elif wechat.kind == "web":
        said = {"log_in": "wechat", "appid": wechat.appid}
    else:
        said = {"log_in": "miniprogram"}
    app.config[LOG_IN] = said


@bp.get("/")
def show_page() -> Response:
    """The one page of citizens and volunteers."""
    return _sent("index.html")


@bp.get("/h5/<path:name>")
def show_file(name: str) -> Response:
    """A file of the page."""
    return _sent(name)


@bp.get("/sw.js")
def show_worker() -> Response:
    """The worker that keeps the page for offline reloads; at the root, for its reach is the folder it lies in."""
    return _sent("sw.js")


@bp.get("/h5.json")
def show_log_in() -> Response:
    """How citizens log in here."""
    said: dict[str, Any] = current_app.config[LOG_IN]
    return json_response(said)


def _sent(name: str) -> Response:
    """The file, or 304 to whoever has it already."""
    file = files().get(name)
    if file is None:
        raise NotFound
    if request.if_none_match.contains_weak(file.etag):
        answer = Response(status=304)
    else:
        answer = Response(file.content, mimetype=file.kind)
    answer.headers.update(HEADERS)
    answer.headers["ETag"] = f'"{file.etag}"'
    return answer
