"""Papers, marks and mistakes in JSON; the question file's shape."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from quizsvc.kit.fields import Moment, Text
from quizsvc.kit.problems import FileRefused, Problem, flatten, parse_toml, read_text
from quizsvc.quiz.rules import KINDS, Choices, QuestionText, find_faults
from quizsvc.quiz.service import HandedIn, Mistake, Reviewed, Shown

MOST_QUESTIONS = 200
MOST_CHOICES = 10


class Option(Schema):
    id = fields.String()
    text = fields.String()


class PaperQuestion(Schema):
    no = fields.Integer()
    kind = fields.String()
    scam_type = fields.String()
    stem = fields.String()
    options = fields.List(fields.Nested(Option()))


class PaperInHand(Schema):
    """A dealt paper: no answer, no explanation."""

    id = fields.UUID()
    due_at = Moment(allow_none=True)
    questions = fields.List(fields.Nested(PaperQuestion()))

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Written out by hand: nested schemas cost more than dealing the paper."""
        shown: Shown = obj
        questions = [
            {
                "no": no,
                "kind": question.kind,
                "scam_type": question.scam_type,
                "stem": question.stem,
                "options": [{"id": letter, "text": question.options[letter]} for letter in item.order],
            }
            for no, (item, question) in enumerate(zip(shown.paper.items, shown.questions, strict=True), start=1)
        ]
        due_at = self.fields["due_at"].serialize("due_at", shown.paper)
        return {"id": str(shown.paper.id), "due_at": due_at, "questions": questions}


class AnswerList(fields.Field[Mapping[int, Choices]]):
    """`[{"no": 1, "choices": ["B"]}, ...]` as choices by number. One field: a nested schema costs eight times this."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Mapping[int, Choices]:
        if not isinstance(value, list):
            raise ValidationError("Not a valid list.")
        if len(value) > MOST_QUESTIONS:
            raise ValidationError(f"Longer than maximum length {MOST_QUESTIONS}.")
        answers: dict[int, Choices] = {}
        for index, one in enumerate(value):
            if message := _fault_of_answer(one, answers):
                raise ValidationError({index: message})
            answers[one["no"]] = frozenset(one["choices"])
        return answers


def _fault_of_answer(one: Any, answers: Mapping[int, Choices]) -> dict[str, list[str]] | None:
    if not isinstance(one, dict):
        return {"_schema": ["Invalid input type."]}
    if one.keys() != {"no", "choices"}:
        unknown = {str(name): ["Unknown field."] for name in one.keys() - {"no", "choices"}}
        return unknown | {name: ["Missing data for required field."] for name in {"no", "choices"} - one.keys()}
    if type(one["no"]) is not int:
        return {"no": ["Not a valid integer."]}
    if one["no"] in answers:
        return {"no": ["Question numbers must not repeat."]}
    return _fault_of_choices(one["choices"])


def _fault_of_choices(choices: Any) -> dict[str, list[str]] | None:
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        return {"choices": ["Not a valid list."]}
    if len(choices) > MOST_CHOICES:
        return {"choices": [f"Longer than maximum length {MOST_CHOICES}."]}
    return None


class Answers(Schema):
    answers = AnswerList(
        required=True,
        metadata={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["no", "choices"],
                "properties": {
                    "no": {"type": "integer"},
                    "choices": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_CHOICES},
                },
            },
        },
    )


class Review(Schema):
    no = fields.Integer()
    choices = fields.List(fields.String())
    answer = fields.List(fields.String(), attribute="question.answer")
    correct = fields.Boolean()
    explanation = fields.String(attribute="question.explanation")
    source = fields.String(attribute="question.source")


class Mark(Schema):
    """The mark with explanations for the questions that were asked."""

    correct = fields.Integer()
    total = fields.Integer()
    passed = fields.Boolean()
    late = fields.Boolean()
    tickets = fields.List(fields.UUID())
    review = fields.List(fields.Nested(Review()))

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Written out by hand, as PaperInHand is."""
        handed_in: HandedIn = obj
        return {
            "correct": handed_in.mark.correct,
            "total": handed_in.mark.total,
            "passed": handed_in.mark.passed,
            "late": handed_in.late,
            "tickets": [str(ticket_id) for ticket_id in handed_in.tickets],
            "review": [dump_review(one) for one in handed_in.review],
        }


def dump_review(one: Reviewed) -> dict[str, Any]:
    """One question of a marked paper."""
    return {
        "no": one.no,
        "choices": list(one.choices),
        "answer": sorted(one.question.answer),
        "correct": one.correct,
        "explanation": one.question.explanation,
        "source": one.question.source,
    }


class MistakeItem(Schema):
    scam_type = fields.String()
    scam_type_name = fields.String()
    kind = fields.String()
    stem = fields.String()
    options = fields.List(fields.Nested(Option()))
    choices = fields.List(fields.String())
    answer = fields.List(fields.String())
    explanation = fields.String()
    source = fields.String()
    at = Moment()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """A mistake is a question with what was chosen."""
        mistake: Mistake = obj
        if attr == "options":
            return [{"id": letter, "text": text} for letter, text in mistake.question.options.items()]
        if attr == "answer":
            return sorted(mistake.question.answer)
        owner = mistake if hasattr(mistake, attr) else mistake.question
        return super().get_attribute(owner, attr, default)


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


def read_bank(folder: Path, *, scam_types: Iterable[str]) -> list[QuestionText]:
    """Every question of a folder's *.toml files (or of one file), or FileRefused naming all that is wrong."""
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    if not paths:
        raise FileRefused([Problem("folder", "holds no .toml file", "name the folder of the bank", str(folder))])
    known = frozenset(scam_types)
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
