"""A database with a campaign under way and a crowd's tickets, all of it made for one storm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, text

from quizsvc.accounts import service as accounts
from quizsvc.accounts.models import CitizenRecord
from quizsvc.accounts.rules import Citizen
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import migrate
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.ids import new_id
from quizsvc.lottery import coupons
from quizsvc.lottery.coupons import CouponRow
from quizsvc.materials import service as materials
from quizsvc.materials import stock
from quizsvc.materials.rules import Material
from quizsvc.quiz import rules as quiz_rules
from quizsvc.quiz.models import PaperRecord, TicketRecord
from tests.chaos.clients import Job
from tests.world import CAMPAIGN, COMMUNITY, NEIGHBOUR, World, merged, staff_token

SLUG = "storm"
MAX_WINS = 2
TICKETS_EACH = 2.5
CLERKS = {"clerk": COMMUNITY, "neighbour": NEIGHBOUR}  # and the stores that they hand goods out of
GOODS = Material("tissue-box", "反诈抽纸", "盒")
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Scale:
    """How large a storm is. `seconds` is how long things are broken; rounds close at a third and two thirds of it."""

    tickets: int
    prizes: int
    seconds: float
    processes: int


@dataclass(frozen=True)
class Arena:
    """What the crowd needs to know."""

    jobs: Sequence[Job]
    clerks: Sequence[str]


def prepare(app: Flask, *, loosened: Sequence[str] = ()) -> None:
    """Tables, staff, bank and goods in stock. `loosened`: statements that take constraints away."""
    with app.app_context():
        migrate.upgrade(db.engine)
        World(app).build()
        with transaction():
            stock.load_materials([GOODS])
            by, now = accounts.get_staff("operator"), utcnow()
            for region in CLERKS.values():
                materials.receive(
                    "storm", region=region, material=GOODS.code, quantity=1_000_000, pack=None, by=by, now=now
                )
            for statement in loosened:
                db.session.execute(text(statement))


def open_campaign(app: Flask, scale: Scale) -> Arena:
    """A campaign whose first round is open from now on, and tickets that wait to be drawn."""
    with app.app_context():
        with transaction():
            campaign = _publish(scale)
            tokens = _add_tickets(campaign, scale.tickets)
        with reading():
            until = utcnow() + timedelta(hours=12)
            clerks = [staff_token(name, until=until) for name in CLERKS]
    return Arena([Job("draw", str(ticket), token) for ticket, token in tokens], clerks)


def _publish(scale: Scale) -> Campaign:
    """Three rounds: two that close in the middle of the storm, and one in which every ticket finds a card."""
    now = utcnow()
    ends = [now - timedelta(hours=3), *(now + timedelta(seconds=scale.seconds * part) for part in (0.4, 0.75))]
    ends.append(now + timedelta(days=1))
    counts = [scale.prizes // 3, scale.prizes // 3, scale.prizes - scale.prizes // 3 * 2]
    cards = [max(scale.tickets // 2, counts[0]), max(scale.tickets // 2, sum(counts[:2])), scale.tickets * 3]
    document = merged(
        CAMPAIGN,
        slug=SLUG,
        opens_at=ends[0],
        closes_at=ends[-1],
        rules={"claim_until": now + timedelta(days=30), "max_wins": MAX_WINS},
        prize=[one | ({"material": GOODS.code} if one["kind"] == "goods" else {}) for one in CAMPAIGN["prize"]],
        round=[
            {
                "opens_at": ends[no],
                "closes_at": ends[no + 1],
                "cards": cards[no],
                "prizes": {"credit": counts[no] // 3, "tissue": counts[no] - counts[no] // 3},
            }
            for no in range(3)
        ],
    )
    campaign = backoffice.load_campaign(
        read_campaign(document, file="storm"), by=accounts.get_staff("operator"), now=now
    )
    number = sum(one.planned.get("credit", 0) for one in campaign.definition.rounds)
    rows = [CouponRow(f"STORM-{n}", 1000, now + timedelta(days=90)) for n in range(number)]
    coupons.load_coupons(campaign, prize="credit", coupons=rows, by="operator", now=now)
    backoffice.publish(campaign, by=accounts.get_staff("second"), now=now)
    return campaigns.get_campaign(SLUG)


def _add_tickets(campaign: Campaign, number: int) -> list[tuple[UUID, str]]:
    """Tickets that were earned, with their owners' tokens. Some people have several."""
    now = utcnow()
    people: list[dict[str, Any]] = []
    papers: list[dict[str, Any]] = []
    tickets: list[dict[str, Any]] = []
    tokens: list[tuple[UUID, str]] = []
    for person in range(int(number / TICKETS_EACH) + 1):
        openid_hash = keys().identity_hash("openid", f"storm-{person}")
        citizen = Citizen(new_id(), openid_hash, None, excluded=False)
        people.append({"id": citizen.id, "openid_hash": openid_hash, "region_id": None, "created_at": now})
        limit_key = accounts.limit_key(citizen, campaign_id=campaign.id)
        token = keys().sign("citizen", citizen.id.hex, until=now + timedelta(days=7))
        for nth in range(1, 3 + person % 2):
            owner = {"campaign_id": campaign.id, "citizen_id": citizen.id, "limit_key": limit_key, "region_id": None}
            mark = {"state": quiz_rules.MARKED, "given": [], "correct": 0, "passed": True, "handed_in_at": now}
            dealt = {"day": day_of(now), "no_of_day": nth, "dealt_at": now, "due_at": None, "earns_ticket": True}
            paper_id, ticket_id = new_id(), new_id()
            papers.append({"id": paper_id, "items": [], **owner, **mark, **dealt})
            tickets.append({"id": ticket_id, "paper_id": paper_id, "earned_at": now, **owner})
            tokens.append((ticket_id, token))
    for table, rows in ((CitizenRecord, people), (PaperRecord, papers[:number]), (TicketRecord, tickets[:number])):
        for some in _in_batches(rows):
            db.session.execute(insert(table), some)
    return tokens[:number]


def _in_batches(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield list(rows[start : start + ROWS_AT_ONCE])
