"""What really happens to machines, each for a second or two. When a fault returns, the world is whole again."""

import time
from collections.abc import Callable, Mapping

from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.stage import Stage, kill

A_WHILE = 1.5  # seconds that a fault lasts
AN_HOUR = 3600.0


def kill_workers(stage: Stage) -> None:
    """`kill -9` of workers at random."""
    for _ in range(3):
        kill(stage.random.choice(stage.workers() or [0]) or 1 << 22)
        time.sleep(A_WHILE / 3)


def kill_tick(stage: Stage) -> None:
    """`kill -9` of tick, wherever it is."""
    stage.processes["tick"].kill()
    time.sleep(A_WHILE / 3)


def _dying_at(point: str) -> Callable[[Stage], None]:
    def fault(stage: Stage) -> None:
        with _set(stage, **{point: 0.05}):
            time.sleep(A_WHILE)

    return fault


def flush(stage: Stage) -> None:
    """FLUSHALL, again and again."""
    for _ in range(10):
        with Redis.from_url(stage.primary.url) as client:
            client.flushall()
        time.sleep(A_WHILE / 10)


def kill_redis(stage: Stage) -> None:
    """`kill -9` of Redis; it comes back empty."""
    stage.restart_redis(stage.primary)


def older_redis(stage: Stage) -> None:
    """Redis comes back with what it held a while ago."""
    kept = stage.snapshot(stage.primary)
    time.sleep(A_WHILE)
    stage.restart_redis(stage.primary, holding=kept)


def split_redis(stage: Stage) -> None:
    """Two primaries: a replica with older data was promoted, and half of the connections still go to the old one."""
    old, new = stage.primary, stage.redis[1 - int(stage.controls["primary"])]
    kept = stage.snapshot(old)
    if hasattr(new, "server"):
        new.kill()
    if kept.exists():
        new.dump.write_bytes(kept.read_bytes())
    time.sleep(A_WHILE / 3)
    new.start()
    new.dump.unlink(missing_ok=True)
    with _set(stage, split=1, generation=stage.controls["generation"] + 1):
        time.sleep(A_WHILE)
    if stage.random.random() < 0.5:  # whichever is kept, the other one's cards are unknown to it
        stage.controls["primary"] = 1 - stage.controls["primary"]
    stage.controls["generation"] += 2


def lose_replies(stage: Stage) -> None:
    """The script ran, and its reply never came."""
    with _set(stage, lose_reply=0.2):
        time.sleep(A_WHILE)


def clock_back(stage: Stage) -> None:
    """Every host's clock is set back an hour, and put right again."""
    with _set(stage, clock_offset=-AN_HOUR):
        time.sleep(A_WHILE)


def restart_database(stage: Stage) -> None:
    """PostgreSQL is restarted in immediate mode."""
    stage.database.restart()


def database_reads_only(stage: Stage) -> None:
    """The database answers and cannot commit."""
    with stage.database.reads_only():
        time.sleep(A_WHILE)


FAULTS: Mapping[str, Callable[[Stage], None]] = {
    "kill -9 of workers": kill_workers,
    "kill -9 after the gate": _dying_at("kill_after_gate"),
    "kill -9 before the commit": _dying_at("kill_before_commit"),
    "kill -9 after the commit": _dying_at("kill_after_commit"),
    "kill -9 of tick": kill_tick,
    "FLUSHALL": flush,
    "kill -9 of Redis": kill_redis,
    "Redis with older data": older_redis,
    "two Redis primaries": split_redis,
    "replies of Redis lost": lose_replies,
    "clock back an hour": clock_back,
    "database reads only": database_reads_only,
    "PostgreSQL restarted": restart_database,
}
POSTGRES_ONLY = {"PostgreSQL restarted"}


class _set:  # noqa: N801 - reads as a word
    """Controls that hold for a block."""

    def __init__(self, stage: Stage, **values: float) -> None:
        self.controls, self.values = stage.controls, values

    def __enter__(self) -> None:
        self.before = {name: self.controls[name] for name in self.values}
        for name, value in self.values.items():
            self.controls[name] = value

    def __exit__(self, *_failure: object) -> None:
        for name, value in self.before.items():
            self.controls[name] = value


def whole(stage: Stage) -> None:
    """Wait until Redis answers again."""
    with Redis.from_url(stage.primary.url) as client:
        for _ in range(100):
            try:
                client.ping()
                return
            except RedisError:
                time.sleep(0.05)
