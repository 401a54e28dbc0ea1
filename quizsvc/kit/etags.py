"""Private pages that their reader keeps, and asks for again whether they have changed."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema

from quizsvc.kit.http import JSON_OPTIONS, View, json_response, operation_of


def reply_if_changed(schema: Schema, *, but: str) -> Callable[[View], View]:
    """As `reply`, with a weak ETag over everything but one field (which always differs); 304 while that is the same.

    The reader may keep the page, a proxy between may not.
    """

    def decorate(view: View) -> View:
        operation = operation_of(view)
        operation.replies, operation.cached = {200: schema}, True

        @wraps(view)
        def render(**values: Any) -> Response:
            shown = schema.dump(view(**values))
            lasting = {name: value for name, value in shown.items() if name != but}
            etag = hashlib.sha256(orjson.dumps(lasting, default=str, option=JSON_OPTIONS)).hexdigest()[:32]
            same = request.if_none_match.contains_weak(etag)
            answer = Response(status=304) if same else json_response(shown)
            answer.headers["ETag"] = f'W/"{etag}"'
            answer.headers["Cache-Control"] = "private, no-cache"
            return answer

        return render

    return decorate
