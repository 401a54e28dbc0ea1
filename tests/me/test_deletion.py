"""Deleting oneself: the person is gone, the limits stay, the figures keep their totals, prizes can still be fetched."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from quizsvc.kit.crypto import Keys
from quizsvc.tables import metadata
from tests.conftest import IDENTITY, SECRET
from tests.world import START, Phone, World, box

ALL_WIN = [box(cards=9, prizes={"tissue": 9})]


def leave_and_return(world: World, phone: Phone, code: str) -> Phone:
    assert phone.delete("me").status_code == 204
    return world.citizen(code)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["errcode"]


@pytest.mark.parametrize("handed_in", [3, 2, 0])
def test_coming_back_does_not_reset_the_papers_of_the_day(
    world: World, clock: time_machine.Traveller, handed_in: int
) -> None:
    """Also when the last paper of the day was still in hand: it lapses, and counts."""
    world.publish(paper={"per_day": max(1, handed_in + (handed_in < 3))})
    phone = world.citizen("anna")
    for _ in range(handed_in):
        phone.hand_in(phone.deal())
    if handed_in < 3:
        phone.deal()
    returned = leave_and_return(world, phone, "anna")
    assert refused(returned.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    assert returned.get("campaigns/play/me").get_json()["papers_left_today"] == 0
    assert world.citizen("berta").deal()
    clock.move_to(START + timedelta(hours=14))  # midnight in Shanghai
    returned = world.citizen("anna")
    assert returned.deal()


def test_an_own_paper_in_hand_lapses_and_is_nobodys_afterwards(world: World) -> None:
    world.publish()
    phone, other = world.citizen("anna"), world.citizen("berta")
    paper, others_paper = phone.deal(), other.deal()
    returned = leave_and_return(world, phone, "anna")
    answer = returned.put(f"papers/{paper['id']}/answers", json={"answers": []})
    assert refused(answer) == (404, "quiz.paper_unknown")
    assert returned.deal()["id"] != paper["id"]
    assert other.deal()["id"] == others_paper["id"]
    assert world.count("papers", "state = 'lapsed'") == 1


def test_coming_back_does_not_reset_the_wins(world: World) -> None:
    world.publish(round=ALL_WIN, rules={"max_wins": 1})
    phone, other = world.citizen("anna"), world.citizen("berta")
    assert phone.draw(phone.earn_ticket()).get_json()["outcome"] == "won"
    returned = leave_and_return(world, phone, "anna")
    ticket = returned.earn_ticket()
    assert refused(returned.draw(ticket)) == (409, "lottery.max_wins")
    assert other.draw(other.earn_ticket()).get_json()["outcome"] == "won"
    assert world.count("awards") == 2


def test_a_limit_in_one_campaign_says_nothing_in_another(world: World) -> None:
    world.publish(paper={"per_day": 1})
    world.publish(slug="other", title="别的活动", paper={"per_day": 1})
    phone = world.citizen("anna")
    phone.hand_in(phone.deal())
    returned = leave_and_return(world, phone, "anna")
    assert refused(returned.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    assert returned.deal("other")


def test_nothing_that_leads_back_to_the_person_is_left(world: World) -> None:
    world.publish(round=ALL_WIN)
    phone, other = world.citizen("anna"), world.citizen("berta")
    for one in (phone, other):
        one.put("me/consents/messages", json={"version": "v1", "granted": True})
        one.draw(one.earn_ticket())
    keys = Keys((SECRET,), IDENTITY)
    gone, stays = (keys.identity_hash("openid", f"stand-in|{code}") for code in ("anna", "berta"))
    assert phone.delete("me").status_code == 204
    tables = {table.name: repr(world.rows(f'SELECT * FROM "{table.name}"')) for table in metadata.sorted_tables}
    assert [name for name, rows in tables.items() if gone in rows or "stand-in" in rows] == []
    assert [name for name, rows in tables.items() if stays in rows] == ["citizens"]
    assert world.count("citizens", "openid_hash IS NULL AND deleted_at IS NOT NULL") == 1
    assert world.count("consents") == 2  # the other one's


def test_what_must_be_kept_keeps_its_totals(world: World) -> None:
    world.publish(round=ALL_WIN)
    phone, other = world.citizen(), world.citizen()
    for one in (phone, other):
        one.draw(one.earn_ticket())
    phone.earn_ticket()
    tables = ("citizens", "papers", "tickets", "draws", "awards", "rounds", "coupons")
    before = {table: world.count(table) for table in tables}
    passed = world.count("papers", "passed")
    assert phone.delete("me").status_code == 204
    assert {table: world.count(table) for table in tables} == before
    assert world.count("papers", "passed") == passed == 3
    assert world.count("audit", "act = 'citizen.delete'") == 1


def test_a_prize_can_still_be_fetched_by_its_code(world: World) -> None:
    world.publish(round=ALL_WIN)
    phone = world.citizen()
    code = phone.draw(phone.earn_ticket()).get_json()["award"]["code"]
    assert phone.delete("me").status_code == 204
    assert world.desk().post("redemptions/lookup", json={"code": code}).get_json()["state"] == "won"
    assert world.desk().put(f"redemptions/{uuid4()}", json={"code": code}).status_code == 200


def test_who_comes_back_is_somebody_new(world: World) -> None:
    world.publish(round=ALL_WIN)
    phone = world.citizen("anna")
    phone.put("me/region", json={"region": "s1c1"})
    ticket = phone.earn_ticket()
    phone.draw(ticket)
    undrawn = phone.earn_ticket()
    before = phone.get("me").get_json()["citizen"]
    assert phone.delete("me").status_code == 204
    returned = world.citizen("anna", consents_to=None)
    own = returned.get("me").get_json()
    assert own["citizen"]["id"] != before["id"]
    assert own == {
        "volunteer": None,
        "citizen": {"id": own["citizen"]["id"], "region": None},
        "consents": [],
        "messages": {"address": False, "sent": []},
        "visits": [],
        "papers": [],
        "tickets": [],
        "draws": [],
        "awards": [],
    }
    assert returned.get("me/awards").get_json()["items"] == []
    assert refused(returned.get(f"tickets/{ticket}")) == (404, "quiz.ticket_unknown")
    assert refused(returned.draw(undrawn)) == (404, "quiz.ticket_unknown")
    assert refused(returned.post("campaigns/play/papers")) == (409, "accounts.consent_needed")


def test_leaving_and_returning_many_times_leaves_one_person_in(world: World) -> None:
    for _ in range(3):
        assert world.citizen("anna", consents_to=None).delete("me").status_code == 204
    world.citizen("anna", consents_to=None)
    assert world.count("citizens") == 4
    assert world.count("citizens", "openid_hash IS NOT NULL") == 1


def test_deleting_twice_tells_that_the_log_in_is_gone(world: World) -> None:
    phone, other = world.citizen(consents_to=None), world.citizen(consents_to=None)
    first, again = phone.delete("me"), phone.delete("me")
    assert (first.status_code, first.get_data()) == (204, b"")
    assert refused(again) == (401, "accounts.token_refused")
    assert other.get("me").status_code == 200
    assert world.count("audit", "act = 'citizen.delete'") == 1
