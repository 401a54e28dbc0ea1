"""`quizsvc report`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.reach import reporting, settling
from quizsvc.reach.report_files import FORMS, TEXTS
from quizsvc.reach.snapshots import Snapshot

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report")
@click.argument("slugs", metavar="[SLUG...]", nargs=-1)
@click.option("--from", "first", type=DAY, help="the first day; without it, the campaigns' first")
@click.option("--to", "last", type=DAY, help="the last day, which counts; without it, today")
@click.option("--region", help="a region's code; without it, the first campaign's")
@click.option("--snapshot", "stored", type=click.UUID, help="print a stored report again, byte for byte")
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="md", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "acting", metavar="STAFF", required=True)
def report(
    slugs: Sequence[str],
    first: datetime | None,
    last: datetime | None,
    region: str | None,
    stored: UUID | None,
    form: str,
    output: Path | None,
    acting: str,
) -> None:
    """Make a report from a snapshot that is stored: a bulletin (Markdown, Word), a table of all figures, a workbook.

    What waits to be counted is counted first.
    """
    if bool(slugs) is (stored is not None):
        raise click.UsageError("name campaigns, or --snapshot")
    if first and last and last < first:
        raise click.UsageError("--to is before --from")
    if form not in TEXTS and output is None:
        raise click.UsageError("a workbook and a Word document want --output")
    if stored is not None:
        with reading():
            found = reporting.get_snapshot(stored, by=accounts.get_staff(acting))
    else:
        found = _make(slugs, first=first, last=last, region=region, acting=acting)
    content = FORMS[form](found)
    if output is None:
        click.echo(content.decode(), nl=False)
        return
    output.write_bytes(content)
    click.echo(f"report {found.id}: {output}; {len(found.changes)} figures changed since {found.before or 'never'}")


def _make(
    slugs: Sequence[str], *, first: datetime | None, last: datetime | None, region: str | None, acting: str
) -> Snapshot:
    while True:
        with transaction():
            if settling.settle() < settling.MOST_AT_ONCE:
                break
    now = utcnow()
    with transaction():
        chosen = [campaigns.get_campaign(slug) for slug in dict.fromkeys(slugs)]
        by = accounts.get_staff(acting)
        begin, end = (None if moment is None else moment.date() for moment in (first, last))
        place, period = reporting.find_scope(chosen, region=region, first=begin, last=end, by=by, now=now)
        return reporting.make_snapshot(chosen, region=place, period=period, by=by, now=now)
