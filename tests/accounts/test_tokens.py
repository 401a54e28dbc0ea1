"""Tokens at both doors: how long they are good, what breaks them, and that roles are read at each request."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from sqlalchemy import update

from quizsvc.accounts import service as accounts
from quizsvc.accounts.models import GrantRecord
from quizsvc.kit import crypto
from quizsvc.kit.clock import utcnow
from quizsvc.kit.crypto import Keys
from quizsvc.kit.db import db, transaction
from quizsvc.regions import service as regions
from tests.conftest import IDENTITY, SECRET
from tests.world import PASSWORD, START, Phone, World, box

NEWER = "n" * 40
REFUSED = (401, "accounts.token_refused")
IN = (200, None)


def as_citizen(phone: Phone) -> tuple[int, str | None]:
    """How the citizens' door answers."""
    answer = phone.get("me")
    return answer.status_code, answer.get_json().get("errcode")


def as_staff(phone: Phone) -> tuple[int, str | None]:
    """How the staff's door answers; whoever is let in learns that a good code stands for nothing."""
    answer = phone.post("redemptions/lookup", json={"code": "000000000000"})
    errcode = answer.get_json()["errcode"]
    return IN if errcode == "lottery.award_unknown" else (answer.status_code, errcode)


def copy_with(phone: Phone, token: str | None) -> Phone:
    return Phone(phone.app, token=token)


@pytest.mark.parametrize(
    ("age", "answer"),
    [
        (timedelta(0), IN),
        (timedelta(days=7) - timedelta(milliseconds=1), IN),
        (timedelta(days=7), REFUSED),
        (timedelta(days=400), REFUSED),
    ],
)
def test_a_citizens_token_lasts_seven_days(
    world: World, clock: time_machine.Traveller, age: timedelta, answer: tuple[int, str | None]
) -> None:
    phone = world.citizen(consents_to=None)
    clock.move_to(START + age)
    assert as_citizen(phone) == answer


@pytest.mark.parametrize(
    ("age", "answer"),
    [
        (timedelta(0), IN),
        (timedelta(hours=12) - timedelta(milliseconds=1), IN),
        (timedelta(hours=12), REFUSED),
        (timedelta(days=6), REFUSED),
    ],
)
def test_a_staff_token_lasts_twelve_hours(
    world: World, clock: time_machine.Traveller, age: timedelta, answer: tuple[int, str | None]
) -> None:
    desk = world.desk("clerk")
    clock.move_to(START + age)
    assert as_staff(desk) == answer


def test_what_a_log_in_says_of_its_end_is_its_end(world: World) -> None:
    citizen = world.phone().post("sessions", json={"code": "anna"}).get_json()
    staff = world.phone().post("staff/sessions", json={"name": "clerk", "password": PASSWORD}).get_json()
    assert (citizen["expires_in"], staff["expires_in"]) == (7 * 86_400, 12 * 3_600)


def test_a_host_whose_clock_is_a_little_behind_lets_a_fresh_token_in(
    world: World, clock: time_machine.Traveller
) -> None:
    clock.move_to(START + timedelta(seconds=3))
    phone, desk = world.citizen(consents_to=None), world.desk("clerk")
    clock.move_to(START)
    assert (as_citizen(phone), as_staff(desk)) == (IN, IN)


def other_letter(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def later(token: str) -> str:
    """The token with a far end written into it; the signature is the old one's."""
    value, signature = token.split(".")
    subject, until = orjson.loads(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    return f"{urlsafe_b64encode(orjson.dumps([subject, until + 10**6])).decode().rstrip('=')}.{signature}"


SPOILT: dict[str, Callable[[str, str], str]] = {
    "value": lambda token, _: other_letter(token, 4),
    "signature": lambda token, _: other_letter(token, token.index(".") + 1),
    "signature cut": lambda token, _: token[:-2],
    "no signature": lambda token, _: token.split(".")[0],
    "empty signature": lambda token, _: token.split(".")[0] + ".",
    "longer life": lambda token, _: later(token),
    "another's value": lambda token, other: f"{other.split('.')[0]}.{token.split('.')[1]}",
    "another's signature": lambda token, other: f"{token.split('.')[0]}.{other.split('.')[1]}",
    "twice": lambda token, _: f"{token}.{token}",
    "no parts": lambda *_: "x",
    "only dots": lambda *_: "..",
    "compressed": lambda token, _: f".{token}",
    "not ASCII": lambda token, _: f"é{token}",
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_tampered_token_is_refused_at_its_door(world: World, clock: time_machine.Traveller, name: str) -> None:
    citizen, desk = world.citizen(consents_to=None), world.desk("clerk")
    clock.shift(timedelta(seconds=10))
    other_citizen, other_desk = world.citizen(consents_to=None), world.desk("neighbour")
    for_citizen = SPOILT[name](str(citizen.token), str(other_citizen.token))
    for_staff = SPOILT[name](str(desk.token), str(other_desk.token))
    assert as_citizen(copy_with(citizen, for_citizen)) == REFUSED
    assert as_staff(copy_with(desk, for_staff)) == REFUSED
    assert (as_citizen(citizen), as_staff(desk)) == (IN, IN)


def test_a_token_for_one_door_opens_no_other(world: World) -> None:
    citizen, desk = world.citizen(consents_to=None), world.desk("clerk")
    assert as_staff(copy_with(desk, citizen.token)) == REFUSED
    assert as_citizen(copy_with(citizen, desk.token)) == REFUSED


@pytest.mark.parametrize("header", ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}"])
def test_only_a_bearer_token_is_a_token(world: World, header: str) -> None:
    citizen = world.citizen(consents_to=None)
    answer = world.phone().get("me", headers={"Authorization": header.format(citizen.token)})
    assert (answer.status_code, answer.get_json()["errcode"]) == (401, "accounts.token_missing")


def test_the_scheme_is_read_in_any_case(world: World) -> None:
    citizen = world.citizen(consents_to=None)
    assert world.phone().get("me", headers={"Authorization": f"bearer {citizen.token}"}).status_code == 200


UseKeys = Callable[..., None]


@pytest.fixture
def use_keys(world: World, monkeypatch: pytest.MonkeyPatch) -> UseKeys:
    """Let the app go on with other secret keys, as after a restart."""

    def use(*secrets: str) -> None:
        monkeypatch.setitem(world.app.extensions, crypto.EXTENSION, Keys(secrets, IDENTITY))

    return use


def test_a_token_outlives_a_rotation_until_its_key_is_gone(world: World, use_keys: UseKeys) -> None:
    citizen, desk = world.citizen(consents_to=None), world.desk("clerk")
    use_keys(NEWER, SECRET)
    assert (as_citizen(citizen), as_staff(desk)) == (IN, IN)
    use_keys(NEWER)
    assert (as_citizen(citizen), as_staff(desk)) == (REFUSED, REFUSED)


def test_the_newest_key_signs(world: World, use_keys: UseKeys) -> None:
    use_keys(NEWER, SECRET)
    citizen = world.citizen(consents_to=None)
    use_keys(NEWER)
    assert as_citizen(citizen) == IN
    use_keys(SECRET)
    assert as_citizen(citizen) == REFUSED


def test_people_are_the_same_after_a_rotation(world: World, use_keys: UseKeys) -> None:
    before = world.citizen("anna", consents_to=None).get("me").get_json()["citizen"]["id"]
    use_keys(NEWER)
    assert world.citizen("anna", consents_to=None).get("me").get_json()["citizen"]["id"] == before


def test_a_deleted_citizens_token_is_no_longer_good(world: World) -> None:
    leaving, staying = world.citizen(consents_to=None), world.citizen(consents_to=None)
    assert leaving.delete("me").status_code == 204
    assert as_citizen(leaving) == REFUSED
    assert as_citizen(staying) == IN


def test_a_dismissed_clerks_token_is_no_longer_good(world: World) -> None:
    leaving, staying = world.desk("clerk"), world.desk("neighbour")
    with transaction():
        accounts.dismiss_staff("clerk", by=accounts.get_staff("operator"), now=utcnow())
    assert as_staff(leaving) == REFUSED
    assert as_staff(staying) == IN


def winning_code(world: World) -> str:
    """The code of a prize that is waiting at the desk."""
    winner = world.citizen()
    drawn: dict[str, Any] = winner.draw(winner.earn_ticket()).get_json()
    return str(drawn["award"]["code"])


def revoke(world: World, name: str) -> None:
    with transaction():
        of_name = GrantRecord.staff_id == accounts.get_staff(name).id
        db.session.execute(update(GrantRecord).where(of_name).values(revoked_at=utcnow()))


def test_a_role_counts_from_the_next_request_on_and_no_longer_once_revoked(world: World) -> None:
    world.publish(round=[box(cards=1, prizes={"tissue": 1})])
    code = winning_code(world)
    auditor, clerk = world.desk("auditor"), world.desk("clerk")

    def may_look_up(desk: Phone) -> bool:
        return desk.post("redemptions/lookup", json={"code": code}).status_code == 200

    assert (may_look_up(auditor), may_look_up(clerk)) == (False, True)
    with transaction():
        accounts.add_staff(
            "auditor",
            password="another password",
            role="clerk",
            region=regions.get_region("s1c2"),
            granter=accounts.get_staff("second"),
            now=utcnow(),
        )
    assert (may_look_up(auditor), may_look_up(clerk)) == (True, True)
    revoke(world, "clerk")
    assert (may_look_up(auditor), may_look_up(clerk)) == (True, False)
    assert as_staff(clerk) == IN  # still staff, without a role
