"""A drive from door to door as it really happens: what is in whose bag, and everything that is ever said of a visit.

Knows nothing of how the service counts. A story is a visit with all that is sent of it, wrong at first or in any
order; whoever tells it knows what is true, and so what has to be counted in the end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from quizsvc.kit.clock import rfc3339
from quizsvc.materials.rules import Material, Pack

Json = dict[str, Any]
BOX = Material("tissue-box", "反诈抽纸", "盒", [Pack("箱", 24)])
FAN = Material("fan", "反诈扇", "把", [Pack("捆", 50)])
LEAFLET = Material("leaflet", "反诈宣传单", "份", [Pack("包", 100)])
MATERIALS = (BOX, FAN, LEAFLET)
FACTORS = {one.code: one.packs[0].factor for one in MATERIALS}
PACKS = {one.code: one.packs[0].name for one in MATERIALS}
KINDS = ("volunteer", "grid-worker", "building-head")
SETTINGS = {"household": 12, "shop": 4, "talk": 1, "stall": 1}  # with their weights
A_YEAR = timedelta(days=365)

# What is said of a visit, with its weight: rightly, wrong at first, twice wrong, of a visit that never was, with a
# date that lies ahead, or of one where the volunteer does not serve.
PLOTS = {"plain": 60, "corrected": 12, "twice": 4, "void": 8, "ahead": 4, "elsewhere": 3}
HELD_FIRST = {"ahead", "elsewhere"}


@dataclass
class Keeper:
    """Whoever has goods. `gone`: what is there no more and nobody was told, as (when, material, quantity)."""

    goods: Counter[str] = field(default_factory=Counter)
    gone: list[tuple[datetime, str, int]] = field(default_factory=list)
    counted_at: dict[str, datetime] = field(default_factory=dict)

    def lose(self, material: str, quantity: int, *, at: datetime) -> None:
        """Rain, or somebody took them: nobody says so."""
        self.goods[material] -= quantity
        self.gone.append((at, material, quantity))

    def on_the_books(self, material: str) -> int:
        """What the ledger has to say: what is there, and what is gone since the last count and not yet noticed."""
        return self.goods[material] + self._gone(material, noticed=False)

    def noticed(self, material: str) -> int:
        """How much the counts found missing for good."""
        return self._gone(material, noticed=True)

    def _gone(self, material: str, *, noticed: bool) -> int:
        counted_at = self.counted_at.get(material)
        return sum(
            quantity
            for at, what, quantity in self.gone
            if what == material and (counted_at is not None and at < counted_at) == noticed
        )


@dataclass
class Walker(Keeper):
    """A volunteer with a bag, and what their phone has not sent yet: messages with the answer they have to get."""

    code: str = ""
    kind: str = ""
    community: str = ""
    next_door: str = ""
    outbox: list[tuple[Json, str]] = field(default_factory=list)


@dataclass
class Story:
    """A visit and its place in the end. `truth`: what has to be counted; None when it never was, or was refused."""

    walker: Walker
    occurred_at: datetime
    truth: Json | None
    handed_out: Mapping[str, int]


class Teller:
    """Makes stories up. Goods of a true visit leave the bag as it happens."""

    def __init__(self, random: Random, campaign: str) -> None:
        self.random, self.campaign = random, campaign
        self.stories: dict[str, Story] = {}

    def visit(self, walker: Walker, *, at: datetime, plainly: bool) -> None:
        """A walker makes a visit, or thinks so, and puts what is to be said of it into the outbox."""
        plot = "plain" if plainly else self.random.choices(list(PLOTS), list(PLOTS.values()))[0]
        truth = self._true(walker, at=at, region=walker.next_door if plot == "elsewhere" else walker.community)
        wrong = truth | {"people": truth["people"] + 3, "households": 2, "handouts": truth["handouts"][:1]}
        first = "held" if plot in HELD_FIRST else "created"
        messages: Sequence[Json]
        match plot:
            case "corrected":
                messages = [wrong, truth | {"revision": 2}]
            case "twice":
                messages = [wrong, wrong | {"revision": 2, "handouts": []}, truth | {"revision": 5}]
            case "void":
                messages = [wrong, truth | {"revision": 2}, {"id": truth["id"], "revision": 3, "void": True}]
            case "ahead":
                messages = [wrong | {"occurred_at": rfc3339(at + A_YEAR)}, truth | {"revision": 2}]
            case _:
                messages = [truth]
        said = [(one, first if one["revision"] == 1 else "created") for one in messages]
        walker.outbox += self.random.sample(said, len(said))
        handed_out = {} if plot == "void" else quantities(truth)
        walker.goods.subtract(handed_out)
        self.stories[truth["id"]] = Story(walker, at, None if plot == "void" else messages[-1], handed_out)

    def truths(self) -> list[Json]:
        """All that has to be counted."""
        return [one.truth for one in self.stories.values() if one.truth is not None]

    def refuse(self, tally_id: str) -> None:
        """The office does not believe it: the goods are gone all the same."""
        story = self.stories[tally_id]
        story.truth = None
        story.walker.gone += [(story.occurred_at, code, quantity) for code, quantity in story.handed_out.items()]

    def _true(self, walker: Walker, *, at: datetime, region: str) -> Json:
        setting = self.random.choices(list(SETTINGS), list(SETTINGS.values()))[0]
        household = setting == "household"
        return {
            "id": str(UUID(int=self.random.getrandbits(128), version=4)),
            "revision": 1,
            "campaign": self.campaign,
            "region": region,
            "setting": setting,
            "occurred_at": rfc3339(at),
            "households": int(household),
            "people": self.random.randint(1, 5) if household else self.random.randint(1, 40),
            "handouts": self._handouts(walker, by_pack=setting == "stall"),
        }

    def _handouts(self, walker: Walker, *, by_pack: bool) -> list[Json]:
        if by_pack and walker.goods[LEAFLET.code] >= FACTORS[LEAFLET.code]:
            return [{"material": LEAFLET.code, "quantity": 1, "pack": PACKS[LEAFLET.code]}]
        wished = {LEAFLET.code: self.random.randint(8, 20), BOX.code: self.random.randint(0, 3)}
        wished[FAN.code] = self.random.randint(0, 3)
        given = [(code, min(quantity, walker.goods[code])) for code, quantity in wished.items()]
        return [{"material": code, "quantity": quantity} for code, quantity in given if quantity]


def quantities(message: Json) -> Counter[str]:
    """What a message says was handed out, in base units."""
    found: Counter[str] = Counter()
    for one in message["handouts"]:
        found[one["material"]] += one["quantity"] * (FACTORS[one["material"]] if "pack" in one else 1)
    return found


def summed(truths: Sequence[Json]) -> dict[str, int]:
    """Totals of what has to be counted: tallies, households, people, and what was handed out by material."""
    found = Counter({"tallies": len(truths)})
    for one in truths:
        found.update({"households": one["households"], "people": one["people"]})
        found.update(quantities(one))
    return {name: number for name, number in found.items() if number}
