"""Deliberately wrong variants of the service: what a reader of DESIGN might have built instead.

Each is a negative control: a storm over it must make the named checks raise the alarm, or they check nothing. A
variant may need constraints gone from the tables (`LOOSENED`), since the service as it is leans on them.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from threading import Thread
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import insert, select, update

from quizsvc.kit.db import READS, WRITES, db, transaction
from quizsvc.kit.lua import redis_client
from quizsvc.lottery import award_store, rounds, rules, service, store
from quizsvc.lottery.awards import Winner, give_award
from quizsvc.lottery.models import AwardRecord, DrawRecord, RedemptionRecord, RoundRecord
from quizsvc.lottery.rules import Draw, Redemption, Round
from quizsvc.materials import service as materials

PAUSE = 0.02  # seconds between looking and acting: what a busy machine puts there by itself
Statements = tuple[str, ...]


def no_replay_read() -> None:
    """A repeated draw goes to the gate instead of being answered from the ledger first."""
    found = store.find_draw

    def find_draw(ticket_id: UUID) -> Draw | None:
        return None if db.session.connection().get_execution_options().get(READS) else found(ticket_id)

    store.find_draw = find_draw


def redis_is_truth() -> None:
    """The gate's word is answered at once; the database is told a moment later."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def write_draw(campaign: Any, one: Round, ticket: Any, *, position: int, now: datetime) -> service.Drawn:
        prize = rounds.deck_of(campaign, one)[position - 1]
        alias = f"{ticket.id.hex[-14:]}-{position}"
        draw = Draw(ticket.id, ticket.citizen_id, one.id, campaign.id, one.no, position, alias, prize, now)

        def write_behind() -> None:
            time.sleep(1)
            with app.app_context(), suppress(Exception), transaction():  # nobody waits for it any more
                store.add_draw(draw)

        Thread(target=write_behind, daemon=True).start()
        return service.Drawn(draw, campaign.slug, None)

    service._write_draw = write_draw


def look_first() -> None:
    """Look whether the ticket or the position was drawn, and insert if not."""

    def add_draw(draw: Draw) -> bool:
        taken = (DrawRecord.ticket_id == draw.ticket_id) | (
            (DrawRecord.round_id == draw.round_id) & (DrawRecord.position == draw.position)
        )
        if db.session.execute(select(DrawRecord.ticket_id).where(taken)).first() is not None:
            return False
        time.sleep(PAUSE)
        said = {name: getattr(draw, name) for name in DrawRecord.__table__.c.keys()}  # noqa: SIM118 - columns
        db.session.execute(insert(DrawRecord).values(**said))
        return True

    store.add_draw = add_draw


def two_commits() -> None:
    """The draw is committed, and then its award."""

    def write_draw(campaign: Any, one: Round, ticket: Any, *, position: int, now: datetime) -> service.Drawn | None:
        prize = rounds.deck_of(campaign, one)[position - 1]
        draw = Draw(ticket.id, ticket.citizen_id, one.id, campaign.id, one.no, position, ticket.id.hex[:22], prize, now)
        with transaction():
            if not store.add_draw(draw):
                return None
        with transaction():
            if prize is not None:
                winner = Winner(ticket.citizen_id, ticket.limit_key, ticket.region_id, ticket_id=ticket.id)
                give_award(campaign, winner, prize=prize, now=now)
            return service._drawn(draw, campaign)

    service._write_draw = write_draw


def spent_first() -> None:
    """A ticket is marked as spent, and then drawn: the reservation of many a shop."""
    drawn = service.draw_ticket

    def draw_ticket(ticket_id: UUID, **rest: Any) -> service.Drawn:
        if not redis_client().set(f"spent:{ticket_id}", 1, nx=True):
            with transaction():
                stands = service.find_drawn(ticket_id)
            if stands is None:
                raise service.Excluded
            return stands
        return drawn(ticket_id, **rest)

    service.draw_ticket = draw_ticket


def closer_without_lock() -> None:
    """Tick alone opens and closes, and counts what is left without keeping draws out meanwhile."""
    listed, opened = store.list_rounds, service._require_open
    recorded, counted, closed = store.record_closing, rounds.leftover_of, rounds.close_round

    def list_rounds(campaign_id: UUID, *, lock: bool = False) -> Any:
        return listed(campaign_id)

    def share_round(round_id: UUID) -> Any:
        found = select(RoundRecord.state, RoundRecord.anchored_at).where(RoundRecord.id == round_id)
        row = db.session.execute(found).one()
        return row.state, row.anchored_at

    def require_open(campaign: Any, due: Round, *, now: datetime) -> tuple[Any, Round]:
        if due.state == rules.PLANNED:
            raise service.NoRoundOpen
        return opened(campaign, due, now=now)

    def record_closing(round_id: UUID, *, head: str) -> None:
        time.sleep(1)
        recorded(round_id, head=head)

    def close_round(campaign: Any, one: Round, *, now: datetime) -> None:
        left = counted(campaign, one)
        rounds.leftover_of = lambda *_: left
        try:
            closed(campaign, one, now=now)
        finally:
            rounds.leftover_of = counted

    store.list_rounds, store.share_round, store.record_closing = list_rounds, share_round, record_closing
    service._require_open, rounds.close_round = require_open, close_round


def redeem_looks_first() -> None:
    """Look whether the award was redeemed, and redeem it in another transaction if not."""
    added = award_store.add_redemption

    def add_redemption(redemption: Redemption) -> bool:
        stands = select(RedemptionRecord.id).where(RedemptionRecord.award_id == redemption.award_id).limit(1)
        if db.session.scalar(stands) is not None:
            return False
        db.session.rollback()
        time.sleep(PAUSE)
        db.session.connection(execution_options={WRITES: True})
        return added(redemption)

    def record_redeemed(award_id: UUID, *, now: datetime) -> bool:
        db.session.execute(update(AwardRecord).where(AwardRecord.id == award_id).values(state=rules.REDEEMED))
        return True

    award_store.add_redemption, award_store.record_redeemed = add_redemption, record_redeemed


def goods_apart() -> None:
    """The redemption is committed, and its goods leave the store a moment later."""
    handed_out = materials.hand_out
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def hand_out(name: str, **said: Any) -> None:
        def move_goods() -> None:
            time.sleep(1)
            with app.app_context(), suppress(Exception), transaction():
                handed_out(name, **said)

        Thread(target=move_goods, daemon=True).start()

    vars(materials)["hand_out"] = hand_out


VARIANTS: Mapping[str, Callable[[], None]] = {
    "no-replay-read": no_replay_read,
    "redis-is-truth": redis_is_truth,
    "look-first": look_first,
    "two-commits": two_commits,
    "spent-first": spent_first,
    "closer-without-lock": closer_without_lock,
    "redeem-looks-first": redeem_looks_first,
    "goods-apart": goods_apart,
}

# What keeps a variant from doing its harm, and is taken out of its database.
LOOSENED: Mapping[str, Statements] = {
    "look-first": (
        "ALTER TABLE draws DROP CONSTRAINT pk_draws CASCADE",
        "ALTER TABLE draws DROP CONSTRAINT uq_draws_round_id_position",
        "ALTER TABLE draws DROP CONSTRAINT uq_draws_alias",
        "ALTER TABLE awards DROP CONSTRAINT uq_awards_ticket_id",
    ),
    "redeem-looks-first": ("DROP INDEX uq_redemptions_standing",),
}


def apply(variant: str) -> None:
    """Make this process's service the variant; the empty name leaves it as it is."""
    if variant:
        VARIANTS[variant]()
