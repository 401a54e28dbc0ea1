"""`quizsvc cases` and `quizsvc reach`."""

from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import service as campaigns
from quizsvc.kit import dirty
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.reach import cases, comparison, settling, sheet
from quizsvc.reach.cases import Loaded
from quizsvc.reach.figures import FEN_PER_YUAN, FILED, LOSS, MEASURES, REPORTS, Figures, Month
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.wording import say_money
from quizsvc.regions import service as regions

group = AppGroup("cases", help="Monthly figures of fraud cases: 警情, 立案, 损失.")


def _written_month(_context: click.Context, _argument: click.Parameter, text: str) -> Month:
    month = sheet.find_month(text)
    if month is None:
        raise click.BadParameter("write it like 2026-08")
    return month


month_argument = click.argument("month", callback=_written_month)


@group.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "acting", metavar="STAFF", required=True, help="the operator who does this")
def load(file: Path, acting: str) -> None:
    """Load an .xlsx or .csv with the columns 区域 月份 警情 立案 损失(元) or 损失(万元) 来源, all or nothing.

    区域 is a region's code, 月份 a month that is over, 来源 who published the figures and under which number. Other
    figures for a month become its next revision. An empty cell takes no figure away: write 撤回 to take one back.
    """
    with reading():
        rows = sheet.read_cases(file, find_region=cases.find_region, today=day_of(utcnow()))
    with transaction():
        loaded = cases.load_cases(rows, file=str(file), by=accounts.get_staff(acting), now=utcnow())
    for one in loaded:
        if one.before is not None and (one.is_new or one.before != one.revision):
            click.echo(_shown(one))
    added = sum(one.is_new and one.before is None for one in loaded)
    corrected = sum(one.is_new and one.before is not None for one in loaded)
    click.echo(f"{added} months added, {corrected} corrected, {len(loaded) - added - corrected} as they were")


def _shown(one: Loaded) -> str:
    if one.before is None or not one.is_new:
        return f"{one.place}: this was revision {one.revision.no}, which was corrected since; nothing changed"
    return f"{one.place}: {_told(one.before.figures)} -> {_told(one.revision.figures)} (revision {one.revision.no})"


def _told(figures: Figures) -> str:
    """All three, exactly; - for what is missing."""
    loss = figures.loss_fen
    yuan = None if loss is None else f"{loss // FEN_PER_YUAN}.{loss % FEN_PER_YUAN:02}"
    said = {REPORTS: figures.reports, FILED: figures.filed, LOSS: yuan}
    return " ".join(f"{MEASURES[one]} {'-' if said[one] is None else said[one]}" for one in MEASURES)


@group.command("history")
@click.argument("region")
@month_argument
def history(region: str, month: Month) -> None:
    """Print every revision of a month's figures, the oldest first; the last is in force."""
    with reading():
        revisions = cases.list_revisions(regions.get_region(region), month)
    for one in revisions:
        click.echo(f"{one.no}: {_told(one.figures)}; {one.source} ({one.loaded_by}, {day_of(one.loaded_at)})")
    click.echo(f"{region} {month} has {len(revisions)} revisions")


@group.command("compare")
@click.argument("region")
@month_argument
def compare(region: str, month: Month) -> None:
    """Compare January to MONTH with the same months of the year before, and MONTH with the month before."""
    first = Month(month.year, 1)
    with reading():
        place = regions.get_region(region)
        years = cases.compare_years(place, first=first, last=month)
        months = cases.compare_months(place, month)
    for measure, name in MEASURES.items():
        year, month_before = years[measure], months[measure]
        so_far = f"{comparison.say_period(first, month)}{name}{_amount(measure, year.comparison.now)}"
        click.echo(f"{so_far}，{year.comparison.said}；{month.month}月{month_before.comparison.said}")
    sources = [source for one in (*years.values(), *months.values()) for source in one.sources]
    for source in dict.fromkeys(sources):
        click.echo(f"来源：{source}")


def _amount(measure: str, amount: int | None) -> str:
    if amount is None:
        return "无数据"
    return say_money(amount) if measure == LOSS else f"{amount}{get_metric(f'cases.{measure}').unit}"


reach = AppGroup("reach", help="The figures that the office answers for.")


@reach.command("rebuild")
@click.argument("slugs", metavar="SLUG...", nargs=-1, required=True)
def rebuild(slugs: Sequence[str]) -> None:
    """Count campaigns anew, from the first paper on. Meanwhile figures stand as they were counted last."""
    for slug in slugs:
        with transaction():
            waiting = settling.begin_rebuild(campaigns.get_campaign(slug), now=utcnow())
        click.echo(f"{slug}: {waiting} people to count")
    with reading():
        waiting = dirty.count_marks()
    with click.progressbar(length=waiting, label="counting") as bar:
        while True:
            with transaction():
                done = settling.settle()
            if not done:
                break
            bar.update(done)
    for slug in slugs:
        _mend(slug)
    click.echo("everything is counted")


def _mend(slug: str) -> None:
    """Looked at first: others cannot write meanwhile on SQLite."""
    with reading():
        is_right = not settling.find_wrong(campaigns.get_campaign(slug))
    if not is_right:
        with transaction():
            mended = settling.mend(campaigns.get_campaign(slug))
        click.echo(f"{slug}: {mended} counts were not the sum of what people did, and are now")
