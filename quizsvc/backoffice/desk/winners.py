"""Awards of a campaign and who may not draw. Never a redemption code, never a person."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import service as accounts
from quizsvc.accounts.service import TokenRefused
from quizsvc.backoffice.desk import scope, words
from quizsvc.backoffice.desk.access import OPERATOR
from quizsvc.backoffice.desk.render import moment, show, show_refusal
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import NotFound, Refusal
from quizsvc.kit.sheets import csv_text
from quizsvc.lottery import awards, register, rounds
from quizsvc.lottery.register import Listed
from quizsvc.lottery.rules import AWARD_STATES, WON
from quizsvc.regions import service as regions

LONGEST_REASON = 200
AT_ONCE = 1000
COLUMNS = ("奖品", "状态", "居民所在社区", "中奖时间", "领奖截止", "签号", "公开编号", "领取时间", "领取窗口", "经办人")
bp = Blueprint("winners", __name__)


class ReasonMissing(Refusal):
    code, status = "desk.reason_missing", 422
    zh, en = f"请写明原因，不超过 {LONGEST_REASON} 字", "Say why"


class CitizenUnknown(Refusal):
    code, status = "desk.citizen_unknown", 404
    zh, en = "没有这个居民编号", "No citizen has this id"


# --- awards -----------------------------------------------------------------------------------------------------------


def _asked() -> tuple[dict[str, Any], dict[str, str]]:
    """What the list is asked for, and the same as its addresses say it."""
    said = {name: request.args.get(name, "").strip()[:40] for name in ("state", "prize", "round")}
    if said["state"] not in {"", *AWARD_STATES} or not (said["round"] == "" or said["round"].isdecimal()):
        raise NotFound
    return {"states": [said["state"]] if said["state"] else AWARD_STATES, "prize": said["prize"] or None}, said


def _in_round(campaign: Campaign, no: str) -> UUID | None:
    if not no:
        return None
    found = next((one.id for one in rounds.list_rounds(campaign) if str(one.no) == no), None)
    if found is None:
        raise NotFound
    return found


@bp.get("/campaigns/<slug:slug>/awards")
def list_awards(slug: str) -> Response:
    """A campaign's awards by state, prize and round, oldest first."""
    wanted, said = _asked()
    cursor = request.args.get("cursor") or None
    with reading():
        campaign = scope.get_campaign(slug)
        round_id = _in_round(campaign, said["round"])
        found = register.list_awards(campaign, **wanted, round_id=round_id, cursor=cursor, limit=scope.PAGE)
        places = _places(found.items)
        counts = register.count_awards(campaign)
        numbers = [one.no for one in rounds.list_rounds(campaign)]
        owner = regions.get_region_by_id(campaign.region_id)
    address: dict[str, Any] = {"slug": slug, **said}
    return show(
        "awards.html",
        campaign=campaign,
        awards=found.items,
        places=places,
        names={prize.code: prize.name for prize in campaign.definition.prizes},
        counts={state: sum(n for (_, of), n in counts.items() if of == state) for state in AWARD_STATES},
        numbers=numbers,
        asked=said,
        writes=scope.whoever().holds("operator", over=owner),
        following=url_for("desk.winners.list_awards", **address, cursor=found.next) if found.next else None,
        first=url_for("desk.winners.list_awards", **address) if cursor else None,
        export=url_for("desk.winners.export", **address),
    )


def _places(items: Any) -> dict[UUID, str]:
    ids = {place for one in items for place in (one.region_id, one.desk_id) if place is not None}
    return {place: region.name for place, region in regions.list_regions_by_id(ids).items()}


@bp.get("/campaigns/<slug:slug>/awards.csv")
def export(slug: str) -> Response:
    """The list as it is filtered, whole."""
    wanted, said = _asked()
    with reading():
        campaign = scope.get_campaign(slug)
        round_id = _in_round(campaign, said["round"])
        rows = [COLUMNS, *_rows(campaign, wanted | {"round_id": round_id})]
    response = Response(csv_text(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-awards-{day_of(utcnow())}.csv"'
    return response


def _rows(campaign: Campaign, wanted: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    names = {prize.code: prize.name for prize in campaign.definition.prizes}
    cursor: str | None = None
    while True:
        found = register.list_awards(campaign, **wanted, cursor=cursor, limit=AT_ONCE)
        places = _places(found.items)
        yield from (_row(one, names=names, places=places) for one in found.items)
        cursor = found.next
        if cursor is None:
            return


def _row(one: Listed, *, names: dict[str, str], places: dict[UUID, str]) -> tuple[str, ...]:
    return (
        names.get(one.prize, one.prize),
        words.AWARD_STATES[one.state],
        places[one.region_id] if one.region_id else "",
        moment(one.won_at),
        moment(one.expires_at),
        str(one.position or ""),
        one.alias or "",
        moment(one.redeemed_at),
        places[one.desk_id] if one.desk_id else "",
        one.redeemed_by or "",
    )


@bp.get("/campaigns/<slug:slug>/awards/<uuid:award_id>/void")
def show_void(slug: str, award_id: UUID) -> Response:
    """What making an award void means, before it is done."""
    with reading():
        return show("award_void.html", refusal=None, reason="", **_void_page(slug, award_id))


@bp.post("/campaigns/<slug:slug>/awards/<uuid:award_id>/void")
def void(slug: str, award_id: UUID) -> Response:
    """Make an award void that was not fetched, for a written reason."""
    reason = request.form.get("reason", "").strip()
    try:
        with transaction():
            campaign = scope.get_campaign(slug, roles=OPERATOR)
            _require_reason(reason)
            if not awards.void_listed(campaign, award_id, reason=reason, by=scope.whoever().name, now=utcnow()):
                raise NotFound
    except (ReasonMissing, awards.CannotVoid) as refusal:
        with reading():
            shown = _void_page(slug, award_id)
        return show_refusal(refusal, "award_void.html", reason=reason, **shown)
    flash("奖品已作废。", "good")
    return redirect(url_for("desk.winners.list_awards", slug=slug), 303)


def _void_page(slug: str, award_id: UUID) -> dict[str, Any]:
    campaign = scope.get_campaign(slug, roles=OPERATOR)
    award = register.find_award(campaign, award_id)
    if award is None:
        raise NotFound
    return {
        "campaign": campaign,
        "award": award,
        "prize": campaign.definition.prize(award.prize),
        "can": award.state == WON,
        "longest": LONGEST_REASON,
    }


def _require_reason(reason: str) -> None:
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise ReasonMissing


# --- who may not draw -------------------------------------------------------------------------------------------------


@bp.get("/campaigns/<slug:slug>/blocks")
def list_blocks(slug: str) -> Response:
    """Who may not draw any more, why, and since when."""
    with reading():
        return show("blocks.html", refusal=None, typed={}, **_blocks_page(slug))


@bp.post("/campaigns/<slug:slug>/blocks")
def block(slug: str) -> Response:
    """Let a person draw no more; tickets and answers stay."""
    typed = {name: request.form.get(name, "").strip() for name in ("citizen", "reason")}
    try:
        with transaction():
            campaign = scope.get_campaign(slug, roles=OPERATOR)
            _require_reason(typed["reason"])
            citizen = _get_citizen(typed["citizen"])
            done = awards.block(campaign, citizen, reason=typed["reason"], by=scope.whoever().name, now=utcnow())
    except (ReasonMissing, CitizenUnknown) as refusal:
        with reading():
            shown = _blocks_page(slug)
        return show_refusal(refusal, "blocks.html", typed=typed, **shown)
    flash("已限制抽奖。" if done else "这位居民已在名单里，没有改动。", "good" if done else "warn")
    return redirect(url_for("desk.winners.list_blocks", slug=slug), 303)


def _get_citizen(typed: str) -> Any:
    """CitizenUnknown; and never the refusal of a log-in, which would sign the clerk out."""
    try:
        return accounts.get_citizen(UUID(typed))
    except (ValueError, TokenRefused):
        raise CitizenUnknown from None


def _blocks_page(slug: str) -> dict[str, Any]:
    campaign, cursor = scope.get_campaign(slug), request.args.get("cursor") or None
    found = register.list_blocks(campaign, cursor=cursor, limit=scope.PAGE)
    owner = regions.get_region_by_id(campaign.region_id)
    return {
        "campaign": campaign,
        "blocks": found.items,
        "writes": scope.whoever().holds("operator", over=owner),
        "longest": LONGEST_REASON,
        "following": url_for("desk.winners.list_blocks", slug=slug, cursor=found.next) if found.next else None,
        "first": url_for("desk.winners.list_blocks", slug=slug) if cursor else None,
    }


@bp.get("/campaigns/<slug:slug>/blocks/<key>/lift")
def show_lift(slug: str, key: str) -> Response:
    """Lifting a block, before it is done."""
    with reading():
        campaign = scope.get_campaign(slug, roles=OPERATOR)
    return show("block_lift.html", refusal=None, reason="", campaign=campaign, key=key, longest=LONGEST_REASON)


@bp.post("/campaigns/<slug:slug>/blocks/<key>/lift")
def lift(slug: str, key: str) -> Response:
    """Let a blocked person draw again."""
    reason = request.form.get("reason", "").strip()
    with reading():
        campaign = scope.get_campaign(slug, roles=OPERATOR)
    try:
        _require_reason(reason)
    except ReasonMissing as refusal:
        said = {"campaign": campaign, "key": key, "longest": LONGEST_REASON}
        return show_refusal(refusal, "block_lift.html", reason=reason, **said)
    with transaction():
        if not awards.lift_listed(campaign, key, reason=reason, by=scope.whoever().name, now=utcnow()):
            raise NotFound
    flash("已解除限制，原有的抽奖券仍可使用。", "good")
    return redirect(url_for("desk.winners.list_blocks", slug=slug), 303)
