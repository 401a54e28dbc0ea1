"""The desk's doors: the cookie, the forms' token, how often one may try, how a sign-in ends."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from redis import Redis

from quizsvc.accounts import guards
from quizsvc.accounts import service as accounts
from quizsvc.app import create_app
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.settings import Settings
from tests.conftest import IDENTITY, SECRET
from tests.desk.browser import Browser, at_desk
from tests.world import PASSWORD, START, World

HTTPS = {"base_url": "https://localhost"}


@contextmanager
def another_app(settings: Settings) -> Iterator[Flask]:
    """The service with other settings on the same database."""
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


def audited(world: World) -> list[tuple[str, str, str]]:
    query = "SELECT actor, act, subject FROM audit WHERE act LIKE 'staff.sign%' ORDER BY id"
    return [(actor, act, subject) for actor, act, subject in world.rows(query)]


# --- the cookie -------------------------------------------------------------------------------------------------------


def test_the_cookie_stays_at_the_desk_and_out_of_scripts_and_other_sites(world: World) -> None:
    browser = Browser(world)
    cookie = browser.sign_in("clerk").headers["Set-Cookie"]
    assert cookie.startswith("quizsvc_desk=")
    words = {word.strip() for word in cookie.split(";")[1:]}
    assert words == {"HttpOnly", "Path=/desk", "SameSite=Strict"}
    browser = Browser(world, **HTTPS)
    assert "Secure" in browser.sign_in("clerk").headers["Set-Cookie"]


def test_signing_in_leads_to_the_page_one_wanted_and_to_no_other_site(world: World) -> None:
    browser = Browser(world)
    away = browser.open("/desk/today?day=2026-12-01")
    assert away.status_code == 303
    assert browser.open(away.location).status_code == 200
    assert browser.hidden("back") == "/desk/today?day=2026-12-01"
    assert browser.send("/desk/sign-in", name="clerk", password=PASSWORD, back=browser.hidden("back")).location == (
        "/desk/today?day=2026-12-01"
    )
    for back in ("https://evil.example/", "//evil.example", "/desk/../evil", "/desk/\\evil", "/api/v1/me", "desk"):
        browser.open("/desk/sign-in")
        assert browser.send("/desk/sign-in", name="clerk", password=PASSWORD, back=back).location == "/desk/"


def test_a_fresh_sign_in_keeps_nothing_of_the_session_before(world: World) -> None:
    browser = Browser(world)
    browser.open("/desk/sign-in")
    before = browser.token()
    browser.send("/desk/sign-in", name="clerk", password=PASSWORD)
    answer = browser.open("/desk/sign-out", "POST", data={"csrf_token": before})
    assert answer.status_code == 400


def test_signing_out_ends_it_in_this_browser(world: World) -> None:
    browser = at_desk(world, "clerk")
    assert browser.send("/desk/sign-out").status_code == 303
    browser.open("/desk/sign-in")
    assert "您已退出登录" in browser.text()
    assert browser.open("/desk/").status_code == 303


def test_signing_out_ends_every_copy_of_the_sign_in_and_an_old_copy_ends_nothing(world: World) -> None:
    browser, at_home, neighbour = at_desk(world, "clerk"), at_desk(world, "clerk"), at_desk(world, "neighbour")
    copied = browser.http.get_cookie("quizsvc_desk", path="/desk")
    api = world.app.test_client()
    entered = api.post("/api/v1/staff/sessions", json={"name": "clerk", "password": PASSWORD}).get_json()
    assert copied is not None
    assert browser.send("/desk/sign-out").status_code == 303
    thief = Browser(world)
    thief.http.set_cookie("quizsvc_desk", copied.value, path="/desk")
    for one in (thief, at_home):
        assert one.open("/desk/").location == "/desk/sign-in?back=/desk/"
    stock = api.get("/api/v1/materials/stock", headers={"Authorization": f"Bearer {entered['token']}"})
    assert stock.status_code == 401
    assert neighbour.open("/desk/").status_code == 200
    browser = at_desk(world, "clerk")
    thief.http.set_cookie("quizsvc_desk", copied.value, path="/desk")
    thief.open("/desk/sign-in")
    assert thief.send("/desk/sign-out").status_code == 303
    assert browser.open("/desk/").status_code == 200
    assert [line for line in audited(world) if line[1] == "staff.sign_out"] == [("clerk", "staff.sign_out", "clerk")]


@pytest.mark.parametrize(("later", "status"), [(timedelta(hours=12, seconds=-1), 200), (timedelta(hours=12), 303)])
def test_a_sign_in_lasts_twelve_hours(
    world: World, clock: time_machine.Traveller, later: timedelta, status: int
) -> None:
    browser = at_desk(world, "clerk")
    clock.move_to(START + later)
    assert browser.open("/desk/").status_code == status


def test_a_dismissed_member_is_out_at_once(world: World) -> None:
    browser = at_desk(world, "clerk")
    with transaction():
        accounts.dismiss_staff("clerk", by=accounts.get_staff("operator"), now=utcnow())
    answer = browser.open("/desk/")
    assert (answer.status_code, answer.location) == (303, "/desk/sign-in?back=/desk/")


def test_a_cookie_of_an_older_key_is_read_and_one_of_a_dropped_key_is_not(
    world: World, app: Flask, redis_url: str
) -> None:
    browser = at_desk(world, "clerk")
    kept = browser.http.get_cookie("quizsvc_desk", path="/desk")
    assert kept is not None
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    rotated = Settings(url, redis_url, ("n" * 40, SECRET), IDENTITY, wechat=None)
    for settings, status in ((rotated, 200), (replace(rotated, secret_keys=("n" * 40,)), 303)):
        with another_app(settings) as later:
            client = later.test_client()
            client.set_cookie("quizsvc_desk", kept.value, path="/desk")
            assert client.get("/desk/").status_code == status


def test_the_cookies_key_is_none_of_the_services(app: Flask) -> None:
    assert isinstance(app.secret_key, str)
    assert SECRET not in app.secret_key
    assert app.secret_key not in app.extensions["quizsvc.keys"].derive("other")


# --- the forms' token -------------------------------------------------------------------------------------------------


def test_what_writes_must_come_from_a_form_of_ours(world: World) -> None:
    browser = at_desk(world, "clerk")
    for fields in ({}, {"csrf_token": "x"}, {"csrf_token": at_desk(world, "neighbour").token()}):
        answer = browser.open("/desk/sign-out", "POST", data=fields)
        assert answer.status_code == 400
        assert "页面已过期" in browser.text()
    assert browser.open("/desk/").status_code == 200
    assert Browser(world).open("/desk/sign-in", "POST", data={"name": "clerk", "password": PASSWORD}).status_code == 400


def test_a_page_that_was_open_all_day_can_still_be_sent(world: World, clock: time_machine.Traveller) -> None:
    browser = at_desk(world, "clerk")
    clock.shift(timedelta(hours=11))
    assert browser.send("/desk/sign-out").status_code == 303


# --- how often --------------------------------------------------------------------------------------------------------


def test_a_name_is_tried_eight_times_and_then_once_a_minute(world: World) -> None:
    browser = Browser(world)
    browser.open("/desk/sign-in")
    for _ in range(guards.NAME_PACE.burst):
        assert browser.sign_in("clerk", "wrong").status_code == 401
    refused = browser.sign_in("clerk")
    assert refused.status_code == 429
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert f"请 {refused.headers['Retry-After']} 秒后再试" in browser.text()
    api = world.phone().post("staff/sessions", json={"name": "clerk", "password": PASSWORD})
    assert (api.status_code, api.get_json()["errcode"]) == (429, "accounts.too_many_tries")
    assert "Retry-After" in api.headers
    assert Browser(world).sign_in("neighbour").status_code == 303
    assert len(audited(world)) == guards.NAME_PACE.burst + 1


def test_a_name_that_nobody_has_is_counted_alike(world: World) -> None:
    statuses = [Browser(world).sign_in("nobody", "wrong").status_code for _ in range(guards.NAME_PACE.burst + 1)]
    assert statuses == [401] * guards.NAME_PACE.burst + [429]


def test_who_knows_the_password_gets_the_names_tries_back(world: World) -> None:
    for _ in range(3):
        for _ in range(guards.NAME_PACE.burst - 1):
            assert Browser(world).sign_in("clerk", "wrong").status_code == 401
        assert Browser(world).sign_in("clerk").status_code == 303


def test_an_address_tries_many_names_and_then_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "ADDRESS_PACE", replace(guards.ADDRESS_PACE, burst=3))
    here = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.7"}}
    there = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.8"}}
    statuses = [Browser(world, **here).sign_in(f"name {n}", "wrong").status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    forged = Browser(world, **here, headers={"X-Forwarded-For": "198.51.100.1"})
    assert forged.sign_in("clerk").status_code == 429
    assert Browser(world, **there).sign_in("clerk").status_code == 303


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
        ("10.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_an_address_is_what_the_last_trusted_proxy_saw(
    world: World, app: Flask, redis_url: str, peer: str, forwarded: str, seen: str
) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    settings = Settings(url, redis_url, (SECRET,), IDENTITY, wechat=None, trusted_proxies=("10.0.0.0/8",))
    asked = {"environ_overrides": {"REMOTE_ADDR": peer}, "headers": {"X-Forwarded-For": forwarded}}
    with another_app(settings) as behind:
        assert Browser(World(behind), **asked).sign_in("clerk").status_code == 303
    (after,) = world.rows("SELECT after FROM audit WHERE act = 'staff.sign_in'")[0]
    assert f'"{seen}"' in (after if isinstance(after, str) else json.dumps(after))


def test_no_password_and_no_name_is_kept_in_redis(world: World, redis: Redis) -> None:
    Browser(world).sign_in("clerk", "a wrong password")
    kept = [str(key) for key in redis.scan_iter("*sign-in*")]
    assert len(kept) == 2
    assert not [key for key in kept if "clerk" in key or "password" in key]
    assert all(redis.ttl(key) > 0 for key in redis.scan_iter("*sign-in*"))


def test_without_redis_people_still_sign_in(world: World, app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with another_app(Settings(url, "unix:///nowhere", (SECRET,), IDENTITY, wechat=None)) as unreachable:
        assert at_desk(World(unreachable), "clerk").open("/desk/").status_code == 200


# --- what is said and written -----------------------------------------------------------------------------------------


def test_refusals_say_the_same_and_carry_the_requests_number(world: World) -> None:
    browser = Browser(world)
    told = set()
    for name, password in (("clerk", "wrong"), ("nobody", PASSWORD), ("x" * 41, PASSWORD), ("", ""), ("a\x01b", "x")):
        assert browser.sign_in(name, password).status_code == 401
        said = re.sub("编号 [0-9a-f]{8}", "编号", browser.text())
        assert "用户名或密码不对" in said
        assert re.search("编号 [0-9a-f]{8}", browser.text())
        told.add(said)
    assert len(told) == 1


def test_the_audit_log_says_who_came_in_and_who_was_turned_away(world: World) -> None:
    Browser(world).sign_in("clerk", "my secret phrase")
    Browser(world).sign_in("my secret phrase", "x")
    Browser(world).sign_in("clerk")
    assert audited(world) == [
        ("system", "staff.sign_in_refused", "clerk"),
        ("system", "staff.sign_in_refused", "-"),
        ("clerk", "staff.sign_in", "clerk"),
    ]
    assert "my secret phrase" not in repr(world.rows("SELECT * FROM audit"))
