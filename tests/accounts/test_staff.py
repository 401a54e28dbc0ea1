"""Staff: signing in, who may grant what, the very first one, and staff who play themselves."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import IntegrityError

from quizsvc.accounts import service as accounts
from quizsvc.accounts import store
from quizsvc.accounts.rules import Staff
from quizsvc.accounts.service import NameTaken, PasswordTooShort, RoleMissing, StaffUnknown
from quizsvc.commands import group
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region
from tests.world import PASSWORD, REGIONS, Phone, World

Command = Callable[..., Result]


@pytest.fixture
def command(app: Flask) -> Command:
    """`quizsvc` on this app; what it refuses with stands in `result.exception`."""
    return lambda *words: app.test_cli_runner().invoke(group, words)


def sign_in(world: World, name: str, password: str) -> Any:
    return world.phone().post("staff/sessions", json={"name": name, "password": password})


def grant(name: str, *, role: str, on: str, by: str | None, password: str = PASSWORD) -> None:
    with transaction():
        accounts.add_staff(
            name,
            password=password,
            role=role,
            region=regions.get_region(on),
            granter=None if by is None else accounts.get_staff(by),
            now=utcnow(),
        )


def member(name: str) -> Staff:
    with reading():
        return accounts.get_staff(name)


def region(code: str) -> Region:
    with reading():
        return regions.get_region(code)


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_sign_in_says_who_one_is(world: World) -> None:
    answer = sign_in(world, "clerk", PASSWORD)
    assert answer.status_code == 200
    staff = answer.get_json()["staff"]
    assert (staff["name"], staff["roles"]) == ("clerk", [{"role": "clerk", "region": "s1c1"}])


def test_a_wrong_password_an_unknown_name_and_a_dismissed_one_are_told_apart_by_nobody(world: World) -> None:
    with transaction():
        accounts.dismiss_staff("neighbour", by=accounts.get_staff("operator"), now=utcnow())
    tries = [("clerk", "wrong"), ("nobody", PASSWORD), ("neighbour", PASSWORD), ("Clerk", PASSWORD)]
    answers = [sign_in(world, name, password) for name, password in tries]
    told = {(answer.status_code, answer.get_json()["errcode"], answer.get_json()["errmsg"]) for answer in answers}
    assert told == {(401, "accounts.sign_in_refused", "用户名或密码不对")}
    assert {tuple(sorted(answer.get_json())) for answer in answers} == {("errcode", "errmsg", "request_id")}


def test_one_members_password_is_not_anothers(world: World) -> None:
    grant("third", role="clerk", on="s1c1", by="second", password="password of third")
    assert sign_in(world, "third", PASSWORD).status_code == 401
    assert sign_in(world, "clerk", "password of third").status_code == 401
    assert sign_in(world, "third", "password of third").status_code == 200


def test_no_password_stands_in_the_tables(world: World) -> None:
    for table in ("staff", "audit", "grants"):
        assert PASSWORD not in repr(world.rows(f"SELECT * FROM {table}"))


# --- granting ---------------------------------------------------------------------------------------------------------


def standing(world: World) -> tuple[int, int, int]:
    return world.count("staff"), world.count("grants"), world.count("audit")


@pytest.mark.parametrize(
    ("by", "name", "on", "allowed"),
    [
        ("second", "fresh", "s1", True),
        ("second", "fresh", "s1c1", True),
        ("second", "clerk", "s1c2", True),
        ("operator", "fresh", "d", True),
        ("operator", "second", "s2", True),
        ("second", "fresh", "d", False),
        ("second", "fresh", "s2", False),
        ("second", "fresh", "s2c1", False),
        ("second", "second", "s1", False),
        ("second", "second", "s1c1", False),
        ("operator", "operator", "s2c1", False),
        ("clerk", "fresh", "s1c1", False),
        ("auditor", "fresh", "s1c1", False),
    ],
)
@pytest.mark.parametrize("role", ["clerk", "operator"])
def test_operators_grant_within_their_subtree_and_never_to_themselves(
    world: World, by: str, name: str, on: str, allowed: bool, role: str
) -> None:
    before = standing(world)
    if allowed:
        grant(name, role=role, on=on, by=by)
        assert (role, on) in [(one.role, one.region.code) for one in member(name).grants]
        assert standing(world)[1:] == (before[1] + 1, before[2] + 1)
        assert world.rows("SELECT actor, act, subject FROM audit ORDER BY id DESC LIMIT 1") == [
            (by, "staff.grant", name)
        ]
    else:
        with pytest.raises(RoleMissing):
            grant(name, role=role, on=on, by=by)
        assert standing(world) == before


def test_a_grant_reaches_the_subtree_and_not_its_neighbours(world: World) -> None:
    second, everywhere = member("second"), ("d", "s1", "s1c1", "s1c2", "s2", "s2c1")
    reached = [code for code in everywhere if second.holds("operator", over=region(code))]
    assert reached == ["s1", "s1c1", "s1c2"]
    assert not second.holds("clerk", over=region("s1"))


def test_granting_again_changes_nothing_and_keeps_the_password(world: World) -> None:
    before = standing(world)
    grant("clerk", role="clerk", on="s1c1", by="second", password="a new password")
    assert standing(world) == before
    assert sign_in(world, "clerk", "a new password").status_code == 401
    assert sign_in(world, "clerk", PASSWORD).status_code == 200


def test_the_table_itself_refuses_a_grant_to_oneself(world: World) -> None:
    clerk, street = member("clerk"), region("s1")
    with pytest.raises(IntegrityError), transaction():
        store.add_grant(
            new_id(), staff_id=clerk.id, role="operator", region_id=street.id, granted_by=clerk.id, now=utcnow()
        )


@pytest.mark.parametrize(("length", "allowed"), [(9, False), (10, True)])
def test_a_password_has_ten_characters_or_more(world: World, length: int, allowed: bool) -> None:
    if allowed:
        grant("fresh", role="clerk", on="s1c1", by="second", password="x" * length)
    else:
        with pytest.raises(PasswordTooShort):
            grant("fresh", role="clerk", on="s1c1", by="second", password="x" * length)
    assert world.count("staff", "name = 'fresh'") == allowed


@pytest.mark.parametrize("by", ["clerk", "auditor", "neighbour", "stranger", "second"])
def test_nobody_dismisses_themselves_or_beyond_their_subtree(world: World, by: str) -> None:
    leaving = {"second": "operator"}.get(by, "second")
    for name in (leaving, by):
        with pytest.raises(RoleMissing), transaction():
            accounts.dismiss_staff(name, by=accounts.get_staff(by), now=utcnow())
    assert world.count("staff", "dismissed_at IS NOT NULL") == 0


def test_a_dismissed_name_is_not_used_again(world: World, command: Command) -> None:
    dismissed = command("staff", "dismiss", "clerk", "--as", "second")
    assert (dismissed.exit_code, dismissed.output) == (0, "clerk is dismissed\n")
    with pytest.raises(NameTaken):
        grant("clerk", role="clerk", on="s1c1", by="second")
    with pytest.raises(StaffUnknown):
        member("clerk")
    assert isinstance(command("staff", "dismiss", "second", "--as", "clerk").exception, StaffUnknown)


# --- the very first ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(app: Flask) -> World:
    """Regions and nobody."""
    with transaction():
        regions.load_regions(REGIONS, file="regions.csv")
    return World(app)


def test_only_the_very_first_needs_no_granter(bare: World) -> None:
    grant("first", role="operator", on="d", by=None)
    with pytest.raises(RoleMissing):
        grant("next", role="clerk", on="s1c1", by=None)
    with pytest.raises(RoleMissing):
        grant("first", role="clerk", on="s1c1", by=None)
    assert bare.rows("SELECT name FROM staff") == [("first",)]
    assert bare.count("grants") == 1


def test_a_dismissed_first_one_opens_no_second_beginning(bare: World) -> None:
    grant("first", role="operator", on="d", by=None)
    grant("next", role="operator", on="d", by="first")
    with transaction():
        accounts.dismiss_staff("first", by=accounts.get_staff("next"), now=utcnow())
    with pytest.raises(RoleMissing):
        grant("intruder", role="operator", on="d", by=None)


# --- staff who play themselves ----------------------------------------------------------------------------------------


def own_id(phone: Phone) -> UUID:
    return UUID(phone.get("me").get_json()["citizen"]["id"])


def test_a_bound_log_in_may_answer_and_earns_no_ticket_also_after_coming_back(world: World, command: Command) -> None:
    world.publish()
    clerk, other = world.citizen("clerk's own phone"), world.citizen("somebody")
    words = ("staff", "bind", "clerk", "--citizen", str(own_id(clerk)), "--as", "second")
    for _ in range(2):
        bound = command(*words)
        assert (bound.exit_code, bound.output) == (0, "clerk's own log-in earns no ticket\n")
    mark = clerk.hand_in(clerk.deal())
    assert (mark["passed"], mark["tickets"]) == (True, [])
    assert len(other.hand_in(other.deal())["tickets"]) == 1
    assert clerk.delete("me").status_code == 204
    returned = world.citizen("clerk's own phone")
    assert own_id(returned) != own_id(other)
    mark = returned.hand_in(returned.deal())
    assert (mark["passed"], mark["tickets"]) == (True, [])
    assert (world.count("tickets"), world.count("exclusions")) == (1, 1)


@pytest.mark.parametrize("by", ["clerk", "auditor", "stranger"])
def test_only_an_operator_over_the_member_binds(world: World, by: str) -> None:
    player = own_id(world.citizen(consents_to=None))
    with pytest.raises(RoleMissing), transaction():
        accounts.exclude(player, staff_name="clerk", by=accounts.get_staff(by), now=utcnow())
    assert world.count("exclusions") == 0


def test_nobody_is_bound_to_a_name_that_is_not_there(world: World, command: Command) -> None:
    player = world.citizen(consents_to=None)
    result = command("staff", "bind", "nobody", "--citizen", str(own_id(player)), "--as", "second")
    assert isinstance(result.exception, StaffUnknown)
    assert world.count("exclusions") == 0


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\nb"])
def test_a_name_that_could_never_sign_in_is_refused_in_a_sentence(world: World, command: Command, name: str) -> None:
    before = standing(world)
    words = ("staff", "add", name, "--role", "clerk", "--region", "s1c1", "--password", PASSWORD, "--as", "second")
    result = command(*words)
    assert result.exit_code != 0
    assert isinstance(result.exception, Refusal | SystemExit)
    assert standing(world) == before
