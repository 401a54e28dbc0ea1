"""`quizsvc staff` and `quizsvc audit`."""

import secrets
from uuid import UUID

import click
from flask.cli import AppGroup

from quizsvc.accounts import chain, rules, service
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.regions import service as regions

group = AppGroup("staff", help="Staff and their roles.")
audit = AppGroup("audit", help="The audit log.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="who does this")


@group.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(rules.ROLES), required=True)
@click.option("--region", required=True, help="code of the region whose subtree the role reaches")
@click.option("--password", envvar="QUIZSVC_STAFF_PASSWORD", help="made at random and shown once if left out")
@click.option("--as", "acting", metavar="STAFF", help="the operator who grants; left out only for the very first")
def add(name: str, role: str, region: str, password: str | None, acting: str | None) -> None:
    """Add a staff member, or give a standing one a further role."""
    with transaction():
        service.add_staff(
            name,
            password=password or (made := secrets.token_urlsafe(12)),
            role=role,
            region=regions.get_region(region),
            granter=None if acting is None else service.get_staff(acting),
            now=utcnow(),
        )
    click.echo(f"{name} is {role} on {region}")
    if password is None:
        click.echo(f"password, if {name} is new: {made}")


@group.command("dismiss")
@click.argument("name")
@acting
def dismiss(name: str, acting: str) -> None:
    """End a staff member's access at once."""
    with transaction():
        service.dismiss_staff(name, by=service.get_staff(acting), now=utcnow())
    click.echo(f"{name} is dismissed")


@group.command("bind")
@click.argument("name")
@click.option("--citizen", type=click.UUID, required=True, help="id of the citizen they log in as")
@acting
def bind(name: str, citizen: UUID, acting: str) -> None:
    """Bind a staff member's own WeChat log-in: it earns no ticket."""
    with transaction():
        service.exclude(citizen, staff_name=name, by=service.get_staff(acting), now=utcnow())
    click.echo(f"{name}'s own log-in earns no ticket")


def _kept(_context: click.Context, _option: click.Parameter, said: tuple[str, ...]) -> dict[int, str]:
    kept: dict[int, str] = {}
    for one in said:
        seq, _, made = one.partition(":")
        if not (seq.isascii() and seq.isdigit() and len(made) == 64):
            raise click.BadParameter(f"{one!r} is no NUMBER:HASH as this command prints it")
        kept[int(seq)] = made.lower()
    return kept


@audit.command("verify")
@click.option("--head", "kept", multiple=True, callback=_kept, metavar="NUMBER:HASH", help="kept from an earlier check")
def verify(kept: dict[int, str]) -> None:
    """Recompute the chain of the audit log; name the first entry that was changed or removed."""
    with reading():
        found = chain.verify(known=kept)
    if found.broken is not None:
        click.echo(f"BROKEN  {found.broken}")
        raise SystemExit(1)
    click.echo(f"GOOD    {found.head.seq} entries are whole; keep this head elsewhere: {found.head}")
    if not kept:
        click.echo("        nobody's kept head was given (--head): a log that was written anew would pass, too")
    if found.waiting:
        click.echo(f"        {found.waiting} entries wait for tick to seal them")
