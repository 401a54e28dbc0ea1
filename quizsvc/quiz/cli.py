"""`quizsvc questions`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.files import shipped
from quizsvc.kit.ratios import percent
from quizsvc.kit.sheets import SUFFIXES, is_sheet
from quizsvc.quiz import bank, files, lifecycle, sheet, workbook
from quizsvc.quiz.bank import Change
from quizsvc.quiz.faring import judge_faring
from quizsvc.quiz.lifecycle import Entry
from quizsvc.quiz.review_bank import count, count_by_type
from quizsvc.quiz.rules import KINDS, QuestionText

group = AppGroup("questions", help="The question bank.")
source = click.argument("source", type=click.Path(path_type=Path), default=lambda: shipped("questions"))
acting = click.option("--as", "acting", metavar="STAFF", required=True, help="the operator who does this")


def _read(source: Path) -> list[Entry]:
    """A folder of question files, one of them, or a table for the office."""
    if is_sheet(source):
        return sheet.read_sheet(source)
    return [Entry(question, lifecycle.FILED) for question in files.read_bank(source)]


def _second_person() -> bool:
    return bool(current_app.config["QUESTION_SECOND_PERSON"])


@group.command("check", with_appcontext=False)
@source
def check(source: Path) -> None:
    """Check a folder of question files, or an .xlsx or .csv; changes nothing and needs no database."""
    read = sheet.check_sheet if is_sheet(source) else files.check_bank
    questions = read(source, today=day_of(utcnow()))
    click.echo("\n".join(_table(questions)))
    click.echo("no problems")


def _table(questions: Sequence[QuestionText]) -> Iterator[str]:
    """The bank's figures: a line per scam type, and the totals."""
    yield f"{'scam type':26}{'all':>9}" + "".join(f"{head:>9}" for head in (*KINDS, 1, 2, 3, "stories"))
    for one in (*count_by_type(questions), count("all", questions)):
        figures = (one.total, *one.kinds, *one.difficulties, one.scenarios)
        yield f"{one.scam_type:26}" + "".join(f"{figure:9}" for figure in figures)


@group.command("load")
@source
@click.option("--as", "acting", metavar="STAFF", help="the operator who does this; left out only before the first")
@click.option("--dry-run", is_flag=True, help="say what would change, and change nothing")
def load(source: Path, acting: str | None, dry_run: bool) -> None:
    """Take a folder of question files, or an .xlsx or .csv, over into the bank, all or nothing."""
    entries = _read(source)
    with reading() if dry_run else transaction():
        by = accounts.get_acting(acting)
        take = bank.preview if dry_run else bank.load_entries
        loaded = take(entries, by=by, second_person=_second_person())
        if not dry_run:
            after = {"added": loaded.added, "changed": loaded.changed}
            accounts.audit(by, act="questions.load", subject=source.name[-100:], after=after, now=utcnow())
            bank.write_down(loaded.changes, act="question.load", by=by, now=utcnow())
    waiting = [one.text.code for one in loaded.changes if one.standing.shown in {lifecycle.DRAFT, lifecycle.WAITING}]
    if dry_run:
        for change in loaded.changes:
            click.echo(_shown(change))
    if waiting:
        click.echo(f"to be reviewed: {' '.join(waiting)}")
    told = f"{loaded.added} questions added, {loaded.changed} changed, {loaded.unchanged} as they were"
    click.echo(f"{told}; this was a preview, nothing was changed" if dry_run else told)


def _shown(change: Change) -> str:
    names = {state: name for name, state in sheet.STATES.items()}
    state = f" ({names[change.standing.shown]})" if "state" in change.after else ""
    if not change.before:
        return f"{change.text.code}: new{state}"
    return f"{change.text.code}: changed {'、'.join(sheet.HEADINGS[name] for name in change.after)}{state}"


@group.command("review")
@click.argument("codes", nargs=-1, required=True)
@acting
def review(codes: Sequence[str], acting: str) -> None:
    """Put the newest texts of these questions into force: they are dealt from now on."""
    _set_state(codes, lifecycle.REVIEWED, act="question.review", acting=acting)


@group.command("retire")
@click.argument("codes", nargs=-1, required=True)
@acting
def retire(codes: Sequence[str], acting: str) -> None:
    """Deal these questions no more. Papers in hand and books of mistakes keep them; `review` brings them back."""
    _set_state(codes, lifecycle.RETIRED, act="question.retire", acting=acting)


def _set_state(codes: Sequence[str], state: str, *, act: str, acting: str) -> None:
    with transaction():
        by = accounts.get_acting(acting)
        changes = bank.set_state(codes, state, by=by, second_person=_second_person())
        bank.write_down(changes, act=act, by=by, now=utcnow())
    click.echo(f"{len(set(codes))} questions are {state}, {len(changes)} of them since now")


@group.command("stats")
@click.option("--min", "least", default=1, show_default=True, type=click.IntRange(1), metavar="N", help="answers")
def stats(least: int) -> None:
    """How questions fared in papers marked in time: shares of right answers and of each option (* is right)."""
    with reading():
        farings = [(one, version) for one, version in bank.list_farings() if one.answered >= least]
    for one, version in farings:
        options = "  ".join(
            f"{'*' if letter in one.question.answer else ''}{letter} {percent(times, one.answered)}"
            for letter, times in one.chosen.items()
        )
        name, right = f"{one.question.code} v{version}", f"right {percent(one.right, one.answered)}"
        click.echo(f"{name:30} n {one.answered:6}  {right:12}  {options}  {' '.join(judge_faring(one))}".rstrip())
    click.echo(f"{len(farings)} versions were answered {least} times or more")


@group.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("scam_types", "--scam-type", multiple=True, metavar="CODE", help="only this one; may be given again")
def export(file: Path, scam_types: Sequence[str]) -> None:
    """Write the bank as an .xlsx or .csv to edit in Excel or WPS; `questions load` takes it back."""
    if file.suffix.lower() not in SUFFIXES:
        raise click.BadParameter("end the name with .xlsx or .csv", param_hint="FILE")
    known = sheet.scam_type_codes().values()
    if unknown := [code for code in scam_types if code not in known]:
        raise click.BadParameter(f"{', '.join(unknown)}: use {', '.join(known)}", param_hint="--scam-type")
    with reading():
        entries = bank.list_entries(scam_types)
    workbook.write_bank(entries, file)
    click.echo(f"{len(entries)} questions stand in {file}")
