"""Rounds, awards, blocks and coupons at the desk: what the office may know, and nothing that leads to a prize."""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from quizsvc.campaigns import service as campaigns
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import reading, transaction
from quizsvc.lottery import coupons, ledger, register, rounds
from quizsvc.lottery.awards import code_of
from tests.desk.browser import Browser, at_desk
from tests.world import START, Phone, World, box, uuid_of

ALL_WIN = [box(cards=8, prizes={"tissue": 8}, days=(-1, 9)), box(cards=20, prizes={"tissue": 1}, days=(9, 29))]
DAY = timedelta(days=1)


def win(world: World, slug: str = "play") -> Phone:
    """Somebody who draws from a box in which every card wins."""
    citizen = world.citizen(consents_to=slug)
    assert citizen.draw(citizen.earn_ticket(slug)).get_json()["outcome"] == "won"
    return citizen


def award_ids(world: World, slug: str = "play") -> list[Any]:
    with reading():
        return [one.id for one in register.list_awards(campaigns.get_campaign(slug), limit=100).items]


def states(world: World) -> list[str]:
    return [state for (state,) in world.rows("SELECT state FROM awards ORDER BY id")]


# --- rounds -----------------------------------------------------------------------------------------------------------


def test_a_round_shows_what_is_left_its_odds_and_its_proofs(world: World) -> None:
    world.publish(round=ALL_WIN)
    for _ in range(3):
        win(world)
    with transaction():
        ledger.anchor_draws(campaigns.get_campaign("play"), now=START + timedelta(hours=1), forced=True)
    browser = at_desk(world, "auditor")
    browser.open("/desk/campaigns/play/rounds")
    assert "第 1 轮 进行中" in browser.text()
    assert "8 3 5 3 / 8 不使用" in browser.text()
    assert browser.open("/desk/campaigns/play/rounds/1").status_code == 200
    assert "反诈抽纸 8 0 3 5 100.0%" in browser.text()
    with reading():
        one, later = rounds.list_rounds(campaigns.get_campaign("play"))
    assert one.commitment in browser.page
    assert "2026-12-01 11:00 3 3" in browser.text()
    browser.open("/desk/campaigns/play/rounds/2")
    assert later.commitment in browser.page
    assert "至少 5.0%" in browser.text()
    assert browser.open("/desk/campaigns/play/rounds/9").status_code == 404


def test_no_seed_and_no_code_is_on_any_page(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    win(world)
    browser = at_desk(world, "operator")
    with reading():
        sealed = rounds.list_rounds(campaigns.get_campaign("play"))[0].sealed_seed
    secrets = [code_of(award_ids(world)[0]), sealed, keys().unseal(sealed).hex(), "credit-0"]
    assert hashlib.sha256(bytes.fromhex(secrets[2])).hexdigest() in browser_pages(browser, award_ids(world)[0])
    for secret in secrets:
        assert secret not in browser_pages(browser, award_ids(world)[0])
    assert browser.open("/desk/campaigns/play/rounds/1/bundle").status_code == 409


def browser_pages(browser: Browser, award: Any) -> str:
    """Every page on boxes and prizes, one after the other."""
    paths = ("", "/rounds", "/rounds/1", "/awards", "/awards.csv", f"/awards/{award}/void", "/blocks", "/coupons")
    pages = []
    for path in paths:
        assert browser.open(f"/desk/campaigns/play{path}").status_code == 200
        pages.append(browser.page)
    return "\n".join(pages)


def test_a_round_is_closed_when_its_time_has_come_and_not_before(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ALL_WIN)
    win(world)
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/close-round")
    assert "没有到时间的轮次" in browser.text()
    assert browser.send("/desk/campaigns/play/close-round").status_code == 303
    assert world.count("rounds", "state = 'closed'") == 0
    clock.move_to(START + 9 * DAY)
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/close-round")
    assert "第 1 轮结束" in browser.text()
    assert "第 2 轮开始" in browser.text()
    assert browser.send("/desk/campaigns/play/close-round").status_code == 303
    browser.open("/desk/campaigns/play/rounds")
    assert "第 1 轮已结束，第 2 轮进行中" in browser.text()
    bundle = json.loads(browser.open("/desk/campaigns/play/rounds/1/bundle").data)
    assert bundle == world.phone().get("campaigns/play/rounds/1/ledger").get_json()
    (audited,) = world.rows("SELECT actor, subject FROM audit WHERE act = 'round.advance'")
    assert audited == ("operator", "play")


def test_the_public_number_is_entered_once_and_written_twice(world: World) -> None:
    world.publish(round=[box(cards=8, prizes={"tissue": 8}, days=(1, 29))], rules={"beacon": "双色球第 2026137 期"})
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/rounds/1")
    assert "双色球第 2026137 期" in browser.text()
    assert browser.send("/desk/campaigns/play/rounds/1", beacon="01 02 03", again="01 02 04").status_code == 422
    assert 'value="01 02 03"' in browser.page
    assert browser.send("/desk/campaigns/play/rounds/1", beacon="01 02 03", again="01 02 03").status_code == 303
    browser.open("/desk/campaigns/play/rounds/1")
    assert "录入公开数" not in browser.text()
    assert browser.send("/desk/campaigns/play/rounds/1", beacon="9", again="9").status_code == 409
    assert world.rows("SELECT beacon FROM rounds") == [("01 02 03",)]
    assert world.rows("SELECT actor FROM audit WHERE act = 'round.beacon'") == [("operator",)]


# --- awards -----------------------------------------------------------------------------------------------------------


def test_awards_are_filtered_paged_and_taken_out_as_a_table(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish(round=ALL_WIN)
    world.publish(slug="noise", round=[box(cards=4, prizes={"tissue": 4})])
    winners = [win(world) for _ in range(3)]
    win(world, "noise")
    code = winners[0].get("me/awards").get_json()["items"][0]["code"]
    scan = "01890000-0000-7000-8000-000000000001"
    assert world.desk().put(f"redemptions/{scan}", json={"code": code}).status_code == 200
    browser = at_desk(world, "auditor")
    table = browser.open("/desk/campaigns/play/awards.csv?state=won").data.decode("utf-8-sig").splitlines()
    assert len(table) == 3
    assert all("待领取" in line for line in table[1:])
    whole = browser.open("/desk/campaigns/play/awards.csv").data.decode("utf-8-sig").splitlines()
    assert len(whole) == 4
    assert sum("甲社区,clerk" in line for line in whole) == 1
    assert len(browser.open("/desk/campaigns/play/awards.csv?round=2").data.decode().splitlines()) == 1
    monkeypatch.setattr("quizsvc.backoffice.desk.scope.PAGE", 2)
    browser.open("/desk/campaigns/play/awards")
    assert "待领取 2，已领取 1" in browser.text()
    assert browser.page.count('<th scope="row">') == 2
    browser.open(browser.link("下一页"))
    assert browser.page.count('<th scope="row">') == 1
    assert browser.open("/desk/campaigns/play/awards?state=x").status_code == 404
    assert browser.open("/desk/campaigns/play/awards?round=7").status_code == 404


def test_an_award_is_made_void_for_a_reason_and_only_while_it_waits(world: World) -> None:
    world.publish(round=ALL_WIN)
    world.publish(slug="noise", round=[box(cards=4, prizes={"tissue": 4})])
    win(world)
    win(world, "noise")
    (mine,), (others,) = award_ids(world), award_ids(world, "noise")
    browser = at_desk(world, "operator")
    address = f"/desk/campaigns/play/awards/{mine}/void"
    assert browser.open(f"/desk/campaigns/play/awards/{others}/void").status_code == 404
    assert browser.open(address).status_code == 200
    assert browser.send(f"/desk/campaigns/play/awards/{others}/void", reason="x").status_code == 404
    browser.open(address)
    assert browser.send(address).status_code == 422
    assert states(world) == ["won", "won"]
    assert browser.send(address, reason="经核实为工作人员").status_code == 303
    assert sorted(states(world)) == ["void", "won"]
    (row,) = world.rows("SELECT actor, subject, before, after FROM audit WHERE act = 'award.void'")
    assert (row[0], row[1]) == ("operator", str(uuid_of(mine)))
    assert "won" in str(row[2])
    assert "void" in str(row[3])
    browser.open(address)
    assert "已作废，不能作废" in browser.text()


# --- who may not draw -------------------------------------------------------------------------------------------------


def test_a_person_is_blocked_and_let_draw_again(world: World) -> None:
    world.publish(round=ALL_WIN)
    citizen = world.citizen()
    ticket = citizen.earn_ticket()
    ((one,),) = world.rows("SELECT id FROM citizens")
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/blocks")
    assert "没有人被禁止抽奖" in browser.text()
    for typed in ("", "nonsense", "01890000-0000-7000-8000-000000000001"):
        assert browser.send("/desk/campaigns/play/blocks", citizen=typed, reason="刷票").status_code == 404
        assert "没有这个居民编号" in browser.text()
    assert browser.send("/desk/campaigns/play/blocks", citizen=str(uuid_of(one)), reason="刷票").status_code == 303
    assert citizen.draw(ticket).status_code == 409
    browser.open("/desk/campaigns/play/blocks")
    assert "刷票 operator" in browser.text()
    ((key,),) = world.rows("SELECT limit_key FROM blocks")
    address = f"/desk/campaigns/play/blocks/{key}/lift"
    browser.open(address)
    assert browser.send(address).status_code == 422
    assert browser.send(address, reason="误加").status_code == 303
    assert citizen.draw(ticket).status_code == 200
    acts = [act for (act,) in world.rows("SELECT act FROM audit WHERE act LIKE 'citizen.%' ORDER BY id")]
    assert acts == ["citizen.block", "citizen.unblock"]


def test_a_block_is_lifted_in_its_own_campaign_alone(world: World) -> None:
    world.publish()
    world.publish(slug="noise")
    world.citizen().deal()
    ((one,),) = world.rows("SELECT id FROM citizens")
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/blocks")
    browser.send("/desk/campaigns/play/blocks", citizen=str(uuid_of(one)), reason="刷票")
    ((key,),) = world.rows("SELECT limit_key FROM blocks")
    browser.open(f"/desk/campaigns/noise/blocks/{key}/lift")
    assert browser.send(f"/desk/campaigns/noise/blocks/{key}/lift", reason="x").status_code == 404
    assert world.count("blocks") == 1


# --- coupons ----------------------------------------------------------------------------------------------------------


def send_list(browser: Browser, text: str, prize: str = "credit") -> Any:
    browser.open("/desk/campaigns/play/coupons")
    file = FileStorage(io.BytesIO(text.encode()), filename="券码.csv")
    boundary, body = encode_multipart({"csrf_token": browser.token(), "prize": prize, "file": file})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.open("/desk/campaigns/play/coupons", "POST", data=body, content_type=kind)


def test_a_coupon_list_is_taken_over_once_and_counted(world: World) -> None:
    world.publish()
    browser = at_desk(world, "operator")
    line = "MORE-{},1000,2026-12-31T23:59:59+08:00"
    text = "\n".join(["code,face_value_fen,expires_at", *(line.format(n) for n in range(4))])
    assert send_list(browser, text).status_code == 200
    assert "新增 4 个券码，0 个已经有了" in browser.text()
    assert world.count("coupons") == 3
    fields = {name: browser.hidden(name) for name in ("prize", "called", "seen", "content")}
    assert browser.send("/desk/campaigns/play/coupons/take", **fields | {"seen": "x"}).status_code == 409
    assert world.count("coupons") == 3
    assert browser.send("/desk/campaigns/play/coupons/take", **fields).status_code == 303
    browser.open("/desk/campaigns/play/coupons")
    assert "新增 4 个券码，0 个已经有了" in browser.text()
    assert "话费券 3 7 0 7 0" in browser.text()
    assert "MORE-1" not in browser.page
    assert send_list(browser, text).status_code == 200
    assert "新增 0 个券码，4 个已经有了" in browser.text()
    assert "不用再导入" in browser.text()
    assert send_list(browser, text, prize="tissue").status_code == 422


def test_every_fault_of_a_coupon_list_is_shown_and_nothing_is_taken_over(world: World) -> None:
    world.publish()
    browser = at_desk(world, "operator")
    rows = ["code,face_value_fen,expires_at", "A,1000,2026-12-31T23:59:59+08:00", "A,ten,2026-12-31T23:59:59+08:00"]
    assert send_list(browser, "\n".join([*rows, "B,1000,tomorrow"])).status_code == 422
    for fault in ("第 3 行：券码重复", "第 3 行：面值“ten”不是整数", "第 4 行：到期时间“tomorrow”有误"):
        assert fault in browser.text(), browser.text()
    assert world.count("coupons") == 3
    with reading():
        assert not coupons.find_shortages(campaigns.get_campaign("play"))


# --- who --------------------------------------------------------------------------------------------------------------


def test_another_streets_boxes_cannot_be_reached(world: World) -> None:
    world.draft(slug="play", region="s2")
    browser = at_desk(world, "second")
    for path in ("rounds", "rounds/1", "rounds/1/bundle", "awards", "awards.csv", "blocks", "coupons", "close-round"):
        assert browser.open(f"/desk/campaigns/play/{path}").status_code == 404, path
    browser.open("/desk/campaigns")
    for path in ("rounds/1", "blocks", "coupons", "close-round"):
        answer = browser.send(f"/desk/campaigns/play/{path}", beacon="1", again="1", reason="x", citizen="x")
        assert answer.status_code == 404, path


def test_an_auditor_changes_nothing(world: World) -> None:
    world.publish(round=ALL_WIN)
    win(world)
    (award,) = award_ids(world)
    browser = at_desk(world, "auditor")
    for path in ("rounds/1", "blocks", "coupons", "close-round", f"awards/{award}/void", "blocks/x/lift"):
        browser.open("/desk/campaigns/play/awards")
        assert "作废（" not in browser.text()
        assert browser.send(f"/desk/campaigns/play/{path}", reason="x").status_code == 403, path
    assert states(world) == ["won"]
