"""Whatever happens in whatever order, the box stays what ten lines of arithmetic say it is.

Hypothesis makes up stories of draws, lost replies, emptied and outdated Redis servers, passing time, pauses and
redemptions; the services live them beside a model (tests/lottery/model.py). The stories are the same in every run.
To hear others, and have a failing one shortened:
MODEL_STORIES=1000 make test ARGS="--timeout 0 tests/lottery/test_model.py"
"""

import hashlib
import os
from collections import Counter
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Citizen
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.kit import lua
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.lottery import gate, ledger, redeem, rounds, service, verifier
from quizsvc.lottery.awards import MaxWins
from quizsvc.lottery.rules import Anchor
from quizsvc.lottery.service import Drawn
from quizsvc.quiz import service as quiz
from quizsvc.tables import metadata
from tests.lottery.model import Box, Desk, head_of, pass_time, shuffled
from tests.world import START, World, box, said_by, uuid_of

STORIES = int(os.environ.get("MODEL_STORIES", "0"))
SETTINGS = settings(
    max_examples=STORIES or 50,
    stateful_step_count=40,
    deadline=None,
    derandomize=not STORIES,
    database=None,
    phases=[Phase.generate, Phase.shrink] if STORIES else [Phase.generate],  # shortening takes minutes
    suppress_health_check=list(HealthCheck),
)
MAX_WINS = 2
ROUNDS = [
    box(cards=6, prizes={"credit": 1, "tissue": 2}, days=(-1, 1)),
    box(cards=8, prizes={"tissue": 2}, days=(1, 2)),
    box(cards=10, prizes={"credit": 1, "tissue": 1}, days=(3, 4)),
]
CLOSES_AT, CLAIM_UNTIL = START + timedelta(days=4), START + timedelta(days=5)
PLAY: dict[str, Any] = {
    "round": ROUNDS,
    "closes_at": CLOSES_AT,
    "rules": {"max_wins": MAX_WINS, "claim_until": CLAIM_UNTIL},
    "paper": {"per_day": 90, "plan": [{"scam_type": "loan", "difficulty": 1, "count": 1}]},
}
KEPT = {"bank", "questions", "question_versions", "scam_types", "regions", "staff", "grants", "citizens", "consents"}
EDGES = sorted({edge for one in ROUNDS for edge in (one["opens_at"], one["closes_at"])} | {CLAIM_UNTIL})
CLERK_UNDO = timedelta(minutes=15)
CITIZENS = st.integers(0, 3)

Ticket = tuple[int, UUID]
T = TypeVar("T")


def counters(redis: Redis) -> dict[bytes, int]:
    return {key: int(redis.get(key) or 0) for key in redis.scan_iter(match="*:next")}


class Story(RuleBasedStateMachine):
    """One campaign from its publishing on."""

    tickets: Bundle[Ticket] = Bundle("tickets")
    wins: Bundle[str] = Bundle("wins")
    scans: Bundle[UUID] = Bundle("scans")

    def __init__(self, world: World, redis: Redis, clock: time_machine.Traveller, people: list[Citizen]) -> None:
        super().__init__()
        self.world, self.redis, self.clock, self.people = world, redis, clock, people
        self.answers: dict[UUID, Drawn] = {}
        self.anchors: dict[int, list[Anchor]] = {}
        self.state = "published"
        self.desk = Desk()
        self.snapshots: list[dict[Any, Any]] = [{}]
        self.checked: set[int] = set()

    @initialize(target=tickets, chance=st.integers(0, 1000))
    def publish(self, chance: int) -> MultipleResults[Ticket]:
        self.clock.move_to(START)
        self.redis.flushall()
        with transaction():
            for table in reversed(metadata.sorted_tables):
                if table.name not in KEPT:
                    db.session.execute(table.delete())
        seeds = [hashlib.sha256(f"{chance}|{one}".encode()).digest() for one in range(len(ROUNDS))]
        given = iter(seeds)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rounds, "secrets", SimpleNamespace(token_bytes=lambda _length: next(given)))
            self.slug = self.world.publish(**PLAY)
        self.boxes = [
            Box(no, self.slug, seed, one["opens_at"], one["closes_at"], one["cards"], one["prizes"], self.order)
            for no, (seed, one) in enumerate(zip(seeds, ROUNDS, strict=True), start=1)
        ]
        return multiple(*[self._pass_paper(who) for who in (0, 1, 2, 0, 3, 1)])

    order = ("credit", "tissue")

    # --- drawing ------------------------------------------------------------------------------------------------------

    def _takes_papers(self) -> bool:
        return self.state == "published" and utcnow() < CLOSES_AT

    @precondition(_takes_papers)
    @rule(target=tickets, people=st.lists(CITIZENS, min_size=1, max_size=4))
    def earn(self, people: list[int]) -> MultipleResults[Ticket]:
        return multiple(*[self._pass_paper(who) for who in people])

    @precondition(_takes_papers)
    @rule(target=wins, who=CITIZENS)
    def earn_and_draw(self, who: int) -> MultipleResults[str]:
        return self._draw_and_compare(self._pass_paper(who))

    def _pass_paper(self, who: int) -> Ticket:
        with transaction():
            shown, _ = quiz.deal_paper(self.slug, self.people[who], now=utcnow())
        with transaction():
            answers = {no: question.answer for no, question in enumerate(shown.questions, start=1)}
            marked = quiz.submit_paper(shown.paper.id, citizen=self.people[who], answers=answers, now=utcnow())
        return who, marked.tickets[0]

    @rule(target=wins, chosen=st.lists(tickets, min_size=1, max_size=4))
    def draw(self, chosen: list[Ticket]) -> MultipleResults[str]:
        return multiple(*[code for ticket in chosen for code in self._draw_and_compare(ticket).values])

    def _draw_and_compare(self, ticket: Ticket) -> MultipleResults[str]:
        expected = self._refusal(ticket)
        return self._compare(self._draw(ticket), expected)

    def _compare(self, said: Drawn | Refusal, expected: type[Refusal] | None) -> MultipleResults[str]:
        if isinstance(said, service.RoundEmpty):
            self._reach_gate()
            due = self._due()
            assert expected is None
            assert due is not None
            assert due.may_be_empty
            return multiple()
        if isinstance(said, service.NoRoundOpen) and expected is None:
            self._reach_gate()
            due = self._due()
            assert due is not None
            assert self._is_shut(due)
            due.lost += 1
            return multiple()
        if isinstance(said, Refusal):
            assert type(said) is expected
            return multiple()
        assert expected is None
        return self._note(said)

    def _is_shut(self, due: Box) -> bool:
        """An anchor of the round's last millisecond leaves no time at which a card could be drawn."""
        return any(anchor.at >= due.closes_at - timedelta(milliseconds=1) for anchor in self.anchors.get(due.no, []))

    @rule(target=wins, ticket=tickets, reply=st.integers(1, 3))
    def draw_and_lose_a_reply(self, ticket: Ticket, reply: int) -> MultipleResults[str]:
        """A script runs and its reply never comes: nothing is answered, or what was drawn before."""
        due, asked, calls = self._due(), lua.Script.run, count(1)

        def lose(script: lua.Script, **said: Any) -> Any:
            answer = asked(script, **said)
            if next(calls) == reply:
                raise lua.RedisError("connection lost")
            return answer

        expected = self._refusal(ticket)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lua.Script, "run", lose)
            said = self._draw(ticket)
        if isinstance(said, service.Busy):
            self._reach_gate()
            assert expected is None
            assert due is not None
            due.lost += 1
            return multiple()
        return self._compare(said, expected)

    @precondition(_takes_papers)
    @rule(target=wins, who=CITIZENS, other=CITIZENS, before=st.integers(1, 3), cold=st.booleans())
    def draw_two_at_once(self, who: int, other: int, before: int, cold: bool) -> MultipleResults[str]:
        """Another request is served while one is about to ask Redis; of the same citizen: for the same ticket."""
        ticket = self._pass_paper(who)
        others = ticket if other == who else self._pass_paper(other)
        if cold:
            self.redis.flushall()
        asked, calls = lua.Script.run, count(1)
        expected, won = self._refusal(ticket), multiple(*list[str]())

        def let_the_other_go_first(script: lua.Script, **said: Any) -> Any:
            nonlocal won
            if next(calls) == before:
                won = self._draw_and_compare(others)
            return asked(script, **said)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lua.Script, "run", let_the_other_go_first)
            said = self._draw(ticket)
        due = self._due()
        if isinstance(said, MaxWins) and expected is None:  # the other one won meanwhile; the card stays undrawn
            assert due is not None
            assert self._refusal(ticket) is MaxWins
            due.lost += 1
            return won
        return multiple(*won.values, *self._compare(said, expected).values)

    @rule(ticket=tickets, other=CITIZENS)
    def draw_somebody_elses(self, ticket: Ticket, other: int) -> None:
        if other != ticket[0]:
            assert isinstance(self._draw((other, ticket[1])), quiz.TicketUnknown)

    def _draw(self, ticket: Ticket) -> Drawn | Refusal:
        who, ticket_id = ticket
        return said_by(lambda: service.draw_ticket(ticket_id, citizen=self.people[who], now=utcnow()))

    def _due(self) -> Box | None:
        return next((one for one in self.boxes if one.holds(utcnow())), None)

    def _refusal(self, ticket: Ticket) -> type[Refusal] | None:
        """What must keep this ticket from a card now; None also where an answer stands."""
        who, ticket_id = ticket
        if ticket_id in self.answers:
            return None
        if self.state not in ("published", "paused") or utcnow() >= CLOSES_AT:
            return campaigns.Over
        if self.state == "paused":
            return campaigns.Paused
        if self._due() is None:
            return service.NoRoundOpen
        own = [one for one in self.answers.values() if one.draw.citizen_id == self.people[who].id]
        return MaxWins if sum(one.win is not None for one in own) >= MAX_WINS else None

    def _reach_gate(self) -> None:
        """A draw that gets as far as the gate has opened the round that was due."""
        due = self._due()
        if due is not None and due.state == "planned":
            pass_time(self.boxes, now=utcnow())

    def _note(self, drawn: Drawn) -> MultipleResults[str]:
        ticket_id = drawn.draw.ticket_id
        if ticket_id in self.answers:
            assert drawn == self._now(self.answers[ticket_id])
            return multiple()
        self._reach_gate()
        due = self._due()
        assert due is not None
        assert due.state == "open"
        assert drawn.draw.round_no == due.no
        assert due.holds(drawn.draw.drawn_at)
        assert due.may_give(drawn.draw.position)
        assert drawn.draw.prize == due.deck()[drawn.draw.position - 1]
        assert (drawn.win is None) == (drawn.draw.prize is None)
        due.drawn[ticket_id] = drawn.draw.position
        self.answers[ticket_id] = drawn
        return multiple() if drawn.win is None else multiple(drawn.win.code)

    def _now(self, drawn: Drawn) -> Drawn:
        """The answer as it was; only what became of the award is as it stands."""
        with reading():
            again = service.find_drawn(drawn.draw.ticket_id)
        assert again is not None
        assert (again.draw, again.campaign) == (drawn.draw, drawn.campaign)
        if drawn.win is not None and again.win is not None:
            assert (again.win.code, again.win.coupon) == (drawn.win.code, drawn.win.coupon)
        return again

    # --- what happens to Redis ----------------------------------------------------------------------------------------

    @rule(accident=st.sampled_from(["emptied", "older", "counter set back"]), age=st.integers(1, 4))
    def redis_has_an_accident(self, accident: str, age: int) -> None:
        """It comes back empty, with older data, or with an older counter alone."""
        now = {key: self.redis.dump(key) for key in self.redis.scan_iter()}
        if accident == "counter set back":
            for key, position in counters(self.redis).items():
                self.redis.set(key, max(0, position - age))
        else:
            self.redis.flushall()
        if accident == "older":
            for key, value in self.snapshots[-age:][0].items():
                self.redis.restore(key, 3_600_000, value)
        self.snapshots.append(now)

    # --- what happens to the campaign ---------------------------------------------------------------------------------

    @rule(step=st.sampled_from(["minute", "hour", "before the edge", "edge"]), ticks=st.booleans())
    def wait(self, step: str, ticks: bool) -> None:
        spans = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
        edge = next((one for one in EDGES if one > utcnow() + timedelta(milliseconds=1)), None)
        if step in spans:
            self.clock.shift(spans[step])
        elif edge is not None:
            self.clock.move_to(edge - timedelta(milliseconds=step == "before the edge"))
        if ticks:
            self.tick()

    @rule()
    def tick(self) -> None:
        self.world.tick()
        with transaction():
            backoffice.expire_awards(now=utcnow())
        if self.state in ("published", "paused"):
            pass_time(self.boxes, now=utcnow())
            self.state = "closing" if utcnow() >= CLOSES_AT else self.state
        with reading():
            for one in ledger.list_anchors(campaigns.get_campaign(self.slug)):
                before = self.anchors.get(one.no, [])
                assert list(one.anchors[: len(before)]) == before
                self.anchors[one.no] = list(one.anchors)

    @precondition(lambda self: self.state in ("published", "paused"))
    @rule()
    def pause_or_resume(self) -> None:
        self.state = "paused" if self.state == "published" else "published"
        self.world.move(self.slug, self.state)

    # --- the desk -----------------------------------------------------------------------------------------------------

    @rule(target=scans, code=wins, who=st.sampled_from(["clerk", "neighbour"]))
    def redeem_award(self, code: str, who: str) -> MultipleResults[UUID]:
        scan, standing, expired = uuid4(), self.desk.standing(code), utcnow() >= CLAIM_UNTIL
        said = self._redeem(scan, code, who)
        if standing is not None:
            assert isinstance(said, redeem.AlreadyRedeemed)
            assert (said.fields or {})["redeemed"]["redeemed_by"] == self.desk.scans[standing][1]
            return multiple()
        if expired:
            assert isinstance(said, redeem.AwardExpired)
            return multiple()
        assert isinstance(said, redeem.Redeemed)
        self.desk.scans[scan] = (code, who, utcnow())
        return multiple(scan)

    @rule(scan=scans, code=wins, who=st.sampled_from(["clerk", "neighbour"]))
    def scan_again(self, scan: UUID, code: str, who: str) -> None:
        """The same scan, whatever it carries."""
        said = self._redeem(scan, code, who)
        if who == self.desk.scans[scan][1]:
            assert isinstance(said, redeem.Redeemed)
            assert said.redemption.redeemed_at == self.desk.scans[scan][2]
        else:
            assert isinstance(said, redeem.RedemptionUnknown)

    def _redeem(self, scan: UUID, code: str, who: str) -> redeem.Redeemed | Refusal:
        def act() -> redeem.Redeemed:
            with transaction():
                return redeem.redeem(scan, code=code, note="", staff=accounts.get_staff(who), now=utcnow())

        return said_by(act)

    @rule(scan=scans, who=st.sampled_from(["clerk", "neighbour", "second"]))
    def undo(self, scan: UUID, who: str) -> None:
        _, by, at = self.desk.scans[scan]
        late = scan not in self.desk.undone and utcnow() > at + CLERK_UNDO
        expected = None if who == "second" else redeem.RedemptionUnknown if who != by else late and redeem.UndoTooLate

        def act() -> redeem.Redeemed:
            with transaction():
                return redeem.undo(scan, reason="拿错", staff=accounts.get_staff(who), now=utcnow())

        said = said_by(act)
        if expected:
            assert type(said) is expected
        else:
            assert isinstance(said, redeem.Redeemed)
            self.desk.undone.add(scan)

    # --- what must be true after each step ----------------------------------------------------------------------------

    @invariant()
    def the_draws_are_the_models(self) -> None:
        rows = self.world.rows(
            "SELECT d.ticket_id, r.no, d.position, d.prize FROM draws d JOIN rounds r ON r.id = d.round_id"
        )
        expected = {
            (ticket, one.no, one.drawn[ticket], prize) for one in self.boxes for ticket, prize in one.outcomes().items()
        }
        assert {(uuid_of(ticket), *rest) for ticket, *rest in rows} == expected
        assert len({(no, position) for _, no, position, _ in rows}) == len(rows)

    @invariant()
    def no_card_is_burnt(self) -> None:
        """What Redis handed out is drawn, or is some lost reply's."""
        for key, position in counters(self.redis).items():
            one = self.boxes[int(key.split(b":")[-2]) - 1]
            assert position <= len(one.drawn) + one.lost

    @invariant()
    def every_prize_card_is_one_award(self) -> None:
        rows = self.world.rows("SELECT a.prize, a.state, c.id FROM awards a LEFT JOIN coupons c ON c.award_id = a.id")
        won = sum((one.won() for one in self.boxes), Counter[str]())
        assert Counter(prize for prize, _, _ in rows) == won
        assert all((coupon is not None) == (prize == "credit") for prize, _, coupon in rows)
        standing = [scan for scan in self.desk.scans if scan not in self.desk.undone]
        assert sum(state == "redeemed" for _, state, _ in rows) == len(standing)
        assert self.world.count("redemptions", "undone_at IS NULL") == len(standing)

    @invariant()
    def what_is_left_is_carried(self) -> None:
        with reading():
            found = rounds.list_rounds(campaigns.get_campaign(self.slug))
        assert [one.state for one in found] == [one.state for one in self.boxes]
        carried = [Counter({count.code: count.count for count in one.carried}) for one in found]
        assert carried == [one.carried for one in self.boxes]

    @invariant()
    def a_closed_round_can_be_checked_by_anyone(self) -> None:
        for one in self.boxes:
            if one.state == "closed" and one.no not in self.checked:
                self.checked.add(one.no)
                self._check_bundle(one)

    def _check_bundle(self, one: Box) -> None:
        with reading():
            campaign = campaigns.get_campaign(self.slug)
            bundle = ledger.get_bundle(campaign, no=one.no)
            previous = ledger.get_bundle(campaign, no=one.no - 1) if one.no > 1 else None
        assert bundle["seed"] == one.seed.hex()
        assert bundle["head"] == head_of(bundle)
        deck = shuffled(
            f"{self.slug}|{one.no}|",
            seed=one.seed,
            cards=one.cards,
            prizes=[count["code"] for count in bundle["prizes"] for _ in range(count["count"])],
        )
        assert [line["prize"] for line in bundle["lines"]] == [deck[line["position"] - 1] for line in bundle["lines"]]
        drawn_at = [self.answers[ticket].draw.drawn_at for ticket in one.drawn]
        for anchor in self.anchors.get(one.no, []):
            assert anchor.count == sum(at <= anchor.at for at in drawn_at)
        verifier.verify(bundle, None, previous)


def test_the_box_stays_what_arithmetic_says(
    world: World, redis: Redis, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PACE_BURST", 10_000)
    asked = lua.Script.run

    def run_and_see_that_no_counter_is_lowered(script: lua.Script, **said: Any) -> Any:
        before = counters(redis)
        answer = asked(script, **said)
        after = counters(redis)
        assert all(after[key] >= position for key, position in before.items())
        return answer

    monkeypatch.setattr(lua.Script, "run", run_and_see_that_no_counter_is_lowered)
    world.publish(**PLAY)
    people = []
    for _ in range(4):
        phone = world.citizen()
        with reading():
            people.append(accounts.verify_citizen(str(phone.token), now=utcnow()))
    tell = cast(type[RuleBasedStateMachine], lambda: Story(world, redis, clock, people))  # any factory will do
    run_state_machine_as_test(tell, settings=SETTINGS)
