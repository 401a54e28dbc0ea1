"""What counting goes wrong on: a day's last moment, a region with nothing, a mark made while others count."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
import time_machine
from flask import Flask

from quizsvc.kit import dirty
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.reach import settling
from quizsvc.reach.metrics import PERCENT
from tests.materials.place import MATERIALS
from tests.outreach.place import volunteer
from tests.outreach.reports import sent, tally
from tests.reach.test_survey import FEW, at_home, settle, survey
from tests.world import NEIGHBOUR, World, at_once

A_DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)  # in Shanghai the first moment of 3 December
THE_LAST, THE_FIRST = "2026-12-02T15:59:59.999999Z", "2026-12-02T16:00:00Z"


def days_with(metric: str, *, first: date, last: date) -> dict[str, int | None]:
    return {one.of["day"]: one.value for one in survey(first=first, last=last).all_of(metric, "day") if one.value}


def test_a_microsecond_before_midnight_is_another_day_and_neither_is_counted_twice(
    world: World, clock: time_machine.Traveller
) -> None:
    """Visits of volunteers, papers and draws: whatever bears a time, in periods that meet at midnight too."""
    world.publish(**FEW)
    phone = volunteer(world)
    for moment in (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT):
        clock.move_to(moment)
        person = at_home(world)
        person.draw(person.earn_ticket())
    clock.move_to(MIDNIGHT + timedelta(hours=1))
    batch = [tally(occurred_at=at, people=people, boxes=0, fans=0) for at, people in ((THE_LAST, 3), (THE_FIRST, 50))]
    assert sent(phone, *batch) == ["created"] * 2
    settle()
    evening, after = date(2026, 12, 2), date(2026, 12, 3)
    everything = {"online.papers": (1, 1), "online.draws": (1, 1), "online.audience": (1, 1), "offline.people": (3, 50)}
    for metric, (before_midnight, since_midnight) in everything.items():
        days = {evening.isoformat(): before_midnight, after.isoformat(): since_midnight}
        assert days_with(metric, first=evening - A_DAY, last=after + A_DAY) == days
        assert survey(first=evening).of(metric).value == before_midnight
        assert survey(first=after).of(metric).value == since_midnight
        assert survey(first=evening, last=after).of(metric).value == before_midnight + since_midnight


def test_a_region_with_nothing_is_listed_with_zeros_and_rates_that_say_why(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)
    person = at_home(world)
    person.hand_in(person.deal())
    assert sent(volunteer(world), tally()) == ["created"]
    settle()
    whole, alone = survey(), survey(NEIGHBOUR)
    listed = {one.metric.id for one in whole.figures if dict(one.of) == {"region": NEIGHBOUR}}
    assert listed >= {"online.papers", "online.first_paper_pass_rate", "online.participation", "offline.people"}
    nothing = [one for one in whole.figures if one.of.get("region") == NEIGHBOUR] + list(alone.figures)
    not_known = {one.metric.id for one in nothing if one.value is None}
    rates = {one.metric.id for one in nothing if one.unit == PERCENT}
    assert not_known == rates | {"online.residents"}
    assert {one.value for one in nothing if one.metric.id not in not_known} == {0}
    assert {one.reason for one in nothing if one.value is None} == {"无数据", "常住人口未知"}


def test_settling_twice_at_once_counts_once(world: World) -> None:
    world.publish(**FEW)
    for n in range(1, 6):
        person = at_home(world)
        person.hand_in(person.deal())
        at_once(settle, settle, settle)
        assert (survey().of("online.papers").value, survey().of("online.passers").value) == (n, n)
        assert world.count("dirty_keys") == 0


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_mark_that_commits_while_its_person_is_being_counted_is_not_lost(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted without the paper, and the paper's own mark is there when the marks that were read are taken away.

    SQLite has one writer at a time: nothing can commit while somebody settles.
    """
    world.publish(**FEW)
    person, is_counted, is_dealt = at_home(world), Event(), Event()
    assert person.get("campaigns/play/me").status_code == 200
    take_away = dirty.delete_marks

    def wait_and_take_away(ids: Collection[int]) -> None:
        is_counted.set()
        assert is_dealt.wait(30)
        take_away(ids)

    def settle_once() -> int:
        with transaction():
            return settling.settle()

    def deal() -> int:
        assert is_counted.wait(30)
        person.deal()
        waiting = world.count("dirty_keys")
        is_dealt.set()
        return waiting

    with monkeypatch.context() as patch:
        patch.setattr(dirty, "delete_marks", wait_and_take_away)
        assert at_once(settle_once, deal) == [1, 2]
    assert (survey().of("online.audience").value, survey().of("online.participants").value) == (1, 0)
    assert settle() == 1
    assert (survey().of("online.audience").value, survey().of("online.participants").value) == (1, 1)
