"""`quizsvc coupons` and `quizsvc lottery`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.canonical import canonical
from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import read_text
from quizsvc.lottery import coupons as lists
from quizsvc.lottery import ledger, rounds, rules, verifier
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
        campaign, operator = _operated(slug, acting)
        if prize not in {one.code for one in campaign.definition.prizes if one.kind == "coupon"}:
            raise click.UsageError(f"{prize} is no coupon prize of {slug}")
        added, served = lists.load_coupons(campaign, prize=prize, coupons=rows, by=operator.name, now=utcnow())
    click.echo(f"{added} coupons added, {len(rows) - added} were there, {served} waiting winners served")


@lottery.command("plan")
@click.argument("slug")
@click.option("--papers-per-day", type=click.FloatRange(1), required=True)
@click.option("--pass-rate", type=click.FloatRange(0, 1), required=True, help="say 0.7")
def plan(slug: str, papers_per_day: float, pass_rate: float) -> None:
    """Say when each box would be empty, or what it would leave."""
    with reading():
        definition = campaigns.get_campaign(slug).definition
    for one in rules.forecast(definition.rounds, tickets_per_day=papers_per_day * pass_rate):
        end = f"empty at {rfc3339(one.empty_at)}" if one.empty_at else f"leaves {one.cards_left} cards"
        click.echo(
            f"round {one.no}: {one.draws} draws of {one.cards} cards, {end}, about {one.prizes_left} prizes left"
        )


@lottery.command("beacon")
@click.argument("slug")
@click.argument("round_no", metavar="ROUND", type=int)
@click.argument("value")
@acting
def beacon(slug: str, round_no: int, value: str, acting: str) -> None:
    """Enter the public number of a round, once, before it opens."""
    with transaction():
        campaign, by = _operated(slug, acting)
        ledger.enter_beacon(campaign, no=round_no, beacon=value)
        after = {"round": round_no, "beacon": value}
        accounts.audit(by.name, act="round.beacon", subject=slug, after=after, now=utcnow())
    click.echo(f"round {round_no} of {slug} has the beacon {value}")


@lottery.command("anchor")
@click.argument("slug")
@acting
def anchor(slug: str, acting: str) -> None:
    """Anchor the draws so far, now instead of at the full hour, and print the anchors to be posted elsewhere."""
    with transaction():
        campaign, _ = _operated(slug, acting)
        ledger.anchor_draws(campaign, now=utcnow(), forced=True)
        anchored = ledger.list_anchors(campaign)
    for one in anchored:
        for found in one.anchors:
            click.echo(canonical({"round": one.no, **ledger.shown_anchor(found)}))


@lottery.command("verify", with_appcontext=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Check a closed round offline: BUNDLE [--published SAVED] [--previous BUNDLE] [--receipt R]."""
    verifier.main(list(arguments))


@lottery.command("close-round")
@click.argument("slug")
@acting
def close_round(slug: str, acting: str) -> None:
    """Close and open what the clock says, now instead of at the next tick."""
    with transaction():
        campaign, _ = _operated(slug, acting)
        done = rounds.advance_rounds(campaign, now=utcnow())
    click.echo("\n".join(done) or "nothing was due")


def _operated(slug: str, acting: str) -> tuple[Campaign, Staff]:
    """The campaign, and the operator who acts on it; RoleMissing."""
    campaign = campaigns.get_campaign(slug)
    operator = accounts.get_staff(acting)
    accounts.require_role(operator, "operator", over=regions.get_region_by_id(campaign.region_id))
    return campaign, operator
