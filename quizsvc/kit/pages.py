"""Lists in pages: a cursor that clients pass back unread."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from quizsvc.kit.errors import BadShape

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageOf(Generic[Item]):
    """One page, and the cursor of the next (None at the end)."""

    items: Sequence[Item]
    next: str | None


def page_from(items: Sequence[Item], *, limit: int, key: Any) -> PageOf[Item]:
    """Cut `limit + 1` found items to a page; `key(last item)` is where the next one begins after."""
    more = len(items) > limit
    shown = items[:limit]
    return PageOf(shown, encode_cursor(key(shown[-1])) if more else None)


def encode_cursor(key: Any) -> str:
    """A list key as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(key, default=str)).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> Any | None:
    """The key inside a cursor, None for the first page; BadShape for a word that is no cursor."""
    if cursor is None:
        return None
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise BadShape(fields={"cursor": ["Invalid value."]}) from None
