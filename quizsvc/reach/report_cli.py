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
from quizsvc.kit.sheets import csv_text
from quizsvc.reach import reporting, service, settling
from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.markdown import markdown_of
from quizsvc.reach.report_workbook import write_workbook
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.survey import Period
from quizsvc.reach.table_text import rows_of
from quizsvc.regions import service as regions

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report")
@click.argument("slugs", metavar="[SLUG...]", nargs=-1)
@click.option("--from", "first", type=DAY, help="the first day; without it, the campaigns' first")
@click.option("--to", "last", type=DAY, help="the last day, which counts; without it, today")
@click.option("--region", help="a region's code; without it, the first campaign's")
@click.option("--snapshot", "stored", type=click.UUID, help="print a stored report again, byte for byte")
@click.option("--format", "form", type=click.Choice(["md", "csv", "xlsx"]), default="md", show_default=True)
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
    """Make a report of campaigns from a snapshot that is stored: a bulletin, a table of all figures, or a workbook.

    What waits to be counted is counted first.
    """
    if bool(slugs) is (stored is not None):
        raise click.UsageError("name campaigns, or --snapshot")
    if first and last and last < first:
        raise click.UsageError("--to is before --from")
    if form == "xlsx" and output is None:
        raise click.UsageError("a workbook wants --output")
    if stored is not None:
        with reading():
            found = reporting.get_snapshot(stored, by=accounts.get_staff(acting))
    else:
        found = _make(slugs, first=first, last=last, region=region, acting=acting)
    if form == "xlsx" and output is not None:
        write_workbook(found, output)
    else:
        text = csv_text(rows_of(found)) if form == "csv" else markdown_of(write_bulletin(found), found)
        if output is None:
            click.echo(text, nl=False)
            return
        output.write_text(text, encoding="utf-8", newline="")
    click.echo(f"report {found.id}: {output}; {len(found.changes)} figures changed since {found.before or 'never'}")


def _make(
    slugs: Sequence[str], *, first: datetime | None, last: datetime | None, region: str | None, acting: str
) -> Snapshot:
    while True:
        with transaction():
            if not settling.settle():
                break
    now = utcnow()
    with transaction():
        chosen = [campaigns.get_campaign(slug) for slug in dict.fromkeys(slugs)]
        place = regions.get_region(region or chosen[0].definition.region)
        whole = service.whole_period(chosen, now=now)
        begin = first.date() if first else whole.first
        period = Period(begin, last.date() if last else max(begin, whole.last))
        by = accounts.get_staff(acting)
        return reporting.make_snapshot(chosen, region=place, period=period, by=by, now=now)
