"""Make a report's snapshot, or look one up."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import KINDS_IN_CHINESE, Staff
from quizsvc.campaigns import service as campaign_service
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import day_of
from quizsvc.kit.errors import BadShape, Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.materials import stock
from quizsvc.quiz import bank
from quizsvc.reach import cases, service, snapshot_store
from quizsvc.reach.facts import ELSEWHERE
from quizsvc.reach.figures import Month
from quizsvc.reach.snapshots import (
    Asked,
    CaseFigures,
    Heading,
    Kept,
    Names,
    Snapshot,
    find_changes,
    list_figures,
    say_the_same,
)
from quizsvc.reach.survey import Period, Survey
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_REPORT = ("operator", "auditor", "partner")


class SnapshotUnknown(Refusal):
    code, status = "reach.snapshot_unknown", 404
    zh, en = "没有这份报告", "There is no such report"


def require_reporter(staff: Staff, *, over: Region) -> None:
    """RoleMissing unless the staff member, or partner, may have reports of a region."""
    if not any(staff.holds(role, over=over) for role in MAY_REPORT):
        raise accounts.RoleMissing


def get_snapshot(snapshot_id: UUID, *, by: Staff) -> Snapshot:
    """A stored snapshot as it was; SnapshotUnknown, RoleMissing."""
    found = snapshot_store.find_snapshot(snapshot_id)
    if found is None:
        raise SnapshotUnknown
    require_reporter(by, over=regions.get_region(found.survey.region))
    return found


def find_scope(
    campaigns: Sequence[Campaign],
    *,
    region: str | None,
    first: date | None,
    last: date | None,
    by: Staff,
    now: datetime,
) -> tuple[Region, Period]:
    """Of where and when a report is; what was not said is the first campaign's region, the first day, today.

    At most ten years. RegionUnknown, RoleMissing.
    """
    place = regions.get_region(region or campaigns[0].definition.region)
    require_reporter(by, over=place)
    whole = service.whole_period(campaigns, now=now)
    begin = first or whole.first
    return place, Period.cut(begin, last or max(begin, whole.last))


def list_snapshots(by: Staff, *, cursor: str | None, limit: int) -> PageOf[Kept]:
    """Stored snapshots of the regions whose reports the staff member may have, the newest first; BadShape."""
    held = [grant.region for grant in by.grants if grant.role in MAY_REPORT]
    within = [one.id for one in regions.list_subtrees(held)]
    found = snapshot_store.list_snapshots(within, before=_read_cursor(cursor), limit=limit + 1)
    return page_from(found, limit=limit, key=lambda one: (one.id,))


def _read_cursor(cursor: str | None) -> UUID | None:
    key = decode_cursor(cursor, parts=1)
    try:
        return None if key is None else UUID(key[0])
    except ValueError:
        raise BadShape(fields={"cursor": ["Invalid value."]}) from None


def list_campaigns(places: Collection[Region]) -> list[Campaign]:
    """Campaigns that reach into one of these regions, the one that opened last first."""
    found = campaign_service.list_published()
    owners = regions.list_regions_by_id({one.region_id for one in found})
    return [one for one in found if any(_meet(owners[one.region_id], place) for place in places)]


def list_covered(staff: Staff, *, role: str) -> list[Campaign]:
    """Campaigns of the regions in which the staff member holds the role, the one that opened last first."""
    found = campaign_service.list_published()
    owners = regions.list_regions_by_id({one.region_id for one in found})
    return [one for one in found if staff.holds(role, over=owners[one.region_id])]


def _meet(one: Region, other: Region) -> bool:
    return one.covers(other) or other.covers(one)


def look(campaigns: Sequence[Campaign], *, region: Region, period: Period, by: Staff, now: datetime) -> Snapshot:
    """What a report would say now; not stored, and under no id. RoleMissing.

    The cases only for who may have reports: a community's clerk reads the campaign's figures.
    """
    service.require_reader(by, over=region)
    survey = service.survey(campaigns, region=region, period=period, now=now)
    may_report = any(by.holds(role, over=region) for role in MAY_REPORT)
    found = _compare_cases(region, period, now=now) if may_report else []
    return Snapshot("", by.name, _heading(campaigns, region), survey, found, _names(region, survey))


def make_snapshot(
    campaigns: Sequence[Campaign], *, region: Region, period: Period, by: Staff, now: datetime
) -> Snapshot:
    """Survey the campaigns and store what was found, with what changed since the same was asked before."""
    fresh, before = _take(campaigns, region=region, period=period, by=by, now=now)
    return _keep(fresh, before, region=region, now=now)


def look_up_snapshot(
    campaigns: Sequence[Campaign], *, region: Region, period: Period, by: Staff, now: datetime
) -> Snapshot:
    """The snapshot that was made last on the same question, where nothing changed since; else as make_snapshot."""
    fresh, before = _take(campaigns, region=region, period=period, by=by, now=now)
    if before is not None and say_the_same(before, fresh):
        return before
    return _keep(fresh, before, region=region, now=now)


def _take(
    campaigns: Sequence[Campaign], *, region: Region, period: Period, by: Staff, now: datetime
) -> tuple[Snapshot, Snapshot | None]:
    """A survey with the cases beside it, and the snapshot that was made last on the same question."""
    require_reporter(by, over=region)
    survey = service.survey(campaigns, region=region, period=period, now=now)
    fresh = Snapshot(
        id=str(new_id()),
        made_by=by.name,
        heading=_heading(campaigns, region),
        survey=survey,
        cases=_compare_cases(region, survey.period, now=now),
        names=_names(region, survey),
    )
    return fresh, snapshot_store.find_latest(_asked(fresh))


def _keep(fresh: Snapshot, before: Snapshot | None, *, region: Region, now: datetime) -> Snapshot:
    """Store a snapshot with what changed since the one before."""
    if before is not None:
        fresh = replace(fresh, before=before.id, changes=find_changes(before, list_figures(fresh)))
    asked = _asked(fresh)
    snapshot_store.add_snapshot(fresh, region_id=region.id, asked=asked, now=now)
    accounts.audit(fresh.made_by, act="report.make", subject=fresh.id, after={"asked": asked.text}, now=now)
    return fresh


def _asked(one: Snapshot) -> Asked:
    return Asked(one.survey.campaigns, one.survey.region, one.survey.period)


def _heading(campaigns: Sequence[Campaign], region: Region) -> Heading:
    definitions = [one.definition for one in campaigns]
    partners = [partner["name"] for one in definitions for partner in one.partners]
    return Heading(
        title=f"{region.name}反诈宣传工作简报",
        region=region.name,
        campaigns=[one.title for one in definitions],
        organisers=list(dict.fromkeys(one.organiser["name"] for one in definitions)),
        partners=list(dict.fromkeys(partners)),
    )


def _names(region: Region, survey: Survey) -> Names:
    asked = {one.of["question"] for one in survey.figures if "question" in one.of}
    return {
        "region": {one.code: one.name for one in regions.list_subtrees([region])} | {ELSEWHERE: "其他区域"},
        "material": {one.code: one.name for one in stock.list_materials()},
        "kind": KINDS_IN_CHINESE,
        "scam_type": {one.code: one.name for one in bank.known_scam_types()},
        "question": {one.text.code: one.text.stem for one in bank.list_entries() if one.text.code in asked},
    }


def _compare_cases(region: Region, period: Period, *, now: datetime) -> list[CaseFigures]:
    """From January to the last month that is over and known; to the last that is over where none is known."""
    over = Month.of(min(period.last + timedelta(days=1), day_of(now))).plus(-1)
    months = [Month(over.year, number) for number in range(over.month, 0, -1)]
    found = [_compared(region, month) for month in months]
    known = [one for one in found if any(case.compared.now is not None for case in one)]
    return (known or found)[0]


def _compared(region: Region, last: Month) -> list[CaseFigures]:
    first = Month(last.year, 1)
    years = cases.compare_years(region, first=first, last=last)
    return [CaseFigures(one.measure, first, last, one.comparison, one.sources) for one in years.values()]
