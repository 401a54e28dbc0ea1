"""What the stores and volunteers have, and both sides of the books."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint
from werkzeug.wrappers import Response

from quizsvc.accounts import volunteers
from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.rules import Volunteer
from quizsvc.backoffice.desk import goods, tables
from quizsvc.backoffice.desk.inputs import in_address, named, offices_of, paging_of
from quizsvc.backoffice.desk.render import moment, show
from quizsvc.kit.db import reading
from quizsvc.materials import stock
from quizsvc.materials.rules import ROLES, STORE, VOLUNTEER, Holder
from quizsvc.materials.stock import Stock

A_PAGE, MOST_EXPORTED = 50, 20_000
KINDS = {STORE: "仓库", VOLUNTEER: "志愿者"}
MAY_SEE = (*ROLES, "auditor")
COLUMNS = ("区域编号", "区域", "持有", "物料编号", "物料", "单位", "现有", "上次盘点")
bp = Blueprint("stock", __name__)
books = Blueprint("books", __name__)


@bp.get("/stock")
def show_list() -> Response:
    """Stores, then volunteers, with what they have; below zero is flagged. As a page or a file."""
    said, staff = in_address(), current_staff()
    as_file = said["form"] == "csv"
    with reading():
        materials = stock.list_materials()
        page = stock.list_stock(
            under=said["region"] or None,
            kind=said.choice("kind", KINDS),
            material=said.choice("material", [one.code for one in materials]),
            overdrawn=said["overdrawn"] == "yes",
            staff=staff,
            cursor=said["cursor"] or None,
            limit=MOST_EXPORTED if as_file else A_PAGE,
        )
        people = volunteers.list_volunteers_by_id({one.volunteer for one in page.items if one.volunteer is not None})
        places = named(offices_of(staff, MAY_SEE))
    if as_file:
        return tables.csv_file(_table_of(page.items, people), name="库存")
    return show(
        "stock.html",
        stock=page.items,
        holders=[_holder_of(one, people) for one in page.items],
        people=people,
        paging=paging_of(page),
        said=said,
        places=places,
        kinds=KINDS,
        materials=[(one.code, one.name) for one in materials],
        goods=goods,
    )


def _holder_of(one: Stock, people: Mapping[UUID, Volunteer]) -> str:
    volunteer = None if one.volunteer is None else people[one.volunteer]
    return goods.holder(Holder(one.kind, one.region, one.volunteer), volunteer)


def _table_of(items: Sequence[Stock], people: Mapping[UUID, Volunteer]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [COLUMNS]
    for one in items:
        where = [one.region.code, one.region.name, _holder_of(one, people)]
        what = [one.material.code, one.material.name, one.material.unit]
        rows.append([*where, *what, str(one.on_hand), moment(one.counted_at)])
    return rows


@books.get("/books")
def show_books() -> Response:
    """What came and what went, with what is there: for each region that one keeps or checks, material by material."""
    said, staff = in_address(), current_staff()
    with reading():
        found = stock.list_books(under=said["region"] or None, staff=staff)
        places = named(offices_of(staff, MAY_SEE))
    shown: list[Any] = [(place, [one for one in accounts if one.came or one.went]) for place, accounts in found]
    return show("books.html", books=shown, said=said, places=places, goods=goods)
