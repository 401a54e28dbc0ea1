"""Regions in JSON."""

from marshmallow import Schema, fields

from quizsvc.kit.fields import PageQuery, Text


class Region(Schema):
    code = fields.String()
    name = fields.String()
    level = fields.String()
    parent = fields.String(allow_none=True)


class RegionQuery(PageQuery):
    under = Text(32, load_default=None)
    q = Text(60, load_default=None)
    level = Text(32, load_default=None)
