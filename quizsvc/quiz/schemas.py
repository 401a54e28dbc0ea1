"""Papers, marks and mistakes in JSON."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from quizsvc.kit.fields import Moment
from quizsvc.quiz.rules import Choices
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
    answer = fields.List(fields.String())
    correct = fields.Boolean()
    explanation = fields.String()
    source = fields.String()


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
            "passed": handed_in.passed,
            "late": handed_in.late,
            "tickets": [str(ticket_id) for ticket_id in handed_in.tickets],
            "review": [_dump_review(one) for one in handed_in.review],
        }


def _dump_review(one: Reviewed) -> dict[str, Any]:
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
