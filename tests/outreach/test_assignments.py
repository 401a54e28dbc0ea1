"""`quizsvc volunteers`: who serves where, to the moment; leaving, coming back, invitations at the terminal."""

import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from click.testing import Result

from quizsvc.accounts import volunteers
from quizsvc.accounts.service import RoleMissing
from quizsvc.accounts.volunteers import VolunteerUnknown
from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.db import reading
from quizsvc.outreach import assignments
from quizsvc.outreach.assignments import NotAssigned
from quizsvc.regions import service as regions
from quizsvc.regions.service import RegionUnknown
from tests.accounts.test_staff import Command, command
from tests.outreach.place import assign, enrol, id_of, volunteer
from tests.world import COMMUNITY, NEIGHBOUR, START, STREET, World

__all__ = ["command"]
INSTANT = timedelta(milliseconds=1)


def midnight(month: int, day: int) -> datetime:
    """The first moment of a Shanghai day."""
    return datetime(2026, month, day, tzinfo=SHANGHAI)


def serves(code: str, region: str, at: datetime) -> bool:
    with reading():
        there = regions.get_region(region)
        return any(one.covers(there, at=at) for one in assignments.list_assignments(volunteers.get_by_code(code).id))


def said(result: Result) -> tuple[int, str]:
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def _noise(world: World) -> None:
    """Somebody else who serves everywhere, always."""
    enrol("noise", NEIGHBOUR)
    assign("noise", STREET)


def test_an_assignment_holds_from_the_first_moment_of_its_first_day_to_the_last_of_its_last(
    world: World, command: Command
) -> None:
    enrol()
    words = ("volunteers", "assign", "v1", COMMUNITY, "--from", "2026-12-03", "--to", "2026-12-05", "--as", "second")
    assert said(command(*words)) == (0, "v1 serves s1c1: 1 assignments begun, the end of 0 moved\n")
    moments = [midnight(12, 3) - INSTANT, midnight(12, 3), midnight(12, 6) - INSTANT, midnight(12, 6)]
    assert [serves("v1", COMMUNITY, at) for at in moments] == [False, True, True, False]
    assert [serves("v1", NEIGHBOUR, at) for at in moments] == [False] * 4
    assert [serves("v1", STREET, at) for at in moments] == [False] * 4
    assert said(command(*words)) == (0, "v1 serves s1c1: 0 assignments begun, the end of 0 moved\n")
    assert world.count("audit", "act = 'volunteer.assign' AND subject = 'v1'") == 1


def test_an_assignment_reaches_all_that_lies_under_its_region(world: World, command: Command) -> None:
    enrol()
    assert command("volunteers", "assign", "v1", STREET, "--as", "second").exit_code == 0
    reached = [code for code in ("d", STREET, COMMUNITY, NEIGHBOUR, "s2", "s2c1") if serves("v1", code, START)]
    assert reached == [STREET, COMMUNITY, NEIGHBOUR]
    assert serves("v1", STREET, midnight(12, 1))  # from the first moment of today on
    assert not serves("v1", STREET, midnight(12, 1) - INSTANT)


@pytest.mark.parametrize(
    ("options", "ended"),
    [((), START), (("--on", "2026-12-01"), midnight(12, 2)), (("--on", "2026-11-20"), midnight(11, 21))],
)
def test_an_ended_assignment_holds_until_then_and_its_history_stays(
    world: World, command: Command, options: tuple[str, ...], ended: datetime
) -> None:
    enrol()
    for region in (COMMUNITY, NEIGHBOUR):
        assign("v1", region, first=date(2026, 11, 1))
    words = ("volunteers", "end", "v1", COMMUNITY, *options, "--as", "second")
    assert said(command(*words)) == (0, "v1: 1 assignments to s1c1 shortened\n")
    assert said(command(*words)) == (0, "v1: 0 assignments to s1c1 shortened\n")
    assert [serves("v1", COMMUNITY, at) for at in (midnight(11, 1), ended - INSTANT, ended)] == [True, True, False]
    assert serves("v1", NEIGHBOUR, ended)
    rows = world.rows(
        "SELECT a.assigned_by, a.ended_by FROM assignments a JOIN volunteers v ON v.id = a.volunteer_id"
        " WHERE v.code = 'v1' AND a.ends_at IS NOT NULL"
    )
    assert rows == [("operator", "second")]
    assert world.count("audit", "act = 'volunteer.end' AND subject = 'v1'") == 1


def test_what_never_was_cannot_be_ended(world: World, command: Command) -> None:
    enrol()
    assign("v1", NEIGHBOUR)
    for words, refusal in (
        (("v1", COMMUNITY), NotAssigned),
        (("v1", STREET), NotAssigned),
        (("nobody", COMMUNITY), VolunteerUnknown),
        (("v1", "nowhere"), RegionUnknown),
    ):
        assert isinstance(command("volunteers", "end", *words, "--as", "second").exception, refusal), words


def test_who_leaves_serves_nowhere_and_keeps_the_log_in(
    world: World, command: Command, clock: time_machine.Traveller
) -> None:
    phone = volunteer(world)
    assign("v1", NEIGHBOUR, first=date(2026, 12, 24))  # one that has not begun
    words = ("volunteers", "leave", "v1", "--as", "second")
    assert said(command(*words)) == (0, "v1 has left: 2 assignments shortened\n")
    clock.shift(timedelta(days=1))
    assert said(command(*words)) == (0, "v1 has left: 0 assignments shortened\n")
    assert [serves("v1", COMMUNITY, at) for at in (START - INSTANT, START)] == [True, False]
    assert not serves("v1", NEIGHBOUR, midnight(12, 25))
    assert serves("noise", NEIGHBOUR, START)
    shown = phone.get("outreach/me").get_json()
    assert shown["volunteer"]["left_at"] == "2026-12-01T10:00:00.000+08:00"
    assert world.count("volunteers", "left_at IS NOT NULL") == 1
    assert world.count("audit", "act = 'volunteer.leave'") == 1


def test_an_earlier_last_day_is_a_correction_and_a_later_one_is_not(world: World, command: Command) -> None:
    enrol()
    assign("v1", first=date(2026, 11, 1))
    for last, left in (
        ("2026-12-20", midnight(12, 21)),
        ("2026-12-10", midnight(12, 11)),
        ("2026-12-15", midnight(12, 11)),
    ):
        assert command("volunteers", "leave", "v1", "--on", last, "--as", "second").exit_code == 0
        assert [serves("v1", COMMUNITY, at) for at in (left - INSTANT, left)] == [True, False]
        with reading():
            assert volunteers.get_by_code("v1").left_at == left


def test_who_left_comes_back_by_an_assignment(world: World, command: Command, clock: time_machine.Traveller) -> None:
    phone = volunteer(world)
    command("volunteers", "leave", "v1", "--as", "second")
    clock.shift(timedelta(days=2))
    back = ("volunteers", "assign", "v1", COMMUNITY, "--from", "2026-01-01", "--as", "second")
    assert said(command(*back)) == (0, "v1 serves s1c1: 1 assignments begun, the end of 0 moved\n")
    gap = [START, START + timedelta(days=2) - INSTANT, START + timedelta(days=2)]
    assert [serves("v1", COMMUNITY, at) for at in gap] == [False, False, True]
    assert phone.get("outreach/me").get_json()["volunteer"]["left_at"] is None


def test_an_operator_sends_within_the_own_subtree(world: World, command: Command) -> None:
    enrol("v1")
    enrol("v2", "s2c1")
    assign("v2", COMMUNITY)
    for words in (
        ("assign", "v1", "s2c1"),
        ("assign", "v1", "d"),
        ("assign", "v2", COMMUNITY),
        ("leave", "v2"),
        ("invite", "v2"),
        ("invite", "v1", "v2"),
        ("invite", "--region", "s2", "--uses", "5"),
    ):
        for nobody in ("second", "clerk", "auditor"):
            result = command("volunteers", *words, "--as", nobody)
            assert isinstance(result.exception, RoleMissing), (words, nobody)
    assert isinstance(command("volunteers", "end", "v2", COMMUNITY, "--as", "clerk").exception, RoleMissing)
    assert command("volunteers", "end", "v2", COMMUNITY, "--as", "second").exit_code == 0
    assert world.count("invitations") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("assign", "v1", COMMUNITY, "--from", "2026-12-05", "--to", "2026-12-04"),
        ("assign", "v1", COMMUNITY, "--to", "2026-11-30"),
        ("assign", "v1", COMMUNITY, "--from", "0001-01-01"),
        ("end", "v1", COMMUNITY, "--on", "9999-12-31"),
        ("invite",),
        ("invite", "v1", "--region", COMMUNITY, "--uses", "5"),
        ("invite", "--region", COMMUNITY),
        ("invite", "v1", "--uses", "5"),
        ("invite", "--region", COMMUNITY, "--uses", "0"),
        ("invite", "v1", "--days", "0"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_tried(
    world: World, command: Command, words: tuple[str, ...]
) -> None:
    enrol()
    assert command("volunteers", *words, "--as", "second").exit_code == 2
    assert (world.count("assignments"), world.count("invitations")) == (1, 0)


def test_invitations_are_printed_once_and_work(world: World, command: Command) -> None:
    enrol("v1")
    enrol("v2", name="李四")
    printed = command("volunteers", "invite", "v2", "v1", "--days", "3", "--as", "second").output
    code = r"([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})"
    match = re.fullmatch(f"v1 王小明: {code}\nv2 李四: {code}\ngood for 3 days; not shown again\n", printed)
    assert match is not None, printed
    phone = world.citizen(consents_to=None)
    assert phone.post("volunteers", json={"invitation": match[2]}).get_json()["id"] == str(id_of("v2"))
    assert world.rows("SELECT subject FROM audit WHERE act = 'volunteer.invite' ORDER BY id") == [("v1",), ("v2",)]
    options = ("--region", COMMUNITY, "--kind", "building-head", "--uses", "40", "--as", "second")
    printed = command("volunteers", "invite", *options).output
    match = re.fullmatch(f"甲社区 \\(楼长, 40 times\\): {code}\ngood for 30 days; not shown again\n", printed)
    assert match is not None, printed
    answer = world.citizen(consents_to=None).post("volunteers", json={"invitation": match[1], "name": "赵六"})
    assert (answer.status_code, answer.get_json()["kind"]) == (201, "building-head")
    assert world.rows("SELECT uses_left FROM invitations ORDER BY uses_left") == [(0,), (1,), (39,)]


def test_an_unknown_code_among_others_invites_nobody(world: World, command: Command) -> None:
    enrol()
    refused = command("volunteers", "invite", "v1", "nobody", "--as", "second")
    assert isinstance(refused.exception, VolunteerUnknown)
    assert world.count("invitations") == 0


def test_the_list_shows_who_serves_where(world: World, command: Command) -> None:
    volunteer(world)
    assign("v1", NEIGHBOUR, first=date(2026, 12, 3), last=date(2026, 12, 5))
    enrol("v2", "s2c1", name="李四", kind="grid-worker")
    enrol("v3", "s2c1")
    assign("v3", COMMUNITY, first=date(2026, 11, 1))
    command("volunteers", "leave", "v3", "--on", "2026-12-10", "--as", "operator")
    lines = [
        "noise 王小明 (志愿者, s1c2, no log-in): s1 from 2026-01-01",
        "v1 王小明 (志愿者, s1c1, bound): s1c1 from 2026-01-01; s1c2 from 2026-12-03 to 2026-12-05",
        "v2 李四 (网格员, s2c1, no log-in): nothing",
        "v3 王小明 (志愿者, s2c1, no log-in, left 2026-12-10): s1c1 from 2026-11-01 to 2026-12-10",
        "4 volunteers, 1 of them with a log-in",
    ]
    assert command("volunteers", "list").output.splitlines() == lines
    shown = command("volunteers", "list", COMMUNITY).output.splitlines()
    assert shown == [lines[1], lines[3], "2 volunteers, 1 of them with a log-in"]
    assert isinstance(command("volunteers", "list", "nowhere").exception, RegionUnknown)
