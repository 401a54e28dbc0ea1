"""`quizsvc simulate`."""

import sys
from collections.abc import Mapping

import click
import httpx2

from quizsvc.demo.simulate import CannotRun, Crowd
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


Pair = tuple[str, str]


@click.command("simulate")
@click.argument("slug")
@click.option("--citizens", type=click.IntRange(0), default=0, metavar="N", help="how many, all of them new")
@click.option("--volunteers", type=click.IntRange(0), default=0, metavar="V", help="how many, all of them new")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, callback=_checked_url)
@click.option("--clerk", metavar="NAME", help="a clerk's sign-in: some of the goods are handed over")
@click.option("--password", metavar="PW", help="the clerk's password")
@click.option("--invitation", metavar="CODE", help="an open invitation of the campaign's region, for the volunteers")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="how far back visits reach")
@click.option("--operator", metavar="NAME", help="an operator's sign-in: what is held is decided")
@click.option("--operator-password", metavar="PW", help="the operator's password")
def simulate(
    slug: str,
    url: str,
    citizens: int,
    volunteers: int,
    invitation: str | None,
    days: int,
    **names: str | None,
) -> None:
    """Drive a running server through its public API as N citizens and V volunteers would; check what it promises.

    Volunteers serve from when they accept the invitation: visits dated before are held, until the operator decides.
    Status 1 when a promise was broken or the server cannot be reached. The log-in is the embedded run's stand-in.
    """
    if not citizens and not volunteers:
        raise click.UsageError("say how many: --citizens, --volunteers, or both")
    if volunteers and not invitation:
        raise click.UsageError("--volunteers need an --invitation; `quizsvc volunteers invite --region ...` makes one")
    crowd = Crowd(
        citizens=citizens,
        volunteers=volunteers,
        invitation=invitation or "",
        days=days,
        clerk=_both(names, "clerk", "password"),
        operator=_both(names, "operator", "operator_password"),
    )
    try:
        result = run(slug, crowd, url=url)
    except CannotRun as refused:
        sys.exit(f"cannot simulate: {refused}")
    click.echo(summary_of(result.journal))
    if result.cut_short is not None:
        sys.exit(f"ended early: {result.cut_short}")
    if result.journal.violations:
        sys.exit(1)


def _both(names: Mapping[str, str | None], name: str, password: str) -> Pair | None:
    """A sign-in, if it was given."""
    given = (names[name], names[password])
    if (given[0] is None) != (given[1] is None):
        raise click.UsageError(f"--{name} and --{password.replace('_', '-')} go together")
    return None if given[0] is None or given[1] is None else (given[0], given[1])
