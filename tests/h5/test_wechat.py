"""Log-in by WeChat's web authorisation, the whole way: a real browser, the service, and a WeChat on loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from quizsvc.kit import migrate
from quizsvc.kit.db import db
from quizsvc.settings import WeChatSettings
from tests.desk.test_browser import served
from tests.fake_wechat import APPID, APPSECRET, FakeWeChat, fake_wechat
from tests.h5.conftest import MakePage
from tests.h5.visit import PLAIN, open_screen
from tests.messages import service
from tests.world import Phone

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("h5"), pytest.mark.timeout(300)]
AGENT = "Mozilla/5.0 MicroMessenger/8.0"
ASKED = "https://open.weixin.qq.com/connect/oauth2/authorize"


@dataclass
class Site:
    """The service as a phone finds it, and the addresses at WeChat that phones were sent to."""

    port: int
    phone: Phone
    fake: FakeWeChat
    asked: list[str] = field(default_factory=list)

    def leave(self, page: Page, *, openid: str | None = None, state: str | None = None) -> None:
        """Go to WeChat from the own page and come back: with a code, or without one; with another state if told so."""

        def authorise(route: Route) -> None:
            self.asked.append(route.request.url)
            back = self.fake.authorise(route.request.url, openid=openid)
            if back is None:
                return route.fulfill(status=200, content_type="text/html; charset=utf-8", body="redirect_uri 参数错误")
            if state is not None:
                back = back.replace(parse_qs(urlsplit(back).query)["state"][0], state)
            return route.fulfill(status=302, headers={"Location": back})

        page.context.route("https://open.weixin.qq.com/**", authorise)
        page.get_by_role("button", name="用微信登录").click()

    def exchanged(self) -> int:
        """How many codes were sent to WeChat."""
        return self.fake.count("/sns/oauth2/access_token")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Site]:
    with fake_wechat() as fake:
        url = f"sqlite:///{tmp_path_factory.mktemp('web') / 'web.db'}"
        wanted = WeChatSettings(APPID, APPSECRET, "web", api_base=fake.url)
        with service(url, redis_url, wanted) as app:
            with app.app_context():
                migrate.upgrade(db.engine)
            with served(app) as address:
                yield Site(urlsplit(address).port or 0, Phone(app), fake)


@pytest.fixture
def site(home: Site) -> Site:
    """As if nobody had been there."""
    home.fake.paths.clear()
    home.asked.clear()
    home.fake.spoken = None
    return home


def session_of(page: Page) -> str | None:
    token: str | None = page.evaluate("JSON.parse(localStorage.getItem('quizsvc.me.session'))?.token ?? null")
    return token


def test_wechat_logs_in_whom_its_code_was_given_to(site: Site, phone: MakePage) -> None:
    page = phone(site, user_agent=AGENT)
    open_screen(page, "#/me")
    site.leave(page, openid="o-web")
    expect(page.get_by_role("heading", name="我的信息")).to_be_visible()
    assert page.url == f"http://127.0.0.1:{site.port}/#/me"
    (address,) = site.asked
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{ASKED}?appid=")  # WeChat wants its parameters in this order
    assert list(asked) == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert asked["redirect_uri"] == f"http://127.0.0.1:{site.port}/"
    assert len(asked["state"]) == 32
    page.go_back()
    page.reload()
    assert site.exchanged() == 1  # the code is in no address that could be opened again
    own = Phone(site.phone.app, token=session_of(page)).get("me").get_json()
    code = site.fake.code_for("o-web")
    again = site.phone.post("sessions", json={"code": code}).get_json()
    assert again["citizen"]["id"] == own["citizen"]["id"]


def test_what_goes_wrong_is_said_in_chinese_and_logs_nobody_in(site: Site, phone: MakePage) -> None:
    page = phone(site, user_agent=AGENT)
    alert = page.get_by_role("alert")
    open_screen(page, "#/me")
    site.leave(page, openid=None)
    expect(alert).to_have_text("您没有同意微信登录。不登录也可以浏览活动内容。")
    site.leave(page, openid="o-other", state="f" * 32)
    expect(alert).to_contain_text("不是从本页发起的")
    assert site.exchanged() == 0
    for errcode, words in ((40163, "登录凭证无效或已用过，请重新登录"), (-1, "暂时不可用")):
        site.fake.refuse(errcode)
        site.leave(page, openid="o-other")
        expect(alert).to_contain_text(words)
        assert "code=" not in page.url
    assert session_of(page) is None
    site.fake.spoken = None
    site.leave(page, openid="o-other")  # and the next try is as good as the first
    expect(page.get_by_role("heading", name="我的信息")).to_be_visible()
    assert page.get_by_role("alert").get_by_text("暂时不可用").count() == 0  # said once


def test_a_host_that_the_office_did_not_register_gets_no_code(site: Site, phone: MakePage) -> None:
    page = phone(site, host=PLAIN, user_agent=AGENT)
    open_screen(page, "#/login/https%3A%2F%2Fevil.example")
    site.leave(page, openid="o-web")
    expect(page.get_by_text("redirect_uri 参数错误")).to_be_visible()
    (address,) = site.asked
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [f"http://{PLAIN}:{site.port}/"]
    assert site.exchanged() == 0


def test_outside_wechat_it_says_where_to_open_the_page(site: Site, phone: MakePage) -> None:
    page = phone(site)
    open_screen(page, "#/me")
    expect(page.get_by_role("heading", name="请在微信中打开")).to_be_visible()
    assert site.asked == []
