"""What a volunteer's phone reads: enough to work offline, the own stock and totals, and nothing of others."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from quizsvc.accounts import volunteers
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import rfc3339, utcnow
from quizsvc.kit.db import db, insert, reading, transaction
from quizsvc.outreach.models import HandoutRecord, HeldRecord, RevisionRecord, TallyRecord
from quizsvc.regions import service as regions
from tests.accounts.test_staff import command, grant
from tests.materials.place import BOX, lay_out, moved
from tests.outreach.place import assign, enrol, id_of, volunteer
from tests.world import CAMPAIGN, COMMUNITY, NEIGHBOUR, START, STREET, Phone, World

__all__ = ["command"]
DAY = timedelta(days=1)


def bootstrap(phone: Phone) -> dict[str, Any]:
    answer = phone.get("outreach/bootstrap")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def own(phone: Phone) -> dict[str, Any]:
    answer = phone.get("outreach/me")
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def build_tree(world: World, *, buildings: int) -> None:
    """Buildings under the community, and as many in its neighbour's."""
    lines = [f"b{n},{n}栋,building,{(COMMUNITY, NEIGHBOUR)[n % 2]}" for n in range(2 * buildings)]
    with transaction():
        regions.load_regions("code,name,level,parent\n" + "\n".join(lines), file="buildings.csv")


# --- bootstrap --------------------------------------------------------------------------------------------------------


def test_it_holds_what_a_phone_needs_offline_and_nothing_from_elsewhere(world: World) -> None:
    world.publish()
    lay_out()
    build_tree(world, buildings=2)
    volunteer(world, "v2", NEIGHBOUR)
    found = bootstrap(volunteer(world))
    assert found.pop("volunteer") == {
        "id": str(id_of()),
        "code": "v1",
        "name": "王小明",
        "kind": "volunteer",
        "region": COMMUNITY,
        "left_at": None,
    }
    starts_at = "2026-01-01T00:00:00.000+08:00"
    assert found == {
        "server_time": rfc3339(START),
        "assignments": [{"region": COMMUNITY, "starts_at": starts_at, "ends_at": None}],
        "regions": [
            {"code": "b0", "name": "0栋", "level": "building", "parent": COMMUNITY},
            {"code": "b2", "name": "2栋", "level": "building", "parent": COMMUNITY},
            {"code": COMMUNITY, "name": "甲社区", "level": "community", "parent": STREET},
        ],
        "materials": [
            {"code": "fan", "name": "反诈扇", "unit": "把", "packs": []},
            {"code": "tissue-box", "name": "反诈抽纸", "unit": "盒", "packs": [{"name": "箱", "factor": 24}]},
        ],
        "settings": ["household", "shop", "stall", "talk"],
        "campaigns": [
            {
                "slug": "play",
                "title": "测试活动",
                "region": STREET,
                "opens_at": rfc3339(CAMPAIGN["opens_at"]),
                "closes_at": rfc3339(CAMPAIGN["closes_at"]),
                "upload_until": rfc3339(CAMPAIGN["closes_at"] + late_days() * DAY),
            }
        ],
    }


def late_days() -> int:
    with reading():
        return campaigns.get_campaign("play").definition.late_days


def test_a_region_within_another_is_listed_once(world: World) -> None:
    build_tree(world, buildings=2)
    phone = volunteer(world, region=STREET)
    assign("v1", COMMUNITY)
    assign("v1", "b0")
    codes = [one["code"] for one in bootstrap(phone)["regions"]]
    assert codes == ["b0", "b1", "b2", "b3", STREET, COMMUNITY, NEIGHBOUR]


def test_assignments_are_listed_until_thirty_days_after_their_end(world: World, clock: time_machine.Traveller) -> None:
    last = date(2026, 12, 10)
    phone = volunteer(world, last=last)
    assign("v1", NEIGHBOUR, first=date(2027, 3, 1))  # one to come
    ended = datetime(2026, 12, 11, tzinfo=START.tzinfo)
    for later, listed in ((timedelta(), 2), (30 * DAY - timedelta(milliseconds=1), 2), (30 * DAY, 1)):
        clock.move_to(ended + later)
        fresh = world.citizen("volunteer v1", consents_to=None)
        assert len(bootstrap(fresh)["assignments"]) == listed, later
        assert [one["code"] for one in bootstrap(fresh)["regions"]] == [COMMUNITY, NEIGHBOUR][2 - listed :]
    assert phone.get("outreach/bootstrap").status_code == 401  # its token is over


@pytest.mark.parametrize(
    ("region", "serves", "listed"),
    [
        (STREET, COMMUNITY, True),
        (COMMUNITY, COMMUNITY, True),
        (COMMUNITY, STREET, True),
        (COMMUNITY, NEIGHBOUR, False),
        ("s2", COMMUNITY, False),
        ("d", COMMUNITY, True),
    ],
)
def test_campaigns_are_those_that_take_place_where_one_serves(
    world: World, region: str, serves: str, listed: bool
) -> None:
    grant("second", role="operator", on="d", by="operator")
    world.publish(region=region)
    found = bootstrap(volunteer(world, region=serves))["campaigns"]
    assert [one["region"] for one in found] == [region] * listed


def test_campaigns_are_listed_while_they_take_uploads(world: World, clock: time_machine.Traveller) -> None:
    """Also once they are closing, and by the clock, not by tick; a draft never."""
    world.publish()
    world.draft(slug="draft", title="草稿")
    volunteer(world)
    until = CAMPAIGN["closes_at"] + late_days() * DAY
    for moment, listed in ((CAMPAIGN["closes_at"], 1), (until - timedelta(milliseconds=1), 1), (until, 0)):
        for tick in (False, True):
            clock.move_to(moment)
            if tick:
                world.tick()
            phone = world.citizen("volunteer v1", consents_to=None)
            assert len(bootstrap(phone)["campaigns"]) == listed, (moment, tick)


def test_it_is_kept_by_the_phone_alone_and_sent_again_only_when_something_changed(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish()
    phone = volunteer(world)
    first = phone.get("outreach/bootstrap")
    assert first.headers["Cache-Control"] == "private, no-cache"
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    clock.shift(timedelta(minutes=5))
    again = phone.get("outreach/bootstrap", headers={"If-None-Match": etag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    later = phone.get("outreach/bootstrap")
    assert (later.get_json()["server_time"], later.headers["ETag"]) == (rfc3339(START + timedelta(minutes=5)), etag)
    lay_out()
    changed = phone.get("outreach/bootstrap", headers={"If-None-Match": etag})
    assert (changed.status_code, len(changed.get_json()["materials"])) == (200, 2)
    assert changed.headers["ETag"] != etag


def test_statements_stay_few_whatever_the_number_of_regions(world: World, statements: list[str]) -> None:
    def count(phone: Phone) -> int:
        bootstrap(phone)
        del statements[:]
        bootstrap(phone)
        return len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))])

    world.publish()
    phone = volunteer(world)
    before = count(phone)
    build_tree(world, buildings=150)
    for n in range(0, 40, 2):
        assign("v1", f"b{n}")
    assert count(phone) == before <= 10
    assert len(bootstrap(phone)["regions"]) == 151
    assert len(bootstrap(phone)["assignments"]) == 21


def test_who_was_invited_by_nobody_is_kept_out(world: World) -> None:
    enrol("v1")
    for path in ("outreach/bootstrap", "outreach/me"):
        answer = world.citizen(consents_to=None).get(path)
        assert (answer.status_code, answer.get_json()["errcode"]) == (403, "accounts.not_a_volunteer")


# --- me ---------------------------------------------------------------------------------------------------------------


def report(
    code: str,
    campaign: str,
    *,
    setting: str = "household",
    households: int = 1,
    people: int = 2,
    handouts: Mapping[str, int] | None = None,
    state: str = "counted",
    in_force: bool = True,
    voided: bool = False,
    tally_id: UUID | None = None,
    revision: int = 1,
) -> UUID:
    """A revision as it is stored."""
    tally_id = tally_id or uuid4()
    with transaction():
        found, there = campaigns.get_campaign(campaign), regions.get_region(COMMUNITY)
        if revision == 1:
            db.session.execute(
                insert(TallyRecord).values(id=tally_id, volunteer_id=volunteers.get_by_code(code).id, voided=voided)
            )
        db.session.execute(
            insert(RevisionRecord).values(
                tally_id=tally_id,
                revision=revision,
                void=False,
                in_force=in_force,
                state=state,
                content="{}",
                campaign_id=found.id,
                region_id=there.id,
                occurred_at=utcnow(),
                setting=setting,
                households=households,
                people=people,
                received_at=utcnow(),
                clock_skew=0,
            )
        )
        for no, (material, quantity) in enumerate((handouts or {}).items()):
            line = {"tally_id": tally_id, "revision": revision, "no": no, "factor": 1}
            db.session.execute(insert(HandoutRecord).values(**line, material=material, quantity=quantity))
        if state == "held":
            kept = {"id": uuid4(), "tally_id": tally_id, "revision": revision, "held_at": utcnow()}
            said = {"reason": "no_assignment", "region_path": there.path}
            db.session.execute(insert(HeldRecord).values(**kept, **said))
    return tally_id


def test_totals_are_of_what_is_in_force_and_of_nobody_else(world: World) -> None:
    lay_out()
    world.publish()
    world.publish(slug="later", title="下一个活动")
    phone, other = volunteer(world), volunteer(world, "v2")
    first = report("v1", "play", households=1, people=3, handouts={"fan": 2, "tissue-box": 1}, in_force=False)
    report("v1", "play", households=1, people=4, handouts={"fan": 3}, tally_id=first, revision=2)
    report("v1", "play", households=2, people=5, handouts={"fan": 1, "tissue-box": 48})
    report("v1", "play", setting="talk", households=0, people=60)
    report("v1", "play", households=90, people=90, state="held", in_force=False)
    report("v1", "play", households=80, people=80, state="refused", in_force=False)
    gone = report("v1", "later", households=70, people=70, in_force=False, voided=True)
    report("v1", "later", households=71, people=71, in_force=False, tally_id=gone, revision=2)
    report("v1", "later", state="held", in_force=False, voided=True)
    report("v2", "play", households=500, people=500, handouts={"fan": 500})
    found = own(phone)
    assert found["campaigns"] == [
        {
            "slug": "later",
            "title": "下一个活动",
            "tallies": 0,
            "households": 0,
            "people": 0,
            "settings": [counted(name) for name in ("household", "shop", "stall", "talk")],
            "handed_out": [],
            "voided": 2,
            "held": 0,
        },
        {
            "slug": "play",
            "title": "测试活动",
            "tallies": 3,
            "households": 3,
            "people": 69,
            "settings": [counted("household", 2, 3, 9), counted("shop"), counted("stall"), counted("talk", 1, 0, 60)],
            "handed_out": [{"material": "fan", "quantity": 4}, {"material": "tissue-box", "quantity": 48}],
            "voided": 0,
            "held": 1,
        },
    ]
    assert [one["people"] for one in own(other)["campaigns"]] == [500]
    assert set(found) == {"volunteer", "assignments", "stock", "campaigns"}


def counted(setting: str, tallies: int = 0, households: int = 0, people: int = 0) -> dict[str, Any]:
    return {"setting": setting, "tallies": tallies, "households": households, "people": people}


def test_the_own_stock_is_shown_also_below_zero(world: World) -> None:
    lay_out()
    phone, other = volunteer(world), volunteer(world, "v2")
    clerk = world.desk()
    moved(clerk, "receive", 100, store=COMMUNITY)
    moved(clerk, "receive", 100, store=COMMUNITY, material="fan")
    for code, boxes in (("v1", 10), ("v2", 70)):
        moved(clerk, "issue", boxes, store=COMMUNITY, volunteer=str(id_of(code)))
    moved(clerk, "issue", 5, store=COMMUNITY, volunteer=str(id_of()), material="fan")
    moved(clerk, "hand_out", 12, volunteer=str(id_of()))
    box = {"code": BOX.code, "name": "反诈抽纸", "unit": "盒"}
    fan = {"code": "fan", "name": "反诈扇", "unit": "把"}
    assert own(phone)["stock"] == [
        {"material": fan, "on_hand": 5, "overdrawn": False},
        {"material": box, "on_hand": -2, "overdrawn": True},
    ]
    assert own(other)["stock"] == [{"material": box, "on_hand": 70, "overdrawn": False}]


def test_a_new_volunteer_has_nothing(world: World) -> None:
    found = own(volunteer(world))
    assert (found["stock"], found["campaigns"]) == ([], [])
    assert [one["region"] for one in found["assignments"]] == [COMMUNITY]


def test_who_left_still_reads(world: World, command: Any) -> None:
    phone = volunteer(world)
    assert command("volunteers", "leave", "v1", "--as", "second").exit_code == 0
    found = own(phone)
    assert found["volunteer"]["left_at"] == rfc3339(START)
    assert found["assignments"][0]["ends_at"] == rfc3339(START)
