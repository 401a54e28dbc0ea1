"""How often something may be tried: buckets in Redis that fill by a try and drain by the clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from quizsvc.kit.files import shipped
from quizsvc.kit.lua import Script, redis_client

_admit = Script(shipped("kit/lua/admit.lua"))


@dataclass(frozen=True)
class Pace:
    """`burst` tries at once, and one more after each `interval`."""

    interval: timedelta
    burst: int


def admit(what: str, paces: Mapping[str, Pace]) -> float:
    """Seconds until this may be tried, 0 if now; only then is every bucket charged. RedisError.

    `paces` by the bucket's name: whoever tries, whatever is tried. A name is part of a key that Redis keeps, so it is
    a hash of what nobody should read there.
    """
    words = [word for pace in paces.values() for word in (pace.interval // timedelta(microseconds=1), pace.burst)]
    waits: int = _admit.run(keys=[_key(what, name) for name in paces], args=words)
    return waits / 1_000_000


def forget(what: str, name: str) -> None:
    """Empty a bucket; RedisError."""
    redis_client().delete(_key(what, name))


def _key(what: str, name: str) -> str:
    return f"quizsvc:{{{what}}}:{name}"
