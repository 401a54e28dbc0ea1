"""Count anew what was marked: each person's share is taken away and replaced, in one transaction with the marks."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import dirty
from quizsvc.kit.db import has_one_writer
from quizsvc.lottery import results as draws
from quizsvc.outreach import results as tallies
from quizsvc.outreach.rules import VOLUNTEER
from quizsvc.quiz import results as papers
from quizsvc.quiz.rules import PERSON
from quizsvc.reach import fact_store as store
from quizsvc.reach import shares
from quizsvc.reach.facts import Place
from quizsvc.reach.shares import Shares

MOST_AT_ONCE = 1_000  # marks in one transaction, for which SQLite's other writers wait
IN_BULK = 20_000  # where writers do not wait for each other: what people share is added up before it is written
PAGE = 2_000  # people in memory


def settle(*, limit: int | None = None) -> int:
    """Count anew what the oldest marks say; how many marks that were. 0: nothing waits.

    In the caller's transaction; one at a time. What is marked while this goes on is counted the next time.
    """
    store.take_turn()
    marks = dirty.list_marks(limit=limit or (MOST_AT_ONCE if has_one_writer() else IN_BULK))
    waiting: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
    for _, key in marks:
        waiting[key.whole, key.kind].add(key.part)
    for (campaign_id, kind), parts in sorted(waiting.items()):
        _count(campaigns.get_campaign_by_id(campaign_id), kind, sorted(parts))
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
    """Mark everybody who ever did anything in a campaign; how many that are. Settling does the rest, then `mend`.

    Meanwhile figures stand as they were counted last.
    """
    citizens = {*papers.list_people(campaign.id), *draws.list_people(campaign.id), *store.list_visitors(campaign.id)}
    volunteers = tallies.list_people(campaign.id)
    counted = {kind: {part for part, _ in store.list_all_shares(campaign.id, kind)} for kind in shares.KINDS}
    everybody = {PERSON: citizens | counted[PERSON], VOLUNTEER: volunteers | counted[VOLUNTEER]}
    for kind, parts in everybody.items():
        dirty.mark_all(kind, whole=campaign.id, parts=sorted(parts), now=now)
    return sum(len(parts) for parts in everybody.values())


def find_wrong(campaign: Campaign) -> dict[Place, int]:
    """What is missing in a campaign's counts, below zero what is too much, against the shares of all."""
    additions = Shares(campaign).nothing()
    for kind in shares.KINDS:
        for _, done in store.list_all_shares(campaign.id, kind):
            shares.add(additions, kind, done, 1)
    wrong = additions.places()
    for place, n in store.list_counts(campaign.id).items():
        wrong[place] = wrong.get(place, 0) - n
    return {place: n for place, n in wrong.items() if n}


def mend(campaign: Campaign) -> int:
    """Let a campaign's counts be the sum of all shares; how many were not."""
    store.take_turn()
    wrong = find_wrong(campaign)
    store.add_counts(campaign.id, wrong)
    return len(wrong)


def _count(campaign: Campaign, kind: str, parts: list[UUID]) -> None:
    people = Shares(campaign)
    additions = people.nothing()
    for begin in range(0, len(parts), PAGE):
        page = parts[begin : begin + PAGE]
        before, after = store.list_shares(campaign.id, kind, page), people.gather(kind, page)
        changed = [part for part in page if before.get(part) != after.get(part)]
        for part in changed:
            shares.add(additions, kind, before.get(part), -1)
            shares.add(additions, kind, after.get(part), 1)
        store.replace_shares(campaign.id, kind, {part: after.get(part) for part in changed})
    store.add_counts(campaign.id, additions.places())
