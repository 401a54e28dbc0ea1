"""Reads the bank's TOML files: shape checked, every wrong entry named."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from quizsvc.kit.fields import Text
from quizsvc.kit.problems import FileRefused, Problem, flatten, parse_toml, read_text
from quizsvc.quiz.bank import known_scam_types
from quizsvc.quiz.rules import KINDS, QuestionText, find_faults


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
    audience = fields.List(Text(32, shortest=1), load_default=list)
    source = Text(200, shortest=1, required=True)
    reviewed = fields.Raw(required=True)


def read_bank(folder: Path) -> list[QuestionText]:
    """Every question of a folder's *.toml files (or of one file), or FileRefused naming all that is wrong."""
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    if not paths:
        raise FileRefused([Problem("folder", "holds no .toml file", "name the folder of the bank", str(folder))])
    questions: list[QuestionText] = []
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
            questions += [question] if question is not None else []
            if where in named_in:
                problems.append(Problem(where, f"this code stands in {named_in[where]} too", "give it its own", file))
            elif where == code:
                named_in[where] = file
    if problems:
        raise FileRefused(problems)
    return questions


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
    """One question from its entry in a file, and what is wrong with it."""
    try:
        loaded = QuestionEntry().load(entry)
    except ValidationError as error:
        faults = flatten(error.messages)
        return None, [Problem(f"{where} {path}", what, "see docs/question-file.md", file) for path, what in faults]
    problems: list[Problem] = []
    if type(loaded["reviewed"]) is not date:
        problems.append(Problem(where, "reviewed is not a date", "write reviewed = 2026-11-20", file))
    question = QuestionText(scam_type=scam_type, **loaded)
    problems += [Problem(where, what, mend, file) for what, mend in find_faults(question)]
    return question, problems
