"""The book of mistakes over HTTP: own wrong questions, until they are answered right."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.kit.db import transaction
from quizsvc.kit.pages import encode_cursor
from quizsvc.quiz import bank
from tests.world import QUESTIONS, Phone, World, right_answers

# Every paper asks the same seven questions: all six of this difficulty, and the only one about romance.
EVERY = {
    "plan": [
        {"scam_type": "loan", "difficulty": 1, "count": 6},
        {"scam_type": "romance", "difficulty": 1, "count": 1},
    ],
    "per_day": 9,
}
STEMS = ["题目2？", "题目4？", "题目6？", "题目8？", "题目10？", "题目12？", "多选？"]
BY_STEM = {one.stem: one for one in QUESTIONS}


def mistakes(phone: Phone, query: str = "limit=200") -> list[dict[str, Any]]:
    response = phone.get(f"me/mistakes?{query}")
    assert response.status_code == 200
    return list(response.get_json()["items"])


def stems(phone: Phone) -> list[str]:
    return [one["stem"] for one in mistakes(phone)]


def answer(phone: Phone, paper: dict[str, Any], *, wrong: list[str]) -> None:
    """Hand a paper in with these questions wrong."""
    answers = right_answers(paper)
    for question, said in zip(paper["questions"], answers, strict=True):
        if question["stem"] in wrong:
            said["choices"] = ["C"]
    assert phone.put(f"papers/{paper['id']}/answers", json={"answers": answers}).status_code == 200


@pytest.fixture
def someone(world: World) -> Phone:
    """A citizen in a place where others have made every mistake there is."""
    world.publish(paper=EVERY)
    other = world.citizen()
    answer(other, other.deal(), wrong=STEMS)
    other.deal()
    return world.citizen("me")


def test_whoever_answered_nothing_has_no_mistakes(someone: Phone) -> None:
    assert someone.get("me/mistakes").get_json() == {"items": [], "next": None}
    someone.deal()
    assert stems(someone) == []


def test_mistakes_stand_by_scam_type_with_what_was_chosen_and_why_it_is_wrong(someone: Phone) -> None:
    answer(someone, someone.deal(), wrong=["多选？", "题目12？", "题目2？"])
    found = mistakes(someone)
    assert [(one["scam_type"], one["stem"]) for one in found] == [
        ("loan", "题目2？"),
        ("loan", "题目12？"),
        ("romance", "多选？"),
    ]
    assert found[2] == {
        "scam_type": "romance",
        "scam_type_name": "网络婚恋交友",
        "kind": "multiple",
        "stem": "多选？",
        "options": [{"id": "A", "text": "对甲"}, {"id": "B", "text": "对乙"}, {"id": "C", "text": "错丙"}],
        "choices": ["C"],
        "answer": ["A", "B"],
        "explanation": "多选解析",
        "source": "反诈常识",
        "at": "2026-12-01T10:00:00.000+08:00",
    }
    for one in found:
        asked = BY_STEM[one["stem"]]
        assert (one["answer"], one["explanation"]) == (list(asked.answer), asked.explanation)


def test_a_question_that_was_left_out_is_a_mistake(someone: Phone) -> None:
    paper = someone.deal()
    answers = [one for one in right_answers(paper) if one["no"] != 4]
    someone.put(f"papers/{paper['id']}/answers", json={"answers": answers})
    ((stem, choices),) = [(one["stem"], one["choices"]) for one in mistakes(someone)]
    assert (stem, choices) == (paper["questions"][3]["stem"], [])


def test_a_mistake_is_gone_once_the_question_is_answered_right(someone: Phone, clock: time_machine.Traveller) -> None:
    answer(someone, someone.deal(), wrong=["题目2？", "题目4？"])
    clock.shift(timedelta(minutes=1))
    answer(someone, someone.deal(), wrong=["题目4？", "多选？"])
    found = mistakes(someone)
    assert [(one["stem"], one["at"][11:16]) for one in found] == [("题目4？", "10:01"), ("多选？", "10:01")]
    clock.shift(timedelta(minutes=1))
    answer(someone, someone.deal(), wrong=["题目2？"])
    assert stems(someone) == ["题目2？"]
    clock.shift(timedelta(minutes=1))
    answer(someone, someone.deal(), wrong=[])
    assert stems(someone) == []


def test_a_paper_handed_in_late_is_for_learning_and_counts_here(someone: Phone, clock: time_machine.Traveller) -> None:
    paper = someone.deal()
    clock.shift(timedelta(hours=1))
    answer(someone, paper, wrong=["题目8？"])
    assert stems(someone) == ["题目8？"]


def test_the_answer_that_was_given_last_decides(someone: Phone, clock: time_machine.Traveller) -> None:
    overdue = someone.deal()
    clock.shift(timedelta(hours=1))
    in_time = someone.deal()
    answer(someone, in_time, wrong=["题目6？"])
    clock.shift(timedelta(minutes=1))
    answer(someone, overdue, wrong=["题目8？"])
    assert stems(someone) == ["题目8？"]


def test_mistakes_of_all_campaigns_stand_together_and_a_question_only_once(
    world: World, someone: Phone, clock: time_machine.Traveller
) -> None:
    answer(someone, someone.deal(), wrong=["题目2？", "题目4？"])
    world.publish(slug="second", paper=EVERY)
    again = world.citizen("me", consents_to="second")
    clock.shift(timedelta(minutes=1))
    answer(again, again.deal("second"), wrong=["题目4？", "题目6？"])
    assert stems(again) == ["题目4？", "题目6？"]


def test_a_question_that_was_rewritten_shows_the_version_that_was_answered(
    someone: Phone, clock: time_machine.Traveller
) -> None:
    answer(someone, someone.deal(), wrong=["题目2？"])
    changed = [replace(one, explanation="新解析") if one.code == "loan-002" else one for one in QUESTIONS]
    with transaction():
        assert bank.load_bank(changed).changed == 1
    ((shown,),) = [[one["explanation"] for one in mistakes(someone)]]
    assert shown == "解析2"
    clock.shift(timedelta(minutes=1))
    answer(someone, someone.deal(), wrong=[])
    assert stems(someone) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_pages_by_cursor_show_every_mistake_once(someone: Phone, limit: int) -> None:
    answer(someone, someone.deal(), wrong=STEMS)
    whole = mistakes(someone)
    assert [one["stem"] for one in whole] == STEMS
    seen: list[dict[str, Any]] = []
    sizes: list[int] = []
    cursor = ""
    while True:
        page = someone.get(f"me/mistakes?limit={limit}{cursor}").get_json()
        seen += page["items"]
        sizes.append(len(page["items"]))
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole
    assert sizes == [limit] * (7 // limit) + [7 % limit] * (7 % limit > 0)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%21%21", "cursor=bm8"])
def test_a_query_of_the_wrong_shape_is_refused(someone: Phone, query: str) -> None:
    answer(someone, someone.deal(), wrong=STEMS)
    response = someone.get(f"me/mistakes?{query}")
    assert (response.status_code, response.get_json()["errcode"]) == (422, "http.bad_shape")
    assert response.get_json()["fields"].keys() == {query.partition("=")[0]}


@pytest.mark.parametrize("key", ["01a22f54-8d00-7d7e-aee3-893d017f827b", 7, {"a": 1}, [1, 2], ["loan", None]])
def test_a_cursor_of_another_list_is_refused(someone: Phone, key: Any) -> None:
    answer(someone, someone.deal(), wrong=STEMS)
    response = someone.get(f"me/mistakes?cursor={encode_cursor(key)}")
    assert (response.status_code, response.get_json()["errcode"]) == (422, "http.bad_shape")


def test_nobody_sees_the_mistakes_of_others(world: World, someone: Phone) -> None:
    answer(someone, someone.deal(), wrong=["题目10？"])
    assert stems(someone) == ["题目10？"]
    assert stems(world.citizen()) == []
    assert world.phone().get("me/mistakes").status_code == 401
