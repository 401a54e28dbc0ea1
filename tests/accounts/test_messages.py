"""Messages to winners: only to who agreed, each at most once, whatever WeChat says or leaves unsaid."""

import logging
import socket
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from quizsvc.accounts import messages, sending
from quizsvc.kit.clock import utcnow
from quizsvc.kit.crypto import Keys
from quizsvc.kit.db import db, transaction
from quizsvc.lottery import notices, sealing
from quizsvc.tables import metadata
from tests.conftest import IDENTITY, SECRET
from tests.fake_wechat import CUT, SLOW, TOKEN_PATH, Answer
from tests.messages import CLAIM_UNTIL, EXPIRING, WON, Post, service, settings_for, win
from tests.world import at_once, box

ANNA, BERTA = "openid-of-anna", "openid-of-berta"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOON = CLAIM_UNTIL - timedelta(days=3)
# where the database has no part in what is tested
on_one_database = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def waits(post: Post) -> list[timedelta | None]:
    """How long each message still waits, in the order in which they were queued."""
    rows = post.world.rows("SELECT due_at FROM messages ORDER BY id")
    return [None if at is None else moment_of(at) - utcnow() for (at,) in rows]


def moment_of(value: Any) -> datetime:
    """A time as either database stores it."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def test_a_win_is_told_once_to_who_agreed(post: Post) -> None:
    post.publish()
    post.winner(ANNA)
    win(post.phone(BERTA))  # has not agreed
    assert post.states() == [("won", "waiting")]
    assert [post.tick(), post.tick()] == [True, True]
    assert post.states() == [("won", "sent")]
    (told,) = post.fake.inbox
    assert (told.openid, told.template, told.page) == (ANNA, WON, "pages/prizes/prizes")
    assert told.data == {
        "thing1": "测试活动",
        "thing2": "反诈抽纸 三层加厚 一整箱二十四包 送…",
        "time3": "2027年1月15日 09:59",
    }
    assert "测试活动".encode() in post.fake.bodies[0]  # as it is written, not \\uXXXX
    assert (post.sends, post.fake.count(TOKEN_PATH)) == (1, 1)


def test_nothing_is_queued_for_who_has_not_agreed(post: Post) -> None:
    post.publish()
    post.world.publish(slug="other", title="别的活动", privacy="另一份告知")
    names = ("o-never", "o-no-code", "o-other-notice", "o-back", "o-back-here")
    people = {name: post.phone(name) for name in names}
    assert post.say(people["o-no-code"], True) == 200
    for name, slug in (("o-other-notice", "other"), ("o-back", "play"), ("o-back-here", "play")):
        assert post.say(people[name], True, slug=slug, code=post.fake.code_for(name)) == 200
    post.say(people["o-back-here"], True, slug="other")  # so that there still is an address
    for name in ("o-back", "o-back-here"):
        assert post.say(people[name], False) == 200
    assert addresses(post) == ["o-back-here", "o-other-notice"]
    post.winner(BERTA)
    for phone in people.values():
        win(phone)
    assert post.states() == [("won", "waiting")]
    assert post.tick()
    assert post.told() == [(BERTA, WON)]


def test_what_waits_ends_with_consent_or_person(post: Post) -> None:
    """Each has a neighbour who stays."""
    post.publish()
    phones = {name: post.winner(name) for name in ("o-back", "o-gone", BERTA)}
    post.say(phones["o-back"], False)
    assert phones["o-gone"].delete("me").status_code == 204
    assert post.tick()
    assert post.told() == [(BERTA, WON)]
    assert post.states() == [("won", "unwanted"), ("won", "sent")]
    assert post.world.count("message_addresses") == 1


@on_one_database
def test_a_win_that_was_written_while_consent_was_taken_back_is_not_told(post: Post) -> None:
    post.publish()
    post.world.publish(slug="other", title="别的活动", privacy="另一份告知")
    phone = post.winner(ANNA)
    post.say(phone, True, slug="other")  # so that there still is an address
    post.say(phone, False)
    with transaction():  # as the win leaves it that could not see the no yet
        db.session.execute(text("UPDATE messages SET state = 'waiting', due_at = queued_at"))
    assert post.tick()
    assert (post.told(), post.states()) == ([], [("won", "unwanted")])


@on_one_database
def test_a_win_that_was_fetched_or_made_void_is_no_news(post: Post) -> None:
    post.publish()
    code = win(post.citizen(ANNA))
    post.winner(BERTA)
    scan = post.world.desk().put("redemptions/00000000-0000-4000-8000-000000000001", json={"code": code})
    assert scan.status_code == 200
    assert post.tick()
    assert post.told() == [(BERTA, WON)]
    assert post.states() == [("won", "unwanted"), ("won", "sent")]


# --- the address ------------------------------------------------------------------------------------------------------


def addresses(post: Post) -> list[str]:
    """Whose openid is kept."""
    keys = Keys((SECRET,), IDENTITY)
    return sorted(
        keys.unseal(one).decode() for (one,) in post.world.rows("SELECT sealed_openid FROM message_addresses")
    )


def test_an_address_is_kept_sealed_from_the_first_yes_to_the_last_no(post: Post) -> None:
    post.publish()
    post.world.publish(slug="other", title="别的活动", privacy="另一份告知")
    anna, berta = post.phone(ANNA), post.citizen(BERTA)
    assert addresses(post) == [BERTA]
    post.say(anna, True, purpose="winner-list", code=post.fake.code_for(ANNA))
    post.say(anna, False, code=post.fake.code_for(ANNA))
    assert addresses(post) == [BERTA]
    for slug in ("play", "other"):
        assert post.say(anna, True, slug=slug, code=post.fake.code_for(ANNA)) == 200
    assert addresses(post) == [ANNA, BERTA]
    own = anna.get("me").get_json()["messages"]
    assert own == {"address": True, "sent": []}
    post.say(anna, False)
    assert addresses(post) == [ANNA, BERTA]  # for the other campaign
    post.say(anna, False, slug="other")
    assert addresses(post) == [BERTA]
    assert berta.delete("me").status_code == 204
    assert addresses(post) == []


@on_one_database
def test_a_yes_is_repeated_with_the_code_that_was_used(post: Post) -> None:
    post.publish()
    phone, code = post.phone(ANNA), post.fake.code_for(ANNA)
    asked = len(post.fake.asked)
    assert [post.say(phone, True, code=code) for _ in range(3)] == [200] * 3
    assert len(post.fake.asked) == asked + 1
    assert post.world.count("consents", "purpose = 'messages'") == 1


@on_one_database
def test_a_code_of_somebody_else_or_no_good_one_is_refused_and_nothing_is_kept(post: Post) -> None:
    post.publish()
    phone = post.phone(ANNA)
    for code in (post.fake.code_for(BERTA), "no code at all"):
        word = {"version": "v", "granted": True, "code": code}
        answer = phone.put("me/consents/messages", json=word)
        assert (answer.status_code, answer.get_json()["errcode"]) == (409, "accounts.code_not_yours")
    post.fake.refuse(-1)
    assert post.say(phone, True, code=post.fake.code_for(ANNA)) == 503
    assert post.world.count("consents", "purpose = 'messages'") == 0
    assert addresses(post) == []


def test_addresses_are_forgotten_when_no_message_can_follow(post: Post, clock: time_machine.Traveller) -> None:
    post.publish()
    later = {"rules": {"claim_until": CLAIM_UNTIL + timedelta(days=9)}}
    post.world.publish(slug="other", title="别的活动", privacy="另一份告知", **later)
    for name, slug in ((ANNA, "play"), (BERTA, "other")):
        assert post.say(post.phone(name), True, slug=slug, code=post.fake.code_for(name)) == 200
    clock.move_to(CLAIM_UNTIL - MINUTE)
    assert post.tick()
    assert addresses(post) == [ANNA, BERTA]
    clock.shift(HOUR)
    assert post.tick()
    assert addresses(post) == [BERTA]


@on_one_database
def test_where_messages_are_off_nothing_is_kept_and_what_was_is_forgotten(
    post: Post, redis_url: str, statements: list[str]
) -> None:
    post.publish()
    post.citizen(ANNA)
    assert post.phone(BERTA).get("campaigns/play").get_json()["messages"] == {"won": WON, "expiring": EXPIRING}
    url = post.world.app.config["SQLALCHEMY_DATABASE_URI"]
    with service(url, redis_url, settings_for(post.fake, templates={})) as app:
        off = replace(post, world=replace(post.world, app=app))
        berta = off.citizen(BERTA)
        assert addresses(off) == [ANNA]
        statements.clear()
        win(berta)
        assert not [one for one in statements if "message" in one]
        assert berta.get("campaigns/play").get_json()["messages"] is None
        assert off.tick()
        assert (addresses(off), off.states(), off.sends) == ([], [], 0)


@on_one_database
def test_addresses_are_sealed_anew_with_the_newest_key(post: Post, redis_url: str) -> None:
    post.publish()
    post.winner(ANNA)
    url, newest = post.world.app.config["SQLALCHEMY_DATABASE_URI"], "n" * 40
    with (
        service(url, redis_url, settings_for(post.fake), secrets=(newest, SECRET)) as app,
        app.app_context(),
        transaction(),
    ):
        assert sealing.reseal(by="operator", now=utcnow()) >= 1
    with service(url, redis_url, settings_for(post.fake), secrets=(newest,)) as app:
        assert replace(post, world=replace(post.world, app=app)).tick()
    assert post.told() == [(ANNA, WON)]


# --- what WeChat says -------------------------------------------------------------------------------------------------


OUTCOMES: dict[int, tuple[list[str], list[timedelta | None]]] = {
    43101: (["refused", "sent"], [None, None]),
    40003: (["refused", "sent"], [None, None]),
    -1: (["waiting", "waiting"], [MINUTE, MINUTE]),  # nobody asks for a while
    45009: (["waiting", "waiting"], [MINUTE, MINUTE]),
    45011: (["waiting", "waiting"], [MINUTE, MINUTE]),
    47003: (["waiting", "sent"], [HOUR, None]),  # this one does not fit, others may
    40037: (["waiting", "waiting"], [HOUR, HOUR]),  # none of its kind will do until somebody mends it
    41030: (["waiting", "waiting"], [HOUR, HOUR]),
}


@on_one_database
def test_each_errcode_has_its_outcome(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """With two who won: the one whom it hits, and the next one."""
    post.publish()
    for errcode, (states, waiting) in OUTCOMES.items():
        phones = [post.winner(f"o-{errcode}-{n}") for n in (1, 2)]
        post.fake.inbox.clear()
        post.fake.odd.append(errcode)
        caplog.clear()
        assert post.tick()
        assert ([state for _, state in post.states()], waits(post)) == (states, waiting), errcode
        assert post.world.rows("SELECT errcode FROM messages ORDER BY id")[0] == (errcode,)
        assert post.told() == [(f"o-{errcode}-2", WON)] * states.count("sent")
        assert (str(errcode) in caplog.text) == (errcode in (47003, 40037, 41030))
        for phone in phones:
            assert phone.delete("me").status_code == 204


@on_one_database
def test_what_cannot_be_sent_now_waits_longer_each_time_and_is_sent_in_the_end(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.publish()
    post.winner(ANNA)
    for minutes in (1, 2, 4):
        post.fake.odd.append(-1)
        assert post.tick()
        assert waits(post) == [minutes * MINUTE]
        clock.shift(minutes * MINUTE - timedelta(milliseconds=1))
        assert post.tick()
        clock.shift(timedelta(milliseconds=1))
    assert post.sends == 3
    assert post.tick()
    assert post.told() == [(ANNA, WON)]


@on_one_database
def test_an_old_win_is_no_news(post: Post) -> None:
    post.publish()
    post.winner(ANNA)
    post.winner(BERTA)
    post.clock.shift(timedelta(days=2) - timedelta(milliseconds=1))  # two days after Anna's
    assert post.tick()
    assert post.states() == [("won", "late"), ("won", "sent")]
    assert post.told() == [(BERTA, WON)]


@on_one_database
def test_a_fault_of_the_settings_is_said_once(
    post: Post, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    post.publish()
    post.winner(ANNA)
    for _ in range(3):
        post.fake.odd.append(40037)
        assert post.tick()
        clock.shift(HOUR)
    assert post.sends == 3
    assert caplog.text.count("errcode=40037") == 1
    assert post.tick()
    assert post.told() == [(ANNA, WON)]


@on_one_database
def test_a_stale_token_is_replaced_once_and_the_message_sent_again(post: Post) -> None:
    post.publish()
    for n, errcode in enumerate((40001, 40014, 42001), start=1):
        post.winner(f"o-{errcode}")
        post.fake.odd.append(errcode)
        assert post.tick()
        assert (post.sends, post.fake.count(TOKEN_PATH)) == (2 * n, 1 + n)
        assert len(post.told()) == n
    post.winner(ANNA)
    post.fake.odd.extend([40001] * 50)
    assert post.tick()
    assert (post.sends, post.fake.count(TOKEN_PATH)) == (8, 5)  # and not 50 times
    assert waits(post)[-1] == MINUTE


@on_one_database
def test_a_token_that_somebody_replaced_early_costs_one_more_call(post: Post) -> None:
    post.publish()
    post.winner(ANNA)
    post.tick()
    post.fake.replace_token()
    for name in (BERTA, "o-carla"):
        post.winner(name)
    post.tick()
    assert post.told() == [(ANNA, WON), (BERTA, WON), ("o-carla", WON)]
    assert post.fake.count(TOKEN_PATH) == 2


UNCLEAR: dict[str, str | Answer] = {
    "cut": CUT,
    "slow": SLOW,
    "no JSON": Answer(b"<html>busy</html>"),
    "a list": Answer(b"[0]"),
    "no errcode": Answer(b'{"msgid": 1}'),
    "an odd errcode": Answer(b'{"errcode": "0"}'),
    "502": Answer(b'{"errcode": 0}', 502),
}


@on_one_database
def test_what_may_have_been_sent_is_not_sent_again(post: Post) -> None:
    post.publish()
    for name, odd in UNCLEAR.items():
        post.winner(name)
        post.fake.subscribe(name, WON)  # a second one would get through
        post.fake.odd.append(odd)
        post.wait_for(0.4 if odd == SLOW else 30)
        assert post.tick()
        assert post.states()[-1] == ("won", "lost"), name
    for _ in range(2):
        post.clock.shift(HOUR)
        assert post.tick()
    assert post.sends == len(UNCLEAR)
    assert post.told() == [("cut", WON), ("slow", WON)]


@on_one_database
def test_a_wechat_that_is_down_was_not_asked_and_is_asked_later(post: Post, clock: time_machine.Traveller) -> None:
    post.publish()
    post.winner(ANNA)
    client = post.client
    reachable = client.http.base_url
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        client.http.base_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert post.tick()  # no token
        client.http.base_url = reachable
        clock.shift(MINUTE)
        post.fake.odd.append(-1)
        assert post.tick()  # now there is a token
        client.http.base_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        clock.shift(2 * MINUTE)
        assert post.tick()
    client.http.base_url = reachable
    assert post.states() == [("won", "waiting")]
    clock.shift(HOUR)
    assert post.tick()
    assert post.told() == [(ANNA, WON)]


@on_one_database
def test_after_a_crash_between_sending_and_storing_it_is_not_sent_again(
    post: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.publish()
    post.winner(ANNA)
    post.fake.subscribe(ANNA, WON)
    with monkeypatch.context() as patch:
        patch.setattr(messages, "settle", None)
        assert not post.tick()
    assert (post.told(), post.states()) == ([(ANNA, WON)], [("won", "sending")])
    for state in ("sending", "lost"):
        assert post.tick()
        assert post.states() == [("won", state)]
        clock.shift(timedelta(minutes=10))
    assert post.told() == [(ANNA, WON)]


def test_two_who_send_at_once_send_each_message_once(post: Post) -> None:
    post.publish()
    names = [f"o-{n}" for n in range(6)]
    for name in names:
        post.winner(name)
        post.fake.subscribe(name, WON)  # a second one would get through
    post.fake.seconds = 0.02

    def send() -> list[str]:
        with post.world.app.app_context():
            return notices.send_waiting()

    at_once(*[send] * 3)
    assert sorted(post.told()) == sorted((name, WON) for name in names)


@on_one_database
def test_a_slow_wechat_holds_tick_up_no_longer_than_it_may(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BUDGET_SECONDS", 0.2)
    post.publish()
    for n in range(6):
        post.winner(f"o-{n}")
    post.fake.seconds = 0.11
    assert post.tick()
    assert 1 <= post.sends <= 2
    post.fake.seconds = 0
    for _ in range(3):
        assert post.tick()
    assert len(post.told()) == 6


@on_one_database
def test_no_transaction_is_open_while_wechat_is_asked(post: Post) -> None:
    post.publish()
    post.winner(ANNA)
    with post.world.app.app_context():
        pool: Any = db.engine.pool
    in_use: list[int] = []
    post.fake.witness = lambda: in_use.append(pool.checkedout())
    assert post.tick()
    assert in_use == [0, 0]


# --- the reminder -----------------------------------------------------------------------------------------------------


def test_an_award_that_expires_soon_is_told_once_three_days_before(post: Post, clock: time_machine.Traveller) -> None:
    post.publish()
    later = {"rules": {"claim_until": CLAIM_UNTIL + MINUTE}}
    post.publish(slug="other", title="别的活动", **later)
    anna = post.citizen(ANNA, subscribed=(EXPIRING,) * 2)
    fetched = win(post.citizen(BERTA, subscribed=(EXPIRING,)))
    win(anna)
    win(anna, "other")
    win(post.phone("o-carla"))
    clock.move_to(SOON - MINUTE)
    assert post.tick()
    assert post.told() == []
    post.world.staff.clear()
    scan = post.world.desk().put("redemptions/00000000-0000-4000-8000-000000000001", json={"code": fetched})
    assert scan.status_code == 200
    clock.move_to(SOON)
    assert [post.tick(), post.tick()] == [True, True]
    (told,) = post.fake.inbox
    assert (told.openid, told.template) == (ANNA, EXPIRING)
    assert told.data["date6"] == "2027年1月15日 09:59"
    assert told.data["thing7"] == notices.NOTE
    clock.shift(MINUTE)
    assert post.tick()
    assert post.told() == [(ANNA, EXPIRING)] * 2
    clock.move_to(CLAIM_UNTIL - HOUR)
    assert post.tick()
    assert len(post.told()) == 2


@on_one_database
def test_nobody_is_reminded_of_a_coupon_or_of_what_has_expired(post: Post, clock: time_machine.Traveller) -> None:
    post.world.publish(round=[box(cards=2, prizes={"credit": 2})])
    post.publish(slug="other", title="别的活动")
    win(post.citizen(ANNA))
    berta = post.citizen(BERTA)
    win(berta, "other")
    assert post.tick()
    assert [one.data["time3"] for one in post.fake.inbox] == ["2027年3月1日 09:59", "2027年1月15日 09:59"]
    clock.move_to(SOON)
    with post.world.app.app_context(), transaction():
        notices.prepare(now=utcnow())
    assert [kind for kind, _ in post.states()] == ["expiring"]  # a month after its news, a message is deleted
    clock.move_to(CLAIM_UNTIL)
    assert post.tick()
    assert [template for _, template in post.told()] == [WON, WON]
    assert post.states() == [("expiring", "late")]


@on_one_database
def test_all_are_reminded_however_many_there_are(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "REMINDED_AT_ONCE", 1)
    post.publish()
    names = ["o-1", "o-2", "o-3"]
    for name in names:
        post.winner(name, subscribed=(EXPIRING,))
    post.clock.move_to(SOON)
    for _ in names:
        assert post.tick()
    assert sorted(post.told()) == [(name, EXPIRING) for name in names]


# --- what it costs, and what gets out ---------------------------------------------------------------------------------


def test_a_win_costs_one_statement_more_and_a_miss_none(post: Post, statements: list[str]) -> None:
    post.publish(round=[box(cards=1, prizes={"tissue": 1}, days=(-1, 1)), box(cards=9, prizes={}, days=(1, 29))])
    anna, berta = post.citizen(ANNA), post.citizen(BERTA)
    tickets = anna.earn_ticket(), berta.earn_ticket()
    statements.clear()
    assert anna.draw(tickets[0]).get_json()["outcome"] == "won"
    assert len([one for one in statements if "message" in one]) == 1
    statements.clear()
    assert berta.draw(tickets[1]).status_code == 409
    berta.hand_in(berta.deal())
    assert not [one for one in statements if "message" in one]


@on_one_database
def test_no_openid_token_or_secret_gets_out(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, through everything that can go wrong; and no table holds one that opens without a key."""
    post.publish()
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for number, odd in enumerate([None, 40001, 43101, 40037, CUT, Answer(b"<html>", 502)]):
            phone = post.winner(f"openid-number-{number}")
            said += [phone.get(path).get_data(as_text=True) for path in ("me", "campaigns/play", "campaigns/play/me")]
            post.fake.odd.extend([] if odd is None else [odd])
            post.tick()
        post.fake.slow = True
        post.wait_for(0.4)
        post.say(phone, False)
        answer = phone.put("me/consents/messages", json={"version": "v", "granted": True, "code": "code-that-hangs"})
        assert answer.status_code == 503
        said.append(answer.get_data(as_text=True))
    tables = "".join(repr(post.world.rows(f'SELECT * FROM "{table.name}"')) for table in metadata.sorted_tables)
    shown = caplog.text + "".join(said) + tables
    assert len(post.fake.secrets) > 10
    assert [secret for secret in post.fake.secrets if secret in shown] == []
