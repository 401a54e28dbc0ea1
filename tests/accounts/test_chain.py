"""The audit log as a chain: sealed in the order of commit, and whatever is done to it afterwards is found."""

import json
from contextlib import suppress
from typing import Any

from sqlalchemy import text

from quizsvc.accounts import chain
from quizsvc.accounts import service as accounts
from quizsvc.kit.chain import START, digest_of, link
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, reading, transaction
from tests.backoffice.archived import tamper, verify_log
from tests.desk.browser import at_desk
from tests.world import World, at_once


def note(subject: str, **said: Any) -> None:
    with transaction():
        accounts.audit("clerk", act="award.redeem", subject=subject, now=utcnow(), **said)


def seal(limit: int = 1_000) -> int:
    with transaction():
        return chain.seal(limit=limit)


def verdict(**asked: Any) -> chain.Verdict:
    with reading():
        return chain.verify(**asked)


class _Restored(Exception):
    """Ends a transaction whose changes are not wanted."""


def tried(*statements: str, anew: bool = False, known: dict[int, str] | None = None) -> str | None:
    """What a check says after some statements, which are then taken back. `anew`: and all is sealed once more."""
    said = None
    with suppress(_Restored), transaction():
        for statement in statements:
            db.session.execute(text(statement))
        if anew:
            db.session.execute(text("UPDATE audit SET seq = NULL, hash = NULL"))
            db.session.execute(text(f"UPDATE audit_head SET seq = 0, hash = '{START}'"))
            chain.seal()
            assert chain.verify().broken is None
        said = chain.verify(known=known).broken
        raise _Restored
    return said


def chained(world: World, count: int = 5) -> chain.Head:
    """A log that is sealed; what building the world wrote comes first."""
    for n in range(count):
        note(f"a{n}", before={"n": None}, after={"prize": "抽纸", "n": n})
    while seal(limit=3):
        pass
    return verdict().head


def test_each_entry_is_sealed_once_and_can_be_recomputed_from_its_row(world: World) -> None:
    head = chained(world)
    assert (seal(), verdict()) == (0, chain.Verdict(1, head, None, 0))
    assert "GOOD" in verify_log(world).output
    assert str(head) in verify_log(world).output
    rows = world.rows("SELECT seq, at, actor, act, subject, before, after, hash FROM audit ORDER BY seq")
    made = START
    with reading():
        entries = [entry for page in chain.list_pages(after=0, until=head.seq) for entry, _ in page]
    assert [entry["seq"] for entry in entries] == [row[0] for row in rows] == list(range(1, head.seq + 1))
    for entry, row in zip(entries, rows, strict=True):
        made = link(made, digest_of(entry))
        said = [None if one is None else one if isinstance(one, dict) else json.loads(one) for one in row[5:7]]
        assert [entry[name] for name in ("actor", "act", "subject", "before", "after")] == [*row[2:5], *said]
        assert made == row[7]
    note("later")
    assert (verdict().broken, verdict().waiting) == (None, 1)
    assert "1 entries wait" in verify_log(world).output
    assert (seal(), verdict().head.seq) == (1, head.seq + 1)


FORGERIES = (
    ("UPDATE audit SET subject = 'x' WHERE subject = 'a2'", "(award.redeem of x by clerk"),
    ("UPDATE audit SET actor = 'x' WHERE subject = 'a2'", "is not what was sealed"),
    ("UPDATE audit SET act = 'award.undo' WHERE subject = 'a2'", "is not what was sealed"),
    ("UPDATE audit SET after = '[3]' WHERE subject = 'a2'", "is not what was sealed"),
    ("UPDATE audit SET before = NULL WHERE subject = 'a2'", "is not what was sealed"),
    ("UPDATE audit SET at = '2026-11-30 10:00:00.000000' WHERE seq = 1", "entry 1 (staff.grant"),
    ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE subject = 'a2'", "is not what was sealed"),
    ("DELETE FROM audit WHERE subject = 'a2'", "is missing: entry"),
    ("DELETE FROM audit WHERE subject = 'a4'", "is missing: the log was sealed up to entry"),
    ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing"),
    ("DELETE FROM audit", "entry 1 is missing"),
    ("DELETE FROM audit_head", "was sealed up to entry 0"),
)


def test_what_is_done_to_a_sealed_log_is_found(world: World) -> None:
    head = chained(world)
    for statement, broken in FORGERIES:
        assert broken in (tried(statement) or "nothing"), statement
    assert tried("UPDATE audit SET subject = subject") is None
    tamper("DELETE FROM audit WHERE subject = 'a2'")
    result = verify_log(world)
    assert (result.exit_code, result.output[:6]) == (1, "BROKEN")
    note("a2")
    assert seal() == 1
    assert "is missing: entry" in str(verdict().broken)
    assert verdict().head.seq == head.seq - 3


def test_a_log_that_was_sealed_anew_is_found_by_a_head_that_was_kept(world: World) -> None:
    head = chained(world)
    kept = {head.seq: head.hash}
    assert tried(known=kept) is None
    changed, removed = "UPDATE audit SET subject = 'x' WHERE subject = 'a2'", "DELETE FROM audit WHERE subject > 'a1'"
    assert tried(changed, anew=True) is None
    assert "has not the hash that was kept" in str(tried(changed, anew=True, known=kept))
    assert "its hash was kept" in str(tried(removed, anew=True, known=kept))
    assert verify_log(world, "--head", str(head)).exit_code == 0
    assert verify_log(world, "--head", f"{head.seq}:{'0' * 64}").exit_code == 1
    assert verify_log(world, "--head", "7:abc").exit_code == 2


def test_a_part_of_the_chain_is_checked_from_where_it_begins(world: World) -> None:
    head = chained(world)
    tamper("UPDATE audit SET subject = 'x' WHERE seq = 1")
    assert verdict(last=3) == chain.Verdict(head.seq - 2, head, None, 0)
    assert (verdict().head.seq, "entry 1 " in str(verdict().broken)) == (0, True)
    tamper(f"DELETE FROM audit WHERE seq = {head.seq - 3}")
    assert "is missing" in str(verdict(last=3).broken)


def test_many_write_and_seal_at_once_and_nobody_is_left_out(world: World) -> None:
    """Entries commit in another order than their ids were given; sealers get in each other's way."""
    for _ in range(3):
        acts = [lambda n=n: note(f"b{n}") if n % 2 else seal(limit=2) for n in range(6)]
        at_once(*acts)
    while seal():
        pass
    assert (verdict().broken, verdict().waiting) == (None, 0)
    assert verdict().head.seq == world.count("audit") == world.count("audit", "hash IS NOT NULL")


def test_the_desk_says_up_to_where_the_chain_is_whole(world: World) -> None:
    browser = at_desk(world, "auditor")
    head = chained(world)
    browser.open("/desk/audit")
    assert f"已重新计算第 1 至 {head.seq} 条，末条指纹 {head.hash}" in browser.text()
    tamper("UPDATE audit SET subject = 'x' WHERE subject = 'a2'")
    browser.open("/desk/audit")
    assert f"日志链在第 {head.seq - 2} 条断开" in browser.text()
