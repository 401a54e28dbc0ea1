"""`quizsvc campaign` and `quizsvc regions`."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from tqdm import tqdm

from quizsvc.accounts import chain
from quizsvc.accounts import service as accounts
from quizsvc.backoffice import archiving, checking, folder, service
from quizsvc.campaigns import amendments, rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.quiz import service as quiz
from quizsvc.regions import service as tree

group = AppGroup("campaign", help="Campaigns: load, check, publish, amend, withdraw, pause, resume, close, archive.")
regions = AppGroup("regions", help="The tree of regions.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="who does this")


def _written(_context: click.Context, _option: click.Parameter, reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("say why; it is shown to everybody")
    return reason.strip()


reasoned = click.option("--reason", metavar="WHY", required=True, callback=_written, help="shown to everybody")


@regions.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "acting", metavar="STAFF", help="the operator who does this; left out only before the first")
def load_regions(file: Path, acting: str | None) -> None:
    """Load regions from a CSV file (code,name,level,parent,households,residents,source,as_of)."""
    text = read_text(file)
    with transaction():
        by = accounts.get_acting(acting)
        rows = tree.load_regions(text, file=str(file))
        accounts.audit(by, act="regions.load", subject=file.name, after={"regions": len(rows)}, now=utcnow())
    click.echo(f"{len(rows)} regions stand as in {file}")


@group.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@acting
def load(file: Path, acting: str) -> None:
    """Load a campaign file as a draft, or replace the draft that stands."""
    document = read_campaign(parse_toml(read_text(file), file=str(file)), file=str(file))
    with transaction():
        campaign = service.load_campaign(document, by=accounts.get_staff(acting), now=utcnow())
    click.echo(f"{campaign.slug} stands as a draft; next: quizsvc campaign check {campaign.slug}")


@group.command("check")
@click.argument("slug")
def check(slug: str) -> None:
    """Say what keeps a draft, or the amendment that waits, from being published; and how the bank fills the plan."""
    with reading():
        campaign = campaigns.get_campaign(slug)
        amendment = amendments.find_amendment(campaign)
        if amendment is None:
            problems = service.find_problems(campaign)
        else:
            problems = service.find_amendment_problems(campaign, amendment, now=utcnow())
        plan = quiz.describe_plan(campaign)
    for problem in problems:
        click.echo(str(problem))
    for line in plan:
        click.echo(f"{slug}: paper.plan: {line}")
    if problems:
        raise SystemExit(1)
    click.echo(f"{slug if amendment is None else f'the amendment of {slug}'} can be published")


@group.command("amend")
@click.argument("file", type=click.Path(path_type=Path))
@reasoned
@acting
def amend(file: Path, reason: str, acting: str) -> None:
    """Put the changed file of a published campaign forward: longer, more prizes, another round, never less."""
    document = read_campaign(parse_toml(read_text(file), file=str(file)), file=str(file))
    slug = document["slug"]
    with transaction():
        campaign = campaigns.get_campaign(slug)
        service.amend(campaign, document, reason=reason, by=accounts.get_staff(acting), now=utcnow())
    click.echo(f"an amendment of {slug} waits for a second person; next: quizsvc campaign check {slug}")


@group.command("publish")
@click.argument("slug")
@acting
def publish(slug: str, acting: str) -> None:
    """Publish the draft, or the amendment that waits; by a person other than who drafted it."""
    with transaction():
        service.publish(campaigns.get_campaign(slug), by=accounts.get_staff(acting), now=utcnow())
    with reading():
        click.echo(f"{slug} is published; rules hash {campaigns.get_campaign(slug).rules_hash}")


@group.command("withdraw")
@click.argument("slug")
@reasoned
@acting
def withdraw(slug: str, reason: str, acting: str) -> None:
    """Make a published campaign a draft again, while nobody has been dealt a paper."""
    with transaction():
        service.withdraw(campaigns.get_campaign(slug), reason=reason, by=accounts.get_staff(acting), now=utcnow())
    click.echo(f"{slug} stands as a draft; its boxes are gone and will be sealed anew")


@group.command("pause")
@click.argument("slug")
@acting
def pause(slug: str, acting: str) -> None:
    """Stop dealing and drawing; papers in hand may be handed in."""
    _move(slug, rules.PAUSED, acting)


@group.command("resume")
@click.argument("slug")
@acting
def resume(slug: str, acting: str) -> None:
    """Go on after a pause."""
    _move(slug, rules.PUBLISHED, acting)


@group.command("close")
@click.argument("slug")
@acting
def close(slug: str, acting: str) -> None:
    """End a campaign before its time: no papers and draws any more, late tallies still accepted."""
    _move(slug, rules.CLOSING, acting)


def _move(slug: str, state: str, acting: str) -> None:
    with transaction():
        service.move(campaigns.get_campaign(slug), state, by=accounts.get_staff(acting), now=utcnow())
    click.echo(f"{slug} is {state}")


@group.command("archive")
@click.argument("slug")
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="made; must not exist")
@acting
def archive(slug: str, output: Path, acting: str) -> None:
    """Write everything of a closed campaign into one folder that can be checked, and end the campaign for good.

    Refused while anything is open, and says what. An archived campaign can be written again: the same content.
    """
    output = output.absolute()
    archiving.require_free(output)
    as_of = utcnow()
    while _seal():
        pass
    with reading():
        by = accounts.get_staff(acting)
        job = archiving.plan(campaigns.get_campaign(slug), by=by, now=as_of)
    bar = tqdm(desc=slug, unit=" lines", file=sys.stderr, disable=None)
    with bar, folder.written_beside(output, bar.update) as made:
        with reading():
            manifest_hash = archiving.write(job, made, by=by, now=utcnow())
        try:
            said = checking.check(made.path, kept=manifest_hash)
        except folder.Broken as broken:
            raise SystemExit(f"nothing was changed:\n{slug}: the archive does not hold: {broken}") from None
        with transaction():
            content = made.content_hash()
            archiving.finish(job, manifest_hash=manifest_hash, content_hash=content, by=by, now=utcnow())
            folder.put_in_place(made, output)
    click.echo("\n".join([f"{slug} is archived in {output}", *said, f"content {content}"]))
    click.echo(f"keep the manifest's hash elsewhere: {manifest_hash}")


def _seal() -> int:
    with transaction():
        return chain.seal()


@group.command("check-archive", with_appcontext=False)
@click.argument("path", metavar="FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--manifest", metavar="HASH", help="the manifest's hash as it was kept elsewhere, or stands at the desk")
def check_archive(path: Path, manifest: str | None) -> None:
    """Check an archive offline: files, audit log, draws, awards, redemptions, books. Names the first wrong line."""
    try:
        said = checking.check(path, kept=manifest)
    except folder.Broken as broken:
        click.echo(f"BROKEN  {broken}")
        raise SystemExit(1) from None
    click.echo("GOOD    " + "\n        ".join(said))
