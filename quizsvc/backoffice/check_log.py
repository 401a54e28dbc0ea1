"""The audit log of an archive: its chain, and what it says of everything else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quizsvc.backoffice.folder import Broken, read_lines
from quizsvc.kit.chain import digest_of, link

NAME = "audit.jsonl"
FIELDS = {"seq", "at", "actor", "act", "subject", "before", "after", "hash"}
OTHERS = {"seq", "digest", "hash"}
WITHHELD = {"citizen.block", "citizen.unblock"}
Act = tuple[str, str, str]  # who, when, of which award


@dataclass
class Log:
    """What the log of an archive vouches for."""

    redeemed: dict[str, tuple[Act, Mapping[str, Any]]] = field(default_factory=dict)  # by scan
    undone: dict[str, tuple[Act, Mapping[str, Any]]] = field(default_factory=dict)  # by scan
    void: set[str] = field(default_factory=set)  # awards
    heads: dict[str, str] = field(default_factory=dict)  # of closed rounds, by subject
    coupons: Counter[str] = field(default_factory=Counter)  # loaded, by prize
    reports: set[str] = field(default_factory=set)  # snapshots
    amended: dict[int, str] = field(default_factory=dict)  # hashes of the rules, by version


def check_log(root: Path, said: Mapping[str, Any]) -> Log:
    """Recompute the chain between the two hashes that the manifest names; Broken names the line."""
    log, seq, head = Log(), said["first"] - 1, said["previous"]
    where = f"{NAME}: line 0"
    for where, line in read_lines(root, NAME):
        seq += 1
        if line.get("seq") != seq:
            raise Broken(f"{where}: entry {seq} is missing, this is entry {line.get('seq')}")
        head = link(head, _digest(line, where))
        if line["hash"] != head:
            raise Broken(f"{where}: entry {seq} is not what was sealed: its hash does not follow")
        if "digest" not in line:
            _note(log, line)
    if (seq, head) != (said["last"], said["head"]):
        raise Broken(f"{where}: the log ends with entry {seq}, the manifest with {said['last']}:{said['head']}")
    return log


def _digest(line: Mapping[str, Any], where: str) -> str:
    if line.keys() == OTHERS:
        return str(line["digest"])
    if line.keys() - {"after_sha256"} != FIELDS or ("after_sha256" in line and line["act"] not in WITHHELD):
        raise Broken(f"{where}: is no entry of the log: {', '.join(sorted(line))}")
    return digest_of({name: value for name, value in line.items() if name != "hash"})


def _note(log: Log, line: Mapping[str, Any]) -> None:
    """Keep what other files will be held against."""
    after, act = line["after"] or {}, (line["actor"], line["at"], line["subject"])
    match line["act"]:
        case "award.redeem":
            log.redeemed[after["scan"]] = (act, after)
        case "award.undo":
            log.undone[after["scan"]] = (act, after)
        case "award.void":
            log.void.add(line["subject"])
        case "round.close":
            log.heads[line["subject"]] = after["head"]
        case "coupons.load":
            log.coupons[after["prize"]] += after["added"]
        case "report.make":
            log.reports.add(line["subject"])
        case "campaign.amended":
            log.amended[after["version"]] = after["rules_hash"]
