"""The box as arithmetic: deck, odds, carried prizes, hash chain, award codes. Anyone can recompute all of it."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from quizsvc.campaigns.rules import RoundPlan
from quizsvc.kit.canonical import canonical, sha256_hex

PLANNED, OPEN, CLOSED = ROUND_STATES = ("planned", "open", "closed")
WON, REDEEMED, EXPIRED, VOID = AWARD_STATES = ("won", "redeemed", "expired", "void")
CLERK_UNDO = timedelta(minutes=15)
WIN_IS_NEWS = timedelta(days=2)  # a later message would only make people wonder
REMIND_BEFORE = timedelta(days=3)
CODE_DIGITS = 12

# Damm's quasigroup of order 10 (H. M. Damm, 2004): catches every wrong digit and every swap of neighbours.
DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)

Deck = tuple[str | None, ...]


@dataclass(frozen=True)
class Count:
    """So many cards carry this prize."""

    code: str
    count: int


@dataclass(frozen=True)
class Round:
    """A round as stored. `planned` and `carried` stand in the order of the campaign's prize list."""

    id: UUID
    campaign_id: UUID
    no: int
    state: str
    opens_at: datetime
    closes_at: datetime
    cards: int
    planned: Sequence[Count]
    carried: Sequence[Count]
    commitment: str
    sealed_seed: str
    beacon: str | None
    rules_hash: str | None
    anchored_at: datetime | None
    previous_head: str | None
    head: str | None
    list_hash: str | None = None

    @property
    def is_closing_draw(self) -> bool:
        return self.list_hash is not None

    def is_due(self, *, now: datetime) -> bool:
        """Whether the round's window holds this moment: half-open."""
        return self.opens_at <= now < self.closes_at


@dataclass(frozen=True)
class Anchor:
    """What could be said of a round's draws up to a moment: how many, the highest position, their digest."""

    at: datetime
    count: int
    highest: int
    digest: str


@dataclass(frozen=True)
class Draw:
    """A ticket's card. `prize` None: a blank. `alias` is the ticket's public name."""

    ticket_id: UUID
    citizen_id: UUID
    round_id: UUID
    campaign_id: UUID
    round_no: int
    position: int
    alias: str
    prize: str | None
    drawn_at: datetime


@dataclass(frozen=True)
class Entry:
    """Somebody in the closing draw, known to the public by `alias`. `position` None: not drawn yet."""

    id: UUID
    limit_key: str
    citizen_id: UUID
    region_id: UUID | None
    alias: str
    position: int | None = None
    prize: str | None = None
    drawn_at: datetime | None = None


@dataclass(frozen=True)
class Award:
    """A win, by a ticket's draw or by an entry of the closing draw."""

    id: UUID
    ticket_id: UUID | None
    entry_id: UUID | None
    campaign_id: UUID
    citizen_id: UUID
    region_id: UUID | None
    prize: str
    state: str
    won_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Redemption:
    """A scan that redeemed an award."""

    id: UUID
    award_id: UUID
    staff_id: UUID
    staff_name: str
    region_id: UUID
    redeemed_at: datetime
    note: str
    undone_at: datetime | None


def state_at(award: Award, *, now: datetime) -> str:
    """The award's state by the clock: one that was not fetched in time is expired before tick says so."""
    return EXPIRED if award.state == WON and now >= award.expires_at else award.state


def commitment_of(seed: bytes) -> str:
    """SHA-256 of the 32 seed bytes, published with the rules."""
    return hashlib.sha256(seed).hexdigest()


def total(planned: Sequence[Count], carried: Sequence[Count], *, order: Sequence[str]) -> list[Count]:
    """Planned and carried counts added up, in the order of the prize list."""
    sums = dict.fromkeys(order, 0)
    for one in (*planned, *carried):
        sums[one.code] += one.count
    return [Count(code, count) for code, count in sums.items() if count]


def shuffle_deck(
    seed: bytes, *, campaign: str, round_no: int, beacon: str, cards: int, prizes: Sequence[Count]
) -> Deck:
    """The deck: what each card carries, card 1 first.

    Card i ranks by HMAC-SHA256(seed, "quizsvc/deck/v1|<campaign>|<round>|<beacon>|<i>"); the cards of lowest rank take
    the prizes in the order of `prizes`; all others are blanks (DESIGN section 5).
    """
    prefix = f"quizsvc/deck/v1|{campaign}|{round_no}|{beacon}|"
    ranked = sorted(range(1, cards + 1), key=lambda i: hmac.digest(seed, f"{prefix}{i}".encode(), "sha256"))
    deck: list[str | None] = [None] * cards
    taken = iter(ranked)
    for prize in prizes:
        for _ in range(prize.count):
            deck[next(taken) - 1] = prize.code
    return tuple(deck)


def leftover(prizes: Sequence[Count], drawn: Mapping[str, int]) -> list[Count]:
    """The prizes that a closed round leaves to the next one. `drawn`: prize cards drawn, by code."""
    left = ((one.code, one.count - drawn.get(one.code, 0)) for one in prizes)
    return [Count(code, count) for code, count in left if count]


@dataclass(frozen=True)
class Forecast:
    """What a round would come to: draws, when its box would be empty (None: never), cards and prizes it would leave."""

    no: int
    cards: int
    draws: int
    empty_at: datetime | None
    cards_left: int
    prizes_left: float


def forecast(plans: Sequence[RoundPlan], *, tickets_per_day: float) -> list[Forecast]:
    """Play the rounds with so many tickets a day, evenly earned and drawn at once; tickets without a card wait.

    Undrawn prizes are carried over; how many stay undrawn is the expected number, the cards being shuffled.
    """
    found: list[Forecast] = []
    waiting = carried = 0.0
    for plan in plans:
        earned = tickets_per_day * ((plan.closes_at - plan.opens_at) / timedelta(days=1))
        draws = min(plan.cards, int(waiting + earned))
        empty_at = None
        if waiting + earned >= plan.cards:
            needed = max(0.0, plan.cards - waiting)
            empty_at = plan.opens_at + timedelta(days=needed / tickets_per_day if needed else 0)
        waiting = waiting + earned - draws
        carried = (carried + sum(plan.planned.values())) * (plan.cards - draws) / plan.cards
        found.append(Forecast(plan.no, plan.cards, draws, empty_at, plan.cards - draws, round(carried, 1)))
    return found


def list_hash(aliases: Iterable[str]) -> str:
    """SHA-256 of the canonical JSON of the closing draw's aliases, sorted: fixes who takes part."""
    return sha256_hex(canonical(sorted(aliases)))


def order_entries(aliases: Iterable[str], *, beacon: str) -> list[str]:
    """The closing draw's order: by SHA-256(beacon|alias); the first takes card 1 (DESIGN section 5)."""
    return sorted(aliases, key=lambda alias: sha256_hex(f"{beacon}|{alias}"))


def link(previous: str, line: Mapping[str, Any]) -> str:
    """The hash of a ledger line: SHA-256 of the hash before it and the line's canonical JSON (without `hash`)."""
    return sha256_hex(previous + canonical({key: value for key, value in line.items() if key != "hash"}))


def anchor_digest(lines: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the lines' canonical JSON (without `hash`), joined by line feeds in order of position."""
    return sha256_hex("\n".join(canonical(line) for line in lines))


def date_draw(now: datetime, *, anchored_at: datetime | None) -> datetime:
    """When a draw counts as drawn: now, but after the latest anchor, even if the clock was set back."""
    return now if anchored_at is None else max(now, anchored_at + timedelta(milliseconds=1))


def chain_head(header: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> str:
    """The last hash of a round's ledger; hash 0 is that of the header (DESIGN section 10)."""
    head = sha256_hex(canonical(header))
    for line in lines:
        head = link(head, line)
    return head


def check_digit(digits: str) -> str:
    """Damm's check digit of a string of digits."""
    interim = 0
    for digit in digits:
        interim = int(DAMM[interim][int(digit)])
    return str(interim)


def award_code(digest: bytes) -> str:
    """Eleven digits from a keyed digest, and their check digit: can be read aloud."""
    digits = f"{int.from_bytes(digest[:16]) % 10 ** (CODE_DIGITS - 1):0{CODE_DIGITS - 1}}"
    return digits + check_digit(digits)


def is_code(text: str) -> bool:
    """Whether this can be an award code at all: twelve digits whose check digit agrees."""
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit() and check_digit(text) == "0"
