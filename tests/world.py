"""What tests play in: a street with communities, staff, a bank, campaigns; and citizens who come over HTTP."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any, TypeVar
from uuid import UUID, uuid4

from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from quizsvc.accounts import rules, store
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit.clock import SHANGHAI, utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.http import operation_of
from quizsvc.lottery import coupons
from quizsvc.lottery.coupons import CouponRow
from quizsvc.quiz import bank
from quizsvc.quiz.rules import QuestionText
from quizsvc.regions import service as regions
from quizsvc.wiring import AREAS

START = datetime(2026, 12, 1, 10, 0, tzinfo=SHANGHAI)
PASSWORD = "correct horse battery"
STREET, COMMUNITY, NEIGHBOUR, OTHER_STREET = "s1", "s1c1", "s1c2", "s2"
REGIONS = """code,name,level,parent
d,某区,district,
s1,一街道,street,d
s1c1,甲社区,community,s1
s1c2,乙社区,community,s1
s2,二街道,street,d
s2c1,丙社区,community,s2
"""
# One question per code; the right option is always A (judge: T), so that a test can answer at will.
QUESTIONS = [
    QuestionText(
        code=f"loan-{n:03}",
        scam_type="loan",
        kind="single",
        stem=f"题目{n}？",
        options={"A": f"对{n}", "B": f"错{n}", "C": f"也错{n}"},
        answer=["A"],
        explanation=f"解析{n}",
        difficulty=1 + n % 2,
        audience=[],
        source="反诈常识",
        reviewed=datetime(2026, 11, 1, tzinfo=SHANGHAI).date(),
    )
    for n in range(1, 13)
]
QUESTIONS.append(
    QuestionText(
        code="romance-001",
        scam_type="romance",
        kind="multiple",
        stem="多选？",
        options={"A": "对甲", "B": "对乙", "C": "错丙"},
        answer=["A", "B"],
        explanation="多选解析",
        difficulty=1,
        audience=[],
        source="反诈常识",
        reviewed=datetime(2026, 11, 1, tzinfo=SHANGHAI).date(),
    )
)
CAMPAIGN: dict[str, Any] = {
    "slug": "play",
    "title": "测试活动",
    "region": STREET,
    "opens_at": START - timedelta(days=1),
    "closes_at": START + timedelta(days=29),
    "privacy": "个人信息保护告知",
    "organiser": {"name": "一街道", "contact": "025-00000000"},
    "partner": [{"name": "通信公司"}],
    "rules": {
        "conditions": "本街道居民",
        "method": "按签箱",
        "handover": "到社区领取",
        "claim_until": START + timedelta(days=45),
        "max_wins": 2,
    },
    "paper": {
        "pass_percent": 80,
        "minutes": 10,
        "per_day": 3,
        "plan": [
            {"scam_type": "loan", "difficulty": 1, "count": 3},
            {"scam_type": "loan", "difficulty": 2, "count": 1},
            {"scam_type": "romance", "difficulty": 1, "count": 1},
        ],
    },
    "prize": [
        {"code": "credit", "name": "话费券", "value_fen": 1000, "kind": "coupon"},
        {"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"},
    ],
    "round": [
        {
            "opens_at": START - timedelta(days=1),
            "closes_at": START + timedelta(days=9),
            "cards": 40,
            "prizes": {"credit": 2, "tissue": 6},
        },
        {
            "opens_at": START + timedelta(days=9),
            "closes_at": START + timedelta(days=29),
            "cards": 60,
            "prizes": {"credit": 1, "tissue": 3},
        },
    ],
}

T = TypeVar("T")


def box(*, cards: int, prizes: Mapping[str, int], days: tuple[int, int] = (-1, 29)) -> dict[str, Any]:
    """A round that is open from day to day, counted from START."""
    opens_at, closes_at = (START + timedelta(days=day) for day in days)
    return {"opens_at": opens_at, "closes_at": closes_at, "cards": cards, "prizes": dict(prizes)}


def merged(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A deep copy with changes: `rules={"max_wins": 1}` changes one entry of a table, a list replaces a list."""
    result = deepcopy(dict(base))
    for name, value in changes.items():
        result[name] = merged(result[name], **value) if isinstance(value, dict) and name in result else value
    return result


class Phone:
    """An HTTP client with a token. Every refusal must be one that the view declares: no errcode is undocumented."""

    def __init__(self, app: Flask, *, token: str | None = None) -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()
        self.token = token

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith("/") else f"/api/v1/{path}"
        response = self.http.open(address, method=method, headers=headers, **options)
        self._require_declared(address, method, response)
        return response

    def _require_declared(self, address: str, method: str, response: TestResponse) -> None:
        if response.status_code < 400 or not address.startswith("/api/v1/"):
            return
        errcode = response.get_json()["errcode"]
        rule = response.request.environ.get("werkzeug.request")
        endpoint = getattr(rule, "endpoint", None)
        if endpoint in self.app.view_functions:
            guards = [area.guard for area in AREAS if area.audience == str(endpoint).split(".")[0]]
            asked = [self.app.view_functions[endpoint], *filter(None, guards)]
            declared = {kind.code for view in asked for kind in operation_of(view).refusals}
            assert errcode in declared, f"{method} {address} refuses with {errcode}, which it does not declare"

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, json={} if json is None else json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.ask("PUT", path, json={} if json is None else json, **options)

    def delete(self, path: str) -> TestResponse:
        return self.ask("DELETE", path)

    # --- a citizen's doings -------------------------------------------------------------------------------------------

    def deal(self, slug: str = "play") -> dict[str, Any]:
        """A paper in hand."""
        response = self.post(f"campaigns/{slug}/papers")
        assert response.status_code in (200, 201), response.get_json()
        return dict(response.get_json())

    def hand_in(self, paper: Mapping[str, Any], *, wrong: int = 0) -> dict[str, Any]:
        """Hand a paper in with so many wrong answers."""
        response = self.put(f"papers/{paper['id']}/answers", json={"answers": right_answers(paper, wrong=wrong)})
        assert response.status_code == 200, response.get_json()
        return dict(response.get_json())

    def earn_ticket(self, slug: str = "play") -> str:
        """Pass a paper."""
        (ticket,) = self.hand_in(self.deal(slug))["tickets"]
        return str(ticket)

    def draw(self, ticket: str) -> TestResponse:
        return self.put(f"tickets/{ticket}/draw")


def right_answers(paper: Mapping[str, Any], *, wrong: int = 0) -> list[dict[str, Any]]:
    """The answers of a paper dealt from QUESTIONS, the first `wrong` of them wrong."""
    answers: list[dict[str, Any]] = []
    for question in paper["questions"]:
        choices = ["A", "B"] if question["kind"] == "multiple" else ["A"]
        answers.append({"no": question["no"], "choices": ["C"] if question["no"] <= wrong else choices})
    return answers


@dataclass
class World:
    """A prepared place, on one database."""

    app: Flask
    staff: dict[str, str] = field(default_factory=dict)

    def build(self) -> None:
        """Regions, staff and bank."""
        with transaction():
            regions.load_regions(REGIONS, file="regions.csv")
            bank.load_bank(QUESTIONS)
            street, other = regions.get_region(STREET), regions.get_region("d")
            first = accounts.add_staff(
                "operator", password=PASSWORD, role="operator", region=other, granter=None, now=utcnow()
            )
            for name, role, region in (
                ("second", "operator", street.code),
                ("clerk", "clerk", COMMUNITY),
                ("neighbour", "clerk", NEIGHBOUR),
                ("stranger", "clerk", "s2c1"),
                ("auditor", "auditor", STREET),
            ):
                granted_on = regions.get_region(region)
                accounts.add_staff(name, password=PASSWORD, role=role, region=granted_on, granter=first, now=utcnow())

    def draft(self, **changes: Any) -> str:
        """A campaign as a draft, with its coupons loaded; returns its slug."""
        document = read_campaign(merged(CAMPAIGN, **changes), file="test.toml")
        with transaction():
            campaign = backoffice.load_campaign(document, by=accounts.get_staff("operator"), now=utcnow())
            for prize in campaign.definition.prizes:
                if prize.kind == "coupon":
                    count = sum(one.planned.get(prize.code, 0) for one in campaign.definition.rounds)
                    expires_at = START + timedelta(days=90)
                    rows = [CouponRow(f"{prize.code}-{n}", prize.value_fen, expires_at) for n in range(count)]
                    coupons.load_coupons(campaign, prize=prize.code, coupons=rows, by="operator", now=utcnow())
        return campaign.slug

    def publish(self, **changes: Any) -> str:
        """A published campaign; returns its slug."""
        slug = self.draft(**changes)
        with transaction():
            backoffice.publish(campaigns.get_campaign(slug), by=accounts.get_staff("second"), now=utcnow())
        return slug

    def move(self, slug: str, state: str) -> None:
        with transaction():
            backoffice.move(campaigns.get_campaign(slug), state, by=accounts.get_staff("operator"), now=utcnow())

    def tick(self) -> list[str]:
        """The jobs that span slices, as tick runs them."""
        with transaction():
            return backoffice.advance_campaigns(now=utcnow())

    def phone(self) -> Phone:
        """Nobody's phone."""
        return Phone(self.app)

    def citizen(self, code: str | None = None, *, consents_to: str | None = "play") -> Phone:
        """A logged-in citizen; agrees to a campaign's privacy notice unless told not to."""
        phone = Phone(self.app)
        session = phone.post("sessions", json={"code": code or uuid4().hex}).get_json()
        phone.token = session["token"]
        if consents_to is not None:
            notice = phone.get(f"campaigns/{consents_to}/privacy").get_json()
            phone.put("me/consents/privacy", json={"version": notice["version"], "granted": True})
        return phone

    def desk(self, name: str = "clerk") -> Phone:
        """A signed-in staff member."""
        phone = Phone(self.app)
        if name not in self.staff:
            session = phone.post("staff/sessions", json={"name": name, "password": PASSWORD}).get_json()
            self.staff[name] = session["token"]
        phone.token = self.staff[name]
        return phone

    def member(self, name: str) -> Staff:
        """A staff member with the roles held now."""
        with self.app.app_context(), reading():
            return accounts.get_staff(name)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Plain SQL, for looking."""
        with self.app.app_context(), reading():
            return [tuple(row) for row in db.session.execute(text(query), values)]

    def count(self, table: str, where: str = "1 = 1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def staff_token(name: str, *, until: datetime) -> str:
    """A staff member's token, as signing in gives it."""
    record = store.find_staff(name)
    assert record is not None
    return keys().sign("staff", rules.staff_key(record.id, record.password_hash, record.sign_outs), until=until)


def uuid_of(value: Any) -> UUID:
    """An id as either database stores it."""
    return value if isinstance(value, UUID) else UUID(str(value))


def said_by(act: Callable[[], T]) -> T | Refusal:
    """What an act returns, or its refusal."""
    try:
        return act()
    except Refusal as refusal:
        return refusal


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Run all acts at the same moment, each in a thread and in an app context of its own.

    Returns what each returned, in their order; raises what the first that failed has raised.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    barrier = Barrier(len(acts))
    returned: dict[int, T] = {}
    raised: list[BaseException] = []

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                returned[number] = acts[number]()
            except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
                raised.append(error)

    threads = [Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return [returned[number] for number in range(len(acts))]
