"""The way of one paper to its prize, for the answer to a complaint: paper, mark, ticket, draw, anchor, award."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.accounts.rules import Staff
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, Prize
from quizsvc.kit import aloud
from quizsvc.kit.errors import Refusal
from quizsvc.lottery import award_store, desk_store, rounds, rules, store
from quizsvc.lottery.rules import Anchor, Award, Draw, Entry, Redemption, Round
from quizsvc.quiz import tracing as papers
from quizsvc.quiz.tracing import TracedPaper
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_TRACE = ("operator", "auditor")


class TraceUnknown(Refusal):
    code, status = "lottery.trace_unknown", 404
    zh, en = "没有查到这张凭证", "Nothing is known under this word"


@dataclass(frozen=True)
class Won:
    """An award by the clock, and where it was handed over."""

    prize: Prize
    state: str
    expires_at: datetime
    redemption: Redemption | None
    redeemed_in: Region | None


@dataclass(frozen=True)
class Drawn:
    """A card that was drawn, in its round; `anchor` is the first that covers it.

    `agrees`: whether the card of the deck that seed and public number make carries this prize; None while the round is
    not closed, since before that nobody is told what is in the box.
    """

    draw: Draw | Entry
    round: Round
    prize: Prize | None
    anchor: Anchor | None
    agrees: bool | None
    won: Won | None


@dataclass(frozen=True)
class Trace:
    """Everything on one paper. A place in the closing draw has no paper: it belongs to a person who passed."""

    campaign: Campaign
    paper: TracedPaper | None
    drawn: Drawn | None


def trace(word: str, *, staff: Staff, now: datetime) -> Trace:
    """What stands behind a ticket's alias, or the id of a paper or ticket, as they were copied or read out.

    TraceUnknown, also beyond one's reach.
    """
    tried = (_by_id(said, now=now) or _by_alias(said, now=now) for said in (word, aloud.heard(word)))
    found = next((one for one in tried if one is not None), None)
    if found is None:
        raise TraceUnknown
    owner = regions.get_region_by_id(found.campaign.region_id)
    if not any(staff.holds(role, over=owner) for role in MAY_TRACE):
        raise TraceUnknown
    return found


def _by_id(word: str, *, now: datetime) -> Trace | None:
    try:
        known_as = UUID(word)
    except ValueError:
        return None
    return _of_paper(known_as, now=now)


def _of_paper(known_as: UUID, *, now: datetime) -> Trace | None:
    paper = papers.find_paper(known_as)
    if paper is None:
        return None
    campaign = campaigns.get_campaign_by_id(paper.campaign_id)
    draw = None if paper.ticket_id is None else store.find_draw(paper.ticket_id)
    if draw is None:
        return Trace(campaign, paper, None)
    award = award_store.find_award_of(draw.ticket_id)
    return Trace(campaign, paper, _drawn(campaign, draw, draw.round_id, award, now=now))


def _by_alias(word: str, *, now: datetime) -> Trace | None:
    ticket_id = desk_store.find_ticket(alias=word)
    if ticket_id is not None:
        return _of_paper(ticket_id, now=now)
    found = desk_store.find_entry(alias=word)
    if found is None:
        return None
    entry, round_id, campaign_id = found
    campaign = campaigns.get_campaign_by_id(campaign_id)
    award = desk_store.find_award_of_entry(entry.id)
    return Trace(campaign, None, _drawn(campaign, entry, round_id, award, now=now))


def _drawn(campaign: Campaign, draw: Draw | Entry, round_id: UUID, award: Award | None, *, now: datetime) -> Drawn:
    one = next(one for one in rounds.list_rounds(campaign) if one.id == round_id)
    return Drawn(
        draw=draw,
        round=one,
        prize=None if draw.prize is None else campaign.definition.prize(draw.prize),
        anchor=_first_over(draw, store.list_anchors(one.id)),
        agrees=_agrees(campaign, one, draw),
        won=None if award is None else _won(campaign, award, now=now),
    )


def _first_over(draw: Draw | Entry, anchors: Sequence[Anchor]) -> Anchor | None:
    return next((one for one in anchors if draw.drawn_at is not None and one.at >= draw.drawn_at), None)


def _agrees(campaign: Campaign, one: Round, draw: Draw | Entry) -> bool | None:
    if one.state != rules.CLOSED or draw.position is None:
        return None
    return rounds.deck_of(campaign, one)[draw.position - 1] == draw.prize


def _won(campaign: Campaign, award: Award, *, now: datetime) -> Won:
    standing = award_store.find_standing_redemption(award.id)
    return Won(
        prize=campaign.definition.prize(award.prize),
        state=rules.state_at(award, now=now),
        expires_at=award.expires_at,
        redemption=standing,
        redeemed_in=None if standing is None else regions.get_region_by_id(standing.region_id),
    )
