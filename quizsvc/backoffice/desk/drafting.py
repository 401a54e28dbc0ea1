"""Writing a campaign: drafted in a form or as a file, changed before it is published, amended after."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.backoffice import service as backoffice
from quizsvc.backoffice.desk import campaign_form as forms
from quizsvc.backoffice.desk import scope, words
from quizsvc.backoffice.desk.access import OPERATOR
from quizsvc.backoffice.desk.campaign_form import Values
from quizsvc.backoffice.desk.faults import Fault, read_faults
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import DRAFT, Campaign, definition_of
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.problems import FileRefused, Problem, parse_toml
from quizsvc.lottery import rounds
from quizsvc.materials import stock as materials
from quizsvc.quiz import results as quiz
from quizsvc.regions import service as regions

LONGEST_REASON = 500
bp = Blueprint("drafting", __name__)


# --- a draft ----------------------------------------------------------------------------------------------------------


@bp.get("/new-campaign")
def show_new() -> Response:
    """An empty form, and the place to upload a file."""
    return _form(forms.FRESH)


@bp.post("/new-campaign")
def draft_new() -> Response:
    """Add the draft that the form says."""
    return _save_draft(forms.read_form(request.form), standing=None)


@bp.get("/campaigns/<slug:slug>/edit")
def show_edit(slug: str) -> Response:
    """A draft in the form, with what keeps it from being published at its fields."""
    with reading():
        campaign = _draft(slug)
        problems = backoffice.find_problems(campaign)
    return _form(forms.fill(campaign.definition.document), problems=problems, standing=campaign)


@bp.post("/campaigns/<slug:slug>/edit")
def edit(slug: str) -> Response:
    """Replace the draft by what the form says."""
    with reading():
        campaign = _draft(slug)
    standing = forms.fill(campaign.definition.document)
    return _save_draft(forms.read_form(request.form, standing=standing, frozen={"slug"}), standing=campaign)


def _draft(slug: str) -> Campaign:
    campaign = scope.get_campaign(slug, roles=OPERATOR)
    if campaign.state != DRAFT:
        raise campaigns.Frozen
    return campaign


def _save_draft(values: Values, *, standing: Campaign | None) -> Response:
    if "more" in request.form:
        return _form(values, standing=standing, more=request.form["more"])
    try:
        document = read_campaign(forms.table_of(values), file="")
        _load(document, standing=standing)
    except FileRefused as refused:
        return _form(values, problems=refused.problems, standing=standing, status=422)
    except Refusal as refusal:
        return _form(values, standing=standing, refusal=refusal, status=refusal.status)
    return _drafted(document["slug"])


def _load(document: Mapping[str, Any], *, standing: Campaign | None) -> None:
    """Take a draft over: a new one under a free name, or in place of the one that the form was made from."""
    with transaction():
        found = campaigns.find_campaign(document["slug"])
        if standing is None and found is not None:
            raise FileRefused([Problem("slug", "is taken", "choose another")])
        if found is not None:
            scope.require_unchanged(campaigns.hold_campaign(found).definition.document)
        backoffice.load_campaign(document, by=scope.whoever(), now=utcnow())


def _drafted(slug: str) -> Response:
    flash("草稿已保存。发布前请核对下面列出的事项。", "good")
    return redirect(url_for("desk.campaigns.show_campaign", slug=slug), 303)


# --- a file -----------------------------------------------------------------------------------------------------------


@bp.get("/campaign-file")
def show_upload() -> Response:
    """Where a campaign file is uploaded."""
    return show("campaign_upload.html", faults=[], refusal=None, reason="")


@bp.post("/campaign-file")
def upload() -> Response:
    """Take a campaign file over: a new draft, in place of a standing one, or the amendment of what was published."""
    reason = request.form.get("reason", "").strip()
    try:
        name, text = scope.read_upload()
        document = read_campaign(parse_toml(text, file=name), file=name)
        with transaction():
            found = campaigns.find_campaign(document["slug"])
            if found is None or found.state == DRAFT:
                backoffice.load_campaign(document, by=scope.whoever(), now=utcnow())
            else:
                campaign = scope.get_campaign(found.slug, roles=OPERATOR)
                _put_forward(campaign, document, reason=reason, now=utcnow())
    except FileRefused as refused:
        with reading():
            faults = read_faults(refused.problems, names=_names())
        return show("campaign_upload.html", 422, faults=faults, refusal=None, reason=reason)
    except Refusal as refusal:
        return show_refusal(refusal, "campaign_upload.html", faults=[], reason=reason)
    return _drafted(document["slug"]) if found is None or found.state == DRAFT else _put(document["slug"])


# --- an amendment -----------------------------------------------------------------------------------------------------


@bp.get("/campaigns/<slug:slug>/amend")
def show_amend(slug: str) -> Response:
    """The rules in force, or the amendment that waits, in the form; what is frozen is shown and cannot be changed."""
    with reading():
        campaign, frozen = _amendable(slug)
        waiting = amendments.find_amendment(campaign)
        problems = backoffice.find_amendment_problems(campaign, waiting, now=utcnow()) if waiting else []
    values = forms.fill(waiting.definition.document if waiting else campaign.definition.document)
    values["reason"] = waiting.reason if waiting else ""
    return _form(values, problems=problems, standing=campaign, frozen=frozen)


@bp.post("/campaigns/<slug:slug>/amend")
def amend(slug: str) -> Response:
    """Put forward what the form says, for a second person."""
    with reading():
        campaign, frozen = _amendable(slug)
    standing = forms.fill(campaign.definition.document)
    values = forms.read_form(request.form, standing=standing, frozen=frozen)
    if "more" in request.form:
        return _form(values, standing=campaign, frozen=frozen, more=request.form["more"])
    try:
        document = read_campaign(forms.table_of(values), file="")
        with transaction():
            scope.require_unchanged(campaigns.get_campaign_by_id(campaign.id).definition.document)
            _put_forward(campaign, document, reason=values.get("reason", ""), now=utcnow())
    except FileRefused as refused:
        return _form(values, problems=refused.problems, standing=campaign, frozen=frozen, status=422)
    except Refusal as refusal:
        return _form(values, standing=campaign, frozen=frozen, refusal=refusal, status=refusal.status)
    return _put(slug)


def _amendable(slug: str) -> tuple[Campaign, set[str]]:
    """The campaign, and the fields that no amendment may change."""
    campaign, now = scope.get_campaign(slug, roles=OPERATOR), utcnow()
    amendments.require_amendable(campaign, now=now)
    return campaign, forms.frozen_fields(campaign.definition, fixed=rounds.list_fixed(campaign, now=now))


def _put_forward(campaign: Campaign, document: Mapping[str, Any], *, reason: str, now: datetime) -> None:
    """FileRefused with what would take from participants. Coupons may still be missing: they are loaded after this."""
    amendments.require_amendable(campaign, now=now)
    problems = backoffice.find_unfair(campaign, definition_of(document), now=now)
    if not 1 <= len(reason) <= LONGEST_REASON:
        problems.append(Problem("reason", "is no reason", "write it"))
    if problems:
        raise FileRefused(problems)
    backoffice.amend(campaign, document, reason=reason, by=scope.whoever(), now=now)


def _put(slug: str) -> Response:
    flash("变更已提交，等待另一位管理员核对后发布。", "good")
    return redirect(url_for("desk.campaigns.show_campaign", slug=slug), 303)


# --- the form ---------------------------------------------------------------------------------------------------------


def _form(
    values: Values,
    *,
    problems: Sequence[Problem] = (),
    standing: Campaign | None = None,
    frozen: Collection[str] | None = None,
    refusal: Refusal | None = None,
    more: str = "",
    status: int = 200,
) -> Response:
    """`frozen`: of an amendment. `more`: what one row more is wanted of."""
    with reading():
        names = _names() | _prize_names(values)
        may_own = _own_regions(values.get("region", ""))
        goods = [(one.code, one.name) for one in materials.list_materials()]
        scam_types = list(quiz.name_scam_types().items())
    faults = read_faults(problems, names=names)
    at = forms.faults_by_field(faults, values)
    return show(
        "campaign_form.html",
        status,
        values=values,
        faults=faults,
        at=at,
        unplaced=_unplaced(faults, at, values),
        standing=standing,
        seen=scope.mark_of(standing.definition.document) if standing else "",
        amending=frozen is not None,
        frozen=frozen or ({"slug"} if standing else set()),
        refusal=refusal,
        rows={head: _rows(values, head, more=more) for head in ("prize", "round")},
        choices={
            "region": may_own,
            "material": [("", "无"), *goods],
            "kind": list(words.PRIZE_KINDS.items()),
            "leftovers": list(words.LEFTOVERS.items()),
        },
        scam_types=scam_types,
    )


def _rows(values: Values, head: str, *, more: str) -> int:
    """Never none; when one more is asked for, those that are still empty stay."""
    shown = forms.count_rows(request.form, head) if more else 0
    return min(forms.MOST_ROWS, max(1, shown, forms.count_rows(values, head)) + (more == head))


def _unplaced(faults: Sequence[Fault], at: Mapping[str, str], values: Values) -> list[Fault]:
    """Faults of nothing that the form has a field for."""
    told = {"partner", "paper.plan", "reason", *values}
    return [one for one in faults if one.field in at and one.field not in told and "[" not in one.field]


def _own_regions(standing: str) -> list[tuple[str, str]]:
    """Regions that may own the draft: where the operator holds the role, and the one that owns it."""
    grants = [grant.region for grant in scope.whoever().grants if grant.role == "operator"]
    tops = [one for one in regions.list_subtrees(grants) if one.level in {"district", "street", "community"}]
    known = [*tops, *regions.list_regions_by_code({standing} - {one.code for one in tops} - {""}).values()]
    return [("", "请选择"), *((one.code, f"{one.name}（{one.code}）") for one in known)]


def _names() -> dict[str, str]:
    """What people call the codes of scam types."""
    return dict(quiz.name_scam_types())


def _prize_names(values: Values) -> dict[str, str]:
    rows = range(1, forms.count_rows(values, "prize") + 1)
    named = {values.get(f"prize[{at}].code", ""): values.get(f"prize[{at}].name", "") for at in rows}
    return {code: name for code, name in named.items() if code and name}
