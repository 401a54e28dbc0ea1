"""Archiving: refused while anything is open, whole or not at all, the end of every change, the same when run again."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice import checking, cli, folder
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.service import WrongState
from quizsvc.commands import tick
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.problems import FileRefused
from quizsvc.lottery import cli as lottery_cli
from quizsvc.lottery.coupons import CouponRow, load_coupons
from quizsvc.reach.report_cli import report
from tests.backoffice.archived import (
    DAY,
    OVER,
    PLAY,
    archive,
    check,
    done,
    play,
    run,
    scan,
    tamper,
    verify_log,
    win,
)
from tests.backoffice.test_amending import LONGER, amended
from tests.desk.browser import at_desk
from tests.lottery.test_closing_draw import lottery
from tests.lottery.test_closing_draw import play as play_to_the_closing_draw
from tests.materials.place import lay_out, moved
from tests.outreach.place import volunteer
from tests.outreach.reports import decide, held_ids, sent, tally
from tests.world import COMMUNITY, START, World, said_by, uuid_of

FILES = (
    *("README.txt", "audit.jsonl", "awards.jsonl", "books.json", "campaign.json", "coupons.jsonl", "manifest.json"),
    *("manifest.sha256", "movements.jsonl", "redemptions.jsonl", "rounds/1.json", "rounds/2.json", "rules.jsonl"),
    "snapshots.jsonl",
)


def names_in(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def lines(place: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / name).read_text(encoding="utf-8").splitlines()]


def state(world: World) -> str:
    return str(world.rows("SELECT state FROM campaigns WHERE slug = 'play'")[0][0])


def test_an_archive_is_whole_names_nobody_and_ends_the_campaign(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    play(world, clock)
    first = tmp_path / "first"
    result = archive(world, first)
    assert result.exit_code == 0, (result.output, result.exception)
    assert names_in(tmp_path) == sorted(f"first/{name}" for name in FILES)
    _require_what_was_played(first)
    _require_nobody_named(world, first)
    manifest_hash = folder.sum_of(first / "manifest.json")[1]
    assert check(world, first, "--manifest", manifest_hash).output.startswith("GOOD")
    assert check(world, first, "--manifest", "0" * 64).exit_code == 1
    assert "internally consistent only" in check(world, first).output
    summed = subprocess.run(["sha256sum", "-c", "manifest.sha256"], cwd=first, capture_output=True, check=True)
    assert summed.stdout.count(b": OK") == len(FILES) - 1

    assert state(world) == "archived"
    _require_shown(world, manifest_hash)
    _require_read_only(world)
    _go_on(world, clock)
    assert "GOOD" in verify_log(world).output
    again = archive(world, tmp_path / "again", by="second")
    assert again.exit_code == 0, (again.output, again.exception)
    for name in set(FILES) - {"manifest.json", "manifest.sha256"}:
        assert (first / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    ((old,), (new,)) = (lines(place, "manifest.json") for place in (first, tmp_path / "again"))
    assert {name for name in old if old[name] != new[name]} == {"made_at", "made_by"}
    assert world.rows("SELECT manifest_hash, archived_by FROM campaign_archives") == [(manifest_hash, "operator")]

    for statement, broken in (
        ("UPDATE coupons SET face_value_fen = 1", "the database was changed"),
        ("UPDATE redemptions SET undo_reason = 'x' WHERE undone_at IS NOT NULL", "is not what the audit log says"),
    ):
        tamper(statement)
        assert broken in str(archive(world, tmp_path / "third").exception)
        assert not (tmp_path / "third").exists()


def _require_what_was_played(place: Path) -> None:
    (manifest,) = lines(place, "manifest.json")
    assert manifest["counts"] == {
        "awards.expired": 2,
        "awards.redeemed": 3,
        "awards.void": 1,
        "coupons": 2,
        "coupons.assigned": 2,
        "coupons.void": 0,
        "redemptions": 4,
        "redemptions.undone": 1,
        "movements": 18,
        "movements.quantity": 724,
    }
    (books,) = lines(place, "books.json")
    box = next(one for one in books["materials"] if one["material"] == "tissue-box")
    counted = {name: box[name] for name in ("received", "difference", "handed_out", "lost", "returned", "on_hand")}
    assert counted == {
        "received": 534,
        "difference": -15,
        "handed_out": 9,
        "lost": 2,
        "returned": 0,
        "on_hand": 508,
    }
    acts = [line["act"] for line in lines(place, "audit.jsonl") if "act" in line]
    assert (acts[0], acts[-1]) == ("campaign.draft", "report.make")
    for act, times in {
        "award.redeem": 4,
        "award.undo": 1,
        "award.void": 1,
        "citizen.block": 1,
        "round.close": 2,
    }.items():
        assert acts.count(act) == times, act
    bare = [line for line in lines(place, "audit.jsonl") if "act" not in line]
    assert bare
    assert all(line.keys() == {"seq", "digest", "hash"} for line in bare)


def _require_nobody_named(world: World, place: Path) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in place.rglob("*") if path.is_file())
    secret = [uuid_of(row[0]) for table in ("citizens", "volunteers", "tickets") for row in _ids(world, table)]
    assert secret
    for one in secret:
        assert str(one) not in text
        assert one.hex not in text
    for column, table in (("openid_hash", "citizens"), ("limit_key", "awards"), ("code_hash", "awards")):
        for (value,) in world.rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
            assert value not in text
    for word in ("credit-0", "credit-1", "身份证尾号", "王小明", "w1"):
        assert f'"{word}"' not in text, word
    assert "身份证尾号" not in text


def _ids(world: World, table: str) -> list[tuple[Any, ...]]:
    return world.rows(f"SELECT id FROM {table}")


def _require_shown(world: World, manifest_hash: str) -> None:
    browser = at_desk(world, "auditor")
    browser.open("/desk/campaigns/play")
    assert "由 operator 于 2027-01-30 10:00 归档" in browser.text()
    assert manifest_hash in browser.text()
    browser.open("/desk/audit?act=campaign.archived")
    assert manifest_hash in browser.text()
    browser.open("/desk/campaigns/noise")
    assert "清单指纹" not in browser.text()
    assert world.phone().get("campaigns/play").get_json()["state"] == "archived"


def _require_read_only(world: World) -> None:
    world.staff.clear()  # who signed in two months ago signs in again
    tables = ("campaigns", "rounds", "awards", "redemptions", "coupons", "blocks", "campaign_archives")
    before = {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in tables}
    ((stands,), *_) = world.rows("SELECT id FROM redemptions WHERE undone_at IS NULL ORDER BY id")
    refused = world.desk("operator").post(f"redemptions/{uuid_of(stands)}/undo", json={"reason": "拿错了"})
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "campaigns.wrong_state")
    ((undone,),) = world.rows("SELECT id FROM redemptions WHERE undone_at IS NOT NULL")
    assert world.desk().post(f"redemptions/{uuid_of(undone)}/undo", json={"reason": "拿错了"}).status_code == 200
    citizen = world.citizen(consents_to=None)
    name = str(citizen.get("me").get_json()["citizen"]["id"])
    words = ("--citizen", name, "--reason", "一人多号", "--as", "operator")
    assert isinstance(run(world, lottery_cli.lottery, "block", "play", *words).exception, WrongState)
    assert isinstance(
        run(world, lottery_cli.lottery, "beacon", "play", "2", "7", "--as", "operator").exception, WrongState
    )
    for word in ("close", "pause", "resume"):
        assert isinstance(run(world, cli.group, word, "play", "--as", "operator").exception, WrongState)
    assert isinstance(said_by(_load_coupons), WrongState)
    ((one,), *_) = world.rows(
        "SELECT tally_id FROM tally_revisions WHERE in_force AND campaign_id IN"
        " (SELECT id FROM campaigns WHERE slug = 'play') ORDER BY tally_id"
    )
    browser = at_desk(world, "clerk")
    browser.open(f"/desk/tallies/{uuid_of(one)}/void")
    assert browser.send(f"/desk/tallies/{uuid_of(one)}/void", reason="重复").status_code == 409
    assert before == {table: sorted(world.rows(f"SELECT * FROM {table}"), key=repr) for table in tables}


def _load_coupons() -> None:
    with transaction():
        rows = [CouponRow("more", 1000, OVER)]
        load_coupons(campaigns.get_campaign("play"), prize="credit", coupons=rows, by="operator", now=utcnow())


def _go_on(world: World, clock: time_machine.Traveller) -> None:
    """Life goes on: goods move, staff sign in, a report is made, somebody deletes herself, a late tally comes."""
    clock.move_to(OVER + DAY)
    world.staff.clear()
    moved(world.desk(), "receive", 3, store=COMMUNITY)
    done(world, report, "play", "--as", "second")
    phone = volunteer(world, "late")
    assert sent(phone, tally(occurred_at=(START + timedelta(hours=1)).isoformat())) == ["held"]
    (held,) = held_ids(world.desk())
    counted = decide(world.desk(), held, "count")
    assert (counted.status_code, counted.get_json()["errcode"]) == (409, "campaigns.wrong_state")
    assert decide(world.desk(), held, "refuse").status_code == 200
    assert tick()


def leave_uncounted(slug: str) -> None:
    tamper(
        "INSERT INTO dirty_keys (kind, whole, part, at)"
        f" SELECT 'volunteer', id, id, drafted_at FROM campaigns WHERE slug = '{slug}'"
    )


def test_what_is_open_is_named_and_nothing_is_written(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    lay_out()
    world.publish(**PLAY)
    for _ in range(6):
        win(world)
    early = archive(world, tmp_path / "a")
    assert isinstance(early.exception, WrongState)
    clock.move_to(START + 2 * DAY)
    assert tick()
    clock.move_to(START + 9 * DAY)
    assert tick()
    assert state(world) == "closed"
    world.staff.clear()
    assert sent(volunteer(world, "w1"), tally(occurred_at=START.isoformat())) == ["held"]
    leave_uncounted("play")
    tamper("UPDATE coupons SET award_id = NULL WHERE id = (SELECT min(id) FROM coupons)")
    moved(world.desk(), "receive", 5, store=COMMUNITY)
    tamper("UPDATE balances SET quantity = quantity + 1 WHERE material = 'tissue-box' AND holder = 'store:s1c1'")
    result = archive(world, tmp_path / "a")
    assert isinstance(result.exception, FileRefused)
    said = str(result.exception)
    for open_one in (
        "awards: 6 are won",
        "tallies: 1 are held",
        "figures: 1 marks wait",
        "coupons credit: 1 winners have none",
        "material tissue-box: received 5",
        "store:s1c1: has 6 of tissue-box, its movements make 5",
    ):
        assert f"play: {open_one}" in said, said
    assert list(tmp_path.iterdir()) == []
    assert (state(world), world.count("campaign_archives")) == ("closed", 0)


def short(world: World, clock: time_machine.Traveller) -> str:
    """A campaign of one box, closed and counted; its winner's prize was handed over under the scan that is returned.

    Of another campaign everything is open.
    """
    lay_out()
    world.publish(slug="noise", rules={"claim_until": START + 90 * DAY})
    noisy = world.citizen(consents_to="noise")
    while not noisy.draw(noisy.earn_ticket("noise")).get_json()["award"]:
        noisy = world.citizen(consents_to="noise")
    world.publish(**PLAY)
    moved(world.desk(), "receive", 5, store=COMMUNITY)
    won = [win(world) for _ in range(3)]
    name = scan(world.desk(), next(award["code"] for prize, award in won if prize == "tissue"))
    for day in (2, 9, 60):
        clock.move_to(START + day * DAY)
        assert tick()
    world.staff.clear()
    assert sent(volunteer(world, "n1"), tally(campaign="noise", occurred_at=START.isoformat())) == ["held"]
    leave_uncounted("noise")
    return name


def _just_move() -> None:
    with transaction():
        by = accounts.get_staff("operator")
        backoffice.move(campaigns.get_campaign("play"), "archived", by=by, now=utcnow())


def test_it_is_all_or_nothing(
    world: World, clock: time_machine.Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something is undone while the folder is written; the disk fails at the last step; the place is taken."""
    name = short(world, clock)

    honest = checking.check

    def undo_meanwhile(place: Path, *, kept: str | None = None) -> list[str]:
        said = honest(place, kept=kept)
        undone = world.desk("operator").post(f"redemptions/{name}/undo", json={"reason": "拿错了"})
        assert undone.status_code == 200
        return said

    with monkeypatch.context() as patch:
        patch.setattr(checking, "check", undo_meanwhile)
        result = archive(world, tmp_path / "a")
    assert "changed while it was written" in str(result.exception)
    assert tick()  # what was undone is won again, and expires

    def fail(_made: folder.Folder, _place: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folder, "put_in_place", fail)
        assert isinstance(archive(world, tmp_path / "a").exception, OSError)
    assert list(tmp_path.iterdir()) == []
    assert (state(world), world.count("campaign_archives")) == ("closed", 0)
    assert archive(world, tmp_path / "a", by="clerk").exception is not None
    assert isinstance(said_by(_just_move), WrongState)
    assert archive(world, tmp_path / "a").exit_code == 0
    assert state(world) == "archived"
    taken = archive(world, tmp_path / "a")
    assert "exists already" in str(taken.exception)
    assert check(world, tmp_path / "a").exit_code == 0


def test_amended_rules_and_a_round_that_never_opened_are_archived(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    """Withdrawn once, amended once, ended before its second round; its prizes are no goods of the ledger."""
    world.publish()
    done(world, cli.group, "withdraw", "play", "--reason", "写错了", "--as", "operator")
    world.publish()
    win_or_not = world.citizen()
    win_or_not.draw(win_or_not.earn_ticket())
    amended(**LONGER)
    world.move("play", "closing")
    for day in (50, 61):
        clock.move_to(START + day * DAY)
        assert tick()
    result = archive(world, tmp_path / "a")
    assert result.exit_code == 0, (result.output, result.exception)
    versions = lines(tmp_path / "a", "rules.jsonl")
    assert [(one["version"], one["withdrawn_at"] is None) for one in versions] == [(1, False), (2, True), (3, True)]
    assert [path.name for path in (tmp_path / "a" / "rounds").iterdir()] == ["1.json"]
    (heading,) = lines(tmp_path / "a", "campaign.json")
    assert [one["state"] for one in heading["rounds"]] == ["closed", "planned"]
    (tmp_path / "a" / "rules.jsonl").write_text(
        "".join((tmp_path / "a" / "rules.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[1:]), "utf-8"
    )
    assert check(world, tmp_path / "a").exit_code == 1


def test_the_closing_draw_is_archived_once_it_is_held(
    world: World, clock: time_machine.Traveller, tmp_path: Path
) -> None:
    slug, _, _ = play_to_the_closing_draw(world, clock)
    clock.move_to(START + 20 * DAY)
    assert tick()
    assert isinstance(archive(world, tmp_path / "a", slug=slug).exception, WrongState)
    lottery(world, "beacon", slug, "2", "98765")
    for day in (21, 50):
        clock.move_to(START + day * DAY)
        assert tick()
    result = archive(world, tmp_path / "a", slug=slug)
    assert result.exit_code == 0, (result.output, result.exception)
    drawn = json.loads((tmp_path / "a" / "rounds" / "2.json").read_text(encoding="utf-8"))
    prizes = [line["ticket"] for line in drawn["lines"] if line["prize"]]
    assert prizes
    assert set(prizes) <= {line["ticket"] for line in lines(tmp_path / "a", "awards.jsonl")}
