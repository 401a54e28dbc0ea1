"""Reports as files, for the office and its partners."""

from typing import Any

from flask import Blueprint

from quizsvc.accounts.guards import current_staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.downloads import Download, file_reply
from quizsvc.kit.http import query, refuses
from quizsvc.reach import reporting, schemas, settling
from quizsvc.reach.report_files import FORMS, MEDIA, name_report
from quizsvc.reach.snapshot_store import SnapshotDamaged
from quizsvc.reach.snapshots import Snapshot
from quizsvc.regions import service as regions

staff = Blueprint("report", __name__)
SNAPSHOT = {"X-Snapshot": "the id of the stored report; `snapshot` asks for it again"}
REFUSALS = (campaigns.CampaignUnknown, regions.RegionUnknown, RoleMissing, reporting.SnapshotUnknown, SnapshotDamaged)


@staff.get("/report.docx")
@refuses(*REFUSALS)
@query(schemas.ReportAsked())
@file_reply(MEDIA["docx"], SNAPSHOT)
def get_report_docx(asked: dict[str, Any]) -> Download:
    """The bulletin (工作简报) as Word, with charts. Stores what it says, once for as long as nothing changes."""
    return _send(asked, "docx")


@staff.get("/report.md")
@refuses(*REFUSALS)
@query(schemas.ReportAsked())
@file_reply(MEDIA["md"], SNAPSHOT)
def get_report_md(asked: dict[str, Any]) -> Download:
    """The bulletin (工作简报) in Markdown. Stores what it says, once for as long as nothing changes."""
    return _send(asked, "md")


@staff.get("/report.xlsx")
@refuses(*REFUSALS)
@query(schemas.ReportAsked())
@file_reply(MEDIA["xlsx"], SNAPSHOT)
def get_report_xlsx(asked: dict[str, Any]) -> Download:
    """All figures as a workbook, definitions first. Stores what it says, once for as long as nothing changes."""
    return _send(asked, "xlsx")


@staff.get("/report.csv")
@refuses(*REFUSALS)
@query(schemas.ReportAsked())
@file_reply(MEDIA["csv"], SNAPSHOT)
def get_report_csv(asked: dict[str, Any]) -> Download:
    """All figures as a table, one a row. Stores what it says, once for as long as nothing changes."""
    return _send(asked, "csv")


def _send(asked: dict[str, Any], form: str) -> Download:
    """The report in one of its forms.

    A GET that writes: the first one on a question stores a snapshot, which every figure in the file leads back to. As
    long as the same would be said, repeats, other forms and a browser's prefetch get that snapshot and add nothing.
    """
    if asked["snapshot"] is None:
        found = _look_up(asked)
    else:
        with reading():
            found = reporting.get_snapshot(asked["snapshot"], by=current_staff())
    name, plain = name_report(found, form)
    return Download(FORMS[form](found), name, plain, {"X-Snapshot": found.id})


def _look_up(asked: dict[str, Any]) -> Snapshot:
    """Whoever may not ask is refused before anything is counted. The last settling also makes those who ask take turns,
    so that two who ask at once get one snapshot."""
    options = {name: asked[name] for name in ("region", "first", "last")} | {"by": current_staff()}
    with reading():
        reporting.find_scope(_chosen(asked), **options, now=utcnow())
    while True:
        with transaction():
            if settling.settle() < settling.MOST_AT_ONCE:
                break
    with transaction():
        settling.settle()
        chosen, now = _chosen(asked), utcnow()
        region, period = reporting.find_scope(chosen, **options, now=now)
        return reporting.look_up_snapshot(chosen, region=region, period=period, by=current_staff(), now=now)


def _chosen(asked: dict[str, Any]) -> list[Campaign]:
    return [campaigns.get_public(slug) for slug in asked["campaigns"]]
