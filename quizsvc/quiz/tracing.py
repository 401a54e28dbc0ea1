"""A paper as the office may see it when somebody complains: how it went, and its ticket; no answer and no person."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizsvc.quiz import store


@dataclass(frozen=True)
class TracedPaper:
    """A paper, its mark if it was handed in, and its ticket if it earned one."""

    id: UUID
    campaign_id: UUID
    state: str
    dealt_at: datetime
    due_at: datetime | None
    handed_in_at: datetime | None
    questions: int
    correct: int | None
    passed: bool | None
    earns_ticket: bool
    ticket_id: UUID | None
    earned_at: datetime | None


def find_paper(known_as: UUID) -> TracedPaper | None:
    """The paper with this id, or the one that earned the ticket with this id."""
    found = store.find_traced(known_as)
    if found is None:
        return None
    paper, ticket_id, earned_at = found
    return TracedPaper(
        id=paper.id,
        campaign_id=paper.campaign_id,
        state=paper.state,
        dealt_at=paper.dealt_at,
        due_at=paper.due_at,
        handed_in_at=paper.handed_in_at,
        questions=len(paper.items),
        correct=paper.correct,
        passed=paper.passed,
        earns_ticket=paper.earns_ticket,
        ticket_id=ticket_id,
        earned_at=earned_at,
    )
