"""Amending a published campaign: by two people, in favour of participants alone, while people answer and draw."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask.cli import AppGroup, ScriptInfo

from quizsvc.accounts import service as accounts
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice import cli
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import Campaign
from quizsvc.campaigns.service import Over, SecondPersonNeeded, WrongState
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.lottery import cli as lottery_cli
from quizsvc.lottery import coupons, rounds, store
from quizsvc.lottery import service as lottery
from quizsvc.lottery.coupons import CouponRow
from quizsvc.lottery.rules import Round
from tests.world import CAMPAIGN, START, World, at_once, box, merged, said_by

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FRESH = timedelta(seconds=3)  # longer than the campaign page is kept
WHY = "应居民要求延长"
CREDIT, TISSUE = CAMPAIGN["prize"]
VOUCHER = {"code": "voucher", "name": "超市券", "value_fen": 500, "kind": "coupon"}
FIRST, LAST = CAMPAIGN["round"]
LONGER: dict[str, Any] = {"closes_at": START + 40 * DAY, "rules": {"claim_until": START + 60 * DAY}}
TABLES = ("campaigns", "campaign_versions", "campaign_amendments", "rounds", "awards", "coupons", "audit")


def amend(*, by: str = "operator", reason: str = WHY, **changes: Any) -> None:
    """Put the changed file forward."""
    document = read_campaign(merged(CAMPAIGN, **changes), file="play.toml")
    with transaction():
        campaign = campaigns.get_campaign(document["slug"])
        backoffice.amend(campaign, document, reason=reason, by=accounts.get_staff(by), now=utcnow())


def publish(slug: str = "play", *, by: str = "second") -> None:
    with transaction():
        backoffice.publish(campaigns.get_campaign(slug), by=accounts.get_staff(by), now=utcnow())


def amended(**changes: Any) -> None:
    """An amendment in force."""
    amend(**changes)
    publish()


def load_coupons(prize: str, count: int) -> None:
    rows = [CouponRow(f"{prize}-more-{n}", 500, START + 90 * DAY) for n in range(count)]
    with transaction():
        coupons.load_coupons(campaigns.get_campaign("play"), prize=prize, coupons=rows, by="operator", now=utcnow())


def standing(slug: str = "play") -> Campaign:
    with reading():
        return campaigns.get_campaign(slug)


def page_of(world: World, slug: str = "play") -> dict[str, Any]:
    return dict(world.phone().get(f"campaigns/{slug}").get_json())


def snapshot(world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def run(world: World, group: AppGroup, *words: str) -> Result:
    return CliRunner().invoke(group, list(words), obj=ScriptInfo(create_app=lambda: world.app))


# --- by two people, seen by everybody ---------------------------------------------------------------------------------


def test_an_amendment_is_the_next_version_and_all_versions_stay_readable(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish(slug="noise")
    world.publish()
    first = page_of(world)
    clock.shift(DAY)
    amend(**LONGER)
    assert page_of(world) == first
    clock.shift(DAY)
    publish()
    second = page_of(world)
    assert second["closes_at"] == "2027-01-10T10:00:00.000+08:00"
    rules = second["rules"]
    assert (rules["version"], rules["amends"], rules["reason"]) == (2, first["rules_hash"], WHY)
    assert rules["amended_at"] == "2026-12-03T10:00:00.000+08:00"
    assert [one["commitment"] for one in rules["rounds"]] == [one["commitment"] for one in first["rules"]["rounds"]]
    assert [(one["version"], one["rules_hash"], one["reason"]) for one in second["versions"]] == [
        (1, first["rules_hash"], None),
        (2, second["rules_hash"], WHY),
    ]
    assert second["versions"][1]["published_at"] == rules["amended_at"]
    for page in (first, second):
        text = world.phone().get(f"campaigns/play/rules/{page['rules']['version']}").get_json()
        assert text == page["rules"]
        assert sha256_hex(canonical(text)) == page["rules_hash"]
    for version in (0, 3, 10**12):
        assert world.phone().get(f"campaigns/play/rules/{version}").get_json()["errcode"] == "campaigns.version_unknown"
    assert world.phone().get("campaigns/draft/rules/1").get_json()["errcode"] == "campaigns.unknown"
    assert [one["version"] for one in page_of(world, "noise")["versions"]] == [1]


def test_the_audit_log_holds_before_and_after(world: World) -> None:
    world.publish()
    amended(**LONGER)
    rows = world.rows("SELECT actor, act, before, after FROM audit WHERE subject = 'play' ORDER BY id DESC LIMIT 2")
    loads = [json.loads(one) if isinstance(one, str) else one for row in rows for one in row[2:]]
    assert [row[:2] for row in rows] == [("second", "campaign.amended"), ("operator", "campaign.amendment")]
    assert (loads[0]["version"], loads[1]["version"], loads[1]["reason"]) == (1, 2, WHY)
    assert loads[0]["rules_hash"] != loads[1]["rules_hash"] == page_of(world)["rules_hash"]
    assert loads[3]["rules"]["closes_at"] == "2027-01-10T10:00:00.000+08:00"


def test_an_amendment_needs_a_second_person_over_the_region(world: World) -> None:
    world.publish()
    amend(**LONGER)
    before = snapshot(world)
    with pytest.raises(SecondPersonNeeded):
        publish(by="operator")
    for who in ("clerk", "auditor"):
        with pytest.raises(RoleMissing):
            publish(by=who)
        with pytest.raises(RoleMissing):
            amend(by=who, **LONGER)
    assert snapshot(world) == before
    amend(by="second", **LONGER)
    with pytest.raises(SecondPersonNeeded):
        publish(by="second")
    publish(by="operator")
    assert standing().version == 2


def test_publishing_an_amendment_twice_changes_nothing(world: World, clock: time_machine.Traveller) -> None:
    world.publish()
    amended(**LONGER)
    before = snapshot(world)
    clock.shift(DAY)
    publish()
    publish(by="operator")
    assert snapshot(world) == before


def test_the_amendment_that_waits_can_be_replaced(world: World) -> None:
    world.publish()
    amend(title="拿走一些", closes_at=START + 10 * DAY)
    amend(**LONGER)
    publish()
    assert standing().definition.closes_at == START + 40 * DAY
    assert world.count("campaign_amendments") == 0


@pytest.mark.parametrize("state", ["draft", "closing"])
def test_only_a_running_campaign_is_amended(world: World, state: str) -> None:
    if state == "draft":
        world.draft()
    else:
        world.publish()
        amend(**LONGER)
        world.move("play", state)
    before = snapshot(world)
    with pytest.raises(WrongState):
        amend(**LONGER)
    if state == "closing":
        with pytest.raises(WrongState):
            publish()
    assert snapshot(world) == before


def test_a_paused_campaign_is_amended_and_stays_paused(world: World) -> None:
    world.publish()
    world.move("play", "paused")
    amended(**LONGER)
    assert (standing().state, standing().version) == ("paused", 2)


def test_a_campaign_whose_time_is_over_is_not_amended_even_before_tick(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish()
    amend(**LONGER)
    clock.move_to(START + 29 * DAY)
    before = snapshot(world)
    with pytest.raises(Over):
        publish()
    with pytest.raises(Over):
        amend(**LONGER)
    assert snapshot(world) == before


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"rules": {"max_wins": 1}}, "rules.max_wins"),
        ({"round": [FIRST | {"cards": 50, "prizes": {"credit": 2, "tissue": 9}}, LAST]}, "round[1]"),
        ({"prize": [CREDIT, TISSUE, VOUCHER], "round": [FIRST, LAST | {"prizes": {"voucher": 1}}]}, "prize voucher"),
        ({"closes_at": START + 30 * DAY, "rules": {"claim_until": START + 45 * DAY, "conditions": "另文"}}, "rules"),
        ({"round": [FIRST, LAST | {"closes_at": START + 30 * DAY}]}, "round[2]"),
        ({}, "file"),
    ],
)
def test_what_does_not_favour_participants_is_refused_and_nothing_changes(
    world: World, changes: dict[str, Any], where: str
) -> None:
    world.publish()
    world.tick()
    amend(**changes)
    before = snapshot(world)
    with pytest.raises(FileRefused) as refused:
        publish()
    assert any(problem.where.startswith(where) for problem in refused.value.problems)
    assert snapshot(world) == before


# --- papers, draws and awards go on -----------------------------------------------------------------------------------


def test_draws_in_an_open_round_go_on_and_an_added_prize_is_drawn_with_its_coupon(
    world: World, clock: time_machine.Traveller
) -> None:
    opening, empty = box(cards=5, prizes={}, days=(-1, 9)), box(cards=1, prizes={}, days=(9, 29))
    slug = world.publish(round=[opening, empty])
    phones = [world.citizen(f"draws-{n}") for n in range(4)]
    tickets = [phone.earn_ticket() for phone in phones]
    before = phones[0].draw(tickets[0]).get_json()["receipt"]
    load_coupons("voucher", 9)
    added = box(cards=9, prizes={"voucher": 9}, days=(29, 39))
    amended(**LONGER, prize=[CREDIT, TISSUE, VOUCHER], round=[opening, empty, added])
    after = phones[1].draw(tickets[1]).get_json()["receipt"]
    assert (before["round"], before["position"], after["round"], after["position"]) == (1, 1, 1, 2)
    clock.move_to(START + 29 * DAY)
    for n in (2, 3):
        answer = world.citizen(f"draws-{n}").draw(tickets[n]).get_json()
        assert answer["receipt"]["round"] == 3
        assert answer["prize"] == {"code": "voucher", "name": "超市券"}
        assert answer["award"]["coupon"]["code"].startswith("voucher-more-")
    hashes = [one["rules_hash"] for one in page_of(world, slug)["versions"]]
    opened = [(one["no"], one["rules_hash"]) for one in page_of(world, slug)["rounds"]]
    assert opened == [(1, hashes[0]), (2, hashes[1]), (3, hashes[1])]


def test_a_longer_campaign_deals_beyond_its_first_end_and_closes_at_its_new_one(
    world: World, clock: time_machine.Traveller
) -> None:
    world.publish()
    amended(**LONGER)
    for moment, state in ((START + 29 * DAY, "published"), (START + 40 * DAY, "closing")):
        clock.move_to(moment - SECOND)
        assert world.citizen().post("campaigns/play/papers").status_code == 201
        clock.move_to(moment)
        world.tick()
        assert standing().state == state


def test_what_was_not_fetched_may_be_fetched_longer_also_what_had_expired(
    world: World, clock: time_machine.Traveller
) -> None:
    """Two winners, one of whom comes in time; both rounds and the first claim_until end before the campaign does."""
    early = {"rules": {"claim_until": START + 10 * DAY}, "round": [box(cards=2, prizes={"tissue": 2}, days=(-1, 9))]}
    world.publish(**early)
    noise = world.publish(slug="noise", **early)
    phones = [world.citizen() for _ in range(3)]
    codes = [phone.draw(phone.earn_ticket()).get_json()["award"]["code"] for phone in phones[:2]]
    other = world.citizen(consents_to=noise)
    other_code = other.draw(other.earn_ticket(noise)).get_json()["award"]["code"]
    scans = [f"redemptions/00000000-0000-4000-8000-{n:012}" for n in range(3)]
    desk = world.desk()
    assert desk.put(scans[0], json={"code": codes[0]}).status_code == 200
    clock.move_to(START + 11 * DAY)
    with transaction():
        backoffice.expire_awards(now=utcnow())
    amended(**merged(early, rules={"claim_until": START + 20 * DAY}))
    world.staff.clear()
    desk = world.desk()
    assert desk.put(scans[1], json={"code": codes[1]}).status_code == 200
    assert desk.put(scans[2], json={"code": other_code}).get_json()["errcode"] == "lottery.award_expired"
    assert desk.put(scans[2], json={"code": codes[0]}).get_json()["errcode"] == "lottery.already_redeemed"


def test_what_comes_back_over_the_desk_may_be_fetched_longer_too(world: World, clock: time_machine.Traveller) -> None:
    """The prize was handed over when the time was made longer, and the redemption is undone after the old one."""
    early = {"rules": {"claim_until": START + 10 * DAY}, "round": [box(cards=1, prizes={"tissue": 1}, days=(-1, 9))]}
    world.publish(**early)
    phone, scan = world.citizen(), "redemptions/00000000-0000-4000-8000-000000000001"
    code = phone.draw(phone.earn_ticket()).get_json()["award"]["code"]
    assert world.desk().put(scan, json={"code": code}).status_code == 200
    amended(**merged(early, rules={"claim_until": START + 20 * DAY}))
    assert world.rows("SELECT state FROM awards") == [("redeemed",)]
    clock.move_to(START + 11 * DAY)
    world.staff.clear()
    assert world.desk("second").post(f"{scan}/undo", json={"reason": "拿错"}).status_code == 200
    with transaction():
        backoffice.expire_awards(now=utcnow())
    again = scan.replace("8000-000000000001", "8000-000000000002")
    assert world.desk().put(again, json={"code": code}).status_code == 200


def test_a_round_added_after_the_last_one_closed_inherits_what_that_left(
    world: World, clock: time_machine.Traveller
) -> None:
    short = {"rules": {"claim_until": START + 45 * DAY}, "round": [box(cards=9, prizes={"tissue": 5}, days=(-1, 2))]}
    world.publish(**short)
    world.citizen().earn_ticket()
    world.tick()
    clock.move_to(START + 3 * DAY)
    world.tick()
    added = [*short["round"], box(cards=5, prizes={}, days=(4, 9)), box(cards=6, prizes={"tissue": 1}, days=(9, 19))]
    amended(**merged(short, round=added))
    phone = world.citizen()
    ticket = phone.earn_ticket()
    clock.move_to(START + 4 * DAY)
    answer = phone.draw(ticket).get_json()
    assert (answer["receipt"]["round"], answer["prize"]["code"]) == (2, "tissue")
    clock.move_to(START + 19 * DAY)
    world.tick()
    bundles = [world.phone().get(f"campaigns/play/rounds/{no}/ledger").get_json() for no in (1, 2, 3)]
    assert [one["carried"] for one in bundles] == [
        [],
        [{"code": "tissue", "count": 5}],
        [{"code": "tissue", "count": 4}],
    ]
    assert [one["previous_head"] for one in bundles] == [None, bundles[0]["head"], bundles[1]["head"]]


def test_a_mark_stands_when_less_is_asked_for_later(world: World) -> None:
    """Three of five are 60 %: failed before the amendment, passed after it; each for good."""
    world.publish()
    phone = world.citizen()
    first = phone.deal()
    marked = phone.hand_in(first, wrong=2)
    assert (marked["passed"], marked["tickets"]) == (False, [])
    amended(paper={"pass_percent": 60})
    assert phone.hand_in(first, wrong=2) == marked
    again = phone.hand_in(phone.deal(), wrong=2)
    assert (again["passed"], len(again["tickets"])) == (True, 1)


# --- in the very moment -----------------------------------------------------------------------------------------------


def before_writing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen after a draw has read and before its first writing transaction begins."""
    acts = [act]

    @contextmanager
    def later() -> Iterator[None]:
        while acts:
            acts.pop()()
        with transaction():
            yield

    monkeypatch.setattr(lottery, "transaction", later)


def test_a_box_that_is_filled_while_a_draw_is_about_to_open_it_is_drawn_as_filled(
    world: World, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draw's host is a second ahead of the one that publishes."""
    opening = box(cards=5, prizes={}, days=(-1, 9))
    world.publish(round=[opening, box(cards=2, prizes={"tissue": 1}, days=(9, 29))])
    ticket = world.citizen("draws").earn_ticket()
    load_coupons("voucher", 1)
    full = box(cards=2, prizes={"tissue": 1, "voucher": 1}, days=(9, 29))
    amend(prize=[CREDIT, TISSUE, VOUCHER], round=[opening, full])
    clock.move_to(START + 9 * DAY)
    phone = world.citizen("draws")  # logged in again

    def publish_a_second_ago() -> None:
        with transaction():
            second = accounts.get_staff("second")
            backoffice.publish(campaigns.get_campaign("play"), by=second, now=utcnow() - SECOND)

    before_writing(monkeypatch, publish_a_second_ago)
    answer = phone.draw(ticket)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["outcome"] == "won"
    assert world.rows("SELECT rules_hash FROM rounds WHERE no = 2") == [(standing().rules_hash,)]


def test_a_win_in_the_very_moment_may_be_fetched_as_long_as_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(round=[box(cards=1, prizes={"tissue": 1})])
    world.tick()
    phone = world.citizen()
    ticket = phone.earn_ticket()
    later = {"rules": {"claim_until": START + 60 * DAY}, "round": [box(cards=1, prizes={"tissue": 1})]}
    before_writing(monkeypatch, lambda: amended(**later))
    assert phone.draw(ticket).get_json()["outcome"] == "won"
    assert phone.get("me/awards").get_json()["items"][0]["expires_at"] == "2027-01-30T10:00:00.000+08:00"


def test_who_looked_before_an_amendment_does_not_undo_it(world: World, clock: time_machine.Traveller) -> None:
    """A pause and a tick that read the campaign before the amendment was published."""
    world.publish()
    seen = standing()
    amended(**LONGER)
    clock.move_to(START + 29 * DAY)
    with transaction():
        assert all("is closing" not in line for line in backoffice.advance(seen, now=utcnow()))
        campaigns.move(seen, "paused", by="operator", now=utcnow())
    assert (standing().state, standing().version) == ("paused", 2)


def test_a_campaign_that_is_ended_early_holds_its_closing_draw_by_the_newest_rules(world: World) -> None:
    closing = {"rules": {"leftovers": "closing-draw", "beacon": "福彩3D 第2026330期"}}
    world.publish(**closing)
    seen = standing()
    amended(**merged(closing, rules={"claim_until": START + 60 * DAY}))
    with transaction():
        backoffice.move(seen, "closing", by=accounts.get_staff("operator"), now=utcnow())
    assert world.rows("SELECT rules_hash FROM rounds WHERE no = 3") == [(standing().rules_hash,)]


@pytest.mark.parametrize("boxes", [[FIRST, LAST], []])
def test_two_people_publishing_an_amendment_at_once_end_in_one_version(world: World, boxes: list[Any]) -> None:
    """Without rounds there are no rows of theirs to queue at."""
    world.publish(round=boxes)
    for turn in range(1, 4):
        amend(late_days=7 + turn, round=boxes)
        said = at_once(*[partial(said_by, publish)] * 4)
        assert [one for one in said if one is not None and not isinstance(one, WrongState)] == []
        assert standing().version == 1 + turn
        assert world.count("campaign_versions") == 1 + turn


def test_draws_openings_and_an_amendment_at_once_leave_one_truth(world: World, clock: time_machine.Traveller) -> None:
    """Ten draws, two ticks and a publication in one moment, in which the first round opens."""
    slug = world.publish(round=[FIRST, LAST])
    people = [world.citizen() for _ in range(10)]
    tickets = [phone.earn_ticket() for phone in people]
    amend(round=[FIRST, LAST | {"prizes": {"credit": 1, "tissue": 30}}])
    draws = [lambda p=phone, t=ticket: p.draw(t).status_code for phone, ticket in zip(people, tickets, strict=True)]
    at_once(*draws, world.tick, world.tick, publish)
    assert {phone.draw(ticket).status_code for phone, ticket in zip(people, tickets, strict=True)} == {200}
    assert world.count("draws") == 10
    assert standing().version == 2
    planned = {one["no"]: one["planned"] for one in page_of(world, slug)["rounds"]}
    assert planned == {one["no"]: one["planned"] for one in page_of(world, slug)["rules"]["rounds"]}


def test_who_waited_for_an_amendment_sees_the_amended_rules(world: World) -> None:
    """PostgreSQL gives a waiter the new row of the campaign joined to the versions of before."""
    world.publish()
    amend(**LONGER)
    seen: list[Campaign] = []

    def look() -> None:
        with world.app.app_context(), transaction():
            seen.append(campaigns.get_public("play", kept=True))

    reader = Thread(target=look)
    with transaction():
        backoffice.publish(campaigns.get_campaign("play"), by=accounts.get_staff("second"), now=utcnow())
        reader.start()
        while db.engine.dialect.name == "postgresql" and not _somebody_waits(world):
            pass
    reader.join()
    assert seen[0].rules_hash == standing().rules_hash
    assert seen[0].version == 2


def _somebody_waits(world: World) -> bool:
    with db.engine.connect() as connection:
        waiting = connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one()
    return bool(waiting)


def test_a_round_that_opens_behind_an_amendments_back_is_not_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another amendment added it after the rows were held, and it opened after they were read again."""
    world.publish()
    amend(round=[FIRST, LAST | {"prizes": {"credit": 1, "tissue": 4}}])
    before, read = snapshot(world), store.list_rounds

    def read_then_open(campaign_id: UUID, *, lock: bool = False) -> Sequence[Round]:
        standing = read(campaign_id, lock=lock)
        db.session.connection().exec_driver_sql(
            "UPDATE rounds SET state = 'open', beacon = '', rules_hash = 'x' WHERE no = 2"
        )
        return standing

    with reading():
        campaign = campaigns.get_campaign("play")
        amendment = amendments.find_amendment(campaign)
    assert amendment is not None
    monkeypatch.setattr(store, "list_rounds", read_then_open)
    with pytest.raises(WrongState), transaction():
        rounds.amend_rounds(replace(campaign, definition=amendment.definition))
    assert snapshot(world) == before


# --- the commands -----------------------------------------------------------------------------------------------------

FILE = """
slug = "cli"
title = "命令行活动"
region = "s1"
opens_at = 2026-11-30T00:00:00+08:00
closes_at = 2026-12-{end}T00:00:00+08:00
privacy = "告知"
organiser = {{ name = "一街道", contact = "025-00000000" }}
rules = {{ conditions = "居民", method = "签箱", handover = "社区", claim_until = 2027-01-30T00:00:00+08:00 }}

[paper]
pass_percent = 80
minutes = 10
per_day = 3
plan = [{{ scam_type = "loan", difficulty = 1, count = 3 }}]

[[prize]]
code = "tissue"
name = "抽纸"
value_fen = 800
kind = "goods"
"""
MORE = """
[[prize]]
code = "voucher"
name = "超市券"
value_fen = 500
kind = "coupon"

[[round]]
opens_at = 2026-12-30T00:00:00+08:00
closes_at = 2026-12-31T00:00:00+08:00
cards = 5
prizes = { voucher = 2 }
"""


def test_coupons_are_loaded_for_standing_and_for_added_prizes_alike(world: World, tmp_path: Path) -> None:
    world.publish()
    amend(prize=[TISSUE, VOUCHER], round=[])
    file = tmp_path / "coupons.csv"
    file.write_text("code,face_value_fen,expires_at\nz,500,2027-03-01T00:00:00+08:00\n", encoding="utf-8")
    for prize, status in (("credit", 0), ("voucher", 0), ("tissue", 2)):
        done = run(world, lottery_cli.coupons, "load", "play", prize, str(file), "--as", "operator")
        assert done.exit_code == status, (prize, done.output)


def test_a_campaign_is_amended_by_commands(world: World, tmp_path: Path) -> None:
    file, coupon_list = tmp_path / "cli.toml", tmp_path / "coupons.csv"
    coupon_list.write_text("code,face_value_fen,expires_at\na,500,2027-03-01T00:00:00+08:00\n", encoding="utf-8")

    def campaign(*words: str) -> tuple[int, str]:
        result = run(world, cli.group, *words)
        return result.exit_code, result.output or repr(result.exception)

    file.write_text(FILE.format(end=30), encoding="utf-8")
    assert campaign("load", str(file), "--as", "operator")[0] == 0
    assert campaign("publish", "cli", "--as", "second")[0] == 0
    file.write_text(FILE.format(end=29) + MORE, encoding="utf-8")
    put = ("amend", str(file), "--reason", "加一轮", "--as", "operator")
    assert campaign("amend", str(file), "--reason", " ", "--as", "operator")[0] == 2
    assert campaign(*put) == (0, "an amendment of cli waits for a second person; next: quizsvc campaign check cli\n")
    plan = "cli: paper.plan: the bank fills every line of the paper plan; it makes 20 different papers"
    status, said = campaign("check", "cli")
    assert (status, [line.split(" -> ")[0] for line in said.splitlines()]) == (
        1,
        [
            "cli: closes_at: gives participants less than before",
            "cli: round[1]: reaches outside the campaign",
            "cli: prize voucher: 0 coupons for 2 cards",
            plan,
        ],
    )
    file.write_text(FILE.format(end=31) + MORE, encoding="utf-8")
    assert campaign(*put)[0] == campaign(*put)[0] == 0
    coupon_list.write_text(
        "code,face_value_fen,expires_at\n" + "".join(f"{n},500,2027-03-01T00:00:00+08:00\n" for n in "ab"),
        encoding="utf-8",
    )
    loaded = run(world, lottery_cli.coupons, "load", "cli", "voucher", str(coupon_list), "--as", "operator")
    assert loaded.exit_code == 0, loaded.output
    assert campaign("check", "cli") == (0, f"{plan}\nthe amendment of cli can be published\n")
    assert campaign("publish", "cli", "--as", "operator")[0] == 1
    status, said = campaign("publish", "cli", "--as", "second")
    assert (status, said) == (0, f"cli is published; rules hash {page_of(world, 'cli')['rules_hash']}\n")
    assert campaign("publish", "cli", "--as", "second") == (status, said)
    assert [one["reason"] for one in page_of(world, "cli")["versions"]] == [None, "加一轮"]
