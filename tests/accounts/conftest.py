"""A WeChat on loopback, and the service that sends messages through it."""

from collections.abc import Iterator

import pytest

from quizsvc.accounts import messages, wechat
from tests.fake_wechat import FakeWeChat, fake_wechat
from tests.messages import TEMPLATES, Post, service, settings_for
from tests.world import World


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    with fake_wechat() as fake:
        yield fake


@pytest.fixture
def post(world: World, redis_url: str, fake: FakeWeChat, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """On the world's database: its people, its bank."""
    monkeypatch.setattr(wechat, "TIMEOUT_SECONDS", 0.4)
    messages._said.clear()
    fake.templates = {one.id: {key for key, _ in one.fields} for one in TEMPLATES.values()}
    url = world.app.config["SQLALCHEMY_DATABASE_URI"]
    with service(url, redis_url, settings_for(fake)) as app:
        yield Post(World(app), fake)
