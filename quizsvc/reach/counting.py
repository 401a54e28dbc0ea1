"""From counts to figures: sums, distinct people, rates. Values in, values out."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from quizsvc.reach import facts
from quizsvc.reach.facts import STAGES
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.survey import LEAST_SAMPLE, NO_RESIDENTS, Figure, count_of, rate_of
from quizsvc.regions.rules import Population

SUMMED = (
    "online.papers",
    "online.marked_papers",
    "online.passed_papers",
    "online.draws",
    "online.awards",
    "online.redemptions",
)
VISITED = (
    "offline.household_tallies",
    "offline.shop_tallies",
    "offline.stall_tallies",
    "offline.talk_tallies",
    "offline.households",
    "offline.people",
)
SHOWN_BY_DAY = (*STAGES, *SUMMED, *VISITED)
HARDEST = 20


class Sum(NamedTuple):
    """So much of a metric in a region between two days. `apart` of people is their day before."""

    region: str
    metric: str
    apart: str
    n: int


class Sums:
    """The counts of one region, looked at in whatever way a figure wants."""

    def __init__(self, counted: Iterable[Sum], *, first: str) -> None:
        self.by_metric: dict[str, Counter[str]] = {}
        for one in counted:
            self.by_metric.setdefault(one.metric, Counter())[one.apart] += one.n
        self.first = first

    def total(self, metric: str) -> int:
        """A sum, whatever it is shown apart by."""
        return self.by_metric.get(metric, Counter()).total()

    def apart(self, metric: str) -> Mapping[str, int]:
        """A sum by what it is shown apart by."""
        return self.by_metric.get(metric, Counter())

    def people(self, metric: str) -> int:
        """Distinct people between two days: those whose day before was not between them."""
        return sum(n for before, n in self.apart(metric).items() if before < self.first)


def online(sums: Sums, people: Mapping[str, int], **apart: str) -> Iterator[Figure]:
    """The online figures of one region. `people` are distinct by metric, over all that is looked at."""
    for metric in STAGES:
        yield count_of(metric, people[metric], **apart)
    for metric in SUMMED:
        yield count_of(metric, sums.total(metric), **apart)
    passed, marked = sums.total("online.passed_papers"), sums.total("online.marked_papers")
    yield rate_of("online.paper_pass_rate", passed, marked, **apart)


def first_papers(sums: Sums, **apart: str) -> Iterator[Figure]:
    """What people knew before anything was explained to them, in one campaign."""
    first, passed = sums.total(facts.FIRST), sums.total(facts.FIRST_PASSED)
    yield count_of(facts.FIRST, first, **apart)
    yield count_of(facts.FIRST_PASSED, passed, **apart)
    yield rate_of("online.first_paper_pass_rate", passed, first, **apart)
    right, answers = sums.total(facts.FIRST_RIGHT), sums.total(facts.FIRST_ANSWERS)
    yield rate_of("online.first_paper_right_rate", right, answers, **apart)


def participation(participants: int, population: Population | None, **apart: str) -> Iterator[Figure]:
    """Participants of the people who live there, where that is known."""
    residents = get_metric("online.residents")
    if population is None:
        yield Figure(residents, None, apart, reason=NO_RESIDENTS)
        yield Figure(get_metric("online.participation"), None, apart, reason=NO_RESIDENTS)
        return
    source = f"{population.source}，{population.as_of.isoformat()}"
    yield Figure(residents, population.residents, apart, source=source)
    yield rate_of("online.participation", participants, population.residents, **apart)


def by_scam_type(sums: Sums, scam_types: Collection[str]) -> Iterator[Figure]:
    """How each scam type was answered; every type is listed, also one that nobody was asked about."""
    answers, wrong = sums.apart(facts.ANSWERS), sums.apart(facts.WRONG)
    yield count_of(facts.ANSWERS, sums.total(facts.ANSWERS))
    yield count_of(facts.WRONG, sums.total(facts.WRONG))
    for code in sorted({*scam_types, *answers}):
        asked, missed = answers.get(code, 0), wrong.get(code, 0)
        yield count_of(facts.ANSWERS, asked, scam_type=code)
        yield count_of(facts.WRONG, missed, scam_type=code)
        yield rate_of("online.wrong_rate", missed, asked, LEAST_SAMPLE, scam_type=code)


def hardest(sums: Sums) -> list[Figure]:
    """The questions answered wrongly most often, of those asked often enough; the hardest first."""
    wrong = sums.apart(facts.QUESTION_WRONG)
    rated = [
        rate_of("online.question_wrong_rate", wrong.get(code, 0), asked, question=code)
        for code, asked in sums.apart(facts.QUESTION_ANSWERS).items()
        if asked >= LEAST_SAMPLE
    ]
    return sorted(rated, key=lambda one: (-(one.value or 0), -(one.base or 0), one.of["question"]))[:HARDEST]


def offline(sums: Sums, materials: Mapping[str, str], **apart: str) -> Iterator[Figure]:
    """The offline figures of one region; every material is listed with its unit, by code."""
    for metric in VISITED:
        yield count_of(metric, sums.total(metric), **apart)
    handed_out = sums.apart(facts.HANDED_OUT)
    for code, unit in sorted(materials.items()):
        yield count_of(facts.HANDED_OUT, handed_out.get(code, 0), unit=unit, material=code, **apart)


def volunteers(enrolled: Iterable[str], active: Mapping[str, int], kinds: Sequence[str]) -> Iterator[Figure]:
    """Volunteers enrolled and active, by kind and in all: nobody is of two kinds. `enrolled`: a kind for each."""
    on_list = Counter(enrolled)
    for kind in kinds:
        yield count_of("offline.volunteers_enrolled", on_list[kind], kind=kind)
        yield count_of(facts.ACTIVE, active.get(kind, 0), kind=kind)
    yield count_of("offline.volunteers_enrolled", on_list.total())
    yield count_of(facts.ACTIVE, sum(active.values()))


def funnel(reached: Mapping[str, int]) -> Iterator[Figure]:
    """How far people came, over a whole campaign: who reached a stage has passed those before, so it never rises."""
    for stage, metric in enumerate(STAGES):
        yield count_of(metric, reached.get(str(stage), 0), stage=str(stage))


def by_day(days: Mapping[str, Mapping[str, int]], listed: Iterable[str]) -> Iterator[Figure]:
    """Each day's sums and people; every day is listed."""
    for day in listed:
        counted = days.get(day, {})
        for metric in SHOWN_BY_DAY:
            yield count_of(metric, counted.get(metric, 0), day=day)


def handed_out_by_day(
    handed_out: Mapping[tuple[str, str], int], materials: Mapping[str, str], listed: Iterable[str]
) -> Iterator[Figure]:
    """Each day's hand-outs by material: never one number for all, boxes and leaflets are not added."""
    for day in listed:
        for code, unit in sorted(materials.items()):
            yield count_of(facts.HANDED_OUT, handed_out.get((day, code), 0), unit=unit, day=day, material=code)
