"""A run's journal as a table for people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil

from quizsvc.demo.line import Journal

MOST_SHOWN = 20
REPORTED = (
    "batches",
    "  created",
    "  held",
    "  duplicate",
    "  rejected",
    "tallies repeated",
    "answers lost",
    "revisions",
    "voids",
    "decided: count",
    "decided: refuse",
)


def summary_of(journal: Journal) -> str:
    """Totals, wins per prize, refusals by code, what volunteers handed out, latencies per call, what was broken."""
    return "\n".join([*_totals(journal), *_handed_out(journal), "", *_latencies(journal), "", *_violations(journal)])


def _totals(journal: Journal) -> Iterable[str]:
    wins = Counter(outcome["prize"]["code"] for outcome in journal.outcomes if outcome["prize"] is not None)
    counts = [
        ("citizens", journal.citizens),
        ("papers", journal.papers),
        ("passes", journal.passes),
        ("draws", len(journal.outcomes)),
        *((f"  won {prize}", number) for prize, number in sorted(wins.items())),
        ("redemptions", journal.redemptions),
        ("refusals", sum(journal.refusals.values())),
        *((f"  {code}", number) for code, number in sorted(journal.refusals.items())),
        ("volunteers", journal.volunteers),
        *((name, journal.reported[name]) for name in REPORTED if journal.reported[name]),
    ]
    width = max(len(name) for name, _ in counts)
    return [f"{name:{width}} {number:>9,}" for name, number in counts]


def _handed_out(journal: Journal) -> Iterable[str]:
    """What volunteers know and what the server told them, side by side."""
    names = sorted(journal.known | journal.told)
    width = max((len(name) for name in names), default=0)
    if names:
        yield from ("", f"{'own totals':{max(width, 10)}} {'known':>9} {'told':>9}")
    for name in names:
        yield f"{name:{max(width, 10)}} {journal.known[name]:>9,} {journal.told[name]:>9,}"


def _latencies(journal: Journal) -> Iterable[str]:
    width = max((len(call) for call in journal.seconds), default=4)
    yield f"{'milliseconds':{width}} {'calls':>9} {'p50':>8} {'p90':>8} {'p99':>8} {'max':>8}"
    for call, seconds in sorted(journal.seconds.items()):
        ranked = sorted(seconds)
        cells = "".join(f" {at_percent(ranked, percent) * 1000:8.1f}" for percent in (50, 90, 99, 100))
        yield f"{call:{width}} {len(ranked):>9,}{cells}"


def at_percent(ranked: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of the sorted values do not exceed."""
    return ranked[max(ceil(len(ranked) * percent / 100), 1) - 1]


def _violations(journal: Journal) -> Iterable[str]:
    found = journal.violations
    yield f"broken promises: {len(found) or 'none'}"
    yield from (f"  {one.what} [{one.where}]" for one in found[:MOST_SHOWN])
    if len(found) > MOST_SHOWN:
        yield f"  ... and {len(found) - MOST_SHOWN} more"
