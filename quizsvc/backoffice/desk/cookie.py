"""The desk's cookie: carries the staff token, the forms' secret and notices not shown yet; nothing is kept here."""

import hashlib

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect

from quizsvc.accounts.rules import STAFF_TOKEN_LASTS
from quizsvc.kit.crypto import Keys
from quizsvc.kit.errors import Refusal

STAFF = "staff"
csrf = CSRFProtect()


class PageExpired(Refusal):
    code, status, retry = "desk.page_expired", 400, "later"
    zh, en = "页面已过期，请刷新后再提交", "This page has expired, load it again"


class DeskSessions(SecureCookieSessionInterface):
    """Flask's signed cookie with SHA-256; Secure whenever the request came by https, as trusted proxies say."""

    salt = "quizsvc/desk"
    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def init_cookie(app: Flask, keys: Keys) -> None:
    """Sign with a key derived from the newest secret key, read what any of them has signed."""
    newest, *older = keys.derive("desk")
    app.secret_key = newest
    app.config.update(
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME="quizsvc_desk",
        SESSION_COOKIE_PATH="/desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=STAFF_TOKEN_LASTS,
        WTF_CSRF_CHECK_DEFAULT=False,  # the API has bearer tokens; the desk's guard asks for itself
        WTF_CSRF_TIME_LIMIT=None,  # as long as the cookie: a page stays open all day
        WTF_CSRF_SSL_STRICT=False,  # a proxy may change the host; the token and SameSite are what counts
    )
    app.session_interface = DeskSessions()
    csrf.init_app(app)


def require_own_form() -> None:
    """PageExpired unless what writes comes from a form of ours."""
    try:
        csrf.protect()
    except CSRFError:
        raise PageExpired from None


def keep(token: str) -> None:
    """Begin a fresh session with a staff token."""
    session.clear()
    session[STAFF] = token


def kept() -> str | None:
    """The staff token of this browser."""
    found: str | None = session.get(STAFF)
    return found


def drop() -> None:
    """Forget the session in this browser; `members.sign_out` ends it."""
    session.clear()
