"""Draws, awards and redemptions in JSON."""

from typing import Any

from marshmallow import Schema, fields

from quizsvc.kit.fields import Moment, Text
from quizsvc.lottery.service import Drawn


class PrizeName(Schema):
    code = fields.String()
    name = fields.String()


class Coupon(Schema):
    code = fields.String()
    face_value_fen = fields.Integer()
    expires_at = Moment()


class DrawAward(Schema):
    id = fields.UUID(attribute="award.id")
    code = fields.String()
    coupon = fields.Nested(Coupon(), allow_none=True)


class Receipt(Schema):
    """What a citizen can check against the published ledger."""

    campaign = fields.String()
    round = fields.Integer(attribute="draw.round_no")
    position = fields.Integer(attribute="draw.position")
    ticket = fields.String(attribute="draw.alias")
    drawn_at = Moment(attribute="draw.drawn_at")


class Outcome(Schema):
    outcome = fields.String(metadata={"enum": ["won", "missed"]})
    prize = fields.Nested(PrizeName(), allow_none=True)
    award = fields.Nested(DrawAward(), allow_none=True)
    receipt = fields.Nested(Receipt())

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """An outcome is a draw with, perhaps, a win."""
        drawn: Drawn = obj
        return {
            "outcome": "missed" if drawn.win is None else "won",
            "prize": None if drawn.win is None else drawn.win.prize,
            "award": drawn.win,
            "receipt": drawn,
        }[attr]


class Ticket(Schema):
    id = fields.UUID()
    campaign = fields.String()
    earned_at = Moment()
    drawn = fields.Boolean()
    draw = fields.Nested(Outcome(), allow_none=True)


class Count(Schema):
    code = fields.String()
    count = fields.Integer()


class Anchor(Schema):
    at = Moment()
    count = fields.Integer()
    highest = fields.Integer()
    digest = fields.String()


class AnchoredRound(Schema):
    no = fields.Integer()
    anchors = fields.List(fields.Nested(Anchor()))


class Anchors(Schema):
    rounds = fields.List(fields.Nested(AnchoredRound()))


class PublishedAnchor(Schema):
    at = fields.String()
    count = fields.Integer()
    highest = fields.Integer()
    digest = fields.String()


class Line(Schema):
    position = fields.Integer()
    ticket = fields.String(metadata={"description": "random alias, given in the receipt"})
    prize = fields.String(allow_none=True)
    drawn_at = fields.String()
    hash = fields.String()


class Bundle(Schema):
    """A closed round, enough to check it with nothing but what was public before."""

    campaign = fields.String()
    round = fields.Integer()
    cards = fields.Integer()
    beacon = fields.String()
    prizes = fields.List(fields.Nested(Count()))
    planned = fields.List(fields.Nested(Count()))
    carried = fields.List(fields.Nested(Count()))
    rules_hash = fields.String()
    commitment = fields.String()
    previous_head = fields.String(allow_none=True)
    seed = fields.String()
    anchors = fields.List(fields.Nested(PublishedAnchor()))
    head = fields.String()
    lines = fields.List(fields.Nested(Line()))

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """It is published as it was hashed."""
        return obj


class Code(Schema):
    code = Text(40, shortest=1, required=True)


class RegionName(Schema):
    code = fields.String()
    name = fields.String()


class Standing(Schema):
    redeemed_at = Moment()
    redeemed_by = fields.String(attribute="staff_name")


class LookUp(Schema):
    prize = fields.Nested(PrizeName())
    state = fields.String()
    desk = fields.Nested(RegionName(), allow_none=True)
    redeemed = fields.Nested(Standing(), allow_none=True)


class Scan(Schema):
    code = Text(40, shortest=1, required=True)
    note = Text(200, load_default="")


class Redemption(Schema):
    id = fields.UUID(attribute="redemption.id")
    prize = fields.Nested(PrizeName())
    redeemed_at = Moment(attribute="redemption.redeemed_at")
    redeemed_by = fields.String(attribute="redemption.staff_name")
    region = fields.Nested(RegionName())


class Undo(Schema):
    reason = Text(200, shortest=1, required=True)
