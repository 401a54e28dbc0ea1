"""What must not get out does not: a campaign is played with known seeds and keys, and all that leaves is searched.

Searched are every response (headers too), everything logged at DEBUG by anybody, every command's output, every value
and command in Redis and every column of every table; for the secret's bytes, hex, base64, decimal and escaped forms.
"""

import base64
import hashlib
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from click.testing import CliRunner
from flask.cli import ScriptInfo
from redis import Redis
from sqlalchemy import event
from werkzeug.test import TestResponse

from quizsvc.backoffice import cli as backoffice_cli
from quizsvc.backoffice.desk.access import PAGES
from quizsvc.kit.db import db, reading
from quizsvc.lottery import cli as lottery_cli
from quizsvc.lottery import rounds, rules
from quizsvc.tables import metadata
from tests.conftest import IDENTITY, SECRET
from tests.desk.browser import Browser
from tests.world import START, Phone, World, box, uuid_of

SEEDS = [hashlib.sha256(f"canary {name}".encode()).digest() for name in ("round 1", "round 2", "closing draw")]
KEYS = [SECRET.encode(), IDENTITY.encode(), hashlib.sha256(b"quizsvc/seal|" + SECRET.encode()).digest()]
END = START + timedelta(days=2)
PLAY: dict[str, Any] = {
    "rules": {"leftovers": "closing-draw", "beacon": "福彩3D 第2026330期", "max_wins": 3},
    "closes_at": END,
    "round": [
        box(cards=4, prizes={"credit": 1, "tissue": 2}, days=(-1, 1)),
        box(cards=9, prizes={"tissue": 4}, days=(1, 2)),
    ],
}


def forms(secret: bytes) -> dict[str, bytes]:
    """The ways in which a secret may be written down. Base64 has three, by where it begins in a longer text."""
    found = {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "decimal": str(int.from_bytes(secret)).encode(),
        "decimal, little-endian": str(int.from_bytes(secret, "little")).encode(),
        "escaped": repr(secret)[2:-1].encode(),
        "list": str(list(secret))[1:-1].encode(),
    }
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)[4 if before else 0 : -4]
        found[f"base64 after {before}"] = text
        found[f"urlsafe base64 after {before}"] = text.translate(bytes.maketrans(b"+/", b"-_"))
    return found


@dataclass
class Net:
    """All that got out: where, to whom, and what."""

    caught: list[tuple[str, str | None, bytes]] = field(default_factory=list)

    def catch(self, where: str, content: bytes | str, *, to: str | None = None) -> None:
        self.caught.append((where, to, content.encode() if isinstance(content, str) else content))

    def find(self, secret: bytes, *, but_to: str | None = None) -> set[str]:
        """Where the secret is found, in any form; what one person may see of the own is left out."""
        needles = forms(secret).values()
        return {
            where
            for where, to, content in self.caught
            if (but_to is None or to != but_to) and any(needle in content for needle in needles)
        }

    def clear(self) -> None:
        self.caught.clear()


@pytest.mark.parametrize("form", forms(b""))
def test_the_search_finds_every_form(form: str) -> None:
    for secret in (*SEEDS, *KEYS):
        net = Net()
        net.catch("here", b"Row (1, '" + forms(secret)[form] + b"')")
        net.catch("elsewhere", b"nothing")
        assert net.find(secret) == {"here"}


class Play:
    """A campaign with known seeds, over HTTP and at the terminal, with the net spread."""

    def __init__(self, world: World, redis: Redis, caplog: pytest.LogCaptureFixture, folder: Path) -> None:
        self.world, self.redis, self.caplog, self.folder, self.net = world, redis, caplog, folder, Net()

    @contextmanager
    def spread(self) -> Iterator[None]:
        """Catch responses and logs from here on, and every command that Redis is sent."""
        ask = Phone.ask

        def heard(phone: Phone, method: str, path: str, **options: Any) -> TestResponse:
            response = ask(phone, method, path, **options)
            said = f"{response.headers}".encode() + response.get_data()
            self.net.catch(f"{method} {path} {response.status_code}", said, to=phone.token)
            return response

        open_page = Browser.open

        def read(browser: Browser, path: str, method: str = "GET", **options: Any) -> TestResponse:
            response = open_page(browser, path, method, **options)
            self.net.catch(f"{method} {path} {response.status_code}", f"{response.headers}".encode() + response.data)
            return response

        given = iter(SEEDS)
        self.redis.config_set("slowlog-log-slower-than", 0)
        self.redis.config_set("slowlog-max-len", 100_000)
        with pytest.MonkeyPatch.context() as patch, self.caplog.at_level(logging.DEBUG):
            for logger in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "redis", "quizsvc", "werkzeug"):
                self.caplog.set_level(logging.DEBUG, logger=logger)
            patch.setattr(Phone, "ask", heard)
            patch.setattr(Browser, "open", read)
            patch.setattr(rounds, "secrets", SimpleNamespace(token_bytes=lambda _length: next(given)))
            yield
        self.redis.config_set("slowlog-log-slower-than", 10_000)

    def command(self, *words: str) -> None:
        """Run a command; whatever it says or raises goes into the net."""
        group = {"lottery": lottery_cli.lottery, "coupons": lottery_cli.coupons, "campaign": backoffice_cli.group}
        obj = ScriptInfo(create_app=lambda: self.world.app)
        result = CliRunner().invoke(group[words[0]], words[1:], obj=obj)
        self.net.catch(f"quizsvc {' '.join(words[:2])}", result.output)
        if result.exc_info is not None:
            self.net.catch(
                f"quizsvc {' '.join(words[:2])}: traceback", "".join(traceback.format_exception(*result.exc_info))
            )

    def look_everywhere(self) -> None:
        """Log, tables and Redis as they are now."""
        self.net.catch("log", self.caplog.text)
        with reading():
            for table in metadata.sorted_tables:
                for row in db.session.execute(table.select()):
                    self.net.catch(f"table {table.name}", b"\n".join(as_bytes(value) for value in row))
        for key in self.redis.scan_iter():
            kind = self.redis.type(key)
            value = self.redis.hgetall(key) if kind == b"hash" else self.redis.get(key)
            self.net.catch("redis", key + b" " + as_bytes(value))
        for entry in self.redis.slowlog_get(100_000):
            self.net.catch("redis command", as_bytes(entry["command"]))

    def read_every_page(self, *phones: Phone) -> None:
        addresses = self.world.app.url_map.bind("localhost")
        values = [{"slug": "play", "no": no, "version": no, "ticket_id": uuid4()} for no in (1, 2, 3, 9)]
        paths = {
            addresses.build(rule.endpoint, {name: one[name] for name in rule.arguments})
            for rule in self.world.app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and "path" not in rule.arguments and not rule.endpoint.startswith("desk.")
            for one in values
        }
        for path in sorted(paths):
            for phone in phones:
                phone.get(path)

    def read_the_desk(self, *aliases: str) -> None:
        """Every page of the desk, by everybody who may open it, and what stands behind these tickets."""
        for name in ("clerk", "operator", "auditor"):
            browser = Browser(self.world)
            assert browser.sign_in(name).status_code == 303
            scans = [uuid_of(scan) for (scan,) in self.world.rows("SELECT id FROM redemptions")] or [uuid4()]
            for page in PAGES.values():
                path = page.path.replace("<uuid:scan_id>", str(scans[0])).replace("<path:", "").replace(">", "")
                browser.open(f"/desk{path}")
            for alias in aliases:
                browser.open("/desk/receipt")
                if 'name="word"' in browser.page:
                    browser.send("/desk/receipt", word=alias)


def as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@contextmanager
def no_table(name: str) -> Iterator[None]:
    """The database refuses every statement that speaks of a table."""

    def spoil(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> tuple[str, Any]:
        return statement.replace(name, f"no_{name}"), parameters

    event.listen(db.engine, "before_cursor_execute", spoil, retval=True)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", spoil)


@pytest.fixture
def play(world: World, redis: Redis, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> Iterator[Play]:
    play = Play(world, redis, caplog, tmp_path)
    with play.spread():
        yield play


def play_a_round(play: Play) -> dict[Phone, dict[str, Any]]:
    """Publish, draw the first box empty, be refused, break; returns what everybody drew."""
    world = play.world
    world.publish(**PLAY)
    play.command("lottery", "beacon", "play", "1", "12345", "--as", "operator")
    phones = [world.citizen() for _ in range(5)]
    tickets = [phone.earn_ticket() for phone in phones]
    with no_table("draws"):
        assert phones[0].draw(tickets[0]).status_code >= 500
    rounds._deck.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "hmac", None)  # breaks where the seed is at hand
        assert phones[0].draw(tickets[0]).status_code == 500
    answers = {phone: phone.draw(ticket).get_json() for phone, ticket in zip(phones[:4], tickets, strict=False)}
    assert sum(answer["prize"] is not None for answer in answers.values()) == 3
    assert phones[4].draw(tickets[4]).get_json()["errcode"] == "lottery.round_empty"
    phones[4].draw(tickets[0])
    phones[0].draw(tickets[0])
    return answers


def tell_the_desk(play: Play, codes: list[str]) -> None:
    """Look up, redeem, be refused, undo."""
    desk, scan = play.world.desk(), str(uuid4())
    desk.post("redemptions/lookup", json={"code": codes[0]})
    desk.put(f"redemptions/{scan}", json={"code": codes[0]})
    for code in (codes[0], "123456789012", "x" * 41):
        play.world.desk("neighbour").put(f"redemptions/{uuid4()}", json={"code": code})
    with no_table("awards"):
        desk.put(f"redemptions/{uuid4()}", json={"code": codes[1]})
        desk.post("redemptions/lookup", json={"code": codes[1]})
    desk.post(f"redemptions/{scan}/undo", json={"reason": "拿错"})


def type_every_command(play: Play) -> None:
    """Every command of a campaign and its boxes; the ones that are not named here are tried with its name alone."""
    sheet = play.folder / "coupons.csv"
    sheet.write_text("code,face_value_fen,expires_at\nwrong;line\n", encoding="utf-8")
    named = {
        "plan": [["play", "--papers-per-day", "9", "--pass-rate", "0.5"]],
        "beacon": [["play", "1", "777", "--as", "operator"], ["play", "1", "777", "--as", "clerk"]],
        "block": [["play", "--citizen", str(uuid4()), "--reason", "x", "--as", "operator"]],
        "void": [["play", "123456789012", "--reason", "x", "--as", "operator"]],
        "reseal": [["--as", "operator"], ["--as", "clerk"]],
        "verify": [["nowhere.json"]],
        "coupons": [["play", "credit", str(sheet), "--as", "operator"]],
    }
    groups = {"lottery": lottery_cli.lottery, "campaign": backoffice_cli.group, "coupons": lottery_cli.coupons}
    for name, group in groups.items():
        for command in group.commands:
            if command not in ("close", "close-round"):
                for words in named.get("coupons" if name == "coupons" else command, [["play", "--as", "operator"]]):
                    play.command(name, command, *words)
    play.command("campaign", "resume", "play", "--as", "operator")


def test_no_seed_gets_out_before_its_round_is_closed(play: Play, clock: time_machine.Traveller) -> None:
    answers = play_a_round(play)
    world, net = play.world, play.net
    codes = [answer["award"]["code"] for answer in answers.values() if answer["award"]]
    tell_the_desk(play, codes)
    play.read_every_page(world.phone(), *answers, world.desk(), world.desk("auditor"))
    aliases = [answer["receipt"]["ticket"] for answer in answers.values()]
    play.read_the_desk(*aliases)
    type_every_command(play)
    with no_table("rounds"):
        clock.shift(timedelta(minutes=1))  # past what is cached
        play.read_every_page(world.phone(), *answers)
        play.read_the_desk(*aliases)
    assert any(where.endswith((" 500", " 503")) for where, _, _ in net.caught)
    play.look_everywhere()
    assert [net.find(secret) for secret in (*SEEDS, *KEYS)] == [set()] * 6
    heard = {where: content for where, _, content in net.caught}
    assert all(word in heard["log"] for word in (b"SELECT", b"Row (", b"Traceback"))  # the log is as deep as it gets
    assert {b"EVALSHA", b"EVAL"} & {
        content.split(b" ")[0].upper() for where, _, content in net.caught if "command" in where
    }
    net.clear()
    play.caplog.clear()

    clock.move_to(START + timedelta(days=1))
    play.command("lottery", "beacon", "play", "2", "54321", "--as", "operator")
    world.tick()
    phone = next(iter(answers))
    assert phone.draw(phone.earn_ticket()).get_json()["receipt"]["round"] == 2
    play.read_every_page(world.phone(), *answers)
    type_every_command(play)
    play.look_everywhere()
    ledger = "GET /api/v1/campaigns/play/rounds/{}/ledger 200"
    assert net.find(SEEDS[0]) == {ledger.format(1)}  # and so the search does find what is there
    assert [net.find(secret) for secret in (*SEEDS[1:], *KEYS)] == [set()] * 5
    net.clear()
    play.caplog.clear()

    clock.move_to(END)
    world.tick()
    play.read_every_page(world.phone(), *answers)
    play.look_everywhere()
    assert net.find(SEEDS[1]) == {ledger.format(2)}
    assert net.find(SEEDS[2]) == set()
    play.command("lottery", "beacon", "play", "3", "888", "--as", "operator")
    clock.shift(timedelta(minutes=2))
    play.read_every_page(world.phone(), *answers)
    play.look_everywhere()
    assert net.find(SEEDS[2]) == {ledger.format(3)}
    assert [net.find(secret) for secret in KEYS] == [set()] * 3


def test_award_and_coupon_codes_reach_their_winner_alone(play: Play, clock: time_machine.Traveller) -> None:
    answers = play_a_round(play)
    won = {phone: answer["award"] for phone, answer in answers.items() if answer["award"]}
    tell_the_desk(play, [award["code"] for award in won.values()])
    everybody = (play.world.phone(), *answers, play.world.desk(), play.world.desk("auditor"))
    play.read_every_page(*everybody)
    type_every_command(play)
    clock.move_to(START + timedelta(days=1))
    play.world.tick()
    play.read_every_page(*everybody)
    play.read_the_desk(*(answer["receipt"]["ticket"] for answer in answers.values()))
    play.look_everywhere()
    assert sum(award["coupon"] is not None for award in won.values()) == 1
    for phone, award in won.items():
        for secret in (award["code"], award["coupon"]["code"] if award["coupon"] else award["code"]):
            assert play.net.find(secret.encode(), but_to=phone.token) == set()
            own = play.net.find(secret.encode())
            assert {"GET /api/v1/me/awards 200", "GET /api/v1/me 200"} <= own
