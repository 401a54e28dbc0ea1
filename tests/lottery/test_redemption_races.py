"""Many desks at once: one prize is handed over once, everybody hears the same story, coupons go round exactly."""

from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.lottery import award_store
from quizsvc.regions import service as regions
from tests.lottery.test_draws import draw_patiently
from tests.lottery.test_redemption import winner
from tests.world import COMMUNITY, NEIGHBOUR, PASSWORD, START, Phone, World, at_once, box

CROWD = 20
TURNS = pytest.mark.parametrize("turn", range(3))
ALL_WIN = [box(cards=4, prizes={"tissue": 4})]


def clerks(world: World, count: int) -> list[Phone]:
    """So many clerks, in two communities by turns."""
    with transaction():
        granter = accounts.get_staff("operator")
        for number in range(count):
            accounts.add_staff(
                f"clerk-{number}",
                password=PASSWORD,
                role="clerk",
                region=regions.get_region((COMMUNITY, NEIGHBOUR)[number % 2]),
                granter=granter,
                now=utcnow(),
            )
    return [world.desk(f"clerk-{number}") for number in range(count)]


def redeem(desk: Phone, code: str, *, scan: UUID | None = None) -> TestResponse:
    return Phone(desk.app, token=desk.token).put(f"redemptions/{scan or uuid4()}", json={"code": code})


def undo(desk: Phone, scan: UUID) -> TestResponse:
    return Phone(desk.app, token=desk.token).post(f"redemptions/{scan}/undo", json={"reason": "拿错"})


def standing(world: World) -> list[tuple[str, str]]:
    """Who handed which award's prize over, of what is not undone; with the award's state."""
    found = world.rows(
        "SELECT r.staff_name, a.state FROM redemptions r JOIN awards a ON a.id = r.award_id"
        " WHERE r.undone_at IS NULL ORDER BY r.staff_name"
    )
    return [(str(name), str(state)) for name, state in found]


@TURNS
def test_one_code_at_twenty_desks_is_handed_over_once_and_the_others_are_told_when_where_and_by_whom(
    world: World, turn: int
) -> None:
    world.publish(round=ALL_WIN)
    (_, code), (_, noise) = winner(world), winner(world)
    desks = clerks(world, CROWD)
    redeem(world.desk(), noise)
    answers = at_once(*[lambda d=desk: redeem(d, code) for desk in desks])
    (done,) = [answer.get_json() for answer in answers if answer.status_code == 200]
    refused = [answer.get_json() for answer in answers if answer.status_code == 409]
    assert len(refused) == CROWD - 1
    assert {one["errcode"] for one in refused} == {"lottery.already_redeemed"}
    told = {
        "redeemed_at": done["redeemed_at"],
        "redeemed_by": done["redeemed_by"],
        "region": done["region"]["name"],
    }
    assert [one["fields"]["redeemed"] for one in refused] == [told] * (CROWD - 1)
    assert standing(world) == sorted([("clerk", "redeemed"), (done["redeemed_by"], "redeemed")])
    assert world.count("audit", "act = 'award.redeem'") == 2


@TURNS
def test_one_scan_sent_twenty_times_at_once_is_one_redemption_with_one_answer(world: World, turn: int) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    scan, desk = uuid4(), world.desk()
    answers = at_once(*[lambda: redeem(desk, code, scan=scan) for _ in range(CROWD)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    assert world.count("redemptions") == 1
    assert world.count("audit", "act = 'award.redeem'") == 1


@TURNS
def test_one_scan_with_two_codes_at_once_is_one_redemption_with_one_answer(world: World, turn: int) -> None:
    """What a scan stands for is decided once; the other code's award stays as it was."""
    world.publish(round=ALL_WIN)
    codes = [winner(world)[1] for _ in range(2)]
    scan, desk = uuid4(), world.desk()
    answers = at_once(*[lambda n=number: redeem(desk, codes[n % 2], scan=scan) for number in range(CROWD)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    assert world.count("redemptions") == 1
    assert sorted(world.rows("SELECT state FROM awards")) == [("redeemed",), ("won",)]


@pytest.mark.parametrize("turn", range(6))
def test_an_undo_that_races_with_other_desks_leaves_one_redemption_or_none(world: World, turn: int) -> None:
    world.publish(round=ALL_WIN)
    _, code = winner(world)
    first, scan = world.desk(), uuid4()
    redeem(first, code, scan=scan)
    desks = clerks(world, 8)
    undoing = [lambda: undo(first, scan) for _ in range(3)]
    answers = at_once(*undoing, *[lambda d=desk: redeem(d, code) for desk in desks])
    assert {answer.status_code for answer in answers[:3]} == {200}
    done = [answer.get_json()["redeemed_by"] for answer in answers[3:] if answer.status_code == 200]
    refused = [answer.get_json() for answer in answers[3:] if answer.status_code != 200]
    assert len(done) <= 1
    assert {one["errcode"] for one in refused} <= {"lottery.already_redeemed"}
    assert {one["fields"]["redeemed"]["redeemed_by"] for one in refused} <= {"clerk", *done}
    assert standing(world) == [(name, "redeemed") for name in done]
    assert world.rows("SELECT state FROM awards") == [("redeemed" if done else "won",)]
    assert world.count("audit", "act = 'award.undo'") == 1
    assert redeem(first, code).status_code == (409 if done else 200)


@TURNS
def test_thirty_winners_at_once_get_thirty_coupons_one_each(world: World, turn: int) -> None:
    """Exactly as many coupons as cards that carry them: the last one must find its winner too."""
    world.publish(slug="noise", round=[box(cards=2, prizes={"credit": 2})])
    world.publish(round=[box(cards=30, prizes={"credit": 30})], rules={"max_wins": 1})
    people = [(phone, phone.earn_ticket()) for phone in [world.citizen() for _ in range(30)]]
    answers = at_once(*[lambda p=phone, t=ticket: draw_patiently(p, t) for phone, ticket in people])
    assert {answer.status_code for answer in answers} == {200}
    shown = [answer.get_json()["award"]["coupon"] for answer in answers]
    assert all(shown)
    assert Counter(coupon["code"] for coupon in shown) == {f"credit-{number}": 1 for number in range(30)}
    held = world.rows(
        "SELECT c.slug, count(*), count(p.award_id), count(DISTINCT p.award_id) FROM coupons p"
        " JOIN campaigns c ON c.id = p.campaign_id GROUP BY c.slug ORDER BY c.slug"
    )
    assert held == [("noise", 2, 0, 0), ("play", 30, 30, 30)]


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)  # SQLite has one writer
def test_awards_that_expire_and_are_given_longer_at_once_do_not_wait_for_each_other(world: World) -> None:
    """Their plans find the awards in opposite orders, and somebody holds the one in the middle until both wait."""
    world.publish(round=ALL_WIN)
    for _ in range(3):
        winner(world)
    later = START + timedelta(days=60)
    with transaction():
        ((campaign_id,),) = db.session.execute(text("SELECT id FROM campaigns"))
        ids = db.session.scalars(text("SELECT id FROM awards ORDER BY id")).all()
        for days, award in zip((3, 2, 1), ids, strict=True):
            moved = text("UPDATE awards SET expires_at = :at WHERE id = :id")
            db.session.execute(moved, {"at": START + timedelta(days=days), "id": award})

    def expire() -> None:
        with transaction():
            db.session.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"))
            award_store.record_expired(now=START + timedelta(days=4))

    def extend() -> None:
        with transaction():
            db.session.execute(text("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off"))
            award_store.record_claim_until(campaign_id, claim_until=later)

    with db.engine.connect() as desk:
        desk.execute(text("SELECT id FROM awards WHERE id = :id FOR UPDATE"), {"id": ids[1]})
        at_once(expire, extend, partial(let_go_when_two_wait, desk))
    assert world.rows("SELECT state, expires_at FROM awards") == [("won", later)] * 3


def let_go_when_two_wait(holder: Connection) -> None:
    with db.engine.connect() as looking:
        while looking.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one() < 2:
            looking.rollback()
    holder.rollback()
