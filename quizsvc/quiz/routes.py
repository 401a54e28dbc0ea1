"""Papers and mistakes, for citizens."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint

from quizsvc.accounts.guards import current_citizen
from quizsvc.accounts.service import ConsentNeeded
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.fields import PageQuery, page_of
from quizsvc.kit.http import body, query, refuses, reply
from quizsvc.kit.pages import PageOf
from quizsvc.quiz import schemas, service
from quizsvc.quiz.rules import Choices
from quizsvc.quiz.service import HandedIn, Mistake, Shown

bp = Blueprint("quiz", __name__)


@bp.post("/campaigns/<slug:slug>/papers")
@refuses(campaigns.CampaignUnknown, campaigns.NotOpenYet, campaigns.Paused, campaigns.Over, ConsentNeeded)
@refuses(service.NoPapersLeft, service.BankTooSmall, service.Busy)
@reply(schemas.PaperInHand(), 201, also=200)
def deal_paper(slug: str) -> tuple[Shown, int]:
    """Deal a paper (201), or return the open one (200)."""
    with transaction():
        paper, is_new = service.deal_paper(slug, current_citizen(), now=utcnow())
    return paper, 201 if is_new else 200


@bp.put("/papers/<uuid:paper_id>/answers")
@refuses(service.PaperUnknown)
@body(schemas.Answers())
@reply(schemas.Mark())
def submit_paper(paper_id: UUID, handed_in: dict[str, Mapping[int, Choices]]) -> HandedIn:
    """Hand in a paper. Safe to repeat: the first mark stands."""
    with transaction():
        return service.submit_paper(paper_id, citizen=current_citizen(), answers=handed_in["answers"], now=utcnow())


@bp.get("/me/mistakes")
@query(PageQuery())
@reply(page_of(schemas.MistakeItem()))
def list_mistakes(page: dict[str, Any]) -> PageOf[Mistake]:
    """The own wrong questions with explanations, by scam type."""
    with reading():
        return service.list_mistakes(current_citizen(), cursor=page["cursor"], limit=page["limit"])
