"""WeChat's access token: one for all processes, asked for once, replaced before it ends."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import time_machine
from redis import Redis

from quizsvc.accounts import access_token, wechat
from quizsvc.accounts.access_token import get_token
from quizsvc.accounts.wechat import WeChat, WeChatAway
from quizsvc.kit.crypto import Keys, init_keys
from quizsvc.kit.db import reading
from tests.conftest import IDENTITY, SECRET
from tests.fake_wechat import APPID, APPSECRET, TOKEN_PATH, FakeWeChat
from tests.messages import settings_for
from tests.world import START, World

ENDS = START + timedelta(hours=2)
MARGIN = timedelta(minutes=5)
# Four processes, in each of which four threads want the token at the same moment.
PROCESSES = """
import os, sys
from threading import Thread
from quizsvc.accounts.access_token import get_token
from quizsvc.accounts.wechat import WeChat
from quizsvc.app import create_app
from quizsvc.settings import Settings, WeChatSettings

database, redis, secret, identity, appid, appsecret, api_base = sys.argv[1:]
wanted = WeChatSettings(appid, appsecret, api_base=api_base)
app = create_app(Settings(database, redis, (secret,), identity, wechat=wanted))

def want(client, got):
    with app.app_context():
        got.append(get_token(client))

def be_one_of_four():
    client, got = WeChat(wanted), []
    threads = [Thread(target=want, args=(client, got)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(1, (" ".join(got) + "\\n").encode())

for _ in range(4):
    if os.fork() == 0:
        try:
            be_one_of_four()
        finally:
            os._exit(0)
for _ in range(4):
    os.wait()
"""


@pytest.fixture
def client(fake: FakeWeChat) -> Iterator[WeChat]:
    client = WeChat(settings_for(fake))
    with closing(client.http):
        yield client


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_sixteen_who_want_it_in_four_processes_ask_once(world: World, fake: FakeWeChat, redis_url: str) -> None:
    fake.seconds = 0.5
    words = [str(world.app.config["SQLALCHEMY_DATABASE_URI"]), redis_url, SECRET, IDENTITY, APPID, APPSECRET, fake.url]
    command = [sys.executable, "-c", PROCESSES, *words]
    got = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert got == [fake.tokens[0].value] * 16
    assert fake.paths == [TOKEN_PATH]


def test_it_is_replaced_five_minutes_before_its_end(
    world: World, client: WeChat, fake: FakeWeChat, clock: time_machine.Traveller
) -> None:
    first = get_token(client)
    clock.move_to(ENDS - MARGIN - timedelta(milliseconds=1))
    assert get_token(client) == first
    assert fake.count(TOKEN_PATH) == 1
    clock.move_to(ENDS - MARGIN)
    second = get_token(client)
    assert [one.value for one in fake.tokens] == [first, second]
    assert get_token(client) == second
    assert fake.count(TOKEN_PATH) == 2


def test_one_that_wechat_calls_stale_is_asked_for_by_the_first_and_left_for_the_others(
    world: World, client: WeChat, fake: FakeWeChat
) -> None:
    first = get_token(client)
    fake.replace_token()
    second = get_token(client, stale=first)
    assert second == fake.tokens[-1].value != first
    assert get_token(client, stale=first) == second
    assert fake.count(TOKEN_PATH) == 2


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_who_comes_just_after_it_was_left_asks_no_more(
    world: World, client: WeChat, fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = iter([client])

    @contextmanager
    def looking() -> Iterator[None]:
        with reading():
            yield
        for other in others:  # somebody else gets it between our look and our turn
            get_token(other)

    monkeypatch.setattr(access_token, "reading", looking)
    assert get_token(client) == fake.tokens[0].value
    assert fake.count(TOKEN_PATH) == 1


def test_it_is_sealed_in_the_database_and_outlives_redis(
    world: World, client: WeChat, fake: FakeWeChat, redis: Redis
) -> None:
    token = get_token(client)
    ((sealed,),) = world.rows("SELECT sealed_token FROM access_tokens")
    assert token not in sealed
    assert Keys((SECRET,), IDENTITY).unseal(sealed) == token.encode()
    redis.flushall()
    assert get_token(client) == token
    assert fake.count(TOKEN_PATH) == 1


def test_one_that_opens_with_no_key_any_more_is_asked_for_again(world: World, client: WeChat, fake: FakeWeChat) -> None:
    token = get_token(client)
    init_keys(world.app, Keys(("n" * 40,), IDENTITY))
    try:
        assert get_token(client) == token
        assert get_token(client) == token
    finally:
        init_keys(world.app, Keys((SECRET,), IDENTITY))
    assert fake.count(TOKEN_PATH) == 2


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 40013, "errmsg": "invalid appid"},
        {"errcode": -1, "errmsg": "system error"},
        {"access_token": "", "expires_in": 7200},
        {"access_token": "t", "expires_in": 0},
        {"access_token": "t", "expires_in": "7200"},
        {"access_token": "t", "expires_in": 7201},
        {"access_token": ["t"], "expires_in": 7200},
        {"expires_in": 7200},
        [],
        b"",
    ],
)
def test_what_is_clearly_no_token_is_none_and_the_next_one_asks_at_once(
    world: World, client: WeChat, fake: FakeWeChat, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    fake.speak(answer)
    with caplog.at_level(logging.DEBUG), pytest.raises(WeChatAway):
        get_token(client)
    assert world.count("access_tokens") == 0
    assert [secret for secret in fake.secrets if secret in caplog.text] == []
    fake.spoken = None
    assert get_token(client) == fake.tokens[0].value


def test_the_lease_of_who_died_while_asking_ends_by_itself() -> None:
    """It is longer than WeChat is waited for, and not by much."""
    assert timedelta(seconds=wechat.TIMEOUT_SECONDS) < access_token.LEASE_LASTS <= timedelta(seconds=30)
