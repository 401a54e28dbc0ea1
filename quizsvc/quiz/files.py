"""Reads the bank's TOML files: shape checked, every wrong entry named."""

from collections.abc import Mapping, Sequence
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
    known = frozenset(one.code for one in known_scam_types())
    questions: list[QuestionText] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            table = parse_toml(read_text(path), file=str(path))
        except FileRefused as refused:
            problems += refused.problems
            continue
        found, wrong = read_questions(table, file=str(path), scam_types=known)
        questions += found
        problems += wrong
    problems += _repeated(questions)
    if problems:
        raise FileRefused(problems)
    return questions


def read_questions(
    table: Mapping[str, Any], *, file: str, scam_types: frozenset[str]
) -> tuple[list[QuestionText], list[Problem]]:
    """The questions of one file's table, and what is wrong with it."""
    problems = [
        Problem(str(name), "is no entry of a question file", "see docs/question-file.md", file)
        for name in table.keys() - {"scam_type", "question"}
    ]
    scam_type = table.get("scam_type")
    if scam_type not in scam_types:
        mend = f"use one of {', '.join(sorted(scam_types))}"
        problems.append(Problem("scam_type", f"{scam_type!r} is unknown", mend, file))
    entries = table.get("question")
    if not isinstance(entries, list) or not entries:
        problems.append(Problem("question", "there is none", "write [[question]] entries", file))
        entries = []
    questions: list[QuestionText] = []
    for index, entry in enumerate(entries, start=1):
        code = entry.get("code") if isinstance(entry, dict) else None
        where = str(code or f"question[{index}]")
        try:
            loaded = QuestionEntry().load(entry)
        except ValidationError as error:
            problems += [
                Problem(f"{where} {path}", what, "see docs/question-file.md", file)
                for path, what in flatten(error.messages)
            ]
            continue
        if type(loaded["reviewed"]) is not date:
            problems.append(Problem(where, "reviewed is not a date", "write reviewed = 2026-11-20", file))
            continue
        question = QuestionText(scam_type=str(scam_type), **loaded)
        problems += [Problem(where, what, mend, file) for what, mend in find_faults(question)]
        questions.append(question)
    return questions, problems


def _repeated(questions: Sequence[QuestionText]) -> list[Problem]:
    seen: set[str] = set()
    problems: list[Problem] = []
    for question in questions:
        if question.code in seen:
            problems.append(Problem(question.code, "this code stands twice in the bank", "give it a code of its own"))
        seen.add(question.code)
    return problems
