"""`quizsvc campaign` and `quizsvc regions`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.backoffice import service
from quizsvc.campaigns import rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.quiz import service as quiz
from quizsvc.regions import service as tree

group = AppGroup("campaign", help="Campaigns: load, check, publish, pause, resume, close.")
regions = AppGroup("regions", help="The tree of regions.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="who does this")


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
    """Say what keeps a draft from being published, and what the bank makes of its paper plan."""
    with reading():
        campaign = campaigns.get_campaign(slug)
        problems, plan = service.find_problems(campaign), quiz.describe_plan(campaign)
    for problem in problems:
        click.echo(str(problem))
    for line in plan:
        click.echo(f"{slug}: paper.plan: {line}")
    if problems:
        raise SystemExit(1)
    click.echo(f"{slug} can be published")


@group.command("publish")
@click.argument("slug")
@acting
def publish(slug: str, acting: str) -> None:
    """Seal the boxes and freeze the rules; by a person other than who drafted it."""
    with transaction():
        service.publish(campaigns.get_campaign(slug), by=accounts.get_staff(acting), now=utcnow())
    with reading():
        click.echo(f"{slug} is published; rules hash {campaigns.get_campaign(slug).rules_hash}")


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
