"""`quizsvc questions`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.files import shipped
from quizsvc.kit.sheets import SUFFIXES, is_sheet
from quizsvc.quiz import bank, files, sheet, workbook
from quizsvc.quiz.bank import Change, Loaded
from quizsvc.quiz.rules import QuestionText

group = AppGroup("questions", help="The question bank.")
source = click.argument("source", type=click.Path(path_type=Path), default=lambda: shipped("questions"))


def _read(source: Path) -> list[QuestionText]:
    """A folder of question files, one of them, or a table for the office."""
    return sheet.read_sheet(source) if is_sheet(source) else files.read_bank(source)


@group.command("check", with_appcontext=False)
@source
def check(source: Path) -> None:
    """Check a folder of question files, or an .xlsx or .csv; changes nothing and needs no database."""
    questions = _read(source)
    for scam_type, count in sorted(Counter(question.scam_type for question in questions).items()):
        click.echo(f"{scam_type:26} {count:4}")
    click.echo(f"{'all':26} {len(questions):4}  no problems")


@group.command("load")
@source
@click.option("--as", "acting", metavar="STAFF", help="the operator who does this; left out only before the first")
@click.option("--dry-run", is_flag=True, help="say what would change, and change nothing")
def load(source: Path, acting: str | None, dry_run: bool) -> None:
    """Take a folder of question files, or an .xlsx or .csv, over into the bank, all or nothing."""
    questions = _read(source)
    if dry_run:
        with reading():
            accounts.get_acting(acting)
            loaded = bank.preview(questions)
        for change in loaded.changes:
            click.echo(_shown(change))
    else:
        with transaction():
            by = accounts.get_acting(acting)
            loaded = bank.load_bank(questions)
            _write_down(loaded, source=source.name, by=by)
    told = f"{loaded.added} questions added, {loaded.changed} changed, {loaded.unchanged} as they were"
    click.echo(f"{told}; this was a preview, nothing was changed" if dry_run else told)


def _shown(change: Change) -> str:
    changed = "、".join(sheet.HEADINGS[name] for name in change.after)
    return f"{change.question.code}: changed {changed}" if change.after else f"{change.question.code}: new"


def _write_down(loaded: Loaded, *, source: str, by: str) -> None:
    """The load, and what differs in each question that it changed."""
    now = utcnow()
    after = {"added": loaded.added, "changed": loaded.changed}
    accounts.audit(by, act="questions.load", subject=source[-100:], after=after, now=now)
    for change in loaded.changes:
        before = {"version": change.version - 1, **change.before} if change.before else None
        after = {"version": change.version, **change.after}
        accounts.audit(by, act="question.version", subject=change.question.code, before=before, after=after, now=now)


@group.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("scam_types", "--scam-type", multiple=True, metavar="CODE", help="only these; may be given several times")
def export(file: Path, scam_types: Sequence[str]) -> None:
    """Write the bank as an .xlsx or .csv to edit in Excel or WPS; `questions load` takes it back."""
    if file.suffix.lower() not in SUFFIXES:
        raise click.BadParameter("end the name with .xlsx or .csv", param_hint="FILE")
    known = sheet.scam_type_codes().values()
    if unknown := [code for code in scam_types if code not in known]:
        raise click.BadParameter(f"{', '.join(unknown)}: use {', '.join(known)}", param_hint="--scam-type")
    with reading():
        questions = bank.list_texts(scam_types)
    workbook.write_bank(questions, file)
    click.echo(f"{len(questions)} questions stand in {file}")
