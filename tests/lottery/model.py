"""The box as arithmetic, written from DESIGN's words alone: what the service is held against in test_model."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def shuffled(name: str, *, seed: bytes, cards: int, prizes: Iterable[str]) -> list[str | None]:
    """What each card carries, card 1 first. `name`: "<campaign>|<round>|<beacon>"."""

    def rank(card: int) -> bytes:
        return hmac.new(seed, f"quizsvc/deck/v1|{name}|{card}".encode(), hashlib.sha256).digest()

    carries = dict(zip(sorted(range(1, cards + 1), key=rank), prizes, strict=False))
    return [carries.get(card) for card in range(1, cards + 1)]


def head_of(bundle: Mapping[str, Any]) -> str:
    """The head of a published bundle, from its header and its lines."""
    head = sha256(canonical({k: v for k, v in bundle.items() if k not in ("seed", "anchors", "head", "lines")}))
    for line in bundle["lines"]:
        head = sha256(head + canonical({k: v for k, v in line.items() if k != "hash"}))
    return head


@dataclass
class Box:
    """A round. `drawn` is ticket -> position; each of `lost` replies may have burnt one card, and no more."""

    no: int
    slug: str
    seed: bytes
    opens_at: datetime
    closes_at: datetime
    cards: int
    planned: Mapping[str, int]
    order: Sequence[str]
    carried: Counter[str] = field(default_factory=Counter)
    state: str = "planned"
    drawn: dict[UUID, int] = field(default_factory=dict)
    lost: int = 0

    @property
    def prizes(self) -> Counter[str]:
        return Counter(self.planned) + self.carried

    def deck(self) -> list[str | None]:
        carried = [code for code in self.order for _ in range(self.prizes[code])]
        return shuffled(f"{self.slug}|{self.no}|", seed=self.seed, cards=self.cards, prizes=carried)

    def outcomes(self) -> dict[UUID, str | None]:
        """What every drawn ticket got."""
        deck = self.deck()
        return {ticket: deck[position - 1] for ticket, position in self.drawn.items()}

    def won(self) -> Counter[str]:
        return Counter(prize for prize in self.outcomes().values() if prize is not None)

    def holds(self, moment: datetime) -> bool:
        return self.opens_at <= moment < self.closes_at

    def may_give(self, position: int) -> bool:
        """Whether the next draw may get this card: a free one, and none burnt but by lost replies."""
        free = 1 <= position <= self.cards and position not in self.drawn.values()
        return free and position <= len(self.drawn) + self.lost + 1

    @property
    def may_be_empty(self) -> bool:
        return len(self.drawn) + self.lost >= self.cards


def pass_time(boxes: Sequence[Box], *, now: datetime) -> None:
    """Close what is over and open what is due, in order; what a box leaves goes into the next."""
    for box, following in zip(boxes, [*boxes[1:], None], strict=True):
        if box.state == "planned" and box.opens_at <= now:
            box.state = "open"
        if box.state == "open" and box.closes_at <= now:
            box.state = "closed"
            if following is not None:
                following.carried = box.prizes - box.won()
        if box.state != "closed":
            return


@dataclass
class Desk:
    """Redemptions of a campaign's awards, by award code and scan id."""

    scans: dict[UUID, tuple[str, str, datetime]] = field(default_factory=dict)  # code, who, when
    undone: set[UUID] = field(default_factory=set)

    def standing(self, code: str) -> UUID | None:
        found = [scan for scan, (scanned, _, _) in self.scans.items() if scanned == code and scan not in self.undone]
        return found[0] if found else None
