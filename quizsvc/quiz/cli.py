"""`quizsvc questions`."""

from collections import Counter
from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.files import shipped
from quizsvc.quiz import bank, files

group = AppGroup("questions", help="The question bank.")
folder = click.argument("folder", type=click.Path(path_type=Path), default=lambda: shipped("questions"))


@group.command("check", with_appcontext=False)
@folder
def check(folder: Path) -> None:
    """Check a folder of question files; changes nothing and needs no database."""
    questions = files.read_bank(folder)
    for scam_type, count in sorted(Counter(question.scam_type for question in questions).items()):
        click.echo(f"{scam_type:26} {count:4}")
    click.echo(f"{'all':26} {len(questions):4}  no problems")


@group.command("load")
@folder
@click.option("--as", "acting", metavar="STAFF", help="the operator who does this; left out only before the first")
def load(folder: Path, acting: str | None) -> None:
    """Take a folder of question files over into the bank, all or nothing."""
    questions = files.read_bank(folder)
    with transaction():
        by = accounts.get_acting(acting)
        loaded = bank.load_bank(questions)
        after = {"added": loaded.added, "changed": loaded.changed}
        accounts.audit(by, act="questions.load", subject=folder.name, after=after, now=utcnow())
    click.echo(f"{loaded.added} questions added, {loaded.changed} changed, {loaded.unchanged} as they were")
