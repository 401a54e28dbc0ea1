"""What every call does with odd input, with its own failures, and with pages that may be kept for a moment."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from quizsvc.app import create_app
from quizsvc.kit.db import db, transaction
from quizsvc.kit.http import LARGEST_BODY, PAGES
from quizsvc.kit.pages import encode_cursor
from quizsvc.regions import service as regions
from quizsvc.settings import Settings
from tests.conftest import IDENTITY, SECRET
from tests.world import START, Phone, World

JSON = "application/json"
SOME_ID = UUID("3f2b8c1e-5d0a-4a6f-9b7e-2c1d0e9f8a7b")


def raw(phone: Phone, content: bytes, *, path: str = "sessions", method: str = "POST", kind: str = JSON) -> Any:
    return phone.ask(method, path, data=content, content_type=kind)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["errcode"]


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{'code': 'x'}",
        b'{"code": "x",}',
        b'{"code": NaN}',
        b'{"code": "\xff"}',
        b'{"code": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"code": "x"}',
        '{"code": "x"}'.encode("utf-16"),
        b'{"code": "x"} {}',
        b'{"code": "\\ud800"}',
        b'{"code": "\x00"}',
    ],
)
def test_a_body_that_is_no_json_is_refused(world: World, content: bytes) -> None:
    answer = raw(world.phone(), content)
    assert refusal(answer) == (400, "http.bad_json")
    assert list(answer.get_json()["fields"]) == ["body"]
    assert world.count("citizens") == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_type_is_refused(world: World, kind: str) -> None:
    assert refusal(raw(world.phone(), b'{"code": "x"}', kind=kind)) == (415, "http.not_json")


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_taken_however_its_type_is_written(world: World, kind: str) -> None:
    assert raw(world.phone(), b'{"code": "x"}', kind=kind).status_code == 200


@pytest.mark.parametrize("depth", [200, 1000, 5000, 100_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"code":', "}")])
def test_deep_nesting_is_refused_and_breaks_nothing(world: World, depth: int, brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    depth = min(depth, (LARGEST_BODY - 100) // len(opening + closing))
    nested = opening * depth + "1" + closing * depth
    for content in (nested, f'{{"code": {nested}}}'):
        assert raw(world.phone(), content.encode()).status_code in (400, 422)
    phone = world.citizen(consents_to=None)
    answer = raw(phone, f'{{"answers": {nested}}}'.encode(), path=f"papers/{SOME_ID}/answers", method="PUT")
    assert answer.status_code in (400, 404, 422)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"code": "a\x00b"}, "code"),
        ({"code": "a\x1bb"}, "code"),
        ({"code": "a\x7f"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "x" * 201}, "code"),
        ({"code": None}, "code"),
        ({"code": 7}, "code"),
        ({"code": True}, "code"),
        ({"code": ["x"]}, "code"),
        ({"code": {"x": 1}}, "code"),
        ({}, "code"),
        ({"code": "x", "more": 1}, "more"),
        ({"code": "x", "__proto__": {}}, "__proto__"),
        ([], "_schema"),
        ("x", "_schema"),
        (None, "_schema"),
        (7, "_schema"),
    ],
)
def test_a_body_of_another_shape_is_refused_by_field(world: World, said: Any, field: str) -> None:
    answer = raw(world.phone(), json.dumps(said).encode())
    assert refusal(answer) == (422, "http.bad_shape")
    assert list(answer.get_json()["fields"]) == [field]
    assert world.count("citizens") == 0


@pytest.mark.parametrize("code", ["x" * 200, "反诈😀", "a\tb\nc", " "])
def test_texts_that_people_write_are_taken(world: World, code: str) -> None:
    assert world.phone().post("sessions", json={"code": code}).status_code == 200


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 422), (LARGEST_BODY + 1, 413)])
def test_a_body_may_be_so_large_and_no_larger(world: World, size: int, status: int) -> None:
    content = b'{"code": "' + b"x" * (size - 12) + b'"}'
    assert len(content) == size
    answer = raw(world.phone(), content)
    assert answer.status_code == status
    assert answer.get_json()["errcode"] == ("http.too_large" if status == 413 else "http.bad_shape")


@pytest.mark.parametrize("number", [0, -1, 6, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 1.0, 1.5, True, "1", None])
def test_a_number_that_is_none_of_the_papers_is_refused(world: World, number: Any) -> None:
    world.publish()
    phone = world.citizen()
    paper = phone.deal()
    answer = raw(
        phone,
        json.dumps({"answers": [{"no": number, "choices": ["A"]}]}).encode(),
        path=f"papers/{paper['id']}/answers",
        method="PUT",
    )
    assert refusal(answer) == (422, "http.bad_shape")
    assert world.count("papers", "handed_in_at IS NOT NULL") == 0


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "papers/7/answers"),
        ("PUT", "papers/not-an-id/answers"),
        ("PUT", f"tickets/{SOME_ID.hex}/draw"),
        ("GET", f"tickets/{{{SOME_ID}}}"),
        ("GET", "tickets/" + "0" * 5000),
        ("GET", "tickets/%00"),
        ("GET", "tickets/..%2f..%2fetc"),
        ("PUT", "redemptions/1"),
        ("GET", "campaigns/Play"),
        ("GET", "campaigns/%ff"),
        ("GET", "campaigns/-play"),
        ("GET", "campaigns/" + "p" * 41),
        ("GET", "nothing"),
        ("GET", "/nothing"),
    ],
)
def test_an_id_that_is_none_is_not_there(world: World, method: str, path: str) -> None:
    answer = world.citizen(consents_to=None).ask(method, path, json={})
    assert refusal(answer) == (404, "http.not_found")


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("sessions", "GET", {"POST", "OPTIONS"}),
        ("regions", "POST", {"GET", "HEAD", "OPTIONS"}),
        ("me", "PATCH", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("me/region", "POST", {"PUT", "OPTIONS"}),
    ],
)
def test_an_unknown_method_is_told_the_known_ones(world: World, path: str, method: str, allowed: set[str]) -> None:
    answer = world.citizen(consents_to=None).ask(method, path)
    assert refusal(answer) == (405, "http.method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


# --- questions --------------------------------------------------------------------------------------------------------


MADE_UP = ["a", 7, True, [], {}, [7], [[]], [None, None], ["a"], ["\x7f"], ["反诈", "a"], ["a", "b", "c"]]
WITH_NUL = [["a\x00b"], ["\x00"], ["a", "\x00"]]


@pytest.mark.parametrize("key", [*MADE_UP, *WITH_NUL])
@pytest.mark.parametrize("path", ["regions", "campaigns", "me/awards", "me/mistakes"])
def test_a_cursor_that_somebody_made_up_breaks_nothing(world: World, key: Any, path: str) -> None:
    world.publish()
    phone = world.citizen()
    phone.hand_in(phone.deal(), wrong=1)
    answer = phone.get(f"{path}?cursor={encode_cursor(key)}")
    assert answer.status_code in (200, 422), answer.get_json()


@pytest.mark.parametrize("path", ["regions", "campaigns", "me/awards", "me/mistakes"])
def test_a_word_that_is_no_cursor_is_refused_by_field(world: World, path: str) -> None:
    answer = world.citizen(consents_to=None).get(f"{path}?cursor=!")
    assert refusal(answer) == (422, "http.bad_shape")
    assert list(answer.get_json()["fields"]) == ["cursor"]


# --- pages that may be kept -------------------------------------------------------------------------------------------

NEW_REGION = "code,name,level,parent\nz9,新区,district,\n"


def load_new_region() -> None:
    with transaction():
        regions.load_regions(NEW_REGION, file="more.csv")


@pytest.mark.parametrize(
    ("path", "seconds"),
    [("regions", 60), ("campaigns", 5), ("campaigns/play", 2), ("campaigns/play/privacy", 60)],
)
def test_a_public_page_carries_an_etag_and_may_be_kept(world: World, path: str, seconds: int) -> None:
    world.publish()
    phone = world.phone()
    page = phone.get(path)
    assert page.headers["Cache-Control"] == f"public, max-age={seconds}"
    assert page.content_type == JSON
    again = phone.get(path, headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == page.headers["ETag"]
    assert again.headers["Cache-Control"] == page.headers["Cache-Control"]
    assert phone.get(path, headers={"If-None-Match": '"another"'}).get_data() == page.get_data()
    listed = f'"another", {page.headers["ETag"]}'
    assert phone.get(path, headers={"If-None-Match": listed}).status_code == 304


def test_an_etag_that_a_proxy_weakened_still_counts(world: World) -> None:
    """A proxy that compresses marks the ETag as weak; RFC 9110 compares If-None-Match weakly."""
    etag = world.phone().get("regions").headers["ETag"]
    assert world.phone().get("regions", headers={"If-None-Match": f"W/{etag}"}).status_code == 304


def test_a_kept_page_goes_stale_after_its_seconds(world: World, clock: time_machine.Traveller) -> None:
    phone = world.phone()
    before = phone.get("regions")
    load_new_region()
    clock.move_to(START + timedelta(seconds=60) - timedelta(milliseconds=1))
    assert phone.get("regions").get_data() == before.get_data()
    clock.move_to(START + timedelta(seconds=60))
    after = phone.get("regions", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert "z9" in [one["code"] for one in after.get_json()["items"]]


def test_a_kept_page_asks_the_database_nothing(world: World, statements: list[str]) -> None:
    phone = world.phone()
    phone.get("regions")
    statements.clear()
    phone.get("regions")
    assert statements == []
    phone.get("regions?limit=2")
    assert statements


def test_pages_of_other_questions_are_kept_apart_and_bounded(world: World) -> None:
    phone = world.phone()
    assert len(phone.get("regions?limit=1").get_json()["items"]) == 1
    assert len(phone.get("regions?limit=2").get_json()["items"]) == 2
    for n in range(600):
        phone.get(f"regions?q={n}")
    assert len(world.app.extensions[PAGES]) <= 256
    assert len(phone.get("regions?limit=1").get_json()["items"]) == 1


def test_what_is_ones_own_is_kept_by_nobody(world: World) -> None:
    world.publish()
    phone = world.citizen()
    for path in ("me", "me/awards", "me/mistakes", "campaigns/play/me"):
        answer = phone.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in answer.headers
    assert world.phone().get("campaigns/nothing").headers["Cache-Control"] == "no-store"


# --- its own failures -------------------------------------------------------------------------------------------------


def test_a_surprise_tells_nothing_but_an_id_that_stands_in_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(*_values: Any, **_more: Any) -> None:
        raise LookupError("a detail that is nobody's business")

    monkeypatch.setattr(regions, "list_regions", surprise)
    answer = world.phone().get("regions")
    assert refusal(answer) == (500, "http.broken")
    told = answer.get_json()
    assert set(told) == {"errcode", "errmsg", "request_id"}
    assert "detail" not in answer.get_data(as_text=True)
    assert "LookupError" not in answer.get_data(as_text=True)
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert told["request_id"] in record.getMessage()
    assert "a detail that is nobody's business" in caplog.text
    monkeypatch.undo()
    assert world.phone().get("regions").status_code == 200  # a failure is not kept


def test_a_surprise_in_a_write_leaves_nothing_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = world.citizen(consents_to=None)
    monkeypatch.setattr("quizsvc.accounts.store.delete_consents", lambda _citizen: 1 / 0)
    phone.put("me/consents/messages", json={"version": "v1", "granted": True})
    assert refusal(phone.delete("me")) == (500, "http.broken")
    monkeypatch.undo()
    assert phone.get("me").status_code == 200
    assert world.count("citizens", "deleted_at IS NOT NULL") == 0


AWAY = {
    "sqlite": "sqlite:////nowhere/at-all/quizsvc.db",
    "postgresql": "postgresql+psycopg://quizsvc:database-password@/quizsvc?host=/nowhere/at/all",
}


@pytest.fixture(params=AWAY)
def far(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Flask]:
    """An app whose database cannot be reached."""
    app = create_app(Settings(AWAY[request.param], redis_url, (SECRET,), IDENTITY, wechat=None))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_without_its_database_every_call_says_so_and_when_to_come_again(
    far: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone(far)
    answers = [phone.get("regions"), phone.get("campaigns/play"), phone.post("sessions", json={"code": "x"})]
    for answer in answers:
        assert refusal(answer) == (503, "http.database_away")
        assert answer.headers["Retry-After"] == "1"
        assert answer.get_json()["request_id"] in caplog.text
    shown = caplog.text + "".join(answer.get_data(as_text=True) for answer in answers)
    assert "database-password" not in shown
    assert "/nowhere" not in shown


def test_without_its_database_it_is_alive_and_not_ready(far: Flask) -> None:
    phone = Phone(far)
    assert phone.get("/healthz").status_code == 200
    ready = phone.get("/readyz")
    assert ready.status_code == 503
    assert (ready.get_json()["database"], ready.get_json()["redis"]) == ("away", "ok")


def test_with_everything_there_it_is_ready(app: Flask) -> None:
    ready = Phone(app).get("/readyz")
    assert (ready.status_code, ready.get_json()) == (
        200,
        {"status": "ok", "database": "ok", "migrations": "ok", "redis": "ok"},
    )


def test_each_request_has_an_id_of_its_own(far: Flask) -> None:
    ids = {Phone(far).get("nothing").get_json()["request_id"] for _ in range(3)}
    assert len(ids) == 3
