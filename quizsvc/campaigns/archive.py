"""The end of a campaign: what the archive holds of its rules, and the move after which nothing changes any more."""

from collections.abc import Iterator
from typing import Any

from quizsvc.campaigns import amendments, rules, service, store
from quizsvc.campaigns.rules import Campaign
from quizsvc.campaigns.store import Archive
from quizsvc.kit.clock import rfc3339

__all__ = ["Archive", "find_archive", "list_versions", "record_archive"]


def find_archive(campaign: Campaign) -> Archive | None:
    """The archive of a campaign, once there is one."""
    return store.find_archive(campaign.id)


def record_archive(campaign: Campaign, archive: Archive) -> None:
    """Let a closed campaign be archived, for good; WrongState. The caller holds it and answers for the folder."""
    told = {"manifest_hash": archive.manifest_hash, "content_hash": archive.content_hash}
    service.move(campaign, rules.ARCHIVED, by=archive.archived_by, now=archive.archived_at, told=told)
    store.add_archive(campaign.id, archive)


def list_versions(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Every version of the rules that was ever public, as it is archived."""
    publishers = store.list_publishers(campaign.id)
    for one in amendments.list_versions(campaign):
        yield {
            "version": one.version,
            "rules_hash": one.rules_hash,
            "published_at": rfc3339(one.published_at),
            "published_by": publishers[one.version],
            "reason": one.reason,
            "withdrawn_at": None if one.withdrawn_at is None else rfc3339(one.withdrawn_at),
            "withdrawn_reason": one.withdrawn_reason,
            "rules": amendments.get_rules(campaign, version=one.version),
        }
