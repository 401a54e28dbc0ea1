"""Reads the bank's TOML files: every fault named with its file, its code and how to mend it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from quizsvc.kit.fields import Text
from quizsvc.kit.files import shipped
from quizsvc.kit.problems import FileRefused, Problem, flatten, parse_toml, read_text
from quizsvc.quiz.bank import known_scam_types
from quizsvc.quiz.review_bank import find_alike, find_guessable
from quizsvc.quiz.review_facts import Facts, Hotline, Statute, find_unreviewed, find_wrong
from quizsvc.quiz.review_wording import find_broken_options, find_wording_faults
from quizsvc.quiz.rules import AUDIENCES, KINDS, QuestionText, find_faults

FiledQuestion = tuple[str, QuestionText]  # the file that a question stands in


class QuestionEntry(Schema):
    """One [[question]] of a bank file."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,59}$", error="Use lower-case letters, digits, hyphens."),
    )
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    stem = Text(300, shortest=1, required=True)
    options = fields.Dict(keys=fields.String(), values=Text(200, shortest=1), required=True)
    answer = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    explanation = Text(1000, shortest=1, required=True)
    difficulty = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=3))
    audience = fields.List(fields.String(validate=validate.OneOf(AUDIENCES)), load_default=list)
    source = Text(200, shortest=1, required=True)
    reviewed = fields.Raw(required=True)


@cache
def reviewed_facts() -> Facts:
    """What ships as reviewed: hotlines, statutes, and the claims that nobody can keep."""
    path = shipped("quiz/reviewed.toml")
    table = parse_toml(read_text(path), file=str(path))
    return Facts(
        hotlines={entry["number"]: Hotline(**entry) for entry in table["hotline"]},
        statutes={entry["name"]: Statute(**entry) for entry in table["statute"]},
        claims=table["claims"],
    )


def read_bank(folder: Path) -> list[QuestionText]:
    """Every question of a folder's *.toml files (or of one file), or FileRefused naming all that is wrong.

    Wrong is a broken shape, and what would mislead whoever is asked. What a bank should be besides, `check_bank` says.
    """
    filed, problems = _read_files(folder)
    if problems:
        raise FileRefused(problems)
    return [question for _, question in filed]


def check_bank(folder: Path, *, today: date) -> list[QuestionText]:
    """Every question as `read_bank` reads it, or FileRefused naming also what a reviewer would not let pass."""
    filed, problems = _read_files(folder)
    problems += review(filed, place=str(folder), today=today)
    if problems:
        raise FileRefused(problems)
    return [question for _, question in filed]


def review(filed: Sequence[FiledQuestion], *, place: str, today: date) -> Iterable[Problem]:
    """What a reviewer would not let pass in questions of good shape; `place` is what they make up together."""
    for file, question in filed:
        faults = [*find_unreviewed(question, reviewed_facts(), today=today), *find_wording_faults(question)]
        yield from (Problem(question.code, what, mend, file) for what, mend in faults)
    files = {question.code: file for file, question in filed}
    questions = [question for _, question in filed]
    for question, (what, mend) in find_alike(questions):
        yield Problem(question.code, what, mend, files[question.code])
    for what, mend in find_guessable(questions):
        yield Problem("bank", what, mend, place)


def _read_files(folder: Path) -> tuple[list[FiledQuestion], list[Problem]]:
    """The questions of good shape with their files, and everything that is wrong."""
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    if not paths:
        raise FileRefused([Problem("folder", "holds no .toml file", "name the folder of the bank", str(folder))])
    questions: list[FiledQuestion] = []
    problems: list[Problem] = []
    named_in: dict[str, str] = {}
    for path in paths:
        file = str(path)
        try:
            table = parse_toml(read_text(path), file=file)
        except FileRefused as refused:
            problems += refused.problems
            continue
        problems += _faults_of_table(table, file=file)
        for index, entry in enumerate(_entries(table), start=1):
            code = entry.get("code") if isinstance(entry, dict) else None
            where = code if isinstance(code, str) and code else f"question[{index}]"
            question, wrong = read_entry(entry, scam_type=str(table.get("scam_type")), where=where, file=file)
            problems += wrong
            if where in named_in:
                problems.append(Problem(where, f"this code stands in {named_in[where]} too", "give it its own", file))
                continue
            if where == code:
                named_in[where] = file
            questions += [(file, question)] if question is not None else []
    return questions, problems


def _entries(table: Mapping[str, Any]) -> list[Any]:
    entries = table.get("question")
    return entries if isinstance(entries, list) else []


def _faults_of_table(table: Mapping[str, Any], *, file: str) -> Iterable[Problem]:
    """What is wrong with a file besides its questions."""
    for name in sorted(table.keys() - {"scam_type", "question"}):
        yield Problem(name, "is no entry of a question file", "see docs/question-file.md", file)
    known = sorted(one.code for one in known_scam_types())
    if table.get("scam_type") not in known:
        yield Problem("scam_type", f"{table.get('scam_type')!r} is unknown", f"use one of {', '.join(known)}", file)
    if not _entries(table):
        yield Problem("question", "there is none", "write [[question]] entries", file)


def read_entry(entry: Any, *, scam_type: str, where: str, file: str) -> tuple[QuestionText | None, list[Problem]]:
    """One question from its entry in a file (None when its shape is broken), and what is wrong with it."""
    problems: list[Problem] = []
    try:
        loaded = QuestionEntry().load(entry)
    except ValidationError as error:
        faults = flatten(error.messages)
        return None, [Problem(f"{where} {path}", what, "see docs/question-file.md", file) for path, what in faults]
    if type(loaded["reviewed"]) is not date:
        loaded["reviewed"] = date.min
        problems.append(Problem(where, "reviewed is not a date", "write reviewed = 2026-11-20", file))
    question = QuestionText(scam_type=scam_type, **loaded)
    misshapen = list(find_faults(question))
    wrong = [*find_broken_options(question), *find_wrong(question, reviewed_facts())]
    problems += [Problem(where, what, mend, file) for what, mend in [*misshapen, *wrong]]
    return None if misshapen else question, problems
