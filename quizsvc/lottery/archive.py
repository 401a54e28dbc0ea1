"""What the archive holds of draws and prizes, without personal data; and what keeps a campaign from being archived.

A draw is known by its public alias. No redemption code and no coupon's code is in it; of a coupon there is the keyed
hash by which the service would know it again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import rfc3339
from quizsvc.lottery import archive_store as store
from quizsvc.lottery import award_store, closing, ledger, register, results, rounds, rules
from quizsvc.regions import service as regions

PAGE = 1_000
FIRST = UUID(int=0)


def list_rounds(campaign: Campaign) -> list[dict[str, Any]]:
    """Every round with its state. One that never opened (the campaign ended before) has no bundle."""
    return [
        {
            **rounds.bundle_header(campaign, one),
            "state": one.state,
            "opens_at": rfc3339(one.opens_at),
            "closes_at": rfc3339(one.closes_at),
            "head": one.head,
        }
        for one in rounds.list_rounds(campaign)
    ]


def get_bundle(campaign: Campaign, *, no: int) -> dict[str, Any]:
    """A closed round as the public got it, in memory as a whole, as it is served."""
    return ledger.get_bundle(campaign, no=no)


def list_awards(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Every award, oldest first; `award` is what the audit log calls it."""
    after = FIRST
    while page := store.list_awards(campaign.id, after=after, limit=PAGE):
        for row in page:
            yield {
                "award": str(row.id),
                "ticket": row.alias,
                "round": row.no,
                "position": row.position,
                "prize": row.prize,
                "state": row.state,
                "won_at": rfc3339(row.won_at),
                "expires_at": rfc3339(row.expires_at),
            }
        after = page[-1].id


def list_redemptions(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Every hand-over: by whom, when, where; undone by whom, when and why."""
    after = FIRST
    while page := store.list_redemptions(campaign.id, after=after, limit=PAGE):
        places = regions.list_regions_by_id(row.region_id for row in page)
        for row in page:
            yield {
                "scan": str(row.id),
                "award": str(row.award_id),
                "ticket": row.alias,
                "prize": row.prize,
                "redeemed_at": rfc3339(row.redeemed_at),
                "redeemed_by": row.staff_name,
                "region": places[row.region_id].code,
                "undone_at": None if row.undone_at is None else rfc3339(row.undone_at),
                "undone_by": row.undone_by,
                "undo_reason": row.undo_reason,
            }
        after = page[-1].id


def list_coupons(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Every coupon in the order loaded: which draw it was given for, by alias, if it was."""
    after = number = 0
    while page := store.list_coupons(campaign.id, after=after, limit=PAGE):
        for row in page:
            number += 1
            yield {
                "no": number,
                "code_hash": row.code_hash,
                "prize": row.prize,
                "face_value_fen": row.face_value_fen,
                "expires_at": rfc3339(row.expires_at),
                "ticket": row.alias,
                "voided_at": None if row.voided_at is None else rfc3339(row.voided_at),
            }
        after = page[-1].id


def count_coupons(campaign: Campaign) -> list[dict[str, Any]]:
    """By prize: loaded = assigned + unused + void."""
    counted = results.count_coupons(campaign.id)
    names = ("prize", "loaded", "assigned", "unused", "void")
    return [{name: getattr(one, name) for name in names} for one in counted]


def list_own_awards(campaign: Campaign, ids: Collection[UUID]) -> set[UUID]:
    """Which of these ids are awards of the campaign."""
    return store.list_own_awards(campaign.id, ids)


def count_all(campaign: Campaign) -> Mapping[str, int]:
    """Counts that change with whatever is done to the campaign's prizes."""
    return store.count_by_state(campaign.id)


def list_open(campaign: Campaign, *, now: datetime) -> Sequence[tuple[str, str, str]]:
    """What is not settled yet, as (where, what, how to mend)."""
    found = [
        (f"round {one.no}", "is still open", "quizsvc tick closes it when its time is over")
        for one in rounds.list_rounds(campaign)
        if one.state == rules.OPEN
    ]
    if closing.is_waiting(campaign, now=now):
        found.append(("closing draw", "is not held", "enter its public number: quizsvc lottery beacon"))
    if undecided := store.count_undecided(campaign.id):
        wait = "hand them over, or wait until they expire (quizsvc tick)"
        found.append(("awards", f"{undecided} are won and neither fetched nor expired", wait))
    return [*found, *_open_coupons(campaign)]


def _open_coupons(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    """Loaded = assigned + unused + void, none of them twice, and each winner of a coupon prize has one."""
    stocks, astray = register.list_stocks(campaign), store.count_astray(campaign.id)
    loaded = {one.prize: one.loaded for one in results.count_coupons(campaign.id)}
    for prize, stock in stocks.items():
        lost, twice = astray.get(prize, (0, 0))
        if stock.loaded != loaded.get(prize) or lost or twice:
            what = (
                f"{loaded.get(prize)} loaded, {stock.assigned} assigned, {stock.unused} unused, {stock.void} void, "
                f"{lost} given for another prize, {twice} both given and void"
            )
            yield f"coupons {prize}", what, "the tables were changed from outside: compare with the partner's list"
    for code in (one.code for one in campaign.definition.prizes if one.kind == "coupon"):
        if waiting := len(award_store.list_awards_without_coupon(campaign.id, prize=code)):
            yield f"coupons {code}", f"{waiting} winners have none", "quizsvc coupons load"
