"""The desk put together: its topics, what every answer carries, and how a refusal looks."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from quizsvc.backoffice.desk import (
    audit,
    boxes,
    bulletins,
    campaigns,
    cases,
    cookie,
    coupon_lists,
    doors,
    drafting,
    held,
    invitations,
    movements,
    paper,
    partner,
    password,
    question_form,
    questions,
    reach,
    receipt,
    redemption,
    render,
    staff,
    stock,
    stocktake,
    tallies,
    today,
    volunteers,
    winners,
)
from quizsvc.backoffice.desk.access import guard
from quizsvc.kit import crypto
from quizsvc.kit.errors import NotFound
from quizsvc.kit.http import refusal_of

__all__ = ["BLUEPRINTS", "furnish", "guard"]

lost = Blueprint("lost", __name__)


@lost.route("/<path:rest>", methods=["GET", "POST"])
def find_nothing(rest: str) -> Response:  # noqa: ARG001 - the address says nothing
    """Any other address: a page that says so."""
    raise NotFound


BLUEPRINTS = (
    *(render.files, doors.bp, today.bp, redemption.bp, receipt.bp, audit.bp),
    *(campaigns.bp, drafting.bp, questions.bp, question_form.bp, boxes.bp, winners.bp, coupon_lists.bp),
    *(volunteers.bp, invitations.bp, held.bp, tallies.bp, paper.bp),
    *(stock.bp, stocktake.bp, movements.bp, stock.books),
    *(reach.bp, bulletins.bp, cases.bp, partner.bp, staff.bp, password.bp),
    lost,
)

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def furnish(parent: Blueprint) -> None:
    """Cookie, templates, headers and error pages; for the desk alone."""
    parent.record_once(_equip)
    parent.register_error_handler(Exception, show_fault)
    parent.after_request(add_headers)


def _equip(state: BlueprintSetupState) -> None:
    app: Any = state.app
    cookie.init_cookie(app, app.extensions[crypto.EXTENSION])
    render.init_templates(app)


def add_headers(response: Response) -> Response:
    """Nothing from elsewhere, in no frame, kept by nobody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "desk.files.get_file":
        response.headers["Cache-Control"] = "no-store"
    return response


def show_fault(error: Exception) -> Response:
    """A refusal as a page; whoever is not signed in, or not any more, is asked to sign in and comes back after it."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    refusal = refusal_of(error)
    if refusal.status != 401:
        return render.show_refusal(refusal)
    if cookie.kept() is not None:
        cookie.drop()
        flash(refusal.zh)
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("desk.doors.show_sign_in", back=back), 303)
