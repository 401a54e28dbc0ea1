"""`quizsvc simulate`."""

import sys

import click
import httpx2

from quizsvc.demo.simulate import CannotRun
from quizsvc.demo.simulate import simulate as run
from quizsvc.demo.summary import summary_of


def _checked_url(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        url = httpx2.URL(value)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise click.BadParameter("write it like http://127.0.0.1:8000")
    return value


@click.command("simulate")
@click.argument("slug")
@click.option("--citizens", required=True, type=click.IntRange(1), metavar="N", help="how many, all of them new")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, callback=_checked_url)
@click.option("--clerk", metavar="NAME", help="a clerk's sign-in: some of the goods are handed over")
@click.option("--password", metavar="PW", help="the clerk's password")
def simulate(slug: str, citizens: int, url: str, clerk: str | None, password: str | None) -> None:
    """Drive a running server through its public API as N citizens would, and check what it promises.

    Status 1 when a promise was broken or the server cannot be reached. The log-in is the embedded run's stand-in.
    """
    if (clerk is None) != (password is None):
        raise click.UsageError("--clerk and --password go together")
    sign_in = None if clerk is None or password is None else (clerk, password)
    try:
        result = run(slug, citizens=citizens, url=url, sign_in=sign_in)
    except CannotRun as refused:
        sys.exit(f"cannot simulate: {refused}")
    click.echo(summary_of(result.journal))
    if result.cut_short is not None:
        sys.exit(f"ended early: {result.cut_short}")
    if result.journal.violations:
        sys.exit(1)
