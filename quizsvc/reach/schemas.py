"""Figures in JSON."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.fields import Listed, Moment, Text
from quizsvc.reach.metrics import PERCENT
from quizsvc.reach.survey import Figure as Found

MOST_CAMPAIGNS = 50
CENTURIES = date(2000, 1, 1), date(2999, 12, 31)  # beyond, sums of days leave the calendar


class Period(Schema):
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to", metadata={"description": "the last day, which counts"})


def _number(one: Any) -> int | float | None:
    """A count, money in fen, or a rate in percent with one decimal."""
    value: int | None = one.value
    return value / 10 if value is not None and one.metric.unit == PERCENT else value


class Value(fields.Field[Any]):
    """As _number says it."""

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> int | float | None:
        return _number(obj)


class PublicFigure(Schema):
    id = fields.String(attribute="metric.id")
    name = fields.String(metadata={"description": "the dictionary's, or the material's that was handed out"})
    unit = fields.String()
    value = Value(allow_none=True, metadata={"type": "number", "description": "null where it is hidden"})
    shown = fields.String()


class Figure(Schema):
    id = fields.String(attribute="metric.id")
    name = fields.String(attribute="metric.name")
    unit = fields.String()
    value = Value(allow_none=True, metadata={"type": "number"})
    shown = fields.String()
    of = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "what it is shown apart by: region, day, scam_type, question, material, kind, stage"},
    )
    base = fields.Integer(allow_none=True, metadata={"description": "what a rate was divided by"})
    reason = fields.String(allow_none=True, metadata={"description": "why there is no value"})
    source = fields.String(allow_none=True)


class Figures(fields.List[Any]):
    """Thousands of figures in one list: written out by hand, for marshmallow takes 20 times as long for each."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[dict[str, Any]]:
        found: Sequence[Found] = value
        return [
            {
                "id": one.metric.id,
                "name": one.metric.name,
                "unit": one.unit,
                "value": _number(one),
                "shown": one.shown,
                "of": dict(one.of),
                "base": one.base,
                "reason": one.reason,
                "source": one.source,
            }
            for one in found
        ]


class Survey(Schema):
    as_of = Moment(metadata={"description": "all that happened before is counted"})
    timezone = fields.Constant(SHANGHAI.tzname(None))
    period = fields.Nested(Period())


class PublicReach(Survey):
    figures = fields.List(fields.Nested(PublicFigure()))


class Statistics(Survey):
    campaign = fields.String()
    region = fields.String()
    figures = Figures(fields.Nested(Figure()))


class Asked(Schema):
    first = fields.Date(data_key="from", load_default=None, validate=validate.Range(*CENTURIES))
    last = fields.Date(data_key="to", load_default=None, metadata={"description": "the last day, which counts"})
    region = Text(32, load_default=None)

    @validates_schema
    def require_order(self, found: dict[str, Any], **_options: Any) -> None:
        """The last day is not before the first one."""
        if found["first"] and found["last"] and found["last"] < found["first"]:
            raise ValidationError({"to": ["Invalid value."]})


class ReportAsked(Asked):
    campaigns = Listed(
        Text(40),
        data_key="campaign",
        load_default=(),
        validate=validate.Length(max=MOST_CAMPAIGNS),
        metadata={"description": "repeated, or separated by commas; the first one's region stands where none is named"},
    )
    snapshot = fields.UUID(load_default=None, metadata={"description": "a stored report again; then nothing else"})

    @validates_schema
    def require_one_question(self, found: dict[str, Any], **_options: Any) -> None:
        """Campaigns are named, or a stored report and nothing beside it."""
        if found["snapshot"] is None and not found["campaigns"]:
            raise ValidationError({"campaign": ["Missing data for required field."]})
        if found["snapshot"] is not None and any(found[name] for name in ("campaigns", "first", "last", "region")):
            raise ValidationError({"snapshot": ["Invalid value."]})
