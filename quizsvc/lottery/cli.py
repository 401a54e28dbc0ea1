"""`quizsvc coupons` and `quizsvc lottery`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.problems import read_text
from quizsvc.lottery import coupons as lists
from quizsvc.lottery import rounds
from quizsvc.regions import service as regions

coupons = AppGroup("coupons", help="Partners' coupon lists.")
lottery = AppGroup("lottery", help="Rounds and their boxes.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="who does this")


@coupons.command("load")
@click.argument("slug")
@click.argument("prize")
@click.argument("file", type=click.Path(path_type=Path))
@acting
def load(slug: str, prize: str, file: Path, acting: str) -> None:
    """Load a CSV list (code,face_value_fen,expires_at) for a coupon prize of a campaign."""
    rows = lists.read_coupons(read_text(file), file=str(file))
    with transaction():
        campaign = campaigns.get_campaign(slug)
        if prize not in {one.code for one in campaign.definition.prizes if one.kind == "coupon"}:
            raise click.UsageError(f"{prize} is no coupon prize of {slug}")
        operator = accounts.get_staff(acting)
        accounts.require_role(operator, "operator", over=regions.get_region_by_id(campaign.region_id))
        added, served = lists.load_coupons(campaign, prize=prize, coupons=rows, by=operator.name, now=utcnow())
    click.echo(f"{added} coupons added, {len(rows) - added} were there, {served} waiting winners served")


@lottery.command("close-round")
@click.argument("slug")
@acting
def close_round(slug: str, acting: str) -> None:
    """Close and open what the clock says, now instead of at the next tick."""
    with transaction():
        campaign = campaigns.get_campaign(slug)
        operator = accounts.get_staff(acting)
        accounts.require_role(operator, "operator", over=regions.get_region_by_id(campaign.region_id))
        done = rounds.advance_rounds(campaign, now=utcnow())
    click.echo("\n".join(done) or "nothing was due")
