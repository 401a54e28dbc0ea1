"""Outreach's decisions: which tally counts, which is held and why, which revision is in force."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts.rules import Volunteer
from quizsvc.campaigns.rules import CLOSING, PAUSED, PUBLISHED, Campaign
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.regions.rules import Region

SETTINGS = ("household", "shop", "stall", "talk")
STATES = ("counted", "held", "refused")
COUNTED, HELD, REFUSED = STATES
HELD_REASONS = ("no_assignment", "outside_campaign", "too_late", "clock_ahead")
NO_ASSIGNMENT, OUTSIDE_CAMPAIGN, TOO_LATE, CLOCK_AHEAD = HELD_REASONS
REJECTED_REASONS = ("bad_shape", "id_taken")
BAD_SHAPE, ID_TAKEN = REJECTED_REASONS
OTHER_CONTENT = "other_content"
STATUSES = ("created", "duplicate", "conflict", "held", "rejected")
CREATED, DUPLICATE, CONFLICT, HELD_BACK, REJECTED = STATUSES
DECISIONS = ("count", "refuse")
COUNT, REFUSE = DECISIONS

MOST_TALLIES = 100
CLOCK_TOLERANCE = timedelta(minutes=10)
LOOKS_ALIKE_WITHIN = timedelta(minutes=2)
TAKING_STATES = (PUBLISHED, PAUSED, CLOSING)

VOLUNTEER = "volunteer"  # the kind of dirty key that says: count anew what a volunteer reported in a campaign

Faults = Mapping[str, Sequence[str]]  # what is wrong, by field


@dataclass(frozen=True)
class Assignment:
    """A volunteer serves a region's subtree from `starts_at` until before `ends_at` (None: open)."""

    id: UUID
    volunteer_id: UUID
    region: Region
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, region: Region, *, at: datetime) -> bool:
        """Whether the volunteer was to serve there then."""
        holds = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return holds and self.region.covers(region)


@dataclass(frozen=True)
class Handout:
    """What left the hand: `quantity` in the base unit, `factor` that of the pack it was said in, as of its arrival."""

    material: str
    quantity: int
    pack: str | None = None
    factor: int = 1


@dataclass(frozen=True)
class Visit:
    """What a tally says of a visit. Nothing in it names a household or a person."""

    campaign: Campaign
    region: Region
    occurred_at: datetime
    setting: str
    households: int
    people: int
    handouts: Sequence[Handout]


@dataclass(frozen=True)
class Sent:
    """One tally of a batch, as it was sent. `content` is its canonical JSON.

    Without an id and a revision it can have no other answer than `faults`; a void one has no visit.
    """

    id: UUID | None
    revision: int | None
    content: str = ""
    void: bool = False
    visit: Visit | None = None
    faults: Faults = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A tally as it stands: whose it is, its revisions' contents by number, and which revision is in force.

    `held`: why those of them wait for a person that still do.
    """

    volunteer_id: UUID
    voided: bool = False
    in_force: int | None = None
    contents: Mapping[int, str] = field(default_factory=dict)
    held: Mapping[int, str] = field(default_factory=dict)

    def after(self, revision: int, *, content: str, void: bool, held: str | None) -> "Standing":
        """The tally once a revision has come: the highest that counts is in force; a void one beats all."""
        voided = self.voided or void
        highest = max(self.in_force or 0, 0 if held or void else revision)
        in_force = None if voided else highest or None
        waiting = {number: why for number, why in {**self.held, revision: held}.items() if why and not voided}
        return Standing(self.volunteer_id, voided, in_force, {**self.contents, revision: content}, waiting)


@dataclass(frozen=True)
class Result:
    """The answer to one tally of a batch."""

    id: UUID | None
    revision: int | None
    status: str
    reason: str | None = None
    fields: Faults | None = None


@dataclass(frozen=True)
class Revision:
    """A revision to be written down; `held` says why it does not count yet."""

    tally_id: UUID
    number: int
    content: str
    void: bool
    visit: Visit | None
    held: str | None


@dataclass(frozen=True)
class Intake:
    """What becomes of a batch: an answer each in the order sent, what is new, and how its tallies stand then."""

    results: Sequence[Result]
    revisions: Sequence[Revision]
    after: Mapping[UUID, Standing]


def take_in(
    batch: Iterable[Sent],
    known: Mapping[UUID, Standing],
    *,
    volunteer_id: UUID,
    judge: Callable[[Visit], str | None],
) -> Intake:
    """Answer a batch, each tally knowing what those before it brought. `judge` says why a visit has to be held."""
    results: list[Result] = []
    revisions: list[Revision] = []
    after = dict(known)
    for sent in batch:
        if sent.id is None or sent.revision is None:
            results.append(Result(sent.id, sent.revision, REJECTED, BAD_SHAPE, sent.faults))
            continue
        stands = after.get(sent.id, Standing(volunteer_id))
        answer = _standing_answer(sent, stands, volunteer_id=volunteer_id)
        if answer is None and sent.faults:
            answer = (REJECTED, BAD_SHAPE)
        if answer is None:
            held = None if sent.visit is None else judge(sent.visit)
            revisions.append(Revision(sent.id, sent.revision, sent.content, sent.void, sent.visit, held))
            after[sent.id] = stands.after(sent.revision, content=sent.content, void=sent.void, held=held)
            answer = (CREATED, None) if held is None else (HELD_BACK, held)
        shape = sent.faults if answer == (REJECTED, BAD_SHAPE) else None
        results.append(Result(sent.id, sent.revision, *answer, shape))
    return Intake(results, revisions, after)


def _standing_answer(sent: Sent, stands: Standing, *, volunteer_id: UUID) -> tuple[str, str | None] | None:
    """The answer that was given before, or the refusal to answer anybody but the owner; None when it is new.

    A duplicate that still waits for a person says why: the phone may never have heard that it is held.
    """
    if stands.volunteer_id != volunteer_id:
        return REJECTED, ID_TAKEN
    content = None if sent.revision is None else stands.contents.get(sent.revision)
    if content is None or sent.revision is None:
        return None
    return (DUPLICATE, stands.held.get(sent.revision)) if content == sent.content else (CONFLICT, OTHER_CONTENT)


def takes_uploads(campaign: Campaign, *, now: datetime) -> bool:
    """Whether tallies still count as they come: until `late_days` after the end, decided by the clock, not by tick."""
    return campaign.state in TAKING_STATES and now < campaign.definition.uploads_until


def why_held(visit: Visit, *, owner: Region, assignments: Iterable[Assignment], now: datetime) -> str | None:
    """Why a person has to decide on a visit; None when it counts. `owner`: the campaign's region.

    What decides is when the visit took place, not when it is heard of, but for a clock that runs ahead and for the
    end of uploads.
    """
    definition = visit.campaign.definition
    if visit.occurred_at > now + CLOCK_TOLERANCE:
        return CLOCK_AHEAD
    if not takes_uploads(visit.campaign, now=now):
        return TOO_LATE
    if not (definition.opens_at <= visit.occurred_at < definition.closes_at and owner.covers(visit.region)):
        return OUTSIDE_CAMPAIGN
    if not any(one.covers(visit.region, at=visit.occurred_at) for one in assignments):
        return NO_ASSIGNMENT
    return None


def dated(visit: Visit, *, now: datetime) -> Visit:
    """The visit as it is counted: never later than it was heard of."""
    return visit if visit.occurred_at <= now else replace(visit, occurred_at=now)


def is_off(skew: int) -> bool:
    """Whether a phone's clock is off by more than is tolerated; `skew` in seconds."""
    return abs(skew) > CLOCK_TOLERANCE.total_seconds()


def likeness_of(visit: Visit, *, volunteer_id: UUID) -> str:
    """What two tallies share that say the same, but for the time."""
    handouts = sorted([one.material, one.quantity] for one in visit.handouts)
    said = [str(volunteer_id), visit.campaign.slug, visit.region.code, visit.setting, visit.households, visit.people]
    return sha256_hex(canonical([*said, handouts]))[:32]


@dataclass(frozen=True)
class Likeness:
    """What a tally said and when, to be compared."""

    likeness: str
    tally_id: UUID
    occurred_at: datetime


def look_alike(one: Likeness, others: Iterable[Likeness], *, day_of: Callable[[datetime], date] | None) -> UUID | None:
    """Another tally that says the same at about the same time; only to be looked at, both count.

    `day_of`: a paper form, which knows no minute, is compared with the whole day.
    """

    def about(other: Likeness) -> bool:
        if day_of is not None:
            return day_of(other.occurred_at) == day_of(one.occurred_at)
        return abs(other.occurred_at - one.occurred_at) <= LOOKS_ALIKE_WITHIN

    same = (other for other in others if other.likeness == one.likeness and other.tally_id != one.tally_id)
    return next((other.tally_id for other in same if about(other)), None)


@dataclass(frozen=True)
class Membership:
    """A volunteer and the region that the office's list calls their home."""

    volunteer: Volunteer
    home: Region
