"""Load monthly fraud cases, look their revisions up, and compare periods."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, Protocol

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.reach import case_store, comparison, figures
from quizsvc.reach.comparison import Comparison
from quizsvc.reach.figures import MEASURES, CaseRow, Fault, Month, Revision
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MAY_READ = ("operator", "auditor")


@dataclass(frozen=True)
class Loaded:
    """A row as it stands now: the revision that says it, whether it is new, and the highest one there was before."""

    revision: Revision
    is_new: bool
    before: Revision | None

    @property
    def place(self) -> str:
        """Region and month."""
        return f"{self.revision.region} {self.revision.month}"


def find_region(code: str) -> Region | None:
    """The region with this code, if there is one."""
    try:
        return regions.get_region(code)
    except regions.RegionUnknown:
        return None


def load_cases(rows: Sequence[CaseRow], *, file: str, by: Staff, now: datetime) -> list[Loaded]:
    """Put the rows into force, all or none; a row that stands, or stood before a correction, changes nothing.

    FileRefused naming every row that would lose a figure, RoleMissing unless `by` operates every region.
    """
    loaded = _each(rows, _load, file=file, by=by, now=now)
    _write_down(loaded, file=file, by=by.name, now=now)
    return loaded


def foresee_cases(rows: Sequence[CaseRow], *, file: str, by: Staff, now: datetime) -> list[Loaded]:
    """What load_cases would do now, with its refusals; nothing is changed."""
    return _each(rows, _foresee, file=file, by=by, now=now)


class _Take(Protocol):
    def __call__(self, row: CaseRow, *, by: str, now: datetime) -> Loaded | list[Fault]: ...


def _each(rows: Sequence[CaseRow], take: _Take, *, file: str, by: Staff, now: datetime) -> list[Loaded]:
    for region in {row.region for row in rows}:
        accounts.require_role(by, "operator", over=region)
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    # One order for everybody: two files at once wait for each other, and never both.
    for row in sorted(rows, key=lambda row: (row.region.code, row.month)):
        found = take(row, by=by.name, now=now)
        if isinstance(found, Loaded):
            loaded.append(found)
        else:
            problems += [Problem(row.where, what, mend, file) for what, mend in found]
    if problems:
        raise FileRefused(problems)
    return loaded


def _load(row: CaseRow, *, by: str, now: datetime) -> Loaded | list[Fault]:
    """Add the row as the next revision. When somebody adds one in this very moment, look anew at what stands."""
    while True:
        found = _foresee(row, by=by, now=now)
        if not isinstance(found, Loaded) or not found.is_new:
            return found
        if case_store.add_revision(row, no=found.revision.no, by=by, now=now):
            return found


def _foresee(row: CaseRow, *, by: str, now: datetime) -> Loaded | list[Fault]:
    """What the row is beside the revisions that stand: one of them, the next one, or refused."""
    revisions = case_store.list_revisions(row.region.id, row.month)
    before = revisions[-1] if revisions else None
    if (repeated := figures.find_repeated(row, revisions)) is not None:
        return Loaded(repeated, is_new=False, before=before)
    if faults := list(figures.find_faults(row, None if before is None else before.figures)):
        return faults
    no = 1 if before is None else before.no + 1
    return Loaded(Revision(row.region.code, row.month, no, row.figures, row.source, by, now), True, before)


def _write_down(loaded: Sequence[Loaded], *, file: str, by: str, now: datetime) -> None:
    """One entry for the file, one for each correction; none for what changed nothing."""
    fresh = [one for one in loaded if one.is_new]
    corrected = [one for one in fresh if one.before is not None]
    if fresh:
        after = {"added": len(fresh) - len(corrected), "corrected": len(corrected)}
        accounts.audit(by, act="cases.load", subject=PurePath(file).name[-100:], after=after, now=now)
    for one in corrected:
        before = None if one.before is None else _shown(one.before)
        accounts.audit(by, act="cases.correct", subject=one.place, before=before, after=_shown(one.revision), now=now)


def _shown(revision: Revision) -> dict[str, Any]:
    return {"revision": revision.no, **asdict(revision.figures), "source": revision.source}


def require_reader(staff: Staff, *, over: Region) -> None:
    """RoleMissing unless the staff member may read a region's monthly figures."""
    if not any(staff.holds(role, over=over) for role in MAY_READ):
        raise accounts.RoleMissing


def list_revisions(region: Region, month: Month) -> list[Revision]:
    """Every revision of a month's figures, the oldest first; the last is in force."""
    return case_store.list_revisions(region.id, month)


# --- comparing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """A comparison of one measure, and the revisions that its figures were taken from, in order of month."""

    measure: str
    comparison: Comparison
    parts: Sequence[Revision]

    @property
    def sources(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(part.source for part in self.parts))


def compare_years(region: Region, *, first: Month, last: Month) -> dict[str, Compared]:
    """Every measure in these months against the same months of the year before. ValueError beyond twelve months."""
    before = [month.plus(-12) for month in figures.months_between(first, last)]
    found = _amounts(region, [*before, *figures.months_between(first, last)])
    return {
        measure: Compared(measure, comparison.year_on_year(amounts, first=first, last=last), parts)
        for measure, (amounts, parts) in found.items()
    }


def compare_months(region: Region, month: Month) -> dict[str, Compared]:
    """Every measure in a month against the month before."""
    found = _amounts(region, [month.plus(-1), month])
    return {
        measure: Compared(measure, comparison.month_on_month(amounts, month), parts)
        for measure, (amounts, parts) in found.items()
    }


def _amounts(region: Region, months: Sequence[Month]) -> dict[str, tuple[comparison.Amounts, list[Revision]]]:
    """What counts for a region in these months, by measure, and what it is made of."""
    children = _children(region)
    in_force = case_store.list_in_force(region, first=min(months), last=max(months))
    found: dict[str, tuple[comparison.Amounts, list[Revision]]] = {}
    for measure in MEASURES:
        parts = {
            month: figures.find_parts(region.code, month=month, measure=measure, children=children, in_force=in_force)
            for month in months
        }
        present = {month: made for month, made in parts.items() if made is not None}
        amounts = {month: figures.add_up(made, measure) for month, made in present.items()}
        found[measure] = (amounts, [part for made in present.values() for part in made])
    return found


def _children(region: Region) -> Mapping[str, Sequence[str]]:
    """Codes of the regions directly below each region of a subtree."""
    children: dict[str, list[str]] = {}
    for one in regions.list_subtrees([region]):
        if one.parent is not None:
            children.setdefault(one.parent, []).append(one.code)
    return children
