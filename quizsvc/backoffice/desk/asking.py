"""What a page of figures is asked for: campaigns, a region, days. The form is sent by GET: its address can be kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from quizsvc.accounts import members
from quizsvc.accounts.rules import Staff
from quizsvc.campaigns.rules import Campaign
from quizsvc.campaigns.service import CampaignUnknown
from quizsvc.reach import reporting, service
from quizsvc.reach.survey import Period
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

LONGEST_DAYS = 366  # a year by day fills a page; longer periods are asked for at the API or by command


@dataclass(frozen=True)
class Asked:
    """Campaigns, looked at in a region and a period."""

    campaigns: Sequence[Campaign]
    region: Region
    period: Period

    @property
    def query(self) -> Mapping[str, Any]:
        """The same question in an address."""
        first, last = self.period.first.isoformat(), self.period.last.isoformat()
        return {"campaign": [one.slug for one in self.campaigns], "region": self.region.code, "from": first, "to": last}


@dataclass(frozen=True)
class Choice:
    """The form: what there is to choose from, what was typed, what is wrong. `asked` is missing where anything is."""

    campaigns: Sequence[Campaign]
    regions: Sequence[Region]
    typed: Mapping[str, Any]
    errors: Mapping[str, str]
    asked: Asked | None = None

    @property
    def status(self) -> int:
        return 422 if self.errors else 200

    @property
    def region_options(self) -> list[tuple[str, str]]:
        """Codes and names; whoever oversees many sees by the indent which lies under which."""
        top = min((one.path.count("/") for one in self.regions), default=0)
        return [(one.code, "\u3000" * (one.path.count("/") - top) + one.name) for one in self.regions]


def read_choice(said: MultiDict[str, str], staff: Staff, *, roles: Collection[str], now: datetime) -> Choice:
    """What a form says; what it leaves out is the newest campaign, the highest of one's regions, the whole period.

    RegionUnknown, RoleMissing, CampaignUnknown for what is not there or not theirs.
    """
    places = members.list_places(staff, roles=roles)
    region = regions.get_region(said["region"]) if said.get("region") else min(places, key=_height)
    service.require_reader(staff, over=region)
    there = reporting.list_campaigns(places)
    chosen = _chosen(said.getlist("campaign"), there, region)
    typed = {"region": region.code, "campaigns": [one.slug for one in chosen]}
    errors: dict[str, str] = {}
    first, last = (_day(said.get(name, ""), name, errors) for name in ("from", "to"))
    typed |= {"from": said.get("from", ""), "to": said.get("to", "")}
    if not chosen or errors:
        return Choice(there, places, typed, errors)
    whole = service.whole_period(chosen, now=now)
    begin = first or whole.first
    period = Period(begin, last or max(begin, whole.last))
    if period.last < period.first:
        errors["to"] = "结束日期早于开始日期"
    elif len(period.days) > LONGEST_DAYS:
        errors["to"] = f"一次最多看 {LONGEST_DAYS} 天，请缩短时间"
    typed |= {"from": period.first.isoformat(), "to": period.last.isoformat()}
    return Choice(there, places, typed, errors, None if errors else Asked(chosen, region, period))


def _height(region: Region) -> tuple[int, str]:
    return region.path.count("/"), region.code


def _chosen(slugs: Sequence[str], there: Sequence[Campaign], region: Region) -> list[Campaign]:
    """The campaigns that were named; without a name, the one that opened last and reaches into the region."""
    if not slugs:
        return reporting.list_campaigns([region])[:1]
    if set(slugs) - {one.slug for one in there}:
        raise CampaignUnknown
    return [one for one in there if one.slug in slugs]


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        errors[name] = "请按 2026-12-01 的样子填写日期"
        return None
