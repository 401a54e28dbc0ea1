"""Campaigns: the list, one in words with what waits, its file, and what moves it along."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.rules import Staff
from quizsvc.backoffice import service as backoffice
from quizsvc.backoffice.desk import campaign_form as forms
from quizsvc.backoffice.desk import scope, words
from quizsvc.backoffice.desk.access import OPERATOR, READERS
from quizsvc.backoffice.desk.faults import Fault, read_faults
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.campaigns import amendments, archive, rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import write_campaign
from quizsvc.campaigns.rules import Amendment, Campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import NotFound, Refusal
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import register, rounds
from quizsvc.lottery.rules import Round
from quizsvc.quiz import results as quiz
from quizsvc.quiz import service as papers
from quizsvc.regions import service as regions

LONGEST_REASON = 500
REFUSED = (
    campaigns.SecondPersonNeeded,
    campaigns.WrongState,
    amendments.PapersDealt,
    scope.ReasonMissing,
    scope.ChangedMeanwhile,
)
bp = Blueprint("campaigns", __name__)


@dataclass(frozen=True)
class Act:
    """What can be done to a campaign: the button, what will happen, and whether a reason is asked for."""

    title: str
    told: str
    danger: bool = True
    reasoned: bool = False


ACTS = {
    "publish": Act("发布", "", danger=False),
    "pause": Act("暂停", "暂停后居民不能领取试卷和抽奖，手里的试卷仍可交卷。随时可以恢复。"),
    "resume": Act("恢复", "恢复后居民可以继续答题和抽奖。", danger=False),
    "close": Act(
        "提前结束", "结束后不再发试卷、不再抽奖，正在进行的轮次随即结束，不能再恢复。志愿者仍可在补报期内上报。"
    ),
    "withdraw": Act("撤回为草稿", "撤回后签箱作废，再次发布时重新封存。撤回的规则和原因会一直公示。", reasoned=True),
}
STATES = {"pause": rules.PAUSED, "resume": rules.PUBLISHED, "close": rules.CLOSING}


@bp.get("/campaigns")
def list_campaigns() -> Response:
    """Campaigns of the own subtree, drafts too."""
    state, cursor = request.args.get("state") or None, request.args.get("cursor") or None
    if state not in {None, *rules.STATES}:
        raise NotFound
    with reading():
        found = campaigns.list_seen(scope.whoever(), roles=READERS, state=state, cursor=cursor, limit=scope.PAGE)
        owners = regions.list_regions_by_id(one.region_id for one in found.items)
    following = url_for("desk.campaigns.list_campaigns", state=state, cursor=found.next) if found.next else None
    first = url_for("desk.campaigns.list_campaigns", state=state) if cursor else None
    return show(
        "campaigns.html", campaigns=found.items, owners=owners, state=state or "", following=following, first=first
    )


@bp.get("/campaigns/<slug:slug>")
def show_campaign(slug: str) -> Response:
    """The campaign in words, its rounds, prizes, odds and versions, and what waits for whom."""
    with reading():
        return show("campaign.html", **_shown(scope.get_campaign(slug)))


def _shown(campaign: Campaign) -> dict[str, Any]:
    """What the campaign's page says. The caller reads."""
    staff, now = scope.whoever(), utcnow()
    owner = regions.get_region_by_id(campaign.region_id)
    amendment = amendments.find_amendment(campaign)
    scam_types = quiz.name_scam_types()
    names = scam_types | {prize.code: prize.name for prize in campaign.definition.prizes}
    stand = rounds.list_rounds(campaign)
    return {
        "campaign": campaign,
        "what": campaign.definition,
        "owner": owner,
        "scam_types": scam_types,
        "names": names,
        "rounds": [(plan, _standing(stand, plan.no)) for plan in campaign.definition.rounds],
        "totals": sum((Counter(plan.planned) for plan in campaign.definition.rounds), Counter()),
        "stocks": register.list_stocks(campaign),
        "versions": amendments.list_versions(campaign),
        "archive": archive.find_archive(campaign),
        "amendment": amendment,
        "changes": _changes(campaign, amendment),
        "faults": _faults(campaign, amendment, names=names),
        "acts": _list_acts(campaign, amendment, writes=staff.holds("operator", over=owner)),
        "writes": staff.holds("operator", over=owner),
        "is_author": _author(campaign, amendment) == staff.name,
        "amendable": rules.is_running(campaign.state) and now < campaign.definition.closes_at,
    }


def _standing(stand: Any, no: int) -> Round | None:
    return next((one for one in stand if one.no == no), None)


def _author(campaign: Campaign, amendment: Amendment | None) -> str:
    return amendment.drafted_by if amendment else campaign.drafted_by


def _changes(campaign: Campaign, amendment: Amendment | None) -> list[tuple[str, str, str]]:
    if amendment is None:
        return []
    return forms.compare(campaign.definition.document, amendment.definition.document)


def _faults(campaign: Campaign, amendment: Amendment | None, *, names: dict[str, str]) -> list[Fault]:
    """What keeps the draft, or the amendment that waits, from being published."""
    problems: list[Problem] = []
    if campaign.state == rules.DRAFT:
        problems = backoffice.find_problems(campaign)
    elif amendment is not None:
        problems = backoffice.find_amendment_problems(campaign, amendment, now=utcnow())
    return read_faults(problems, names=names)


def _list_acts(campaign: Campaign, amendment: Amendment | None, *, writes: bool) -> list[str]:
    """What may be done now. Whether it is refused after all, the services decide."""
    if not writes:
        return []
    if campaign.state == rules.DRAFT:
        return ["publish"]
    can = [act for act, state in STATES.items() if (campaign.state, state) in rules.MOVES]
    if rules.is_running(campaign.state):
        can += ["publish"] if amendment else []
        can += [] if papers.has_dealt(campaign) else ["withdraw"]
    return can


@bp.get("/campaigns/<slug:slug>/file")
def get_file(slug: str) -> Response:
    """The campaign file: of the draft, or of the rules in force."""
    with reading():
        campaign = scope.get_campaign(slug)
    response = Response(write_campaign(campaign.definition.document), mimetype="application/toml")
    response.headers["Content-Disposition"] = f'attachment; filename="{campaign.slug}.toml"'
    return response


# --- acts -------------------------------------------------------------------------------------------------------------


@bp.get("/campaigns/<slug:slug>/acts/<act>")
def show_act(slug: str, act: str) -> Response:
    """What will happen, before it does."""
    with reading():
        return _act_page(scope.get_campaign(slug, roles=OPERATOR), act)


@bp.post("/campaigns/<slug:slug>/acts/<act>")
def do_act(slug: str, act: str) -> Response:
    """Publish, pause, resume, close or withdraw. Safe to repeat."""
    if act not in ACTS:
        raise NotFound
    reason = request.form.get("reason", "").strip()
    try:
        with transaction():
            _act(scope.get_campaign(slug, roles=OPERATOR), act, reason=reason, staff=scope.whoever())
    except FileRefused:
        flash("还不能发布，请先处理下面列出的事项。", "bad")
        return redirect(url_for("desk.campaigns.show_campaign", slug=slug), 303)
    except REFUSED as refusal:
        return _refused(slug, act, refusal, reason=reason)
    flash(f"已{ACTS[act].title}。", "good")
    return redirect(url_for("desk.campaigns.show_campaign", slug=slug), 303)


def _act(campaign: Campaign, act: str, *, reason: str, staff: Staff) -> None:
    now = utcnow()
    if act == "publish":
        _require_seen(campaign)
        backoffice.publish(campaign, by=staff, now=now)
    elif act == "withdraw":
        scope.require_reason(reason, longest=LONGEST_REASON)
        backoffice.withdraw(campaign, reason=reason, by=staff, now=now)
    else:
        backoffice.move(campaign, STATES[act], by=staff, now=now)


def _require_seen(campaign: Campaign) -> None:
    """Who publishes answers for what they have read: it must not have been changed since."""
    rounds.hold_rounds(campaign)  # first, as whoever holds both does
    waiting = _to_publish(campaigns.hold_campaign(campaign))
    if waiting is not None:
        scope.require_unchanged(waiting)


def _to_publish(campaign: Campaign) -> Any:
    amendment = amendments.find_amendment(campaign)
    if campaign.state == rules.DRAFT:
        return campaign.definition.document
    return amendment.definition.document if amendment else None


def _refused(slug: str, act: str, refusal: Refusal, *, reason: str) -> Response:
    with reading():
        return _act_page(scope.get_campaign(slug, roles=OPERATOR), act, refusal=refusal, reason=reason)


def _act_page(campaign: Campaign, act: str, *, refusal: Refusal | None = None, reason: str = "") -> Response:
    if act not in ACTS:
        raise NotFound
    document = _to_publish(campaign)
    shown = _shown(campaign) | {
        "act": act,
        "said": ACTS[act],
        "reason": reason,
        "seen": scope.mark_of(document) if document is not None else "",
        "longest": LONGEST_REASON,
        "action": url_for("desk.campaigns.do_act", slug=campaign.slug, act=act),
        "state_name": words.CAMPAIGN_STATES[campaign.state],
    }
    if refusal is None:
        return show("campaign_act.html", refusal=None, **shown)
    return show_refusal(refusal, "campaign_act.html", **shown)
