"""Log-in over HTTP against a WeChat on loopback: what is not clearly a success logs nobody in and tells nothing."""

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from quizsvc.accounts import wechat
from quizsvc.accounts.wechat import CodeRefused, WeChat, WeChatAway
from quizsvc.app import create_app
from quizsvc.kit.crypto import Keys
from quizsvc.kit.db import db, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.settings import Settings, WeChatSettings
from tests.conftest import IDENTITY, SECRET
from tests.fake_wechat import APPID, APPSECRET, FakeWeChat, fake_wechat
from tests.world import START, Phone, World

MINI = WeChatSettings(APPID, APPSECRET)
MakeDoor = Callable[[WeChatSettings], Phone]


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with fake_wechat() as fake:
        yield fake


@pytest.fixture
def door(world: World, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDoor]:
    """A phone before an app that asks this WeChat; on the world's database, where a neighbour is logged in already."""
    world.citizen("neighbour", consents_to=None)
    made: list[Flask] = []
    monkeypatch.setattr(wechat, "TIMEOUT_SECONDS", 0.4)

    def make(settings: WeChatSettings) -> Phone:
        url = world.app.config["SQLALCHEMY_DATABASE_URI"]
        app = create_app(Settings(url, redis_url, (SECRET,), IDENTITY, wechat=settings))
        made.append(app)
        return Phone(app)

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()
        app.extensions[wechat.EXTENSION].__self__.http.close()


@pytest.fixture
def mini(door: MakeDoor, fake: FakeWeChat) -> Phone:
    """A phone before the mini-program's app."""
    return door(replace(MINI, api_base=fake.url))


def log_in(phone: Phone, code: str) -> TestResponse:
    return phone.post("sessions", json={"code": code})


def refusal(answer: TestResponse) -> tuple[int, str, str | None]:
    return answer.status_code, answer.get_json()["errcode"], answer.headers.get("Retry-After")


def nobody_came(world: World) -> bool:
    """Only the neighbour is there."""
    return world.count("citizens") == 1


AWAY = (503, "accounts.wechat_away", "3")


@pytest.mark.parametrize(
    ("kind", "path", "parameter"),
    [("miniprogram", "/sns/jscode2session", "js_code"), ("web", "/sns/oauth2/access_token", "code")],
)
@pytest.mark.parametrize("says_errcode_zero", [False, True])
def test_a_code_logs_its_owner_in(
    world: World, door: MakeDoor, fake: FakeWeChat, kind: Any, path: str, parameter: str, says_errcode_zero: bool
) -> None:
    fake.says_errcode_zero = says_errcode_zero
    phone = door(replace(MINI, kind=kind, api_base=fake.url))
    code = fake.code_for("o-anna", unionid="u-anna")
    answer = log_in(phone, code)
    assert answer.status_code == 200
    session = answer.get_json()
    assert (session["expires_in"], session["citizen"]["region"], session["citizen"]["roles"]) == (
        604_800,
        None,
        ["citizen"],
    )
    assert fake.paths == [path]
    assert fake.asked == [
        {"appid": APPID, "secret": APPSECRET, parameter: code, "grant_type": "authorization_code"},
    ]
    assert Phone(phone.app, token=session["token"]).get("me").get_json()["citizen"]["id"] == session["citizen"]["id"]
    kept = Keys((SECRET,), IDENTITY).identity_hash("openid", "o-anna")
    assert (world.count("citizens"), world.count("citizens", f"openid_hash = '{kept}'")) == (2, 1)


def test_the_same_person_comes_back_as_the_same_citizen_and_another_as_another(
    world: World, mini: Phone, fake: FakeWeChat
) -> None:
    people = ["o-anna", "o-anna", "o-berta"]
    ids = [log_in(mini, fake.code_for(openid)).get_json()["citizen"]["id"] for openid in people]
    assert ids[0] == ids[1] != ids[2]
    assert world.count("citizens") == 3


def test_a_code_reaches_wechat_as_it_was_sent(mini: Phone, fake: FakeWeChat) -> None:
    code = "a&appid=evil#码 +%41"
    assert refusal(log_in(mini, code)) == (401, "accounts.code_refused", None)
    assert [(asked["js_code"], asked["appid"]) for asked in fake.asked] == [(code, APPID)]


def test_a_code_is_good_once(world: World, mini: Phone, fake: FakeWeChat) -> None:
    code = fake.code_for("o-anna")
    assert log_in(mini, code).status_code == 200
    assert refusal(log_in(mini, code)) == (401, "accounts.code_refused", None)
    assert world.count("citizens") == 2


def test_an_expired_code_is_refused(world: World, mini: Phone, fake: FakeWeChat, clock: time_machine.Traveller) -> None:
    code = fake.code_for("o-anna")
    clock.move_to(START + timedelta(minutes=5))
    assert refusal(log_in(mini, code)) == (401, "accounts.code_refused", None)
    assert nobody_came(world)


@pytest.mark.parametrize(
    ("errcode", "refused"),
    [
        (40029, (401, "accounts.code_refused", None)),
        (40163, (401, "accounts.code_refused", None)),
        (40226, (403, "accounts.risky_user", None)),
        (45011, (503, "accounts.wechat_away", "30")),
        (-1, AWAY),
        (40013, AWAY),
        (99999, AWAY),
    ],
)
def test_each_errcode_becomes_a_refusal_and_nobody(
    world: World, mini: Phone, fake: FakeWeChat, errcode: int, refused: tuple[int, str, str | None]
) -> None:
    fake.refuse(errcode)
    assert refusal(log_in(mini, fake.code_for("o-anna"))) == refused
    assert nobody_came(world)


@pytest.mark.parametrize("wrong", [{"appid": "wx-somebody-else"}, {"secret": "not-the-secret"}])
def test_a_wrongly_configured_service_logs_nobody_in(
    world: World, door: MakeDoor, fake: FakeWeChat, wrong: dict[str, str]
) -> None:
    phone = door(replace(MINI, api_base=fake.url, **wrong))  # type: ignore[arg-type]
    assert refusal(log_in(phone, fake.code_for("o-anna"))) == AWAY
    assert nobody_came(world)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"session_key": "k"}, 200),
        ({"session_key": "k", "openid": ""}, 200),
        ({"session_key": "k", "openid": None}, 200),
        ({"session_key": "k", "openid": 7}, 200),
        ({"session_key": "k", "openid": ["o-anna"]}, 200),
        ({"session_key": "k", "openid": "o-anna", "errcode": -1}, 200),
        ({"session_key": "k", "openid": "o-anna", "errcode": {}}, 200),
        ({"session_key": "k", "openid": "o-anna"}, 502),
        ({"session_key": "k", "openid": "o-anna"}, 302),
        ([{"openid": "o-anna"}], 200),
        (None, 200),
        (b"", 200),
        (b"<html>maintenance</html>", 200),
        (b"<html>bad gateway</html>", 502),
        (b'{"openid": "o-an', 200),
        (b'{"openid": "\xff\xfe"}', 200),
    ],
)
def test_an_odd_answer_logs_nobody_in(world: World, mini: Phone, fake: FakeWeChat, body: Any, status: int) -> None:
    fake.speak(body, status=status)
    assert refusal(log_in(mini, fake.code_for("o-anna"))) == AWAY
    assert nobody_came(world)


def test_a_slow_wechat_is_given_up_and_its_late_answer_logs_nobody_in(
    world: World, mini: Phone, fake: FakeWeChat
) -> None:
    fake.slow = True
    assert refusal(log_in(mini, fake.code_for("o-anna"))) == AWAY
    fake.released.set()
    assert nobody_came(world)
    assert len(fake.asked) == 1  # a code is never sent twice: it is good once


def test_a_wechat_that_is_down_is_a_refusal(world: World, door: MakeDoor) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        phone = door(replace(MINI, api_base=f"http://127.0.0.1:{taken.getsockname()[1]}"))
        assert refusal(log_in(phone, "some-code")) == AWAY
    assert nobody_came(world)


def test_what_wechat_said_once_does_not_stick(world: World, mini: Phone, fake: FakeWeChat) -> None:
    fake.refuse(-1)
    assert refusal(log_in(mini, fake.code_for("o-anna"))) == AWAY
    fake.spoken = None
    assert log_in(mini, fake.code_for("o-anna")).status_code == 200
    assert world.count("citizens") == 2


def test_the_stand_in_is_closed_where_wechat_is_set(world: World, mini: Phone) -> None:
    assert refusal(log_in(mini, "neighbour")) == (401, "accounts.code_refused", None)


def oddities() -> list[tuple[str, Callable[[FakeWeChat], None]]]:
    """Ways in which a log-in can end, by name."""
    return [
        ("success", lambda _fake: None),
        *((str(code), lambda fake, code=code: fake.refuse(code)) for code in (40029, 40163, 40226, 45011, -1)),
        ("no openid", lambda fake: fake.speak({"session_key": fake.secrets[-1]})),
        ("a list", lambda fake: fake.speak([fake.secrets])),
        ("no JSON", lambda fake: fake.speak("".join(fake.secrets).encode())),
        ("502", lambda fake: fake.speak({"openid": fake.secrets[-1]}, status=502)),
        ("slow", lambda fake: setattr(fake, "slow", True)),
    ]


@pytest.mark.parametrize(("name", "make_odd"), oddities())
def test_no_response_and_no_log_line_holds_a_secret(
    mini: Phone,
    fake: FakeWeChat,
    caplog: pytest.LogCaptureFixture,
    name: str,
    make_odd: Callable[[FakeWeChat], None],
) -> None:
    """At the default level of every logger; WARNING is what production shows."""
    code = fake.code_for("openid-of-anna", unionid="unionid-of-anna")
    make_odd(fake)
    with caplog.at_level(logging.WARNING):
        answer = log_in(mini, code)
    shown = answer.get_data(as_text=True) + str(answer.headers) + caplog.text
    assert len(fake.asked) == 1
    assert [secret for secret in fake.secrets if secret in shown] == []
    assert (answer.status_code == 200) == (name == "success")


def test_even_the_most_talkative_log_holds_no_secret(
    mini: Phone, fake: FakeWeChat, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert log_in(mini, fake.code_for("openid-of-anna")).status_code == 200
    assert [secret for secret in fake.secrets if secret in caplog.text] == []


@pytest.mark.parametrize("away", [False, True])
def test_no_exception_text_holds_a_secret(fake: FakeWeChat, away: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat, "TIMEOUT_SECONDS", 0.4)
    client = WeChat(replace(MINI, api_base=fake.url))
    code = fake.code_for("openid-of-anna")
    fake.slow = away
    if not away:
        fake.used.add(code)
    with closing(client.http), pytest.raises(Refusal) as caught:
        client.openid_of(code)
    assert caught.type is (WeChatAway if away else CodeRefused)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(client.settings)
    assert [secret for secret in fake.secrets if secret in told] == []


def test_no_transaction_is_open_while_wechat_is_asked(mini: Phone, fake: FakeWeChat) -> None:
    with mini.app.app_context():
        pool: Any = db.engine.pool
    in_use: list[int] = []
    fake.witness = lambda: in_use.append(pool.checkedout())
    assert log_in(mini, fake.code_for("o-anna")).status_code == 200
    fake.refuse(-1)
    assert log_in(mini, fake.code_for("o-anna")).status_code == 503
    assert in_use == [0, 0]


def test_asking_wechat_inside_a_transaction_is_a_bug_said_at_once(mini: Phone, fake: FakeWeChat) -> None:
    with mini.app.app_context(), transaction(), pytest.raises(RuntimeError, match="still open"):
        wechat.openid_of(fake.code_for("o-anna"))
    assert fake.asked == []
