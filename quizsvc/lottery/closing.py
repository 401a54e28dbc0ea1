"""The closing draw: what the last round left goes to people who passed and have not won.

Who takes part is fixed, and its hash public, before the public number is known; the number then decides the order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Citizen
from quizsvc.campaigns.rules import CLOSING_DRAW, Campaign
from quizsvc.kit import dirty
from quizsvc.kit.ids import new_alias, new_id
from quizsvc.lottery import award_store, closing_store, rounds, rules, store
from quizsvc.lottery.awards import Winner, give_award
from quizsvc.lottery.rules import Count, Entry, Round
from quizsvc.quiz import service as quiz
from quizsvc.quiz.rules import PERSON


def fix_list(campaign: Campaign, *, now: datetime) -> list[str]:
    """Fix who takes part, once, when the campaign has ended; says what it did. Safe to repeat and to race.

    Nothing left, or nobody entitled: the draw is closed at once, and the prizes are returned.
    """
    rounds.hold_rounds(campaign)
    standing = store.list_rounds(campaign.id)  # a statement of its own: it sees what was written while we waited
    sealed = closing_store.find_closing_seed(campaign.id)
    if campaign.definition.leftovers != CLOSING_DRAW or sealed is None or any(one.is_closing_draw for one in standing):
        return []
    entries = _entitled(campaign)
    planned, carried = _left_over(campaign, standing)
    one = Round(
        id=new_id(),
        campaign_id=campaign.id,
        no=max((one.no for one in standing), default=0) + 1,
        state=rules.PLANNED,
        opens_at=now,
        closes_at=campaign.definition.claim_until,
        cards=max(len(entries), sum(count.count for count in (*planned, *carried)), 1),
        planned=planned,
        carried=carried,
        commitment=sealed[0],
        sealed_seed=sealed[1],
        beacon=None,
        rules_hash=campaign.rules_hash,
        anchored_at=None,
        previous_head=next((one.head for one in reversed(standing) if one.head is not None), None),
        head=None,
        list_hash=rules.list_hash(entry.alias for entry in entries),
    )
    store.add_round(one)
    closing_store.add_entries(one.id, entries)
    after = {"list_hash": one.list_hash, "entries": len(entries)}
    accounts.audit(accounts.SYSTEM, act="closing-draw.list", subject=f"{campaign.slug}/{one.no}", after=after, now=now)
    if not entries or not (planned or carried):
        store.record_beacon(one.id, beacon="")
    return [f"{campaign.slug}: the closing draw's list of {len(entries)} is fixed"]


def _entitled(campaign: Campaign) -> list[Entry]:
    """Everybody who passed, has not won and is not blocked, each once, under a fresh alias."""
    out = {*award_store.list_winners(campaign.id), *award_store.list_blocked(campaign.id)}
    passed = quiz.list_passers(campaign)
    return [
        Entry(new_id(), one.limit_key, one.citizen_id, one.region_id, new_alias())
        for one in passed
        if one.limit_key not in out
    ]


def _left_over(campaign: Campaign, standing: Sequence[Round]) -> tuple[list[Count], list[Count]]:
    """What the rounds that never opened had planned, and what the last closed one left."""
    order = [prize.code for prize in campaign.definition.prizes]
    unopened = [count for one in standing if one.state == rules.PLANNED for count in one.planned]
    closed = [one for one in standing if one.state == rules.CLOSED]
    left = rounds.leftover_of(campaign, closed[-1]) if closed else []
    return rules.total(unopened, [], order=order), left


def hold_draw(campaign: Campaign, *, now: datetime) -> list[str]:
    """Draw, once, when the list is fixed and the beacon entered; says what it did. Safe to repeat and to race."""
    waiting = [one for one in store.list_rounds(campaign.id, lock=True) if one.is_closing_draw]
    if not waiting or waiting[0].state == rules.CLOSED or waiting[0].beacon is None or now >= waiting[0].closes_at:
        return []
    one = waiting[0]
    entries = {entry.alias: entry for entry in closing_store.list_entries(one.id)}
    deck = rounds.deck_of(campaign, one)
    order = rules.order_entries(entries, beacon=one.beacon or "")
    places = {alias: (place, deck[place - 1]) for place, alias in enumerate(order, start=1)}
    closing_store.record_places(
        [(entries[alias].id, place, prize) for alias, (place, prize) in places.items()], now=now
    )
    _give_awards(campaign, entries, places, now=now)
    rounds.close_round(campaign, one, now=now)
    return [f"{campaign.slug}: the closing draw is held"]


def _give_awards(
    campaign: Campaign, entries: Mapping[str, Entry], places: Mapping[str, tuple[int, str | None]], *, now: datetime
) -> None:
    for alias, (_, prize) in places.items():
        if prize is not None:
            entry = entries[alias]
            winner = Winner(entry.citizen_id, entry.limit_key, entry.region_id, entry_id=entry.id)
            if give_award(campaign, winner, prize=prize, now=now) is None:
                raise RuntimeError("somebody in the closing draw has won before")
            dirty.mark(PERSON, whole=campaign.id, part=entry.citizen_id, now=now)


def is_waiting(campaign: Campaign, *, now: datetime) -> bool:
    """Whether the list is fixed and the draw not held, while winners would still have time to fetch their prizes."""
    return any(
        one.is_closing_draw and one.state != rules.CLOSED and now < one.closes_at
        for one in rounds.list_rounds(campaign)
    )


def find_entry(campaign: Campaign, citizen: Citizen) -> tuple[Entry, int] | None:
    """The citizen's own entry in the closing draw, and the number of its round."""
    return closing_store.find_entry(campaign.id, citizen_id=citizen.id)


def discard_boxes(campaign: Campaign) -> None:
    """Take a withdrawn campaign's rounds and seeds away: no box is ever sealed with a seed that was there before.

    The caller holds the rounds and knows that no paper was dealt; the database refuses to lose a round with a draw.
    """
    closing_store.delete_closing_seed(campaign.id)
    store.delete_rounds(campaign.id)


def seal(campaign_id: UUID) -> str:
    """Make the closing draw's seed. Returns its commitment, to be published with the rules."""
    commitment, sealed_seed = rounds.fresh_seed()
    closing_store.add_closing_seed(campaign_id, commitment=commitment, sealed_seed=sealed_seed)
    return commitment
