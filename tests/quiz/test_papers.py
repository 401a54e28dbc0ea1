"""Papers over HTTP on both databases: dealt, handed in, counted; and what many requests at once cannot do."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from quizsvc.accounts import service as accounts
from quizsvc.backoffice import service as backoffice
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.quiz import bank
from tests.world import QUESTIONS, START, Phone, World, at_once, box, right_answers, uuid_of

SECOND = timedelta(seconds=1)
GRACE = timedelta(seconds=15)
NO_LIMIT = {"minutes": 0}


def make_noise(world: World, *, me: str | None = None) -> None:
    """Somebody else plays here, and `me` plays in another campaign: no count may take notice of it."""
    other = world.citizen()
    other.hand_in(other.deal())
    other.post("campaigns/play/papers")
    slug = world.publish(slug="noise", paper=NO_LIMIT)
    for code in (me, None):
        player = world.citizen(code, consents_to=slug)
        player.hand_in(player.deal(slug))
        player.deal(slug)


def refused(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["errcode"]


def hand_in(phone: Phone, paper: Mapping[str, Any], answers: Any) -> TestResponse:
    return phone.put(f"papers/{paper['id']}/answers", json={"answers": answers})


def papers_of(world: World, paper: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """(day, n-th of the day, state) of all papers of the person in the campaign that this paper is from."""
    rows = world.rows(
        "SELECT id, limit_key, day, no_of_day, state FROM papers ORDER BY day, no_of_day",
    )
    (key,) = {row[1] for row in rows if uuid_of(row[0]) == uuid_of(paper["id"])}
    return [(str(row[2]), row[3], row[4]) for row in rows if row[1] == key]


def tickets_of(world: World, paper: Mapping[str, Any]) -> int:
    rows = world.rows("SELECT paper_id FROM tickets")
    return sum(uuid_of(row[0]) == uuid_of(paper["id"]) for row in rows)


# --- what a paper shows -----------------------------------------------------------------------------------------------


def test_a_paper_holds_what_is_needed_to_answer_and_nothing_that_gives_the_answers(world: World) -> None:
    world.publish()
    response = world.citizen().post("campaigns/play/papers")
    assert response.status_code == 201
    paper = response.get_json()
    assert paper.keys() == {"id", "due_at", "questions"}
    assert paper["due_at"] == "2026-12-01T10:10:00.000+08:00"
    assert [question["no"] for question in paper["questions"]] == [1, 2, 3, 4, 5]
    texts = {one.stem: one for one in QUESTIONS}
    for question in paper["questions"]:
        assert question.keys() == {"no", "kind", "scam_type", "stem", "options"}
        asked = texts[question["stem"]]
        assert (question["kind"], question["scam_type"]) == (asked.kind, asked.scam_type)
        assert all(option.keys() == {"id", "text"} for option in question["options"])
        assert {option["id"]: option["text"] for option in question["options"]} == asked.options
    assert Counter(question["scam_type"] for question in paper["questions"]) == {"loan": 4, "romance": 1}
    said = response.get_data(as_text=True)
    for word in ("解析", "反诈常识", "answer", "explanation", "source", "difficulty"):
        assert word not in said


def test_the_mark_explains_every_question_that_was_asked(world: World) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    mark = citizen.hand_in(paper, wrong=1)
    assert mark.keys() == {"correct", "total", "passed", "late", "tickets", "review"}
    assert (mark["correct"], mark["total"], mark["passed"], mark["late"]) == (4, 5, True, False)
    texts = {one.stem: one for one in QUESTIONS}
    for question, answer, review in zip(paper["questions"], right_answers(paper, wrong=1), mark["review"], strict=True):
        asked = texts[question["stem"]]
        assert review == {
            "no": question["no"],
            "choices": answer["choices"],
            "answer": list(asked.answer),
            "correct": question["no"] != 1,
            "explanation": asked.explanation,
            "source": asked.source,
        }


def test_papers_of_different_people_differ_in_questions_and_in_the_order_of_options(world: World) -> None:
    world.publish()
    papers = [world.citizen().deal() for _ in range(8)]
    shown = [[(one["stem"], [option["id"] for option in one["options"]]) for one in p["questions"]] for p in papers]
    assert len({str(one) for one in shown}) == 8
    assert len({frozenset(stem for stem, _ in one) for one in shown}) > 1


def test_no_paper_without_consent_to_the_privacy_notice(world: World) -> None:
    world.publish()
    citizen = world.citizen(consents_to=None)
    notice = citizen.get("campaigns/play/privacy").get_json()
    needed = (409, "accounts.consent_needed")
    assert refused(citizen.post("campaigns/play/papers")) == needed
    citizen.put("me/consents/privacy", json={"version": "another text", "granted": True})
    assert refused(citizen.post("campaigns/play/papers")) == needed
    citizen.put("me/consents/privacy", json={"version": notice["version"], "granted": True})
    citizen.hand_in(citizen.deal())
    citizen.put("me/consents/privacy", json={"version": notice["version"], "granted": False})
    assert refused(citizen.post("campaigns/play/papers")) == needed


# --- one open paper ---------------------------------------------------------------------------------------------------


def test_asking_again_returns_the_paper_in_hand(world: World) -> None:
    world.publish()
    make_noise(world, me="me")
    citizen = world.citizen("me")
    first = citizen.post("campaigns/play/papers")
    again = citizen.post("campaigns/play/papers")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    assert papers_of(world, first.get_json()) == [("2026-12-01", 1, "open")]
    assert citizen.get("campaigns/play/me").get_json()["open_paper"] == first.get_json()["id"]


def test_twenty_requests_at_once_end_in_one_open_paper(world: World) -> None:
    world.publish()
    make_noise(world)
    for _ in range(4):
        token = world.citizen().token
        answers = at_once(*[lambda t=token: Phone(world.app, token=t).post("campaigns/play/papers")] * 20)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
        assert len({answer.get_data() for answer in answers}) == 1
        assert papers_of(world, answers[0].get_json()) == [("2026-12-01", 1, "open")]


def test_twenty_requests_at_once_after_an_overdue_paper_end_in_one_open_paper(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(paper={"per_day": 2})
    for _ in range(3):
        citizen = world.citizen()
        citizen.deal()
        clock.shift(timedelta(minutes=11))
        answers = at_once(*[lambda t=citizen.token: Phone(world.app, token=t).post("campaigns/play/papers")] * 20)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
        day = "2026-12-01"
        assert papers_of(world, answers[0].get_json()) == [(day, 1, "lapsed"), (day, 2, "open")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE papers SET state = 'open' WHERE state = 'lapsed'",
        "UPDATE papers SET no_of_day = 1",
        "UPDATE papers SET no_of_day = 0 WHERE no_of_day = 1",
        "UPDATE papers SET state = 'marked' WHERE state = 'open'",
        "UPDATE tickets SET paper_id = (SELECT paper_id FROM tickets LIMIT 1)",
    ],
)
def test_the_database_itself_refuses_a_second_open_paper_number_or_ticket(
    world: World, clock: time_machine.Traveller, change: str
) -> None:
    world.publish()
    citizen, other = world.citizen(), world.citizen()
    citizen.deal()
    clock.shift(timedelta(minutes=11))
    citizen.deal()
    for phone in (other, other):
        phone.earn_ticket()
    before = world.rows("SELECT * FROM papers ORDER BY id")
    with pytest.raises(IntegrityError), transaction():
        db.session.connection().exec_driver_sql(change)
    assert world.rows("SELECT * FROM papers ORDER BY id") == before


# --- the daily limit --------------------------------------------------------------------------------------------------


def test_no_more_papers_than_the_plan_allows_in_a_day(world: World) -> None:
    world.publish()
    make_noise(world, me="me")
    citizen = world.citizen("me")
    for left in (3, 2, 1):
        assert citizen.get("campaigns/play/me").get_json()["papers_left_today"] == left
        paper = citizen.deal()
        citizen.hand_in(paper, wrong=5)
    assert refused(citizen.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    assert citizen.get("campaigns/play/me").get_json()["papers_left_today"] == 0
    assert papers_of(world, paper) == [("2026-12-01", n, "marked") for n in (1, 2, 3)]


def test_many_at_once_get_no_paper_beyond_the_days_last(world: World, clock: time_machine.Traveller) -> None:
    """One paper of the day is left; eight phones of one person deal and hand in as fast as they can."""
    world.publish(paper={"per_day": 3})
    make_noise(world)
    for turn in range(3):
        clock.move_to(START + timedelta(days=turn))
        citizen = world.citizen()
        citizen.hand_in(citizen.deal())
        paper = citizen.deal()
        citizen.hand_in(paper)
        new: list[str] = []

        def play(token: str | None = citizen.token, new: list[str] = new) -> None:
            phone = Phone(world.app, token=token)
            for _ in range(4):
                answer = phone.post("campaigns/play/papers")
                if answer.status_code == 201:
                    new.append(answer.get_json()["id"])
                if answer.status_code < 400:
                    phone.hand_in(answer.get_json())
                else:
                    assert refused(answer) in {(409, "quiz.no_papers_left"), (503, "quiz.busy")}

        at_once(*[play] * 8)
        assert len(new) == 1
        day = f"2026-12-0{turn + 1}"
        assert papers_of(world, paper) == [(day, n, "marked") for n in (1, 2, 3)]
        assert refused(citizen.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")


def test_the_limits_day_begins_at_midnight_in_shanghai(world: World, clock: time_machine.Traveller) -> None:
    world.publish(paper={"per_day": 1})
    make_noise(world)
    citizen = world.citizen()
    clock.move_to(datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC))
    citizen.hand_in(citizen.deal())
    assert refused(citizen.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    clock.move_to(datetime(2026, 12, 1, 16, 0, 0, tzinfo=UTC))
    assert citizen.get("campaigns/play/me").get_json()["papers_left_today"] == 1
    second = citizen.deal()
    citizen.hand_in(second)
    assert refused(citizen.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    assert papers_of(world, second) == [("2026-12-01", 1, "marked"), ("2026-12-02", 1, "marked")]


def test_a_paper_dealt_before_midnight_and_handed_in_after_it_counts_for_the_day_of_dealing(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(paper={"per_day": 1})
    citizen = world.citizen()
    clock.move_to(datetime(2026, 12, 1, 15, 59, tzinfo=UTC))
    evening = citizen.deal()
    clock.move_to(datetime(2026, 12, 1, 16, 1, tzinfo=UTC))
    assert citizen.post("campaigns/play/papers").get_json() == evening
    mark = citizen.hand_in(evening)
    assert (mark["late"], len(mark["tickets"])) == (False, 1)
    morning = citizen.post("campaigns/play/papers")
    assert morning.status_code == 201
    assert papers_of(world, evening) == [("2026-12-01", 1, "marked"), ("2026-12-02", 1, "open")]


def test_deleting_oneself_and_coming_back_resets_no_limit(world: World) -> None:
    world.publish(paper={"per_day": 2})
    citizen = world.citizen("me")
    citizen.hand_in(citizen.deal())
    left_behind = citizen.deal()
    assert citizen.delete("me").status_code == 204
    back = world.citizen("me")
    assert refused(back.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")
    assert refused(hand_in(back, left_behind, [])) == (404, "quiz.paper_unknown")
    assert papers_of(world, left_behind) == [("2026-12-01", 1, "marked"), ("2026-12-01", 2, "lapsed")]


# --- time is up -------------------------------------------------------------------------------------------------------


def test_an_overdue_paper_lapses_when_its_owner_asks_again_and_counts(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(paper={"per_day": 2})
    make_noise(world)
    citizen = world.citizen()
    first = citizen.deal()
    clock.move_to(START + timedelta(minutes=10) + GRACE)
    assert citizen.post("campaigns/play/papers").get_json() == first
    clock.shift(SECOND)
    second = citizen.post("campaigns/play/papers")
    assert second.status_code == 201
    assert second.get_json()["id"] != first["id"]
    assert papers_of(world, first) == [("2026-12-01", 1, "lapsed"), ("2026-12-01", 2, "open")]
    citizen.hand_in(second.get_json())
    assert refused(citizen.post("campaigns/play/papers")) == (409, "quiz.no_papers_left")


def test_tick_puts_aside_what_is_overdue_and_nothing_else(world: World, clock: time_machine.Traveller) -> None:
    world.publish()
    world.publish(slug="endless", paper=NO_LIMIT)
    early, late, handed_in = world.citizen(), world.citizen(), world.citizen()
    overdue = early.deal()
    done = handed_in.deal()
    handed_in.hand_in(done)
    endless = world.citizen(consents_to="endless").deal("endless")
    clock.shift(SECOND)
    in_time = late.deal()
    clock.move_to(START + timedelta(minutes=10) + GRACE)
    for expected in ([], ["1 papers lapsed"], []):
        with transaction():
            assert backoffice.lapse_papers(now=utcnow()) == expected
        clock.move_to(START + timedelta(minutes=10) + GRACE + SECOND)
    states = {paper["id"]: papers_of(world, paper)[0][2] for paper in (overdue, done, endless, in_time)}
    assert list(states.values()) == ["lapsed", "marked", "open", "open"]


def test_in_the_last_moment_of_the_grace_a_paper_is_on_time(world: World, clock: time_machine.Traveller) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    clock.move_to(START + timedelta(minutes=10) + GRACE)
    mark = citizen.hand_in(paper)
    assert (mark["passed"], mark["late"], len(mark["tickets"])) == (True, False, 1)
    assert papers_of(world, paper) == [("2026-12-01", 1, "marked")]


@pytest.mark.parametrize("lapsed_by", ["nobody", "tick", "the next paper"])
def test_a_late_hand_in_is_marked_for_learning_and_earns_no_ticket(
    world: World, clock: time_machine.Traveller, lapsed_by: str
) -> None:
    world.publish()
    make_noise(world)
    citizen = world.citizen()
    paper = citizen.deal()
    clock.move_to(START + timedelta(minutes=10) + GRACE + SECOND)
    if lapsed_by == "tick":
        with transaction():
            backoffice.lapse_papers(now=utcnow())
    if lapsed_by == "the next paper":
        citizen.deal()
    mark = citizen.hand_in(paper)
    assert (mark["correct"], mark["late"], mark["tickets"]) == (5, True, [])
    assert [review["explanation"] != "" for review in mark["review"]] == [True] * 5
    assert citizen.hand_in(paper, wrong=5) == mark
    assert papers_of(world, paper)[0] == ("2026-12-01", 1, "late")
    assert tickets_of(world, paper) == 0


def test_without_a_time_limit_no_paper_is_ever_late(world: World, clock: time_machine.Traveller) -> None:
    world.publish(paper=NO_LIMIT)
    citizen = world.citizen()
    paper = citizen.deal()
    assert paper["due_at"] is None
    clock.shift(timedelta(days=6))
    with transaction():
        assert backoffice.lapse_papers(now=utcnow()) == []
    assert citizen.post("campaigns/play/papers").get_json() == paper
    mark = citizen.hand_in(paper)
    assert (mark["late"], len(mark["tickets"])) == (False, 1)


# --- handed in once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong_first", [0, 2])
def test_handing_in_again_returns_the_first_mark_whatever_is_sent(
    world: World, clock: time_machine.Traveller, wrong_first: int
) -> None:
    slug = world.publish()
    make_noise(world)
    citizen = world.citizen()
    paper = citizen.deal()
    first = hand_in(citizen, paper, right_answers(paper, wrong=wrong_first))
    assert first.status_code == 200
    stored = world.rows("SELECT * FROM papers ORDER BY id")
    no_such_question = [{"no": 77, "choices": ["Z"]}]
    for answers in (right_answers(paper), right_answers(paper, wrong=5), [], no_such_question):
        clock.shift(timedelta(minutes=9))
        assert hand_in(citizen, paper, answers).get_data() == first.get_data()
    world.move(slug, "paused")
    assert hand_in(citizen, paper, []).get_data() == first.get_data()
    world.move(slug, "closing")
    assert hand_in(citizen, paper, []).get_data() == first.get_data()
    assert world.rows("SELECT * FROM papers ORDER BY id") == stored
    assert tickets_of(world, paper) == (1 if wrong_first == 0 else 0)


def test_twenty_different_hand_ins_at_once_are_one_mark_and_one_ticket(world: World) -> None:
    """Each thread has another question wrong (or none), so that the answers differ and all of them pass."""
    world.publish()
    make_noise(world)
    for _ in range(4):
        citizen = world.citizen()
        paper = citizen.deal()

        def submit(wrong: int, token: str | None = citizen.token, paper: Mapping[str, Any] = paper) -> TestResponse:
            said = right_answers(paper)
            if wrong:
                said[wrong - 1] = {"no": wrong, "choices": ["C"]}
            return hand_in(Phone(world.app, token=token), paper, said)

        answers = at_once(*[lambda n=n: submit(n % 6) for n in range(20)])
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.get_data() for answer in answers}) == 1
        assert len(answers[0].get_json()["tickets"]) == 1
        assert tickets_of(world, paper) == 1
        ((stored,),) = [[row[1]] for row in world.rows("SELECT id, correct FROM papers") if is_paper(row[0], paper)]
        assert stored == answers[0].get_json()["correct"]


def is_paper(paper_id: Any, paper: Mapping[str, Any]) -> bool:
    return uuid_of(paper_id) == uuid_of(paper["id"])


def test_somebody_elses_paper_does_not_exist(world: World) -> None:
    world.publish()
    owner, stranger = world.citizen(), world.citizen()
    paper = owner.deal()
    stranger.deal()
    assert refused(hand_in(stranger, paper, right_answers(paper))) == (404, "quiz.paper_unknown")
    assert refused(hand_in(stranger, {"id": uuid4()}, [])) == (404, "quiz.paper_unknown")
    assert papers_of(world, paper) == [("2026-12-01", 1, "open")]
    owner.hand_in(paper)
    assert refused(hand_in(stranger, paper, right_answers(paper))) == (404, "quiz.paper_unknown")


@pytest.mark.parametrize(
    ("no", "choices"),
    [(0, ["A"]), (6, ["A"]), (-1, ["A"]), (2**63 - 1, ["A"]), (1, ["Z"]), (1, ["A", "D"]), (1, ["a"]), (1, [""])],
)
def test_an_unknown_question_or_option_is_named_and_the_paper_stays_in_hand(
    world: World, no: int, choices: list[str]
) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    answers = [*[one for one in right_answers(paper) if one["no"] != no], {"no": no, "choices": choices}]
    response = citizen.put(
        f"papers/{paper['id']}/answers", json={"answers": answers}, headers={"Accept-Language": "en"}
    )
    assert refused(response) == (422, "http.bad_shape")
    assert response.get_json()["fields"] == {"answers": {str(no): ["No such question or option."]}}
    assert papers_of(world, paper) == [("2026-12-01", 1, "open")]
    assert citizen.hand_in(paper)["correct"] == 5


def test_all_unknown_questions_and_options_are_named_at_once(world: World) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    response = hand_in(citizen, paper, [{"no": no, "choices": ["Q"]} for no in (1, 5, 9)])
    assert response.get_json()["fields"] == {"answers": {no: ["没有这道题或这个选项"] for no in ("1", "5", "9")}}


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ([{"no": 1, "choices": ["A"]}, {"no": 1, "choices": ["B"]}], {"1": {"no": ["题号重复"]}}),
        ([{"no": 1, "choices": ["A"]}, {"no": 1, "choices": ["A"]}], {"1": {"no": ["题号重复"]}}),
        ([{"no": "1", "choices": ["A"]}], {"0": {"no": ["应为整数"]}}),
        ([{"no": True, "choices": ["A"]}], {"0": {"no": ["应为整数"]}}),
        ([{"no": 1.0, "choices": ["A"]}], {"0": {"no": ["应为整数"]}}),
        ([{"no": None, "choices": ["A"]}], {"0": {"no": ["应为整数"]}}),
        ([{"no": 1, "choices": "A"}], {"0": {"choices": ["应为列表"]}}),
        ([{"no": 1, "choices": [1]}], {"0": {"choices": ["应为列表"]}}),
        ([{"no": 1, "choices": None}], {"0": {"choices": ["应为列表"]}}),
        ([{"no": 1, "choices": ["A"] * 11}], {"0": {"choices": ["最多 10 个"]}}),
        ([{"no": 1}], {"0": {"choices": ["必填"]}}),
        ([{"choices": []}], {"0": {"no": ["必填"]}}),
        ([{"no": 1, "choices": [], "sure": True}], {"0": {"sure": ["没有这一项"]}}),
        (["A"], {"0": {"_schema": ["应为对象"]}}),
        ("A", ["应为列表"]),
        ({"1": ["A"]}, ["应为列表"]),
        (None, ["不能为空"]),
        ([{"no": 1, "choices": []}] * 201, ["最多 200 个"]),
    ],
)
def test_answers_of_the_wrong_shape_are_refused_with_the_place(world: World, answers: Any, fields: Any) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    response = hand_in(citizen, paper, answers)
    assert refused(response) == (422, "http.bad_shape")
    assert response.get_json()["fields"]["answers"] == fields
    assert papers_of(world, paper) == [("2026-12-01", 1, "open")]


def test_questions_that_are_left_out_are_wrong(world: World) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    mark = hand_in(citizen, paper, right_answers(paper)[:3]).get_json()
    assert (mark["correct"], mark["passed"], mark["tickets"]) == (3, False, [])
    assert [review["choices"] for review in mark["review"][3:]] == [[], []]


# --- when papers are dealt --------------------------------------------------------------------------------------------


def test_a_pause_stops_dealing_and_papers_in_hand_may_be_handed_in(world: World) -> None:
    slug = world.publish()
    world.publish(slug="noise")
    holder, other = world.citizen(), world.citizen()
    paper = holder.deal()
    world.move(slug, "paused")
    assert refused(other.post("campaigns/play/papers")) == (409, "campaigns.paused")
    mark = holder.hand_in(paper)
    assert (mark["passed"], len(mark["tickets"])) == (True, 1)
    assert world.citizen(consents_to="noise").post("campaigns/noise/papers").status_code == 201
    world.move(slug, "published")
    assert other.post("campaigns/play/papers").status_code == 201


def test_papers_are_dealt_from_the_moment_of_opening_until_before_the_moment_of_closing(
    world: World, clock: time_machine.Traveller
) -> None:
    opens_at, closes_at = START + timedelta(hours=1), START + timedelta(hours=5)
    world.publish(opens_at=opens_at, closes_at=closes_at, round=[])
    early, last, late = world.citizen(), world.citizen(), world.citizen()
    clock.move_to(opens_at - SECOND)
    assert refused(early.post("campaigns/play/papers")) == (409, "campaigns.not_open_yet")
    clock.move_to(opens_at)
    assert early.post("campaigns/play/papers").status_code == 201
    clock.move_to(closes_at - SECOND)
    paper = last.deal()
    clock.move_to(closes_at)
    assert refused(late.post("campaigns/play/papers")) == (409, "campaigns.over")
    assert last.deal() == paper  # what is in hand stays in hand
    assert last.hand_in(paper)["passed"] is True
    assert refused(last.post("campaigns/play/papers")) == (409, "campaigns.over")
    clock.shift(timedelta(minutes=1))
    world.tick()
    assert refused(late.post("campaigns/play/papers")) == (409, "campaigns.over")


def test_a_campaign_that_was_closed_early_deals_no_papers(world: World) -> None:
    slug = world.publish()
    citizen = world.citizen()
    world.move(slug, "closing")
    assert refused(citizen.post("campaigns/play/papers")) == (409, "campaigns.over")


def test_a_campaign_that_nobody_published_deals_no_papers(world: World) -> None:
    world.publish(slug="noise")
    world.draft()
    citizen = world.citizen(consents_to="noise")
    for slug in ("play", "nothing"):
        assert refused(citizen.post(f"campaigns/{slug}/papers")) == (404, "campaigns.unknown")


# --- tickets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "tickets"), [(0, 1), (1, 1), (2, 0), (5, 0)])
def test_a_ticket_is_for_those_who_pass(world: World, wrong: int, tickets: int) -> None:
    world.publish()
    make_noise(world, me="me")
    citizen = world.citizen("me")
    paper = citizen.deal()
    mark = citizen.hand_in(paper, wrong=wrong)
    assert (mark["passed"], len(mark["tickets"])) == (tickets == 1, tickets)
    assert tickets_of(world, paper) == tickets
    state = citizen.get("campaigns/play/me").get_json()
    assert state["tickets"] == [{"id": one, "drawn": False} for one in mark["tickets"]]


def exclude(citizen: Phone) -> None:
    """Bind the phone's log-in to a staff member."""
    citizen_id = uuid_of(citizen.get("me").get_json()["citizen"]["id"])
    with transaction():
        accounts.exclude(citizen_id, staff_name="clerk", by=accounts.get_staff("operator"), now=utcnow())


def test_excluded_people_may_answer_and_earn_no_ticket(world: World) -> None:
    world.publish()
    make_noise(world)
    citizen = world.citizen("clerk's own phone")
    exclude(citizen)
    for phone in (citizen, world.citizen("clerk's own phone")):
        paper = phone.deal()
        mark = phone.hand_in(paper)
        assert (mark["correct"], mark["passed"], mark["tickets"]) == (5, True, [])
        assert tickets_of(world, paper) == 0


def test_who_is_excluded_with_a_paper_in_hand_earns_no_ticket_for_it(world: World) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    exclude(citizen)
    assert citizen.hand_in(paper)["tickets"] == []


def test_a_campaign_without_rounds_gives_no_tickets(world: World) -> None:
    world.publish(round=[])
    world.publish(slug="noise", round=[box(cards=10, prizes={"tissue": 1})])
    citizen = world.citizen()
    mark = citizen.hand_in(citizen.deal())
    assert (mark["passed"], mark["tickets"]) == (True, [])
    assert world.count("tickets") == 0


# --- the bank changes under a paper -----------------------------------------------------------------------------------


def test_a_paper_in_hand_is_graded_and_explained_by_the_versions_it_was_dealt(world: World) -> None:
    world.publish()
    old, new = world.citizen(), world.citizen()
    paper = old.deal()
    changed = [
        replace(
            one,
            stem=f"新{one.stem}",
            answer=["C"] if one.kind == "single" else ["B", "C"],
            explanation=f"新{one.explanation}",
        )
        for one in QUESTIONS
    ]
    with transaction():
        assert bank.load_bank(changed) == bank.Loaded(added=0, changed=len(QUESTIONS), unchanged=0)
    assert old.post("campaigns/play/papers").get_json() == paper
    mark = old.hand_in(paper)
    assert (mark["correct"], len(mark["tickets"])) == (5, 1)
    assert all(not review["explanation"].startswith("新") for review in mark["review"])
    fresh = new.deal()
    assert all(question["stem"].startswith("新") for question in fresh["questions"])
    mark = new.hand_in(fresh)
    assert (mark["correct"], mark["tickets"]) == (0, [])
    assert all(review["explanation"].startswith("新") for review in mark["review"])


def test_a_bank_that_shrank_below_the_plan_is_said_in_words(world: World) -> None:
    """Rows are taken away by hand: no command does this, and a half-empty bank must not end in a surprise."""
    world.publish()
    citizen = world.citizen()
    with transaction():
        bank.load_bank([replace(QUESTIONS[0], stem="新？")])
    with transaction():
        kept = "('loan-001', 'loan-002', 'loan-003', 'loan-004')"
        for table in ("question_versions", "questions"):
            db.session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE code NOT IN {kept}")
    assert refused(citizen.post("campaigns/play/papers")) == (503, "quiz.bank_too_small")
    assert world.count("papers") == 0


# --- what it costs ----------------------------------------------------------------------------------------------------


def counted(statements: list[str], act: Callable[[], Any]) -> int:
    """How many statements an act sends, beginnings of transactions left out."""
    statements.clear()
    act()
    return sum(not statement.startswith("BEGIN") for statement in statements)


def test_a_paper_costs_a_fixed_number_of_statements(world: World, statements: list[str]) -> None:
    """Many papers and questions cost no more than few."""
    world.publish(paper={"per_day": 5})
    make_noise(world)
    citizen = world.citizen()
    costs: list[dict[str, int]] = []
    for _ in range(3):
        cost = {"deal": counted(statements, citizen.deal), "ask again": counted(statements, citizen.deal)}
        paper = citizen.deal()
        hand_it_in = partial(citizen.hand_in, paper)
        cost["hand in"] = counted(statements, hand_it_in)
        cost["hand in again"] = counted(statements, hand_it_in)
        costs.append(cost)
    assert costs == [{"deal": 6, "ask again": 5, "hand in": 6, "hand in again": 4}] * 3
