"""What could not be authorised: one after the other, with what it says and what it looks like, to be decided."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk import goods
from quizsvc.backoffice.desk.inputs import Said, in_address, in_form, named, offices_of
from quizsvc.backoffice.desk.render import moment, show
from quizsvc.backoffice.desk.words import DECISIONS
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.materials import stock
from quizsvc.outreach import held, reported

A_PAGE, LONGEST_NOTE = 20, 200
bp = Blueprint("held", __name__)


@bp.get("/held")
def show_waiting() -> Response:
    """The oldest that waits, in full; those behind it as a list."""
    return _show_waiting(in_address())


def _show_waiting(said: Said, *, held_id: UUID | None = None) -> Response:
    staff, region = current_staff(), said["region"] or None
    with reading():
        page = held.list_held(under=region, staff=staff, cursor=said["cursor"] or None, limit=A_PAGE)
        first = page.items[0] if page.items else None
        twin = None
        if first is not None and first.looks_like is not None:
            twin = reported.list_by_id([first.looks_like]).get(first.looks_like)
        told: list[held.Held | reported.Reported] = [*page.items, *([] if twin is None else [twin])]
        values: dict[str, Any] = {
            "materials": stock.list_materials_by_code({h.material for one in told for h in one.handouts}),
            "titles": {one.campaign: campaigns.get_campaign(one.campaign).definition.title for one in told},
            "places": named(offices_of(staff, held.MAY_SEE)),
        }
    may_decide = first is not None and any(staff.holds(role, over=first.region) for role in held.MAY_DECIDE)
    wrong = said.errors if first is not None and first.id == held_id else {}
    values |= {"first": first, "twin": twin, "behind": page.items[1:], "next": page.next}
    skip = _after(first, said) if first is not None and (page.items[1:] or page.next) else None
    status = 422 if wrong else 200
    return show("held.html", status, said=said, wrong=wrong, skip=skip, may_decide=may_decide, goods=goods, **values)


def _after(one: held.Held, said: Said) -> str:
    """The same list from behind this one on: it stays undecided."""
    return url_for("desk.held.show_waiting", region=said["region"] or None, cursor=held.cursor_after(one))


@bp.post("/held/<uuid:held_id>")
def decide(held_id: UUID) -> Response:
    """Count it or refuse it, once; then the next one comes up."""
    said = in_form()
    decision = said.choice("decision", DECISIONS, needed=True)
    note = said.word("note", longest=LONGEST_NOTE)
    if decision == "refuse" and not note:
        said.errors.setdefault("note", "不计入时请写明原因，便于志愿者查问")
    if decision is None or said.errors:
        return _show_waiting(said, held_id=held_id)
    staff, now = current_staff(), utcnow()
    with transaction():
        done = held.decide(held_id, decision=decision, note=note or None, staff=staff, now=now)
    word = DECISIONS[str(done.decision)]
    if (done.decided_by, done.decided_at) == (staff.name, now):
        flash(f"{done.volunteer.name}在{done.region.name}的上报已{word}。", "good")
    else:
        flash(f"这条上报此前已由 {done.decided_by} 于 {moment(done.decided_at)} 判为「{word}」，没有再改动。", "warn")
    here = url_for("desk.held.show_waiting", region=said["region"] or None, cursor=said["cursor"] or None)
    return redirect(here, 303)
