"""What an amendment may change: only what favours the participants (规范促销行为暂行规定, order 32).

A machine sees numbers, moments and lists. It cannot see what a sentence means, so texts may only go on where they
end, and the second person reads what was added.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from quizsvc.campaigns.rules import Definition, Fault, RoundPlan

LEAVE = "leave it as it is"


def find_unfavourable(
    before: Definition, after: Definition, *, fixed: Collection[int], now: datetime
) -> Iterable[Fault]:
    """What an amendment would take from participants, as (where, what, how to mend); nothing: it may be published.

    `before` are the rules in force; `fixed` the numbers of rounds that may not change any more: they have opened, or
    their public number is known.
    """
    if _terms(before.document) == _terms(after.document):
        yield "file", "changes nothing", "change what is to be amended, or leave the rules alone"
    yield from _faults_of_standing(before, after)
    yield from _faults_of_terms(before, after, now=now)
    yield from _faults_of_texts(before, after)
    yield from _faults_of_prizes(before, after)
    yield from _faults_of_rounds(before, after, fixed=fixed, now=now)


def _terms(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as its file said it: without what a publication adds."""
    added = ("version", "amends", "amended_at", "reason", "closing_draw")
    rounds = [{key: one[key] for key in one if key != "commitment"} for one in document["rounds"]]
    return {key: document[key] for key in document if key not in added} | {"rounds": rounds}


def _faults_of_standing(before: Definition, after: Definition) -> Iterable[Fault]:
    """What may not change at all."""
    consent = "citizens agreed to this very text; a new notice wants a new campaign"
    for where, old, new, mend in (
        ("slug", before.slug, after.slug, LEAVE),
        ("title", before.title, after.title, LEAVE),
        ("region", before.region, after.region, LEAVE),
        ("organiser.name", before.organiser["name"], after.organiser["name"], LEAVE),
        ("privacy", before.privacy, after.privacy, consent),
        ("rules.leftovers", before.leftovers, after.leftovers, LEAVE),
        ("paper.plan", list(before.paper.lines), list(after.paper.lines), LEAVE),
    ):
        if old != new:
            yield where, "may not change", mend


def _faults_of_terms(before: Definition, after: Definition, *, now: datetime) -> Iterable[Fault]:
    """Numbers and moments that may go one way only."""
    old, new = before.paper, after.paper
    unlimited = 24 * 60 + 1  # more minutes than any limit
    for where, falls in (
        ("closes_at", after.closes_at < before.closes_at),
        ("late_days", after.late_days < before.late_days),
        ("rules.claim_until", after.claim_until < before.claim_until),
        ("rules.max_wins", after.max_wins < before.max_wins),
        ("paper.minutes", (new.minutes or unlimited) < (old.minutes or unlimited)),
        ("paper.per_day", new.per_day < old.per_day),
    ):
        if falls:
            yield where, "gives participants less than before", "leave it, or give more"
    if new.pass_percent > old.pass_percent:
        yield "paper.pass_percent", f"rises from {old.pass_percent} to {new.pass_percent}", "leave it, or ask for less"
    yield from _faults_of_opening("opens_at", before.opens_at, after.opens_at, now=now)


def _faults_of_opening(where: str, was: datetime, would: datetime, *, now: datetime) -> Iterable[Fault]:
    if would > was:
        yield where, "is later than before", "leave it, or open earlier"
    elif would < was and would < now:
        yield where, "is moved into the past", "leave it, or open it from now on"


def _faults_of_texts(before: Definition, after: Definition) -> Iterable[Fault]:
    """Texts and lists that may only go on where they end."""
    for where, old, new in (
        ("rules.conditions", before.conditions, after.conditions),
        ("rules.method", before.method, after.method),
        ("rules.handover", before.handover, after.handover),
    ):
        kept = old.rstrip().splitlines()
        if new.splitlines()[: len(kept)] != kept:
            yield where, "is changed", "keep its lines and add new ones below them"
    if not _goes_on(before.organiser["contact"], after.organiser["contact"]):
        yield "organiser.contact", "is changed", "keep it and add to it, after a comma or the like"
    if list(after.partners[: len(before.partners)]) != list(before.partners):
        yield "partner", "one is changed, moved or missing", "keep them in their order and add new ones at the end"
    yield from _faults_of_beacon(before, after)


def _faults_of_beacon(before: Definition, after: Definition) -> Iterable[Fault]:
    """A box that is sealed now must not follow from a number that somebody may know already."""
    names_more = before.beacon != after.beacon
    seals_more = bool(before.beacon) and len(after.rounds) > len(before.rounds)
    if seals_more and not names_more:
        yield "rules.beacon", "names no number for the added rounds", "add, after a comma, a number drawn after today"
    elif names_more and not (seals_more and _goes_on(before.beacon, after.beacon)):
        yield "rules.beacon", "is changed", "leave it; when rounds are added, add the number that theirs will be"


def _goes_on(old: str, new: str) -> bool:
    """Whether a line still says what it said: a digit more would make another number of it."""
    return new.startswith(old) and not new[len(old) :][:1].isalnum()


def _faults_of_prizes(before: Definition, after: Definition) -> Iterable[Fault]:
    kept = dict(enumerate(after.prizes))
    for at, old in enumerate(before.prizes):
        new = kept.get(at)
        if new is None or replace(new, value_fen=old.value_fen) != old:
            yield f"prize {old.code}", "is changed, moved or missing", "keep the list and add new prizes at its end"
        elif new.value_fen < old.value_fen:
            yield f"prize {old.code}", "is worth less than before", "leave it, or make it worth more"


def _faults_of_rounds(
    before: Definition, after: Definition, *, fixed: Collection[int], now: datetime
) -> Iterable[Fault]:
    later = {one.no: one for one in after.rounds}
    carried: Counter[str] = Counter()  # the most that the rounds before may leave
    for old in before.rounds:
        where, new = f"round[{old.no}]", later.pop(old.no, None)
        if new is None:
            yield where, "is missing", "keep it and add new rounds at the end"
        elif old.no not in fixed:
            yield from _faults_of_round(old, new, carried, now=now)
        elif replace(new, commitment=None) != replace(old, commitment=None):
            yield (
                where,
                "has opened, or its public number is known: it stays as its rules say",
                "lengthen or fill a later round, or add one at the end",
            )
        carried.update(old.planned)
    for one in later.values():
        if one.opens_at < now:
            yield f"round[{one.no}].opens_at", "is in the past", "open the added round from now on"


def _faults_of_round(old: RoundPlan, new: RoundPlan, carried: Mapping[str, int], *, now: datetime) -> Iterable[Fault]:
    """Of a round that has not opened: a longer window, more prizes, no worse odds, whatever is carried into it."""
    where = f"round[{old.no}]"
    yield from _faults_of_opening(f"{where}.opens_at", old.opens_at, new.opens_at, now=now)
    if new.closes_at < old.closes_at:
        yield f"{where}.closes_at", "is earlier than before", "leave it, or close later"
    if new.cards < old.cards:
        yield f"{where}.cards", "are fewer than before: some tickets would find no card", "leave them"
    for code in {**old.planned, **carried}:
        was, would, most = old.planned.get(code, 0), new.planned.get(code, 0), carried.get(code, 0)
        if would < was:
            yield f"{where}.prizes", f"{code} falls from {was} to {would}", "leave it, or add to it"
        elif (would + most) * old.cards < (was + most) * new.cards:
            yield f"{where}.cards", f"more cards make {code} rarer", "add prizes in proportion, or leave the cards"
