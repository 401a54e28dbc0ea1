"""What the ledger's tests play with: boxes and fans in the stores of two communities and of their street."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from werkzeug.test import TestResponse

from quizsvc.accounts.models import VolunteerRecord
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import insert_new, reading, transaction
from quizsvc.materials import rules, stock
from quizsvc.materials.rules import Account, Material, Pack
from quizsvc.regions import service as regions
from tests.world import COMMUNITY, NEIGHBOUR, STREET, Phone, World

BOX = Material("tissue-box", "反诈抽纸", "盒", [Pack("箱", 24)])
FAN = Material("fan", "反诈扇", "把", [])
MATERIALS = [BOX, FAN]
VOLUNTEER = UUID(int=7)


def lay_out() -> None:
    """The materials, known; and some volunteers."""
    with transaction():
        stock.load_materials(MATERIALS)
    enrol()


def enrol() -> None:
    """Some volunteers of one community, VOLUNTEER among them."""
    with transaction():
        home = regions.get_region(COMMUNITY)
        for n in range(1, 8):
            enrolled = {"code": f"v{n}", "name": "志愿者", "kind": "volunteer", "enrolled_at": utcnow()}
            insert_new(VolunteerRecord, id=UUID(int=n), region_id=home.id, **enrolled)


def move(desk: Phone, act: str, quantity: int = 1, **said: Any) -> TestResponse:
    """Post a movement of boxes from a phone of its own, so that many can at once."""
    wish: dict[str, Any] = {"id": str(uuid4()), "act": act, "material": BOX.code, "quantity": quantity, **said}
    if act in {"count", "loss"}:
        wish.setdefault("reason", "盘点")
    return Phone(desk.app, token=desk.token).post("materials/movements", json=wish)


def moved(desk: Phone, act: str, quantity: int = 1, **said: Any) -> dict[str, Any]:
    """A movement that was posted now."""
    answer = move(desk, act, quantity, **said)
    assert answer.status_code == 201, answer.get_json()
    return dict(answer.get_json())


def take_back(desk: Phone, movement_id: str, **said: Any) -> TestResponse:
    wish = {"id": str(uuid4()), "act": "reversal", "reverses": movement_id, "reason": "登记错了", **said}
    return Phone(desk.app, token=desk.token).post("materials/movements", json=wish)


def balances(world: World, material: str = BOX.code) -> Mapping[str, int]:
    """What each keeper has, zeros left out."""
    rows = world.rows("SELECT holder, quantity FROM balances WHERE material = :material", material=material)
    return {str(holder): int(quantity) for holder, quantity in rows if quantity}


def books(material: str = BOX.code) -> Account:
    with reading():
        return next(one for one in stock.list_accounts(None) if one.material.code == material)


def wrong_balances() -> list[tuple[str, str, int, int]]:
    """What a rebuild finds; none of it should ever be."""
    with transaction():
        return stock.rebuild()


def make_noise(world: World) -> None:
    """Boxes elsewhere and fans here, so that a sum over too much shows."""
    operator = world.desk("operator")
    moved(operator, "receive", 1000, store="s2c1")
    moved(operator, "receive", 500, store=NEIGHBOUR)
    for code in (STREET, COMMUNITY):
        moved(operator, "receive", 77, store=code, material=FAN.code)


def volunteer_name(volunteer: UUID = VOLUNTEER) -> str:
    return f"{rules.VOLUNTEER}:{volunteer}"
