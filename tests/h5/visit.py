"""What a person does with the page, and what the tests know of the bank."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, ViewportSize, expect

from quizsvc.kit.files import shipped

PLAIN = "phone.test"
PHONE: ViewportSize = {"width": 320, "height": 640}
Json = dict[str, Any]
CUT = """const real = window.fetch;
window.fetch = (what, how) =>
  sessionStorage.cut && String(what.url ?? what).includes("/api/")
    ? Promise.reject(new TypeError("cut off"))
    : real(what, how);"""


@dataclass(frozen=True)
class Bank:
    """The right options' texts by a question's text."""

    right: Mapping[str, frozenset[str]]

    @classmethod
    def shipped(cls) -> "Bank":
        right = {}
        for path in sorted(shipped("questions").glob("*.toml")):
            for one in tomllib.loads(path.read_text(encoding="utf-8"))["question"]:
                right[one["stem"]] = frozenset(one["options"][letter] for letter in one["answer"])
        return cls(right)

    def answers(self, paper: Json) -> Json:
        """All right."""
        answers = [
            {"no": q["no"], "choices": [o["id"] for o in q["options"] if o["text"] in self.right[q["stem"]]]}
            for q in paper["questions"]
        ]
        return {"answers": answers}


def aloud(word: str) -> str:
    """A code as it is read out, in groups of four."""
    return " ".join(word[at : at + 4] for at in range(0, len(word), 4))


def settled(page: Page) -> None:
    """The screen that was asked for is there."""
    expect(page.locator("#screen:not([aria-busy])")).to_be_visible()


def open_screen(page: Page, address: str = "") -> None:
    page.goto(f"/{address}")
    settled(page)


def log_in(page: Page, name: str) -> None:
    page.get_by_label("名字或号码").fill(name)
    page.get_by_role("button", name="登录").click()


def begin(page: Page, name: str) -> None:
    """From the campaign to the first question: log in, agree, choose a community."""
    open_screen(page)
    page.get_by_role("link", name="开始答题").click()
    log_in(page, name)
    page.get_by_role("button", name="同意并继续").click()
    page.get_by_label("查找社区").fill("和平")
    page.get_by_role("button", name="和平社区").click()
    expect(page.locator("legend")).to_be_visible()


def answer_one(page: Page, bank: Bank, *, rightly: bool = True) -> None:
    """Choose for the question that is shown, and go on."""
    right = bank.right[page.locator("legend").inner_text()]
    for option in page.locator("label.option").all():
        if (option.inner_text() in right) == rightly:
            option.click()
    page.locator("#actions button").last.click()


def answer_all(page: Page, bank: Bank, *, left: int = 10) -> None:
    for number in range(left):
        expect(page.get_by_text(f"第 {10 - left + number + 1} 题，共 10 题")).to_be_visible()
        answer_one(page, bank)
    expect(page.get_by_role("heading", name="全部答完了")).to_be_visible()


def tell(
    page: Page,
    *,
    boxes: int = 0,
    leaflets: int = 0,
    people: int = 1,
    setting: str = "住户",
    campaign: str = "",
    when: str = "",
) -> None:
    """Fill in a visit, now and in the first campaign unless told otherwise, and save it."""
    page.get_by_role("link", name="新的上报").click()
    if campaign:
        page.get_by_label("活动").select_option(label=campaign)
    if when:
        page.get_by_label("时间").fill(when)
    page.locator(".settings").get_by_text(setting).click()
    page.get_by_label("人次", exact=True).fill(str(people))
    for _ in range(boxes):
        page.get_by_role("button", name="反诈抽纸加一").click()
    page.get_by_label("反诈宣传单", exact=True).fill(str(leaflets))
    page.get_by_role("button", name="保存并上报").click()
    expect(page.get_by_role("heading", name="志愿者上报")).to_be_visible()


def expect_sent(page: Page) -> None:
    expect(page.get_by_text("没有未发送的上报")).to_be_visible()


def cut_off(page: Page) -> None:
    """Take the network away from a phone that opened its page with CUT."""
    page.context.set_offline(True)
    page.evaluate("sessionStorage.cut = 'yes'")  # Chromium lets requests past a service worker through now and then


def come_back(page: Page) -> list[Json]:
    """The network is there again, and loses the first answer, so that all is sent twice. The answers that were lost."""
    lost: list[Json] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().json())
        return route.abort()

    page.context.route("**/outreach/tallies", lose_the_first)
    page.evaluate("sessionStorage.removeItem('cut')")
    with page.expect_event("requestfailed", lambda one: one.url.endswith("/outreach/tallies")):
        page.context.set_offline(False)  # and it is sent by itself
    page.get_by_role("button", name="现在发送").click()
    expect_sent(page)
    return lost


def barriers(page: Page) -> list[str]:
    """What keeps people out of this screen, of the worst two kinds."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


class Client:
    """A citizen without a page, to bring about what luck would."""

    def __init__(self, http: httpx2.Client, name: str) -> None:
        session = http.post("/api/v1/sessions", json={"code": name}).json()
        self.http, self.headers = http, {"Authorization": f"Bearer {session['token']}"}

    def ask(self, method: str, path: str, json: Json | None = None) -> Any:
        answer = self.http.request(method, f"/api/v1/{path}", json=json, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def play(self, bank: Bank) -> Json:
        """A paper, all right, and its draw."""
        notice = self.ask("GET", "campaigns/demo/privacy")
        self.ask("PUT", "me/consents/privacy", {"version": notice["version"], "granted": True})
        paper = self.ask("POST", "campaigns/demo/papers")
        mark = self.ask("PUT", f"papers/{paper['id']}/answers", bank.answers(paper))
        outcome: Json = self.ask("PUT", f"tickets/{mark['tickets'][0]}/draw")
        return outcome


def win(http: httpx2.Client, bank: Bank, kind: str) -> tuple[str, Json]:
    """Let citizens play until one wins goods or a coupon; who, and what the draw said."""
    for number in range(400):
        name = f"{kind} {number}"
        outcome = Client(http, name).play(bank)
        if outcome["award"] and (outcome["award"]["coupon"] is None) == (kind == "goods"):
            return name, outcome
    raise AssertionError(f"400 draws without {kind}")
