"""The promises that a client can see, as functions of answers: each tells what was broken, or nothing.

What it tells names fields, numbers and codes of refusals, never a redemption code or a coupon: it is printed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
SECRET_BEFORE_THE_MARK = frozenset({"answer", "explanation", "correct"})
GOOD = frozenset({200, 201, 204, 304})
TRY_AGAIN = frozenset({429, 503})


@dataclass(frozen=True)
class Answer:
    """What came back on a call. `content` is the JSON, None when there was none; `retry_after` as sent."""

    status: int
    content: Any
    retry_after: str | None = None
    etag: str | None = None

    @property
    def is_good(self) -> bool:
        return self.status in GOOD

    @property
    def errcode(self) -> str:
        """The refusal's code, or a word for its absence."""
        code = self.content.get("errcode") if isinstance(self.content, Mapping) else None
        return code if isinstance(code, str) and code else "(none)"


@dataclass(frozen=True)
class Violation:
    """A broken promise: what was seen, and on which call of whom."""

    what: str
    where: str


@dataclass(frozen=True)
class Plan:
    """What a campaign's page promises to everybody. `prizes`: kind by code."""

    slug: str
    region: str
    questions: int
    pass_percent: int
    minutes: int
    max_wins: int
    has_draws: bool
    prizes: Mapping[str, str]

    @classmethod
    def of(cls, page: Json) -> "Plan":
        """The plan on a campaign's page; KeyError or TypeError when the page has another shape."""
        return cls(
            slug=page["slug"],
            region=page["rules"]["region"],
            questions=page["paper"]["questions"],
            pass_percent=page["paper"]["pass_percent"],
            minutes=page["paper"]["minutes"],
            max_wins=page["rules"]["max_wins"],
            has_draws=bool(page["rounds"]),
            prizes={prize["code"]: prize["kind"] for prize in page["prizes"]},
        )


def faults_of_answer(answer: Answer) -> Iterable[str]:
    """A right request is answered well, refused by state (409), or asked to come again with Retry-After."""
    if answer.is_good:
        return
    yield from faults_of_refusal(answer)
    if answer.status >= 500 and answer.status != 503:
        yield f"a {answer.status} ({answer.errcode})"
    elif answer.status in TRY_AGAIN:
        if seconds_to_wait(answer.retry_after) is None:
            yield f"a {answer.status} without Retry-After"
    elif answer.status != 409:
        yield f"a right request was answered with {answer.status} ({answer.errcode})"


def faults_of_refusal(answer: Answer) -> Iterable[str]:
    """A refusal carries errcode, errmsg and request_id."""
    content = answer.content if isinstance(answer.content, Mapping) else {}
    missing = [name for name in ("errcode", "errmsg", "request_id") if not _is_text(content.get(name))]
    if missing:
        yield f"a {answer.status} without {', '.join(missing)}"


def seconds_to_wait(retry_after: str | None) -> int | None:
    """Retry-After in seconds; None when it is missing or no number of them."""
    return int(retry_after) if retry_after is not None and retry_after.isascii() and retry_after.isdigit() else None


def faults_of_repeat(first: Answer, again: Answer) -> Iterable[str]:
    """A repeat returns the first answer. To be asked to come again breaks nothing."""
    if again.is_good:
        yield from faults_of_same(first.content, again.content)
    elif again.status not in TRY_AGAIN:
        yield f"a repeat was refused with {again.errcode}"


def faults_of_same(first: Any, again: Any) -> Iterable[str]:
    """Two answers about one thing are the same; told by the names of the fields that differ."""
    if first == again:
        return
    if isinstance(first, Mapping) and isinstance(again, Mapping):
        differing = sorted(name for name in first.keys() | again.keys() if first.get(name) != again.get(name))
        yield f"a repeat answers differently in {', '.join(differing)}"
    else:
        yield "a repeat answers differently"


def faults_of_revalidation(first: Answer, again: Answer) -> Iterable[str]:
    """Whoever names the page's ETag is told 304, or given another page under another ETag."""
    if again.status == 304 or not again.is_good:
        return
    if again.etag == first.etag:
        yield "a full answer to the ETag that stands"
    elif again.content == first.content:
        yield "the same page under another ETag"


def faults_of_paper(paper: Json, plan: Plan) -> Iterable[str]:
    """A dealt paper is full, numbered from 1, and holds nothing that belongs to the mark."""
    numbers = [question["no"] for question in paper["questions"]]
    if len(numbers) != plan.questions:
        yield f"a paper of {len(numbers)} questions instead of {plan.questions}"
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"questions numbered {numbers}"
    leaked = sorted(SECRET_BEFORE_THE_MARK & set(_keys(paper)))
    if leaked:
        yield f"{', '.join(leaked)} on the wire before the mark"


def _keys(value: Any) -> Iterable[str]:
    """Every key at any depth."""
    if isinstance(value, Mapping):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def faults_of_mark(mark: Json, *, sent: Mapping[int, Sequence[str]], plan: Plan, seconds: float) -> Iterable[str]:
    """The mark agrees with its own review, with what was sent, and with the published rules.

    `seconds` lie between asking for the paper and holding the mark: an upper bound of what the server measured.
    """
    review = mark["review"]
    right = sum(one["correct"] for one in review)
    if mark["total"] != plan.questions or [one["no"] for one in review] != list(range(1, plan.questions + 1)):
        yield f"a mark over {mark['total']} and a review of {len(review)} questions instead of {plan.questions}"
    if mark["correct"] != right:
        yield f"{mark['correct']} correct, and {right} in the review"
    for one in review:
        if one["correct"] != (set(one["choices"]) == set(one["answer"])):
            yield f"question {one['no']} is marked against its own answer"
        if set(one["choices"]) != set(sent.get(one["no"], ())):
            yield f"question {one['no']} shows choices that were not sent"
        if not one["explanation"]:
            yield f"question {one['no']} has no explanation"
    if mark["passed"] != (mark["correct"] * 100 >= plan.pass_percent * mark["total"]):
        yield f"passed is {mark['passed']} with {mark['correct']} of {mark['total']} at {plan.pass_percent} %"
    if mark["late"] and (not plan.minutes or seconds < plan.minutes * 60):
        yield f"late after {seconds:.0f} s of {plan.minutes} minutes"
    earned = int(mark["passed"] and not mark["late"] and plan.has_draws)
    if len(mark["tickets"]) != earned:
        yield f"{len(mark['tickets'])} tickets for passed={mark['passed']}, late={mark['late']}"


def faults_of_outcome(outcome: Json, plan: Plan) -> Iterable[str]:
    """A win comes with prize, award, code (and coupon, where that is the prize); a blank with none of them."""
    prize, award, receipt = outcome["prize"], outcome["award"], outcome["receipt"]
    if outcome["outcome"] == "missed":
        if prize is not None or award is not None:
            yield "missed, with a prize or an award"
    elif outcome["outcome"] != "won":
        yield f"an outcome {outcome['outcome']!r}"
    elif prize is None or award is None:
        yield "won, without prize or award"
    else:
        yield from _faults_of_win(prize, award, plan)
    card = receipt["round"], receipt["position"]
    if receipt["campaign"] != plan.slug or min(card) < 1 or not receipt["ticket"] or not receipt["drawn_at"]:
        yield "a receipt that names no card of this campaign"


def _faults_of_win(prize: Json, award: Json, plan: Plan) -> Iterable[str]:
    code = award["code"]
    if not (isinstance(code, str) and len(code) == 12 and code.isascii() and code.isdigit()):
        yield "a redemption code that is not 12 digits"
    if prize["code"] not in plan.prizes:
        yield f"won {prize['code']}, which is no prize of the campaign"
    elif (plan.prizes[prize["code"]] == "coupon") != (award["coupon"] is not None):
        yield f"won {prize['code']} {'without its' if award['coupon'] is None else 'with a'} coupon"
    elif award["coupon"] is not None and not award["coupon"]["code"]:
        yield f"won {prize['code']} with an empty coupon"


def faults_of_wins(wins: int, plan: Plan) -> Iterable[str]:
    """Nobody wins more often than the rules allow."""
    if wins > plan.max_wins:
        yield f"won {wins} times, {plan.max_wins} are allowed"


def faults_of_own_state(state: Json, outcomes: Mapping[str, Json | None]) -> Iterable[str]:
    """The own page shows exactly the tickets earned, those drawn as drawn, and every win. `outcomes` by ticket."""
    shown = {ticket["id"]: ticket["drawn"] for ticket in state["tickets"]}
    if shown.keys() != outcomes.keys():
        yield f"{len(shown)} tickets shown, {len(outcomes)} earned, not the same"
    if any(outcome is not None and shown.get(ticket) is not True for ticket, outcome in outcomes.items()):
        yield "a drawn ticket is not shown as drawn"
    yield from faults_of_awards(state["awards"], outcomes.values())


def faults_of_awards(awards: Iterable[Json], outcomes: Iterable[Json | None]) -> Iterable[str]:
    """Every award that a draw gave is listed, with the same code."""
    listed = {award["id"]: award["code"] for award in awards}
    won = [outcome["award"] for outcome in outcomes if outcome is not None and outcome["award"] is not None]
    missing = sum(listed.get(award["id"]) != award["code"] for award in won)
    if missing:
        yield f"{missing} of {len(won)} awards missing or listed with another code"


def faults_of_box(outcomes: Sequence[Json], rounds: Iterable[Json]) -> Iterable[Violation]:
    """No card, alias, code or coupon twice; no card outside the box; no more wins than cards that carry them.

    `outcomes`: one per ticket. Counted per round, so that a prize carried over counts where it is drawn.
    """
    receipts = [outcome["receipt"] for outcome in outcomes]
    awards = [outcome["award"] for outcome in outcomes if outcome["award"] is not None]
    coupons = [award["coupon"]["code"] for award in awards if award["coupon"] is not None]
    for what, seen in (
        ("the same card drawn by two tickets", [(one["round"], one["position"]) for one in receipts]),
        ("the same ticket alias on two receipts", [one["ticket"] for one in receipts]),
        ("the same redemption code for two awards", [one["code"] for one in awards]),
        ("the same coupon for two awards", coupons),
    ):
        repeated = sum(count > 1 for count in Counter(seen).values())
        if repeated:
            yield Violation(f"{what}, {repeated} times", "all draws")
    won = Counter((o["receipt"]["round"], o["prize"]["code"]) for o in outcomes if o["prize"] is not None)
    cards: dict[int, int] = {}
    carrying: Counter[tuple[int, str]] = Counter()
    for one in rounds:
        cards[one["no"]] = one["cards"]
        for count in (*one["planned"], *one["carried"]):
            carrying[one["no"], count["code"]] += count["count"]
    for (no, prize), wins in sorted(won.items()):
        if wins > carrying[no, prize]:
            yield Violation(f"{wins} wins of {prize}, {carrying[no, prize]} cards carry it", f"all draws of round {no}")
    for receipt in receipts:
        if receipt["position"] > cards.get(receipt["round"], 0):
            yield Violation(f"card {receipt['position']} is outside the box", f"all draws of round {receipt['round']}")


def faults_of_look_up(found: Json, *, prize: str, state: str) -> Iterable[str]:
    """The desk sees the prize that was won, in its state, and a redemption only once there is one."""
    if found["prize"]["code"] != prize or found["state"] != state:
        yield f"{prize} should be {state}; the desk sees {found['prize']['code']}, {found['state']}"
    if (found["redeemed"] is not None) != (state == "redeemed"):
        yield f"an award in state {found['state']} {'without' if found['redeemed'] is None else 'with'} a redemption"


def faults_of_second_scan(answer: Answer) -> Iterable[str]:
    """An award that was redeemed under one scan id is refused under another."""
    if answer.is_good:
        yield "one award redeemed under two scan ids"
    elif answer.status not in TRY_AGAIN and answer.errcode != "lottery.already_redeemed":
        yield f"a second scan was refused with {answer.errcode}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
