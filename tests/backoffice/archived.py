"""A campaign that was played to its end with everything that an archive holds, and its archive."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import time_machine
from click.testing import CliRunner, Result
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy import text

from quizsvc.accounts import cli as accounts_cli
from quizsvc.backoffice import checking, cli
from quizsvc.backoffice.folder import FORMAT, MANIFEST, SUMS, Broken, File, sum_of
from quizsvc.commands import tick
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.db import db, transaction
from quizsvc.lottery import cli as lottery_cli
from quizsvc.reach.report_cli import report
from tests.materials.place import BOX, lay_out, make_noise, moved
from tests.outreach.place import volunteer
from tests.outreach.reports import sent, tally
from tests.world import COMMUNITY, NEIGHBOUR, START, Phone, World, box

DAY = timedelta(days=1)
OVER = START + 60 * DAY  # late tallies and unfetched prizes, too
PLAY: dict[str, Any] = {
    "closes_at": START + 2 * DAY,
    "prize": [
        {"code": "credit", "name": "话费券", "value_fen": 1000, "kind": "coupon"},
        {"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods", "material": BOX.code},
    ],
    "round": [
        box(cards=6, prizes={"credit": 2, "tissue": 4}, days=(-1, 1)),
        box(cards=30, prizes={}, days=(1, 2)),
    ],
}


def run(world: World, group: AppGroup | Any, *words: str) -> Result:
    return CliRunner().invoke(group, list(words), obj=ScriptInfo(create_app=lambda: world.app))


def done(world: World, group: AppGroup | Any, *words: str) -> str:
    """What a command says that must go well."""
    result = run(world, group, *words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def archive(world: World, folder: Path, *, by: str = "operator", slug: str = "play") -> Result:
    return run(world, cli.group, "archive", slug, "--output", str(folder), "--as", by)


def check(world: World, folder: Path, *more: str) -> Result:
    return run(world, cli.group, "check-archive", str(folder), *more)


def verify_log(world: World, *more: str) -> Result:
    return run(world, accounts_cli.audit, "verify", *more)


def win(world: World) -> tuple[str, dict[str, Any]]:
    """The prize and the award of somebody who draws from a box without blanks."""
    phone = world.citizen()
    drawn = phone.draw(phone.earn_ticket()).get_json()
    return str(drawn["prize"]["code"]), dict(drawn["award"])


def scan(desk: Phone, code: str) -> str:
    name = str(uuid4())
    answer = desk.put(f"redemptions/{name}", json={"code": code, "note": "身份证尾号 1234"})
    assert answer.status_code == 200, answer.get_json()
    return name


def play(world: World, clock: time_machine.Traveller) -> None:
    """Six win: two boxes are handed over, one of them at the second try, one is made void, the rest expires."""
    lay_out()
    make_noise(world)
    world.publish(slug="noise")
    world.publish(**PLAY)
    desk, office = world.desk(), world.desk("operator")
    moved(desk, "receive", 10, store=COMMUNITY)
    moved(desk, "receive", 1, pack="箱", store=COMMUNITY)
    moved(office, "transfer", 5, store=NEIGHBOUR, to_store=COMMUNITY)
    walker = volunteer(world, "w1")
    assert sent(walker, tally(), tally(boxes=3), tally(campaign="noise"))[0] == "created"
    won = [win(world) for _ in range(6)]
    boxes = [award for prize, award in won if prize == "tissue"]
    first = scan(desk, boxes[0]["code"])
    assert desk.post(f"redemptions/{first}/undo", json={"reason": "拿错了"}).status_code == 200
    clock.move_to(START + timedelta(minutes=1))
    scan(desk, boxes[0]["code"])
    scan(desk, boxes[1]["code"])
    scan(desk, next(award["code"] for prize, award in won if prize == "credit"))
    done(world, lottery_cli.lottery, "void", "play", boxes[2]["code"], "--reason", "一人多号", "--as", "operator")
    blocked = world.citizen()
    citizen = str(blocked.get("me").get_json()["citizen"]["id"])
    words = ("--citizen", citizen, "--reason", "一人多号", "--as", "operator")
    done(world, lottery_cli.lottery, "block", "play", *words)
    moved(desk, "loss", 2, store=COMMUNITY)
    moved(desk, "count", 20, store=COMMUNITY)
    for day in (1, 2, 3, 60):
        clock.move_to(START + day * DAY)
        assert tick()
        if day == 1:
            blank = world.citizen()
            blank.draw(blank.earn_ticket())
    done(world, report, "play", "--as", "second")


def tamper(statement: str) -> None:
    """What somebody does who has the database."""
    with transaction():
        db.session.execute(text(statement))


def sign(folder: Path) -> None:
    """Make a manifest for whatever is in the folder now, as somebody would who changed a file."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = []
    for one in manifest["files"]:
        size, digest = sum_of(folder / one["name"])
        lines = (folder / one["name"]).read_bytes().count(b"\n")
        files.append(vars(File(one["name"], size, digest, lines)))
    manifest |= {"files": files, "content": sha256_hex(canonical(files)), "format": FORMAT}
    (folder / MANIFEST).write_text(f"{canonical(manifest)}\n", encoding="utf-8")
    own = sum_of(folder / MANIFEST)[1]
    sums = [f"{own}  {MANIFEST}", *(f"{one['sha256']}  {one['name']}" for one in files)]
    (folder / SUMS).write_text("\n".join([*sums, ""]), encoding="utf-8")


def signed_check(folder: Path) -> str | None:
    """What a check finds once a manifest was made for whatever is in the folder."""
    sign(folder)
    return found_in(folder)


def found_in(folder: Path) -> str | None:
    """The first wrong thing."""
    try:
        checking.check(folder)
    except Broken as broken:
        return str(broken)
    return None


@contextmanager
def rewritten(folder: Path, name: str, content: str) -> Iterator[None]:
    """One file says something else, until the block ends; then everything is as it was."""
    kept = {one: (folder / one).read_bytes() for one in (name, MANIFEST, SUMS)}
    try:
        (folder / name).write_text(content, encoding="utf-8")
        yield
    finally:
        for one, was in kept.items():
            (folder / one).write_bytes(was)
