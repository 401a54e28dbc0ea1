"""People and their log-ins in JSON."""

from marshmallow import Schema, fields

from quizsvc.kit.fields import Moment, Text, YesNo


class Code(Schema):
    code = Text(200, shortest=1, required=True)


class SignIn(Schema):
    name = Text(40, shortest=1, required=True)
    password = Text(200, shortest=1, required=True)


class Citizen(Schema):
    id = fields.UUID()
    region = fields.String(allow_none=True)
    roles = fields.List(fields.String())


class CitizenSession(Schema):
    token = fields.String()
    expires_in = fields.Integer(metadata={"description": "seconds"})
    citizen = fields.Nested(Citizen())


class Grant(Schema):
    role = fields.String()
    region = fields.Pluck("RegionCode", "code")


class RegionCode(Schema):
    code = fields.String()


class Staff(Schema):
    id = fields.UUID()
    name = fields.String()
    roles = fields.List(fields.Nested(Grant()), attribute="grants")


class StaffSession(Schema):
    token = fields.String()
    expires_in = fields.Integer(metadata={"description": "seconds"})
    staff = fields.Nested(Staff())


class ConsentWord(Schema):
    version = Text(64, shortest=1, required=True)
    granted = YesNo(required=True)
    code = Text(
        200,
        shortest=1,
        load_default=None,
        metadata={"description": "with a yes to messages: a fresh log-in code; without one nothing can be sent"},
    )


class Consent(Schema):
    purpose = fields.String()
    version = fields.String()
    granted = fields.Boolean()
    at = Moment()


class RegionChoice(Schema):
    region = Text(32, shortest=1, required=True)
