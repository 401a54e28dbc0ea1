"""Volunteers, and what their phones read, in JSON."""

from marshmallow import Schema, fields

from quizsvc.accounts.rules import VOLUNTEER_KINDS
from quizsvc.kit.fields import Moment, Text
from quizsvc.outreach.rules import SETTINGS


class Invited(Schema):
    invitation = Text(60, shortest=1, required=True, metadata={"description": "case, spaces and hyphens do not matter"})
    name = Text(40, shortest=1, load_default=None, metadata={"description": "wanted by an open invitation"})


class Volunteer(Schema):
    id = fields.UUID(attribute="volunteer.id")
    code = fields.String(attribute="volunteer.code", metadata={"description": "the number on the office's list"})
    name = fields.String(attribute="volunteer.name")
    kind = fields.String(attribute="volunteer.kind", metadata={"enum": list(VOLUNTEER_KINDS)})
    region = fields.String(attribute="home.code", metadata={"description": "the home"})


class Member(Volunteer):
    left_at = Moment(attribute="volunteer.left_at", allow_none=True)


class Assignment(Schema):
    region = fields.String(attribute="region.code")
    starts_at = Moment()
    ends_at = Moment(allow_none=True, metadata={"description": "holds until before then; null: until further notice"})


class Region(Schema):
    code = fields.String()
    name = fields.String()
    level = fields.String()
    parent = fields.String(allow_none=True)


class Pack(Schema):
    name = fields.String()
    factor = fields.Integer()


class Material(Schema):
    code = fields.String()
    name = fields.String()
    unit = fields.String()


class PackedMaterial(Material):
    packs = fields.List(fields.Nested(Pack()))


class Campaign(Schema):
    slug = fields.String()
    title = fields.String(attribute="definition.title")
    region = fields.String(attribute="definition.region")
    opens_at = Moment(attribute="definition.opens_at")
    closes_at = Moment(attribute="definition.closes_at")
    upload_until = Moment(attribute="definition.uploads_until")


class Bootstrap(Schema):
    server_time = Moment()
    volunteer = fields.Nested(Member(), attribute="membership")
    assignments = fields.List(
        fields.Nested(Assignment()), metadata={"description": "that hold, will hold, or ended in the last 30 days"}
    )
    regions = fields.List(fields.Nested(Region()), metadata={"description": "those assigned and all under them"})
    materials = fields.List(fields.Nested(PackedMaterial()))
    settings = fields.List(fields.String(), metadata={"enum": list(SETTINGS)})
    campaigns = fields.List(fields.Nested(Campaign()))


class StockLine(Schema):
    material = fields.Nested(Material())
    on_hand = fields.Integer(metadata={"description": "in the base unit; below zero: more was given than issued"})
    overdrawn = fields.Boolean()


class Counted(Schema):
    setting = fields.String(metadata={"enum": list(SETTINGS)})
    tallies = fields.Integer()
    households = fields.Integer()
    people = fields.Integer(metadata={"description": "人次"})


class HandedOut(Schema):
    material = fields.String()
    quantity = fields.Integer(metadata={"description": "in the base unit"})


class Totals(Schema):
    slug = fields.String(attribute="campaign.slug")
    title = fields.String(attribute="campaign.definition.title")
    tallies = fields.Integer(metadata={"description": "in force"})
    households = fields.Integer()
    people = fields.Integer(metadata={"description": "人次"})
    settings = fields.List(fields.Nested(Counted()))
    handed_out = fields.List(fields.Nested(HandedOut()))
    voided = fields.Integer()
    held = fields.Integer(metadata={"description": "waiting for a decision; counted nowhere yet"})


class OwnState(Schema):
    volunteer = fields.Nested(Member(), attribute="membership")
    assignments = fields.List(fields.Nested(Assignment()))
    stock = fields.List(fields.Nested(StockLine()))
    campaigns = fields.List(fields.Nested(Totals()))
