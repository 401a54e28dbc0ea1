"""Redis, and the Lua scripts that run in it.

A command is sent once: redis-py would silently send it again ten times, and a draw script must not run twice because
a reply got lost. Whoever calls decides what an unreachable Redis means.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, current_app
from redis import Redis, RedisCluster
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.exceptions import RedisError as RedisError  # noqa: PLC0414 - slices name it without knowing redis
from redis.retry import Retry
from redis.sentinel import Sentinel

from quizsvc.kit.db import require_no_transaction

EXTENSION = "quizsvc.redis"
TIMEOUT_SECONDS = 1.0

Client = Redis | RedisCluster


def connect(url: str) -> Client:
    """A client for `redis[s]://`, `unix://`, `redis+cluster://HOST:PORT` or `redis+sentinel://H:P,H:P/SERVICE[/DB]`."""
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    scheme = urlsplit(url).scheme
    if scheme == "redis+cluster":
        return RedisCluster.from_url(url.replace("redis+cluster", "redis", 1), **options)
    if scheme == "redis+sentinel":
        return _through_sentinel(url, options)
    return Redis.from_url(url, **options)


def _through_sentinel(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    addresses = [(host, int(port or 26379)) for host, _, port in (h.partition(":") for h in hosts.split(","))]
    service, _, number = parts.path.strip("/").partition("/")
    username, _, password = credentials.partition(":")
    sentinel_password = parse_qs(parts.query).get("sentinel_password", [None])[0]
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        addresses, sentinel_kwargs={**options, "password": sentinel_password}, **options
    )
    found: Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        service or "mymaster", db=int(number or 0), username=username or None, password=password or None
    )
    return found


def init_redis(app: Flask, url: str) -> None:
    """Give the app its Redis. Nothing is connected before the first command, so a fork inherits no socket."""
    made: list[Client] = []

    def client() -> Client:
        if not made:  # a cluster client connects when it is made
            made.append(connect(url))
        return made[0]

    app.extensions[EXTENSION] = client


def redis_client() -> Client:
    """The running app's Redis; refuses to be asked while a database transaction is open."""
    require_no_transaction()
    client: Callable[[], Client] = current_app.extensions[EXTENSION]
    return client()


@dataclass(frozen=True)
class Script:
    """A Lua script in its own file, run by its hash and sent again only when the server does not know it."""

    path: Path
    source: str = field(init=False)
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        source = self.path.read_text(encoding="utf-8")
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "sha", hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())

    def run(self, *, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """The script's reply; RedisError when it could not be asked or did not answer."""
        client = redis_client()
        try:
            return client.evalsha(self.sha, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.source, len(keys), *keys, *args)
