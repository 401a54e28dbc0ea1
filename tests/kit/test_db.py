"""Transactions, stored time and the lease, on both databases."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from quizsvc.kit.db import db, reading, require_no_transaction, transaction
from quizsvc.kit.jobs import Lease, drop_lease, take_lease
from quizsvc.kit.lua import redis_client
from tests.world import START, at_once

FOR_A_MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _standing_still(app: Flask, clock: time_machine.Traveller) -> None:
    """Every test here has a database and a clock that stands."""


def add(name: str, held_until: datetime = START) -> None:
    db.session.execute(insert(Lease).values(name=name, holder=uuid4(), held_until=held_until))


def write(*names: str, then: Callable[[], object] = int) -> None:
    """Add rows and do something more, in one transaction."""
    with transaction():
        for name in names:
            add(name)
        then()


def count() -> int:
    with reading():
        return db.session.execute(select(func.count()).select_from(Lease)).scalar_one()


# --- transactions -----------------------------------------------------------------------------------------------------


def test_a_transaction_is_kept_as_a_whole() -> None:
    with transaction():
        add("a")
        add("b")
    assert count() == 2


def test_an_error_takes_everything_back() -> None:
    with transaction():
        add("kept")
    with pytest.raises(ZeroDivisionError):
        write("a", "b", then=lambda: 1 / 0)
    assert count() == 1
    write("a")
    assert count() == 2


def test_a_broken_promise_takes_everything_back() -> None:
    with pytest.raises(IntegrityError):
        write("a", "a")
    assert count() == 0


def test_leaving_early_takes_everything_back() -> None:
    with pytest.raises(SystemExit):
        write("a", then=sys.exit)
    assert count() == 0


Opens = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize("inner", [transaction, reading])
@pytest.mark.parametrize("outer", [transaction, reading])
def test_transactions_do_not_nest(outer: Opens, inner: Opens) -> None:
    with outer():
        db.session.execute(text("SELECT 1"))
        with pytest.raises(RuntimeError, match="still open"), inner():
            pass
    require_no_transaction()


def test_redis_is_not_asked_while_a_transaction_is_open() -> None:
    with transaction(), pytest.raises(RuntimeError, match="still open"):
        redis_client()
    redis_client().ping()


def test_reading_writes_nothing() -> None:
    with pytest.raises(RuntimeError, match=r"a write inside reading\(\)"), reading():
        add("a")
    assert count() == 0


def test_a_failed_statement_shows_no_value(app: Flask) -> None:
    with pytest.raises(IntegrityError) as refused:
        write("a-secret-name", "a-secret-name")
    assert "a-secret-name" not in str(refused.value).replace(str(refused.value.orig), "")


# --- stored time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [START, START.astimezone(UTC), datetime.fromisoformat("2026-12-01T15:59:59.999-05:00")],
)
def test_stored_time_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    with transaction():
        add("a", moment)
    with reading():
        kept = db.session.execute(select(Lease.held_until)).scalar_one()
    assert kept == moment
    assert kept.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused_before_it_is_stored() -> None:
    with pytest.raises(StatementError, match="naive"), transaction():
        add("a", START.replace(tzinfo=None))
    assert count() == 0


def test_times_compare_as_moments_whatever_their_offset() -> None:
    with transaction():
        add("earlier", START)
        add("later", (START + timedelta(milliseconds=1)).astimezone(UTC))
    with reading():
        found = db.session.scalars(select(Lease.name).where(Lease.held_until <= START)).all()
    assert found == ["earlier"]


# --- the lease --------------------------------------------------------------------------------------------------------


def take(holder: UUID, *, at: datetime, name: str = "tick") -> bool:
    with transaction():
        return take_lease(name, holder=holder, lasts=FOR_A_MINUTE, now=at)


@pytest.mark.parametrize(("later", "taken"), [(FOR_A_MINUTE - timedelta(milliseconds=1), False), (FOR_A_MINUTE, True)])
def test_a_lease_has_one_holder_until_it_ends(later: timedelta, taken: bool) -> None:
    first, second = uuid4(), uuid4()
    assert take(first, at=START)
    assert take(second, at=START, name="another job")
    assert not take(second, at=START)
    assert take(second, at=START + later) is taken
    assert take(first, at=START + later) is not taken


def test_its_holder_renews_a_lease() -> None:
    first, second = uuid4(), uuid4()
    assert take(first, at=START)
    assert take(first, at=START + timedelta(seconds=50))
    assert not take(second, at=START + timedelta(seconds=60))
    assert take(second, at=START + timedelta(seconds=110))


def test_a_lease_given_back_is_free_at_once_and_only_its_holder_gives_it_back() -> None:
    first, second = uuid4(), uuid4()
    assert take(first, at=START)
    with transaction():
        drop_lease("tick", holder=second, now=START)
    assert not take(second, at=START)
    with transaction():
        drop_lease("tick", holder=first, now=START)
    assert take(second, at=START)


@pytest.mark.parametrize(
    ("earlier", "taken"), [(FOR_A_MINUTE, False), (FOR_A_MINUTE + timedelta(milliseconds=1), True)]
)
def test_a_lease_taken_before_the_clock_was_set_back_binds_nobody(earlier: timedelta, taken: bool) -> None:
    """It would stop every recurring job for as long as the clock went back."""
    assert take(uuid4(), at=START)
    assert take(uuid4(), at=START - earlier) is taken


@pytest.mark.parametrize("stands", [False, True])
def test_of_many_at_once_one_takes_the_lease(app: Flask, stands: bool) -> None:
    for turn in range(5):
        if stands:
            assert take(uuid4(), at=START - FOR_A_MINUTE, name=f"job {turn}")
        taken = at_once(*[lambda name=f"job {turn}": take(uuid4(), at=START, name=name)] * 8)
        assert sorted(taken) == [False] * 7 + [True]
