"""Archive a closed campaign: refuse while anything is open, write the folder, check it, and only then end it for good.

The caller opens the transactions: many short ones, so that nobody waits while a long folder is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import chain as joined
from pathlib import Path
from typing import Any
from uuid import UUID

from quizsvc.accounts import chain
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.backoffice.folder import Folder
from quizsvc.campaigns import archive as definitions
from quizsvc.campaigns import rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.canonical import canonical
from quizsvc.kit.chain import digest_of, part_digest
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.crypto import keys
from quizsvc.kit.files import shipped
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.lottery import archive as prizes
from quizsvc.lottery.rules import CLOSED
from quizsvc.materials import archive as goods
from quizsvc.outreach import held
from quizsvc.outreach import results as tallies
from quizsvc.reach import archive as reports
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

WITHHELD = ("citizen.block", "citizen.unblock")  # name a citizen: shown by an alias, with the digest of what was said


@dataclass(frozen=True)
class Job:
    """What is archived: everything of a campaign up to `as_of` and up to the audit log's entry `audit_until`.

    `counts` change with whatever is done to the campaign, so that nothing can slip in while the folder is written.
    """

    campaign: Campaign
    owner: Region
    goods: frozenset[str]
    as_of: datetime
    audit_until: int
    counts: dict[str, int]
    archived: definitions.Archive | None


def plan(campaign: Campaign, *, by: Staff, now: datetime) -> Job:
    """What an archive of a campaign holds now, or held when it was archived; RoleMissing, WrongState, FileRefused.

    FileRefused names everything that is still open.
    """
    owner = regions.get_region_by_id(campaign.region_id)
    accounts.require_role(by, "operator", over=owner)
    if campaign.state not in (rules.CLOSED, rules.ARCHIVED):
        raise campaigns.WrongState
    archived = definitions.find_archive(campaign)
    if archived is None and (problems := find_open(campaign, now=now)):
        raise FileRefused(problems)
    as_of = now if archived is None else archived.as_of
    return Job(
        campaign=campaign,
        owner=owner,
        goods=_goods_of(campaign),
        as_of=as_of,
        audit_until=chain.find_head().seq if archived is None else archived.audit_until,
        counts=_count(campaign, as_of=as_of),
        archived=archived,
    )


def find_open(campaign: Campaign, *, now: datetime) -> list[Problem]:
    """Everything that keeps a closed campaign from being archived."""
    owner = regions.get_region_by_id(campaign.region_id)
    found = joined(
        prizes.list_open(campaign, now=now),
        _held(campaign),
        reports.list_open(campaign, now=now),
        goods.list_faults(_goods_of(campaign), within=owner, now=now),
    )
    return [Problem(where, what, mend, campaign.slug) for where, what, mend in found]


def _held(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    if waiting := held.count_held_of(campaign):
        yield "tallies", f"{waiting} are held for a decision", "decide on them at the desk"


def _goods_of(campaign: Campaign) -> frozenset[str]:
    """The materials of a campaign's prizes, and those that its volunteers handed out."""
    of_prizes = {one.material for one in campaign.definition.prizes if one.material is not None}
    return frozenset(of_prizes | tallies.list_materials(campaign.id))


def _count(campaign: Campaign, *, as_of: datetime) -> dict[str, int]:
    owner = regions.get_region_by_id(campaign.region_id)
    moved, quantity = goods.count_movements(_goods_of(campaign), within=owner, until=as_of)
    return {**prizes.count_all(campaign), "movements": moved, "movements.quantity": quantity}


def write(job: Job, folder: Folder, *, by: Staff, now: datetime) -> str:
    """Write everything, file by file, with a manifest at the end; returns the manifest's SHA-256.

    In the caller's reading, which on PostgreSQL holds no transaction open.
    """
    folder.write("README.txt", shipped("backoffice/archive.txt").read_text(encoding="utf-8").splitlines())
    folder.write("campaign.json", [canonical(_heading(job))])
    folder.write_lines("rules.jsonl", definitions.list_versions(job.campaign))
    for one in prizes.list_rounds(job.campaign):
        if one["state"] == CLOSED:
            bundle = prizes.get_bundle(job.campaign, no=one["round"])
            folder.write(f"rounds/{one['round']}.json", _bundle_lines(bundle))
    folder.write_lines("awards.jsonl", prizes.list_awards(job.campaign))
    folder.write_lines("redemptions.jsonl", prizes.list_redemptions(job.campaign))
    folder.write_lines("coupons.jsonl", prizes.list_coupons(job.campaign))
    folder.write_lines("movements.jsonl", goods.list_movements(job.goods, within=job.owner, until=job.as_of))
    folder.write("books.json", [canonical(_books(job))])
    folder.write_lines("snapshots.jsonl", reports.list_snapshots(job.campaign, until=job.as_of))
    first = chain.find_first(job.campaign.slug) or 1
    last = _last_own(job, first)
    folder.write_lines("audit.jsonl", _log(job, first, last))
    return folder.seal(
        {
            "campaign": job.campaign.slug,
            "title": job.campaign.definition.title,
            "as_of": rfc3339(job.as_of),
            "made_at": rfc3339(now),
            "made_by": by.name,
            "service": f"quizsvc {version('quizsvc')}",
            "counts": job.counts,
            "audit": {
                "first": first,
                "last": last,
                "previous": chain.hash_of(first - 1),
                "head": chain.hash_of(last),
            },
        }
    )


def _heading(job: Job) -> dict[str, Any]:
    what = job.campaign.definition
    return {
        "slug": job.campaign.slug,
        "title": what.title,
        "region": job.owner.code,
        "region_name": job.owner.name,
        "version": job.campaign.version,
        "rules_hash": job.campaign.rules_hash,
        "goods": sorted(job.goods),
        "rounds": prizes.list_rounds(job.campaign),
    }


def _books(job: Job) -> dict[str, Any]:
    return {
        "materials": goods.list_books(job.goods, within=job.owner, until=job.as_of),
        "coupons": prizes.count_coupons(job.campaign),
    }


def _bundle_lines(bundle: dict[str, Any]) -> Iterator[str]:
    """The public JSON with one draw to a line."""
    head = canonical({name: value for name, value in bundle.items() if name != "lines"})
    yield f'{head[:-1]},"lines":['
    last = len(bundle["lines"]) - 1
    for n, line in enumerate(bundle["lines"]):
        yield canonical(line) + ("," if n < last else "")
    yield "]}"


# --- the audit log ----------------------------------------------------------------------------------------------------


def _last_own(job: Job, first: int) -> int:
    """The campaign's last entry: what others did since is no part of the archive."""
    own = (
        seq
        for page in chain.list_pages(after=first - 1, until=job.audit_until)
        for seq in _own(job, [entry for entry, _ in page])
    )
    return max(own, default=first)


def _own(job: Job, entries: list[dict[str, Any]]) -> set[int]:
    """The numbers of the entries on the campaign, its rounds, its awards and the reports that speak of it."""
    slug = job.campaign.slug
    ids = {entry["seq"]: _id_of(entry["subject"]) for entry in entries if entry["act"].startswith("award.")}
    awards = prizes.list_own_awards(job.campaign, {one for one in ids.values() if one is not None})
    return {
        entry["seq"]
        for entry in entries
        if entry["subject"] == slug
        or entry["subject"].startswith(f"{slug}/")
        or ids.get(entry["seq"]) in awards
        or (entry["act"] == "report.make" and reports.speaks_of(job.campaign, entry["after"]))
    }


def _id_of(subject: str) -> UUID | None:
    try:
        return UUID(subject)
    except ValueError:
        return None


def _log(job: Job, first: int, last: int) -> Iterator[dict[str, Any]]:
    """The chain from the campaign's first entry to its last; of entries that are not its own, the digest alone."""
    for page in chain.list_pages(after=first - 1, until=last):
        own = _own(job, [entry for entry, _ in page])
        for entry, made in page:
            if entry["seq"] in own:
                yield {**_without_people(entry), "hash": made}
            else:
                yield {"seq": entry["seq"], "digest": digest_of(entry), "hash": made}


def _without_people(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["act"] not in WITHHELD or "citizen" not in (entry["after"] or {}):
        return entry
    alias = keys().identity_hash("archive", entry["after"]["citizen"])[:22]
    return {**entry, "after": {**entry["after"], "citizen": alias}, "after_sha256": part_digest(entry["after"])}


# --- the end ----------------------------------------------------------------------------------------------------------


def finish(job: Job, *, manifest_hash: str, content_hash: str, by: Staff, now: datetime) -> None:
    """Let the campaign be archived, now that the folder is complete and checked; in the caller's transaction.

    FileRefused when something was done to the campaign meanwhile, or when an archived one does not come out as it was
    archived: somebody changed the database.
    """
    campaign = campaigns.hold_campaign(job.campaign)
    if job.archived is not None:
        if job.archived.content_hash != content_hash:
            what = f"its content is {content_hash}, archived was {job.archived.content_hash}"
            mend = "compare with the folder that was archived: the database was changed"
            raise FileRefused([Problem("archive", what, mend, campaign.slug)])
        return
    if campaign.state != rules.CLOSED:
        raise campaigns.WrongState
    if _count(campaign, as_of=job.as_of) != job.counts or find_open(campaign, now=job.as_of):
        raise FileRefused([Problem("archive", "changed while it was written", "run it again", campaign.slug)])
    definitions.record_archive(
        campaign,
        definitions.Archive(
            as_of=job.as_of,
            archived_at=now,
            archived_by=by.name,
            manifest_hash=manifest_hash,
            content_hash=content_hash,
            audit_until=job.audit_until,
        ),
    )


def require_free(place: Path) -> None:
    """FileRefused unless an archive can be written there."""
    if place.exists():
        raise FileRefused([Problem("folder", "exists already", "name one that does not", str(place))])
    if not place.parent.is_dir():
        raise FileRefused([Problem("folder", "its parent is no folder", "make it first", str(place))])
