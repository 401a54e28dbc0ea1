"""The export of own data: all of it, in one document, and nothing of anybody else."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.kit.crypto import Keys
from tests.conftest import IDENTITY, SECRET
from tests.world import START, Phone, World, box, right_answers


def play(phone: Phone, clock: time_machine.Traveller) -> dict[str, Any]:
    """One paper with a wrong answer, one ticket, one win."""
    paper = phone.deal()
    clock.shift(timedelta(minutes=2))
    mark = phone.hand_in(paper, wrong=1)
    drawn = phone.draw(mark["tickets"][0]).get_json()
    return {"paper": paper, "ticket": mark["tickets"][0], "drawn": drawn}


def strings(value: Any) -> set[str]:
    """Every string in a JSON value."""
    if isinstance(value, dict):
        return {found for inner in value.values() for found in strings(inner)}
    if isinstance(value, list):
        return {found for inner in value for found in strings(inner)}
    return {value} if isinstance(value, str) else set()


@pytest.fixture
def open_box(world: World) -> None:
    """A campaign in which every card wins a coupon."""
    world.publish(round=[box(cards=4, prizes={"credit": 4})])


@pytest.mark.usefixtures("open_box")
def test_the_export_holds_all_that_one_did(world: World, clock: time_machine.Traveller) -> None:
    phone, other = world.citizen("anna"), world.citizen("berta")
    play(other, clock)
    clock.move_to(START + timedelta(hours=1))
    phone.put("me/region", json={"region": "s1c2"})
    done = play(phone, clock)
    own = phone.get("me").get_json()
    assert own["citizen"]["region"] == "s1c2"
    assert [(one["purpose"], one["granted"]) for one in own["consents"]] == [("privacy", True)]
    assert own["visits"] == []
    phone.get("campaigns/play/me")
    other.get("campaigns/play/me")
    assert phone.get("me").get_json()["visits"] == [{"campaign": "play", "day": "2026-12-01", "region": "s1c2"}]
    (paper,) = own["papers"]
    assert (paper["id"], paper["correct"], paper["passed"]) == (done["paper"]["id"], 4, True)
    assert (paper["dealt_at"], paper["handed_in_at"]) == (
        "2026-12-01T11:00:00.000+08:00",
        "2026-12-01T11:02:00.000+08:00",
    )
    sent = right_answers(done["paper"], wrong=1)
    assert [(one["no"], one["choices"]) for one in paper["review"]] == [(one["no"], one["choices"]) for one in sent]
    assert [one["correct"] for one in paper["review"]] == [False, True, True, True, True]
    assert [one["stem"] for one in paper["review"]] == [one["stem"] for one in done["paper"]["questions"]]
    assert own["tickets"] == [{"id": done["ticket"], "earned_at": "2026-12-01T11:02:00.000+08:00"}]
    (draw,) = own["draws"]
    receipt = done["drawn"]["receipt"]
    assert (draw["ticket"], draw["position"], draw["alias"], draw["round"], draw["prize"]) == (
        done["ticket"],
        receipt["position"],
        receipt["ticket"],
        1,
        "credit",
    )
    (award,) = own["awards"]
    assert award["code"] == done["drawn"]["award"]["code"]
    assert award["coupon"] == done["drawn"]["award"]["coupon"]


@pytest.mark.usefixtures("open_box")
def test_the_export_holds_nothing_of_anybody_else(world: World, clock: time_machine.Traveller) -> None:
    phone, other = world.citizen("anna"), world.citizen("berta")
    play(phone, clock)
    clock.shift(timedelta(hours=1))
    other.put("me/region", json={"region": "s1c1"})
    play(other, clock)
    own, others = phone.get("me").get_json(), other.get("me").get_json()
    shared = strings(own) & strings(others)
    stems = {one["stem"] for paper in own["papers"] for one in paper["review"]}
    questions = {one["question"] for paper in own["papers"] for one in paper["review"]}
    version = own["consents"][0]["version"]
    public = {"privacy", version, "A", "B", "C", "play", "credit", "话费券", "won", own["consents"][0]["at"]}
    ends = {own["awards"][0]["expires_at"], own["awards"][0]["coupon"]["expires_at"]}
    assert shared <= public | stems | questions | ends


@pytest.mark.usefixtures("open_box")
def test_the_export_holds_no_hash_and_no_answer_key(world: World, clock: time_machine.Traveller) -> None:
    phone = world.citizen("anna")
    play(phone, clock)
    text = phone.get("me").get_data(as_text=True)
    assert Keys((SECRET,), IDENTITY).identity_hash("openid", "stand-in|anna") not in text
    assert "stand-in" not in text
    ((limit_key,),) = world.rows("SELECT DISTINCT limit_key FROM papers")
    assert limit_key not in text
    review = phone.get("me").get_json()["papers"][0]["review"]
    assert set(review[0]) == {"no", "question", "stem", "choices", "correct"}


def test_the_export_of_somebody_new_is_empty(world: World) -> None:
    own = world.citizen(consents_to=None).get("me").get_json()
    assert own.pop("citizen")["region"] is None
    lists = ("consents", "visits", "papers", "tickets", "draws", "awards")
    assert own.pop("messages") == {"address": False, "sent": []}
    assert own == {"volunteer": None} | {name: [] for name in lists}


def test_a_paper_that_was_never_handed_in_is_exported_too(world: World, clock: time_machine.Traveller) -> None:
    world.publish()
    phone, other = world.citizen(), world.citizen()
    lapsed = phone.deal()
    other.deal()
    clock.shift(timedelta(hours=1))
    open_one = phone.deal()
    exported = phone.get("me").get_json()["papers"]
    assert [paper["id"] for paper in exported] == [lapsed["id"], open_one["id"]]


def test_awards_come_in_pages_that_end_and_hold_each_once(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=[box(cards=9, prizes={"tissue": 9})], rules={"max_wins": 5}, paper={"per_day": 5})
    phone, other = world.citizen(), world.citizen()
    other.draw(other.earn_ticket())
    won = []
    for _ in range(5):
        won.append(phone.draw(phone.earn_ticket()).get_json()["award"]["id"])
        clock.shift(timedelta(minutes=1))
    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = phone.get(f"me/awards?limit=2{f'&cursor={cursor}' if cursor else ''}").get_json()
        seen += [award["id"] for award in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (seen, pages) == (won, 3)
