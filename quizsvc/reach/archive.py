"""What the archive holds of reports: every stored snapshot that spoke of a campaign."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import dirty
from quizsvc.kit.canonical import sha256_hex
from quizsvc.kit.clock import rfc3339
from quizsvc.reach import snapshot_store as store

PAGE = 20  # documents in memory


def list_snapshots(campaign: Campaign, *, until: datetime) -> Iterator[dict[str, Any]]:
    """Oldest first. `digest` is the one that was stored with the document: SHA-256 of its canonical JSON."""
    after = UUID(int=0)
    while page := store.list_stored(until=until, after=after, limit=PAGE):
        for row in page:
            document = json.loads(row.document)
            if campaign.slug in document["asked"]["campaigns"]:
                yield {
                    "id": str(row.id),
                    "made_by": row.made_by,
                    "made_at": rfc3339(row.made_at),
                    "digest": row.digest,
                    "document": document,
                }
        after = page[-1].id


def speaks_of(campaign: Campaign, told: Mapping[str, Any]) -> bool:
    """Whether an audit log's entry on a report says that it spoke of the campaign."""
    return campaign.slug in json.loads(told["asked"])["campaigns"]


def list_open(campaign: Campaign, *, now: datetime) -> Iterator[tuple[str, str, str]]:
    """What is not counted yet, and snapshots that somebody changed; as (where, what, how to mend)."""
    if waiting := dirty.count_marks(campaign.id):
        yield "figures", f"{waiting} marks wait to be counted anew", "settle them first: quizsvc tick"
    after = UUID(int=0)
    while page := store.list_stored(until=now, after=after, limit=PAGE):
        for row in page:
            is_ours = f'"{campaign.slug}"' in row.document
            if is_ours and sha256_hex(row.document) != row.digest:
                yield f"report {row.id}", "is not what was stored", "somebody changed it: bring it back from a backup"
        after = page[-1].id
