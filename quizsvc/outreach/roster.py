"""The office's list of volunteers: taken over from a table, read, and invited from."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from quizsvc.accounts import invitations, volunteers
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Listed, Staff, Volunteer
from quizsvc.accounts.volunteers import Enrolled, VolunteerUnknown
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.outreach import assignments
from quizsvc.outreach.rules import Assignment
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_SEE = ("clerk", "operator", "auditor")  # no partner: volunteers are named


@dataclass(frozen=True)
class Row:
    """A row of the list: somebody serves a region from a first to a last day. `where`: its place in the table."""

    where: str
    code: str
    name: str
    kind: str
    region: str
    first: date | None
    last: date | None


@dataclass(frozen=True)
class Loaded:
    """What a list did: people added and changed, assignments begun, ends of assignments moved."""

    added: int
    changed: int
    begun: int
    moved: int


@dataclass(frozen=True)
class Member:
    """A volunteer on the list with home, assignments in order of their start, and whether a log-in is bound."""

    volunteer: Volunteer
    home: Region
    is_bound: bool
    assignments: Sequence[Assignment]

    @property
    def regions(self) -> Sequence[Region]:
        """Home, and wherever they ever served."""
        return (self.home, *(one.region for one in self.assignments))


@dataclass(frozen=True)
class Wanted:
    """Whom of the list to show. `part`: of a name or code; `is_there`: has not left."""

    kind: str | None = None
    is_bound: bool | None = None
    is_there: bool | None = None
    part: str = ""

    def means(self, one: Member) -> bool:
        """Whether somebody is wanted."""
        who = one.volunteer
        return (
            self.kind in (None, who.kind)
            and self.is_bound in (None, one.is_bound)
            and self.is_there in (None, who.left_at is None)
            and self.part.lower() in f"{who.code}\n{who.name}".lower()
        )


def load(rows: Sequence[Row], *, file: str, by: Staff, now: datetime) -> Loaded:
    """Take a list over, all or nothing: new people and assignments, changed names, kinds and ends. Safe to repeat.

    The first row of a code names the home of a new volunteer. Who is not on the list stays as they are; who left and
    is on it for days to come is there again. FileRefused names every row with a region or a volunteer out of the
    operator's reach; RoleMissing for who is no operator.
    """
    if not any(grant.role == "operator" for grant in by.grants):
        raise accounts.RoleMissing
    there = regions.list_regions_by_code(row.region for row in rows)
    if problems := list(_faults_of_regions(rows, there.values(), file=file, by=by)):
        raise FileRefused(problems)
    first = {row.code: row for row in reversed(rows)}
    listed = [Listed(row.code, row.name, row.kind, there[row.region]) for row in first.values()]
    enrolled = volunteers.enrol(listed, now=now)
    if problems := list(_faults_of_homes(first.values(), enrolled, file=file, by=by)):
        raise FileRefused(problems)
    asked = [
        (enrolled.volunteers[row.code], assignments.term_of_days(there[row.region], first=row.first, last=row.last))
        for row in sorted(rows, key=lambda row: row.first or date.min)
    ]
    begun, moved = assignments.serve(asked, by=by.name, now=now)
    loaded = Loaded(len(enrolled.added), len(enrolled.changed), begun, moved)
    before = {code: was for code, (was, _) in enrolled.changed.items()}
    after = {
        "added": loaded.added,
        "begun": begun,
        "moved": moved,
        "changed": {code: said for code, (_, said) in enrolled.changed.items()},
    }
    accounts.audit(by.name, act="volunteers.load", subject=file[-100:], before=before, after=after, now=now)
    return loaded


def _faults_of_regions(rows: Sequence[Row], there: Collection[Region], *, file: str, by: Staff) -> Iterator[Problem]:
    known = {region.code for region in there}
    reached = {region.code for region in there if by.holds("operator", over=region)}
    for row in rows:
        if row.region not in known:
            yield Problem(row.where, f"region {row.region} is unknown", "use the code of a region", file)
        elif row.region not in reached:
            yield Problem(row.where, f"region {row.region} is not in your reach", "leave it to its operator", file)


def _faults_of_homes(rows: Collection[Row], enrolled: Enrolled, *, file: str, by: Staff) -> Iterator[Problem]:
    """Volunteers of somebody else's, whose code this list uses for its own."""
    homes = regions.list_regions_by_id(one.region_id for one in enrolled.volunteers.values())
    reached = {region_id for region_id, region in homes.items() if by.holds("operator", over=region)}
    for row in rows:
        home = homes[enrolled.volunteers[row.code].region_id]
        if home.id not in reached:
            yield Problem(row.where, f"{row.code} is a volunteer of {home.code}", "use a code of your own", file)


def list_members(under: Region | None) -> list[Member]:
    """The list in order of code: of all, or of those whose home or an assignment lies in a subtree."""
    served: dict[UUID, list[Assignment]] = defaultdict(list)
    for one in assignments.list_all_assignments():
        served[one.volunteer_id].append(one)
    everybody = volunteers.list_volunteers()
    homes = regions.list_regions_by_id(volunteer.region_id for volunteer, _ in everybody)
    members = [
        Member(volunteer, homes[volunteer.region_id], is_bound, served[volunteer.id])
        for volunteer, is_bound in everybody
    ]
    return [one for one in members if under is None or any(under.covers(region) for region in one.regions)]


def list_seen(wanted: Wanted, *, under: str | None, staff: Staff, cursor: str | None, limit: int) -> PageOf[Member]:
    """Who has a home or an assignment in a staff member's reach or under a region of it, in order of code.

    RegionUnknown, RoleMissing. The list has thousands of names at most: it is read as a whole.
    """
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    paths = staff.paths(MAY_SEE, under=None if under is None else regions.get_region(under))
    if not paths:
        raise accounts.RoleMissing
    found = [
        one
        for one in list_members(None)
        if one.volunteer.code > after and wanted.means(one) and _lies_in(one.regions, paths)
    ]
    return page_from(found[: limit + 1], limit=limit, key=lambda one: (one.volunteer.code,))


def get_seen(code: str, *, staff: Staff) -> Member:
    """Somebody on the list whom a staff member sees; VolunteerUnknown for anybody else."""
    volunteer = volunteers.get_by_code(code)
    home = regions.get_region_by_id(volunteer.region_id)
    found = Member(volunteer, home, volunteers.is_bound(volunteer), assignments.list_assignments(volunteer.id))
    if not _lies_in(found.regions, staff.paths(MAY_SEE, under=None)):
        raise VolunteerUnknown
    return found


def _lies_in(places: Collection[Region], paths: Collection[str]) -> bool:
    return any(region.path.startswith(path) for region in places for path in paths)


def invite(codes: Sequence[str], *, days: int, by: Staff, now: datetime) -> list[tuple[Volunteer, str]]:
    """A personal invitation for each of these; what they were given before binds no more.

    VolunteerUnknown, RoleMissing. What is returned is kept nowhere.
    """
    made = []
    for code in sorted(set(codes)):
        volunteer = volunteers.hold_volunteer(volunteers.get_by_code(code).id)
        accounts.require_role(by, "operator", over=regions.get_region_by_id(volunteer.region_id))
        expires_at = now + timedelta(days=days)
        made.append((volunteer, invitations.invite(volunteer, by=by.name, expires_at=expires_at, now=now)))
        after = {"expires_at": expires_at.isoformat()}
        accounts.audit(by.name, act="volunteer.invite", subject=code, after=after, now=now)
    return made


def invite_openly(region: Region, *, kind: str, uses: int, days: int, by: Staff, now: datetime) -> str:
    """An invitation that enrols so many into a region; RoleMissing. What is returned is kept nowhere."""
    accounts.require_role(by, "operator", over=region)
    expires_at = now + timedelta(days=days)
    after = {"kind": kind, "uses": uses, "expires_at": expires_at.isoformat()}
    accounts.audit(by.name, act="volunteers.invite", subject=region.code, after=after, now=now)
    return invitations.invite_openly(region, kind=kind, uses=uses, by=by.name, expires_at=expires_at, now=now)
