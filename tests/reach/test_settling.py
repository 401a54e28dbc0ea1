"""While a campaign is counted anew its figures stand, and afterwards they are the sum of what people did."""

from collections.abc import Mapping

import pytest
import time_machine
from sqlalchemy import text

from quizsvc.campaigns import service as campaigns
from quizsvc.kit import dirty
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.reach import settling
from tests.accounts.test_staff import Command, command
from tests.reach.test_survey import busy_weeks, flat, settle, survey
from tests.world import START, World

__all__ = ["command"]
NOBODY = "0" * 32


def whole() -> Mapping[str, int]:
    return flat(survey(first=START.date()))


def spoil(statement: str) -> None:
    with transaction():
        db.session.execute(text(statement))


@pytest.fixture
def busy(world: World, clock: time_machine.Traveller) -> Mapping[str, int]:
    """Four busy weeks, all counted."""
    with busy_weeks(world, clock, seed=5):
        pass
    settle()
    return whole()


def test_figures_stand_while_everybody_is_counted_anew(busy: Mapping[str, int]) -> None:
    with transaction():
        waiting = settling.begin_rebuild(campaigns.get_campaign("play"), now=utcnow())
    assert whole() == busy
    with transaction():
        assert settling.settle(limit=5) == 5
    assert whole() == busy
    assert settle() == waiting - 5
    assert whole() == busy


def test_a_rebuild_mends_counts_that_were_spoilt(busy: Mapping[str, int], command: Command) -> None:
    spoil("DELETE FROM reach_counts WHERE metric = 'online.papers'")
    spoil("UPDATE reach_counts SET n = n + 7 WHERE metric = 'offline.people'")
    assert whole() != busy
    said = command("reach", "rebuild", "play").output
    assert "were not the sum of what people did" in said
    assert whole() == busy
    assert "were not the sum" not in command("reach", "rebuild", "play").output


def test_a_rebuild_mends_shares_that_were_spoilt_or_belong_to_nobody(busy: Mapping[str, int], command: Command) -> None:
    spoil("DELETE FROM reach_shares WHERE part IN (SELECT part FROM reach_shares ORDER BY part LIMIT 2)")
    last = "SELECT part FROM reach_shares ORDER BY part DESC LIMIT 1"
    spoil(f"UPDATE reach_shares SET part = '{NOBODY}' WHERE part = ({last})")
    command("reach", "rebuild", "play")
    assert whole() == busy


def test_counting_in_bulk_comes_to_the_same(busy: Mapping[str, int], command: Command) -> None:
    for table in ("reach_counts", "reach_shares"):
        spoil(f"DELETE FROM {table}")
    with transaction():
        settling.begin_rebuild(campaigns.get_campaign("play"), now=utcnow())
    with transaction():
        assert settling.settle(limit=settling.IN_BULK) > settling.MOST_AT_ONCE // 100
    with reading():
        assert not settling.find_wrong(campaigns.get_campaign("play"))
        assert not dirty.count_marks()
    assert whole() == busy
