"""The material ledger of an archive: its sums anew, and the goods of each redemption."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from quizsvc.backoffice.check_prizes import Scan
from quizsvc.backoffice.folder import Broken, read_sorted

Line = dict[str, Any]
REVERSAL, SOURCE = "reversal", "redemption"
# Where what comes in or goes out belongs, by the kind of the other end; a reversal takes back what it names.
INWARD = {"supplier": "received", "store": "moved_in", "volunteer": "moved_in"}
OUTWARD = {
    "public": "handed_out",
    "lost": "lost",
    "supplier": "returned",
    "store": "moved_out",
    "volunteer": "moved_out",
}
COLUMNS = ("received", "difference", "moved_in", "handed_out", "lost", "returned", "moved_out")


class Ledger:
    """The movements of an archive, added up as they are read."""

    def __init__(self, books: Sequence[Line]) -> None:
        self.sums: dict[str, Counter[str]] = {one["material"]: Counter() for one in books}
        self.held: dict[str, Counter[str]] = {one["material"]: Counter() for one in books}
        self.ours = {one["material"]: {line["holder"] for line in one["balances"]} for one in books}
        self.reversed: set[str] = set()
        self.ids: set[str] = set()
        self.of_scans: dict[str, dict[str, tuple[str, Line]]] = defaultdict(dict)

    def add(self, where: str, line: Line) -> None:
        """Add one line up; Broken when it is none that the ledger could hold."""
        code, quantity = line["material"], line["quantity"]
        if code not in self.sums or not isinstance(quantity, int) or quantity < 0 or line["id"] in self.ids:
            raise Broken(f"{where}: is no movement of the campaign's goods, or stands twice")
        self.ids.add(line["id"])
        gave, took = line["giver"] in self.ours[code], line["taker"] in self.ours[code]
        if not (gave or took):
            raise Broken(f"{where}: touches no store or volunteer of the books")
        for end, sign in ((line["giver"], -quantity), (line["taker"], quantity)):
            if end is not None and end in self.ours[code]:
                self.held[code][end] += sign
        if gave != took:
            self._sum_up(line, inward=took)
        if line["act"] == REVERSAL or line["reverses"] is not None:
            if line["reverses"] in self.reversed or line["act"] != REVERSAL:
                raise Broken(f"{where}: {line['reverses']} is reversed twice, or by what is no reversal")
            self.reversed.add(line["reverses"])
        if line["source"] == SOURCE and line["act"] != "count":
            self.of_scans[line["ref"]][line["act"]] = (where, line)

    def _sum_up(self, line: Line, *, inward: bool) -> None:
        other = line["giver"] if inward else line["taker"]
        kind = None if other is None else other.partition(":")[0]
        sums, quantity = self.sums[line["material"]], line["quantity"]
        if line["act"] == REVERSAL:  # counts against what it takes back, which went the other way
            sums[(OUTWARD if inward else INWARD)[str(kind)]] -= quantity
        elif kind is None:
            sums["difference"] += quantity if inward else -quantity
        else:
            sums[(INWARD if inward else OUTWARD)[kind]] += quantity


def check_movements(root: Path, books: Sequence[Line], scans: Sequence[Scan], rules: Line) -> None:
    """received + differences (+ moved in) = handed out + lost + returned (+ moved out) + on hand, of each material."""
    ledger = Ledger(books)
    for where, line in read_sorted(root, "movements.jsonl", _place_of):
        ledger.add(where, line)
    if astray := ledger.reversed - ledger.ids:
        raise Broken(f"movements.jsonl: {min(astray)} is reversed and not there")
    for one in books:
        _check_book(one, ledger.sums[one["material"]], ledger.held[one["material"]])
    materials = {one["code"]: one.get("material") for one in rules["prizes"]}
    for scan in scans:
        if (material := materials.get(scan.line["prize"])) is not None:
            _check_goods(scan, material, ledger.of_scans.get(scan.line["scan"], {}))


def _place_of(line: Line) -> tuple[datetime, UUID]:
    return datetime.fromisoformat(line["posted_at"]), UUID(line["id"])


def _check_book(book: Line, sums: Mapping[str, int], held: Mapping[str, int]) -> None:
    where = f"books.json: {book['material']}"
    for column in COLUMNS:
        if sums.get(column, 0) != book[column]:
            raise Broken(f"{where}: {column} is {book[column]}, the movements make {sums.get(column, 0)}")
    for line in book["balances"]:
        if (meant := held.get(line["holder"], 0)) != line["quantity"]:
            raise Broken(f"{where}: {line['holder']} has {line['quantity']}, the movements make {meant}")
    came = book["received"] + book["difference"] + book["moved_in"]
    went = book["handed_out"] + book["lost"] + book["returned"] + book["moved_out"] + book["on_hand"]
    if came != went or book["on_hand"] != sum(line["quantity"] for line in book["balances"]):
        raise Broken(f"{where}: {came} came and {went} went or are there")


def _check_goods(scan: Scan, material: str, moved: Mapping[str, tuple[str, Line]]) -> None:
    """One piece left the desk's store with the redemption, and came back if it was undone."""
    said = scan.line
    meant = {"hand_out": (f"store:{said['region']}", "public", said["redeemed_at"], said["redeemed_by"])}
    if said["undone_at"] is not None:
        meant[REVERSAL] = ("public", f"store:{said['region']}", said["undone_at"], said["undone_by"])
    if moved.keys() != meant.keys():
        raise Broken(f"{scan.where}: {sorted(meant)} of {material} should be in the ledger, found {sorted(moved)}")
    for act, (where, line) in moved.items():
        found = (line["giver"], line["taker"], line["posted_at"], line["posted_by"])
        if found != meant[act] or (line["material"], line["quantity"]) != (material, 1):
            raise Broken(f"{where}: is not the {act} of scan {said['scan']} ({scan.where})")
