"""Reads the lists of materials and of opening stock: every wrong line named."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from quizsvc.kit.problems import Cells, FileRefused, Problem, read_csv
from quizsvc.materials.rules import LARGEST_FACTOR, LARGEST_QUANTITY, Material, Pack

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
WHOLE = re.compile(r"[1-9][0-9]{0,7}")
COLUMNS = ("code", "name", "unit", "pack", "factor")
STOCK_COLUMNS = ("region", "material", "quantity", "pack", "ref")
LONGEST_NAME, LONGEST_UNIT, LONGEST_PACK, LONGEST_REF = 60, 8, 20, 100


@dataclass(frozen=True)
class StockRow:
    """One line of a list of opening stock."""

    region: str
    material: str
    quantity: int
    pack: str | None
    ref: str


def read_materials(text: str, *, units: Mapping[str, str], file: str) -> list[Material]:
    """The materials of a CSV list, one line for each pack; FileRefused. `units`: of the materials that stand."""
    found: dict[str, Material] = {}
    problems: list[Problem] = []
    for line, cells in read_csv(text, columns=COLUMNS, needed=COLUMNS[:3], file=file):
        standing = found.get(cells["code"])
        faults = list(_faults(cells, standing, unit=units.get(cells["code"])))
        problems += [Problem(f"line {line}", what, mend, file) for what, mend in faults]
        if faults:
            continue
        material = standing or Material(cells["code"], cells["name"], cells["unit"])
        packs = [Pack(cells["pack"], int(cells["factor"]))] if cells["pack"] else []
        found[material.code] = replace(material, packs=[*material.packs, *packs])
    if problems:
        raise FileRefused(problems)
    return list(found.values())


def _faults(cells: Cells, standing: Material | None, *, unit: str | None) -> Iterator[tuple[str, str]]:
    if not CODE.fullmatch(cells["code"]):
        yield f"code {cells['code'][:40]!r} is not a code", "use 1 to 32 lower-case letters, digits or hyphens"
    for column, longest in (("name", LONGEST_NAME), ("unit", LONGEST_UNIT)):
        if not (1 <= len(cells[column]) <= longest and cells[column].isprintable()):
            yield f"{column} is missing or too long", f"write it in 1 to {longest} characters"
    if unit is not None and cells["unit"] != unit:
        yield f"{cells['code']} is counted in {unit}", "past quantities would change their meaning; use a new code"
    if standing is not None and (cells["name"], cells["unit"]) != (standing.name, standing.unit):
        yield f"{cells['code']} has another name or unit in a line before", "write the same in both"
    yield from _faults_of_pack(cells, standing)


def _faults_of_pack(cells: Cells, standing: Material | None) -> Iterator[tuple[str, str]]:
    if bool(cells["pack"]) != bool(cells["factor"]):
        yield "a pack and its factor go together", "give both, or neither"
    elif cells["pack"]:
        if len(cells["pack"]) > LONGEST_PACK or not cells["pack"].isprintable():
            yield "pack is too long", f"write it in 1 to {LONGEST_PACK} characters"
        if not WHOLE.fullmatch(cells["factor"]) or int(cells["factor"]) > LARGEST_FACTOR:
            what = f"factor {cells['factor'][:20]!r} is not a whole number from 1 to {LARGEST_FACTOR}"
            yield what, "say how many of the unit are in one pack"
        if standing is not None and cells["pack"] in {pack.name for pack in standing.packs}:
            yield f"pack {cells['pack']} stands twice", "remove one of the two lines"


def read_stock(text: str, *, file: str) -> list[StockRow]:
    """The opening stock of a CSV list, or FileRefused naming every line that is wrong."""
    rows: list[StockRow] = []
    problems: list[Problem] = []
    for line, cells in read_csv(
        text, columns=STOCK_COLUMNS, needed=("region", "material", "quantity", "ref"), file=file
    ):
        if not WHOLE.fullmatch(cells["quantity"]) or int(cells["quantity"]) > LARGEST_QUANTITY:
            what = f"quantity {cells['quantity'][:20]!r} is not a whole number from 1 to {LARGEST_QUANTITY}"
            problems.append(Problem(f"line {line}", what, "leave the line out if there is nothing", file))
            continue
        if not (1 <= len(cells["ref"]) <= LONGEST_REF and cells["ref"].isprintable()):
            problems.append(Problem(f"line {line}", "ref is missing or too long", "name the delivery note", file))
            continue
        row = StockRow(cells["region"], cells["material"], int(cells["quantity"]), cells["pack"] or None, cells["ref"])
        if any((row.ref, row.region, row.material) == (one.ref, one.region, one.material) for one in rows):
            problems.append(Problem(f"line {line}", "this delivery stands twice", "add the two quantities up", file))
        rows.append(row)
    if problems:
        raise FileRefused(problems)
    return rows
