"""Refusals: what the service says no to, each with a fixed code. One handler in kit/http.py renders them all."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

Retry = Literal["same", "later", "never"]


class Refusal(Exception):
    """A refusal with a code that clients may rely on.

    `retry` tells a client what to do: `same` (send it again as it is), `later` (after Retry-After, or once the state
    has changed) or `never`.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    retry: ClassVar[Retry] = "never"
    zh: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, *, retry_after: float | None = None, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after
        self.fields = fields


def all_refusals(base: type[Refusal] = Refusal) -> Iterable[type[Refusal]]:
    """Every refusal that the loaded code knows, in order of code."""
    found = {kind for kind in _descendants(base) if hasattr(kind, "code")}
    return sorted(found, key=lambda kind: kind.code)


def _descendants(base: type[Refusal]) -> Iterable[type[Refusal]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _descendants(kind)


class BadJson(Refusal):
    code, status = "http.bad_json", 400
    zh, en = "请求内容不是有效的 JSON", "The body is not valid JSON"


class NotJson(Refusal):
    code, status = "http.not_json", 415
    zh, en = "请以 application/json 发送", "Send the body as application/json"


class BadShape(Refusal):
    code, status = "http.bad_shape", 422
    zh, en = "请求内容有误，请看 fields", "The request has the wrong shape, see fields"


class NotFound(Refusal):
    code, status = "http.not_found", 404
    zh, en = "没有这个地址", "There is nothing at this address"


class MethodNotAllowed(Refusal):
    code, status = "http.method_not_allowed", 405
    zh, en = "这个地址不支持该方法，请看 Allow", "This address does not know the method, see Allow"


class TooLarge(Refusal):
    code, status = "http.too_large", 413
    zh, en = "请求内容过大", "The body is too large"


class BadRequest(Refusal):
    code, status = "http.bad_request", 400
    zh, en = "请求无法理解", "The request cannot be understood"


class Broken(Refusal):
    code, status, retry = "http.broken", 500, "later"
    zh, en = "系统出错，请稍后再试", "Something broke on our side, please try again later"


class DatabaseAway(Refusal):
    code, status, retry = "http.database_away", 503, "same"
    zh, en = "系统暂时繁忙，请稍后再试", "The database cannot be reached, please try again shortly"
