"""Check an archive offline: every file against the manifest, and every file against every other.

Needs the folder and nothing else. The first thing that is wrong is named by file and line.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from quizsvc.backoffice.check_goods import check_movements
from quizsvc.backoffice.check_log import Log, check_log
from quizsvc.backoffice.check_prizes import Drawn, Line, Scan, check_awards, check_coupons, check_redemptions
from quizsvc.backoffice.folder import FORMAT, MANIFEST, SUMS, Broken, read_document, read_lines, read_sorted, sum_of
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.lottery import verifier


def check(root: Path, *, kept: str | None = None) -> list[str]:
    """What was found good, in sentences; Broken at the first wrong thing. `kept`: the manifest's hash as kept."""
    try:
        return _check(root, kept)
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise Broken(f"not readable as archived: {type(error).__name__}: {error}") from error


def _check(root: Path, kept: str | None) -> list[str]:
    manifest = check_manifest(root, kept)
    heading, books = read_document(root, "campaign.json"), read_document(root, "books.json")
    log = check_log(root, manifest["audit"])
    versions = check_rules(root, heading, log)
    rules = versions[-1]
    winners, draws = check_rounds(root, heading, versions, log)
    awards = check_awards(root, winners, log)
    scans = check_redemptions(root, awards, log)
    check_coupons(root, awards, books["coupons"], rules, log)
    check_movements(root, books["materials"], scans, rules)
    check_snapshots(root, heading, log)
    check_counts(root, manifest, awards, scans)
    listed = len(manifest["files"])
    said = [
        f"{listed} files are those of the manifest {sum_of(root / MANIFEST)[1]}",
        f"entries {manifest['audit']['first']} to {manifest['audit']['last']} of the audit log are a whole chain",
        f"{len(versions)} versions of the rules, {draws} draws recomputed, {len(awards)} awards, {len(scans)} scans",
    ]
    if kept is None:
        said.append("internally consistent only: give the manifest's hash as it stands at the desk (--manifest)")
    return said


def check_manifest(root: Path, kept: str | None) -> Line:
    """Exactly the files that it names are there, each as it names them, and the sums are those of sha256sum."""
    size, own = sum_of(root / MANIFEST)
    text = (root / MANIFEST).read_text(encoding="utf-8")
    manifest: Line = json.loads(text)
    if f"{canonical(manifest)}\n" != text or manifest["format"] != FORMAT:
        raise Broken(f"{MANIFEST}: is no canonical JSON of the form {FORMAT} ({size} bytes)")
    if kept is not None and kept != own:
        raise Broken(f"{MANIFEST}: its hash is {own}, kept was {kept}")
    sums = [f"{own}  {MANIFEST}", *(f"{one['sha256']}  {one['name']}" for one in manifest["files"])]
    if (root / SUMS).read_text(encoding="utf-8") != "\n".join([*sums, ""]):
        raise Broken(f"{SUMS}: does not hold the sums of {MANIFEST} and of the files that it names")
    there = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    named = {one["name"] for one in manifest["files"]} | {MANIFEST, SUMS}
    for name in sorted(there ^ named):
        raise Broken(f"{name}: {'is not in the manifest' if name in there else 'is missing'}")
    for one in manifest["files"]:
        if sum_of(root / one["name"]) != (one["size"], one["sha256"]):
            raise Broken(_changed(root, one))
    if manifest["content"] != sha256_hex(canonical(manifest["files"])):
        raise Broken(f"{MANIFEST}: content is not the hash of its list of files")
    return manifest


def _changed(root: Path, one: Line) -> str:
    """Says the line, too, where that can be seen."""
    name = one["name"]
    if name.endswith(".jsonl"):
        try:
            lines = sum(1 for _ in read_lines(root, name))
        except (Broken, ValueError) as error:
            return f"{error} (and the file is not the manifest's)"
        if lines != one["lines"]:
            return f"{name}: line {min(lines, one['lines']) + 1}: {lines} lines, the manifest says {one['lines']}"
    return f"{name}: is not the file of the manifest ({one['size']} bytes, SHA-256 {one['sha256']})"


def check_rules(root: Path, heading: Line, log: Log) -> list[Line]:
    """Each version has its hash; those in force follow each other. Returns them, the last one in force last."""
    standing: list[Line] = []
    for where, line in read_sorted(root, "rules.jsonl", lambda one: one["version"]):
        rules = line["rules"]
        if sha256_hex(canonical(rules)) != line["rules_hash"] or rules["version"] != line["version"]:
            raise Broken(f"{where}: the rules are not those of the hash {line['rules_hash']}")
        if (line["withdrawn_at"] is None) != (line["withdrawn_reason"] is None):
            raise Broken(f"{where}: is withdrawn without a reason, or has a reason and is not withdrawn")
        if log.amended.get(line["version"], line["rules_hash"]) != line["rules_hash"]:
            raise Broken(f"{where}: the audit log says that version {line['version']} has another hash")
        if line["withdrawn_at"] is not None:
            continue
        if standing and rules["amends"] != sha256_hex(canonical(standing[-1])):
            raise Broken(f"{where}: does not amend the version before it")
        standing.append(rules)
    if not standing or sha256_hex(canonical(standing[-1])) != heading["rules_hash"]:
        raise Broken("rules.jsonl: its last version is not the one in force")
    if missing := log.amended.keys() - {one["version"] for one in standing}:
        raise Broken(f"rules.jsonl: version {min(missing)} is missing: the audit log has it")
    return standing


def check_rounds(root: Path, heading: Line, versions: list[Line], log: Log) -> tuple[dict[str, Drawn], int]:
    """Each closed round through the verifier; who drew a prize, by alias, and how many drew."""
    winners, draws, previous = dict[str, Drawn](), 0, None
    for one in heading["rounds"]:
        no, name = one["round"], f"rounds/{one['round']}.json"
        if one["state"] != "closed":
            if (root / name).exists():
                raise Broken(f"{name}: the round never opened")
            continue
        bundle = read_document(root, name)
        _check_bundle(name, bundle, one, versions, previous, log)
        winners |= {line["ticket"]: (no, line["position"], line["prize"]) for line in bundle["lines"] if line["prize"]}
        draws, previous = draws + len(bundle["lines"]), bundle
    return winners, draws


def _check_bundle(name: str, bundle: Line, one: Line, versions: list[Line], previous: Line | None, log: Log) -> None:
    for word in (*verifier.HEADER, "head"):
        if bundle.get(word) != one.get(word):
            raise Broken(f"{name}: {word} is {bundle.get(word)}, campaign.json says {one.get(word)}")
    if log.heads.get(f"{one['campaign']}/{one['round']}") != bundle["head"]:
        raise Broken(f"{name}: head is not the one that the audit log has of the closing")
    before = previous if previous is not None and bundle["previous_head"] is not None else None
    try:
        verifier.verify(bundle, versions, before)
    except verifier.Broken as broken:
        raise Broken(f"{name}: {broken}") from None


def check_snapshots(root: Path, heading: Line, log: Log) -> None:
    """Each document has the digest that was stored with it, and the log has each one of them and no other."""
    seen = set()
    for where, line in read_sorted(root, "snapshots.jsonl", lambda one: UUID(one["id"])):
        if sha256_hex(canonical(line["document"])) != line["digest"]:
            raise Broken(f"{where}: the document is not what was stored")
        if line["id"] not in log.reports or heading["slug"] not in line["document"]["asked"]["campaigns"]:
            raise Broken(f"{where}: the audit log has no such report of this campaign")
        seen.add(line["id"])
    if missing := log.reports - seen:
        raise Broken(f"snapshots.jsonl: report {min(missing)} is missing: the audit log has it")


def check_counts(root: Path, manifest: Line, awards: Mapping[str, Line], scans: list[Scan]) -> None:
    """What the database counted when the folder was written is what the files hold."""
    files = {one["name"]: one["lines"] for one in manifest["files"]}
    states: dict[str, int] = {}
    for one in awards.values():
        states[f"awards.{one['state']}"] = states.get(f"awards.{one['state']}", 0) + 1
    coupons: list[Any] = [line for _, line in read_lines(root, "coupons.jsonl")]
    found = {
        **states,
        "redemptions": len(scans),
        "redemptions.undone": sum(one.line["undone_at"] is not None for one in scans),
        "coupons": files["coupons.jsonl"],
        "coupons.assigned": sum(one["ticket"] is not None for one in coupons),
        "coupons.void": sum(one["voided_at"] is not None for one in coupons),
        "movements": files["movements.jsonl"],
        "movements.quantity": sum(line["quantity"] for _, line in read_lines(root, "movements.jsonl")),
    }
    if found != manifest["counts"]:
        wrong = sorted(
            name for name in found.keys() | manifest["counts"] if found.get(name) != manifest["counts"].get(name)
        )
        raise Broken(f"{MANIFEST}: counts of {', '.join(wrong)} are not those of the files")
