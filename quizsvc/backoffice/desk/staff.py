"""The office's people: who holds which role where, a new member, roles granted and taken back, passwords reset."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import members
from quizsvc.accounts import service as accounts
from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.members import Member
from quizsvc.accounts.rules import ROLES, Grant, Staff
from quizsvc.accounts.service import NameRefused, NameTaken, RoleMissing
from quizsvc.backoffice.desk import words
from quizsvc.backoffice.desk.render import moment, show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.sheets import csv_text
from quizsvc.regions import service as regions
from quizsvc.regions.service import RegionUnknown

PAGE, MOST = 50, 10_000
bp = Blueprint("staff", __name__)


@bp.get("/staff")
def list_staff() -> Response:
    """Who holds a role in one's regions, in order of name."""
    role, gone = _filters()
    with reading():
        page = members.list_members(
            current_staff(), role=role, gone=gone, cursor=request.args.get("cursor"), limit=PAGE
        )
    return show("staff.html", page=page, role=role or "", gone=gone, is_first="cursor" not in request.args)


@bp.get("/staff.csv")
def export_staff() -> Response:
    """The same list as a file."""
    role, gone = _filters()
    with reading():
        page = members.list_members(current_staff(), role=role, gone=gone, cursor=None, limit=MOST)
    rows = [
        (one.name, words.ROLES[grant.role], grant.region.name, grant.region.code, moment(one.created_at))
        for one in page.items
        for grant in one.grants
    ]
    answer = Response(csv_text([("用户名", "角色", "区域", "区域代码", "添加时间"), *rows]), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="staff.csv")
    return answer


@bp.get("/staff/new")
def show_new() -> Response:
    """The form for a new member."""
    with reading():
        return show("staff_new.html", refusal=None, typed={}, options=_options(current_staff()))


@bp.post("/staff/new")
def add() -> Response:
    """Add a member with a first role; the password to start with is shown here and never again."""
    name = request.form.get("name", "").strip()
    by = current_staff()
    try:
        with transaction():
            region = regions.get_region(request.form.get("region", ""))
            role = request.form.get("role", "")
            added, password = members.enrol(name, role=role, region=region, by=by, now=utcnow())
    except (NameRefused, NameTaken, RoleMissing, RegionUnknown) as refusal:
        with reading():
            return show_refusal(refusal, "staff_new.html", typed=request.form, options=_options(by))
    if password is not None:
        return show("staff_secret.html", name=added.name, member_id=added.id, password=password)
    flash(f"已有用户“{added.name}”，角色已授予，密码不变。", "good")
    return redirect(url_for("desk.staff.show_member", member_id=added.id), 303)


@bp.get("/staff/<uuid:member_id>")
def show_member(member_id: UUID) -> Response:
    """A member's roles in one's regions, and what can be done."""
    with reading():
        return _show_member(members.get_member(member_id, by=current_staff()))


@bp.post("/staff/<uuid:member_id>/grant")
def grant(member_id: UUID) -> Response:
    """Give a role; never to oneself."""
    by = current_staff()
    with reading():
        member = members.get_member(member_id, by=by)
    try:
        with transaction():
            region = regions.get_region(request.form.get("region", ""))
            role = request.form.get("role", "")
            members.enrol(member.name, role=role, region=region, by=by, now=utcnow())
    except (NameTaken, RoleMissing, RegionUnknown) as refusal:
        with reading():
            return _show_member(member, refusal=refusal)
    flash("角色已授予，立即生效。", "good")
    return redirect(url_for("desk.staff.show_member", member_id=member_id), 303)


@bp.get("/staff/<uuid:member_id>/<any(revoke, reset, dismiss):step>")
def ask_step(member_id: UUID, step: str) -> Response:
    """What will happen, before it does."""
    with reading():
        member = members.get_member(member_id, by=current_staff())
        taken = _grant_of(member, request.args) if step == "revoke" else None
    return show("staff_step.html", member=member, step=step, taken=taken)


@bp.post("/staff/<uuid:member_id>/<any(revoke, reset, dismiss):step>")
def take_step(member_id: UUID, step: str) -> Response:
    """Take a role back, reset the password, or end the access at once."""
    by, now = current_staff(), utcnow()
    with transaction():
        member = members.get_member(member_id, by=by)
        if step == "reset":
            password = members.reset_password(member, by=by, now=now)
        elif step == "dismiss":
            accounts.dismiss_staff(member.name, by=by, now=now)
        else:
            taken = _grant_of(member, request.form)
            members.revoke(member, role=taken.role, region=taken.region, by=by, now=now)
    if step == "reset":
        return show("staff_secret.html", name=member.name, member_id=member.id, password=password)
    flash(f"“{member.name}”已停用，不能再登录。" if step == "dismiss" else "角色已收回，立即生效。", "good")
    return redirect(url_for("desk.staff.list_staff"), 303)


def _filters() -> tuple[str | None, bool]:
    role = request.args.get("role")
    return role if role in ROLES else None, request.args.get("gone") == "1"


def _options(by: Staff) -> list[tuple[str, str]]:
    """Where one may grant."""
    return [(one.code, one.name) for one in members.list_places(by, roles=("operator",))]


def _grant_of(member: Member, said: Mapping[str, str]) -> Grant:
    """The grant that a form names; RoleMissing where there is none such any more."""
    named = (said.get("role"), said.get("region"))
    found = next((one for one in member.grants if (one.role, one.region.code) == named), None)
    if found is None:
        raise RoleMissing
    return found


def _show_member(member: Member, *, refusal: Refusal | None = None) -> Response:
    by = current_staff()
    mine = [one for one in member.grants if by.holds("operator", over=one.region)]
    template: dict[str, Any] = {
        "member": member,
        "is_oneself": member.id == by.id,
        "mine": mine,
        "options": _options(by),
    }
    if refusal is not None:
        return show_refusal(refusal, "member.html", **template)
    return show("member.html", refusal=None, **template)
