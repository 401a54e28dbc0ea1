"""`lottery plan`: when a box would be empty, or what it would leave."""

from datetime import timedelta

from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import definition_of, find_faults
from quizsvc.lottery.rules import forecast
from tests.world import CAMPAIGN, START, box, merged


def test_a_box_that_is_too_small_empties_in_time_and_its_tickets_wait() -> None:
    plans = definition_of(
        read_campaign(
            merged(
                CAMPAIGN,
                round=[box(cards=100, prizes={"tissue": 10}, days=(0, 10)), box(cards=400, prizes={}, days=(10, 20))],
            ),
            file="x",
        )
    ).rounds
    first, second = forecast(plans, tickets_per_day=20)
    assert (first.draws, first.empty_at, first.cards_left, first.prizes_left) == (100, START + timedelta(days=5), 0, 0)
    assert (second.draws, second.empty_at, second.cards_left) == (300, None, 100)  # 100 had waited


def test_undrawn_prizes_are_carried_over_by_expectation() -> None:
    plans = definition_of(
        read_campaign(
            merged(
                CAMPAIGN,
                round=[
                    box(cards=100, prizes={"tissue": 10}, days=(0, 10)),
                    box(cards=100, prizes={"tissue": 10}, days=(10, 20)),
                ],
            ),
            file="x",
        )
    ).rounds
    first, second = forecast(plans, tickets_per_day=5)
    assert (first.draws, first.prizes_left) == (50, 5.0)
    assert (second.draws, second.prizes_left) == (50, 7.5)


def test_a_daily_entry_is_one_round_a_day() -> None:
    entry = box(cards=70, prizes={"tissue": 3, "credit": 1}, days=(0, 7)) | {"daily": True}
    definition = definition_of(read_campaign(merged(CAMPAIGN, round=[entry]), file="x"))
    assert [one.no for one in definition.rounds] == list(range(1, 8))
    assert [one.opens_at for one in definition.rounds] == [START + timedelta(days=n) for n in range(7)]
    assert [one.closes_at for one in definition.rounds] == [START + timedelta(days=n + 1) for n in range(7)]
    assert {tuple(one.planned.items()) for one in definition.rounds} == {(("credit", 1), ("tissue", 3))}
    assert find_faults(definition) == []
