"""What a simulated volunteer knows: what was said, what has to count, and what the office still has to decide.

Written from the promise alone, not from the service's rules: the highest revision that counts is in force, a void one
beats all, and what is held counts once the office says so.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]  # a tally's id and the number of a revision


@dataclass(frozen=True)
class Said:
    """A message and the first word that it has to get: created, held, rejected or conflict."""

    message: dict[str, Any]
    status: str

    @property
    def key(self) -> Key:
        return self.message["id"], self.message["revision"]


@dataclass
class Books:
    """One volunteer's. `factors`: how many of its unit a material's pack holds."""

    factors: dict[tuple[str, str], int]
    said: dict[Key, Said] = field(default_factory=dict)
    decisions: dict[Key, str] = field(default_factory=dict)

    def keep(self, said: Said) -> None:
        """Remember what has arrived. What was rejected or in conflict left nothing behind."""
        if said.status in {"created", "held"}:
            self.said[said.key] = said

    def totals(self) -> Counter[str]:
        """What the own page has to show: tallies, households, people, voided, held, and materials by code."""
        found: Counter[str] = Counter()
        for key in self._in_force().items():
            message = self.said[key].message
            found.update({"tallies": 1, "households": message["households"], "people": message["people"]})
            for one in message["handouts"]:
                found[one["material"]] += one["quantity"] * self.factors.get((one["material"], one.get("pack", "")), 1)
        visited = {one.message["id"] for one in self.said.values() if "void" not in one.message}
        found.update({"voided": len(visited & self._void()), "held": len({tally for tally, _ in self.waiting()})})
        return +found

    def waiting(self) -> list[Key]:
        """What the office has to decide on: held, and not void or revised since."""
        void, in_force = self._void(), self._in_force()
        held = [key for key, one in self.said.items() if one.status == "held" and key not in self.decisions]
        return [(tally, no) for tally, no in held if tally not in void and in_force.get(tally, 0) < no]

    def _void(self) -> set[str]:
        return {one.message["id"] for one in self.said.values() if "void" in one.message}

    def _in_force(self) -> dict[str, int]:
        void, highest = self._void(), dict[str, int]()
        for (tally, no), one in self.said.items():
            counts = one.status == "created" or self.decisions.get((tally, no)) == "count"
            if counts and tally not in void:
                highest[tally] = max(no, highest.get(tally, 0))
        return highest
