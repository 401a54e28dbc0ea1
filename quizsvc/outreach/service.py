"""Take batches of tallies in: what came before is answered as before, the rest counts or is held for a person."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit import dirty
from quizsvc.kit.clock import day_of
from quizsvc.materials import service as materials
from quizsvc.materials import stock
from quizsvc.materials.service import HandOut
from quizsvc.outreach import assignments, reading, rules, store
from quizsvc.outreach.reading import Places
from quizsvc.outreach.rules import Handout, Intake, Likeness, Result, Revision, Sent, Standing, Visit
from quizsvc.outreach.store import Arrival
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

SOURCE = "tally"
MAY_ENTER = ("clerk", "operator")
SKEW_LIMIT = 10**9  # seconds; a clock further off than that is no further off
Key = tuple[UUID, int]  # a tally's id and the number of a revision


@dataclass(frozen=True)
class Answer:
    """One result per tally in the order sent. `clock_skew`: seconds that the phone's clock is ahead."""

    results: Sequence[Result]
    clock_skew: int

    @property
    def clock_off(self) -> bool:
        return rules.is_off(self.clock_skew)


def upload(batch: Sequence[Any], *, volunteer: Volunteer, clock: datetime, now: datetime) -> Answer:
    """Take in what a volunteer's phone sends, at most MOST_TALLIES. Safe to repeat, whatever the phone's clock says."""
    return _take_in(batch, volunteers.hold_volunteer(volunteer.id), clock=clock, staff=None, now=now)


def enter(batch: Sequence[Any], *, volunteer_id: UUID, staff: Staff, clock: datetime, now: datetime) -> Answer:
    """As upload, of paper forms that a clerk or operator enters for a volunteer; VolunteerUnknown, RoleMissing.

    May enter who holds the role over the volunteer's home or over a region that the volunteer ever served.
    """
    volunteer = volunteers.hold_volunteer(volunteer_id)
    served = [one.region for one in assignments.list_assignments(volunteer.id)]
    homes = [regions.get_region_by_id(volunteer.region_id), *served]
    if not any(staff.holds(role, over=home) for role in MAY_ENTER for home in homes):
        raise accounts.RoleMissing
    answer = _take_in(batch, volunteer, clock=clock, staff=staff, now=now)
    counts = {status: sum(one.status == status for one in answer.results) for status in rules.STATUSES}
    if counts[rules.CREATED] or counts[rules.HELD_BACK]:
        accounts.audit(staff.name, act="tallies.enter", subject=volunteer.code, after=counts, now=now)
    return answer


def void(tally_id: UUID, *, volunteer_id: UUID, note: str, staff: Staff, now: datetime) -> bool:
    """Void a volunteer's tally as a revision that a staff member enters; False when it was void before.

    Who may is decided by the caller, who knows what the tally says.
    """
    volunteer = volunteers.hold_volunteer(volunteer_id)
    stands = store.list_known({tally_id})[tally_id]
    if stands.voided:
        return False
    said = {"id": str(tally_id), "revision": max(stands.contents) + 1, "void": True, "note": note}
    answer = _take_in([said], volunteer, clock=now, staff=staff, now=now)
    return [one.status for one in answer.results] == [rules.CREATED]


def _take_in(
    batch: Sequence[Any], volunteer: Volunteer, *, clock: datetime, staff: Staff | None, now: datetime
) -> Answer:
    """The volunteer is held: nobody else writes for them, so what is read here still stands when it is written."""
    places = _places_in(batch)
    sent = [_read(raw, places) for raw in batch]
    known = store.list_known({one.id for one in sent if one.id is not None})
    judge = _Judge(volunteer, places, now)
    mine: set[UUID] = set()
    while True:
        intake = rules.take_in(sent, known, volunteer_id=volunteer.id, judge=judge)
        new = {one: stands for one, stands in intake.after.items() if one not in known and one not in mine}
        mine |= store.add_tallies(new)
        if not (theirs := new.keys() - mine):
            break
        known |= store.list_known(theirs)  # in this very moment somebody else named the same id first
    skew = max(-SKEW_LIMIT, min(SKEW_LIMIT, round((clock - now).total_seconds())))
    _write(intake, known, volunteer, arrival=Arrival(now, skew, None if staff is None else staff.name))
    return Answer(intake.results, skew)


def _read(raw: Any, places: Places) -> Sent:
    named = reading.read_name(raw)
    return named if named.id is None or named.revision is None else reading.read_tally(raw, named, places)


def _places_in(batch: Iterable[Any]) -> Places:
    """What the codes of a batch stand for; its campaigns stay in their state until this transaction ends."""
    slugs, codes, material_codes = reading.codes_in(batch)
    public: dict[str, Campaign] = {}
    for slug in sorted(slugs):
        try:
            public[slug] = campaigns.get_public(slug, kept=True)
        except campaigns.CampaignUnknown:
            continue
    owners = {campaign.definition.region for campaign in public.values()}
    return Places(public, regions.list_regions_by_code(codes | owners), stock.list_materials_by_code(material_codes))


class _Judge:
    """Says why a visit has to be held; asks for the assignments once, and only when there is a visit to judge."""

    def __init__(self, volunteer: Volunteer, places: Places, now: datetime) -> None:
        self.volunteer, self.places, self.now = volunteer, places, now
        self._assignments: Sequence[rules.Assignment] | None = None

    def __call__(self, visit: Visit) -> str | None:
        if self._assignments is None:
            self._assignments = assignments.list_assignments(self.volunteer.id)
        owner: Region = self.places.regions[visit.campaign.definition.region]
        return rules.why_held(visit, owner=owner, assignments=self._assignments, now=self.now)


def _write(intake: Intake, known: Mapping[UUID, Standing], volunteer: Volunteer, *, arrival: Arrival) -> None:
    """Write down what is new, put in force what is, and let the ledger follow, in that order."""
    if not intake.revisions:
        return
    now = arrival.received_at
    revisions = [
        one if one.visit is None else replace(one, visit=rules.dated(one.visit, now=now)) for one in intake.revisions
    ]
    before, after = _in_force(known), _in_force(intake.after)
    store.record_void([one for one, stands in known.items() if intake.after[one].voided and not stands.voided])
    store.record_overruled(before - after)
    likenesses = _likenesses(revisions, volunteer, on_paper=arrival.entered_by is not None)
    store.add_revisions(revisions, in_force=after, likenesses=likenesses, arrival=arrival)
    said = {
        (one.tally_id, one.number): (one.visit.occurred_at, one.visit.handouts)
        for one in revisions
        if one.visit is not None
    }
    given = {key: said[key] for key in after - before}
    came = (one for one in revisions if (one.tally_id, one.number) in given)
    campaign_ids = {one.visit.campaign.id for one in came if one.visit is not None}
    by = arrival.entered_by or volunteer.code
    post(given, withdrawn=before - after, campaign_ids=campaign_ids, volunteer=volunteer, by=by, now=now)


def _in_force(tallies: Mapping[UUID, Standing]) -> set[Key]:
    return {(tally_id, stands.in_force) for tally_id, stands in tallies.items() if stands.in_force is not None}


def post(
    given: Mapping[Key, tuple[datetime, Sequence[Handout]]],
    *,
    withdrawn: Collection[Key],
    campaign_ids: Set[UUID],
    volunteer: Volunteer,
    by: str,
    now: datetime,
) -> None:
    """Let the ledger hand out what came into force, and take back what no longer is; both are counted anew.

    `campaign_ids`: the campaigns of what was given.
    """
    no_longer = store.list_handouts(withdrawn)
    for campaign_id in campaign_ids | store.list_campaigns_of(withdrawn):
        dirty.mark(rules.VOLUNTEER, whole=campaign_id, part=volunteer.id, now=now)
    handed_out = [
        HandOut(_ref(key, no), one.material, one.quantity, one.pack, one.factor, occurred_at)
        for key, (occurred_at, handouts) in given.items()
        for no, one in enumerate(handouts)
    ]
    back = [_ref(key, no) for key, handouts in no_longer.items() for no in range(len(handouts))]
    if handed_out or back:
        holder = materials.holder_of(volunteer)
        materials.settle(
            handed_out, withdrawn=back, source=SOURCE, holder=holder, reason="上报已更正或作废", by=by, now=now
        )


def _ref(key: Key, no: int) -> str:
    """What a hand-out is called in the ledger."""
    return f"{key[0]}/{key[1]}/{no}"


def _likenesses(
    revisions: Sequence[Revision], volunteer: Volunteer, *, on_paper: bool
) -> dict[Key, tuple[str, UUID | None]]:
    """What each revision says, and which other tally says the same at about the same time."""
    mine: dict[Key, Likeness] = {}
    for one in revisions:
        if one.visit is not None:
            likeness = rules.likeness_of(one.visit, volunteer_id=volunteer.id)
            mine[one.tally_id, one.number] = Likeness(likeness, one.tally_id, one.visit.occurred_at)
    if not mine:
        return {}
    around = timedelta(days=1) if on_paper else rules.LOOKS_ALIKE_WITHIN
    times = [said.occurred_at for said in mine.values()]
    others = store.list_likenesses(
        {said.likeness for said in mine.values()}, begin=min(times) - around, end=max(times) + around
    )
    found: dict[Key, tuple[str, UUID | None]] = {}
    for key, said in mine.items():
        found[key] = (said.likeness, rules.look_alike(said, others, day_of=day_of if on_paper else None))
        others.append(said)
    return found
