"""A WeChat on loopback, and the service that sends messages through it."""

from collections.abc import Iterator

import pytest
import time_machine

from quizsvc.accounts import messages
from quizsvc.accounts.wechat import WeChat, init_wechat
from quizsvc.embedded import stand_in_log_in
from tests.fake_wechat import FakeWeChat, fake_wechat
from tests.messages import TEMPLATES, Post, settings_for
from tests.world import World


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with fake_wechat() as fake:
        yield fake


@pytest.fixture
def post(world: World, clock: time_machine.Traveller, fake: FakeWeChat) -> Iterator[Post]:
    """The world, with a WeChat in the place of its stand-in."""
    messages._said.clear()
    fake.templates = {one.id: {key for key, _ in one.fields} for one in TEMPLATES.values()}
    client = WeChat(settings_for(fake))
    init_wechat(world.app, client, stand_in=stand_in_log_in)
    yield Post(world, fake, clock, client)
    init_wechat(world.app, None, stand_in=stand_in_log_in)
    client.http.close()
