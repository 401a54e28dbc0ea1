"""JSON over HTTP: what comes in is checked, what goes out is rendered, what is refused has a code.

`body`, `query`, `reply`, `refuses` and `cached` say at the view what the OpenAPI document repeats; so does
`kit/downloads.py` for what is no JSON.
"""

import hashlib
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from math import ceil
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from flask import Flask, Response, current_app, g, request
from flask.json.provider import JSONProvider
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from quizsvc.kit import errors
from quizsvc.kit.clock import utcnow
from quizsvc.kit.errors import Refusal
from quizsvc.kit.fields import in_chinese

LARGEST_BODY = 256 * 1024
PAGES = "quizsvc.pages"
MOST_PAGES = 256
READ_ONLY_TRANSACTION = "25006"  # PostgreSQL's SQLSTATE
JSON_OPTIONS = orjson.OPT_NON_STR_KEYS  # marshmallow's messages have int keys

logger = logging.getLogger("quizsvc")
View = Callable[..., Any]
AnyView = TypeVar("AnyView", bound=View)


@dataclass
class Operation:
    """What a view takes, gives and refuses; read by kit/openapi.py and by the contract tests."""

    body: Schema | None = None
    query: Schema | None = None
    replies: dict[int, Schema | None] = field(default_factory=dict)
    refusals: set[type[Refusal]] = field(default_factory=lambda: {errors.Broken, errors.DatabaseAway})
    cached: bool = False
    media: str | None = None  # of a reply that is a file
    headers: Mapping[str, str] = field(default_factory=dict)  # of a file, beside those that every file has


def operation_of(view: View) -> Operation:
    """The view's operation, made on first use and shared by everything that wraps the view."""
    found: Operation = view.__dict__.setdefault("operation", Operation())
    return found


def body(schema: Schema) -> Callable[[View], View]:
    """Load the JSON body through a schema into the view's last parameter."""

    def decorate(view: View) -> View:
        name = list(inspect.signature(view).parameters)[-1]
        operation = operation_of(view)
        operation.body = schema
        operation.refusals |= {errors.BadJson, errors.NotJson, errors.BadShape, errors.TooLarge}

        @wraps(view)
        def parse(**values: Any) -> Any:
            return view(**values, **{name: load(schema, read_json())})

        return parse

    return decorate


def query(schema: Schema) -> Callable[[View], View]:
    """Load the query string through a schema into the view's last parameter."""

    def decorate(view: View) -> View:
        name = list(inspect.signature(view).parameters)[-1]
        operation = operation_of(view)
        operation.query = schema
        operation.refusals.add(errors.BadShape)

        @wraps(view)
        def parse(**values: Any) -> Any:
            return view(**values, **{name: load(schema, _read_query(schema), unknown=EXCLUDE)})

        return parse

    return decorate


def reply(schema: Schema | None, status: int = 200, *, also: int | None = None) -> Callable[[View], View]:
    """Render what the view returns. A view that can end in two ways returns `(value, status)`."""

    def decorate(view: View) -> View:
        operation = operation_of(view)
        operation.replies = {code: schema for code in (status, also) if code is not None}

        @wraps(view)
        def render(**values: Any) -> Response:
            value, code = view(**values) if also else (view(**values), status)
            if schema is None:
                return Response(status=code)
            return json_response(schema.dump(value), code)

        return render

    return decorate


def refuses(*kinds: type[Refusal]) -> Callable[[AnyView], AnyView]:
    """Name the refusals that a view's use case may raise."""

    def decorate(view: AnyView) -> AnyView:
        operation_of(view).refusals |= set(kinds)
        return view

    return decorate


@dataclass(frozen=True)
class Page:
    """A rendered public page, kept in this process for a moment."""

    content: bytes
    etag: str
    until: datetime


def cached(seconds: int) -> Callable[[View], View]:
    """Answer a public GET from this process's memory for so many seconds, with ETag and Cache-Control.

    Whoever reads it may see a state that is this old; nothing is ever decided on it.
    """

    def decorate(view: View) -> View:
        operation_of(view).cached = True

        @wraps(view)
        def serve(**values: Any) -> Response:
            pages: dict[str, Page] = current_app.extensions[PAGES]
            now = utcnow()
            page = pages.get(request.full_path)
            if page is None or page.until <= now:
                content = view(**values).get_data()
                etag = hashlib.sha256(content).hexdigest()[:32]
                page = Page(content, etag, now + timedelta(seconds=seconds))
                if len(pages) >= MOST_PAGES:
                    pages.clear()
                pages[request.full_path] = page
            if request.if_none_match.contains_weak(page.etag):
                answer = Response(status=304)
            else:
                answer = Response(page.content, mimetype="application/json")
            answer.headers["ETag"] = f'"{page.etag}"'
            answer.headers["Cache-Control"] = f"public, max-age={seconds}"
            return answer

        return serve

    return decorate


def _read_query(schema: Schema) -> dict[str, Any]:
    """The query string; what the schema takes as a list, as often as it was said."""
    lists = {one.data_key or name for name, one in schema.load_fields.items() if isinstance(one, fields.List)}
    return {name: request.args.getlist(name) if name in lists else said for name, said in request.args.items()}


def read_json() -> Any:
    """The request's JSON body, or a refusal that says what is wrong with it."""
    if not request.is_json:
        raise errors.NotJson
    try:
        return orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise errors.BadJson(fields={"body": [f"{error}"]}) from None


def load(schema: Schema, value: Any, **options: Any) -> Any:
    """The value in the schema's shape, or BadShape with a message per field."""
    try:
        return schema.load(value, **options)
    except ValidationError as error:
        raise errors.BadShape(fields=error.messages_dict) from None


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON response; never cached by anybody unless a view says so."""
    response = Response(orjson.dumps(value, default=str, option=JSON_OPTIONS), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def request_id() -> str:
    """This request's id, made when somebody first asks for it."""
    if "request_id" not in g:
        g.request_id = uuid4().hex
    found: str = g.request_id
    return found


def wants_english() -> bool:
    """Whether Accept-Language prefers English; Chinese is the default."""
    return request.accept_languages.best_match(("zh", "en"), default="zh") == "en"


def render_refusal(refusal: Refusal) -> Response:
    """A refusal as DESIGN section 8 shapes it."""
    english = wants_english()
    content: dict[str, Any] = {
        "errcode": refusal.code,
        "errmsg": refusal.en if english else refusal.zh,
        "request_id": request_id(),
    }
    if refusal.fields is not None:
        content["fields"] = refusal.fields if english else in_chinese(refusal.fields)
    response = json_response(content, refusal.status)
    if refusal.status in (429, 503):
        response.headers["Retry-After"] = str(max(1, ceil(refusal.retry_after or 1)))
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


HTTP_REFUSALS: dict[int, type[Refusal]] = {
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.TooLarge,
    415: errors.NotJson,
}


def refusal_of(error: Exception) -> Refusal:
    """The refusal that stands for whatever was raised. What nobody expected goes into the log, and nowhere else.

    A database that only reads (a standby after a failover) is as good as away; any other fault of it is a surprise.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        return HTTP_REFUSALS.get(error.code or 400, errors.BadRequest)()
    is_away = isinstance(error, OperationalError | InterfaceError | PoolTimeout)
    if is_away or getattr(getattr(error, "orig", None), "sqlstate", None) == READ_ONLY_TRANSACTION:
        logger.error("database away: request_id=%s %s", request_id(), type(error).__name__)
        return errors.DatabaseAway(retry_after=1)
    logger.error("surprise: request_id=%s", request_id(), exc_info=error)
    return errors.Broken()


def _render_fault(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    response = render_refusal(refusal_of(error))
    if response.status_code == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


class OrjsonProvider(JSONProvider):
    """Flask's JSON through orjson."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        return orjson.dumps(obj, default=str, option=JSON_OPTIONS).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        return orjson.loads(s)


class SlugConverter(BaseConverter):
    """A campaign's name in an address."""

    regex = "[a-z0-9][a-z0-9-]{0,39}"


def init_http(app: Flask) -> None:
    """Limits, converters, JSON and the one handler of refusals."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json = OrjsonProvider(app)
    app.url_map.converters["slug"] = SlugConverter
    app.extensions[PAGES] = {}
    app.register_error_handler(Exception, _render_fault)
