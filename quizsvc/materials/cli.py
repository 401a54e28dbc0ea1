"""`quizsvc materials`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.problems import read_text
from quizsvc.materials import files, service, stock
from quizsvc.materials.files import StockRow
from quizsvc.materials.rules import Account
from quizsvc.regions import service as regions

group = AppGroup("materials", help="The material ledger: boxes, fans, leaflets, prize goods.")
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="who does this")
path = click.argument("file", type=click.Path(path_type=Path))


@group.command("load")
@path
@acting
def load(file: Path, acting: str) -> None:
    """Load materials and packs from a CSV file (code,name,unit,pack,factor), one line for each pack.

    A changed factor holds from now on; what was posted before keeps its own.
    """
    text = read_text(file)
    with transaction():
        by = accounts.get_acting(acting)
        materials = files.read_materials(text, units=stock.list_units(), file=str(file))
        stock.load_materials(materials)
        accounts.audit(by, act="materials.load", subject=file.name, after={"materials": len(materials)}, now=utcnow())
    click.echo(f"{len(materials)} materials stand as in {file}")


@group.command("receive")
@click.argument("region")
@click.argument("material")
@click.argument("quantity", type=click.IntRange(1))
@click.option("--pack", help="what the quantity counts, if not the base unit")
@click.option("--ref", required=True, help="the delivery note; the same one again changes nothing")
@acting
def receive(region: str, material: str, quantity: int, pack: str | None, ref: str, acting: str) -> None:
    """Receive goods from the supplier into a region's store."""
    _receive([StockRow(region, material, quantity, pack, ref)], acting)


@group.command("open")
@path
@acting
def open_stock(file: Path, acting: str) -> None:
    """Receive the opening stock of a CSV file (region,material,quantity,pack,ref), all or nothing."""
    _receive(files.read_stock(read_text(file), file=str(file)), acting)


def _receive(rows: list[StockRow], acting: str) -> None:
    lines: list[str] = []
    with transaction():
        staff, now, units = accounts.get_staff(acting), utcnow(), stock.list_units()
        for row in sorted(rows, key=lambda row: (row.material, row.region)):
            movement, is_new = service.receive(
                row.ref,
                region=row.region,
                material=row.material,
                quantity=row.quantity,
                pack=row.pack,
                by=staff,
                now=now,
            )
            said = f"{movement.quantity} {units[row.material]} {row.material} to {movement.taker} ({row.ref})"
            lines.append(said if is_new else f"{said}, as before")
    click.echo("\n".join(lines))


@group.command("stock")
@click.argument("region", required=False)
def report(region: str | None) -> None:
    """Print both sides of every material's books, of one region or of all. Status 1 when they do not agree."""
    with reading():
        within = None if region is None else regions.get_region(region)
        books = stock.list_accounts(within)
    for one in books:
        click.echo(_shown(one))
    if not all(one.agrees for one in books):
        click.echo("the books do not agree; next: quizsvc materials rebuild")
        raise SystemExit(1)


def _shown(one: Account) -> str:
    moved_in = f" + moved in {one.moved_in}" if one.moved_in else ""
    moved_out = f" + moved out {one.moved_out}" if one.moved_out else ""
    return (
        f"{one.material.code} ({one.material.unit}): received {one.received} + count differences {one.difference}"
        f"{moved_in} = {one.came} {'=' if one.agrees else '<>'} {one.went} = handed out {one.handed_out}"
        f" + lost {one.lost} + returned {one.returned}{moved_out} + on hand {one.on_hand}"
    )


@group.command("rebuild")
@acting
def rebuild(acting: str) -> None:
    """Make every balance anew from the movements."""
    with transaction():
        by = accounts.get_acting(acting)
        wrong = stock.rebuild()
        if wrong:
            after = {f"{material} {holder}": [was, meant] for material, holder, was, meant in wrong}
            accounts.audit(by, act="materials.rebuild", subject="balances", after=after, now=utcnow())
    for material, holder, was, meant in wrong:
        click.echo(f"{material} {holder}: {was} -> {meant}")
    click.echo(f"{len(wrong)} balances were wrong")
