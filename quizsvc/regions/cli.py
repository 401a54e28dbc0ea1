"""`quizsvc regions`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.kit.db import transaction
from quizsvc.kit.problems import read_text
from quizsvc.regions import service

group = AppGroup("regions", help="The tree of regions.")


@group.command("load")
@click.argument("file", type=click.Path(path_type=Path))
def load(file: Path) -> None:
    """Load regions from a CSV file (code,name,level,parent,households,residents,source,as_of)."""
    text = read_text(file)
    with transaction():
        rows = service.load_regions(text, file=str(file))
    click.echo(f"{len(rows)} regions stand as in {file}")
