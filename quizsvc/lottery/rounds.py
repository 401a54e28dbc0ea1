"""Rounds: sealed at publishing, opened and closed by the clock, once, on any host."""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, RoundPlan
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.crypto import keys
from quizsvc.kit.ids import new_id
from quizsvc.lottery import closing_store, rules, store
from quizsvc.lottery.rules import Count, Deck, Draw, Entry, Round

# When a round opens, every thread of a process wants its deck at the same moment (2 s of work for a million cards).
_shuffling = Lock()


def fresh_seed() -> tuple[str, str]:
    """A new seed, as commitment and sealed: nothing else ever leaves this function."""
    seed = secrets.token_bytes(32)
    return rules.commitment_of(seed), keys().seal(seed)


def seal_rounds(campaign: Campaign) -> dict[int, str]:
    """Make every round's seed and box. Returns the commitments by round number, to be published with the rules."""
    return {plan.no: _seal_round(campaign, plan) for plan in campaign.definition.rounds}


def _seal_round(campaign: Campaign, plan: RoundPlan) -> str:
    """Make a round's seed and box. Returns its commitment."""
    commitment, sealed_seed = fresh_seed()
    store.add_round(
        Round(
            id=new_id(),
            campaign_id=campaign.id,
            no=plan.no,
            state=rules.PLANNED,
            opens_at=plan.opens_at,
            closes_at=plan.closes_at,
            cards=plan.cards,
            planned=planned_of(campaign, plan),
            carried=[],
            commitment=commitment,
            sealed_seed=sealed_seed,
            beacon=None if campaign.definition.beacon else "",
            rules_hash=None,
            anchored_at=None,
            previous_head=None,
            head=None,
        )
    )
    return commitment


def amend_rounds(amended: Campaign) -> dict[int, str]:
    """Bring planned rounds to the amended definition and seal the added ones; WrongState.

    Returns all commitments by round number: those that stand, and the fresh ones. The caller holds the rounds' rows and
    has found nothing unfavourable, so that rounds which have opened are as they were.
    """
    standing = {one.no: one for one in store.list_rounds(amended.id)}
    commitments = {no: one.commitment for no, one in standing.items()}
    for plan in amended.definition.rounds:
        if plan.no not in standing:
            commitments[plan.no] = _seal_round(amended, plan)
        elif standing[plan.no].state == rules.PLANNED and not store.record_amended(
            standing[plan.no].id,
            opens_at=plan.opens_at,
            closes_at=plan.closes_at,
            cards=plan.cards,
            planned=planned_of(amended, plan),
        ):  # added by an amendment that was published while this one waited, it opened before its row was held
            raise campaigns.WrongState
    for one in standing.values():
        if one.head is not None and one.no + 1 not in standing:
            _hand_on(amended, one, head=one.head)  # nobody was there to inherit when the last round closed
    return commitments


def list_fixed(campaign: Campaign, *, now: datetime) -> set[int]:
    """Numbers of the rounds that no amendment may touch: open or over, due, or with a public number that is known.

    With seed and number known a deck is known: whoever then chose other counts would choose who wins.
    """
    standing = store.list_rounds(campaign.id)
    return {one.no for one in standing if one.state != rules.PLANNED or one.opens_at <= now or one.beacon}


def planned_of(campaign: Campaign, plan: RoundPlan) -> list[Count]:
    """A round's own prizes, in the order of the prize list."""
    codes = (prize.code for prize in campaign.definition.prizes)
    return [Count(code, plan.planned[code]) for code in codes if plan.planned.get(code)]


def hold_rounds(campaign: Campaign) -> Sequence[Round]:
    """Let no draw be written and no round open or close until this transaction ends.

    Whoever holds both takes the rounds first and the campaign second, as a draw does.
    """
    return store.list_rounds(campaign.id, lock=True)


def list_rounds(campaign: Campaign) -> Sequence[Round]:
    """The campaign's rounds as they stand, in order."""
    return store.list_rounds(campaign.id)


def advance_rounds(campaign: Campaign, *, now: datetime) -> list[str]:
    """Close what is over and open what is due; says what it did. Safe to repeat and to race: the rows are locked.

    A round opens only after the one before it is closed (its leftovers decide the odds) and its beacon is known.
    """
    done: list[str] = []
    while said := _advance_one(campaign, now=now):
        done.append(f"{campaign.slug}: {said}")
    return done


def _advance_one(campaign: Campaign, *, now: datetime) -> str | None:
    """Open or close the first round that is not closed, if it is due."""
    waiting = [one for one in hold_rounds(campaign) if one.state != rules.CLOSED and not one.is_closing_draw]
    if not waiting:
        return None
    one, campaign = waiting[0], campaigns.get_campaign_by_id(campaign.id)  # an amendment may have come before
    if one.state == rules.PLANNED and one.opens_at <= now and one.beacon is not None:
        store.record_opening(one.id, rules_hash=campaign.rules_hash)
        return f"round {one.no} is open"
    if one.state == rules.OPEN and one.closes_at <= now:
        close_round(campaign, one, now=now)
        return f"round {one.no} is closed"
    return None


def close_open_round(campaign: Campaign, *, now: datetime) -> None:
    """Close the open round before its time, because the campaign ends."""
    for one in hold_rounds(campaign):
        if one.state == rules.OPEN:
            close_round(campaign, one, now=now)


def close_round(campaign: Campaign, one: Round, *, now: datetime) -> None:
    """Write state and head, and hand undrawn prizes to the next round. The caller holds the rounds' rows."""
    lines = list_lines(one)
    head = rules.chain_head(bundle_header(campaign, one), lines)
    store.record_closing(one.id, head=head)
    left = _hand_on(campaign, one, head=head)
    accounts.audit(
        accounts.SYSTEM,
        act="round.close",
        subject=f"{campaign.slug}/{one.no}",
        after={"head": head, "draws": len(lines), "left": {count.code: count.count for count in left}},
        now=now,
    )


def _hand_on(campaign: Campaign, one: Round, *, head: str) -> list[Count]:
    """Hand a closed round's undrawn prizes to the one after it, if there is one. Returns them."""
    left = leftover_of(campaign, one)
    for later in store.list_rounds(campaign.id):
        if later.no == one.no + 1:
            store.record_inheritance(later.id, carried=left, previous_head=head)
    return left


def leftover_of(campaign: Campaign, one: Round) -> list[Count]:
    """The prizes of a round that nobody drew."""
    drawn = Counter(line["prize"] for line in list_lines(one) if line["prize"] is not None)
    return rules.leftover(prizes_of(campaign, one), drawn)


def prizes_of(campaign: Campaign, one: Round) -> list[Count]:
    """What is in the box: planned and carried, in the order of the prize list."""
    return rules.total(one.planned, one.carried, order=[prize.code for prize in campaign.definition.prizes])


def deck_of(campaign: Campaign, one: Round) -> Deck:
    """The open round's deck; shuffled once by each process, since nothing in it can change any more."""
    prizes = tuple(prizes_of(campaign, one))
    with _shuffling:
        return _deck(one.id, prizes, campaign.slug, one.no, one.beacon or "", one.cards, one.sealed_seed)


@lru_cache(maxsize=16)
def _deck(
    _round_id: UUID, prizes: tuple[Count, ...], slug: str, no: int, beacon: str, cards: int, sealed_seed: str
) -> Deck:
    seed = keys().unseal(sealed_seed)
    return rules.shuffle_deck(seed, campaign=slug, round_no=no, beacon=beacon, cards=cards, prizes=prizes)


def bundle_header(campaign: Campaign, one: Round) -> dict[str, Any]:
    """What hash 0 is taken of: the bundle without lines, head, seed and anchors (DESIGN section 10)."""
    return {
        **({"list_hash": one.list_hash} if one.is_closing_draw else {}),
        "campaign": campaign.slug,
        "round": one.no,
        "cards": one.cards,
        "beacon": one.beacon or "",
        "prizes": _counts(prizes_of(campaign, one)),
        "planned": _counts(one.planned),
        "carried": _counts(one.carried),
        "rules_hash": one.rules_hash,
        "commitment": one.commitment,
        "previous_head": one.previous_head,
    }


def list_lines(one: Round) -> list[dict[str, Any]]:
    """A round's draws as the ledger publishes them (without `hash`), in order of position."""
    if not one.is_closing_draw:
        return [ledger_line(draw) for draw in store.list_draws(round_id=one.id)]
    return [ledger_line(entry) for entry in closing_store.list_entries(one.id) if entry.drawn_at is not None]


def ledger_line(draw: Draw | Entry) -> dict[str, Any]:
    """A draw, or a place in the closing draw, as the ledger publishes it."""
    return {
        "position": draw.position,
        "ticket": draw.alias,
        "prize": draw.prize,
        "drawn_at": None if draw.drawn_at is None else rfc3339(draw.drawn_at),
    }


def _counts(counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [{"code": one.code, "count": one.count} for one in counts]
