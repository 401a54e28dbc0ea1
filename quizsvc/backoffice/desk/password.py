"""One's own password."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import members
from quizsvc.accounts.guards import TooManyTries, current_staff, enter
from quizsvc.accounts.service import PasswordTooShort, SignInRefused
from quizsvc.backoffice.desk import cookie
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction

LONGEST_PASSWORD = 200
bp = Blueprint("password", __name__)


@bp.get("/password")
def show_password() -> Response:
    """The form."""
    return show("password.html", refusal=None, errors={})


@bp.post("/password")
def change() -> Response:
    """Change one's own password. The old one is asked for as at signing in: as often, and written down as that."""
    staff = current_staff()
    old, new, again = (request.form.get(name, "")[:LONGEST_PASSWORD] for name in ("old", "new", "again"))
    if new != again:
        return show("password.html", 422, refusal=None, errors={"again": "两次输入的新密码不一样"})
    try:
        enter(staff.name, password=old)
        with transaction():
            members.change_password(staff, password=new, now=utcnow())
    except SignInRefused:
        return show("password.html", 422, refusal=None, errors={"old": "原密码不对"})
    except PasswordTooShort as refusal:
        return show("password.html", 422, refusal=None, errors={"new": refusal.zh})
    except TooManyTries as refusal:
        return show_refusal(refusal, "password.html", errors={})
    cookie.keep(enter(staff.name, password=new).token)
    flash("密码已修改。您在别处的登录已全部退出。", "good")
    return redirect(url_for("desk.password.show_password"), 303)
