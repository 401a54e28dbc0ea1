"""Volunteers, and what their phones read, in JSON."""

from marshmallow import Schema, fields

from quizsvc.accounts.rules import VOLUNTEER_KINDS
from quizsvc.kit.fields import Text


class Invited(Schema):
    invitation = Text(60, shortest=1, required=True, metadata={"description": "case, spaces and hyphens do not matter"})
    name = Text(40, shortest=1, load_default=None, metadata={"description": "wanted by an open invitation"})


class Volunteer(Schema):
    id = fields.UUID(attribute="volunteer.id")
    code = fields.String(attribute="volunteer.code")
    name = fields.String(attribute="volunteer.name")
    kind = fields.String(attribute="volunteer.kind", metadata={"enum": list(VOLUNTEER_KINDS)})
    region = fields.String(attribute="region.code", metadata={"description": "the home"})
