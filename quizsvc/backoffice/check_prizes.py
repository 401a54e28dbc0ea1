"""Draws against awards against redemptions against the audit log; coupons against awards."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from quizsvc.backoffice.check_log import Log
from quizsvc.backoffice.folder import Broken, read_lines, read_sorted

Line = dict[str, Any]
Drawn = tuple[int, int, str]  # round, position, prize
REDEEMED, VOID, FINAL = "redeemed", "void", {"redeemed", "expired", "void"}


@dataclass(frozen=True)
class Scan:
    """A hand-over as the goods are held against it."""

    where: str
    line: Line


def check_awards(root: Path, winners: Mapping[str, Drawn], log: Log) -> dict[str, Line]:
    """Each draw of a prize is one award, and each award such a draw; by the award's name in the log."""
    waiting, found = dict(winners), dict[str, Line]()
    for where, line in read_sorted(root, "awards.jsonl", lambda one: UUID(one["award"])):
        drawn = waiting.pop(line["ticket"], None)
        if drawn != (line["round"], line["position"], line["prize"]):
            raise Broken(f"{where}: the ledger has for {line['ticket']}: {drawn or 'nothing, or another award'}")
        if line["state"] not in FINAL:
            raise Broken(f"{where}: is {line['state']}, which is not settled")
        if (line["state"] == VOID) != (line["award"] in log.void):
            raise Broken(f"{where}: is {line['state']}; the audit log says otherwise")
        found[line["award"]] = {**line, "where": where}
    if waiting:
        ticket, drawn = next(iter(waiting.items()))
        raise Broken(f"awards.jsonl: {ticket} drew {drawn[2]} in round {drawn[0]} and has no award")
    return found


def check_redemptions(root: Path, awards: Mapping[str, Line], log: Log) -> list[Scan]:
    """Each hand-over is of an award and in the log, word by word; each redeemed award has exactly one that stands."""
    standing: Counter[str] = Counter()
    scans: list[Scan] = []
    for where, line in read_sorted(root, "redemptions.jsonl", lambda one: UUID(one["scan"])):
        award = awards.get(line["award"])
        if award is None or (award["ticket"], award["prize"]) != (line["ticket"], line["prize"]):
            raise Broken(f"{where}: there is no such award")
        _check_scan(where, line, log)
        if datetime.fromisoformat(line["redeemed_at"]) >= datetime.fromisoformat(award["expires_at"]):
            raise Broken(f"{where}: was handed over at {line['redeemed_at']}, expired at {award['expires_at']}")
        standing[line["award"]] += line["undone_at"] is None
        scans.append(Scan(where, line))
    for name, award in awards.items():
        if standing[name] != (award["state"] == REDEEMED):
            raise Broken(f"{award['where']}: is {award['state']} and has {standing[name]} redemptions that stand")
    if missing := log.redeemed.keys() - {one.line["scan"] for one in scans}:
        raise Broken(f"redemptions.jsonl: scan {min(missing)} is missing: the audit log has it")
    return scans


def _check_scan(where: str, line: Line, log: Log) -> None:
    scan, award = line["scan"], line["award"]
    told = {"scan": scan, "prize": line["prize"], "region": line["region"]}
    if log.redeemed.get(scan) != ((line["redeemed_by"], line["redeemed_at"], award), told):
        raise Broken(f"{where}: scan {scan} is not what the audit log says: {log.redeemed.get(scan)}")
    undone = None
    if line["undone_at"] is not None:
        undone = (line["undone_by"], line["undone_at"], award), {"scan": scan, "reason": line["undo_reason"]}
    elif (line["undone_by"], line["undo_reason"]) != (None, None):
        raise Broken(f"{where}: is not undone and has a name or a reason for it")
    if log.undone.get(scan) != undone:
        raise Broken(f"{where}: undoing {scan} is not what the audit log says: {log.undone.get(scan)}")


def check_coupons(root: Path, awards: Mapping[str, Line], books: list[Line], rules: Line, log: Log) -> None:
    """Loaded = assigned + unused + void, as the books and the log have it; each award of a coupon prize has one."""
    kinds = {one["code"]: one["kind"] for one in rules["prizes"]}
    open_ones = {one["ticket"]: one["prize"] for one in awards.values() if kinds.get(one["prize"]) == "coupon"}
    counts = {name: Counter[str]() for name in ("loaded", "assigned", "unused", "void")}
    seen: set[str] = set()
    for number, (where, line) in enumerate(read_lines(root, "coupons.jsonl"), start=1):
        if line["no"] != number or line["code_hash"] in seen:
            raise Broken(f"{where}: stands out of its order, or twice")
        seen.add(line["code_hash"])
        if line["ticket"] is not None and open_ones.pop(line["ticket"], None) != line["prize"]:
            raise Broken(f"{where}: {line['ticket']} has no award of {line['prize']} that waits for a coupon")
        if line["ticket"] is not None and line["voided_at"] is not None:
            raise Broken(f"{where}: is both assigned and void")
        state = "assigned" if line["ticket"] is not None else "unused" if line["voided_at"] is None else "void"
        counts["loaded"][line["prize"]] += 1
        counts[state][line["prize"]] += 1
    if open_ones:
        raise Broken(f"coupons.jsonl: {min(open_ones)} won a coupon and has none")
    counted = [{"prize": one, **{name: counts[name][one] for name in counts}} for one in sorted(counts["loaded"])]
    if counted != books:
        raise Broken(f"books.json: the coupons are {counted}, the books say {books}")
    if +log.coupons != counts["loaded"]:
        raise Broken(f"coupons.jsonl: {dict(counts['loaded'])} stand, the audit log has {dict(log.coupons)} loaded")
