"""A campaign's definition and what must be true of it, its lifecycle, and when it takes papers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from quizsvc.kit.canonical import sha256_hex

HIGHEST_PRIZE_FEN = 5_000_000  # 规范促销行为暂行规定, the market regulator's order 32
PRIZE_KINDS = ("goods", "coupon")
RETURNED, CLOSING_DRAW = LEFTOVERS = ("returned", "closing-draw")

DRAFT, PUBLISHED, PAUSED, CLOSING, CLOSED, ARCHIVED = "draft", "published", "paused", "closing", "closed", "archived"
STATES = (DRAFT, PUBLISHED, PAUSED, CLOSING, CLOSED, ARCHIVED)
MOVES = frozenset(
    {
        (DRAFT, PUBLISHED),
        (PUBLISHED, PAUSED),
        (PAUSED, PUBLISHED),
        (PUBLISHED, CLOSING),
        (PAUSED, CLOSING),
        (CLOSING, CLOSED),
        (CLOSED, ARCHIVED),
    }
)


@dataclass(frozen=True)
class PlanLine:
    """So many questions of one scam type and difficulty."""

    scam_type: str
    difficulty: int
    count: int


@dataclass(frozen=True)
class PaperPlan:
    """How a paper is dealt and marked. `minutes` 0: no limit."""

    lines: Sequence[PlanLine]
    pass_percent: int
    minutes: int
    per_day: int

    @property
    def questions(self) -> int:
        return sum(line.count for line in self.lines)


@dataclass(frozen=True)
class Prize:
    """What can be won. Value in fen. `material`: what leaves the desk's store when it is handed over."""

    code: str
    name: str
    value_fen: int
    kind: str
    material: str | None = None


@dataclass(frozen=True)
class RoundPlan:
    """A stretch of the campaign with its own box. `planned`: cards per prize code, in the order of the prize list."""

    no: int
    opens_at: datetime
    closes_at: datetime
    cards: int
    planned: Mapping[str, int]
    commitment: str | None


@dataclass(frozen=True)
class Definition:
    """All that a campaign's file says; frozen into the rules when it is published."""

    slug: str
    title: str
    region: str
    opens_at: datetime
    closes_at: datetime
    late_days: int
    organiser: Mapping[str, str]
    partners: Sequence[Mapping[str, str]]
    privacy: str
    conditions: str
    method: str
    handover: str
    claim_until: datetime
    leftovers: str
    beacon: str
    max_wins: int
    paper: PaperPlan
    prizes: Sequence[Prize]
    rounds: Sequence[RoundPlan]
    document: Mapping[str, Any]

    @property
    def privacy_version(self) -> str:
        """Names one text of the privacy notice."""
        return sha256_hex(self.privacy)[:16]

    def prize(self, code: str) -> Prize:
        """The prize with this code."""
        return next(prize for prize in self.prizes if prize.code == code)

    @property
    def uploads_until(self) -> datetime:
        """When late tallies are taken no more; the campaign is closed then."""
        return self.closes_at + timedelta(days=self.late_days)

    @property
    def has_draws(self) -> bool:
        return bool(self.rounds)


@dataclass(frozen=True)
class Campaign:
    """A campaign as it stands. `version` is 0 while it is a draft."""

    id: UUID
    slug: str
    region_id: UUID
    state: str
    version: int
    drafted_by: str
    definition: Definition
    rules_hash: str


@dataclass(frozen=True)
class Amendment:
    """What the rules of a published campaign shall become, and why; waits for a second person."""

    definition: Definition
    reason: str
    drafted_by: str


@dataclass(frozen=True)
class Version:
    """Rules that were published. `reason` of an amendment; `withdrawn_*` of rules that nobody took part under."""

    version: int
    rules_hash: str
    published_at: datetime
    reason: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


def definition_of(document: Mapping[str, Any]) -> Definition:
    """A definition from its JSON document, which the file's schema (or a publication) has brought into shape."""
    paper = document["paper"]
    return Definition(
        slug=document["slug"],
        title=document["title"],
        region=document["region"],
        opens_at=datetime.fromisoformat(document["opens_at"]),
        closes_at=datetime.fromisoformat(document["closes_at"]),
        late_days=document["late_days"],
        organiser=document["organiser"],
        partners=document["partners"],
        privacy=document["privacy"],
        conditions=document["conditions"],
        method=document["method"],
        handover=document["handover"],
        claim_until=datetime.fromisoformat(document["claim_until"]),
        leftovers=document["leftovers"],
        beacon=document["beacon"],
        max_wins=document["max_wins"],
        paper=PaperPlan(
            lines=[PlanLine(**line) for line in paper["plan"]],
            pass_percent=paper["pass_percent"],
            minutes=paper["minutes"],
            per_day=paper["per_day"],
        ),
        prizes=[Prize(**prize) for prize in document["prizes"]],
        rounds=[
            RoundPlan(
                no=one["no"],
                opens_at=datetime.fromisoformat(one["opens_at"]),
                closes_at=datetime.fromisoformat(one["closes_at"]),
                cards=one["cards"],
                planned={line["code"]: line["count"] for line in one["planned"]},
                commitment=one.get("commitment"),
            )
            for one in document["rounds"]
        ],
        document=document,
    )


Fault = tuple[str, str, str]


def find_faults(definition: Definition) -> list[Fault]:
    """What keeps a campaign from being published, as (where, what, how to mend); [notice] of FACTS' prize rules."""
    return [
        *_faults_of_texts(definition),
        *_faults_of_windows(definition),
        *_faults_of_paper(definition.paper),
        *_faults_of_prizes(definition),
        *_faults_of_boxes(definition),
    ]


def _faults_of_texts(definition: Definition) -> Iterable[Fault]:
    wanted = {
        "privacy": definition.privacy,
        "rules.conditions": definition.conditions,
        "organiser.name": definition.organiser["name"],
        "organiser.contact": definition.organiser["contact"],
    }
    if definition.has_draws:
        wanted |= {"rules.method": definition.method, "rules.handover": definition.handover}
    for where, text in wanted.items():
        if not text.strip():
            yield where, "is empty", "participants must be told this before it opens; write it"


def _faults_of_windows(definition: Definition) -> Iterable[Fault]:
    if definition.opens_at >= definition.closes_at:
        yield "closes_at", "is not after opens_at", "let the campaign end after it begins"
    for one in definition.rounds:
        where = f"round[{one.no}]"
        if one.opens_at >= one.closes_at:
            yield f"{where}.closes_at", "is not after opens_at", "let the round end after it begins"
        if one.opens_at < definition.opens_at or one.closes_at > definition.closes_at:
            yield where, "reaches outside the campaign", "keep the round within opens_at and closes_at"
    for earlier, later in pairwise(definition.rounds):
        if later.opens_at < earlier.closes_at:
            yield f"round[{later.no}].opens_at", f"overlaps round {earlier.no}", "open it when the round before closes"
    if definition.rounds and definition.claim_until <= definition.rounds[-1].closes_at:
        yield "rules.claim_until", "is not after the last round", "leave winners time to fetch their prizes"
    if definition.leftovers == CLOSING_DRAW:
        if definition.claim_until <= definition.closes_at:
            yield "rules.claim_until", "is not after closes_at", "the closing draw is held between the two"
        if not definition.beacon:
            yield "rules.beacon", "is empty", "a closing draw is ordered by a public number; name the one it will be"


def _faults_of_paper(paper: PaperPlan) -> Iterable[Fault]:
    if not paper.lines:
        yield "paper.plan", "is empty", "say how many questions of which scam type and difficulty"
    seen = [(line.scam_type, line.difficulty) for line in paper.lines]
    for key in sorted({key for key in seen if seen.count(key) > 1}):
        yield "paper.plan", f"{key[0]} of difficulty {key[1]} stands twice", "add the counts up in one line"


def _faults_of_prizes(definition: Definition) -> Iterable[Fault]:
    codes = [prize.code for prize in definition.prizes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield "prize", f"code {code} stands twice", "give every prize its own code"
    for prize in definition.prizes:
        if prize.value_fen > HIGHEST_PRIZE_FEN:
            yield f"prize {prize.code}", "is worth more than 50,000 yuan", "the market regulator's order 32 forbids it"
        if prize.material is not None and prize.kind != "goods":
            yield f"prize {prize.code}", "names a material and is no goods", "leave the material out"
    if definition.rounds and not definition.prizes:
        yield "prize", "there are rounds and no prize", "name the prizes, or leave the rounds out"


def _faults_of_boxes(definition: Definition) -> Iterable[Fault]:
    codes = {prize.code for prize in definition.prizes}
    so_far = 0
    for one in definition.rounds:
        for code in sorted(set(one.planned) - codes):
            yield f"round[{one.no}].prizes", f"{code} is no prize of this campaign", "use a code of the prize list"
        so_far += sum(one.planned.values())
        if so_far > one.cards:
            yield (
                f"round[{one.no}].cards",
                f"{one.cards} cards cannot carry {so_far} prizes (its own and those that rounds before may leave)",
                "more cards, or fewer prizes",
            )


def is_running(state: str) -> bool:
    """Whether the campaign may deal and draw, now or after a pause."""
    return state in (PUBLISHED, PAUSED)


def is_public(state: str) -> bool:
    """Whether people may see the campaign."""
    return state != DRAFT
