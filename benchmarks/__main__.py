"""`python -m benchmarks`: measure the hot calls on PostgreSQL and SQLite; about three minutes."""

import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from benchmarks import report
from benchmarks.counts import count_calls
from benchmarks.measure import Measured, measure
from benchmarks.profiling import profile_calls
from benchmarks.servers import Server, ceiling, service
from benchmarks.world import NotEmpty, World
from quizsvc.settings import Settings, environment
from tests.servers import postgres, valkey

URL_VARIABLE = "QUIZSVC_BENCH_DATABASE_URL"  # an empty PostgreSQL database; it is left empty
DATABASES = ("postgresql", "sqlite")
LEGEND = """
ratio: of the bare Flask route's requests/s in the same minute, median of the pairs. p50, p99: with every connection
busy. CPU: of the workers, per request; its ratio hardly feels a busy machine. statements, redis: per request, the
guard's included, BEGIN and COMMIT not."""


@click.command()
@click.option("--database", "databases", type=click.Choice(DATABASES), multiple=True, default=DATABASES)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 50))
@click.option(
    "--requests", default=600, show_default=True, type=click.IntRange(200, 10_000), help="per call, each round"
)
@click.option("--connections", default=16, show_default=True, type=click.IntRange(1, 500), help="busy at once")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--worker-class", default="gthread", show_default=True)
@click.option("--profile", is_flag=True, help="no load: say where the time goes inside each call")
def main(databases: tuple[str, ...], profile: bool, workers: int, **options: Any) -> None:
    """Measure the hot calls against a bare Flask route in the same run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that every server is ended on the way out
    gunicorn = {name: options.pop(name) for name in ("worker_class", "threads")}
    try:
        if profile:
            for name in databases:
                with _world(name) as (world, _settings):
                    click.echo(f"\n{world.database}")
                    profile_calls(world, say=click.echo)
            return
        _run(databases, workers=workers, gunicorn=gunicorn, **options)
    except NotEmpty:
        raise click.ClickException(f"{URL_VARIABLE} names a database that is not empty") from None


def _run(databases: tuple[str, ...], *, workers: int, gunicorn: Mapping[str, Any], **options: int) -> None:
    click.echo(report.machine())
    settings = {"workers": workers, **gunicorn, **options}
    click.echo(", ".join(f"{name} {value}" for name, value in settings.items()))
    found: dict[str, list[Measured]] = {}
    with ceiling(workers=workers, **gunicorn) as base:
        for name in databases:
            with _world(name) as (world, service_settings):
                say = _progress(name)
                with service(service_settings, workers=workers, **gunicorn) as server:
                    measured = _measure(world, server, base, options, say)
                say("")
                click.echo(f"\n{world.database}\n{report.table(measured)}")
                found[world.database] = measured
    click.echo(f"{LEGEND}\nwritten to {report.save(settings, found)}")


def _measure(
    world: World, server: Server, base: Server, options: Mapping[str, int], say: Callable[[str], None]
) -> list[Measured]:
    measured = measure(world, service=server, ceiling=base, say=say, **options)
    counts = count_calls(world)
    for one in measured:
        one.statements, one.redis_calls = counts.get(one.name, (0.0, 0.0))
    return measured


@contextmanager
def _world(name: str) -> Iterator[tuple[World, Settings]]:
    """A filled database with a Valkey beside it, and the settings that lead there."""
    with _database(name) as database_url, valkey() as redis_url:
        settings = Settings(
            database_url=database_url,
            redis_url=redis_url,
            secret_keys=(secrets.token_urlsafe(48),),
            identity_key=secrets.token_urlsafe(48),
            wechat=None,
        )
        world = World(settings)
        try:
            world.fill()
            yield world, settings
        finally:
            with suppress(OperationalError):  # Ctrl-C ends a private server before us
                world.leave()


@contextmanager
def _database(name: str) -> Iterator[str]:
    named = environment().get(URL_VARIABLE)
    if name == "postgresql" and named:
        yield named  # as durable as its owner made it; the table's heading says so
    elif name == "postgresql":
        with postgres(durable=True) as url:
            yield url
    else:
        with TemporaryDirectory(prefix="qsl-") as folder:
            yield f"sqlite:///{Path(folder) / 'quizsvc.db'}"


def _progress(database: str) -> Callable[[str], None]:
    begun = perf_counter()

    def say(what: str) -> None:
        click.echo(f"[{perf_counter() - begun:4.0f} s] {database}: {what}", err=True)

    return say


if __name__ == "__main__":
    main()
