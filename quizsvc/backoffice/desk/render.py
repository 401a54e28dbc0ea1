"""Templates: what every page gets, and how times, money, counts, digits and states are written."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request, send_from_directory
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from quizsvc.backoffice.desk import access, words
from quizsvc.kit.canonical import canonical
from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.errors import Refusal
from quizsvc.kit.files import shipped
from quizsvc.kit.http import request_id

STATIC = Path(__file__).parent / "static"
COMMON = "look.css"  # the look of both faces; served here too, since the desk must not need the other face
TEMPLATES = "quizsvc.desk.templates"
files = Blueprint("files", __name__, template_folder="templates")


@files.get("/static/<path:name>")
def get_file(name: str) -> Response:
    """The desk's own style and scripts. No page without them needs a build step or another host."""
    folder = shipped(f"h5/static/{COMMON}").parent if name == COMMON else STATIC
    return send_from_directory(folder, name, max_age=300)


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A page, filled in. Values beside those of the view: staff, page, navigation, link_to, request_id."""
    staff = access.find_staff()
    page = access.PAGES.get(str(request.endpoint).removeprefix(access.PREFIX))
    common = {
        "staff": staff,
        "title": page.title if page else "",
        "navigation": list(access.list_navigation(staff)) if staff else [],
        "link_to": access.link_to,
        "request_id": request_id,
        "words": words,
    }
    templates: Environment = current_app.extensions[TEMPLATES]
    content = templates.get_template(f"desk/{template}").render(common | values)
    return Response(content, status, mimetype="text/html")


def show_refusal(refusal: Refusal, template: str = "refused.html", **values: Any) -> Response:
    """A refusal as a page, or on the form that was refused: what is wrong, what to do, and the request's number."""
    response = show(template, refusal.status, refusal=refusal, wait=wait_of(refusal), **values)
    if refusal.status in (429, 503):
        response.headers["Retry-After"] = str(wait_of(refusal))
    return response


def wait_of(refusal: Refusal) -> int:
    """Whole seconds until it makes sense to try again."""
    return max(1, int(-(-(refusal.retry_after or 1) // 1)))


def moment(value: datetime | None) -> str:
    """2026-12-01 10:00, in Shanghai."""
    return "" if value is None else value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def second(value: datetime | None) -> str:
    """2026-12-01 10:00:59, in Shanghai."""
    return "" if value is None else value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def hour(value: datetime | None) -> str:
    """10:00, in Shanghai."""
    return "" if value is None else value.astimezone(SHANGHAI).strftime("%H:%M")


def lasting(seconds: int) -> str:
    """How long, roughly: 40 分钟, 5 小时, 3 天."""
    for name, one in (("天", 86_400), ("小时", 3_600)):
        if abs(seconds) >= 2 * one:
            return f"{abs(seconds) // one} {name}"
    return f"{abs(seconds) // 60} 分钟"


def count(value: int | None) -> str:
    """12,345."""
    return "" if value is None else f"{value:,}"


def yuan(fen: int) -> str:
    """12.50 元."""
    return f"{fen // 100:,}.{fen % 100:02} 元"


def in_fours(digits: str) -> str:
    """A code as it is read aloud: 1234 5678 9012."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def spoken(value: object) -> str:
    """A value of the audit log: a text as it is, a state or role in Chinese, anything else as JSON."""
    if isinstance(value, str):
        return words.VALUES.get(value, value)
    return "无" if value is None else canonical(value)


def attributes(said: Mapping[str, object]) -> Markup:
    """HTML attributes; True is the bare name, False and None leave it out."""
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
        for name, value in said.items()
        if value is not None and value is not False
    )


def init_templates(app: Flask) -> None:
    """The desk's own tongue in templates; a name that is missing is a fault and not an empty place."""
    env = app.jinja_env.overlay(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    ours = (moment, second, hour, lasting, yuan, count, in_fours, spoken, attributes)
    env.filters = env.filters | {one.__name__: one for one in ours}
    app.extensions[TEMPLATES] = env
