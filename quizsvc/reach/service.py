"""Figures of campaigns: for the office in every detail, for everybody as totals. Visits."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from quizsvc.accounts.rules import VOLUNTEER_KINDS, Citizen, Staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.campaigns import service as campaign_service
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import dirty
from quizsvc.kit.clock import day_of, start_of
from quizsvc.materials import stock
from quizsvc.outreach import results as tallies
from quizsvc.quiz import results as papers
from quizsvc.quiz.rules import PERSON
from quizsvc.reach import counting, facts, settling
from quizsvc.reach import fact_store as store
from quizsvc.reach.counting import Sum, Sums
from quizsvc.reach.facts import ELSEWHERE, STAGES, WHOLE
from quizsvc.reach.metrics import Metric
from quizsvc.reach.shares import KINDS, Shares
from quizsvc.reach.survey import Figure, Period, Survey, count_of, hide_few
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Population, Region

MAY_READ = ("clerk", "operator", "auditor", "partner")
LISTED_LEVEL = "community"
# Totals that stand alone: no two of them are parts of a third, so that a hidden one cannot be computed from the rest.
PUBLIC = (
    "online.audience",
    "online.participants",
    "online.papers",
    "online.draws",
    "online.awards",
    "online.redemptions",
    "offline.households",
    "offline.people",
    facts.HANDED_OUT,
    facts.ACTIVE,
)
OF_EACH = (
    *counting.SUMMED,
    *counting.VISITED,
    facts.HANDED_OUT,
    *(facts.FIRST, facts.FIRST_PASSED, facts.FIRST_ANSWERS, facts.FIRST_RIGHT),
)
OF_WHOLE = (facts.ANSWERS, facts.WRONG, facts.QUESTION_ANSWERS, facts.QUESTION_WRONG)
ACTIVE_KINDS = tuple(f"{facts.ACTIVE}.{kind}" for kind in VOLUNTEER_KINDS)


def record_visit(campaign: Campaign, citizen: Citizen, *, now: datetime) -> None:
    """Note that a citizen opened a campaign today. Safe to repeat."""
    if store.add_visit(campaign.id, citizen.id, day=day_of(now), region_id=citizen.region_id):
        dirty.mark(PERSON, whole=campaign.id, part=citizen.id, now=now)


def list_visits(citizen: Citizen) -> list[dict[str, Any]]:
    """The days on which a citizen opened each campaign, and where they were at home then."""
    rows = store.list_visits_of(citizen.id)
    slugs = {one.id: one.slug for one in campaign_service.list_campaigns({row.campaign_id for row in rows})}
    homes = regions.list_regions_by_id(row.region_id for row in rows if row.region_id is not None)
    return [
        {
            "campaign": slugs[row.campaign_id],
            "day": row.day,
            "region": None if row.region_id is None else homes[row.region_id].code,
        }
        for row in rows
    ]


def require_reader(staff: Staff, *, over: Region) -> None:
    """RoleMissing unless the staff member, or partner, may read the figures of a region."""
    if not any(staff.holds(role, over=over) for role in MAY_READ):
        raise RoleMissing


def whole_period(campaigns: Sequence[Campaign], *, now: datetime) -> Period:
    """From the first day of the first campaign, or the first one that was counted, until today.

    What a person let count may lie before the opening; prizes are fetched after the end.
    """
    opened = min(day_of(campaign.definition.opens_at) for campaign in campaigns)
    counted = store.find_first_day([one.id for one in campaigns])
    first = opened if counted is None else min(opened, date.fromisoformat(counted))
    return Period(first, max(first, day_of(now)))


def survey(campaigns: Sequence[Campaign], *, region: Region, period: Period, now: datetime) -> Survey:
    """All figures of some campaigns in a region and a period; people are distinct over all of them.

    Every community under the region is listed, in order of code, zeros too; the funnel is of the whole campaigns. First
    papers are a campaign's own: of several, they are left out.
    """
    listed = [one for one in regions.list_subtrees([region]) if one.level == LISTED_LEVEL and one != region]
    view = _View(campaigns, region, period, listed)
    units, days = stock.list_units(), [day.isoformat() for day in period.days]
    figures = [
        *view.of_region(region.code, units),
        *counting.by_scam_type(view.sums(region.code), papers.name_scam_types()),
        *counting.hardest(view.sums(region.code)),
        *_volunteers(view, region, period),
        *counting.funnel(view.reached()),
        *counting.by_day(view.days(), days),
        *counting.handed_out_by_day(view.handed_out_by_day(), units, days),
        *(figure for one in listed for figure in view.of_region(one.code, units, region=one.code)),
    ]
    if view.has_elsewhere:
        figures += view.of_region(ELSEWHERE, units, region=ELSEWHERE)
    return Survey(settling.as_of(now=now), period, region.code, [one.slug for one in campaigns], figures)


@dataclass(frozen=True)
class Shown:
    """A figure as everybody may see it: `value` is missing where few stand behind it."""

    metric: Metric
    name: str
    unit: str
    value: int | None
    shown: str


def show_public(campaign: Campaign, *, now: datetime) -> dict[str, Any]:
    """A campaign's totals for everybody: as_of, period, figures."""
    region = regions.get_region_by_id(campaign.region_id)
    period = whole_period([campaign], now=now)
    view = _View([campaign], region, period, [], of_whole=())
    figures = [
        *view.of_region(region.code, stock.list_units()),
        count_of(facts.ACTIVE, sum(view.active().values())),
    ]
    names = {one.code: one.name for one in stock.list_materials()}
    public = [one for one in figures if one.metric.id in PUBLIC]
    shown = [
        Shown(one.metric, names.get(one.of.get("material", ""), one.metric.name), one.unit, one.value, text)
        for one, text in hide_few(public)
    ]
    return {"as_of": settling.as_of(now=now), "period": period, "figures": shown}


class _View:
    """The counts of some campaigns in a region, its communities, and elsewhere."""

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        region: Region,
        period: Period,
        listed: Sequence[Region],
        of_whole: Sequence[str] = OF_WHOLE,
    ) -> None:
        self.region, self.period, self.listed = region, period, listed
        self.first, self.last = period.first.isoformat(), period.last.isoformat()
        roots = {one.id: regions.get_region_by_id(one.region_id) for one in campaigns}
        # a campaign of a region above is looked at there, one of a region below as a whole, any other not at all
        self.tops: dict[UUID, str] = {
            one: region.code if root.covers(region) else root.code
            for one, root in roots.items()
            if root.covers(region) or region.covers(root)
        }
        self.has_elsewhere = any(region.covers(root) for root in roots.values())
        self._within = {ELSEWHERE, *(one.code for one in listed)}
        counted: dict[str, list[Sum]] = defaultdict(list)
        for campaign_id, top in self.tops.items():
            for row in self._rows(campaign_id, top, of_whole):
                for where in self._places(row.region, top=top):
                    counted[where].append(Sum(where, row.metric, row.apart, int(row.n)))
        self._sums = {code: Sums(counted[code], first=self.first) for code in {region.code, *self._within}}
        several = [one for one in campaigns if one.id in self.tops]
        self._people = self._distinct(several) if len(several) > 1 else None
        self._populations = regions.list_populations({region.code, *(one.code for one in listed)})

    def _rows(self, campaign_id: UUID, top: str, of_whole: Sequence[str]) -> Iterator[Any]:
        """Sums of the regions that are listed, and what is shown of the whole only."""
        days = {"first": self.first, "last": self.last}
        yield from store.sum_counts(campaign_id, {top, *self._within}, OF_EACH, **days)
        yield from store.sum_people(campaign_id, {top, *self._within}, **days)
        if of_whole:
            yield from store.sum_counts(campaign_id, {top}, of_whole, **days)

    def _places(self, code: str, *, top: str) -> set[str]:
        """Where a count of a campaign belongs here: the top of its own is part of the whole."""
        return ({self.region.code} if code == top else set()) | ({code} & self._within)

    def sums(self, code: str) -> Sums:
        return self._sums[code]

    def people(self, code: str) -> Mapping[str, int]:
        """Distinct people of a region, by metric."""
        if self._people is not None:
            return Counter({metric: n for (where, metric), n in self._people.items() if where == code})
        sums = self.sums(code)
        return {metric: sums.people(metric) for metric in (*STAGES, *ACTIVE_KINDS)}

    def _distinct(self, campaigns: Sequence[Campaign]) -> Counter[tuple[str, str]]:
        """People over several campaigns, from what each person adds, since sums do not tell.

        By region and metric, by day and metric, and by how far they came.
        """
        seen: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
        for campaign in campaigns:
            top, people = self.tops[campaign.id], Shares(campaign)
            for kind in KINDS:
                for part, done in store.list_all_shares(campaign.id, kind):
                    for code, day, metric, apart in people.places_of(kind, done):
                        if self.first <= day <= self.last:
                            seen[part] |= {(where, metric) for where in self._places(code, top=top)}
                        if code == top:
                            seen[part].add((facts.FUNNEL, apart) if metric == facts.FUNNEL else (day, metric))
        return Counter(place for places in seen.values() for place in places)

    def of_region(self, code: str, units: Mapping[str, str], **apart: str) -> Iterator[Figure]:
        sums, people = self.sums(code), self.people(code)
        yield from counting.online(sums, people, **apart)
        if self._people is None:
            yield from counting.first_papers(sums, **apart)
        yield from counting.participation(people["online.participants"], self._population(code), **apart)
        yield from counting.offline(sums, units, **apart)

    def _population(self, code: str) -> Population | None:
        """A region's own number; else the sum of its communities', if all of them and of one source are known."""
        parts = [self._populations.get(one.code) for one in self.listed]
        known = [one for one in parts if one is not None]
        if code in self._populations or code != self.region.code or not parts or len(known) < len(parts):
            return self._populations.get(code)
        if len({(one.source, one.as_of) for one in known}) > 1:
            return None
        return Population(sum(one.residents for one in known), known[0].source, known[0].as_of)

    def active(self) -> Mapping[str, int]:
        """Volunteers with a tally, by kind."""
        people = self.people(self.region.code)
        return {kind: people[metric] for kind, metric in zip(VOLUNTEER_KINDS, ACTIVE_KINDS, strict=True)}

    def reached(self) -> Mapping[str, int]:
        """How many people came to each stage, over the whole campaigns."""
        if self._people is not None:
            return {stage: n for (what, stage), n in self._people.items() if what == facts.FUNNEL}
        found: Counter[str] = Counter()
        for campaign_id, top in self.tops.items():
            for row in store.sum_counts(campaign_id, [top], [facts.FUNNEL], first=WHOLE, last=WHOLE):
                found[row.apart] += int(row.n)
        return found

    def days(self) -> Mapping[str, Mapping[str, int]]:
        """Each day's sums and people."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for campaign_id, top in self.tops.items():
            for row in store.list_days(campaign_id, top, counting.SHOWN_BY_DAY, first=self.first, last=self.last):
                found[row.day][row.metric] += int(row.n)
        if self._people is not None:
            for day, counted in found.items():
                counted.update({metric: self._people[day, metric] - counted[metric] for metric in STAGES})
        return found

    def handed_out_by_day(self) -> Mapping[tuple[str, str], int]:
        """How much was handed out, by day and material."""
        found: Counter[tuple[str, str]] = Counter()
        for campaign_id, top in self.tops.items():
            for row in store.list_days_apart(campaign_id, top, facts.HANDED_OUT, first=self.first, last=self.last):
                found[row.day, row.apart] += int(row.n)
        return found


def _volunteers(view: _View, region: Region, period: Period) -> Iterator[Figure]:
    begin, end = start_of(period.first), start_of(period.last + timedelta(days=1))
    enrolled = tallies.list_enrolled(region, begin=begin, end=end).values()
    return counting.volunteers(enrolled, view.active(), VOLUNTEER_KINDS)
