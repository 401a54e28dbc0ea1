"""The first page: how the campaigns stand, and what waits for a person."""

from flask import Blueprint, Response

from quizsvc.backoffice.desk.render import show

bp = Blueprint("today", __name__)


@bp.get("/")
def show_today() -> Response:
    """Live figures, and what waits."""
    return show("today.html")
