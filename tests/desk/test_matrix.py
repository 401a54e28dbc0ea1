"""Who may open what: every role at every page, against a table that is written here by hand."""

from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from quizsvc.accounts import service as accounts
from quizsvc.backoffice.desk.access import GROUPS, PAGES
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.regions import service as regions
from tests.desk.browser import Browser, at_desk
from tests.world import PASSWORD, World

EVERYBODY = "clerk operator auditor partner"
# Endpoint -> the roles that may open it; "*": also who is not signed in. By hand: not read from the code.
MAY_OPEN = {
    "files.get_file": "*",
    "doors.show_sign_in": "*",
    "doors.sign_in": "*",
    "doors.sign_out": "*",
    "today.show_today": EVERYBODY,
    "redemption.show_redemption": "clerk",
    "redemption.look_up": "clerk",
    "redemption.show_register": "clerk",
    "redemption.show_done": "clerk",
    "redemption.hand_over": "clerk",
    "redemption.ask_undo": "clerk operator",
    "redemption.undo": "clerk operator",
    "receipt.show_receipt": "operator auditor",
    "receipt.find": "operator auditor",
    "audit.show_audit": "operator auditor",
    "audit.export": "operator auditor",
    # campaigns
    "campaigns.list_campaigns": "operator auditor",
    "campaigns.show_campaign": "operator auditor",
    "campaigns.get_file": "operator auditor",
    "campaigns.show_act": "operator",
    "campaigns.do_act": "operator",
    "drafting.show_new": "operator",
    "drafting.draft_new": "operator",
    "drafting.show_upload": "operator",
    "drafting.upload": "operator",
    "drafting.show_edit": "operator",
    "drafting.edit": "operator",
    "drafting.show_amend": "operator",
    "drafting.amend": "operator",
    "questions.list_questions": "operator auditor",
    "questions.show_question": "operator auditor",
    "questions.download": "operator auditor",
    "questions.show_state": "operator",
    "questions.set_state": "operator",
    "question_form.show_form": "operator",
    "question_form.compose": "operator",
    "questions.show_upload": "operator",
    "questions.preview": "operator",
    "questions.load": "operator",
    "boxes.list_rounds": "operator auditor",
    "boxes.show_round": "operator auditor",
    "boxes.enter_beacon": "operator",
    "boxes.get_bundle": "operator auditor",
    "boxes.show_closing": "operator",
    "boxes.close_round": "operator",
    "winners.list_awards": "operator auditor",
    "winners.export": "operator auditor",
    "winners.show_void": "operator",
    "winners.void": "operator",
    "winners.list_blocks": "operator auditor",
    "winners.block": "operator",
    "winners.show_lift": "operator",
    "winners.lift": "operator",
    "coupon_lists.show_coupons": "operator auditor",
    "coupon_lists.preview": "operator",
    "coupon_lists.load": "operator",
    # people, what they report, what they hand out
    "volunteers.show_list": "clerk operator auditor",
    "volunteers.show_one": "clerk operator auditor",
    "volunteers.load_list": "operator",
    "volunteers.take_list": "operator",
    "volunteers.assign": "operator",
    "volunteers.end": "operator",
    "volunteers.leave": "operator",
    "invitations.invite": "operator",
    "invitations.invite_openly": "operator",
    "held.show_waiting": "clerk operator auditor",
    "held.decide": "clerk operator",
    "tallies.show_list": "clerk operator auditor",
    "tallies.show_one": "clerk operator auditor",
    "tallies.void": "clerk operator",
    "paper.enter": "clerk operator",
    "paper.load": "clerk operator",
    "stock.show_list": "clerk operator auditor",
    "stocktake.take": "clerk operator",
    "movements.show_list": "clerk operator auditor",
    "movements.show_form": "clerk operator",
    "movements.post": "clerk operator",
    "movements.reverse": "clerk operator",
    "books.show_books": "clerk operator auditor",
    # figures, bulletins, cases, the partner's page, staff
    "reach.show_figures": "clerk operator auditor",
    "reach.export_figures": "clerk operator auditor",
    "bulletins.list_bulletins": "operator auditor",
    "bulletins.make_bulletin": "operator",
    "bulletins.show_bulletin": "operator auditor",
    "bulletins.export_bulletin": "operator auditor",
    "cases.show_cases": "operator auditor",
    "cases.show_revisions": "operator auditor",
    "cases.show_upload": "operator",
    "cases.preview": "operator",
    "cases.load": "operator",
    "partner.show_partner": "partner",
    "staff.list_staff": "operator auditor",
    "staff.export_staff": "operator auditor",
    "staff.show_new": "operator",
    "staff.add": "operator",
    "staff.show_member": "operator auditor",
    "staff.grant": "operator",
    "staff.ask_step": "operator",
    "staff.take_step": "operator",
    "password.show_password": EVERYBODY,
    "password.change": EVERYBODY,
    "lost.find_nothing": EVERYBODY,
}
SAMPLE = {"name": "look.css", "rest": "nowhere", "scan_id": UUID(int=1), "slug": "play", "no": 1}
SAMPLE |= {"act": "pause", "code": "loan-001", "award_id": UUID(int=2), "key": "x"}
SAMPLE |= {"held_id": UUID(int=2), "tally_id": UUID(int=3), "movement_id": UUID(int=4)}
SAMPLE |= {"chart": "papers", "form": "csv", "snapshot_id": UUID(int=1), "region": "s1", "month": "2026-08"}
SAMPLE |= {"member_id": UUID(int=1), "step": "reset"}


def desk_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/desk")]


def test_every_address_of_the_desk_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    there = {rule.endpoint.removeprefix("desk."): rule.rule for rule in desk_rules(app)}
    assert there == {endpoint: f"/desk{page.path}" for endpoint, page in PAGES.items()}
    assert set(there) == set(MAY_OPEN)
    assert {page.group for page in PAGES.values()} <= {None, *GROUPS}


def test_an_address_that_is_not_in_the_table_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = at_desk(world, "operator")
    monkeypatch.delitem(PAGES, "today.show_today")
    assert browser.open("/desk/").status_code == 403


@pytest.fixture
def office(world: World) -> World:
    """One member for each role, and a campaign."""
    with transaction():
        street = regions.get_region("s1")
        granter = accounts.get_staff("operator")
        accounts.add_staff("partner", password=PASSWORD, role="partner", region=street, granter=granter, now=utcnow())
    world.publish()
    return world


def entered(world: World, role: str) -> tuple[Browser, str, str]:
    """Somebody with a role, or nobody, before the sign-in form: the form's token, and the cookie."""
    browser = at_desk(world, role) if role else Browser(world)
    browser.open("/desk/sign-in")
    cookie = browser.http.get_cookie("quizsvc_desk", path="/desk")
    assert cookie is not None
    return browser, browser.token(), cookie.value


@pytest.mark.parametrize("role", ["", "clerk", "operator", "auditor", "partner"])
def test_each_role_opens_its_pages_and_no_others(office: World, app: Flask, role: str) -> None:
    """An open page answers with anything but a way to the doors (303 to signing in) or 403."""
    wrong = []
    browser, token, cookie = entered(office, role)
    for rule in desk_rules(app):
        endpoint = rule.endpoint.removeprefix("desk.")
        expected = MAY_OPEN[endpoint] == "*" or role in MAY_OPEN[endpoint].split()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            browser.http.set_cookie("quizsvc_desk", cookie, path="/desk")  # whatever the page before made of it
            values = {name: SAMPLE[name] for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
            answer = browser.open(address, method, data={"csrf_token": token} if method == "POST" else None)
            to_the_doors = answer.status_code == 303 and answer.location.startswith("/desk/sign-in")
            turned_away = answer.status_code == 403 or (to_the_doors and endpoint != "doors.sign_out")
            if turned_away == expected or answer.status_code >= 500:
                wrong.append((method, endpoint, answer.status_code))
        if endpoint == "doors.sign_out":  # the cookie is good for nothing any more
            browser, token, cookie = entered(office, role)
    assert wrong == []


@pytest.mark.parametrize("role", ["clerk", "operator", "auditor", "partner"])
def test_the_menu_lists_only_what_one_may_open(office: World, role: str) -> None:
    browser = at_desk(office, role)
    listed = {entry.split('"')[1] for entry in browser.page.split("<li><a href=")[1:]}
    allowed = {f"/desk{PAGES[endpoint].path}" for endpoint, may in MAY_OPEN.items() if role in may.split()}
    assert "/desk/" in listed
    assert listed <= allowed


# --- what every answer carries ----------------------------------------------------------------------------------------


def test_every_page_is_kept_by_nobody_and_loads_from_nowhere_else(office: World) -> None:
    browser = at_desk(office, "operator")
    for path in ("/desk/", "/desk/sign-in", "/desk/nowhere"):
        answer = browser.open(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
        assert "style=" not in browser.page
        assert "<style" not in browser.page
        assert " on" not in "".join(part for part in browser.page.split("<")[1:] if part.startswith("body"))
    api = office.phone().get("campaigns")
    assert "Set-Cookie" not in api.headers


def test_what_goes_wrong_is_said_on_a_page_in_chinese(
    office: World, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    browser = at_desk(office, "clerk")
    assert browser.open("/desk/nowhere").status_code == 404
    assert "没有这个页面" in browser.text()

    def fall(**_values: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setitem(app.view_functions, "desk.today.show_today", fall)
    assert browser.open("/desk/").status_code == 500
    assert "系统出错" in browser.text()
    assert "secret detail" not in browser.page
    assert office.phone().get("/desknowhere").get_json()["errcode"] == "http.not_found"


def test_a_character_that_no_database_keeps_is_refused_everywhere(office: World) -> None:
    browser = at_desk(office, "operator")
    for path in (
        "/desk/audit?subject=%00",
        "/desk/audit?cursor=a%00",
        "/desk/static/%00",
        "/desk/%00",
        "/desk/audit?%00=1",
    ):
        assert browser.open(path).status_code == 400, path
    browser.open("/desk/receipt")
    assert browser.send("/desk/receipt", word="a\x00").status_code == 400


def test_files_are_served_and_nothing_beside_them(office: World) -> None:
    browser = Browser(office)
    for name in ("look.css", "desk.css"):
        answer = browser.open(f"/desk/static/{name}")
        assert (answer.status_code, answer.mimetype) == (200, "text/css")
    for name in ("../pages.py", "..%2fpages.py", "nothing.css"):
        assert browser.open(f"/desk/static/{name}").status_code in (303, 404)
