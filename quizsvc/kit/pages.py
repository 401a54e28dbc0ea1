"""Lists in pages: a cursor that clients pass back unread."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson

from quizsvc.kit.errors import BadShape
from quizsvc.kit.fields import CONTROL

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageOf(Generic[Item]):
    """One page, and the cursor of the next (None at the end)."""

    items: Sequence[Item]
    next: str | None


Key = tuple[str, ...]


def page_from(items: Sequence[Item], *, limit: int, key: Callable[[Item], Key]) -> PageOf[Item]:
    """Cut `limit + 1` found items to a page; `key(last item)` is where the next one begins after."""
    more = len(items) > limit
    shown = items[:limit]
    return PageOf(shown, encode_cursor(key(shown[-1])) if more else None)


def encode_cursor(key: Key) -> str:
    """A list key as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *, parts: int) -> Key | None:
    """The key of so many parts inside a cursor, None for the first page; BadShape for any other word."""
    if cursor is None:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != parts or not all(map(_is_key, found)):
        raise BadShape(fields={"cursor": ["Invalid value."]})
    return tuple(found)


def key_of(moment: datetime, name: UUID) -> Key:
    """The key of an item in a list that is in order of time."""
    return (moment.isoformat(), str(name))


def decode_moment(cursor: str | None) -> tuple[datetime, UUID] | None:
    """What key_of has put into a cursor; None for the first page, BadShape for any other word."""
    key = decode_cursor(cursor, parts=2)
    try:
        found = None if key is None else (datetime.fromisoformat(key[0]), UUID(key[1]))
    except ValueError:
        raise BadShape(fields={"cursor": ["Invalid value."]}) from None
    if found is not None and found[0].tzinfo is None:
        raise BadShape(fields={"cursor": ["Invalid value."]})
    return found


def _is_key(part: object) -> bool:
    return isinstance(part, str) and not CONTROL.search(part)
