"""Draw a ticket; show draws and awards.

The draw is the one use case that opens its own transactions: it reads, asks the gate while no transaction is open,
and then tries to write what the gate proposed, one new transaction per attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts.rules import Citizen
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, Prize
from quizsvc.kit import dirty
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_alias
from quizsvc.lottery import award_store, gate, rounds, rules, store
from quizsvc.lottery.awards import MaxWins, Winner, code_of, give_award
from quizsvc.lottery.rules import Award, Draw, Round
from quizsvc.quiz import service as quiz
from quizsvc.quiz.rules import PERSON, Ticket

TRIES = 5


class NoRoundOpen(Refusal):
    code, status, retry = "lottery.no_round_open", 409, "later"
    zh, en = "现在没有开放的抽奖轮次，抽奖券保留", "No round is open now; the ticket stays good"


class Excluded(Refusal):
    code, status = "lottery.excluded", 409
    zh, en = (
        "按活动规则，您不能参加抽奖，请联系主办方",
        "You take no part in draws by the rules; ask the organiser",
    )


class RoundEmpty(Refusal):
    code, status, retry = "lottery.round_empty", 409, "later"
    zh, en = "本轮签已抽完，抽奖券可留到下一轮", "Every card of this round is drawn; the ticket stays good for the next"


class TooFast(Refusal):
    code, status, retry = "lottery.too_fast", 429, "same"
    zh, en = "操作太快，请稍等再抽", "Too fast, wait a moment"


class Busy(Refusal):
    code, status, retry = "lottery.busy", 503, "same"
    zh, en = "抽奖人数较多，请稍后再试，抽奖券保留", "Many are drawing, please try again; the ticket stays good"


@dataclass(frozen=True)
class Coupon:
    """A partner's coupon, shown to its winner only. Value in fen."""

    code: str
    face_value_fen: int
    expires_at: datetime


@dataclass(frozen=True)
class Win:
    """An award as its winner sees it."""

    award: Award
    campaign: str
    prize: Prize
    code: str
    coupon: Coupon | None


@dataclass(frozen=True)
class Drawn:
    """The outcome of a ticket."""

    draw: Draw
    campaign: str
    win: Win | None


class _TryAgain(Exception):
    """Roll this attempt back and make another one."""


def draw_ticket(ticket_id: UUID, *, citizen: Citizen, now: datetime) -> Drawn:
    """Draw the next card for a ticket; drawing it again returns the first outcome and takes no card.

    Refuses with TicketUnknown (also somebody else's), Excluded, what campaigns.require_open refuses, NoRoundOpen,
    RoundEmpty, MaxWins, TooFast and Busy. After any refusal the ticket is untouched.
    """
    with reading():
        ticket = quiz.get_ticket(ticket_id, citizen=citizen)
        stands = store.find_draw(ticket_id)
        if stands is not None:  # a replay must never reach the gate: an emptied Redis would take a second card
            return _drawn(stands, campaigns.get_campaign_by_id(stands.campaign_id))
        found = store.find_round_at(ticket.campaign_id, moment=now, limit_key=ticket.limit_key)
        campaign = campaigns.get_campaign_by_id(ticket.campaign_id)  # read later, so that it knows the round's prizes
        campaigns.require_open(campaign, now=now)
        if found is None:
            raise NoRoundOpen
        one, wins, blocked = found
        if blocked or citizen.excluded:
            raise Excluded
        if wins >= campaign.definition.max_wins:
            raise MaxWins
    campaign, one = _require_open(campaign, one, now=now)
    for _ in range(TRIES):
        position = _ask_gate(one, ticket, now=now)
        if position:
            try:
                drawn = _write_draw(campaign, one, ticket, position=position, now=now)
            except _TryAgain:
                continue
            if drawn is not None:
                return drawn
        _catch_up(one, ticket, taken=position, now=now)
    raise Busy(retry_after=1)


def _require_open(campaign: Campaign, due: Round, *, now: datetime) -> tuple[Campaign, Round]:
    """The round that is due, opened here if tick has not come round yet, and the rules that it opened with."""
    if due.state == rules.PLANNED:
        with transaction():
            rounds.advance_rounds(campaign, now=now)
            due = next(one for one in store.list_rounds(campaign.id) if one.id == due.id)
            campaign = campaigns.get_campaign_by_id(campaign.id)  # an amendment may have filled the box meanwhile
    if due.state != rules.OPEN:
        raise NoRoundOpen
    return campaign, due


def _ask_gate(one: Round, ticket: Ticket, *, now: datetime) -> int:
    """The position that the gate proposes; 0 when it is cold."""
    try:
        said = gate.take_card(one, ticket_id=ticket.id, person=ticket.limit_key, now=now)
    except gate.GateAway:
        raise Busy(retry_after=2) from None
    if said.word == "too_fast":
        raise TooFast(retry_after=said.wait)
    if said.word == "busy":
        raise Busy(retry_after=said.wait)
    if said.word == "empty":
        raise RoundEmpty
    return said.position


def _write_draw(campaign: Campaign, one: Round, ticket: Ticket, *, position: int, now: datetime) -> Drawn | None:
    """Write what the gate proposed, or read what stands. None: the position was taken by somebody else."""
    prize = rounds.deck_of(campaign, one)[position - 1]
    with transaction():
        state, anchored_at = store.share_round(one.id)
        drawn_at = rules.date_draw(now, anchored_at=anchored_at)
        if state != rules.OPEN or drawn_at >= one.closes_at:  # behind an anchor of the round's last millisecond
            raise NoRoundOpen
        draw = Draw(
            ticket_id=ticket.id,
            citizen_id=ticket.citizen_id,
            round_id=one.id,
            campaign_id=campaign.id,
            round_no=one.no,
            position=position,
            alias=new_alias(),
            prize=prize,
            drawn_at=drawn_at,
        )
        if not store.add_draw(draw):
            stands = store.find_draw(ticket.id)
            return None if stands is None else _drawn(stands, campaign)
        dirty.mark(PERSON, whole=campaign.id, part=draw.citizen_id, now=now)
        if prize is not None:
            winner = Winner(ticket.citizen_id, ticket.limit_key, ticket.region_id, ticket_id=ticket.id)
            if give_award(campaign, winner, prize=prize, now=now) is None:
                raise _TryAgain
        return _drawn(draw, campaign)


def _catch_up(one: Round, ticket: Ticket, *, taken: int, now: datetime) -> None:
    with reading():
        highest = store.highest_position(one.id)
    try:
        gate.catch_up(one, ticket_id=ticket.id, taken=taken, highest=highest, now=now)
    except gate.GateAway:
        raise Busy(retry_after=2) from None


# --- what is shown ----------------------------------------------------------------------------------------------------


def find_drawn(ticket_id: UUID) -> Drawn | None:
    """A ticket's outcome, None before it is drawn. Whose ticket it is, the caller has checked."""
    draw = store.find_draw(ticket_id)
    return None if draw is None else _drawn(draw, campaigns.get_campaign_by_id(draw.campaign_id))


def list_drawn(citizen: Citizen) -> Sequence[Draw]:
    """The citizen's draws, oldest first."""
    return store.list_draws_of(citizen.id)


def list_wins(citizen: Citizen, *, campaign: Campaign | None = None) -> list[Win]:
    """The citizen's awards, oldest first; of one campaign or of all."""
    awards = [one for one in award_store.list_awards(citizen.id) if campaign is None or one.campaign_id == campaign.id]
    played = {one.campaign_id for one in awards}
    by_id = {campaign_id: campaigns.get_campaign_by_id(campaign_id) for campaign_id in played}
    return [_win(award, by_id[award.campaign_id]) for award in awards]


def expire_awards(*, now: datetime) -> int:
    """Expire awards that were not fetched in time. Returns how many."""
    return award_store.record_expired(now=now)


def _drawn(draw: Draw, campaign: Campaign) -> Drawn:
    award = None if draw.prize is None else award_store.find_award_of(draw.ticket_id)
    return Drawn(draw, campaign.slug, None if award is None else _win(award, campaign))


def _win(award: Award, campaign: Campaign) -> Win:
    coupon = award_store.find_coupon(award.id)
    return Win(
        award=award,
        campaign=campaign.slug,
        prize=campaign.definition.prize(award.prize),
        code=code_of(award.id),
        coupon=None if coupon is None else Coupon(keys().unseal(coupon[0]).decode(), coupon[1], coupon[2]),
    )
