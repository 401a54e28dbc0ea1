"""`quizsvc volunteers` and `quizsvc tallies`."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from flask.cli import AppGroup
from tqdm import tqdm

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import KINDS_IN_CHINESE
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import day_of, start_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.materials import stock
from quizsvc.outreach import assignments, detail, detail_sheet, paper, roster, tally_sheet, volunteer_sheet
from quizsvc.outreach.roster import Member
from quizsvc.outreach.rules import Assignment
from quizsvc.regions import service as regions

volunteers = AppGroup("volunteers", help="Volunteers: their list, invitations, and where they serve.")
tallies = AppGroup("tallies", help="Visits as reported on paper.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="the operator who does this")
DAY = click.DateTime(["%Y-%m-%d"])
MOST_USES, MOST_DAYS = 1000, 366


def _day(_context: click.Context, _option: click.Parameter, given: datetime | None) -> date | None:
    if given is not None and not volunteer_sheet.EARLIEST_YEAR <= given.year <= volunteer_sheet.LATEST_YEAR:
        raise click.BadParameter("the year is too far away")
    return None if given is None else given.date()


on = click.option("--on", "last", type=DAY, callback=_day, help="the last day, which counts; now if left out")


@volunteers.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@acting
def load(file: Path, acting: str) -> None:
    """Load the office's list (.xlsx or .csv: 编号,姓名,类别,区域,从,到), one row per volunteer and region.

    从 and 到 are the first and the last day, both count; all or nothing, and again changes nothing.
    """
    rows = volunteer_sheet.read_volunteers(file)
    with transaction():
        done = roster.load(rows, file=str(file), by=accounts.get_staff(acting), now=utcnow())
    click.echo(
        f"{done.added} volunteers added, {done.changed} changed; "
        f"{done.begun} assignments begun, the end of {done.moved} moved"
    )


@volunteers.command("assign")
@click.argument("code")
@click.argument("region")
@click.option("--from", "first", type=DAY, callback=_day, help="the first day; today, or as it stands, if left out")
@click.option("--to", "last", type=DAY, callback=_day, help="the last day, which counts; open if left out")
@acting
def assign(code: str, region: str, first: date | None, last: date | None, acting: str) -> None:
    """Let a volunteer serve a region and all that lies under it."""
    if last is not None:
        first = first or day_of(utcnow())
        if last < first:
            raise click.BadParameter(f"lies before {first}", param_hint="--to")
    with transaction():
        by = accounts.get_staff(acting)
        begun, moved = assignments.assign(code, region, first=first, last=last, by=by, now=utcnow())
    click.echo(f"{code} serves {region}: {begun} assignments begun, the end of {moved} moved")


@volunteers.command("end")
@click.argument("code")
@click.argument("region")
@on
@acting
def end(code: str, region: str, last: date | None, acting: str) -> None:
    """Let a volunteer serve a region no longer."""
    with transaction():
        now = utcnow()
        by = accounts.get_staff(acting)
        ended = assignments.end(code, region, ends_at=_end_of(last, now=now), by=by, now=now)
    click.echo(f"{code}: {ended} assignments to {region} shortened")


@volunteers.command("leave")
@click.argument("code")
@on
@acting
def leave(code: str, last: date | None, acting: str) -> None:
    """A volunteer leaves: every assignment ends. The log-in stays bound, for uploads still on their way."""
    with transaction():
        now = utcnow()
        ended = assignments.leave(code, left_at=_end_of(last, now=now), by=accounts.get_staff(acting), now=now)
    click.echo(f"{code} has left: {ended} assignments shortened")


def _end_of(last: date | None, *, now: datetime) -> datetime:
    return now if last is None else start_of(last + timedelta(days=1))


@volunteers.command("invite")
@click.argument("codes", nargs=-1)
@click.option("--region", help="an open invitation: the region that whoever has it is enrolled in")
@click.option("--kind", type=click.Choice(tuple(KINDS_IN_CHINESE)), default="volunteer", show_default=True)
@click.option("--uses", type=click.IntRange(1, MOST_USES), help="how often an open invitation can be used")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True, help="how long it is good")
@acting
def invite(codes: Sequence[str], region: str | None, kind: str, uses: int | None, days: int, acting: str) -> None:
    """Make invitations, shown this once: one for each CODE, or an open one with --region and --uses."""
    if (region is None) != (uses is None) or bool(codes) == (region is not None):
        raise click.UsageError("name volunteers by CODE, or give --region and --uses")
    with transaction():
        by, now = accounts.get_staff(acting), utcnow()
        if region is None or uses is None:
            made = [
                f"{volunteer.code} {volunteer.name}: {code}"
                for volunteer, code in roster.invite(codes, days=days, by=by, now=now)
            ]
        else:
            home = regions.get_region(region)
            code = roster.invite_openly(home, kind=kind, uses=uses, days=days, by=by, now=now)
            made = [f"{home.name} ({KINDS_IN_CHINESE[kind]}, {uses} times): {code}"]
    click.echo("\n".join([*made, f"good for {days} days; not shown again"]))


@volunteers.command("list")
@click.argument("region", required=False)
def list_command(region: str | None) -> None:
    """List volunteers with where they serve: all, or those of a region."""
    with reading():
        members = roster.list_members(None if region is None else regions.get_region(region))
    for one in members:
        click.echo(_shown(one))
    click.echo(f"{len(members)} volunteers, {sum(one.is_bound for one in members)} of them with a log-in")


def _shown(one: Member) -> str:
    who = one.volunteer
    state = "" if who.left_at is None else f", left {_last_day(who.left_at)}"
    bound = "bound" if one.is_bound else "no log-in"
    served = "; ".join(map(_span, one.assignments)) or "nothing"
    return f"{who.code} {who.name} ({KINDS_IN_CHINESE[who.kind]}, {one.home.code}, {bound}{state}): {served}"


def _last_day(end: datetime) -> date:
    return day_of(end - timedelta(milliseconds=1))


def _span(one: Assignment) -> str:
    until = "" if one.ends_at is None else f" to {_last_day(one.ends_at)}"
    return f"{one.region.code} from {day_of(one.starts_at)}{until}"


@tallies.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@acting
def load_tallies(file: Path, acting: str) -> None:
    """Enter paper forms from a table (.xlsx or .csv), one visit a row, all or nothing; again changes nothing.

    Columns: 单号, 志愿者编号, 活动, 区域, 场景 (住户 商铺 摆点 讲座), 日期, 时间, 户数, 人次, 备注, 修订, 作废;
    and one for each material, by name or code, with its pack in brackets if packs are counted: 反诈抽纸(箱).
    """
    with reading():
        materials = stock.list_materials()
    forms = tally_sheet.read_forms(file, materials=materials, now=utcnow())
    with transaction():
        counts = paper.load(forms, file=str(file), by=accounts.get_staff(acting), now=utcnow())
    click.echo(
        f"{counts['created']} tallies entered, {counts['held']} held for a decision, {counts['duplicate']} as before"
    )


@tallies.command("export")
@click.argument("slug")
@click.option("--from", "first", type=DAY, callback=_day, help="the first day; all from the beginning if left out")
@click.option("--to", "last", type=DAY, callback=_day, help="the last day, which counts")
@click.option("--region", help="a region's code; without it, the campaign's")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="an .xlsx")
@acting
def export(slug: str, first: date | None, last: date | None, region: str | None, output: Path, acting: str) -> None:
    """Write every tally in force as a row of an .xlsx, with its volunteer, whatever their number."""
    if output.suffix.lower() != ".xlsx":
        raise click.BadParameter("must end in .xlsx", param_hint="--output")
    with reading(), tqdm(unit=" tallies", delay=1, disable=None) as progress:
        campaign = campaigns.get_campaign(slug)
        place = regions.get_region(region or campaign.definition.region)
        found = detail.list_details(campaign, region=place, first=first, last=last, by=accounts.get_staff(acting))
        asked = (
            ("活动", campaign.definition.title),
            ("区域", f"{place.name}（{place.code}）"),
            ("时间", f"{first or '最早'} 至 {last or '最近'}（两天都算）"),
            ("范围", "有效的上报，作废的、被新版本取代的、待核实的不列入"),
            ("导出", f"{acting}，{day_of(utcnow())}"),
        )
        materials = stock.list_materials()
        count = detail_sheet.write_details(found, output, asked=asked, materials=materials, told=progress.update)
    click.echo(f"{count} tallies written to {output}")
