"""create_app: extensions, areas, commands; no logic."""

import sys

from flask import Blueprint, Flask
from flask_swagger_ui import get_swaggerui_blueprint
from sqlalchemy.exc import OperationalError, ProgrammingError

from quizsvc import commands, embedded
from quizsvc.accounts.wechat import WeChat, init_wechat
from quizsvc.h5.routes import init_h5
from quizsvc.kit.addresses import init_addresses
from quizsvc.kit.crypto import Keys, init_keys
from quizsvc.kit.db import init_db
from quizsvc.kit.errors import Refusal
from quizsvc.kit.http import init_http, json_response
from quizsvc.kit.lua import init_redis
from quizsvc.kit.openapi import build_openapi
from quizsvc.kit.problems import FileRefused
from quizsvc.settings import Settings, SettingsRefused
from quizsvc.wiring import API, AREAS


def create_app(settings: Settings) -> Flask:
    """The service for these settings. Nothing is connected yet: each process makes its own connections."""
    app = Flask("quizsvc", static_folder=None)
    init_http(app)
    init_db(app, settings.database_url)
    init_redis(app, settings.redis_url)
    init_keys(app, Keys(settings.secret_keys, settings.identity_key))
    init_addresses(app, settings.trusted_proxies)
    app.config["QUESTION_SECOND_PERSON"] = settings.question_second_person
    init_wechat(app, WeChat(settings.wechat) if settings.wechat else None, stand_in=embedded.stand_in_log_in)
    init_h5(app, settings.wechat)
    for area in AREAS:
        parent = Blueprint(area.audience, __name__, url_prefix=area.prefix)
        if area.guard is not None:
            parent.before_request(area.guard)
        if area.furnish is not None:
            area.furnish(parent)
        for blueprint in area.blueprints:
            parent.register_blueprint(blueprint)
        app.register_blueprint(parent)
    _add_documents(app)
    return app


def _add_documents(app: Flask) -> None:
    """The OpenAPI document, and a page to read it whose files come from an installed package."""
    document = build_openapi(app, version="1", prefix=API, guards={area.audience: area.guard for area in AREAS})
    app.add_url_rule(f"{API}/openapi.json", "openapi", lambda: json_response(document))
    swagger = get_swaggerui_blueprint("/api/docs", f"{API}/openapi.json", config={"validatorUrl": None})
    app.register_blueprint(swagger)


def main() -> None:
    """The `quizsvc` command. What goes wrong is said in sentences, on standard error, with status 1 or 2."""
    try:
        commands.group.main(obj=commands.script(create_app))
    except SettingsRefused as refused:
        sys.exit(f"quizsvc cannot start:\n{refused}")
    except FileRefused as refused:
        sys.exit(f"nothing was changed:\n{refused}")
    except Refusal as refused:
        sys.exit(f"refused: {refused.en} ({refused.code})")
    except (OperationalError, ProgrammingError) as error:
        said = str(error.orig).splitlines()[0]
        if isinstance(error, ProgrammingError) or "no such table" in said:
            sys.exit(f"the database is not ready: {said}; try: quizsvc db upgrade")
        sys.exit(f"the database cannot be reached: {said}")
