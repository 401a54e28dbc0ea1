"""`quizsvc staff`."""

import secrets
from uuid import UUID

import click
from flask.cli import AppGroup

from quizsvc.accounts import rules, service
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.regions import service as regions

group = AppGroup("staff", help="Staff and their roles.")
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
