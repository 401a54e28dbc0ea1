"""Stock-taking: what is there is typed in, the differences are shown, and only then posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import Volunteer
from quizsvc.accounts.service import RoleMissing
from quizsvc.accounts.volunteers import VolunteerUnknown
from quizsvc.backoffice.desk import goods
from quizsvc.backoffice.desk.inputs import Said, in_address, in_form, named, offices_of
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.ids import new_id
from quizsvc.materials import rules, service, stock
from quizsvc.materials.rules import Holder, Material, Movement
from quizsvc.materials.service import Wish
from quizsvc.outreach import roster

bp = Blueprint("stocktake", __name__)


@dataclass(frozen=True)
class Count:
    """What a keeper has of a material by the books, and what was found."""

    material: Material
    on_the_books: int
    counted: int

    @property
    def difference(self) -> int:
        return self.counted - self.on_the_books


class BooksMoved(Exception):
    """Somebody posted between what was shown and what would be posted now."""


@bp.route("/stock/count", methods=["GET", "POST"])
def take() -> Response:
    """Choose a keeper, type in what is there, look at the differences, post them: a step each."""
    said = in_form() if request.method == "POST" else in_address()
    store, code = said.word("store", longest=32), said.word("volunteer", longest=32)
    if bool(store) == bool(code):
        return _choose(said)
    try:
        with reading():
            keeper, volunteer = _keeper_of(store, code)
            keeping = _keeping_of(keeper)
    except VolunteerUnknown:
        said.errors["volunteer"] = "您的区域里没有这个编号的志愿者，请核对"
        return _choose(said)
    page = Page(said, keeper, volunteer, keeping)
    if request.method == "GET" or said["step"] == "back":
        return page.show()
    counts = _counts_of(said, keeping)
    said.word("reason", needed=True)
    name = said.id("id")
    if said.errors or name is None:
        return page.show(status=422)
    if said["step"] != "post":
        return page.show(found=counts)
    return _post(page, counts, name=name)


@dataclass(frozen=True)
class Page:
    """The page of one keeper's stock-take, at whatever step."""

    said: Said
    keeper: Holder
    volunteer: Volunteer | None
    keeping: Mapping[str, Count]

    def show(
        self, *, found: list[Count] | None = None, changed: bool = False, status: int = 200, refusal: Any = None
    ) -> Response:
        shown: dict[str, Any] = {
            "said": self.said,
            "whose": goods.holder(self.keeper, self.volunteer),
            "keeping": list(self.keeping.values()),
            "found": found,
            "changed": changed,
            "name": self.said["id"] or str(new_id()),
            "goods": goods,
        }
        if refusal is not None:
            return show_refusal(refusal, "stocktake.html", **shown)
        return show("stocktake.html", status, refusal=None, **shown)


def _choose(said: Said) -> Response:
    with reading():
        places = named(offices_of(current_staff(), rules.ROLES))
    return show("stocktake_choose.html", 422 if said.errors else 200, said=said, places=places)


def _keeper_of(store: str, code: str) -> tuple[Holder, Volunteer | None]:
    """Whose stock is taken; RegionUnknown, VolunteerUnknown, RoleMissing."""
    volunteer = roster.get_seen(code, staff=current_staff()).volunteer if code else None
    keeper = service.store_of(store) if volunteer is None else service.holder_of(volunteer)
    if keeper.region is None or not any(current_staff().holds(role, over=keeper.region) for role in rules.ROLES):
        raise RoleMissing
    return keeper, volunteer


def _keeping_of(keeper: Holder) -> dict[str, Count]:
    """Every material with what the keeper has of it by the books."""
    there = {one.material.code: one.on_hand for one in stock.list_of(keeper)}
    return {one.code: Count(one, there.get(one.code, 0), 0) for one in stock.list_materials()}


def _counts_of(said: Said, keeping: Mapping[str, Count]) -> list[Count]:
    """What was found of each material that was counted; the others are left alone."""
    found = []
    for code, one in keeping.items():
        if not said[f"found-{code}"].strip():
            continue
        counted = said.whole(f"found-{code}", least=0, most=rules.LARGEST_QUANTITY)
        if counted is not None:
            found.append(Count(one.material, one.on_the_books, counted))
    if not found and not said.errors:
        said.errors["none"] = "请至少填写一种物料的实物数"
    return found


def _post(page: Page, counts: list[Count], *, name: UUID) -> Response:
    """Post every count, all or none, each under a name of its own made of the form's; repeated, it posts nothing."""
    try:
        with transaction():
            new = [_posted(page, one, name=name) for one in sorted(counts, key=lambda one: one.material.code)]
    except BooksMoved:
        return page.show(found=counts, changed=True)
    except (service.CountedSince, service.MovementUnknown, RoleMissing) as refusal:
        return page.show(found=counts, refusal=refusal)
    if any(new):
        flash(f"盘点已登记，共 {len(new)} 种物料。", "good")
    else:
        flash("这次盘点此前已登记，没有重复登记。", "warn")
    return redirect(url_for("desk.stock.show_list"), 303)


def _posted(page: Page, one: Count, *, name: UUID) -> bool:
    """Post a count; BooksMoved when it makes another difference than the one that was shown."""
    keeper, now = page.keeper, utcnow()
    wish = Wish(
        id=uuid5(name, one.material.code),
        act=rules.COUNT,
        material=one.material.code,
        quantity=one.counted,
        store=keeper.region.code if keeper.region is not None and keeper.kind == rules.STORE else None,
        volunteer=keeper.volunteer_id,
        reason=page.said["reason"].strip(),
    )
    movement, is_new = service.post(wish, staff=current_staff(), now=now)
    if is_new and str(_difference_of(movement)) != page.said[f"difference-{one.material.code}"]:
        raise BooksMoved
    return is_new


def _difference_of(movement: Movement) -> int:
    return movement.quantity if movement.giver is None else -movement.quantity
