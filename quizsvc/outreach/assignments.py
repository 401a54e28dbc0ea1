"""Who serves where, from when to when. Ended, never deleted: what was done before the end stays authorised."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.accounts import volunteers
from quizsvc.accounts.rules import Staff, Volunteer
from quizsvc.kit.clock import day_of, start_of
from quizsvc.kit.errors import Refusal
from quizsvc.outreach import assignment_store as store
from quizsvc.outreach import terms
from quizsvc.outreach.rules import Assignment
from quizsvc.outreach.terms import Step, Term
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region


class NotAssigned(Refusal):
    code, status = "outreach.not_assigned", 404
    zh, en = "这名志愿者没有负责过这个区域", "The volunteer was never assigned to this region"


def list_assignments(volunteer_id: UUID) -> list[Assignment]:
    """All of a volunteer's, ended and future ones too, in order of their start."""
    return store.list_assignments([volunteer_id])


def list_all_assignments() -> list[Assignment]:
    """Everybody's, in order of their start."""
    return store.list_assignments()


def term_of_days(region: Region, *, first: date | None, last: date | None) -> Term:
    """From the first moment of one Shanghai day to the last one of another: people mean both days."""
    ends_at = None if last is None else start_of(last + timedelta(days=1))
    return Term(region, None if first is None else start_of(first), ends_at)


def serve(asked: Sequence[tuple[Volunteer, Term]], *, by: str, now: datetime) -> tuple[int, int]:
    """Let volunteers serve as asked; says how many assignments were begun, and how many ends were moved.

    The caller holds the volunteers; terms of one volunteer and region do not overlap. Who left is there again if a
    term reaches beyond now. In five statements, however many are asked for. Safe to repeat.
    """
    standing: dict[tuple[UUID, UUID], list[Assignment]] = defaultdict(list)
    for one in store.list_assignments({volunteer.id for volunteer, _ in asked}):
        standing[one.volunteer_id, one.region.id].append(one)
    begun: list[tuple[UUID, UUID, Step]] = []
    ends: dict[UUID, Step] = {}
    for volunteer, term in asked:
        key = (volunteer.id, term.region.id)
        steps = terms.settle(term, standing[key], today=start_of(day_of(now)), now=now)
        standing[key] = terms.moved(standing[key], steps)
        begun += [(*key, step) for step in steps if step.assignment is None]
        ends |= {step.assignment: step for step in steps if step.assignment is not None}
    store.record_ends(list(ends.values()), by=by)
    store.add_assignments(begun, by=by, now=now)
    volunteers.take_back({one.id for one, term in asked if term.ends_at is None or term.ends_at > now})
    return len(begun), len(ends)


def assign(
    code: str, region_code: str, *, first: date | None, last: date | None, by: Staff, now: datetime
) -> tuple[int, int]:
    """As `serve`, for one volunteer and region and the days from first to last.

    VolunteerUnknown, RegionUnknown, RoleMissing.
    """
    volunteer, region = _held(code, by=by), regions.get_region(region_code)
    accounts.require_role(by, "operator", over=region)
    term = term_of_days(region, first=first, last=last)
    done = serve([(volunteer, term)], by=by.name, now=now)
    if any(done):
        _audit(
            "volunteer.assign",
            volunteer,
            region=region,
            starts_at=term.starts_at,
            ends_at=term.ends_at,
            by=by,
            now=now,
        )
    return done


def end(code: str, region_code: str, *, ends_at: datetime, by: Staff, now: datetime) -> int:
    """Let a volunteer serve a region no longer than until then; says how many assignments that shortened.

    VolunteerUnknown, RegionUnknown, RoleMissing, NotAssigned. Safe to repeat.
    """
    region = regions.get_region(region_code)
    accounts.require_role(by, "operator", over=region)
    volunteer = volunteers.hold_volunteer(volunteers.get_by_code(code).id)
    standing = [one for one in list_assignments(volunteer.id) if one.region == region]
    if not standing:
        raise NotAssigned
    return _cut(volunteer, standing, region=region, ends_at=ends_at, by=by, now=now)


def leave(code: str, *, left_at: datetime, by: Staff, now: datetime) -> int:
    """A volunteer leaves: every assignment ends then. Says how many that shortened. Safe to repeat.

    The log-in stays bound: what was handed out before may still be on its way. VolunteerUnknown, RoleMissing.
    """
    volunteer = _held(code, by=by)
    shortened = _cut(volunteer, list_assignments(volunteer.id), region=None, ends_at=left_at, by=by, now=now)
    if volunteers.leave(volunteer, left_at=left_at):
        accounts.audit(by.name, act="volunteer.leave", subject=code, after={"left_at": left_at.isoformat()}, now=now)
    return shortened


def _held(code: str, *, by: Staff) -> Volunteer:
    """The volunteer, kept from others; RoleMissing unless their home is the operator's."""
    volunteer = volunteers.hold_volunteer(volunteers.get_by_code(code).id)
    accounts.require_role(by, "operator", over=regions.get_region_by_id(volunteer.region_id))
    return volunteer


def _cut(
    volunteer: Volunteer,
    standing: Collection[Assignment],
    *,
    region: Region | None,
    ends_at: datetime,
    by: Staff,
    now: datetime,
) -> int:
    steps = terms.cut(list(standing), ends_at=ends_at)
    store.record_ends(steps, by=by.name)
    if steps:
        _audit("volunteer.end", volunteer, region=region, starts_at=None, ends_at=ends_at, by=by, now=now)
    return len(steps)


def _audit(
    act: str,
    volunteer: Volunteer,
    *,
    region: Region | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    by: Staff,
    now: datetime,
) -> None:
    after = {
        "region": None if region is None else region.code,
        "from": None if starts_at is None else starts_at.isoformat(),
        "until": None if ends_at is None else ends_at.isoformat(),
    }
    accounts.audit(by.name, act=act, subject=volunteer.code, after=after, now=now)
