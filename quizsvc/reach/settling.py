"""Count anew what was marked: each person's share is taken away and replaced, in one transaction with the marks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import dirty
from quizsvc.kit.clock import day_of
from quizsvc.lottery import results as draws
from quizsvc.outreach import results as tallies
from quizsvc.outreach.rules import VOLUNTEER
from quizsvc.quiz import results as papers
from quizsvc.quiz.rules import PERSON
from quizsvc.reach import fact_store as store
from quizsvc.reach import facts
from quizsvc.reach.facts import ELSEWHERE, Answer, Counts, Did, Paper, Place, Report
from quizsvc.regions import service as regions

MOST_AT_ONCE = 1_000  # marks in one transaction: a second or two, for which SQLite's other writers wait
STAGE_OF = {draws.DREW: facts.DREW, draws.WON: facts.WON, draws.REDEEMED: facts.REDEEMED}


def settle(*, limit: int = MOST_AT_ONCE) -> int:
    """Count anew what the oldest marks say; how many marks that were. 0: nothing waits.

    In the caller's transaction; one at a time. What is marked while this goes on is counted the next time.
    """
    store.take_turn()
    marks = dirty.list_marks(limit=limit)
    waiting: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
    for _, key in marks:
        waiting[key.whole, key.kind].add(key.part)
    for (campaign_id, kind), parts in sorted(waiting.items()):
        _count(campaigns.get_campaign_by_id(campaign_id), kind, parts)
    dirty.delete_marks([mark_id for mark_id, _ in marks])
    return len(marks)


def settle_some(*, now: datetime) -> list[str]:  # noqa: ARG001
    """As `settle`, for tick; says nothing of what is routine."""
    settle()
    return []


def as_of(*, now: datetime) -> datetime:
    """All that happened before this moment is counted."""
    return dirty.oldest_mark() or now


def begin_rebuild(campaign: Campaign, *, now: datetime) -> int:
    """Forget what was counted in a campaign and mark everybody; how many that are. Settling does the rest."""
    store.take_turn()
    store.delete_counts(campaign.id)
    citizens = {*papers.list_people(campaign.id), *draws.list_people(campaign.id), *store.list_visitors(campaign.id)}
    volunteers = tallies.list_people(campaign.id)
    dirty.mark_all(PERSON, whole=campaign.id, parts=citizens, now=now)
    dirty.mark_all(VOLUNTEER, whole=campaign.id, parts=volunteers, now=now)
    return len(citizens) + len(volunteers)


def _count(campaign: Campaign, kind: str, parts: Collection[UUID]) -> None:
    regions_of = _regions_of(campaign)
    if kind == PERSON:
        after = _counts_of_people(campaign, parts, regions_of)
    else:
        after = _counts_of_volunteers(campaign, parts, regions_of)
    before = store.list_shares(campaign.id, kind, parts)
    changes: Counter[Place] = Counter()
    for part in parts:
        changes.update(facts.change(_read(before.get(part, ())), after[part]))
    store.replace_shares(campaign.id, kind, {part: _written(after[part]) for part in parts})
    store.add_counts(campaign.id, {place: n for place, n in changes.items() if n})


def _read(written: Sequence[Sequence[Any]]) -> Counts:
    return Counter({Place(*place): n for *place, n in written})


def _written(counts: Counts) -> list[list[Any]]:
    return [[*place, n] for place, n in sorted(counts.items())]


RegionsOf = Callable[[UUID | None], Sequence[str]]


def _regions_of(campaign: Campaign) -> RegionsOf:
    """Under which regions something counts that happened in one: those between it and the campaign's, both included."""
    root = regions.get_region_by_id(campaign.region_id)
    above: Mapping[UUID, Sequence[str]] = {
        one.id: [root.code, *one.path[len(root.path) :].strip("/").split("/")] if one.id != root.id else [root.code]
        for one in regions.list_subtrees([root])
    }
    astray = [root.code, ELSEWHERE]
    return lambda region_id: astray if region_id is None else above.get(region_id, astray)


def _counts_of_people(campaign: Campaign, citizens: Collection[UUID], regions_of: RegionsOf) -> dict[UUID, Counts]:
    answered: dict[UUID, list[Paper]] = defaultdict(list)
    did: dict[UUID, list[Did]] = defaultdict(list)
    for one in papers.list_outcomes(campaign.id, citizens):
        answers = [Answer(said.code, said.scam_type, said.is_right) for said in one.answers]
        paper = Paper(regions_of(one.region_id), one.day, one.is_marked, one.is_passed, answers)
        answered[one.citizen_id].append(paper)
    for event in draws.list_events(campaign.id, citizens):
        happened = Did(STAGE_OF[event.what], regions_of(event.region_id), day_of(event.at))
        did[event.citizen_id].append(happened)
    for visit in store.list_visits(campaign.id, citizens):
        did[visit.citizen_id].append(Did(facts.OPENED, regions_of(visit.region_id), visit.day))
    root = campaign.definition.region
    return {one: facts.counts_of_person(answered[one], did[one], root=root) for one in citizens}


def _counts_of_volunteers(campaign: Campaign, people: Collection[UUID], regions_of: RegionsOf) -> dict[UUID, Counts]:
    reported: dict[UUID, list[Report]] = defaultdict(list)
    for one in tallies.list_reported(campaign.id, people):
        report = Report(
            regions_of(one.region_id),
            day_of(one.occurred_at),
            one.setting,
            one.households,
            one.people,
            one.handed_out,
        )
        reported[one.volunteer_id].append(report)
    kinds = tallies.kinds_of(people)
    return {one: facts.counts_of_volunteer(reported[one], kind=kinds[one]) for one in people}
