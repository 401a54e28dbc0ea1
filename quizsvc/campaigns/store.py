"""Every statement on campaigns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, delete, func, select, update

from quizsvc.campaigns.models import AmendmentRecord, ArchiveRecord, CampaignRecord, VersionRecord
from quizsvc.campaigns.rules import DRAFT, Version
from quizsvc.kit.db import db, insert, insert_new, table_of

# --- campaigns --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The small, changing part of a campaign."""

    id: UUID
    slug: str
    region_id: UUID
    state: str
    version: int
    drafted_by: str
    rules_hash: str | None


_campaigns, _versions = table_of(CampaignRecord).c, table_of(VersionRecord).c
_STANDING = select(
    _campaigns.id,
    _campaigns.slug,
    _campaigns.region_id,
    _campaigns.state,
    _campaigns.version,
    _campaigns.drafted_by,
    _versions.rules_hash,
).select_from(
    table_of(CampaignRecord).outerjoin(
        table_of(VersionRecord),
        (_versions.campaign_id == _campaigns.id) & (_versions.version == _campaigns.version),
    )
)
_STANDING_BY_SLUG = _STANDING.where(_campaigns.slug == bindparam("slug"))
_STANDING_BY_ID = _STANDING.where(_campaigns.id == bindparam("campaign_id"))


_KEPT_BY_SLUG, _KEPT_BY_ID = (
    one.with_for_update(read=True, key_share=True, of=table_of(CampaignRecord))
    for one in (_STANDING_BY_SLUG, _STANDING_BY_ID)
)


def find_standing(*, slug: str | None = None, campaign_id: UUID | None = None, kept: bool = False) -> Standing | None:
    """By one of the two. `kept`: nobody can `hold` the campaign until this transaction ends."""
    if slug is not None:
        row = db.session.execute(_KEPT_BY_SLUG if kept else _STANDING_BY_SLUG, {"slug": slug}).one_or_none()
    else:
        asked = {"campaign_id": campaign_id}
        row = db.session.execute(_KEPT_BY_ID if kept else _STANDING_BY_ID, asked).one_or_none()
    if kept and row is not None and row.version and row.rules_hash is None:
        # PostgreSQL waited for a publication and then joined the new row to the versions it saw before; the row is
        # kept now, so a second look finds both.
        return find_standing(slug=slug, campaign_id=campaign_id)
    return None if row is None else Standing(*row)


def list_slugs(*, after: str, limit: int) -> Sequence[str]:
    """Published campaigns, in order of slug."""
    record = CampaignRecord
    wanted = select(record.slug).where(record.state != DRAFT, record.slug > after).order_by(record.slug).limit(limit)
    return db.session.scalars(wanted).all()


def list_standings(*, states: Sequence[str] | None = None, ids: Collection[UUID] | None = None) -> list[Standing]:
    """Campaigns in one of these states, or with one of these ids, or all, in order of id."""
    wanted = _STANDING.order_by(_campaigns.id)
    if states is not None:
        wanted = wanted.where(_campaigns.state.in_(states))
    if ids is not None:
        wanted = wanted.where(_campaigns.id.in_(list(ids)))
    return [Standing(*row) for row in db.session.execute(wanted)]


def list_owners() -> set[UUID]:
    """The regions that own a campaign, in whatever state."""
    return set(db.session.scalars(select(_campaigns.region_id).distinct()))


def list_owned(region_ids: Collection[UUID], *, states: Collection[str], after: str, limit: int) -> list[Standing]:
    """Campaigns of these regions in one of these states, in order of slug from `after` on."""
    wanted = _STANDING.where(
        _campaigns.region_id.in_(list(region_ids)), _campaigns.state.in_(list(states)), _campaigns.slug > after
    )
    return [Standing(*row) for row in db.session.execute(wanted.order_by(_campaigns.slug).limit(limit))]


def get_draft(campaign_id: UUID) -> dict[str, Any]:
    draft: dict[str, Any] = db.session.execute(
        select(CampaignRecord.draft).where(CampaignRecord.id == campaign_id)
    ).scalar_one()
    return draft


def hold(campaign_id: UUID) -> None:
    """Let nobody else change the campaign until this transaction ends."""
    db.session.execute(select(CampaignRecord.id).where(CampaignRecord.id == campaign_id).with_for_update())


def record_draft(
    campaign_id: UUID,
    *,
    slug: str,
    region_id: UUID,
    draft: Mapping[str, Any],
    drafted_by: str,
    now: datetime,
) -> bool:
    """Add the draft or replace the one that stands. False when the campaign is a draft no more."""
    said = {"region_id": region_id, "draft": dict(draft), "drafted_by": drafted_by, "drafted_at": now}
    if insert_new(CampaignRecord, id=campaign_id, slug=slug, state=DRAFT, version=0, **said):
        return True
    replaced = (
        update(CampaignRecord)
        .where(CampaignRecord.slug == slug, CampaignRecord.state == DRAFT)
        .values(**said)
        .returning(CampaignRecord.id)
    )
    return db.session.scalar(replaced) is not None


def record_move(campaign_id: UUID, *, before: str, after: str, version: int) -> bool:
    """False when the campaign was in another state. `version` is what a draft becomes; others keep theirs."""
    moved = (
        update(CampaignRecord)
        .where(CampaignRecord.id == campaign_id, CampaignRecord.state == before)
        .values(state=after, version=case((CampaignRecord.version == 0, version), else_=CampaignRecord.version))
        .returning(CampaignRecord.id)
    )
    return db.session.scalar(moved) is not None


# --- versions ---------------------------------------------------------------------------------------------------------


def next_version(campaign_id: UUID) -> int:
    """One more than the highest number that was ever published."""
    highest = select(func.max(VersionRecord.version)).where(VersionRecord.campaign_id == campaign_id)
    return (db.session.scalar(highest) or 0) + 1


def add_version(
    campaign_id: UUID,
    *,
    version: int,
    rules: str,
    rules_hash: str,
    published_by: str,
    reason: str | None,
    now: datetime,
) -> None:
    db.session.execute(
        insert(VersionRecord).values(
            campaign_id=campaign_id,
            version=version,
            rules=rules,
            rules_hash=rules_hash,
            published_by=published_by,
            published_at=now,
            reason=reason,
        )
    )


def get_rules(campaign_id: UUID, version: int) -> str:
    """The published rules' text."""
    return db.session.execute(
        select(VersionRecord.rules).where(VersionRecord.campaign_id == campaign_id, VersionRecord.version == version)
    ).scalar_one()


def list_versions(campaign_id: UUID) -> Sequence[Version]:
    """Everything that was ever published, in order."""
    record = VersionRecord
    rows = db.session.execute(
        select(
            record.version,
            record.rules_hash,
            record.published_at,
            record.reason,
            record.withdrawn_at,
            record.withdrawn_reason,
        )
        .where(record.campaign_id == campaign_id)
        .order_by(record.version)
    )
    return [Version(*row) for row in rows]


def list_withdrawn_rules(campaign_id: UUID) -> Sequence[str]:
    """The texts of rules that were withdrawn."""
    record = VersionRecord
    wanted = select(record.rules).where(record.campaign_id == campaign_id, record.withdrawn_at.is_not(None))
    return db.session.scalars(wanted).all()


def record_withdrawal(campaign_id: UUID, *, reason: str, now: datetime) -> None:
    """Make the campaign a draft again; what was published stays written down."""
    version, campaign = VersionRecord, CampaignRecord
    db.session.execute(
        update(version)
        .where(version.campaign_id == campaign_id, version.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_reason=reason)
    )
    db.session.execute(update(campaign).where(campaign.id == campaign_id).values(state=DRAFT, version=0))


# --- amendments -------------------------------------------------------------------------------------------------------


def record_amendment(
    campaign_id: UUID, *, draft: Mapping[str, Any], reason: str, drafted_by: str, now: datetime
) -> None:
    """Add the amendment or replace the one that waits."""
    said = {"draft": dict(draft), "reason": reason, "drafted_by": drafted_by, "drafted_at": now}
    if not insert_new(AmendmentRecord, campaign_id=campaign_id, **said):
        db.session.execute(update(AmendmentRecord).where(AmendmentRecord.campaign_id == campaign_id).values(**said))


def find_amendment(campaign_id: UUID) -> tuple[dict[str, Any], str, str] | None:
    """Draft, reason and who drafted it."""
    record = AmendmentRecord
    row = db.session.execute(
        select(record.draft, record.reason, record.drafted_by).where(record.campaign_id == campaign_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def delete_amendment(campaign_id: UUID) -> None:
    db.session.execute(delete(AmendmentRecord).where(AmendmentRecord.campaign_id == campaign_id))


def record_amended(campaign_id: UUID, *, version: int, draft: Mapping[str, Any], drafted_by: str) -> None:
    """Put a version in force. Its draft is what a withdrawal would leave."""
    amended = update(CampaignRecord).where(CampaignRecord.id == campaign_id)
    db.session.execute(amended.values(version=version, draft=dict(draft), drafted_by=drafted_by))


# --- archives ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """A campaign's archive: everything up to `as_of`, and up to the audit log's entry `audit_until`.

    `content_hash` is the same for every folder that is written of it, `manifest_hash` the first folder's own.
    """

    as_of: datetime
    archived_at: datetime
    archived_by: str
    manifest_hash: str
    content_hash: str
    audit_until: int


def add_archive(campaign_id: UUID, archive: Archive) -> None:
    db.session.execute(insert(ArchiveRecord).values(campaign_id=campaign_id, **vars(archive)))


def find_archive(campaign_id: UUID) -> Archive | None:
    record = ArchiveRecord
    row = db.session.execute(
        select(
            record.as_of,
            record.archived_at,
            record.archived_by,
            record.manifest_hash,
            record.content_hash,
            record.audit_until,
        ).where(record.campaign_id == campaign_id)
    ).one_or_none()
    return None if row is None else Archive(*row)


def list_publishers(campaign_id: UUID) -> dict[int, str]:
    """Who published each version."""
    record = VersionRecord
    rows = db.session.execute(select(record.version, record.published_by).where(record.campaign_id == campaign_id))
    return {row[0]: row[1] for row in rows}
