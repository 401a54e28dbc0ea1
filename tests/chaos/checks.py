"""What must hold after any storm: pure functions from the evidence to a number that must be 0."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.chaos.evidence import DrawRow, Evidence, Json


@dataclass(frozen=True)
class Finding:
    """An invariant and how often it was broken. `examples` say where."""

    name: str
    broken: int
    examples: tuple[str, ...]


def judge(evidence: Evidence) -> list[Finding]:
    """Every invariant, in order."""
    found = []
    for name, check in CHECKS.items():
        examples = tuple(check(evidence))
        found.append(Finding(name, len(examples), examples[:3]))
    return found


def awards_beside_cards(evidence: Evidence) -> Iterable[str]:
    """Per ticket: an award without its prize card, a prize card without its award."""
    cards = Counter((draw.ticket, draw.prize) for draw in evidence.draws if draw.prize is not None)
    awards = Counter((award.ticket, award.prize) for award in evidence.awards)
    yield from (f"ticket {ticket}: a card of {prize} and no award" for ticket, prize in (cards - awards).elements())
    yield from (f"ticket {ticket}: an award of {prize} and no card" for ticket, prize in (awards - cards).elements())


def duplicate_draws(evidence: Evidence) -> Iterable[str]:
    """A ticket with two rows, or a position with two."""
    tickets = Counter(draw.ticket for draw in evidence.draws)
    positions = Counter((draw.round, draw.position) for draw in evidence.draws)
    yield from (f"ticket {ticket}: {count} draws" for ticket, count in tickets.items() if count > 1)
    yield from (f"position {position}: {count} draws" for position, count in positions.items() if count > 1)


def acknowledged_draws_lost(evidence: Evidence) -> Iterable[str]:
    """A ticket whose owner was told an outcome, and that the ledger does not know."""
    drawn = {draw.ticket for draw in evidence.draws}
    yield from (f"ticket {ticket}: answered, and not in the ledger" for ticket in _told(evidence).keys() - drawn)


def acknowledged_answers_changed(evidence: Evidence) -> Iterable[str]:
    """A ticket whose owner was told two outcomes, or another one than the ledger's."""
    told = _told(evidence)
    ledger = {draw.ticket: _outcome_of(draw) for draw in evidence.draws}
    for ticket, outcomes in told.items():
        if len(outcomes) > 1:
            yield f"ticket {ticket}: told {sorted(outcomes, key=str)}"
        elif ticket in ledger and outcomes != {ledger[ticket]}:
            yield f"ticket {ticket}: told {outcomes}, the ledger says {ledger[ticket]}"


def outcomes_beside_the_deck(evidence: Evidence) -> Iterable[str]:
    """A line whose outcome is not its card's."""
    decks = {one.no: one.deck for one in evidence.rounds}
    for draw in evidence.draws:
        if draw.prize != decks[draw.round].get(draw.position):
            yield f"round {draw.round}, position {draw.position}: {draw.prize}"


def tickets_spent_without_a_draw(evidence: Evidence) -> Iterable[str]:
    """A ticket that was asked for to the end and never drawn, though its owner may win more and cards are left."""
    wins = Counter(award.limit_key for award in evidence.awards)
    undrawn = evidence.tickets.keys() - {draw.ticket for draw in evidence.draws}
    for ticket in undrawn:
        if wins[evidence.tickets[ticket]] < evidence.max_wins:
            yield f"ticket {ticket}: never drawn"


def prizes_won_and_carried_over(evidence: Evidence) -> Iterable[str]:
    """A prize that a round counted as left, though its card was drawn, or the other way round."""
    for one in evidence.rounds:
        drawn = Counter(draw.prize for draw in evidence.draws if draw.round == one.no and draw.prize is not None)
        for prize, count in one.prizes.items():
            left = count - drawn[prize]
            if one.left is not None and one.left.get(prize, 0) != left:
                yield from [f"round {one.no}: {prize}"] * abs(one.left.get(prize, 0) - left)


def wins_above_the_maximum(evidence: Evidence) -> Iterable[str]:
    """A person with more wins than the rules allow."""
    wins = Counter(award.limit_key for award in evidence.awards)
    yield from (f"{who}: {count} wins" for who, count in wins.items() if count > evidence.max_wins)


def coupons_not_assigned_once(evidence: Evidence) -> Iterable[str]:
    """A coupon prize's award without exactly one coupon."""
    for award in evidence.awards:
        if award.coupons != (award.prize == evidence.coupon_prize):
            yield f"award {award.id}: {award.coupons} coupons"


def codes_redeemed_twice(evidence: Evidence) -> Iterable[str]:
    """An award with two standing scans, or a code for which two scans were told yes."""
    yield from (f"award {award.id}: {award.scans} scans" for award in evidence.awards if award.scans > 1)
    scans: dict[str, set[str]] = {}
    for line in evidence.answers:
        if line["kind"] == "redeem" and line["status"] == 200:
            scans.setdefault(line["code"], set()).add(line["name"])
    yield from (f"code of {len(names)} scans" for names in scans.values() if len(names) > 1)


def goods_beside_redemptions(evidence: Evidence) -> Iterable[str]:
    """Goods that left a store without a redemption, or a redemption without goods."""
    scans = sum(award.scans for award in evidence.awards if award.prize != evidence.coupon_prize)
    yield from [f"{evidence.goods_out} left for {scans} redemptions"] * abs(evidence.goods_out - scans)


def cards_lost_to_replays(evidence: Evidence) -> Iterable[str]:
    """A lost card that the gate gave to a request which began after its ticket's outcome had been told."""
    drawn = {(draw.round, draw.position) for draw in evidence.draws}
    told_at: dict[str, float] = {}
    for line in evidence.answers:
        if line["kind"] == "draw" and line["status"] == 200:
            ticket = _key(line["name"])
            told_at[ticket] = min(line["received"], told_at.get(ticket, line["received"]))
    for line in evidence.proposals:
        place, ticket = (line["round"], line["position"]), _key(line["ticket"])
        if place not in drawn and line["began"] > told_at.get(ticket, float("inf")):
            yield f"round {line['round']}, position {line['position']}: given to a replay of {ticket}"


def surprises(evidence: Evidence) -> Iterable[str]:
    """An answer of 5xx that does not say: come again."""
    for line in evidence.answers:
        if line["status"] >= 500 and line["status"] != 503:
            yield f"{line['status']} {line['errcode']}"


def alarms_of_the_verifier(evidence: Evidence) -> Iterable[str]:
    """What the verifier says of a ledger that was written under all this."""
    return evidence.alarms


CHECKS: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "awards that differ from the prize cards drawn": awards_beside_cards,
    "duplicate draws": duplicate_draws,
    "acknowledged draws lost": acknowledged_draws_lost,
    "acknowledged answers changed": acknowledged_answers_changed,
    "outcomes that differ from the deck": outcomes_beside_the_deck,
    "tickets spent without a draw": tickets_spent_without_a_draw,
    "prizes both won and carried over": prizes_won_and_carried_over,
    "people with more wins than allowed": wins_above_the_maximum,
    "coupons not assigned exactly once": coupons_not_assigned_once,
    "codes redeemed twice": codes_redeemed_twice,
    "goods that left other than once a redemption": goods_beside_redemptions,
    "cards lost to replays": cards_lost_to_replays,
    "answers of 500": surprises,
    "alarms of the verifier": alarms_of_the_verifier,
}


def cards_lost(evidence: Evidence) -> int:
    """Positions below a round's highest that nobody drew: what crashes and lost replies cost."""
    highest: dict[int, int] = {}
    for draw in evidence.draws:
        highest[draw.round] = max(draw.position, highest.get(draw.round, 0))
    return sum(highest.values()) - len({(draw.round, draw.position) for draw in evidence.draws})


Outcome = tuple[int, int, str, str | None]


def _told(evidence: Evidence) -> dict[str, set[Outcome]]:
    """The outcomes that were told, by ticket."""
    told: dict[str, set[Outcome]] = {}
    for line in evidence.answers:
        if line["kind"] == "draw" and line["status"] == 200:
            told.setdefault(_key(line["name"]), set()).add(_outcome_in(line["answer"]))
    return told


def _outcome_in(answer: Json) -> Outcome:
    receipt, prize = answer["receipt"], answer["prize"]
    return receipt["round"], receipt["position"], receipt["ticket"], None if prize is None else prize["code"]


def _outcome_of(draw: DrawRow) -> Outcome:
    return draw.round, draw.position, draw.alias, draw.prize


def _key(ticket: str) -> str:
    return ticket.replace("-", "")
