"""Signing in and out."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import members
from quizsvc.accounts.guards import TooManyTries, enter
from quizsvc.accounts.service import SignInRefused
from quizsvc.backoffice.desk import cookie
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction

LONGEST_NAME, LONGEST_PASSWORD = 40, 200
bp = Blueprint("doors", __name__)


@bp.get("/sign-in")
def show_sign_in() -> Response:
    """The form."""
    return show("sign_in.html", name="", back=_way_back(request.args.get("back", "")), refusal=None)


@bp.post("/sign-in")
def sign_in() -> Response:
    """Keep a sign-in in this browser's cookie, and go where one wanted to."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    back = _way_back(request.form.get("back", ""))
    try:
        if not (1 <= len(name) <= LONGEST_NAME and 1 <= len(password) <= LONGEST_PASSWORD and name.isprintable()):
            raise SignInRefused
        entered = enter(name, password=password)
    except (SignInRefused, TooManyTries) as refusal:
        return show_refusal(refusal, "sign_in.html", name=name[:LONGEST_NAME], back=back)
    cookie.keep(entered.token)
    return redirect(back or url_for("desk.today.show_today"), 303)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this sign-in, and every other one of the same person: a copy of the cookie is good for nothing."""
    token = cookie.kept()
    if token is not None:
        with transaction():
            members.sign_out(token, now=utcnow())
    cookie.drop()
    flash("您已退出登录，在其他电脑和手机上的登录也已退出。")
    return redirect(url_for("desk.doors.show_sign_in"), 303)


def _way_back(address: str) -> str:
    """A page of the desk that one was sent away from; nothing else, least of all another site."""
    inside = address.startswith("/desk/") and address.isprintable() and "\\" not in address and ".." not in address
    return address if inside else ""
