"""Batches of tallies and what is held, in JSON."""

from typing import Any

from marshmallow import Schema, fields, validate

from quizsvc.kit.fields import Moment, PageQuery, Text, in_chinese
from quizsvc.kit.http import wants_english
from quizsvc.materials.rules import LARGEST_QUANTITY
from quizsvc.outreach.reading import LONGEST_NOTE, MOST_HANDOUTS, MOST_PEOPLE
from quizsvc.outreach.rules import DECISIONS, HELD_REASONS, MOST_TALLIES, SETTINGS, STATUSES


class Handout(Schema):
    material = fields.String(required=True)
    quantity = fields.Integer(
        required=True,
        validate=validate.Range(1, LARGEST_QUANTITY),
        metadata={"description": "in packs if one is named, else in the base unit"},
    )
    pack = fields.String(allow_none=True)


class Tally(Schema):
    """A visit. A void one needs its id and revision alone. What is null is absent."""

    id = fields.UUID(required=True, metadata={"description": "made by the phone; a repeat is a duplicate"})
    revision = fields.Integer(required=True, metadata={"description": "from 1; the highest that counts is in force"})
    void = fields.Boolean(metadata={"description": "beats every revision, and may arrive first"})
    campaign = fields.String(metadata={"description": "slug"})
    region = fields.String(metadata={"description": "code"})
    setting = fields.String(validate=validate.OneOf(SETTINGS))
    occurred_at = fields.AwareDateTime()
    households = fields.Integer(validate=validate.Range(0, MOST_PEOPLE))
    people = fields.Integer(validate=validate.Range(0, MOST_PEOPLE), metadata={"description": "人次"})
    handouts = fields.List(fields.Nested(Handout()), validate=validate.Length(0, MOST_HANDOUTS))
    note = fields.String(allow_none=True, validate=validate.Length(max=LONGEST_NOTE))


class RawTallies(fields.List[Any]):
    """Tallies as they were sent: each is read by itself, so that a bad one spoils no other."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return value


class Messages(fields.Dict):
    """What is wrong, by field, in the language of the request."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if value is None or wants_english() else in_chinese(value)


class Batch(Schema):
    clock = fields.AwareDateTime(required=True, metadata={"description": "the phone's time as it sends"})
    tallies = RawTallies(fields.Nested(Tally()), required=True, validate=validate.Length(min=1, max=MOST_TALLIES))


class Result(Schema):
    id = fields.String(allow_none=True)
    revision = fields.Integer(allow_none=True)
    status = fields.String(
        metadata={
            "enum": list(STATUSES),
            "description": "forget created, duplicate and held; keep and show conflict and rejected",
        }
    )
    reason = fields.String(
        allow_none=True,
        metadata={
            "description": f"held, or a duplicate that still is: {', '.join(HELD_REASONS)}; "
            "rejected: bad_shape, id_taken; other_content"
        },
    )
    faults = Messages(
        keys=fields.String(),
        values=fields.List(fields.String()),
        attribute="fields",
        data_key="fields",
        allow_none=True,
        metadata={"description": "what is wrong with a rejected one, by field"},
    )


class Answer(Schema):
    results = fields.List(fields.Nested(Result()), metadata={"description": "one per tally, in the order sent"})
    clock_skew = fields.Integer(metadata={"description": "seconds that the phone's clock is ahead"})
    clock_off = fields.Boolean(metadata={"description": "by more than 10 minutes: ask for it to be set right"})


class HeldQuery(PageQuery):
    region = Text(32, load_default=None)


class HeldVolunteer(Schema):
    id = fields.UUID()
    code = fields.String()
    name = fields.String()
    kind = fields.String()


class HeldRegion(Schema):
    code = fields.String()
    name = fields.String()


class HeldHandout(Schema):
    material = fields.String()
    quantity = fields.Integer(metadata={"description": "in the base unit"})
    pack = fields.String(allow_none=True)
    factor = fields.Integer()


class Held(Schema):
    """A revision of a tally on which a person decides, or has decided."""

    id = fields.UUID()
    tally = fields.UUID(attribute="tally_id")
    revision = fields.Integer()
    reason = fields.String(metadata={"enum": list(HELD_REASONS)})
    held_at = Moment()
    volunteer = fields.Nested(HeldVolunteer())
    campaign = fields.String()
    region = fields.Nested(HeldRegion())
    setting = fields.String(metadata={"enum": list(SETTINGS)})
    occurred_at = Moment(metadata={"description": "as it would be counted: never later than it was heard of"})
    households = fields.Integer()
    people = fields.Integer()
    handouts = fields.List(fields.Nested(HeldHandout()))
    entered_by = fields.String(allow_none=True)
    clock_skew = fields.Integer()
    clock_off = fields.Boolean()
    looks_like = fields.UUID(allow_none=True, metadata={"description": "another tally that says the same"})
    decision = fields.String(allow_none=True, metadata={"enum": [*DECISIONS, None]})
    decided_by = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
    note = fields.String(allow_none=True)


class Decision(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(DECISIONS))
    note = Text(200, load_default=None)
