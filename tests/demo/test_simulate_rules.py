"""What a simulated citizen counts as a broken promise: each kept once and broken once."""

from collections.abc import Iterable
from typing import Any

import pytest

from quizsvc.demo import promises
from quizsvc.demo.line import Journal
from quizsvc.demo.player import AnswerBook
from quizsvc.demo.promises import Answer, Plan
from quizsvc.demo.summary import at_percent, summary_of

Json = dict[str, Any]

PAGE: Json = {
    "slug": "demo",
    "rules": {"region": "s1", "max_wins": 2},
    "paper": {"questions": 2, "pass_percent": 50, "minutes": 10, "per_day": 3},
    "prizes": [{"code": "fan", "kind": "goods"}, {"code": "credit", "kind": "coupon"}],
    "rounds": [
        {"no": 1, "cards": 10, "planned": [{"code": "fan", "count": 1}], "carried": []},
        {"no": 2, "cards": 10, "planned": [{"code": "fan", "count": 1}], "carried": [{"code": "fan", "count": 1}]},
    ],
}
PLAN = Plan.of(PAGE)
REFUSAL = {"errcode": "quiz.busy", "errmsg": "Busy", "request_id": "r1"}


def count(faults: Iterable[object]) -> int:
    return len(list(faults))


def question(no: int, **more: Any) -> Json:
    options = [{"id": "A", "text": f"right {no}"}, {"id": "B", "text": f"wrong {no}"}]
    return {"no": no, "kind": "single", "scam_type": "loan", "stem": f"stem {no}", "options": options, **more}


def paper(*questions: Json) -> Json:
    return {"id": "p", "due_at": None, "questions": list(questions)}


def review(no: int, *, choices: str, answer: str = "A") -> Json:
    shown = {"no": no, "choices": list(choices), "answer": list(answer), "correct": choices == answer}
    return shown | {"explanation": "because", "source": "somewhere"}


def mark(**changed: Any) -> Json:
    """Half of two questions right, which passes at 50 percent: the boundary."""
    kept = {"correct": 1, "total": 2, "passed": True, "late": False, "tickets": ["t1"]}
    return kept | {"review": [review(1, choices="A"), review(2, choices="B")]} | changed


def missed(*, round_no: int = 1, position: int = 1, alias: str = "a") -> Json:
    receipt = {"campaign": "demo", "round": round_no, "position": position, "ticket": alias, "drawn_at": "2026-12-01"}
    return {"outcome": "missed", "prize": None, "award": None, "receipt": receipt}


def won(prize: str = "fan", code: str = "012345678901", coupon: str | None = None, **card: Any) -> Json:
    award = {"id": f"award {code}", "code": code, "coupon": coupon and {"code": coupon}}
    return missed(**card) | {"outcome": "won", "prize": {"code": prize, "name": prize}, "award": award}


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(200, {}), Answer(304, None), Answer(409, REFUSAL)),
        *(Answer(429, REFUSAL, retry_after="1"), Answer(503, REFUSAL, retry_after="2")),
    ],
)
def test_good_answers_refusals_by_state_and_come_again_are_expected(answer: Answer) -> None:
    assert list(promises.faults_of_answer(answer)) == []


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(500, REFUSAL), "a 500 (quiz.busy)"),
        (Answer(502, REFUSAL, retry_after="1"), "a 502 (quiz.busy)"),
        (Answer(503, REFUSAL), "a 503 without Retry-After"),
        (Answer(429, REFUSAL, retry_after="soon"), "a 429 without Retry-After"),
        (Answer(404, REFUSAL), "a right request was answered with 404 (quiz.busy)"),
        (Answer(302, REFUSAL), "a right request was answered with 302 (quiz.busy)"),
        (Answer(409, REFUSAL | {"errmsg": ""}), "a 409 without errmsg"),
        (Answer(409, None), "a 409 without errcode, errmsg, request_id"),
        (Answer(409, ["no object"]), "a 409 without errcode, errmsg, request_id"),
    ],
)
def test_other_answers_break_a_promise(answer: Answer, fault: str) -> None:
    assert list(promises.faults_of_answer(answer)) == [fault]


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3), ("0", 0), (None, None), ("-1", None), ("1.5", None), ("", None)]
)
def test_retry_after_is_a_number_of_seconds(header: str | None, seconds: int | None) -> None:
    assert promises.seconds_to_wait(header) == seconds


def test_a_repeat_returns_the_first_answer() -> None:
    first = Answer(201, {"id": 1, "code": "secret"})
    assert list(promises.faults_of_repeat(first, Answer(200, {"id": 1, "code": "secret"}))) == []
    assert list(promises.faults_of_repeat(first, Answer(503, REFUSAL))) == []
    assert list(promises.faults_of_repeat(first, Answer(409, REFUSAL))) == ["a repeat was refused with quiz.busy"]
    differs = list(promises.faults_of_repeat(first, Answer(200, {"id": 1, "code": "other"})))
    assert differs == ["a repeat answers differently in code"]
    assert list(promises.faults_of_repeat(first, Answer(200, None))) == ["a repeat answers differently"]


def test_a_standing_etag_is_answered_without_the_page() -> None:
    first = Answer(200, {"a": 1}, etag='"x"')
    assert list(promises.faults_of_revalidation(first, Answer(304, None, etag='"x"'))) == []
    assert list(promises.faults_of_revalidation(first, Answer(200, {"a": 2}, etag='"y"'))) == []
    assert count(promises.faults_of_revalidation(first, Answer(200, {"a": 1}, etag='"x"'))) == 1
    assert count(promises.faults_of_revalidation(first, Answer(200, {"a": 1}, etag='"y"'))) == 1


def test_a_paper_is_full_numbered_and_silent() -> None:
    assert list(promises.faults_of_paper(paper(question(1), question(2)), PLAN)) == []
    assert list(promises.faults_of_paper(paper(question(1)), PLAN)) == ["a paper of 1 questions instead of 2"]
    assert list(promises.faults_of_paper(paper(question(1), question(1)), PLAN)) == ["questions numbered [1, 1]"]
    assert list(promises.faults_of_paper(paper(question(0), question(1)), PLAN)) == ["questions numbered [0, 1]"]


@pytest.mark.parametrize(
    "leaking", [{"answer": ["A"]}, {"options": [{"id": "A", "correct": True}]}, {"more": [[{"explanation": ""}]]}]
)
def test_an_answer_key_is_found_at_any_depth(leaking: Json) -> None:
    (fault,) = promises.faults_of_paper(paper(question(1), question(2, **leaking)), PLAN)
    assert fault.endswith("on the wire before the mark")


@pytest.mark.parametrize(
    "good", [mark(), mark(correct=0, passed=False, tickets=[], review=[review(1, choices="B"), review(2, choices="B")])]
)
def test_a_mark_agrees_with_its_review_and_the_rules(good: Json) -> None:
    sent = {one["no"]: one["choices"] for one in good["review"]}
    assert list(promises.faults_of_mark(good, sent=sent, plan=PLAN, seconds=1)) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"correct": 2},
        {"total": 3},
        {"passed": False, "tickets": []},
        {"tickets": []},
        {"tickets": ["t1", "t2"]},
        {"review": [review(1, choices="A"), review(2, choices="B") | {"explanation": ""}]},
        {"review": [review(1, choices="A"), review(3, choices="B")]},
        {"review": [review(1, choices="A"), review(2, choices="B") | {"correct": True}], "correct": 2},
        {"review": [review(1, choices="A"), review(2, choices="")]},
    ],
)
def test_a_mark_that_contradicts_itself_is_found(bad: Json) -> None:
    sent = {1: ["A"], 2: ["B"]}
    assert list(promises.faults_of_mark(mark(**bad), sent=sent, plan=PLAN, seconds=1))


def test_a_failed_paper_earns_no_ticket() -> None:
    failed = mark(correct=0, passed=False, review=[review(1, choices="B"), review(2, choices="B")])
    faults = list(promises.faults_of_mark(failed, sent={1: ["B"], 2: ["B"]}, plan=PLAN, seconds=1))
    assert faults == ["1 tickets for passed=False, late=False"]


@pytest.mark.parametrize(("seconds", "faults"), [(599.9, 1), (600.0, 0)])
def test_late_only_after_the_time_for_a_paper(seconds: float, faults: int) -> None:
    late = mark(late=True, tickets=[])
    assert count(promises.faults_of_mark(late, sent={1: ["A"], 2: ["B"]}, plan=PLAN, seconds=seconds)) == faults


def test_a_late_paper_earns_no_ticket() -> None:
    faults = list(promises.faults_of_mark(mark(late=True), sent={1: ["A"], 2: ["B"]}, plan=PLAN, seconds=700))
    assert faults == ["1 tickets for passed=True, late=True"]


def test_without_rounds_no_paper_earns_a_ticket() -> None:
    plan = Plan.of(PAGE | {"rounds": []})
    sent = {1: ["A"], 2: ["B"]}
    assert list(promises.faults_of_mark(mark(tickets=[]), sent=sent, plan=plan, seconds=1)) == []
    assert count(promises.faults_of_mark(mark(), sent=sent, plan=plan, seconds=1)) == 1


@pytest.mark.parametrize("good", [missed(), won(), won("credit", coupon="c1")])
def test_an_outcome_holds_what_it_says(good: Json) -> None:
    assert list(promises.faults_of_outcome(good, PLAN)) == []


@pytest.mark.parametrize(
    "bad",
    [
        won() | {"award": None},
        won() | {"prize": None},
        won() | {"outcome": "missed"},
        missed() | {"outcome": "maybe"},
        *(won(code=code) for code in ("01234567890", "0123456789012", "01234567890x", "０12345678901")),
        *(won("car"), won("credit"), won("fan", coupon="c1")),
        missed(position=0),
        missed(alias=""),
    ],
)
def test_an_outcome_that_contradicts_itself_is_found(bad: Json) -> None:
    assert count(promises.faults_of_outcome(bad, PLAN)) == 1


def test_no_redemption_code_is_told() -> None:
    assert "99" not in "".join(promises.faults_of_outcome(won(code="99"), PLAN))


def test_nobody_wins_more_often_than_allowed() -> None:
    assert list(promises.faults_of_wins(2, PLAN)) == []
    assert list(promises.faults_of_wins(3, PLAN)) == ["won 3 times, 2 are allowed"]


def test_the_own_page_shows_tickets_draws_and_awards() -> None:
    outcome = won()
    state = {"tickets": [{"id": "t1", "drawn": True}, {"id": "t2", "drawn": False}], "awards": [outcome["award"]]}
    assert list(promises.faults_of_own_state(state, {"t1": outcome, "t2": None})) == []
    assert count(promises.faults_of_own_state(state, {"t1": outcome})) == 1
    assert count(promises.faults_of_own_state(state, {"t1": outcome, "t2": missed()})) == 1
    assert count(promises.faults_of_own_state(state | {"awards": []}, {"t1": outcome, "t2": None})) == 1


def test_an_award_keeps_its_code() -> None:
    outcome = won()
    assert list(promises.faults_of_awards([outcome["award"]], [outcome, missed(), None])) == []
    assert count(promises.faults_of_awards([outcome["award"] | {"code": "0"}], [outcome])) == 1


def test_the_box_gives_every_card_once_and_no_prize_it_does_not_hold() -> None:
    drawn = [
        won(code="1", position=1, alias="a"),
        missed(position=10, alias="b"),
        won(code="2", round_no=2, position=1, alias="c"),
        won(code="3", round_no=2, position=2, alias="d"),
    ]
    assert list(promises.faults_of_box(drawn, PAGE["rounds"])) == []


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (missed(position=1, alias="b"), "the same card drawn by two tickets"),
        (missed(position=2, alias="a"), "the same ticket alias on two receipts"),
        (won(code="1", round_no=2, position=2, alias="b"), "the same redemption code for two awards"),
        (won(code="2", position=2, alias="b"), "2 wins of fan, 1 cards carry it"),
        (missed(position=11, alias="b"), "card 11 is outside the box"),
        (missed(position=1, alias="b", round_no=3), "card 1 is outside the box"),
    ],
)
def test_what_one_box_cannot_give_is_found(second: Json, what: str) -> None:
    (found,) = promises.faults_of_box([won(code="1", position=1, alias="a"), second], PAGE["rounds"])
    assert found.what.startswith(what)


def test_a_coupon_has_one_winner() -> None:
    drawn = [won("credit", code=n, coupon="c1", position=int(n), alias=n) for n in ("1", "2")]
    rounds = [{"no": 1, "cards": 10, "planned": [{"code": "credit", "count": 2}], "carried": []}]
    (found,) = promises.faults_of_box(drawn, rounds)
    assert found.what == "the same coupon for two awards, 1 times"


def test_the_desk_sees_the_award_as_it_stands() -> None:
    found = {"prize": {"code": "fan"}, "state": "won", "redeemed": None}
    assert list(promises.faults_of_look_up(found, prize="fan", state="won")) == []
    assert count(promises.faults_of_look_up(found, prize="credit", state="won")) == 1
    assert count(promises.faults_of_look_up(found | {"redeemed": {}}, prize="fan", state="won")) == 1
    assert count(promises.faults_of_look_up(found | {"state": "redeemed"}, prize="fan", state="redeemed")) == 1


def test_a_second_scan_is_refused_as_redeemed() -> None:
    assert list(promises.faults_of_second_scan(Answer(409, REFUSAL | {"errcode": "lottery.already_redeemed"}))) == []
    assert list(promises.faults_of_second_scan(Answer(503, REFUSAL))) == []
    assert list(promises.faults_of_second_scan(Answer(200, {}))) == ["one award redeemed under two scan ids"]
    assert list(promises.faults_of_second_scan(Answer(409, REFUSAL))) == ["a second scan was refused with quiz.busy"]


def test_the_book_knows_a_question_however_its_options_are_ordered() -> None:
    book = AnswerBook()
    assert book.recall(question(1)) == []
    book.learn(paper(question(1)), {"review": [review(1, choices="B", answer="A")]})
    turned = question(1) | {"options": [{"id": "X", "text": "wrong 1"}, {"id": "Y", "text": "right 1"}]}
    assert book.recall(turned) == ["Y"]


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (51, 3.0), (99, 4.0), (100, 4.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: float) -> None:
    assert at_percent([1.0, 2.0, 3.0, 4.0], percent) == value


def test_the_summary_shows_a_bounded_number_of_broken_promises() -> None:
    journal = Journal(citizens=1, outcomes=[won(), missed()])
    assert "broken promises: none" in summary_of(journal)
    journal.note((f"fault {n}" for n in range(25)), where="GET here, sim-1")
    shown = summary_of(journal)
    assert "fault 19 [GET here, sim-1]" in shown
    assert "fault 20" not in shown
    assert shown.endswith("... and 5 more")
