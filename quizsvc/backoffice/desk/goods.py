"""Goods and who has them, as people write them."""

from collections.abc import Iterable, Mapping

from quizsvc.accounts.rules import Volunteer
from quizsvc.backoffice.desk.words import HOLDERS
from quizsvc.materials.rules import STORE, VOLUNTEER, Holder, Material, Movement
from quizsvc.outreach.rules import Handout

COUNT_DIFFERENCE = "盘点差异"


def amount(quantity: int, material: Material) -> str:
    """1,200 盒."""
    return f"{quantity:,} {material.unit}"


def moved(movement: Movement, material: Material) -> str:
    """2 箱（100 盒）, as it was said and as it is counted."""
    plain = amount(movement.quantity, material)
    return plain if movement.pack is None else f"{movement.quantity // movement.factor:,} {movement.pack}（{plain}）"


def handed(handouts: Iterable[Handout], materials: Mapping[str, Material]) -> str:
    """反诈抽纸 2 盒、反诈扇 1 把."""
    said = [f"{materials[one.material].name} {amount(one.quantity, materials[one.material])}" for one in handouts]
    return "、".join(said) or "没有发放"


def holder(one: Holder | None, volunteer: Volunteer | None) -> str:
    """甲社区仓库, 王小明 (v1), 居民."""
    if one is None:
        return COUNT_DIFFERENCE
    if one.kind == STORE and one.region is not None:
        return f"{one.region.name}{HOLDERS[STORE]}"
    return f"{volunteer.name}（{volunteer.code}）" if one.kind == VOLUNTEER and volunteer else HOLDERS[one.kind]
