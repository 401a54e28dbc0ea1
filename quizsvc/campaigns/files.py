"""Reads a campaign's TOML file: shape checked, every wrong entry named. Writes it, too."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from quizsvc.campaigns.rules import LEFTOVERS, PRIZE_KINDS
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.fields import Text, YesNo
from quizsvc.kit.problems import FileRefused, Problem, flatten

LONG = 20_000
DAY = timedelta(days=1)
EARLIEST_YEAR, LATEST_YEAR = 2000, 2999
SLUG = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,39}$", error="Use 1 to 40 lower-case letters, digits or hyphens.")
CODE = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,31}$", error="Use 1 to 32 lower-case letters, digits or hyphens.")


class OffsetTime(fields.Field[str]):
    """A time with an offset, as TOML writes it; in the document RFC 3339."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValidationError("Write a time with offset, unquoted: 2026-12-01T08:00:00+08:00.")
        if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            raise ValidationError(f"Write a year from {EARLIEST_YEAR} to {LATEST_YEAR}.")
        return rfc3339(value)


class Organiser(Schema):
    name = Text(60, required=True)
    contact = Text(100, required=True)


class Partner(Schema):
    name = Text(60, shortest=1, required=True)


class Rules(Schema):
    conditions = Text(LONG, required=True)
    method = Text(LONG, load_default="")
    handover = Text(LONG, load_default="")
    claim_until = OffsetTime(required=True)
    leftovers = fields.String(load_default="returned", validate=validate.OneOf(LEFTOVERS))
    beacon = Text(200, load_default="")
    max_wins = fields.Integer(strict=True, load_default=1, validate=validate.Range(min=1, max=100))


class PlanLine(Schema):
    scam_type = Text(32, shortest=1, required=True)
    difficulty = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=3))
    count = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=50))


class Paper(Schema):
    pass_percent = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=100))
    minutes = fields.Integer(strict=True, required=True, validate=validate.Range(min=0, max=24 * 60))
    per_day = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=100))
    plan = fields.List(fields.Nested(PlanLine()), required=True)


class Prize(Schema):
    code = fields.String(required=True, validate=CODE)
    name = Text(60, shortest=1, required=True)
    value_fen = fields.Integer(strict=True, required=True, validate=validate.Range(min=0))
    kind = fields.String(required=True, validate=validate.OneOf(PRIZE_KINDS))
    material = fields.String(validate=CODE)


class Round(Schema):
    """`daily`: one round for each 24 hours of the window, all alike."""

    daily = YesNo(load_default=False)
    opens_at = OffsetTime(required=True)
    closes_at = OffsetTime(required=True)
    cards = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=1_000_000))
    prizes = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, validate=validate.Range(min=0)),
        required=True,
    )


class CampaignFile(Schema):
    """A campaign's TOML file; loads into the JSON document that rules.definition_of reads."""

    slug = fields.String(required=True, validate=SLUG)
    title = Text(60, shortest=1, required=True)
    region = Text(32, shortest=1, required=True)
    opens_at = OffsetTime(required=True)
    closes_at = OffsetTime(required=True)
    late_days = fields.Integer(strict=True, load_default=7, validate=validate.Range(min=0, max=90))
    privacy = Text(LONG, required=True)
    organiser = fields.Nested(Organiser(), required=True)
    partner = fields.List(fields.Nested(Partner()), load_default=list)
    rules = fields.Nested(Rules(), required=True)
    paper = fields.Nested(Paper(), required=True)
    prize = fields.List(fields.Nested(Prize()), load_default=list)
    round = fields.List(fields.Nested(Round()), load_default=list)

    @post_load
    def arrange(self, found: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Number the rounds and put each one's counts in the order of the prize list."""
        prizes, rounds, terms = found.pop("prize"), found.pop("round"), found.pop("rules")
        order = [prize["code"] for prize in prizes]
        found["partners"] = found.pop("partner")
        found["prizes"] = prizes
        found["rounds"] = [
            {
                "no": no,
                "opens_at": opens_at,
                "closes_at": closes_at,
                "cards": one["cards"],
                "planned": _in_order(one["prizes"], order),
            }
            for no, (opens_at, closes_at, one) in enumerate(_each_day(rounds), start=1)
        ]
        return {**found, **terms}


def _each_day(rounds: list[dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Opening, closing and the entry of every round; a daily entry is one round a day."""
    for one in rounds:
        opens_at, end = datetime.fromisoformat(one["opens_at"]), datetime.fromisoformat(one["closes_at"])
        while one["daily"] and opens_at + DAY < end:
            yield rfc3339(opens_at), rfc3339(opens_at + DAY), one
            opens_at += DAY
        yield rfc3339(opens_at), rfc3339(end), one


def _in_order(counts: Mapping[str, int], order: list[str]) -> list[dict[str, Any]]:
    unknown = [code for code in counts if code not in order]
    return [{"code": code, "count": counts[code]} for code in [*order, *unknown] if counts.get(code)]


def write_campaign(document: Mapping[str, Any]) -> str:
    """The campaign file that reads back as this document; what a publication has added is left out."""
    parts = [*_said(document, ("slug", "title", "region", "opens_at", "closes_at", "late_days", "privacy"))]
    parts += ["", "[organiser]", *_said(document["organiser"], ("name", "contact"))]
    for partner in document["partners"]:
        parts += ["", "[[partner]]", *_said(partner, ("name",))]
    terms = ("conditions", "method", "handover", "claim_until", "leftovers", "beacon", "max_wins")
    parts += ["", "[rules]", *_said(document, terms)]
    paper = document["paper"]
    parts += ["", "[paper]", *_said(paper, ("pass_percent", "minutes", "per_day")), "plan = ["]
    parts += [f"  {{ {', '.join(_said(line, ('scam_type', 'difficulty', 'count')))} }}," for line in paper["plan"]]
    parts += ["]"]
    for prize in document["prizes"]:
        parts += ["", "[[prize]]", *_said(prize, ("code", "name", "value_fen", "kind", "material"))]
    for one in document["rounds"]:
        planned = ", ".join(f"{_quoted(line['code'])} = {line['count']}" for line in one["planned"])
        parts += ["", "[[round]]", *_said(one, ("opens_at", "closes_at", "cards")), f"prizes = {{ {planned} }}"]
    return "\n".join([*parts, ""])


def _said(table: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = table.get(name)
        if name.endswith(("_at", "_until")):
            yield f"{name} = {value}"
        elif value is not None:
            yield f"{name} = {value if isinstance(value, int) else _quoted(value)}"


def _quoted(text: str) -> str:
    """A TOML string: over several lines where the text has them."""
    escaped = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    if "\n" not in text:
        return escaped
    lines = escaped[1:-1].replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\\\")
    return f'"""\n{lines}"""'


def read_campaign(table: Mapping[str, Any], *, file: str) -> dict[str, Any]:
    """The document in a campaign file's table, or FileRefused naming every entry that is wrong."""
    try:
        document: dict[str, Any] = CampaignFile().load(table)
    except ValidationError as error:
        raise FileRefused(
            Problem(where, what, "mend this entry (docs/campaign-file.md)", file)
            for where, what in flatten(error.messages_dict)
        ) from None
    return document
