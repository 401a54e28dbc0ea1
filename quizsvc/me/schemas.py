"""The campaign page and the citizen's own state in JSON."""

from typing import Any

from marshmallow import Schema, fields

from quizsvc.kit.fields import Moment


class CampaignLine(Schema):
    slug = fields.String()
    title = fields.String(attribute="definition.title")
    state = fields.String()
    opens_at = Moment(attribute="definition.opens_at")
    closes_at = Moment(attribute="definition.closes_at")


class Organiser(Schema):
    name = fields.String()
    contact = fields.String()


class Partner(Schema):
    name = fields.String()


class Paper(Schema):
    questions = fields.Integer()
    pass_percent = fields.Integer()
    minutes = fields.Integer(metadata={"description": "0: no limit"})
    per_day = fields.Integer()


class Prize(Schema):
    code = fields.String()
    name = fields.String()
    value_fen = fields.Integer()
    kind = fields.String()


class Count(Schema):
    code = fields.String()
    count = fields.Integer()


class Round(Schema):
    no = fields.Integer()
    state = fields.String()
    opens_at = Moment()
    closes_at = Moment()
    cards = fields.Integer()
    commitment = fields.String(metadata={"description": "SHA-256 of the round's 32 seed bytes"})
    beacon = fields.String(allow_none=True)
    rules_hash = fields.String(
        allow_none=True, metadata={"description": "of the version that was in force when it opened"}
    )
    planned = fields.List(fields.Nested(Count()))
    carried = fields.List(fields.Nested(Count()))
    list_hash = fields.String(
        allow_none=True, metadata={"description": "closing draw: SHA-256 of who takes part, fixed before its beacon"}
    )


class Version(Schema):
    """Rules that were published at some time, to be read under `rules/{version}`."""

    version = fields.Integer()
    rules_hash = fields.String()
    published_at = Moment()
    reason = fields.String(allow_none=True, metadata={"description": "why the rules were amended"})
    withdrawn_at = Moment(allow_none=True, metadata={"description": "rules under which no paper was dealt"})
    withdrawn_reason = fields.String(allow_none=True)


class Templates(Schema):
    """What `wx.requestSubscribeMessage` is asked with, by kind; consent is then said to `me/consents/messages`."""

    won = fields.String()
    expiring = fields.String()


class Campaign(Schema):
    """A campaign. `rules_hash` is the SHA-256 of the canonical JSON of `rules`."""

    slug = fields.String(attribute="campaign.slug")
    title = fields.String(attribute="campaign.definition.title")
    state = fields.String(attribute="campaign.state")
    opens_at = Moment(attribute="campaign.definition.opens_at")
    closes_at = Moment(attribute="campaign.definition.closes_at")
    organiser = fields.Nested(Organiser(), attribute="campaign.definition.organiser")
    partners = fields.List(fields.Nested(Partner()), attribute="campaign.definition.partners")
    rules = fields.Dict(attribute="campaign.definition.document")
    rules_hash = fields.String(attribute="campaign.rules_hash")
    paper = fields.Nested(Paper(), attribute="campaign.definition.paper")
    prizes = fields.List(fields.Nested(Prize()), attribute="campaign.definition.prizes")
    rounds = fields.List(fields.Nested(Round()))
    versions = fields.List(fields.Nested(Version()))
    messages = fields.Nested(
        Templates(), allow_none=True, metadata={"description": "null where no messages are sent to winners"}
    )


class Rules(Schema):
    """One version of the rules, exactly as it was hashed. An amendment's carry `amends`, the hash before it."""

    slug = fields.String()
    version = fields.Integer()
    amends = fields.String(metadata={"description": "rules_hash of the version before"})
    amended_at = fields.String()
    reason = fields.String()

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """It is published as it was hashed."""
        return obj


class Privacy(Schema):
    purpose = fields.Constant("privacy")
    version = fields.String(attribute="definition.privacy_version")
    text = fields.String(attribute="definition.privacy")


class PrizeName(Schema):
    code = fields.String()
    name = fields.String()


class Coupon(Schema):
    code = fields.String()
    face_value_fen = fields.Integer()
    expires_at = Moment()


class Award(Schema):
    """An award as its winner sees it."""

    id = fields.UUID(attribute="award.id")
    campaign = fields.String()
    prize = fields.Nested(PrizeName())
    state = fields.String(attribute="award.state")
    code = fields.String(metadata={"description": "12 digits for the desk"})
    coupon = fields.Nested(Coupon(), allow_none=True)
    won_at = Moment(attribute="award.won_at")
    expires_at = Moment(attribute="award.expires_at")


class TicketState(Schema):
    id = fields.UUID()
    drawn = fields.Boolean()


class ClosingPlace(Schema):
    """The own place in the closing draw; position and prize come with the draw."""

    round = fields.Integer()
    ticket = fields.String(metadata={"description": "the own alias in the list"})
    position = fields.Integer(allow_none=True)
    drawn_at = Moment(allow_none=True)


class OwnState(Schema):
    papers_left_today = fields.Integer()
    open_paper = fields.UUID(allow_none=True)
    tickets = fields.List(fields.Nested(TicketState()))
    awards = fields.List(fields.Nested(Award()))
    consents = fields.Dict(keys=fields.String(), values=fields.Boolean())
    closing_draw = fields.Nested(ClosingPlace(), allow_none=True)


class ExportedCitizen(Schema):
    id = fields.UUID()
    region = fields.String(allow_none=True)


class ExportedVolunteer(Schema):
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    left_at = Moment(allow_none=True)


class ExportedConsent(Schema):
    purpose = fields.String()
    version = fields.String()
    granted = fields.Boolean()
    at = Moment()


class ExportedMessage(Schema):
    kind = fields.String()
    state = fields.String()
    queued_at = Moment()


class ExportedMessages(Schema):
    address = fields.Boolean(metadata={"description": "whether the sealed address of one's WeChat is kept"})
    sent = fields.List(fields.Nested(ExportedMessage()))


class ExportedVisit(Schema):
    campaign = fields.String()
    day = fields.Date()
    region = fields.String(allow_none=True)


class ExportedAnswer(Schema):
    no = fields.Integer()
    question = fields.String(attribute="question.code")
    stem = fields.String(attribute="question.stem")
    choices = fields.List(fields.String())
    correct = fields.Boolean()


class ExportedPaper(Schema):
    id = fields.UUID()
    dealt_at = Moment()
    handed_in_at = Moment(allow_none=True)
    correct = fields.Integer(allow_none=True)
    passed = fields.Boolean(allow_none=True)
    review = fields.List(fields.Nested(ExportedAnswer()))


class ExportedTicket(Schema):
    id = fields.UUID()
    earned_at = Moment()


class ExportedDraw(Schema):
    ticket = fields.UUID(attribute="ticket_id")
    round = fields.Integer(attribute="round_no")
    position = fields.Integer()
    alias = fields.String()
    prize = fields.String(allow_none=True)
    drawn_at = Moment()


class Export(Schema):
    """All that is kept about a citizen."""

    citizen = fields.Nested(ExportedCitizen())
    volunteer = fields.Nested(ExportedVolunteer(), allow_none=True)
    consents = fields.List(fields.Nested(ExportedConsent()))
    messages = fields.Nested(ExportedMessages())
    visits = fields.List(fields.Nested(ExportedVisit()), metadata={"description": "days on which one looked"})
    papers = fields.List(fields.Nested(ExportedPaper()))
    tickets = fields.List(fields.Nested(ExportedTicket()))
    draws = fields.List(fields.Nested(ExportedDraw()))
    awards = fields.List(fields.Nested(Award()))
