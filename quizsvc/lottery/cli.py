"""`quizsvc coupons` and `quizsvc lottery`."""

from pathlib import Path
from uuid import UUID

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
from quizsvc.lottery import awards, closing, ledger, rounds, rules, sealing, verifier
from quizsvc.lottery import coupons as lists
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
        if prize not in {one.code for one in lists.list_prizes(campaign)}:
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
    """Enter the public number of a round, once, before it opens. The closing draw is held with it."""
    with transaction():
        campaign, by = _operated(slug, acting)
        ledger.enter_beacon(campaign, no=round_no, beacon=value)
        after = {"round": round_no, "beacon": value}
        accounts.audit(by.name, act="round.beacon", subject=slug, after=after, now=utcnow())
        done = closing.hold_draw(campaign, now=utcnow())
    click.echo("\n".join([f"round {round_no} of {slug} has the beacon {value}", *done]))


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


@lottery.command("block")
@click.argument("slug")
@click.option("--citizen", type=click.UUID, required=True, help="the id shown in the person's own data")
@click.option("--reason", required=True, help="for the audit log")
@click.option("--lift", is_flag=True, help="take the block back")
@acting
def block(slug: str, citizen: UUID, reason: str, lift: bool, acting: str) -> None:
    """Let a person draw no more in a campaign; their tickets and answers stay."""
    act = awards.unblock if lift else awards.block
    with transaction():
        campaign, by = _operated(slug, acting)
        done = act(campaign, accounts.get_citizen(citizen), reason=reason, by=by.name, now=utcnow())
    click.echo(f"{citizen} {'may draw again' if lift else 'draws no more'}{'' if done else ', as before'}")


@lottery.command("void")
@click.argument("slug")
@click.argument("code")
@click.option("--reason", required=True, help="for the audit log")
@acting
def void(slug: str, code: str, reason: str, acting: str) -> None:
    """Make an award void that was not fetched. The ledger stays as it is."""
    with transaction():
        campaign, by = _operated(slug, acting)
        if not awards.void_award(campaign, code=code, reason=reason, by=by.name, now=utcnow()):
            raise click.UsageError(f"no award of {slug} has this code")
    click.echo("the award is void")


@lottery.command("reseal")
@acting
def reseal(acting: str) -> None:
    """Seal seeds, coupons and addresses anew with the newest secret key, so that older ones can be taken out."""
    with transaction():
        count = sealing.reseal(by=accounts.get_acting(acting), now=utcnow())
    click.echo(f"{count} values are sealed with the newest key")


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
