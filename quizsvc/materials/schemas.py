"""Movements and stock in JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from quizsvc.kit.fields import Moment, PageQuery, Text
from quizsvc.materials.rules import ACTS, COUNT, LARGEST_QUANTITY, LOSS, REVERSAL
from quizsvc.materials.service import Wish

EXPLAINED = (LOSS, COUNT, REVERSAL)  # acts that want a reason
MOVED = ("material", "quantity", "pack", "store", "to_store", "volunteer", "occurred_at")
EARLIEST_YEAR = 2000
MISSING = "Missing data for required field."


def _require_recent(moment: datetime) -> None:
    if moment.year < EARLIEST_YEAR:
        raise ValidationError("Invalid value.")


class Wished(Schema):
    """A movement to post. Which holders an act takes:

    `receive` supplier to `store` · `issue` `store` to `volunteer` · `return` `volunteer` to `store`, or `store` to
    supplier · `transfer` `store` to `to_store` · `hand_out`, `loss` from `store` or `volunteer` · `count` what `store`
    or `volunteer` has · `reversal` takes the movement `reverses` back.
    """

    id = fields.UUID(required=True, metadata={"description": "made by the client; a repeat gets the first answer"})
    act = fields.String(required=True, validate=validate.OneOf(ACTS))
    material = Text(32, shortest=1, load_default=None)
    quantity = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(min=0, max=LARGEST_QUANTITY),
        metadata={"description": "in packs if one is named, else in the base unit; 0 only in a count"},
    )
    pack = Text(20, shortest=1, load_default=None)
    store = Text(32, shortest=1, load_default=None, metadata={"description": "code of the store's region"})
    to_store = Text(32, shortest=1, load_default=None)
    volunteer = fields.UUID(load_default=None)
    occurred_at = fields.AwareDateTime(
        load_default=None, validate=_require_recent, metadata={"description": "now, if left out"}
    )
    reason = Text(200, load_default="")
    ref = Text(100, load_default="", metadata={"description": "a delivery note or the like"})
    reverses = fields.UUID(load_default=None)

    @validates_schema
    def require_what_the_act_wants(self, found: Mapping[str, Any], **_options: Any) -> None:
        """A reversal names a movement and nothing else; every other act a material and a quantity."""
        act = found["act"]
        wanted = ["reverses"] if act == REVERSAL else ["material", "quantity"]
        wanted += ["reason"] if act in EXPLAINED else []
        if missing := {name: [MISSING] for name in wanted if found[name] in (None, "")}:
            raise ValidationError(missing)
        if act != REVERSAL and found["quantity"] == 0 and act != COUNT:
            raise ValidationError({"quantity": ["Must be greater than or equal to 1."]})
        foreign = MOVED if act == REVERSAL else ("pack", "reverses") if act == COUNT else ("reverses",)
        if strange := {name: ["Unknown field."] for name in foreign if found[name] is not None}:
            raise ValidationError(strange)

    @post_load
    def arrange(self, found: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """The wish of any act but a reversal, which names a movement instead."""
        reverses = found.pop("reverses")
        wish = None if found["act"] == REVERSAL else Wish(**found)
        return {"id": found["id"], "reverses": reverses, "reason": found["reason"], "wish": wish}


class Movement(Schema):
    """A line of the ledger. `quantity` is in the base unit; `giver` and `taker` are `supplier`, `store:<region>`,
    `volunteer:<id>`, `public`, `lost`, or null beside a count difference."""

    id = fields.UUID()
    act = fields.String(metadata={"enum": list(ACTS)})
    material = fields.String()
    quantity = fields.Integer()
    pack = fields.String(allow_none=True)
    factor = fields.Integer(metadata={"description": "base units in the pack when it was posted"})
    giver = fields.String(allow_none=True)
    taker = fields.String(allow_none=True)
    occurred_at = Moment()
    posted_at = Moment()
    posted_by = fields.String()
    reason = fields.String()
    ref = fields.String()
    counted = fields.Integer(allow_none=True, metadata={"description": "what a count found"})
    reverses = fields.UUID(allow_none=True)
    overdrawn = fields.Boolean(metadata={"description": "a volunteer gave more than the books knew of"})


class Pack(Schema):
    name = fields.String()
    factor = fields.Integer()


class Material(Schema):
    code = fields.String()
    name = fields.String()
    unit = fields.String()
    packs = fields.List(fields.Nested(Pack()))


class Home(Schema):
    code = fields.String()
    name = fields.String()


class StockLine(Schema):
    kind = fields.String(metadata={"enum": ["store", "volunteer"]})
    region = fields.Nested(Home())
    volunteer = fields.UUID(allow_none=True)
    material = fields.Nested(Material())
    on_hand = fields.Integer(metadata={"description": "in the base unit; a volunteer's may be below zero"})
    overdrawn = fields.Boolean()
    counted_at = Moment(allow_none=True)


class StockQuery(PageQuery):
    region = Text(32, load_default=None)
