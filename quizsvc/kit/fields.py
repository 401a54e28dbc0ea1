"""Fields and messages that every slice's schemas share."""

import re
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from quizsvc.kit.clock import rfc3339

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Text(fields.String):
    """A string of bounded length without control characters (PostgreSQL stores no NUL)."""

    def __init__(self, longest: int, *, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if CONTROL.search(text):
            raise self.make_error("invalid")
        return str(text)


class Listed(fields.List[Any]):
    """Words of a query: said several times, or separated by commas. None of them twice."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        said = [word.strip() for one in value for word in str(one).split(",")]
        return super()._deserialize(list(dict.fromkeys(filter(None, said))), attr, data, **kwargs)


class YesNo(fields.Boolean):
    """`true` or `false`, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Moment(fields.Field[datetime]):
    """A point in time, out as RFC 3339 with offset."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)


class PageQuery(Schema):
    """The query of a list: where to go on, and how many."""

    cursor = Text(200, load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


def page_of(item: Schema) -> Schema:
    """The schema of one page of a list of `item`."""
    name = f"{type(item).__name__}Page"
    made = type(
        name,
        (Schema,),
        {
            "__module__": type(item).__module__,
            "items": fields.List(fields.Nested(item)),
            "next": fields.String(allow_none=True),
        },
    )
    schema: Schema = made()
    return schema


CHINESE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(f"^{pattern}$"), text)
    for pattern, text in (
        (r"Missing data for required field\.", "必填"),
        (r"Field may not be null\.", "不能为空"),
        (r"Unknown field\.", "没有这一项"),
        (r"Not a valid string\.", "应为文字"),
        (r"Not a valid utf-8 string\.", "应为文字"),
        (r"Number too large\.", "数字过大"),
        (r"Not a valid integer\.", "应为整数"),
        (r"Not a valid number\.", "应为数字"),
        (r"Not a valid boolean\.", "应为 true 或 false"),
        (r"Not a valid list\.", "应为列表"),
        (r"Not a valid mapping type\.", "应为对象"),
        (r"Not a valid UUID\.", "应为编号"),
        (r"Not a valid datetime\.", "应为日期时间"),
        (r"Not a valid aware datetime\.", "时间要写明时区"),
        (r"Not a valid date\.", "应为日期"),
        (r"Invalid input type\.", "应为对象"),
        (r"Invalid value\.", "取值有误"),
        (r"Field cannot be blank\.", "不能为空"),
        (r"Must be one of: (.+)\.", r"只能是：\1"),
        (r"Shorter than minimum length (\d+)\.", r"至少 \1 个"),
        (r"Longer than maximum length (\d+)\.", r"最多 \1 个"),
        (r"Length must be between (\d+) and (\d+)\.", r"个数应在 \1 到 \2 之间"),
        (r"Length must be (\d+)\.", r"应为 \1 个"),
        (r"Must be greater than or equal to (\S+)\.", r"不能小于 \1"),
        (r"Must be less than or equal to (\S+)\.", r"不能大于 \1"),
        (r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.", r"应在 \1 到 \2 之间"),
        (r"String does not match expected pattern\.", "格式不对"),
        (r"No such question or option\.", "没有这道题或这个选项"),
        (r"No such campaign\.", "没有这个活动"),
        (r"No such region\.", "没有这个区域"),
        (r"No such material\.", "没有这种物料"),
        (r"No such pack\.", "没有这个包装"),
        (r"Question numbers must not repeat\.", "题号重复"),
    )
)


def in_chinese(messages: Any) -> Any:
    """Field messages in Chinese, whatever their nesting."""
    if isinstance(messages, dict):
        return {key: in_chinese(inner) for key, inner in messages.items()}
    if isinstance(messages, list):
        return [in_chinese(inner) for inner in messages]
    if not isinstance(messages, str):  # a number that the refusal tells
        return messages
    for pattern, text in CHINESE:
        if match := pattern.match(messages):
            return match.expand(text)
    return messages
