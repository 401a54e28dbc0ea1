"""Rounds and their boxes: how they stand, the public number, anchors, what is published. Never a seed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.backoffice import service as backoffice
from quizsvc.backoffice.desk import scope, words
from quizsvc.backoffice.desk.access import OPERATOR
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.campaigns.rules import Campaign, is_running
from quizsvc.kit.canonical import canonical
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ratios import percent
from quizsvc.lottery import ledger, register, rounds, rules
from quizsvc.lottery.ledger import BeaconFixed, RoundUnknown
from quizsvc.lottery.rules import Round
from quizsvc.regions import service as regions

LONGEST_BEACON = 200
bp = Blueprint("boxes", __name__)


class BeaconRefused(Refusal):
    code, status = "desk.beacon_refused", 422
    zh, en = "两次填写的公开数不一样，或者没有填写", "The number is missing, or was not written the same twice"


@bp.get("/campaigns/<slug:slug>/rounds")
def list_rounds(slug: str) -> Response:
    """Every round of a campaign: state, cards left, what waits."""
    with reading():
        campaign = scope.get_campaign(slug)
        standing = rounds.list_rounds(campaign)
        boxes = {one.no: register.look_into(one) for one in standing}
    return show(
        "rounds.html",
        campaign=campaign,
        rounds=standing,
        boxes=boxes,
        prizes={one.no: sum(count.count for count in (*one.planned, *one.carried)) for one in standing},
        is_due=bool(_list_due(campaign, standing, now=utcnow())),
    )


def _list_due(campaign: Campaign, standing: Sequence[Round], *, now: datetime) -> list[tuple[Round, str]]:
    """What the clock says of the first round that is not closed, and of the one after it."""
    waiting = [one for one in standing if one.state != rules.CLOSED and not one.is_closing_draw]
    due: list[tuple[Round, str]] = []
    for one in waiting if is_running(campaign.state) else []:
        if one.state == rules.PLANNED and (one.opens_at > now or one.beacon is None):
            break
        due += [(one, "开始")] if one.state == rules.PLANNED else []
        if one.closes_at > now:
            break
        due.append((one, "结束"))
    return due


@bp.get("/campaigns/<slug:slug>/rounds/<int:no>")
def show_round(slug: str, no: int) -> Response:
    """One round: prizes and odds, commitment, public number, anchors, what is published."""
    with reading():
        return show("round.html", refusal=None, typed="", **_shown(scope.get_campaign(slug), no))


def _shown(campaign: Campaign, no: int) -> dict[str, Any]:
    one = next((one for one in rounds.list_rounds(campaign) if one.no == no), None)
    if one is None:
        raise RoundUnknown
    anchors = {found.no: found.anchors for found in ledger.list_anchors(campaign)}
    owner = regions.get_region_by_id(campaign.region_id)
    return {
        "campaign": campaign,
        "round": one,
        "box": (box := register.look_into(one)),
        "lines": _lines(campaign, one, box),
        "anchors": list(reversed(anchors[no]))[: scope.PAGE],
        "anchored": len(anchors[no]),
        "wants_beacon": one.beacon is None and one.state == rules.PLANNED,
        "writes": scope.whoever().holds("operator", over=owner),
        "longest": LONGEST_BEACON,
    }


def _lines(campaign: Campaign, one: Round, box: register.Box) -> list[dict[str, Any]]:
    """Each prize of the box: planned, carried, drawn, left, and its share of the cards."""
    planned, carried = ({count.code: count.count for count in counts} for counts in (one.planned, one.carried))
    lines = []
    for prize in campaign.definition.prizes:
        there = planned.get(prize.code, 0) + carried.get(prize.code, 0)
        if there:
            drawn = box.prizes_drawn.get(prize.code, 0)
            said = {"name": prize.name, "planned": planned.get(prize.code, 0), "carried": carried.get(prize.code, 0)}
            lines.append(said | {"drawn": drawn, "left": there - drawn, "odds": percent(there, one.cards)})
    return lines


@bp.post("/campaigns/<slug:slug>/rounds/<int:no>")
def enter_beacon(slug: str, no: int) -> Response:
    """Enter a round's public number, written twice: it can never be changed."""
    typed, again = (request.form.get(name, "").strip() for name in ("beacon", "again"))
    try:
        if not (1 <= len(typed) <= LONGEST_BEACON and typed.isprintable() and typed == again):
            raise BeaconRefused
        with transaction():
            campaign = scope.get_campaign(slug, roles=OPERATOR)
            backoffice.enter_beacon(campaign, no=no, beacon=typed, by=scope.whoever(), now=utcnow())
    except (BeaconFixed, BeaconRefused) as refusal:
        with reading():
            shown = _shown(scope.get_campaign(slug, roles=OPERATOR), no)
        return show_refusal(refusal, "round.html", typed=typed, **shown)
    flash("公开数已登记，任何人都能看到。", "good")
    return redirect(url_for("desk.boxes.show_round", slug=slug, no=no), 303)


@bp.get("/campaigns/<slug:slug>/rounds/<int:no>/bundle")
def get_bundle(slug: str, no: int) -> Response:
    """A closed round as it is published, to be kept and checked; RoundUnknown, LedgerSealed."""
    with reading():
        bundle = ledger.get_bundle(scope.get_campaign(slug), no=no)
    response = Response(canonical(bundle), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-round-{no}.json"'
    return response


# --- closing ----------------------------------------------------------------------------------------------------------


@bp.get("/campaigns/<slug:slug>/close-round")
def show_closing(slug: str) -> Response:
    """What the clock says, before it is done."""
    with reading():
        campaign = scope.get_campaign(slug, roles=OPERATOR)
        due = _list_due(campaign, rounds.list_rounds(campaign), now=utcnow())
    return show("close_round.html", campaign=campaign, due=due)


@bp.post("/campaigns/<slug:slug>/close-round")
def close_round(slug: str) -> Response:
    """Close and open what is due. Safe to repeat."""
    with transaction():
        campaign = scope.get_campaign(slug, roles=OPERATOR)
        before = {one.no: one.state for one in rounds.list_rounds(campaign)}
        backoffice.advance_rounds(campaign, by=scope.whoever(), now=utcnow())
        after = {one.no: one.state for one in rounds.list_rounds(campaign)}
    moved = [f"第 {no} 轮{words.ROUND_STATES[state]}" for no, state in after.items() if before.get(no) != state]
    if moved:
        flash(f"{'，'.join(moved)}。", "good")
    else:
        flash("没有到时间的轮次，什么都没有改动。", "warn")
    return redirect(url_for("desk.boxes.list_rounds", slug=slug), 303)
