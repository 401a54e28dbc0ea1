"""What cannot be authorised is held, seen by those who serve the region, and decided by a person, once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import day_of, rfc3339, start_of, utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.outreach import assignments
from tests.materials.place import BOX, FAN, MATERIALS, balances, books, moved, wrong_balances
from tests.outreach.place import assign, id_of, volunteer
from tests.outreach.reports import decide, held_ids, require_agreement, results, send, sent, tally, totals
from tests.world import COMMUNITY, NEIGHBOUR, OTHER_STREET, START, STREET, Phone, World, at_once

DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
OPENS, CLOSES = START - DAY, START + 29 * DAY
UPLOADS_END = CLOSES + 7 * DAY


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()


def logged_in_anew(world: World) -> Phone:
    """The volunteer's phone with a fresh token: one lasts seven days."""
    return world.citizen("volunteer v1", consents_to=None)


def reason(phone: Phone, **said: Any) -> str | None:
    (one,) = results(send(phone, tally(**said)))
    assert one["status"] in {"created", "held"}
    return None if one["reason"] is None else str(one["reason"])


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-MILLISECOND, "no_assignment"), (timedelta(0), None), (DAY - MILLISECOND, None), (DAY, "no_assignment")],
)
def test_the_assignment_that_held_at_the_time_decides_whenever_it_arrives(
    world: World, clock: time_machine.Traveller, offset: timedelta, expected: str | None
) -> None:
    day = day_of(START + 2 * DAY)
    begins = start_of(day)
    volunteer(world, first=day, last=day)
    clock.move_to(START + 20 * DAY)
    phone = logged_in_anew(world)
    with transaction():
        assignments.leave("v1", left_at=utcnow(), by=accounts.get_staff("operator"), now=utcnow())
    assert reason(phone, occurred_at=rfc3339(begins + offset)) == expected


def test_an_assignment_reaches_its_subtree_and_no_other(world: World) -> None:
    phone = volunteer(world)
    assert reason(phone, region=COMMUNITY) is None
    for elsewhere in (NEIGHBOUR, STREET):
        assert reason(phone, region=elsewhere) == "no_assignment"
    assign("v1", STREET)
    assert reason(phone, region=NEIGHBOUR) is None
    assign("v1", OTHER_STREET)
    assert reason(phone, region=OTHER_STREET) == "outside_campaign", "the campaign is another street's"


@pytest.mark.parametrize(
    ("occurred_at", "arrives_at", "expected"),
    [
        (OPENS - MILLISECOND, START, "outside_campaign"),
        (OPENS, START, None),
        (CLOSES - MILLISECOND, CLOSES, None),
        (CLOSES, CLOSES, "outside_campaign"),
        (START, UPLOADS_END - MILLISECOND, None),
        (START, UPLOADS_END, "too_late"),
        (START + timedelta(minutes=10), START, None),
        (START + timedelta(minutes=10) + MILLISECOND, START, "clock_ahead"),
    ],
)
def test_the_window_the_late_days_and_a_clock_ahead_have_sharp_edges(
    world: World, clock: time_machine.Traveller, occurred_at: Any, arrives_at: Any, expected: str | None
) -> None:
    """Decided by the clock: tick has moved nothing here."""
    volunteer(world)
    clock.move_to(arrives_at)
    phone = logged_in_anew(world)
    assert reason(phone, occurred_at=rfc3339(occurred_at)) == expected


def test_in_closing_they_count_and_once_closed_they_are_held(world: World) -> None:
    phone = volunteer(world)
    for state, expected in (("paused", None), ("closing", None), ("closed", "too_late")):
        world.move("play", state)
        assert reason(phone) == expected, state


def test_a_held_tally_is_seen_by_those_who_serve_the_region_alone(world: World) -> None:
    phone = volunteer(world)
    one = tally(region=NEIGHBOUR, note="敲错门")
    assert sent(phone, one) == ["held"]
    assert (totals(world)["tallies"], balances(world)) == (0, {})
    for name, count in (("neighbour", 1), ("second", 1), ("auditor", 1), ("clerk", 0), ("stranger", 0)):
        assert len(held_ids(world.desk(name))) == count, name
    (shown,) = world.desk("neighbour").get("outreach/held").get_json()["items"]
    assert shown["volunteer"]["code"] == "v1"
    assert (shown["reason"], shown["tally"], shown["revision"]) == ("no_assignment", one["id"], 1)
    assert (shown["campaign"], shown["region"]["code"], shown["people"]) == ("play", NEIGHBOUR, 3)
    assert [(h["material"], h["quantity"]) for h in shown["handouts"]] == [(BOX.code, 2), (FAN.code, 1)]
    assert world.desk("clerk").get("outreach/held?region=s1c2").status_code == 403
    assert world.desk("neighbour").get("outreach/held?region=s1c2").status_code == 200
    for name in ("clerk", "stranger", "auditor"):
        assert decide(world.desk(name), shown["id"], "count").status_code == 404
    assert world.count("held_tallies", "decision IS NULL") == 1


def test_the_list_goes_page_by_page_oldest_first(world: World) -> None:
    phone, desk = volunteer(world), world.desk("neighbour")
    batch = [tally(region=NEIGHBOUR, people=n) for n in range(5)]
    assert sent(phone, *batch) == ["held"] * 5
    seen: list[Any] = []
    cursor = ""
    while True:
        page = desk.get(f"outreach/held?limit=2{cursor}").get_json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(one["people"] for one in seen) == [0, 1, 2, 3, 4]
    assert [one["id"] for one in seen] == sorted(one["id"] for one in seen)
    assert desk.get("outreach/held?cursor=WyJ4Il0").status_code == 422


def test_a_decision_counts_or_refuses_once_and_posts_to_the_ledger(world: World) -> None:
    phone, desk = volunteer(world), world.desk("neighbour")
    batch = [tally(region=NEIGHBOUR, boxes=n, fans=0) for n in (3, 5)]
    assert sent(phone, *batch) == ["held"] * 2
    first_again = results(send(phone, *batch, batch[0]))
    assert [(one["status"], one["reason"]) for one in first_again] == [("duplicate", "no_assignment")] * 3
    items = desk.get("outreach/held").get_json()["items"]
    three, five = (next(one["id"] for one in items if one["tally"] == wanted["id"]) for wanted in batch)
    counted = decide(desk, three, "count", note="已电话核实").get_json()
    assert (counted["decision"], counted["decided_by"], counted["note"]) == ("count", "neighbour", "已电话核实")
    assert decide(desk, five, "refuse").get_json()["decision"] == "refuse"
    for held_id, first in ((three, counted), (five, None)):
        again = decide(world.desk("second"), held_id, "refuse" if held_id == three else "count")
        assert again.status_code == 200
        assert again.get_json()["decided_by"] == "neighbour", "the first word stands"
        assert first is None or again.get_json() == first
    assert held_ids(desk) == []
    assert totals(world) == {"tallies": 1, "households": 1, "people": 3, BOX.code: 3}
    assert balances(world) == {f"volunteer:{id_of()}": -3}
    last_again = results(send(phone, *batch))
    assert [(one["status"], one["reason"]) for one in last_again] == [("duplicate", None)] * 2, "nobody waits any more"
    assert world.count("audit", "act = 'tally.count'") == world.count("audit", "act = 'tally.refuse'") == 1
    require_agreement(world)


@pytest.mark.parametrize("turn", range(3))
def test_two_who_decide_at_once_hear_one_decision(world: World, turn: int) -> None:
    phone = volunteer(world)
    assert sent(phone, tally(region=NEIGHBOUR, boxes=4)) == ["held"]
    desks = [world.desk("neighbour"), world.desk("second")]
    (held_id,) = held_ids(desks[0])
    answers = at_once(*[lambda n=n: decide(desks[n % 2], held_id, ("count", "refuse")[n % 2]) for n in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_data() for answer in answers}) == 1
    decided = answers[0].get_json()["decision"]
    assert totals(world)["tallies"] == (1 if decided == "count" else 0)
    assert world.count("audit", "act LIKE 'tally.%'") == 1
    require_agreement(world)


def test_while_a_revision_is_held_the_one_before_stays_in_force(world: World) -> None:
    phone, desk = volunteer(world), world.desk("second")
    one = tally(boxes=2, fans=0)
    assert sent(phone, one, one | {"revision": 2, "region": NEIGHBOUR, "people": 8}) == ["created", "held"]
    assert totals(world)["people"] == 3
    (held_id,) = held_ids(desk)
    assert decide(desk, held_id, "count").status_code == 200
    assert (totals(world)["people"], totals(world)["tallies"]) == (8, 1)
    require_agreement(world)
    assert wrong_balances() == []


@pytest.mark.parametrize("overtaking", [{"revision": 3, "people": 8}, {"revision": 3, "void": True}])
@pytest.mark.parametrize("decided_first", [False, True])
def test_what_was_revised_or_voided_since_waits_no_more_and_a_decision_changes_nothing(
    world: World, overtaking: dict[str, Any], decided_first: bool
) -> None:
    phone, desk = volunteer(world), world.desk("second")
    one = tally(boxes=2, fans=0)
    assert sent(phone, one | {"revision": 2, "region": NEIGHBOUR}) == ["held"]
    (held_id,) = held_ids(desk)
    later = one | overtaking
    if decided_first:
        assert decide(desk, held_id, "count").status_code == 200
        assert totals(world)["tallies"] == 1
        assert sent(phone, later) == ["created"]
    else:
        assert sent(phone, later) == ["created"]
        assert held_ids(desk) == []
        assert decide(desk, held_id, "count").status_code == 200
    assert totals(world)["people"] == (0 if "void" in overtaking else 8)
    require_agreement(world)
    assert wrong_balances() == []


def test_a_held_tally_decided_after_a_stock_take_changes_no_balance_twice(
    world: World, clock: time_machine.Traveller
) -> None:
    phone, desk = volunteer(world), world.desk("second")
    holder = f"volunteer:{id_of()}"
    moved(desk, "receive", 50, store=COMMUNITY)
    moved(desk, "issue", 20, store=COMMUNITY, volunteer=str(id_of()))
    clock.shift(timedelta(hours=1))
    one = tally(region=NEIGHBOUR, boxes=6, fans=0)
    clock.shift(timedelta(hours=1))
    moved(desk, "count", 14, volunteer=str(id_of()), reason="盘点")
    assert balances(world)[holder] == 14
    assert sent(phone, one) == ["held"]
    (held_id,) = held_ids(desk)
    assert decide(desk, held_id, "count").status_code == 200
    assert balances(world)[holder] == 14, "the count knew: the boxes were gone"
    assert (books().handed_out, books().difference, books().agrees) == (6, 0, True)
    assert sent(phone, {"id": one["id"], "revision": 2, "void": True}) == ["created"]
    assert balances(world)[holder] == 14
    assert (books().handed_out, books().difference, books().agrees) == (0, -6, True)
    assert wrong_balances() == []


def test_a_clock_ahead_is_counted_as_of_its_arrival(world: World) -> None:
    phone, desk = volunteer(world), world.desk()
    assert sent(phone, tally(occurred_at=rfc3339(START + 5 * DAY))) == ["held"]
    (held_id,) = held_ids(desk)
    shown = decide(desk, held_id, "count").get_json()
    assert shown["occurred_at"] == rfc3339(START)
    assert world.count("movements", "occurred_at > posted_at") == 0


# --- paper forms ------------------------------------------------------------------------------------------------------


def enter(desk: Phone, volunteer_id: Any, *tallies: dict[str, Any]) -> Any:
    batch = {"clock": rfc3339(utcnow()), "tallies": list(tallies)}
    return desk.post(f"outreach/volunteers/{volunteer_id}/tallies", json=batch)


def test_a_clerk_enters_paper_forms_for_a_volunteer(world: World, clock: time_machine.Traveller) -> None:
    phone = volunteer(world)
    by_phone = tally()
    assert sent(phone, by_phone) == ["created"]
    clock.shift(timedelta(hours=5))
    form, elsewhere = tally(), tally(region=NEIGHBOUR)
    answer = enter(world.desk(), id_of(), form, elsewhere, tally(people=-1))
    assert Counter(one["status"] for one in results(answer)) == {"created": 1, "held": 1, "rejected": 1}
    rows = world.rows("SELECT entered_by, looks_like FROM tally_revisions WHERE in_force AND entered_by IS NOT NULL")
    assert [(row[0], str(row[1]).replace("-", "")) for row in rows] == [("clerk", by_phone["id"].replace("-", ""))]
    assert [one["status"] for one in results(enter(world.desk(), id_of(), form))] == ["duplicate"]
    assert world.count("audit", "act = 'tallies.enter'") == 1, "a repeat is nothing new"
    mended = tally(id=by_phone["id"], revision=2, people=1)
    assert results(enter(world.desk("second"), id_of(), mended))[0]["status"] == "created"
    assert sent(phone, form) == ["duplicate"], "it is the volunteer's own"
    assert totals(world)["people"] == 1 + 3
    require_agreement(world)


def test_only_those_who_serve_the_volunteers_regions_enter_for_them(world: World) -> None:
    volunteer(world)
    for name, status in (("neighbour", 403), ("stranger", 403), ("auditor", 403), ("clerk", 200), ("second", 200)):
        assert enter(world.desk(name), id_of(), tally()).status_code == status, name
    assign("v1", NEIGHBOUR)
    assert enter(world.desk("neighbour"), id_of(), tally()).status_code == 200
    assert enter(world.desk(), "00000000-0000-0000-0000-000000000009", tally()).status_code == 404
    assert enter(world.citizen(), id_of(), tally()).status_code == 401


def test_what_was_revised_or_voided_waits_no_more_for_the_phone_as_for_the_office(world: World) -> None:
    phone, desk = volunteer(world), world.desk("operator")
    tomorrow = rfc3339(utcnow() + DAY)
    revised, voided, lower = tally(occurred_at=tomorrow), tally(occurred_at=tomorrow), tally()
    assert sent(phone, revised, voided, lower, lower | {"revision": 2, "region": NEIGHBOUR}) == [
        "held",
        "held",
        "created",
        "held",
    ]
    assert (len(held_ids(desk)), waiting_on(phone)) == (3, 3)
    assert sent(phone, tally(id=revised["id"], revision=2), {"id": voided["id"], "revision": 2, "void": True}) == [
        "created",
        "created",
    ]
    assert (len(held_ids(desk)), waiting_on(phone)) == (1, 1)
    decide(desk, held_ids(desk)[0], "refuse")
    assert waiting_on(phone) == 0


def waiting_on(phone: Phone) -> int:
    """What the volunteer's own page says of it."""
    (campaign,) = phone.get("outreach/me").get_json()["campaigns"]
    return int(campaign["held"])
