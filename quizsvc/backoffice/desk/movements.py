"""The material ledger: its lines, new ones, and taking one back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import volunteers
from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import Staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice.desk import goods, tables
from quizsvc.backoffice.desk.inputs import Said, in_address, in_form, named, offices_of, paging_of
from quizsvc.backoffice.desk.render import moment, show, show_refusal
from quizsvc.backoffice.desk.words import MOVEMENTS
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.pages import PageOf
from quizsvc.materials import history, rules, service, stock
from quizsvc.materials.history import Asked, Posted
from quizsvc.materials.rules import Holder, Material
from quizsvc.materials.service import Wish
from quizsvc.outreach import roster
from quizsvc.outreach.roster import Wanted

A_PAGE, MOST_EXPORTED, MOST_SUGGESTED = 50, 20_000, 300
MAY_SEE = (*rules.ROLES, "auditor")
COLUMNS = [
    "登记时间",
    "发生时间",
    "类型",
    "物料编号",
    "物料",
    "单位",
    "数量",
    "从",
    "到",
    "登记人",
    "原因",
    "单据号",
    "状态",
]
bp = Blueprint("movements", __name__)


@dataclass(frozen=True)
class Kind:
    """A movement as people ask for it: the act, and which of the form's fields it wants."""

    title: str
    act: str
    wants: Sequence[str]
    lead: str


KINDS = {
    "receive": Kind("入库", rules.RECEIVE, ("store", "ref"), "供应商或上级送来的物料，收进仓库。"),
    "issue": Kind("领用", rules.ISSUE, ("store", "volunteer"), "志愿者从仓库领走，准备发放。"),
    "return": Kind("退回", rules.RETURN, ("store", "volunteer"), "志愿者没有发完的，退回仓库。"),
    "transfer": Kind("调拨", rules.TRANSFER, ("store", "to_store"), "从一个仓库转到另一个仓库。"),
    "hand-out": Kind("直接发放", rules.HAND_OUT, ("store",), "从仓库直接发给居民；志愿者走访发放的由上报自动登记。"),
    "loss": Kind("损耗", rules.LOSS, ("store", "reason"), "破损、遗失等，从账上减去。"),
    "lost-on-the-way": Kind("志愿者损耗", rules.LOSS, ("volunteer", "reason"), "志愿者手中破损、遗失的。"),
    "send-back": Kind("退供应商", rules.RETURN, ("store", "reason"), "质量问题等，退还给供应商。"),
}


@bp.get("/movements")
def show_list() -> Response:
    """The ledger's lines, the last posted first, by region, material, kind, volunteer and days; as a page or a file."""
    said, staff = in_address(), current_staff()
    as_file = said["form"] == "csv"
    with reading():
        materials = {one.code: one for one in stock.list_materials()}
        page = _asked_for(said, materials, staff=staff, limit=MOST_EXPORTED if as_file else A_PAGE)
        places = named(offices_of(staff, MAY_SEE))
    if as_file:
        return tables.csv_file([COLUMNS, *(_row_of(one, materials) for one in page.items)], name="出入库记录")
    return show(
        "movements.html",
        lines=page.items,
        paging=paging_of(page),
        said=said,
        places=places,
        materials=materials,
        named_materials=[(one.code, one.name) for one in materials.values()],
        goods=goods,
        may_write=any(grant.role in rules.ROLES for grant in staff.grants),
    )


def _asked_for(said: Said, materials: Any, *, staff: Staff, limit: int) -> PageOf[Posted]:
    code = said.word("volunteer", longest=32)
    who = volunteers.get_by_code(code).id if code else None
    asked = Asked(
        under=said["region"] or None,
        material=said.choice("material", materials),
        act=said.choice("act", MOVEMENTS),
        holder=None if who is None else Holder(rules.VOLUNTEER, volunteer_id=who).name,
        first=said.day("first"),
        last=said.day("last"),
    )
    return history.list_posted(asked, staff=staff, cursor=said["cursor"] or None, limit=limit)


def _row_of(one: Posted, materials: Any) -> list[str]:
    moved, material = one.movement, materials[one.movement.material]
    return [
        moment(moved.posted_at),
        moment(moved.occurred_at),
        MOVEMENTS[moved.act],
        material.code,
        material.name,
        material.unit,
        str(moved.quantity),
        goods.holder(one.giver, one.volunteer),
        goods.holder(one.taker, one.volunteer),
        moved.posted_by,
        moved.reason,
        moved.ref,
        "已冲销" if one.is_reversed else "",
    ]


@bp.get("/movements/new")
def show_form() -> Response:
    """The form of one kind of movement. It carries the movement's name, so that sending it twice posts once."""
    return _show_form(in_address())


def _show_form(said: Said, refusal: Refusal | None = None) -> Response:
    staff, chosen = current_staff(), said["kind"] if said["kind"] in KINDS else "receive"
    with reading():
        materials = stock.list_materials()
        places = named(offices_of(staff, rules.ROLES))
        wants_people = "volunteer" in KINDS[chosen].wants
        people = (
            roster.list_seen(Wanted(is_there=True), under=None, staff=staff, cursor=None, limit=MOST_SUGGESTED).items
            if wants_people
            else []
        )
    shown: dict[str, Any] = {
        "said": said,
        "chosen": chosen,
        "kinds": KINDS,
        "measures": _measures(materials),
        "there": _there(refusal, materials),
        "places": places,
        "people": people,
        "name": said["id"] or str(new_id()),
    }
    if refusal is not None:
        return show_refusal(refusal, "movement_new.html", **shown)
    return show("movement_new.html", 422 if said.errors else 200, refusal=None, **shown)


def _measures(materials: Sequence[Material]) -> list[tuple[str, str]]:
    """What can be counted: every material in its unit and in its packs."""
    found = []
    for one in materials:
        found.append((f"{one.code}|", f"{one.name}（按{one.unit}）"))
        found += [
            (f"{one.code}|{pack.name}", f"{one.name}（按{pack.name}，每{pack.name} {pack.factor} {one.unit}）")
            for pack in one.packs
        ]
    return found


def _there(refusal: Refusal | None, materials: Sequence[Material]) -> str:
    """What a store has by the books that was to give more."""
    if not isinstance(refusal, service.Short) or refusal.fields is None:
        return ""
    known = {one.code: one for one in materials}
    return goods.amount(int(refusal.fields["there"]), known[refusal.fields["material"]])


@bp.post("/movements/new")
def post() -> Response:
    """Post a movement, once; what is refused is said on the form, and nothing that was typed is lost."""
    said, staff, now = in_form(), current_staff(), utcnow()
    wish = _wish_of(said)
    if wish is None:
        return _show_form(said)
    try:
        with transaction():
            if "volunteer" in KINDS[said["kind"]].wants:  # also one whom this staff member does not see is unknown
                member = roster.get_seen(said["volunteer"].strip(), staff=staff)
                wish = replace(wish, volunteer=member.volunteer.id)
            movement, is_new = service.post(wish, staff=staff, now=now)
    except Refusal as refusal:
        return _show_form(said, refusal)
    with reading():
        material = stock.list_materials_by_code([movement.material])[movement.material]
    told = f"{MOVEMENTS[movement.act]} {material.name} {goods.moved(movement, material)}"
    if is_new:
        flash(f"已登记：{told}。", "good")
    else:
        flash(f"这张表单此前已登记为「{told}」，没有重复登记。如需再登记一笔，请重新打开表单。", "warn")
    return redirect(url_for("desk.movements.show_list"), 303)


def _wish_of(said: Said) -> Wish | None:
    """The movement that a form asks for but for its volunteer; None when the form has to be shown again."""
    kind = KINDS[said.choice("kind", KINDS, needed=True) or "receive"]
    name = said.id("id")
    material, _, pack = said.word("measure", longest=60, needed=True).partition("|")
    quantity = said.whole("quantity", least=1, most=rules.LARGEST_QUANTITY)
    occurred_at = said.moment("occurred_at")
    if occurred_at is not None and occurred_at > utcnow():
        said.errors["occurred_at"] = "发生时间不能晚于现在"
    words = {
        field: said.word(field, longest=longest, needed=field in kind.wants and field != "ref")
        for field, longest in (("store", 32), ("to_store", 32), ("volunteer", 32), ("reason", 200), ("ref", 100))
    }
    if said.errors or name is None or quantity is None:
        return None
    return Wish(
        id=name,
        act=kind.act,
        material=material,
        quantity=quantity,
        pack=pack or None,
        store=words["store"] if "store" in kind.wants else None,
        to_store=words["to_store"] if "to_store" in kind.wants else None,
        occurred_at=occurred_at,
        reason=words["reason"],
        ref=words["ref"],
    )


@bp.route("/movements/<uuid:movement_id>/reverse", methods=["GET", "POST"])
def reverse(movement_id: UUID) -> Response:
    """Take a movement back, once, with a reason; asked once more before."""
    said, staff = in_form(), current_staff()
    refused: Refusal | None = None
    if request.method == "POST":
        name, reason = said.id("id"), said.word("reason", needed=True)
        try:
            if name is not None and not said.errors:
                with transaction():
                    history.get_posted(movement_id, staff=staff)  # what one does not see is not there
                    service.reverse(name, movement_id, reason=reason, staff=staff, now=utcnow())
                flash("已冲销，两笔都留在账上。", "good")
                return redirect(url_for("desk.movements.show_list"), 303)
        except (service.Short, service.AlreadyReversed, service.Irreversible, RoleMissing) as refusal:
            refused = refusal
    return _ask_once_more(movement_id, said=said, refusal=refused)


def _ask_once_more(movement_id: UUID, *, said: Said, refusal: Refusal | None) -> Response:
    with reading():
        line = history.get_posted(movement_id, staff=current_staff())
        materials = stock.list_materials()
    shown: dict[str, Any] = {
        "line": line,
        "material": {one.code: one for one in materials}[line.movement.material],
        "there": _there(refusal, materials),
        "said": said,
        "name": said["id"] or str(new_id()),
        "goods": goods,
    }
    if refusal is not None:
        return show_refusal(refusal, "movement_reverse.html", **shown)
    return show("movement_reverse.html", 422 if said.errors else 200, refusal=None, **shown)
