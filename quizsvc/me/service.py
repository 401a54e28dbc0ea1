"""The campaign page, the citizen's state in it, export and deletion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from quizsvc.accounts import messages, volunteers
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import MESSAGES, PRIVACY, PURPOSES, Citizen, Consent, latest_consents
from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import CLOSING_DRAW, Campaign, Version
from quizsvc.kit.clock import day_of
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.lottery import closing, rounds
from quizsvc.lottery import service as lottery
from quizsvc.lottery.rules import Round
from quizsvc.lottery.service import Win
from quizsvc.quiz import service as quiz
from quizsvc.reach import service as reach
from quizsvc.regions import service as regions


@dataclass(frozen=True)
class CampaignPage:
    """A campaign as everybody may see it: its frozen rules, its rounds as they stand, every version of its rules.

    `messages`: the templates to ask consent with at WeChat, by kind; None where no messages are sent.
    """

    campaign: Campaign
    rounds: Sequence[Round]
    versions: Sequence[Version]
    messages: Mapping[str, str] | None


@dataclass(frozen=True)
class TicketState:
    """A ticket and whether it was drawn."""

    id: UUID
    drawn: bool


@dataclass(frozen=True)
class OwnState:
    """A citizen's state in one campaign."""

    campaign: Campaign
    papers_left_today: int
    open_paper: UUID | None
    tickets: Sequence[TicketState]
    awards: Sequence[Win]
    consents: Mapping[str, bool]
    closing_draw: Mapping[str, Any] | None


def get_page(slug: str) -> CampaignPage:
    """A public campaign; CampaignUnknown."""
    campaign = campaigns.get_public(slug)
    versions = amendments.list_versions(campaign)
    return CampaignPage(campaign, rounds.list_rounds(campaign), versions, messages.template_ids())


def list_pages(*, cursor: str | None, limit: int) -> PageOf[Campaign]:
    """Public campaigns in order of slug."""
    return campaigns.list_public(cursor=cursor, limit=limit)


def get_own_state(slug: str, citizen: Citizen, *, now: datetime) -> OwnState:
    """What the citizen has and may still do in a campaign; CampaignUnknown."""
    campaign = campaigns.get_public(slug)
    papers_left, open_paper = quiz.find_standing(citizen, campaign, now=now)
    drawn = {draw.ticket_id for draw in lottery.list_drawn(citizen)}
    tickets = quiz.list_tickets(citizen, campaign=campaign)
    return OwnState(
        campaign=campaign,
        papers_left_today=papers_left,
        open_paper=open_paper,
        tickets=[TicketState(ticket.id, ticket.id in drawn) for ticket in tickets],
        awards=lottery.list_wins(citizen, campaign=campaign),
        consents=_consents(accounts.list_consents(citizen), campaign),
        closing_draw=_closing_place(campaign, citizen),
    )


# Who was noted today by this process; only spares asking the database again, which knows.
_noted: dict[date, set[tuple[UUID, UUID]]] = {}


def is_new_visit(campaign: Campaign, citizen: Citizen, *, now: datetime) -> bool:
    """Whether a visit may still have to be noted today."""
    return (campaign.id, citizen.id) not in _noted.get(day_of(now), ())


def record_visit(campaign: Campaign, citizen: Citizen, *, now: datetime) -> None:
    """Note that a citizen opened a campaign today. Safe to repeat."""
    reach.record_visit(campaign, citizen, now=now)
    if (day := day_of(now)) not in _noted:
        _noted.clear()
    _noted.setdefault(day, set()).add((campaign.id, citizen.id))


def _closing_place(campaign: Campaign, citizen: Citizen) -> dict[str, Any] | None:
    """The citizen's own place in the closing draw, to be found again in its ledger."""
    found = closing.find_entry(campaign, citizen) if campaign.definition.leftovers == CLOSING_DRAW else None
    if found is None:
        return None
    entry, round_no = found
    return {"round": round_no, "ticket": entry.alias, "position": entry.position, "drawn_at": entry.drawn_at}


def _consents(said: Sequence[Consent], campaign: Campaign) -> dict[str, bool]:
    """The word in force per purpose: on this campaign's notice, for the winner list the last one said."""
    latest = latest_consents(said)
    words = {consent.purpose: consent.granted for consent in said}
    for purpose in (PRIVACY, MESSAGES):
        word = latest.get((purpose, campaign.definition.privacy_version))
        words[purpose] = word is not None and word.granted
    return {purpose: words.get(purpose, False) for purpose in PURPOSES}


def list_awards(citizen: Citizen, *, cursor: str | None, limit: int) -> PageOf[Win]:
    """The citizen's awards, oldest first."""
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    wins = [win for win in lottery.list_wins(citizen) if str(win.award.id) > after]
    return page_from(wins[: limit + 1], limit=limit, key=lambda win: (str(win.award.id),))


def export(citizen: Citizen) -> dict[str, Any]:
    """All that is kept about a citizen (PIPL art. 45)."""
    region = None if citizen.region_id is None else regions.get_region_by_id(citizen.region_id)
    return {
        "citizen": {"id": citizen.id, "region": None if region is None else region.code},
        "volunteer": volunteers.find_by_log_in(citizen),
        "consents": accounts.list_consents(citizen),
        "messages": messages.export(citizen),
        "visits": reach.list_visits(citizen),
        "papers": [
            {
                "id": paper.id,
                "dealt_at": paper.dealt_at,
                "handed_in_at": paper.handed_in_at,
                "correct": paper.correct,
                "passed": paper.passed,
                "review": review,
            }
            for paper, review in quiz.list_papers(citizen)
        ],
        "tickets": quiz.list_tickets(citizen),
        "draws": lottery.list_drawn(citizen),
        "awards": lottery.list_wins(citizen),
    }


def delete(citizen: Citizen, *, now: datetime) -> None:
    """Forget the person: figures keep their totals, limits stay, codes in hand can still be redeemed."""
    quiz.lapse_papers_of(citizen)
    accounts.delete_citizen(citizen, now=now)
