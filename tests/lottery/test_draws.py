"""Drawing over HTTP on both databases, with a real Redis that is emptied, gone, or asked by many at once."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from redis import Redis
from sqlalchemy import event
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from quizsvc.campaigns import service as campaigns
from quizsvc.kit import lua
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import WRITES, db, transaction
from quizsvc.lottery import gate, ledger, rules
from tests.world import START, Phone, World, at_once, box


def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one citizen draw as fast as a test does."""
    monkeypatch.setattr(gate, "PACE_BURST", 10_000)


def drawers(world: World, count: int) -> list[tuple[Phone, str]]:
    """Citizens with a ticket each."""
    phones = [world.citizen() for _ in range(count)]
    return [(phone, phone.earn_ticket()) for phone in phones]


def draw_patiently(phone: Phone, ticket: str) -> TestResponse:
    """As a client draws: one that was told to come back comes back (two cores serve a crowd slowly)."""
    answer = phone.draw(ticket)
    for _ in range(20):
        if answer.status_code != 503:
            break
        assert int(answer.headers["Retry-After"]) >= 1
        answer = phone.draw(ticket)
    return answer


def words(answers: list[TestResponse]) -> Counter[str]:
    return Counter(a.get_json().get("outcome") or a.get_json()["errcode"] for a in answers)


def test_every_card_is_drawn_once_and_the_box_is_as_rich_as_promised(world: World) -> None:
    world.publish(round=[box(cards=10, prizes={"credit": 1, "tissue": 2})], rules={"max_wins": 1})
    answers = [phone.draw(ticket) for phone, ticket in drawers(world, 12)]
    assert words(answers) == {"won": 3, "missed": 7, "lottery.round_empty": 2}
    receipts = [answer.get_json()["receipt"] for answer in answers[:10]]
    assert [receipt["position"] for receipt in receipts] == list(range(1, 11))
    assert len({receipt["ticket"] for receipt in receipts}) == 10
    prizes = Counter(answer.get_json()["prize"]["code"] for answer in answers if answer.get_json().get("prize"))
    assert prizes == {"credit": 1, "tissue": 2}
    assert world.count("coupons", "award_id IS NOT NULL") == 1


def test_drawing_again_gives_the_first_answer_and_takes_no_card(world: World, redis: Redis) -> None:
    world.publish(round=[box(cards=5, prizes={"tissue": 5})])
    (phone, ticket), (other, others_ticket) = drawers(world, 2)
    first = phone.draw(ticket).get_json()
    for _ in range(3):
        redis.flushall()
        assert phone.draw(ticket).get_json() == first
    assert other.draw(others_ticket).get_json()["receipt"]["position"] == 2
    assert world.count("draws") == 2


@pytest.mark.parametrize("crowd", [10, 25, 200])
def test_many_at_once_on_the_last_prize_card_end_in_one_win(world: World, crowd: int) -> None:
    """The box holds one card and a crowd reaches for it. One wins, the others keep their tickets; nothing breaks."""
    world.publish(round=[box(cards=1, prizes={"tissue": 1})])
    people = drawers(world, crowd)
    answers = at_once(*[lambda p=phone, t=ticket: draw_patiently(p, t) for phone, ticket in people])
    assert words(answers) == {"won": 1, "lottery.round_empty": crowd - 1}
    assert (world.count("draws"), world.count("awards")) == (1, 1)


@pytest.mark.parametrize("emptied", [False, True])
def test_one_ticket_from_fifty_threads_is_one_draw(world: World, redis: Redis, emptied: bool) -> None:
    world.publish(round=[box(cards=60, prizes={"tissue": 60})])
    ((phone, ticket),) = drawers(world, 1)
    if emptied:
        redis.flushall()
    answers = at_once(*[lambda: Phone(world.app, token=phone.token).draw(ticket) for _ in range(50)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    assert (world.count("draws"), world.count("awards")) == (1, 1)
    ((follower, followers_ticket),) = drawers(world, 1)
    assert follower.draw(followers_ticket).get_json()["receipt"]["position"] == 2


def test_emptying_redis_between_draws_burns_no_card(world: World, redis: Redis) -> None:
    world.publish(round=[box(cards=12, prizes={"tissue": 4})])
    people = drawers(world, 12)
    answers: list[TestResponse] = []
    for phone, ticket in people:
        redis.flushall()
        answers.append(phone.draw(ticket))
        redis.flushall()
        assert phone.draw(ticket).get_data() == answers[-1].get_data()
    assert [answer.get_json()["receipt"]["position"] for answer in answers] == list(range(1, 13))
    assert words(answers) == {"won": 4, "missed": 8}


def test_a_redis_that_comes_back_with_older_positions_doubles_nothing(world: World, redis: Redis) -> None:
    world.publish(round=[box(cards=9, prizes={"tissue": 3})])
    people = drawers(world, 9)
    answers = [phone.draw(ticket) for phone, ticket in people[:5]]
    (counter,) = redis.scan_iter(match="*:next")
    redis.set(counter, 2)
    answers += at_once(*[lambda p=phone, t=ticket: p.draw(t) for phone, ticket in people[5:]])
    assert words(answers) == {"won": 3, "missed": 6}
    assert sorted(answer.get_json()["receipt"]["position"] for answer in answers) == list(range(1, 10))


def test_a_position_that_was_handed_out_and_never_written_stays_with_its_ticket(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between gate and commit; the citizen tries again and gets the very same card."""
    world.publish(round=[box(cards=3, prizes={"tissue": 1})])
    (phone, ticket), (other, others_ticket) = drawers(world, 2)
    with monkeypatch.context() as patch:
        patch.setattr("quizsvc.lottery.store.add_draw", lambda _draw: 1 / 0)
        assert phone.draw(ticket).status_code == 500
    assert world.count("draws") == 0
    assert other.draw(others_ticket).get_json()["receipt"]["position"] == 2
    assert phone.draw(ticket).get_json()["receipt"]["position"] == 1


def test_without_redis_draws_wait_and_the_quiz_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    phone = world.citizen()
    nowhere = lua.connect("unix:///tmp/quizsvc-there-is-no-such-socket")
    with monkeypatch.context() as patch:
        patch.setitem(world.app.extensions, lua.EXTENSION, lambda: nowhere)
        ticket = phone.earn_ticket()
        refused = phone.draw(ticket)
        assert (refused.status_code, refused.get_json()["errcode"]) == (503, "lottery.busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert phone.get("/readyz").get_json()["redis"] == "away"
    assert phone.draw(ticket).status_code == 200


def test_a_lost_reply_takes_no_second_card(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script ran and its reply never came: the ticket's position is remembered."""
    world.publish(round=[box(cards=4, prizes={"tissue": 1})])
    (phone, ticket), (other, others_ticket) = drawers(world, 2)
    phone.draw(others_ticket)  # somebody else's: 404, and nothing happens
    other.draw(others_ticket)
    asked = lua.Script.run

    def lose(script: lua.Script, **said: Any) -> Any:
        asked(script, **said)
        raise lua.RedisError("connection lost")

    with monkeypatch.context() as patch:
        patch.setattr(lua.Script, "run", lose)
        assert phone.draw(ticket).status_code == 503
    assert phone.draw(ticket).get_json()["receipt"]["position"] == 2


def test_somebody_elses_ticket_is_not_there(world: World) -> None:
    world.publish()
    (_, ticket), (other, _) = drawers(world, 2)
    assert other.draw(ticket).get_json()["errcode"] == "quiz.ticket_unknown"
    assert other.get(f"tickets/{ticket}").status_code == 404
    assert world.count("draws") == 0


def test_nobody_wins_more_often_than_the_rules_allow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    no_pace(monkeypatch)
    world.publish(round=[box(cards=30, prizes={"tissue": 30})], rules={"max_wins": 2})
    phone = world.citizen()
    tickets = [phone.earn_ticket() for _ in range(3)]
    answers = [phone.draw(ticket) for ticket in tickets]
    assert words(answers) == {"won": 2, "lottery.max_wins": 1}
    assert world.count("draws") == 2  # refused before a card was taken


@pytest.mark.parametrize("turn", range(3))
def test_the_maximum_of_wins_holds_when_tickets_are_drawn_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    no_pace(monkeypatch)
    world.publish(round=[box(cards=30, prizes={"tissue": 30})], rules={"max_wins": 1}, paper={"per_day": 6})
    phone = world.citizen()
    tickets = [phone.earn_ticket() for _ in range(6)]
    answers = at_once(*[lambda t=ticket: Phone(world.app, token=phone.token).draw(t) for ticket in tickets])
    assert words(answers) == {"won": 1, "lottery.max_wins": 5}
    assert (world.count("draws"), world.count("awards")) == (1, 1)


def test_one_citizen_is_paced_and_told_when_to_come_again(world: World) -> None:
    world.publish(round=[box(cards=90, prizes={"tissue": 1})], paper={"per_day": 20})
    phone = world.citizen()
    tickets = [phone.earn_ticket() for _ in range(gate.PACE_BURST + 3)]
    answers = [phone.draw(ticket) for ticket in tickets]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert {answer.get_json()["errcode"] for answer in refused} == {"lottery.too_fast"}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    other, others_ticket = drawers(world, 1)[0]
    assert other.draw(others_ticket).status_code == 200  # the pace is one citizen's, not the village's


def test_a_stampede_is_shed_with_retry_after(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "ADMISSION_PER_SECOND", 1)
    monkeypatch.setattr(gate, "ADMISSION_BURST", 3)
    world.publish(round=[box(cards=90, prizes={"tissue": 1})])
    people = drawers(world, 6)
    answers = [phone.draw(ticket) for phone, ticket in people]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503, 503, 503]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers[3:])


@pytest.mark.parametrize(
    ("moment", "status", "errcode"),
    [
        (timedelta(days=1) - timedelta(milliseconds=1), 409, "lottery.no_round_open"),
        (timedelta(days=1), 200, None),
        (timedelta(days=2) - timedelta(milliseconds=1), 200, None),
        (timedelta(days=2), 409, "lottery.no_round_open"),
    ],
)
def test_a_rounds_window_is_half_open_and_needs_no_tick(
    world: World, clock: time_machine.Traveller, moment: timedelta, status: int, errcode: str | None
) -> None:
    world.publish(round=[box(cards=5, prizes={"tissue": 1}, days=(1, 2))])
    ((phone, ticket),) = drawers(world, 1)
    clock.move_to(START + moment)
    answer = phone.draw(ticket)
    assert (answer.status_code, answer.get_json().get("errcode")) == (status, errcode)


def test_a_pause_stops_draws_and_an_end_ends_them(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish()
    ((phone, ticket),) = drawers(world, 1)
    world.move(slug, "paused")
    assert phone.draw(ticket).get_json()["errcode"] == "campaigns.paused"
    world.move(slug, "published")
    world.move(slug, "closing")
    assert phone.draw(ticket).get_json()["errcode"] == "campaigns.over"
    assert world.rows("SELECT state FROM rounds ORDER BY no") == [("planned",), ("planned",)]


def test_a_ticket_stays_good_for_the_next_round_and_prizes_are_carried_over(
    world: World, clock: time_machine.Traveller
) -> None:
    slug = world.publish(
        round=[
            box(cards=2, prizes={"tissue": 2}, days=(-1, 1)),
            box(cards=4, prizes={"credit": 1}, days=(1, 3)),
        ]
    )
    (first, ticket), (later, later_ticket) = drawers(world, 2)
    assert first.draw(ticket).get_json()["outcome"] == "won"
    clock.move_to(START + timedelta(days=1))
    assert world.tick()[:2] == ["play: round 1 is closed", "play: round 2 is open"]
    assert world.tick() == []
    rounds = first.get(f"campaigns/{slug}").get_json()["rounds"]
    assert [one["state"] for one in rounds] == ["closed", "open"]
    assert rounds[1]["carried"] == [{"code": "tissue", "count": 1}]
    answer = later.draw(later_ticket).get_json()
    assert answer["receipt"]["round"] == 2


def test_a_draw_that_races_with_the_closing_is_in_the_ledger_or_refused(
    world: World, clock: time_machine.Traveller
) -> None:
    """Whatever was answered as drawn is in the closed round's chain; what was refused has no row."""
    slug = world.publish(
        round=[
            box(cards=50, prizes={"tissue": 50}),
        ],
        rules={"max_wins": 1},
    )
    people = drawers(world, 12)
    people[0][0].draw(people[0][1])
    token = world.citizen().token

    def close() -> TestResponse:
        with world.app.app_context():
            world.move(slug, "closing")
        return Phone(world.app, token=token).get("/healthz")

    answers = at_once(close, *[lambda p=phone, t=ticket: p.draw(t) for phone, ticket in people[1:]])[1:]
    drawn = 1 + sum(answer.status_code == 200 for answer in answers)
    assert {a.get_json().get("errcode") for a in answers} <= {None, "lottery.no_round_open", "campaigns.over"}
    assert world.count("draws") == world.count("awards") == drawn
    ((after,),) = world.rows("SELECT after FROM audit WHERE act = 'round.close'")
    assert f'"draws":{drawn}' in str(after).replace(" ", "").replace("'", '"')


def test_a_draw_behind_an_anchor_is_never_dated_into_the_rounds_end(
    world: World, clock: time_machine.Traveller
) -> None:
    """An anchor of the round's last millisecond leaves no moment of the round to date a draw at."""
    closes_at = START + timedelta(hours=1)
    slug = world.publish(round=[box(cards=9, prizes={"tissue": 1}, days=(-1, 1)) | {"closes_at": closes_at}])
    (phone, ticket), (other, others_ticket) = drawers(world, 2)
    assert phone.draw(ticket).status_code == 200
    clock.move_to(closes_at - timedelta(milliseconds=1))
    anchored(slug)
    assert other.draw(others_ticket).get_json()["errcode"] == "lottery.no_round_open"
    assert world.count("draws") == 1


def anchored(slug: str) -> None:
    with transaction():
        ledger.anchor_draws(campaigns.get_campaign(slug), now=utcnow(), forced=True)


READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}


def test_a_database_that_only_reads_refuses_and_loses_nothing(world: World) -> None:
    """As a standby does after a failover: replays are answered, a new draw is asked to come again."""
    world.publish(round=[box(cards=5, prizes={"tissue": 5})])
    (phone, ticket), (other, others_ticket) = drawers(world, 2)
    first = phone.draw(ticket).get_json()
    kind = db.engine.dialect.name

    def read_only(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql(READ_ONLY[kind])

    event.listen(db.engine, "begin", read_only)
    try:
        assert phone.draw(ticket).get_json() == first
        refused = other.draw(others_ticket)
    finally:
        event.remove(db.engine, "begin", read_only)
        db.session.remove()
        db.engine.dispose()  # the pragma holds for a connection's life
    assert (refused.status_code, refused.get_json()["errcode"]) == (503, "http.database_away")
    assert refused.headers["Retry-After"] == "1"
    assert other.draw(others_ticket).get_json()["receipt"]["position"] == 2
    assert world.count("draws") == 2


def test_a_crowd_at_the_opening_shuffles_the_deck_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled: list[int] = []
    shuffle = rules.shuffle_deck

    def slowly(seed: bytes, **box: Any) -> rules.Deck:
        shuffled.append(box["round_no"])
        time.sleep(0.2)
        return shuffle(seed, **box)

    monkeypatch.setattr(rules, "shuffle_deck", slowly)
    world.publish(round=[box(cards=20, prizes={"tissue": 1})])
    people = drawers(world, 8)
    answers = at_once(*[lambda p=phone, t=ticket: draw_patiently(p, t) for phone, ticket in people])
    assert {answer.status_code for answer in answers} == {200}
    assert shuffled == [1]


def test_draw_statements_and_redis_calls_stay_few(world: World, redis: Redis, statements: list[str]) -> None:
    world.publish(round=[box(cards=9, prizes={})])
    people = drawers(world, 2)
    people[0][0].draw(people[0][1])
    redis.config_resetstat()
    statements.clear()
    assert people[1][0].draw(people[1][1]).status_code == 200
    sent = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(sent) == 8, sent
    asked = redis.info("commandstats")
    assert asked["cmdstat_evalsha"]["calls"] == 1
