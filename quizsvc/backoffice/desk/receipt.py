"""The answer to a complaint: all that stands behind one receipt, on a page that can be printed."""

import json

from flask import Blueprint, request
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.lottery import tracing

LONGEST = 1_000
bp = Blueprint("receipt", __name__)


@bp.get("/receipt")
def show_receipt() -> Response:
    """The empty input."""
    return show("receipt.html", word="", trace=None, now=utcnow(), refusal=None)


@bp.post("/receipt")
def find() -> Response:
    """What stands behind a receipt; sent by POST, so that no address keeps what a citizen showed."""
    said, now = request.form.get("word", "").strip()[:LONGEST], utcnow()
    try:
        with reading():
            found = tracing.trace(_word_of(said), staff=current_staff(), now=now)
    except tracing.TraceUnknown as refusal:
        return show_refusal(refusal, "receipt.html", word=said, trace=None, now=now)
    return show("receipt.html", word=said, trace=found, now=now, refusal=None)


def _word_of(said: str) -> str:
    """The ticket's alias inside a receipt as the citizen's page gives it; else what was typed."""
    try:
        receipt = json.loads(said)
    except ValueError:
        return said
    return str(receipt.get("ticket", "")) if isinstance(receipt, dict) else said
