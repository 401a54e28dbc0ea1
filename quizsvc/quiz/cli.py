"""`quizsvc questions`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.files import shipped
from quizsvc.quiz import bank, files
from quizsvc.quiz.review_bank import count, count_by_type
from quizsvc.quiz.rules import KINDS, QuestionText

group = AppGroup("questions", help="The question bank.")
folder = click.argument("folder", type=click.Path(path_type=Path), default=lambda: shipped("questions"))


@group.command("check", with_appcontext=False)
@folder
def check(folder: Path) -> None:
    """Check a folder of question files; changes nothing and needs no database."""
    questions = files.check_bank(folder, today=day_of(utcnow()))
    click.echo("\n".join(_table(questions)))
    click.echo("no problems")


def _table(questions: Sequence[QuestionText]) -> Iterator[str]:
    """The bank's figures: a line per scam type, and the totals."""
    yield f"{'scam type':26}{'all':>9}" + "".join(f"{head:>9}" for head in (*KINDS, 1, 2, 3, "stories"))
    for one in (*count_by_type(questions), count("all", questions)):
        figures = (one.total, *one.kinds, *one.difficulties, one.scenarios)
        yield f"{one.scam_type:26}" + "".join(f"{figure:9}" for figure in figures)


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
