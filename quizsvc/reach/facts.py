"""What one person adds to a campaign's figures: counts by region, day and metric. Values in, values out.

A count stands under every region that contains its own, up to the campaign's, so that each region's figure is one sum.
Who is at home elsewhere, or chose no community, is counted in the campaign alone and under ELSEWHERE.

People are distinct over any days whatever: each day of a person carries the day before on which the same person was
counted for the same thing in the same region. People between two days are then those whose day lies between them and
whose day before does not: a sum over small counts, however many people there are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from quizsvc.accounts.rules import VOLUNTEER_KINDS

ELSEWHERE = ""
WHOLE = ""  # stands for the day of what is counted over the whole campaign
NEVER = ""  # before a person's first day

OPENED, DEALT, HANDED_IN, PASSED, DREW, WON, REDEEMED = range(7)
STAGES = (
    "online.audience",
    "online.participants",
    "online.submitters",
    "online.passers",
    "online.drawers",
    "online.winners",
    "online.redeemers",
)
EVENTS = {DREW: "online.draws", WON: "online.awards", REDEEMED: "online.redemptions"}
FUNNEL = "funnel"
ANSWERS, WRONG = "online.answers", "online.wrong_answers"
QUESTION_ANSWERS, QUESTION_WRONG = "question.answers", "question.wrong"
FIRST, FIRST_PASSED = "online.first_papers", "online.first_paper_passers"
FIRST_ANSWERS, FIRST_RIGHT = "first.answers", "first.right"
ACTIVE = "offline.volunteers_active"
HANDED_OUT = "offline.handed_out"
CHAINED = (*STAGES, *(f"{ACTIVE}.{kind}" for kind in VOLUNTEER_KINDS))  # people, apart by their day before


class Place(NamedTuple):
    """Where and when a count belongs: region, day (ISO), metric, and what it is shown apart by."""

    region: str
    day: str
    metric: str
    apart: str


class Did(NamedTuple):
    """Something a person did in a place on a day: one of the stages."""

    stage: int
    regions: Sequence[str]
    day: date


class Answer(NamedTuple):
    """A question of a paper that was handed in in time."""

    code: str
    scam_type: str
    is_right: bool


class Paper(NamedTuple):
    """A paper of a person, with the regions that it counts for. `answers` is empty unless it was marked in time."""

    regions: Sequence[str]
    day: date
    is_marked: bool
    is_passed: bool
    answers: Sequence[Answer]


class Report(NamedTuple):
    """A tally in force, with the regions that it counts for; `handed_out` in base units, by material."""

    regions: Sequence[str]
    day: date
    setting: str
    households: int
    people: int
    handed_out: Mapping[str, int]


Counts = Counter[Place]


def counts_of_person(papers: Sequence[Paper], did: Iterable[Did], *, root: str) -> Counts:
    """What a citizen adds. `papers` stand in the order of dealing; `did` is what else there was, visits too.

    Whoever was dealt a paper has opened the campaign. `root`: the campaign's region.
    """
    found: Counts = Counter()
    events = [*did, *(one for paper in papers for one in _stages_of(paper))]
    for stage, metric in enumerate(STAGES):
        for region, days in _days_by_region(events, stage).items():
            found.update(_chain(region, days, metric))
    for event in events:
        if event.stage in EVENTS:
            found.update(Place(one, event.day.isoformat(), EVENTS[event.stage], "") for one in event.regions)
    for paper in papers:
        found.update(_counts_of_paper(paper, root=root))
    if papers:
        found.update(_counts_of_first(papers[0]))
    if events:
        latest = max(events, key=lambda event: event.day)
        highest = max(event.stage for event in events)
        found.update(Place(region, WHOLE, FUNNEL, str(n)) for region in latest.regions for n in range(highest + 1))
    return found


def _stages_of(paper: Paper) -> Iterator[Did]:
    yield Did(OPENED, paper.regions, paper.day)
    yield Did(DEALT, paper.regions, paper.day)
    if paper.is_marked:
        yield Did(HANDED_IN, paper.regions, paper.day)
    if paper.is_passed:
        yield Did(PASSED, paper.regions, paper.day)


def _days_by_region(events: Iterable[Did], stage: int) -> Mapping[str, set[date]]:
    found: dict[str, set[date]] = defaultdict(set)
    for event in events:
        if event.stage == stage:
            for region in event.regions:
                found[region].add(event.day)
    return found


def _chain(region: str, days: Iterable[date], metric: str) -> Iterator[Place]:
    """One count a day, apart by the day before."""
    for before, day in pairwise([NEVER, *sorted(day.isoformat() for day in days)]):
        yield Place(region, day, metric, before)


def _counts_of_paper(paper: Paper, *, root: str) -> Counts:
    day = paper.day.isoformat()
    found: Counts = Counter()
    for region in paper.regions:
        found[Place(region, day, "online.papers", "")] += 1
        found[Place(region, day, "online.marked_papers", "")] += paper.is_marked
        found[Place(region, day, "online.passed_papers", "")] += paper.is_passed
        for answer in paper.answers:
            found[Place(region, day, ANSWERS, answer.scam_type)] += 1
            found[Place(region, day, WRONG, answer.scam_type)] += not answer.is_right
    for answer in paper.answers:
        found[Place(root, day, QUESTION_ANSWERS, answer.code)] += 1
        found[Place(root, day, QUESTION_WRONG, answer.code)] += not answer.is_right
    return +found


def _counts_of_first(paper: Paper) -> Counts:
    """What a person knew before anything was explained: the first paper, if it was handed in in time."""
    if not paper.is_marked:
        return Counter()
    day, right = paper.day.isoformat(), sum(answer.is_right for answer in paper.answers)
    found: Counts = Counter()
    for region in paper.regions:
        found[Place(region, day, FIRST, "")] += 1
        found[Place(region, day, FIRST_PASSED, "")] += paper.is_passed
        found[Place(region, day, FIRST_ANSWERS, "")] += len(paper.answers)
        found[Place(region, day, FIRST_RIGHT, "")] += right
    return +found


def counts_of_volunteer(reports: Iterable[Report], *, kind: str) -> Counts:
    """What a volunteer adds. A volunteer is of one kind, so that the kinds add up to all."""
    found: Counts = Counter()
    days: dict[str, set[date]] = defaultdict(set)
    for report in reports:
        day = report.day.isoformat()
        for region in report.regions:
            days[region].add(report.day)
            found[Place(region, day, f"offline.{report.setting}_tallies", "")] += 1
            found[Place(region, day, "offline.households", "")] += report.households
            found[Place(region, day, "offline.people", "")] += report.people
            for material, quantity in report.handed_out.items():
                found[Place(region, day, HANDED_OUT, material)] += quantity
    for region, worked in days.items():
        found.update(_chain(region, worked, f"{ACTIVE}.{kind}"))
    return +found


def change(before: Counts, after: Counts) -> dict[Place, int]:
    """What has to be added where, for one to become the other."""
    return {
        place: after[place] - before[place] for place in before.keys() | after.keys() if after[place] != before[place]
    }
