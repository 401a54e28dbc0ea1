"""Papers handed in while the campaign ends: the closing draw's list is exactly those who were told of a ticket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from quizsvc.backoffice import service as backoffice
from quizsvc.kit.db import transaction
from tests.world import START, Phone, World, at_once, box, right_answers

CLOSES_AT = START + timedelta(days=2)
PLAY: dict[str, Any] = {
    "rules": {"leftovers": "closing-draw", "beacon": "福彩3D 第2026330期", "max_wins": 1},
    "closes_at": CLOSES_AT,
    "prize": [{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"}],
    "round": [box(cards=20, prizes={"tissue": 5}, days=(-1, 2))],
}
CROWD = 10


def close_by_hand(world: World) -> None:
    world.move("play", "closing")


def close_by_tick(world: World) -> None:
    """On a host whose clock is ahead of those that take the papers."""
    with transaction():
        backoffice.advance_campaigns(now=CLOSES_AT)


def answer(phone: Phone, paper: dict[str, Any], *, wrong: int) -> TestResponse:
    return phone.put(f"papers/{paper['id']}/answers", json={"answers": right_answers(paper, wrong=wrong)})


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("close", [close_by_hand, close_by_tick])
def test_who_is_told_of_a_ticket_while_the_campaign_ends_is_on_the_list(
    world: World, close: Callable[[World], None], turn: int
) -> None:
    world.publish(**PLAY)
    early, failed = world.citizen(), world.citizen()
    early.earn_ticket()
    failed.hand_in(failed.deal(), wrong=5)
    phones = [world.citizen() for _ in range(CROWD)]
    papers = [phone.deal() for phone in phones]

    def end() -> TestResponse:
        with world.app.app_context():
            close(world)
        return world.phone().get("/healthz")

    hand_ins = [
        lambda p=phone, q=paper, n=number: answer(p, q, wrong=5 if n % 5 == 4 else 0)
        for number, (phone, paper) in enumerate(zip(phones, papers, strict=True))
    ]
    half = CROWD // 2
    answers = at_once(*hand_ins[:half], end, *hand_ins[half:])
    del answers[half]
    assert {given.status_code for given in answers} == {200}
    told = [bool(given.get_json()["tickets"]) for given in answers]
    listed = [phone.get("campaigns/play/me").get_json()["closing_draw"] is not None for phone in phones]
    assert listed == told
    assert early.get("campaigns/play/me").get_json()["closing_draw"] is not None
    assert world.count("closing_entries") == sum(told) + 1
    assert world.count("tickets") == sum(told) + 1
