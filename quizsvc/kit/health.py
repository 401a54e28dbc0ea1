"""Is the process up; can it serve."""

from flask import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from quizsvc.kit.db import db, reading
from quizsvc.kit.http import json_response
from quizsvc.kit.lua import RedisError, redis_client
from quizsvc.kit.migrate import current_revision, newest_revision

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return json_response({"status": "ok"})


@bp.get("/readyz")
def readyz() -> Response:
    """Database, migrations and Redis, each with its own word; 503 when one is not ready."""
    checks = {"database": _database(), "migrations": _migrations(), "redis": _redis()}
    ready = all(word == "ok" for word in checks.values())
    return json_response({"status": "ok" if ready else "not ready", **checks}, 200 if ready else 503)


def _database() -> str:
    try:
        with reading():
            db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "away"
    return "ok"


def _migrations() -> str:
    try:
        return "ok" if current_revision(db.engine) == newest_revision() else "behind: run quizsvc db upgrade"
    except SQLAlchemyError:
        return "unknown"


def _redis() -> str:
    try:
        redis_client().ping()
    except RedisError:
        return "away"
    return "ok"
