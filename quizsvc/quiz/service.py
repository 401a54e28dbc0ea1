"""Deal papers, mark them, give tickets, show mistakes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Citizen
from quizsvc.campaigns import rules as campaign_rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import day_of
from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.quiz import bank_store, plans, rules, store
from quizsvc.quiz.rules import Bank, Choices, Mark, Paper, Question, Ticket

TRIES = 4


class PaperUnknown(Refusal):
    code, status = "quiz.paper_unknown", 404
    zh, en = "没有这份试卷", "There is no such paper"


class TicketUnknown(Refusal):
    code, status = "quiz.ticket_unknown", 404
    zh, en = "没有这张抽奖券", "There is no such ticket"


class NoPapersLeft(Refusal):
    code, status, retry = "quiz.no_papers_left", 409, "later"
    zh, en = "今天的答题次数已用完", "No papers are left for today"


class BankTooSmall(Refusal):
    code, status, retry = "quiz.bank_too_small", 503, "later"
    zh, en = "题库暂时不足，请稍后再试", "The question bank cannot fill a paper now"


class Busy(Refusal):
    code, status, retry = "quiz.busy", 503, "same"
    zh, en = "系统繁忙，请稍后再试", "Busy, please try again shortly"


@dataclass(frozen=True)
class Shown:
    """A paper together with the questions it was dealt from."""

    paper: Paper
    questions: Sequence[Question]


@dataclass(frozen=True)
class Reviewed:
    """One question of a handed-in paper, with what was chosen."""

    no: int
    question: Question
    choices: str
    correct: bool


@dataclass(frozen=True)
class HandedIn:
    """A marked paper as its owner may see it. `passed` by the rules in force when it was marked."""

    mark: Mark
    passed: bool
    late: bool
    tickets: Sequence[UUID]
    review: Sequence[Reviewed]


@dataclass(frozen=True)
class Mistake:
    """A question answered wrongly, the last time it was."""

    question: Question
    scam_type_name: str
    choices: str
    at: datetime


def deal_paper(slug: str, citizen: Citizen, *, now: datetime) -> tuple[Shown, bool]:
    """Deal a paper, or return the open one: (paper, whether it is new).

    The open one is returned even while a pause stops dealing. An overdue paper lapses first, and counts. Refuses with
    ConsentNeeded, CampaignUnknown, what campaigns.require_open refuses, NoPapersLeft, BankTooSmall. Two requests at
    once end in one open paper: the database's indexes say so.
    """
    campaign = campaigns.get_public(slug, kept=True)
    accounts.require_consent(citizen, version=campaign.definition.privacy_version)
    limit_key = accounts.limit_key(citizen, campaign_id=campaign.id)
    day = day_of(now)
    for _ in range(TRIES):
        desk = store.find_desk(limit_key, day=day)
        bank = _bank(desk.epoch)
        if desk.open_id is not None:
            in_hand = store.get_paper(desk.open_id)
            if in_hand.citizen_id == citizen.id and not rules.is_overdue(in_hand.due_at, now=now):
                return _shown(in_hand, bank), False
            store.record_lapse(in_hand.id)
        campaigns.require_open(campaign, now=now)
        if desk.dealt_today >= campaign.definition.paper.per_day:
            raise NoPapersLeft
        paper = _fresh_paper(campaign, citizen, bank, now=now)
        if store.add_paper(
            paper, limit_key=limit_key, region_id=citizen.region_id, day=day, no_of_day=desk.dealt_today + 1
        ):
            return _shown(paper, bank), True
    raise Busy


def _fresh_paper(campaign: Campaign, citizen: Citizen, bank: Bank, *, now: datetime) -> Paper:
    plan = campaign.definition.paper
    paper_id = new_id()
    items = rules.deal(plan, bank, seed=paper_id.int)
    if items is None:
        raise BankTooSmall
    return Paper(
        id=paper_id,
        campaign_id=campaign.id,
        citizen_id=citizen.id,
        state=rules.OPEN,
        dealt_at=now,
        due_at=now + timedelta(minutes=plan.minutes) if plan.minutes else None,
        items=items,
        given=None,
        correct=None,
        passed=None,
        earns_ticket=campaign.definition.has_draws and not citizen.excluded,
        handed_in_at=None,
    )


def _shown(paper: Paper, bank: Bank) -> Shown:
    return Shown(paper, [bank.questions[item.question_id] for item in paper.items])


def submit_paper(paper_id: UUID, *, citizen: Citizen, answers: Mapping[int, Choices], now: datetime) -> HandedIn:
    """Mark a paper once; handing it in again, also with other answers, returns the first mark.

    `answers` by question number; a question left out is wrong. After `due_at` and its grace the paper is marked for
    learning: no ticket. Refuses with PaperUnknown, and BadShape for numbers or options that the paper does not have.
    """
    found = store.find_paper(paper_id, citizen_id=citizen.id)
    if found is None:
        raise PaperUnknown
    paper, epoch = found
    campaign = campaigns.get_campaign_by_id(paper.campaign_id, kept=True)
    bank = _bank(epoch)
    if paper.given is None:
        _require_known(answers, paper)
        late = paper.state == rules.LAPSED or rules.is_overdue(paper.due_at, now=now)
        mark = rules.mark_paper(paper.items, answers, bank, pass_percent=campaign.definition.paper.pass_percent)
        given = ["".join(sorted(answers.get(no, ()))) for no in range(1, len(paper.items) + 1)]
        if store.record_mark(paper, mark, given=given, late=late, now=now):
            ticket_id = None
            if mark.passed and not late and _earns_ticket(paper, citizen, campaign, now=now):
                ticket_id = new_id()
                store.add_ticket(ticket_id, paper_id=paper.id, now=now)
            state = rules.LATE if late else rules.MARKED
            paper = replace(paper, given=given, correct=mark.correct, passed=mark.passed, state=state)
            return _handed_in(paper, campaign, bank, ticket_id=ticket_id)
        paper = store.get_paper(paper.id)
    return _handed_in(paper, campaign, bank, ticket_id=store.find_ticket_of(paper.id))


def _earns_ticket(paper: Paper, citizen: Citizen, campaign: Campaign, *, now: datetime) -> bool:
    """Whether a pass is worth a ticket: not for people whom the rules exclude, nor when no draw can follow."""
    may_follow = campaign_rules.is_running(campaign.state) and now < campaign.definition.closes_at
    return paper.earns_ticket and not citizen.excluded and may_follow


def _require_known(answers: Mapping[int, Choices], paper: Paper) -> None:
    wrong = {
        no: ["No such question or option."]
        for no, choices in answers.items()
        if not 1 <= no <= len(paper.items) or not choices <= set(paper.items[no - 1].order)
    }
    if wrong:
        raise BadShape(fields={"answers": wrong})


def _handed_in(paper: Paper, campaign: Campaign, bank: Bank, *, ticket_id: UUID | None) -> HandedIn:
    pass_percent = campaign.definition.paper.pass_percent
    return HandedIn(
        mark=Mark(correct=paper.correct or 0, total=len(paper.items), pass_percent=pass_percent),
        passed=bool(paper.passed),
        late=paper.state == rules.LATE,
        tickets=[] if ticket_id is None else [ticket_id],
        review=list(_review(paper, bank)),
    )


def _review(paper: Paper, bank: Bank) -> Iterable[Reviewed]:
    for no, (item, choices) in enumerate(zip(paper.items, paper.given or (), strict=True), start=1):
        question = bank.questions[item.question_id]
        yield Reviewed(no, question, str(choices), frozenset(choices) == question.answer)


def list_mistakes(citizen: Citizen, *, cursor: str | None, limit: int) -> PageOf[Mistake]:
    """The citizen's own wrong questions by scam type, each once, with what was chosen the last time."""
    papers, bank = _papers_and_bank(citizen)
    mistakes: dict[str, Mistake] = {}
    handed_in = sorted((paper.handed_in_at, paper.id, paper) for paper in papers if paper.handed_in_at is not None)
    for at, _, paper in handed_in:
        for one in _review(paper, bank):
            mistakes.pop(one.question.code, None)  # answered right since: no mistake any more
            if not one.correct:
                name = bank.scam_types[one.question.scam_type]
                mistakes[one.question.code] = Mistake(one.question, name, one.choices, at)
    after = decode_cursor(cursor, parts=2) or ("", "")
    found = sorted(mistakes.values(), key=_mistake_key)
    rest = [one for one in found if _mistake_key(one) > after]
    return page_from(rest[: limit + 1], limit=limit, key=_mistake_key)


def _mistake_key(mistake: Mistake) -> tuple[str, str]:
    return mistake.question.scam_type, mistake.question.code


def find_standing(citizen: Citizen, campaign: Campaign, *, now: datetime) -> tuple[int, UUID | None]:
    """Papers left today, and the open paper (one that is overdue is open no more)."""
    desk = store.find_desk(accounts.limit_key(citizen, campaign_id=campaign.id), day=day_of(now))
    in_hand = None if desk.open_id is None else store.get_paper(desk.open_id)
    is_open = in_hand is not None and not rules.is_overdue(in_hand.due_at, now=now)
    return max(0, campaign.definition.paper.per_day - desk.dealt_today), desk.open_id if is_open else None


def get_ticket(ticket_id: UUID, *, citizen: Citizen) -> Ticket:
    """The citizen's own ticket; TicketUnknown also for somebody else's."""
    ticket = store.find_ticket(ticket_id, citizen_id=citizen.id)
    if ticket is None:
        raise TicketUnknown
    return ticket


def list_tickets(citizen: Citizen, *, campaign: Campaign | None = None) -> Sequence[Ticket]:
    """The citizen's tickets, oldest first; of one campaign or of all."""
    return store.list_tickets(citizen.id, campaign_id=None if campaign is None else campaign.id)


def has_dealt(campaign: Campaign) -> bool:
    """Whether anybody was dealt a paper in a campaign. Holds as long as the caller holds the campaign."""
    return store.has_papers(campaign.id)


def list_passers(campaign: Campaign) -> list[Ticket]:
    """One ticket of everybody who passed in a campaign: the latest. Without people who are excluded or gone."""
    barred = accounts.list_barred()
    latest = {ticket.limit_key: ticket for ticket in store.list_tickets_of(campaign.id)}
    return [ticket for ticket in latest.values() if ticket.citizen_id not in barred]


def list_papers(citizen: Citizen) -> Sequence[tuple[Paper, Sequence[Reviewed]]]:
    """Every paper of the citizen, and what was chosen in those handed in; for the export of own data."""
    papers, bank = _papers_and_bank(citizen)
    return [(paper, [] if paper.given is None else list(_review(paper, bank))) for paper in papers]


def _papers_and_bank(citizen: Citizen) -> tuple[Sequence[Paper], Bank]:
    """Oldest first. The papers are read before the bank, so that the bank knows all their questions."""
    papers = store.list_papers(citizen.id)
    return papers, _bank(bank_store.find_epoch())


def lapse_papers_of(citizen: Citizen) -> None:
    """Put a leaving citizen's open papers aside; they count."""
    store.record_lapses_of(citizen.id)


def lapse_overdue(*, now: datetime) -> int:
    """Put every overdue paper aside. Returns how many. For tick; dealing does not wait for it."""
    return store.record_lapses(due_before=now - rules.GRACE)


def find_plan_faults(campaign: Campaign) -> list[tuple[str, str]]:
    """Lines of the campaign's paper plan that the bank cannot fill, as (what, how to mend); see plans.find_faults."""
    is_draft = campaign.state == campaign_rules.DRAFT
    return plans.find_faults(campaign.definition.paper, _bank(bank_store.find_epoch()), is_draft=is_draft)


def describe_plan(campaign: Campaign) -> list[str]:
    """What the bank makes of the campaign's paper plan, in sentences."""
    return list(plans.describe_plan(campaign.definition.paper, _bank(bank_store.find_epoch())))


@lru_cache(maxsize=2)
def _bank(epoch: str | None) -> Bank:
    """The bank of one epoch, read once by each process; a load renews the epoch."""
    if epoch is None:
        return Bank("", {}, {}, {})
    questions = {question.id: question for question in bank_store.list_questions()}
    dealable = rules.index_by_plan(questions[one] for one in bank_store.list_dealable_ids())
    return Bank(epoch, questions, dealable, bank_store.list_scam_types())
