"""A campaign whose winners are told by message: the service before a WeChat on loopback, and what tick does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx2
import time_machine
from flask import Flask

from quizsvc import commands
from quizsvc.accounts import wechat
from quizsvc.accounts.wechat import WeChat
from quizsvc.app import create_app
from quizsvc.kit.db import db
from quizsvc.settings import Settings, Template, WeChatSettings
from tests.conftest import IDENTITY, SECRET
from tests.fake_wechat import APPID, APPSECRET, SEND_PATH, FakeWeChat
from tests.world import START, Phone, World, box

WON, EXPIRING = "tpl-won", "tpl-expiring"
TEMPLATES = {
    "won": Template(WON),
    "expiring": Template(EXPIRING, (("thing5", "prize"), ("date6", "until"), ("thing7", "note"))),
}
ALL_WIN = [box(cards=40, prizes={"tissue": 40})]
CLAIM_UNTIL = START + timedelta(days=45)
PRIZE = "反诈抽纸 三层加厚 一整箱二十四包 送货上门"


@dataclass
class Post:
    """A world whose phones log in through WeChat, and whose tick sends what waits."""

    world: World
    fake: FakeWeChat
    clock: time_machine.Traveller
    client: WeChat

    def publish(self, **changes: Any) -> str:
        """A campaign in which every card wins."""
        prizes = [{"code": "tissue", "name": PRIZE, "value_fen": 800, "kind": "goods"}]
        return self.world.publish(**{"round": ALL_WIN, "prize": prizes} | changes)

    def phone(self, openid: str) -> Phone:
        """Somebody who is logged in and takes part. No two come at once: messages go out in order of time."""
        self.clock.shift(timedelta(milliseconds=1))
        phone = Phone(self.world.app)
        phone.token = phone.post("sessions", json={"code": self.fake.code_for(openid)}).get_json()["token"]
        self.say(phone, True, purpose="privacy")
        return phone

    def citizen(self, openid: str, *, subscribed: tuple[str, ...] = (WON, EXPIRING)) -> Phone:
        """Somebody who agreed to messages, here and at WeChat."""
        phone = self.phone(openid)
        self.say(phone, True, code=self.fake.code_for(openid))
        for template in subscribed:
            self.fake.subscribe(openid, template)
        return phone

    def say(self, phone: Phone, granted: bool, *, purpose: str = "messages", slug: str = "play", **more: str) -> int:
        """A yes or a no under a campaign's notice as it reads now."""
        version = phone.get(f"campaigns/{slug}/privacy").get_json()["version"]
        word = {"version": version, "granted": granted, **more}
        return phone.put(f"me/consents/{purpose}", json=word).status_code

    def winner(self, openid: str, **options: Any) -> Phone:
        """Somebody who agreed to messages and won."""
        phone = self.citizen(openid, **options)
        win(phone)
        return phone

    def tick(self) -> bool:
        """Everything that must happen by itself."""
        with self.world.app.app_context():
            return commands.tick()

    def wait_for(self, seconds: float) -> None:
        """Wait for WeChat so long and no longer: a machine that runs many tests at once is slow."""
        self.client.http.timeout = httpx2.Timeout(seconds)

    def states(self) -> list[tuple[str, str]]:
        """What became of the messages, by kind, in the order in which they were queued."""
        return [(kind, state) for kind, state in self.world.rows("SELECT kind, state FROM messages ORDER BY id")]

    @property
    def sends(self) -> int:
        """How often WeChat was asked to send one."""
        return self.fake.count(SEND_PATH)

    def told(self) -> list[tuple[str, str]]:
        """What lies on people's phones."""
        return [(one.openid, one.template) for one in self.fake.inbox]


def win(phone: Phone, slug: str = "play") -> str:
    """Draw a card, all of which win; returns the award's code."""
    answer = phone.draw(phone.earn_ticket(slug)).get_json()
    assert answer["outcome"] == "won"
    return str(answer["award"]["code"])


@contextmanager
def service(
    url: str, redis_url: str, settings: WeChatSettings, *, secrets: tuple[str, ...] = (SECRET,)
) -> Iterator[Flask]:
    """The service before a WeChat, on a database that others use, too."""
    app = create_app(Settings(url, redis_url, secrets, IDENTITY, wechat=settings))
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        app.extensions[wechat.EXTENSION].__self__.http.close()


def settings_for(fake: FakeWeChat, **changes: Any) -> WeChatSettings:
    """A mini-program that sends both kinds of messages."""
    mini = WeChatSettings(APPID, APPSECRET, api_base=fake.url, templates=TEMPLATES, page="pages/prizes/prizes")
    return replace(mini, **changes)
