"""Handing prizes over to a queue of people: look a code up, confirm it, on to the next; one input all the way.

Enter in the empty input confirms what is shown; a code in it is looked up instead. So a scanner that types the next
code too early never hands anything over.
"""

import unicodedata
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.lottery import handovers, redeem
from quizsvc.lottery.redeem import Found

LONGEST_CODE, LONGEST_REASON = 40, 200
LISTED = 10
bp = Blueprint("redemption", __name__, url_prefix="/redemption")


@bp.get("")
def show_redemption() -> Response:
    """The empty input, and what was handed over today."""
    return _page()


@bp.post("/lookup")
def look_up() -> Response:
    """What a code stands for; nothing is changed, and an empty input asks for nothing."""
    code = _typed("code")
    return _look_up(code) if code else redirect(url_for("desk.redemption.show_redemption"), 303)


@bp.post("/<uuid:scan_id>")
def hand_over(scan_id: UUID) -> Response:
    """Hand the shown prize over; or look up what was typed instead. The same form sent again changes nothing."""
    if following := _typed("next"):
        return _look_up(following)
    code = _typed("code")
    try:
        with transaction():
            redeem.redeem(scan_id, code=code, note="", staff=current_staff(), now=utcnow())
    except Refusal as refusal:
        return _refused(refusal, code)
    return redirect(url_for("desk.redemption.show_done", scan_id=scan_id), 303)


@bp.get("/<uuid:scan_id>")
def show_done(scan_id: UUID) -> Response:
    """A prize that was handed over, in large letters, and the input for the next."""
    with reading():
        done = redeem.get_redeemed(scan_id, staff=current_staff())
    return _page(done=done)


@bp.get("/<uuid:scan_id>/undo")
def ask_undo(scan_id: UUID) -> Response:
    """What undoing will do, and why it is done."""
    with reading():
        done = redeem.get_redeemed(scan_id, staff=current_staff())
    return show("undo.html", done=done, error="", reason="", refusal=None)


@bp.post("/<uuid:scan_id>/undo")
def undo(scan_id: UUID) -> Response:
    """Take a handover back, for a written reason; goods go back to the store."""
    reason = request.form.get("reason", "").strip()
    with reading():
        done = redeem.get_redeemed(scan_id, staff=current_staff())
    if not (1 <= len(reason) <= LONGEST_REASON and reason.isprintable()):
        error = f"请写明撤销原因，1 到 {LONGEST_REASON} 个字。"
        return show("undo.html", 422, done=done, error=error, reason=reason[:LONGEST_REASON], refusal=None)
    try:
        with transaction():
            redeem.undo(scan_id, reason=reason, staff=current_staff(), now=utcnow())
    except redeem.UndoTooLate as refusal:
        return show_refusal(refusal, "undo.html", done=done, error="", reason=reason)
    flash(f"已撤销：{done.prize.name}，居民可凭原码再次领取。", "good")
    is_own = done.redemption.staff_id == current_staff().id
    return redirect(url_for(f"desk.{'redemption.show_redemption' if is_own else 'today.show_today'}"), 303)


@bp.get("/register")
def show_register() -> Response:
    """A day's own handovers as a list to be signed: no name, no code, nothing that leads to a person."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = day_of(utcnow())
    with reading():
        listed = [one for one in handovers.list_own(current_staff(), day=day) if one.undone_at is None]
    return show("register.html", handovers=listed[::-1], day=day, now=utcnow())


def _typed(name: str) -> str:
    """What a scanner or a person typed, in plain digits also where an input method made wide ones."""
    return unicodedata.normalize("NFKC", request.form.get(name, "")).strip()[:LONGEST_CODE]


def _look_up(code: str) -> Response:
    try:
        return _page(found=_find(code), code=code, scan_id=new_id())
    except Refusal as refusal:
        return _page(refusal=refusal, code=code)


def _find(code: str) -> Found:
    with reading():
        return redeem.look_up(code, staff=current_staff(), now=utcnow())


def _refused(refusal: Refusal, code: str) -> Response:
    """What stands now, with why it was not handed over."""
    try:
        return _page(refusal=refusal, found=_find(code), code=code, scan_id=new_id())
    except Refusal:
        return _page(refusal=refusal, code=code)


def _page(*, refusal: Refusal | None = None, **values: Any) -> Response:
    now = utcnow()
    with reading():
        today = handovers.list_own(current_staff(), day=day_of(now))
    common = {"found": None, "done": None, "code": "", "scan_id": None, "now": now, "listed": LISTED}
    shown = common | values | {"today": today, "standing": sum(one.undone_at is None for one in today)}
    if refusal is not None:
        return show_refusal(refusal, "redemption.html", **shown)
    return show("redemption.html", refusal=None, **shown)
