"""What each person did in a campaign: gathered from the slices that know, and written as it is kept."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

import orjson

from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import day_of
from quizsvc.lottery import results as draws
from quizsvc.outreach import results as tallies
from quizsvc.outreach.rules import VOLUNTEER
from quizsvc.quiz import results as papers
from quizsvc.quiz.rules import PERSON
from quizsvc.reach import fact_store as store
from quizsvc.reach import facts
from quizsvc.reach.facts import ELSEWHERE, Additions, Asked, Did, Paper, Place, Player, Report, Reporter
from quizsvc.regions import service as regions

KINDS = (PERSON, VOLUNTEER)
STAGE_OF = {draws.DREW: facts.DREW, draws.WON: facts.WON, draws.REDEEMED: facts.REDEEMED}


class Shares:
    """The people of one campaign. Regions and questions are read once."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        root = regions.get_region_by_id(campaign.region_id)
        within = regions.list_subtrees([root])
        self._codes = {one.id: one.code for one in within}
        self._above = {one.code: _above(root.code, one.path[len(root.path) :]) for one in within}
        self._above[ELSEWHERE] = (root.code, ELSEWHERE)
        self._questions = {id_: Asked(one.code, one.scam_type) for id_, one in papers.known_questions().items()}

    def nothing(self) -> Additions:
        """Nothing yet to be added to the campaign's counts."""
        return Additions(self._above.__getitem__, self._questions)

    def gather(self, kind: str, parts: Collection[UUID]) -> dict[UUID, str]:
        """What some people did, written as it is kept; nobody who did nothing that counts."""
        return self._players(parts) if kind == PERSON else self._reporters(parts)

    def places_of(self, kind: str, done: str) -> dict[Place, int]:
        """What one person adds, as it is kept."""
        alone = self.nothing()
        add(alone, kind, done, 1)
        return alone.places()

    def _home(self, region_id: UUID | None) -> str:
        return ELSEWHERE if region_id is None else self._codes.get(region_id, ELSEWHERE)

    def _players(self, citizens: Collection[UUID]) -> dict[UUID, str]:
        campaign_id = self._campaign.id
        answered: dict[UUID, list[Paper]] = defaultdict(list)
        did: dict[UUID, list[Did]] = defaultdict(list)
        for one in papers.list_outcomes(campaign_id, citizens):
            stage = facts.PASSED if one.is_passed else facts.HANDED_IN if one.is_marked else facts.DEALT
            paper = Paper(stage, self._home(one.region_id), one.day.isoformat(), one.right, one.wrong)
            answered[one.citizen_id].append(paper)
        for event in draws.list_events(campaign_id, citizens):
            day = day_of(event.at).isoformat()
            did[event.citizen_id].append(Did(STAGE_OF[event.what], self._home(event.region_id), day))
        for visit in store.list_visits(campaign_id, citizens):
            did[visit.citizen_id].append(Did(facts.OPENED, self._home(visit.region_id), visit.day.isoformat()))
        return {one: _written(Player(answered[one], sorted(did[one]))) for one in answered.keys() | did.keys()}

    def _reporters(self, volunteers: Collection[UUID]) -> dict[UUID, str]:
        reported: dict[UUID, list[Report]] = defaultdict(list)
        for one in tallies.list_reported(self._campaign.id, volunteers):
            day, home = day_of(one.occurred_at).isoformat(), self._home(one.region_id)
            said = Report(home, day, one.setting, one.households, one.people, one.handed_out)
            reported[one.volunteer_id].append(said)
        kinds = tallies.kinds_of(reported)
        return {one: _written(Reporter(kinds[one], said)) for one, said in reported.items()}


def _above(root: str, below: str) -> tuple[str, ...]:
    """From the campaign's region down to one whose path goes on like this."""
    return (root, *(code for code in below.split("/") if code))


def add(additions: Additions, kind: str, written: str | None, n: int) -> None:
    """Add what a person did, as it was kept, n times."""
    if written is None:
        return
    if kind == PERSON:
        answered, did = orjson.loads(written)
        additions.add_player(Player([Paper(*one) for one in answered], [Did(*one) for one in did]), n)
    else:
        sort, reports = orjson.loads(written)
        additions.add_reporter(Reporter(sort, [Report(*one) for one in reports]), n)


def _written(done: Player | Reporter) -> str:
    """In JSON, a list for each tuple."""
    return orjson.dumps(done, default=tuple, option=orjson.OPT_SORT_KEYS).decode()
