"""What one person did in a campaign, and what that adds to its figures. Values in, values out.

A count stands under every region that contains its own, up to the campaign's, so that each region's figure is one sum.
Who is at home elsewhere, or chose no community, is counted in the campaign alone and under ELSEWHERE.

People are distinct over any days whatever: each day of a person carries the day before on which the same person was
counted for the same thing in the same region. People between two days are then those whose day lies between them and
whose day before does not: a sum over small counts, however many people there are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
PAPERS, MARKED_PAPERS, PASSED_PAPERS = "online.papers", "online.marked_papers", "online.passed_papers"
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
    """Something a person did on a day (ISO): one of the stages. `home`: where it counts, a region's code."""

    stage: int
    home: str
    day: str


class Paper(NamedTuple):
    """A paper of a person. `stage`: DEALT, HANDED_IN in time, or PASSED. Questions by id, none unless handed in."""

    stage: int
    home: str
    day: str
    right: Sequence[int]
    wrong: Sequence[int]


class Player(NamedTuple):
    """What a citizen did in a campaign: papers in the order of dealing, and what else there was, visits too."""

    papers: Sequence[Paper]
    did: Sequence[Did]


class Report(NamedTuple):
    """A tally in force; `handed_out` in base units, by material."""

    home: str
    day: str
    setting: str
    households: int
    people: int
    handed_out: Mapping[str, int]


class Reporter(NamedTuple):
    """What a volunteer reported in a campaign. A volunteer is of one kind, so that the kinds add up to all."""

    kind: str
    reports: Sequence[Report]


class Asked(NamedTuple):
    """A question, whichever version."""

    code: str
    scam_type: str


class Additions:
    """What has to be added to a campaign's counts, and taken away from them.

    Most of what happens counts for every region above its own; that is added up first and spread only then, for many
    people share it. `above`: the regions from the campaign's down to one, the campaign's and ELSEWHERE for ELSEWHERE.
    """

    def __init__(self, above: Callable[[str], Sequence[str]], questions: Mapping[int, Asked]) -> None:
        self._above = above
        self._root = above(ELSEWHERE)[0]
        self._questions = questions
        self._spread: Counter[tuple[str, str, str, str]] = Counter()  # under each region above
        self._alone: Counter[tuple[str, str, str, str]] = Counter()  # under this region only

    def add_player(self, player: Player, n: int) -> None:
        """Add what a citizen did n times; -1 takes it away. Whoever was dealt a paper has opened the campaign."""
        events = [*player.did, *_stages_of(player.papers)]
        for stage, metric in enumerate(STAGES):
            self._add_people([(one.home, one.day) for one in events if one.stage == stage], metric, n)
        for one in events:
            if one.stage in EVENTS:
                self._spread[one.home, one.day, EVENTS[one.stage], ""] += n
        for paper in player.papers:
            self._add_paper(paper, n)
        if player.papers and player.papers[0].stage >= HANDED_IN:
            self._add_first(player.papers[0], n)
        if events:
            latest = max(events, key=lambda event: event.day)
            for stage in range(max(event.stage for event in events) + 1):
                self._spread[latest.home, WHOLE, FUNNEL, str(stage)] += n

    def add_reporter(self, reporter: Reporter, n: int) -> None:
        """Add what a volunteer reported n times; -1 takes it away."""
        for one in reporter.reports:
            self._spread[one.home, one.day, f"offline.{one.setting}_tallies", ""] += n
            self._spread[one.home, one.day, "offline.households", ""] += n * one.households
            self._spread[one.home, one.day, "offline.people", ""] += n * one.people
            for material, quantity in one.handed_out.items():
                self._spread[one.home, one.day, HANDED_OUT, material] += n * quantity
        self._add_people([(one.home, one.day) for one in reporter.reports], f"{ACTIVE}.{reporter.kind}", n)

    def places(self) -> dict[Place, int]:
        """What has to be added where; nothing that comes to nothing."""
        found = Counter(self._alone)
        for (home, *rest), n in self._spread.items():
            if n:
                for region in self._above(home):
                    found[region, *rest] += n  # type: ignore[index]  # a starred list has any length for mypy
        return {Place(*place): n for place, n in found.items() if n}

    def _add_people(self, when: Sequence[tuple[str, str]], metric: str, n: int) -> None:
        """One person's days, each apart by the day before."""
        homes = {home for home, _ in when}
        if len(homes) == 1:
            for before, day in _chained(day for _, day in when):
                self._spread[when[0][0], day, metric, before] += n
            return
        for region in {region for home in homes for region in self._above(home)}:
            for before, day in _chained(day for home, day in when if region in self._above(home)):
                self._alone[region, day, metric, before] += n

    def _add_paper(self, paper: Paper, n: int) -> None:
        _, home, day, right, wrong = paper
        self._spread[home, day, PAPERS, ""] += n
        if paper.stage < HANDED_IN:
            return
        self._spread[home, day, MARKED_PAPERS, ""] += n
        if paper.stage == PASSED:
            self._spread[home, day, PASSED_PAPERS, ""] += n
        for question in (*right, *wrong):
            code, scam_type = self._questions[question]
            self._spread[home, day, ANSWERS, scam_type] += n
            self._alone[self._root, day, QUESTION_ANSWERS, code] += n
        for question in wrong:
            code, scam_type = self._questions[question]
            self._spread[home, day, WRONG, scam_type] += n
            self._alone[self._root, day, QUESTION_WRONG, code] += n

    def _add_first(self, paper: Paper, n: int) -> None:
        """What a person knew before anything was explained: the first paper, if it was handed in in time."""
        _, home, day, right, wrong = paper
        self._spread[home, day, FIRST, ""] += n
        if paper.stage == PASSED:
            self._spread[home, day, FIRST_PASSED, ""] += n
        self._spread[home, day, FIRST_ANSWERS, ""] += n * (len(right) + len(wrong))
        self._spread[home, day, FIRST_RIGHT, ""] += n * len(right)


def _stages_of(papers: Sequence[Paper]) -> Iterable[Did]:
    """A paper's stage and those before it."""
    return (Did(stage, home, day) for reached, home, day, _, _ in papers for stage in range(reached + 1))


def _chained(days: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Each day with the one before."""
    return pairwise([NEVER, *sorted(set(days))])
