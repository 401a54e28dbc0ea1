"""What a volunteer's phone reads: what it needs to work offline, and what it has reported so far. Nothing of others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from quizsvc.accounts.rules import Volunteer
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.materials import stock
from quizsvc.materials.rules import Material
from quizsvc.materials.stock import Stock
from quizsvc.outreach import assignments, rules
from quizsvc.outreach import phone_store as store
from quizsvc.outreach.rules import Assignment, Membership
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

STILL_SHOWN = timedelta(days=30)  # for visits that are reported after an assignment's end


@dataclass(frozen=True)
class Bootstrap:
    """All that a phone needs to take tallies while it is offline."""

    server_time: datetime
    membership: Membership
    assignments: Sequence[Assignment]
    regions: Sequence[Region]
    materials: Sequence[Material]
    settings: Sequence[str]
    campaigns: Sequence[Campaign]


@dataclass(frozen=True)
class Counted:
    """Tallies in force of one setting."""

    setting: str
    tallies: int
    households: int
    people: int


@dataclass(frozen=True)
class HandedOut:
    """So much of a material, in its unit."""

    material: str
    quantity: int


@dataclass(frozen=True)
class Totals:
    """What one volunteer reported in one campaign. Settings stand apart, in their order; those without a tally, too."""

    campaign: Campaign
    settings: Sequence[Counted]
    handed_out: Sequence[HandedOut]
    voided: int
    held: int

    @property
    def tallies(self) -> int:
        return sum(one.tallies for one in self.settings)

    @property
    def households(self) -> int:
        return sum(one.households for one in self.settings)

    @property
    def people(self) -> int:
        return sum(one.people for one in self.settings)


@dataclass(frozen=True)
class OwnState:
    """A volunteer's own stock and totals."""

    membership: Membership
    assignments: Sequence[Assignment]
    stock: Sequence[Stock]
    campaigns: Sequence[Totals]


def get_bootstrap(volunteer: Volunteer, *, now: datetime) -> Bootstrap:
    """What a volunteer needs to work offline. As many statements for a street of buildings as for one community."""
    mine = _shown_assignments(volunteer, now=now)
    running = campaigns.list_taking_uploads(now=now)
    homes = regions.list_regions_by_id({volunteer.region_id, *(one.region_id for one in running)})
    served = [one.region for one in mine]
    return Bootstrap(
        server_time=now,
        membership=Membership(volunteer, homes[volunteer.region_id]),
        assignments=mine,
        regions=regions.list_subtrees(served),
        materials=stock.list_materials(),
        settings=rules.SETTINGS,
        campaigns=[one for one in running if _reaches(homes[one.region_id], served)],
    )


def _shown_assignments(volunteer: Volunteer, *, now: datetime) -> list[Assignment]:
    """Those that hold, will hold, or ended lately."""
    return [
        one
        for one in assignments.list_assignments(volunteer.id)
        if one.ends_at is None or one.ends_at > max(one.starts_at, now - STILL_SHOWN)
    ]


def _reaches(home: Region, served: Collection[Region]) -> bool:
    """Whether a campaign of this region takes place where somebody serves: all over there, or in a part of it."""
    return any(home.covers(region) or region.covers(home) for region in served)


def get_own_state(volunteer: Volunteer, *, now: datetime) -> OwnState:
    """A volunteer's own stock (below zero: handed out and not issued by the books) and totals by campaign."""
    return OwnState(
        membership=Membership(volunteer, regions.get_region_by_id(volunteer.region_id)),
        assignments=_shown_assignments(volunteer, now=now),
        stock=stock.list_of_volunteer(volunteer.id),
        campaigns=_list_totals(volunteer.id),
    )


def _list_totals(volunteer_id: UUID) -> list[Totals]:
    counted = {(campaign, setting): sums for campaign, setting, *sums in store.list_counted(volunteer_id)}
    handed_out = store.list_handed_out(volunteer_id)
    voided, waiting = store.count_voided(volunteer_id), store.count_waiting(volunteer_id)
    reported = {campaign for campaign, _ in counted} | voided.keys() | waiting.keys()
    return [
        Totals(
            campaign=one,
            settings=[Counted(setting, *counted.get((one.id, setting), (0, 0, 0))) for setting in rules.SETTINGS],
            handed_out=[HandedOut(material, quantity) for id_, material, quantity in handed_out if id_ == one.id],
            voided=voided.get(one.id, 0),
            held=waiting.get(one.id, 0),
        )
        for one in campaigns.list_campaigns(reported)
    ]
