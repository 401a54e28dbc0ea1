"""Batches of tallies: what counts, what repeats, what is refused line by line."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.materials.rules import Material, Pack
from tests.materials.place import BOX, FAN, MATERIALS, balances, books, wrong_balances
from tests.outreach.place import id_of, volunteer
from tests.outreach.reports import handed_out, require_agreement, results, send, sent, statuses, tally, totals
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, Phone, World, at_once

NOISE = {"tallies": 1, "households": 1, "people": 3, BOX.code: 2, FAN.code: 1}


@pytest.fixture
def phone(world: World) -> Phone:
    """A volunteer's phone; somebody else has sent a tally of another community before."""
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    other = volunteer(world, "v2", NEIGHBOUR)
    assert sent(other, tally(region=NEIGHBOUR)) == ["created"]
    return volunteer(world)


def own_totals(world: World) -> dict[str, int]:
    """Totals without the noise."""
    return {name: n - NOISE.get(name, 0) for name, n in totals(world).items() if n - NOISE.get(name, 0)}


def own_balance(world: World) -> dict[str, int]:
    name = f"volunteer:{id_of()}"
    return {code: balances(world, code).get(name, 0) for code in (BOX.code, FAN.code)}


def test_a_batch_is_answered_in_order_and_moves_the_ledger(world: World, phone: Phone) -> None:
    first, second = tally(boxes=2, fans=1), tally(boxes=0, fans=3, people=0, households=0, setting="stall")
    answer = send(phone, first, second)
    assert results(answer) == [
        {"id": one["id"], "revision": 1, "status": "created", "reason": None, "fields": None} for one in (first, second)
    ]
    assert (answer.get_json()["clock_skew"], answer.get_json()["clock_off"]) == (0, False)
    assert own_totals(world) == {"tallies": 2, "households": 1, "people": 3, BOX.code: 2, FAN.code: 4}
    assert own_balance(world) == {BOX.code: -2, FAN.code: -4}, "the boxes did leave the hand"
    assert world.count("movements", "overdrawn") == 3 + 2
    require_agreement(world)
    assert books().agrees


def test_ten_repeats_with_other_clocks_change_nothing(
    world: World, phone: Phone, clock: time_machine.Traveller
) -> None:
    batch = [tally(), tally(boxes=5), tally(region=STREET)]
    assert sent(phone, *batch) == ["created", "created", "held"]
    kept = world.rows("SELECT * FROM tally_revisions ORDER BY tally_id")
    moved = world.rows("SELECT * FROM movements ORDER BY id")
    answers = set()
    for n in range(1, 11):
        clock.shift(timedelta(hours=1))
        again = send(phone, *reversed(batch), clock=utcnow() + timedelta(days=n))
        assert statuses(again) == ["duplicate"] * 3
        answers.add(str(results(again)))
    assert len(answers) == 1
    assert world.rows("SELECT * FROM tally_revisions ORDER BY tally_id") == kept
    assert world.rows("SELECT * FROM movements ORDER BY id") == moved
    assert wrong_balances() == []


@pytest.mark.parametrize("turn", range(3))
def test_twenty_threads_with_one_batch_are_one_batch(world: World, phone: Phone, turn: int) -> None:
    batch = [tally(boxes=n) for n in range(1, 6)] + [tally(region=STREET)]
    answers = at_once(*[lambda n=n: send(phone, *batch, clock=utcnow() + timedelta(seconds=n)) for n in range(20)])
    assert Counter(word for answer in answers for word in statuses(answer)) == {
        "created": 5,
        "held": 1,
        "duplicate": 19 * 6,
    }
    assert world.count("tally_revisions") == 1 + 6
    assert own_balance(world)[BOX.code] == -15
    require_agreement(world)
    assert wrong_balances() == []


def test_other_content_under_a_revision_is_a_conflict_and_what_stands_stands(world: World, phone: Phone) -> None:
    one = tally(note=None)
    assert sent(phone, one) == ["created"]
    del one["note"]
    assert sent(phone, dict(reversed(one.items())) | {"void": None}) == ["duplicate"], (
        "null is absent, order is nothing"
    )
    assert sent(phone, one | {"people": 4}) == ["conflict"]
    assert sent(phone, one | {"people": "four", "strange": 1}) == ["conflict"], "looked up before it is read"
    assert results(send(phone, one | {"people": 4}))[0]["reason"] == "other_content"
    assert own_totals(world)["people"] == 3
    assert world.count("tally_revisions", "revision = 1") == 2


def test_two_equal_visits_in_one_minute_are_two_and_the_second_is_flagged(
    world: World, phone: Phone, clock: time_machine.Traveller
) -> None:
    first, second, third = tally(), tally(), tally(people=4)
    assert sent(phone, first, second, third) == ["created"] * 3
    clock.shift(timedelta(minutes=2))
    fourth = tally()
    clock.shift(timedelta(milliseconds=1))
    fifth = tally()
    clock.shift(timedelta(minutes=2))
    assert sent(phone, fifth, fourth) == ["created"] * 2
    assert own_totals(world)["tallies"] == 5
    flagged = {
        str(row[0]).replace("-", ""): row[1] for row in world.rows("SELECT tally_id, looks_like FROM tally_revisions")
    }
    seen = [flagged[one["id"].replace("-", "")] is not None for one in (first, second, third, fourth, fifth)]
    assert seen == [False, True, False, True, False], "the fifth is later than two minutes after the first two"


def test_the_highest_revision_is_in_force_in_whatever_order_they_come(world: World, phone: Phone) -> None:
    one = tally(boxes=2)
    assert sent(phone, one | {"revision": 3, "people": 9, "handouts": []}) == ["created"]
    assert sent(phone, one, one | {"revision": 2, "people": 7}) == ["created", "created"]
    assert own_totals(world) == {"tallies": 1, "households": 1, "people": 9}
    assert own_balance(world) == {BOX.code: 0, FAN.code: 0}
    fourth = one | {"revision": 4, "handouts": [{"material": BOX.code, "quantity": 1, "pack": "箱"}]}
    assert sent(phone, fourth) == ["created"]
    assert own_balance(world) == {BOX.code: -24, FAN.code: 0}
    require_agreement(world)


def test_a_void_one_beats_all_and_may_come_first(world: World, phone: Phone) -> None:
    one, name = tally(), str(uuid4())
    assert sent(phone, one, one | {"revision": 2, "void": True}, one | {"revision": 3}) == ["created"] * 3
    assert sent(phone, {"id": name, "revision": 5, "void": True}) == ["created"]
    assert sent(phone, {"id": name, "revision": 5, "void": True}) == ["duplicate"]
    assert sent(phone, tally(id=name, revision=1), tally(id=name, revision=9)) == ["created"] * 2
    assert own_totals(world) == {}
    assert own_balance(world) == {BOX.code: 0, FAN.code: 0}
    require_agreement(world)


def test_an_id_belongs_to_whoever_named_it_first(world: World, phone: Phone) -> None:
    one = tally()
    other = volunteer(world, "v3", COMMUNITY)
    assert sent(phone, one) == ["created"]
    answer = send(other, one, one | {"revision": 2, "void": True}, tally())
    assert [(one["status"], one["reason"]) for one in results(answer)] == [
        ("rejected", "id_taken"),
        ("rejected", "id_taken"),
        ("created", None),
    ]
    assert own_totals(world)["tallies"] == 2


@pytest.mark.parametrize("turn", range(3))
def test_two_who_name_one_id_at_once_are_told_apart(world: World, phone: Phone, turn: int) -> None:
    other = volunteer(world, "v3", COMMUNITY)
    shared = [tally() for _ in range(5)]
    answers = at_once(
        *[lambda p=(phone, other)[n % 2], b=shared[:: 1 - 2 * (n % 2)]: send(p, *b, tally()) for n in range(8)]
    )
    words = Counter(word for answer in answers for word in statuses(answer))
    assert words == {"created": 5 + 8, "duplicate": 15, "rejected": 20}
    assert own_totals(world)["tallies"] == 13
    require_agreement(world)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"campaign": "unheard-of"}, "campaign"),
    ({"campaign": None}, "campaign"),
    ({"region": "s9"}, "region"),
    ({"region": 7}, "region"),
    ({"setting": "street"}, "setting"),
    ({"occurred_at": "yesterday"}, "occurred_at"),
    ({"occurred_at": "2026-12-01T10:00:00"}, "occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
    ({"occurred_at": 20261201}, "occurred_at"),
    ({"households": -1}, "households"),
    ({"households": True}, "households"),
    ({"people": 1.5}, "people"),
    ({"people": "3"}, "people"),
    ({"people": 10**12}, "people"),
    ({"people": None}, "people"),
    ({"handouts": None}, "handouts"),
    ({"handouts": {}}, "handouts"),
    ({"handouts": [1]}, "handouts.0"),
    ({"handouts": [{"material": BOX.code, "quantity": 1}] * 21}, "handouts"),
    *[({"handouts": [{"material": BOX.code, "quantity": bad}]}, "handouts.0.quantity") for bad in (0, -1, 1.5, 10**12)],
    ({"handouts": [{"material": BOX.code, "quantity": 416_667, "pack": "箱"}]}, "handouts.0.quantity"),
    ({"handouts": [{"material": BOX.code, "quantity": 1}, {"material": "gold", "quantity": 1}]}, "handouts.1.material"),
    ({"handouts": [{"material": BOX.code, "quantity": 1, "pack": "托"}]}, "handouts.0.pack"),
    ({"handouts": [{"material": BOX.code, "quantity": 1, "to": "张三"}]}, "handouts.0.to"),
    ({"name": "张三家"}, "name"),
    ({"photo": "..."}, "photo"),
    ({"note": "字" * 201}, "note"),
    ({"note": "\u0000"}, "note"),
    ({"void": "yes"}, "void"),
    ({"void": True, "note": "字" * 9000}, ""),
    ({"revision": 0}, "revision"),
    ({"revision": 1.0}, "revision"),
    ({"revision": 10**9}, "revision"),
    ({"id": "one"}, "id"),
    ({"id": None}, "id"),
]


def test_a_bad_line_is_refused_alone_with_what_and_where(world: World, phone: Phone) -> None:
    """All of them between good ones, in one batch: nothing of a bad one is stored, and the good ones count."""
    batch: list[Any] = [tally(**changes) for changes, _ in BAD]
    good = [tally(), tally()]
    answer = send(phone, good[0], *batch, "no mapping", good[1])  # type: ignore[arg-type]
    first, *refused, nothing, last = results(answer)
    assert (first["status"], last["status"], nothing["status"]) == ("created", "created", "rejected")
    for (changes, where), one in zip(BAD, refused, strict=True):
        assert (one["status"], one["reason"], list(one["fields"])) == ("rejected", "bad_shape", [where]), changes
    assert world.count("tallies") == 1 + 2
    assert own_totals(world)["tallies"] == 2
    assert sent(phone, batch[0] | {"campaign": "play"}) == ["created"], "a rejected one can be mended and sent again"


def test_messages_are_in_chinese_or_english_as_asked(phone: Phone) -> None:
    bad = tally(handouts=[{"material": "gold", "quantity": 0}], region="s9")
    batch = {"clock": rfc3339(utcnow()), "tallies": [bad]}
    for language, words in (("zh", ["没有这种物料"]), ("en", ["No such material."])):
        answer = phone.post("outreach/tallies", json=batch, headers={"Accept-Language": language})
        assert results(answer)[0]["fields"]["handouts.0.material"] == words


@pytest.mark.parametrize(
    ("batch", "where"),
    [
        ({"tallies": []}, "tallies"),
        ({"tallies": [{}] * 101}, "tallies"),
        ({"tallies": {}}, "tallies"),
        ({"tallies": [{}], "clock": "now"}, "clock"),
        ({"tallies": [{}], "clock": "2026-12-01T10:00:00"}, "clock"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(phone: Phone, batch: dict[str, Any], where: str) -> None:
    answer = phone.post("outreach/tallies", json={"clock": rfc3339(utcnow())} | batch)
    assert (answer.status_code, where in answer.get_json()["fields"]) == (422, True)


def test_a_changed_pack_changes_no_past_total(world: World, phone: Phone) -> None:
    one = tally(handouts=[{"material": BOX.code, "quantity": 2, "pack": "箱"}])
    assert sent(phone, one) == ["created"]
    with transaction():
        stock.load_materials([Material(BOX.code, BOX.name, BOX.unit, [Pack("箱", 30)])])
    assert own_totals(world)[BOX.code] == 48
    assert sent(phone, one) == ["duplicate"]
    assert sent(phone, tally(handouts=one["handouts"])) == ["created"]
    assert own_totals(world)[BOX.code] == 48 + 60
    assert sent(phone, {"id": one["id"], "revision": 2, "void": True}) == ["created"]
    assert own_totals(world)[BOX.code] == 60
    require_agreement(world)
    assert wrong_balances() == []


def test_a_clock_that_is_off_is_flagged_and_nothing_is_dated_after_its_arrival(world: World, phone: Phone) -> None:
    minute = timedelta(minutes=1)
    for skew, is_off in ((10 * minute, False), (10 * minute + timedelta(seconds=1), True), (-11 * minute, True)):
        ahead = tally(occurred_at=rfc3339(utcnow() + min(skew, 10 * minute)))
        answer = send(phone, ahead, clock=utcnow() + skew)
        assert (statuses(answer), answer.get_json()["clock_off"]) == (["created"], is_off)
        assert answer.get_json()["clock_skew"] == skew.total_seconds()
    rows = world.rows("SELECT clock_skew FROM tally_revisions WHERE clock_skew <> 0 ORDER BY clock_skew")
    assert [row[0] for row in rows] == [-660, 600, 601]
    with world.app.app_context():
        assert world.count("movements", "occurred_at > posted_at") == 0
    far = send(phone, tally(), clock=START.replace(year=9998))
    assert (far.status_code, far.get_json()["clock_off"]) == (200, True)


def test_a_batch_costs_as_many_statements_as_one_tally(world: World, phone: Phone, statements: list[str]) -> None:
    assert sent(phone, tally()) == ["created"]
    counts = []
    for size in (1, 100):
        batch = [tally(boxes=n + 1) for n in range(size)]
        del statements[:]
        assert sent(phone, *batch) == ["created"] * size
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 26, "\n".join(statements)
    assert handed_out(world)[FAN.code] == 1 + 1 + 101


def test_nobody_but_a_volunteer_sends_tallies(world: World, phone: Phone) -> None:
    assert send(world.citizen(), tally()).status_code == 403
    assert send(world.phone(), tally()).status_code == 401
    assert send(world.desk(), tally()).status_code == 401
    assert world.count("tallies") == 1
