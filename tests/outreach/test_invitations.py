"""Invitations: one log-in each or so many, shown once, said aloud, the same answer however often."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from quizsvc.accounts import rules
from quizsvc.accounts import service as accounts
from quizsvc.kit import aloud
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.outreach import roster
from quizsvc.regions import service as regions
from tests.outreach.place import enrol, id_of, invitation, volunteer
from tests.world import COMMUNITY, START, STREET, Phone, World, at_once

TURNS = pytest.mark.parametrize("turn", range(3))
CROWD = 20


def accept(phone: Phone, code: str, name: str | None = "张三") -> TestResponse:
    """From a phone of its own, so that many can at once."""
    said = {"invitation": code} | ({} if name is None else {"name": name})
    return Phone(phone.app, token=phone.token).post("volunteers", json=said)


def refused(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["errcode"]


def open_invitation(region: str = COMMUNITY, *, uses: int = 5, days: int = 10, kind: str = "grid-worker") -> str:
    with transaction():
        by, home = accounts.get_staff("second"), regions.get_region(region)
        return roster.invite_openly(home, kind=kind, uses=uses, days=days, by=by, now=utcnow())


def roles(world: World, code: str) -> Any:
    return world.phone().post("sessions", json={"code": code}).get_json()["citizen"]["roles"]


NOT_GOOD = (404, "accounts.invitation_refused")


# --- one's own --------------------------------------------------------------------------------------------------------


def test_a_personal_invitation_makes_the_log_in_the_volunteers(world: World) -> None:
    enrol("v2")
    enrol("v1", kind="building-head", name="李四")
    phone = world.citizen("anna", consents_to=None)
    assert (roles(world, "anna"), phone.get("outreach/me").status_code) == (["citizen"], 403)
    answer = accept(phone, invitation("v1"), name="something else")
    told = {"id": str(id_of("v1")), "code": "v1", "name": "李四", "kind": "building-head", "region": COMMUNITY}
    assert (answer.status_code, answer.get_json()) == (201, told)
    assert roles(world, "anna") == ["citizen", "volunteer"]
    assert roles(world, "berta") == ["citizen"]
    assert phone.get("outreach/me").get_json()["volunteer"]["code"] == "v1"
    entry = {"code": "v1", "name": "李四", "kind": "building-head", "left_at": None}
    assert phone.get("me").get_json()["volunteer"] == entry
    assert world.citizen("berta", consents_to=None).get("me").get_json()["volunteer"] is None
    assert world.rows("SELECT code FROM volunteers WHERE bound_at IS NOT NULL") == [("v1",)]
    assert world.rows("SELECT subject FROM audit WHERE act = 'volunteer.bind'") == [("v1",)]


def test_the_same_log_in_hears_the_first_answer_also_after_expiry(world: World, clock: time_machine.Traveller) -> None:
    enrol()
    code = invitation()
    first = accept(world.citizen("anna", consents_to=None), code)
    clock.shift(timedelta(days=400))
    again = accept(world.citizen("anna", consents_to=None), code, name=None)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_data() == first.get_data()
    assert world.count("audit", "act = 'volunteer.bind'") == 1
    assert world.rows("SELECT uses_left FROM invitations") == [(0,)]


def test_a_used_an_expired_and_an_unknown_code_are_refused_alike(world: World, clock: time_machine.Traveller) -> None:
    for code in ("v1", "v2"):
        enrol(code)
    used, expiring = invitation("v1"), invitation("v2")
    accept(world.citizen("anna", consents_to=None), used)
    expires_at = START.replace(year=2028)  # as `invitation` says
    answers = [accept(world.citizen(consents_to=None), code) for code in (used, "AAAA-AAAA-AAAA", "!", "　")]
    clock.move_to(expires_at)
    answers.append(accept(world.citizen(consents_to=None), expiring))
    assert {refused(answer) for answer in answers} == {NOT_GOOD}
    clock.move_to(expires_at - timedelta(milliseconds=1))
    assert accept(world.citizen(consents_to=None), expiring).status_code == 201


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} ",
        lambda code: code.replace("-", "－"),
        lambda code: "".join(chr(ord(one) + 0xFEE0) if one != "-" else one for one in code),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("0", "o").replace("1", "I"),
    ],
)
def test_case_spaces_hyphens_and_what_is_misread_do_not_matter(
    world: World, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol()
    monkeypatch.setattr("secrets.randbits", lambda _bits: 0x0123456789ABCDE)
    assert accept(world.citizen(consents_to=None), typed(invitation())).status_code == 201


def test_a_code_is_read_aloud_in_groups_and_told_apart() -> None:
    assert rules.letters_of(0, count=12) == "0000-0000-0000"
    assert rules.letters_of(2**60 - 1, count=12) == "ZZZZ-ZZZZ-ZZZZ"
    assert rules.letters_of(31 << 5 | 1, count=8) == "0000-00Z1"
    assert not set("ILOU") & set(aloud.ALPHABET)
    assert len(set(aloud.ALPHABET)) == 32


def test_only_a_keyed_hash_is_kept(world: World) -> None:
    enrol()
    code, opened = invitation(), open_invitation()
    kept = str([world.rows(f"SELECT * FROM {table}") for table in ("invitations", "audit", "volunteers")])
    for secret in (code, opened):
        assert secret not in kept
        assert secret.replace("-", "") not in kept
    assert len({row[0] for row in world.rows("SELECT code_hash FROM invitations")}) == 2


def test_a_log_in_is_one_volunteers_at_most(world: World) -> None:
    phone = volunteer(world)
    enrol("v2")
    for code in (invitation("v2"), open_invitation()):
        assert refused(accept(phone, code)) == (409, "accounts.already_bound")
    assert sorted(world.rows("SELECT uses_left FROM invitations")) == [(0,), (1,), (5,)]
    assert world.rows("SELECT code FROM volunteers WHERE openid_hash IS NOT NULL") == [("v1",)]


def test_a_new_invitation_ends_earlier_ones_and_takes_the_place_of_another_log_in(world: World) -> None:
    enrol()
    enrol("v2")
    first, other, second = invitation(), invitation("v2"), invitation()
    assert refused(accept(world.citizen(consents_to=None), first)) == NOT_GOOD
    old, new = world.citizen("old", consents_to=None), world.citizen("new", consents_to=None)
    assert accept(old, second).status_code == 201
    assert accept(new, invitation()).status_code == 201
    assert (old.get("outreach/me").status_code, new.get("outreach/me").status_code) == (403, 200)
    assert refused(accept(old, second)) == NOT_GOOD
    assert accept(old, other).status_code == 201


def test_who_is_bound_earns_no_ticket_from_then_on(world: World) -> None:
    world.publish()
    enrol()
    phone = world.citizen("anna")
    assert accept(phone, invitation()).status_code == 201
    assert phone.hand_in(phone.deal())["tickets"] == []
    other = world.citizen("berta")
    assert len(other.hand_in(other.deal())["tickets"]) == 1
    assert world.rows("SELECT reason FROM exclusions") == [("volunteer",)]


def test_deleting_oneself_frees_the_entry_and_not_the_exclusion(world: World) -> None:
    world.publish()
    volunteer(world, "v2")
    phone = volunteer(world)
    assert phone.delete("me").status_code == 204
    assert world.rows("SELECT code, left_at FROM volunteers WHERE openid_hash IS NULL") == [("v1", None)]
    assert world.count("assignments", "ends_at IS NULL") == 2
    back = world.citizen("volunteer v1")
    assert roles(world, "volunteer v1") == ["citizen"]
    assert back.get("outreach/me").status_code == 403
    assert back.hand_in(back.deal())["tickets"] == []
    assert accept(back, invitation()).status_code == 201


# --- open ones --------------------------------------------------------------------------------------------------------


def test_an_open_invitation_enrols_and_assigns_whoever_has_it(world: World) -> None:
    enrol("noise")
    code = open_invitation(STREET)
    phone = world.citizen("anna", consents_to=None)
    for nameless in (None, "  ", "　"):
        assert refused(accept(phone, code, name=nameless)) == (422, "http.bad_shape")
    answer = accept(phone, code, name="张三")
    told = answer.get_json()
    assert (answer.status_code, told["name"], told["kind"], told["region"]) == (201, "张三", "grid-worker", STREET)
    assert accept(world.citizen("berta", consents_to=None), code, name="张三").get_json()["code"] != told["code"]
    state = phone.get("outreach/me").get_json()
    assert state["assignments"] == [{"region": STREET, "starts_at": "2026-12-01T10:00:00.000+08:00", "ends_at": None}]
    assert world.rows("SELECT assigned_by FROM assignments") == [("second",), ("second",)]
    assert world.rows("SELECT uses_left FROM invitations") == [(3,)]


def test_an_open_invitation_counts_a_log_in_once_and_answers_it_for_ever(
    world: World, clock: time_machine.Traveller
) -> None:
    code = open_invitation(uses=1)
    first = accept(world.citizen("anna", consents_to=None), code)
    clock.shift(timedelta(days=11))
    again = accept(world.citizen("anna", consents_to=None), code, name="另一个名字")
    assert (first.status_code, again.status_code, again.get_data()) == (201, 200, first.get_data())
    assert refused(accept(world.citizen(consents_to=None), code)) == NOT_GOOD
    assert (world.count("volunteers"), world.count("assignments")) == (1, 1)


def test_who_deleted_themselves_comes_back_to_the_same_entry_by_a_use(world: World) -> None:
    code = open_invitation(uses=2)
    phone = world.citizen("anna", consents_to=None)
    first = accept(phone, code).get_json()
    assert phone.delete("me").status_code == 204
    back = accept(world.citizen("anna", consents_to=None), code)
    assert (back.status_code, back.get_json()) == (201, first)
    assert (world.count("volunteers"), world.count("assignments", "ends_at IS NULL")) == (1, 1)
    assert world.rows("SELECT uses_left FROM invitations") == [(0,)]


@pytest.mark.parametrize(
    "said",
    [{}, {"invitation": ""}, {"invitation": None}, {"invitation": "x" * 61}, {"invitation": "A", "name": "x" * 41}],
)
def test_an_acceptance_has_a_shape(world: World, said: dict[str, Any]) -> None:
    answer = world.citizen(consents_to=None).post("volunteers", json=said)
    assert refused(answer) == (422, "http.bad_shape")


# --- many at once -----------------------------------------------------------------------------------------------------


@TURNS
def test_one_personal_invitation_from_twenty_log_ins_is_one_volunteers(world: World, turn: int) -> None:
    enrol()
    enrol("v2")
    code = invitation()
    invitation("v2")
    people = [world.citizen(consents_to=None) for _ in range(CROWD)]
    answers = at_once(*[lambda p=phone: accept(p, code) for phone in people])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 404: CROWD - 1}
    assert world.count("volunteers", "openid_hash IS NOT NULL") == 1
    assert world.count("exclusions") == 1
    in_ = [phone.get("outreach/me").status_code for phone in people]
    assert Counter(in_) == {200: 1, 403: CROWD - 1}


@TURNS
def test_an_open_invitation_of_five_uses_takes_five_of_twenty(world: World, turn: int) -> None:
    code = open_invitation(uses=5)
    open_invitation(uses=9)
    people = [world.citizen(consents_to=None) for _ in range(CROWD)]
    answers = at_once(*[lambda p=phone: accept(p, code) for phone in people])
    assert Counter(answer.status_code for answer in answers) == {201: 5, 404: CROWD - 5}
    assert (world.count("volunteers"), world.count("assignments"), world.count("exclusions")) == (5, 5, 5)
    assert sorted(world.rows("SELECT uses_left FROM invitations")) == [(0,), (9,)]


@TURNS
def test_one_log_in_that_taps_twenty_times_is_one_volunteer_and_one_use(world: World, turn: int) -> None:
    code = open_invitation(uses=5)
    phone = world.citizen(consents_to=None)
    answers = at_once(*[lambda: accept(phone, code) for _ in range(CROWD)])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CROWD - 1}
    assert len({answer.get_data() for answer in answers}) == 1
    assert (world.count("volunteers"), world.count("assignments")) == (1, 1)
    assert world.rows("SELECT uses_left FROM invitations") == [(4,)]


@TURNS
def test_one_log_in_with_many_invitations_at_once_becomes_one_volunteer(world: World, turn: int) -> None:
    codes = []
    for n in range(8):
        enrol(f"v{n}")
        codes.append(invitation(f"v{n}"))
    phone = world.citizen(consents_to=None)
    answers = at_once(*[lambda c=code: accept(phone, c) for code in codes])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert world.count("volunteers", "openid_hash IS NOT NULL") == 1
    assert sum(row[0] for row in world.rows("SELECT uses_left FROM invitations")) == 7


@pytest.mark.parametrize("turn", range(6))
def test_a_code_that_is_used_while_others_are_made_keeps_nobody_waiting_for_ever(world: World, turn: int) -> None:
    enrol()
    code = invitation()
    people = [world.citizen(consents_to=None) for _ in range(6)]

    def make() -> TestResponse:
        with world.app.app_context(), transaction():
            roster.invite(["v1"], days=3, by=accounts.get_staff("second"), now=utcnow())
        return Phone(world.app).get("/healthz")

    accepting = [lambda p=phone: accept(p, code) for phone in people]
    answers = at_once(*[act for pair in zip(accepting, [make] * 6, strict=True) for act in pair])
    assert {answer.status_code for answer in answers[1::2]} == {200}
    assert {answer.status_code for answer in answers[::2]} <= {201, 404}
    bound = sum(answer.status_code == 201 for answer in answers)
    assert world.count("volunteers", "openid_hash IS NOT NULL") == bound <= 1
    assert sum(row[0] for row in world.rows("SELECT uses_left FROM invitations")) == 1


@pytest.mark.parametrize("turn", range(6))
def test_who_deletes_themselves_meanwhile_is_bound_to_nothing(world: World, turn: int) -> None:
    enrol()
    code = invitation()
    phone = world.citizen(consents_to=None)
    answers = at_once(lambda: accept(phone, code), lambda: Phone(phone.app, token=phone.token).delete("me"))
    assert answers[0].status_code in {201, 401}
    assert answers[1].status_code == 204
    assert world.count("volunteers", "openid_hash IS NOT NULL") == 0
