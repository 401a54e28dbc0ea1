"""Rounds: sealed at publishing, opened and closed by the clock, once, on any host."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.crypto import keys
from quizsvc.kit.ids import new_id
from quizsvc.lottery import rules, store
from quizsvc.lottery.rules import Count, Deck, Draw, Round


def seal_rounds(campaign: Campaign) -> dict[int, str]:
    """Make every round's seed and box. Returns the commitments by round number, to be published with the rules."""
    order = [prize.code for prize in campaign.definition.prizes]
    commitments: dict[int, str] = {}
    for plan in campaign.definition.rounds:
        seed = secrets.token_bytes(32)
        commitments[plan.no] = rules.commitment_of(seed)
        store.add_round(
            Round(
                id=new_id(),
                campaign_id=campaign.id,
                no=plan.no,
                state=rules.PLANNED,
                opens_at=plan.opens_at,
                closes_at=plan.closes_at,
                cards=plan.cards,
                planned=[Count(code, plan.planned[code]) for code in order if plan.planned.get(code)],
                carried=[],
                commitment=commitments[plan.no],
                sealed_seed=keys().seal(seed),
                beacon=None if campaign.definition.beacon else "",
                rules_hash=None,
                anchored_at=None,
                previous_head=None,
                head=None,
            )
        )
    return commitments


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
    waiting = [one for one in store.list_rounds(campaign.id, lock=True) if one.state != rules.CLOSED]
    if not waiting:
        return None
    one = waiting[0]
    if one.state == rules.PLANNED and one.opens_at <= now and one.beacon is not None:
        store.record_opening(one.id, rules_hash=campaign.rules_hash)
        return f"round {one.no} is open"
    if one.state == rules.OPEN and one.closes_at <= now:
        close_round(campaign, one, now=now)
        return f"round {one.no} is closed"
    return None


def close_open_round(campaign: Campaign, *, now: datetime) -> None:
    """Close the open round before its time, because the campaign ends."""
    for one in store.list_rounds(campaign.id, lock=True):
        if one.state == rules.OPEN:
            close_round(campaign, one, now=now)


def close_round(campaign: Campaign, one: Round, *, now: datetime) -> None:
    """Write state and head, and hand undrawn prizes to the next round. The caller holds the rounds' rows."""
    draws = store.list_draws(round_id=one.id)
    head = rules.chain_head(bundle_header(campaign, one), map(ledger_line, draws))
    store.record_closing(one.id, head=head)
    drawn = Counter(draw.prize for draw in draws if draw.prize is not None)
    left = rules.leftover(prizes_of(campaign, one), drawn)
    following = [later for later in store.list_rounds(campaign.id) if later.no == one.no + 1]
    for later in following:
        store.record_inheritance(later.id, carried=left, previous_head=head)
    accounts.audit(
        accounts.SYSTEM,
        act="round.close",
        subject=f"{campaign.slug}/{one.no}",
        after={"head": head, "draws": len(draws), "left": {count.code: count.count for count in left}},
        now=now,
    )


def prizes_of(campaign: Campaign, one: Round) -> list[Count]:
    """What is in the box: planned and carried, in the order of the prize list."""
    return rules.total(one.planned, one.carried, order=[prize.code for prize in campaign.definition.prizes])


def deck_of(campaign: Campaign, one: Round) -> Deck:
    """The open round's deck; shuffled once by each process, since nothing in it can change any more."""
    return _deck(
        one.id, tuple(prizes_of(campaign, one)), campaign.slug, one.no, one.beacon or "", one.cards, one.sealed_seed
    )


@lru_cache(maxsize=16)
def _deck(
    _round_id: UUID, prizes: tuple[Count, ...], slug: str, no: int, beacon: str, cards: int, sealed_seed: str
) -> Deck:
    seed = keys().unseal(sealed_seed)
    return rules.shuffle_deck(seed, campaign=slug, round_no=no, beacon=beacon, cards=cards, prizes=prizes)


def bundle_header(campaign: Campaign, one: Round) -> dict[str, Any]:
    """What hash 0 is taken of: the bundle without lines, head, seed and anchors (DESIGN section 10)."""
    return {
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


def ledger_line(draw: Draw) -> Mapping[str, Any]:
    """A draw as the ledger publishes it."""
    return {
        "position": draw.position,
        "ticket": draw.alias,
        "prize": draw.prize,
        "drawn_at": rfc3339(draw.drawn_at),
    }


def _counts(counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [{"code": one.code, "count": one.count} for one in counts]
