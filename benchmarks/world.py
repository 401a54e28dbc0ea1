"""A database with everything that a measured call finds there: bank, regions, a published campaign, consents."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, inspect, select, text, update

from quizsvc.accounts import service as accounts
from quizsvc.accounts.models import CitizenRecord, ConsentRecord
from quizsvc.app import create_app
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.demo.service import COMMUNITY, SIGN_INS, load_demo
from quizsvc.kit import migrate
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.lottery import coupons
from quizsvc.lottery.coupons import CouponRow
from quizsvc.quiz.models import QuestionVersionRecord
from quizsvc.regions import service as regions
from quizsvc.settings import Settings

BOOKKEEPING = "alembic_version"  # a downgrade leaves Alembic's own table behind, empty
CAMPAIGN = Path(__file__).with_name("campaign.toml")
DURABILITY = {
    "postgresql": "SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync')"
    " || ', synchronous_commit ' || current_setting('synchronous_commit')",
    "sqlite": "SELECT 'SQLite ' || sqlite_version() || ', WAL, synchronous FULL'",
}


class NotEmpty(Exception):
    """The named database holds something: a run must not spoil it."""


@dataclass
class Person:
    """One citizen on the way from log-in to draw; each call's answer adds what the next call needs."""

    code: str
    id: str = ""
    token: str = ""
    paper: Mapping[str, Any] = field(default_factory=dict)
    ticket: str = ""


class World:
    """The service's database before and between the measured calls."""

    def __init__(self, settings: Settings) -> None:
        """NotEmpty when the database holds anything."""
        self.app: Flask = create_app(settings)
        self.etag = ""
        self._codes = count(1)
        with self.app.app_context():
            if set(inspect(db.engine).get_table_names()) - {BOOKKEEPING}:
                raise NotEmpty

    def fill(self) -> None:
        """Make the tables and what a published campaign needs."""
        with self.app.app_context():
            migrate.upgrade(db.engine)
            with transaction():
                load_demo(passwords={name: secrets.token_urlsafe(16) for name in SIGN_INS}, now=utcnow())
                self.slug = _publish_campaign()
            with reading():
                self._look_around()

    def _look_around(self) -> None:
        self.database = str(db.session.execute(text(DURABILITY[db.engine.dialect.name])).scalar_one())
        self.privacy_version = campaigns.get_campaign(self.slug).definition.privacy_version
        self.community = regions.get_region(COMMUNITY).id
        rows = db.session.execute(select(QuestionVersionRecord.stem, QuestionVersionRecord.answer))
        self.answer_key: Mapping[str, Sequence[str]] = {row.stem: row.answer for row in rows}

    def newcomers(self, number: int) -> list[Person]:
        """People who never logged in."""
        return [Person(f"person-{next(self._codes)}") for _ in range(number)]

    def settle(self, people: Sequence[Person]) -> None:
        """Let people who logged in choose a community and agree to the privacy notice, in bulk."""
        ids = [UUID(person.id) for person in people]
        word = {"purpose": "privacy", "version": self.privacy_version, "granted": True, "at": utcnow()}
        with self.app.app_context(), transaction():
            db.session.execute(insert(ConsentRecord), [{"citizen_id": one, **word} for one in ids])
            db.session.execute(
                update(CitizenRecord).where(CitizenRecord.region_id.is_(None)).values(region_id=self.community)
            )

    def leave(self) -> None:
        """Leave the database as it was found."""
        with self.app.app_context():
            migrate.downgrade(db.engine)
            db.engine.dispose()


def _publish_campaign() -> str:
    now = utcnow()
    operator = accounts.get_staff("operator")
    document = read_campaign(parse_toml(read_text(CAMPAIGN), file=CAMPAIGN.name), file=CAMPAIGN.name)
    campaign = backoffice.load_campaign(document, by=operator, now=now)
    for prize in campaign.definition.prizes:
        if prize.kind == "coupon":
            cards = sum(one.planned[prize.code] for one in campaign.definition.rounds)
            rows = [CouponRow(f"BENCH-{n}", prize.value_fen, campaign.definition.claim_until) for n in range(cards)]
            coupons.load_coupons(campaign, prize=prize.code, coupons=rows, by=operator.name, now=now)
    backoffice.publish(campaign, by=operator, now=now, one_person=True)
    backoffice.advance(campaigns.get_campaign(campaign.slug), now=now)
    return campaign.slug
