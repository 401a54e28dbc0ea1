"""Replies that are files to keep, as kit/http.py has replies in JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Response

from quizsvc.kit.http import View, operation_of

NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f\\/:*?"<>|]')


@dataclass(frozen=True)
class Download:
    """A file. `name` as people see it, `plain` in ASCII for programs that know nothing else."""

    content: bytes
    name: str
    plain: str
    headers: Mapping[str, str] = field(default_factory=dict)


def file_reply(media: str, headers: Mapping[str, str] | None = None) -> Callable[[View], View]:
    """Send the Download that the view returns, to be saved and never cached.

    `headers`: those that the view adds, each with what it says.
    """

    def decorate(view: View) -> View:
        operation = operation_of(view)
        operation.replies, operation.media, operation.headers = {200: None}, media, headers or {}

        @wraps(view)
        def send(**values: Any) -> Response:
            made: Download = view(**values)
            response = Response(made.content, content_type=media, headers=dict(made.headers))
            response.headers["Content-Disposition"] = _disposition(made)
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return send

    return decorate


def _disposition(made: Download) -> str:
    """RFC 6266: the plain name, and beside it the one in UTF-8; no character that a folder's name cannot hold."""
    plain, name = (NOT_IN_A_NAME.sub("_", one) for one in (made.plain, made.name))
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
