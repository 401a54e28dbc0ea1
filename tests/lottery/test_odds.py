"""What the campaign page says is in an open box is what is in it: planned and carried, of so many cards."""

from collections import Counter
from datetime import timedelta
from typing import Any

import time_machine

from quizsvc.campaigns import service as campaigns
from quizsvc.kit.db import reading
from quizsvc.lottery import rounds
from tests.lottery.model import shuffled
from tests.world import START, World, box

PLAY: dict[str, Any] = {
    "closes_at": START + timedelta(days=6),
    "round": [
        box(cards=9, prizes={"credit": 3, "tissue": 4}, days=(-1, 1)),  # two draws leave some of both
        box(cards=10, prizes={"tissue": 2}, days=(1, 2)),
        box(cards=20, prizes={"credit": 2}, days=(3, 5)),
    ],
    "rules": {"max_wins": 9},
}


def shown(one: dict[str, Any]) -> Counter[str]:
    """The open box as a reader of the page adds it up; "" is a blank."""
    prizes = Counter({line["code"]: line["count"] for line in one["planned"]})
    prizes.update({line["code"]: line["count"] for line in one["carried"]})
    return prizes + Counter({"": one["cards"] - prizes.total()})


def test_the_odds_shown_when_a_round_opens_are_the_decks(world: World, clock: time_machine.Traveller) -> None:
    world.publish(slug="noise", round=[box(cards=7, prizes={"tissue": 5})])
    world.publish(**PLAY)
    told: dict[int, Counter[str]] = {}
    left: Counter[str] = Counter()
    for no, opens in enumerate((START, START + timedelta(days=1), START + timedelta(days=3)), start=1):
        clock.move_to(opens)
        world.tick()
        page = world.phone().get("campaigns/play").get_json()["rounds"][no - 1]
        assert page["state"] == "open"
        told[no] = shown(page)
        assert Counter({line["code"]: line["count"] for line in page["carried"]}) == left
        left = told[no] - Counter({"": 99})
        for _ in range(2):
            phone = world.citizen()
            prize = phone.draw(phone.earn_ticket()).get_json()["prize"]
            left -= Counter([prize["code"]] if prize else [])
        with reading():
            campaign = campaigns.get_campaign("play")
            deck = rounds.deck_of(campaign, rounds.list_rounds(campaign)[no - 1])
        assert Counter(card or "" for card in deck) == told[no]
        clock.shift(timedelta(seconds=3))
        assert shown(world.phone().get("campaigns/play").get_json()["rounds"][no - 1]) == told[no]
    assert any(told[no].total() - told[no][""] > sum(PLAY["round"][no - 1]["prizes"].values()) for no in (2, 3))
    clock.move_to(START + timedelta(days=5))
    world.tick()
    for no, odds in told.items():
        assert Counter(card or "" for card in recomputed(world, no)) == odds


def recomputed(world: World, no: int) -> list[str | None]:
    """The deck from the published seed, after closing. The order of the prizes is that of the published rules."""
    bundle = world.phone().get(f"campaigns/play/rounds/{no}/ledger").get_json()
    codes = [line["code"] for line in bundle["prizes"] for _ in range(line["count"])]
    deck = shuffled(f"play|{no}|", seed=bytes.fromhex(bundle["seed"]), cards=bundle["cards"], prizes=codes)
    assert [line["prize"] for line in bundle["lines"]] == [deck[line["position"] - 1] for line in bundle["lines"]]
    return deck
