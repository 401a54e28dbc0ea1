"""What becomes of standing assignments when the office says where somebody serves, and from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from quizsvc.outreach.rules import Assignment
from quizsvc.regions.rules import Region


@dataclass(frozen=True)
class Term:
    """A stretch of service asked for. No start: as it stands, or from today on. No end: until further notice."""

    region: Region
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Step:
    """Begin an assignment or, with the `assignment` that is meant, move its end."""

    starts_at: datetime
    ends_at: datetime | None
    assignment: UUID | None = None


def settle(term: Term, standing: Sequence[Assignment], *, today: datetime, now: datetime) -> list[Step]:
    """The steps after which the standing assignments to the term's region say what the term says; none the next time.

    History stays: who stopped and is asked for again starts again now, and the gap between is a gap. `today` is the
    moment at which the day began.
    """
    starts_at = today if term.starts_at is None else term.starts_at
    lasting = [one for one in standing if one.ends_at is None or one.starts_at < one.ends_at]
    after = [one for one in lasting if one.ends_at is None or one.ends_at > starts_at]
    there = sorted((one for one in after if _before(one.starts_at, term.ends_at)), key=lambda one: one.starts_at)
    if not there:
        return [Step(starts_at, term.ends_at)]
    steps = []
    if term.starts_at is not None and starts_at < there[0].starts_at:
        steps.append(Step(starts_at, there[0].starts_at))
    return steps + (_ended(there, ends_at=term.ends_at) if term.ends_at is not None else _gone_on(there, now=now))


def _before(moment: datetime, end: datetime | None) -> bool:
    return end is None or moment < end


def _ended(there: Sequence[Assignment], *, ends_at: datetime) -> list[Step]:
    """Let nothing reach beyond the end, and the last one reach it."""
    longer = [one for one in there if one.ends_at is None or one.ends_at > ends_at]
    if not longer and all(one.ends_at != ends_at for one in there):
        longer = [there[-1]]
    return [Step(one.starts_at, ends_at, one.id) for one in longer]


def _gone_on(there: Sequence[Assignment], *, now: datetime) -> list[Step]:
    """Go on after the last end, or now if that has passed; nothing where one is open."""
    ends = [one.ends_at for one in there if one.ends_at is not None]
    return [Step(max(now, *ends), None)] if len(ends) == len(there) else []


def cut(standing: Sequence[Assignment], *, ends_at: datetime) -> list[Step]:
    """The steps after which no assignment reaches beyond a moment; one that has not begun by then never holds."""
    longer = [one for one in standing if one.ends_at is None or one.ends_at > max(ends_at, one.starts_at)]
    return [Step(one.starts_at, max(ends_at, one.starts_at), one.id) for one in longer]


def moved(standing: Sequence[Assignment], steps: Sequence[Step]) -> list[Assignment]:
    """The standing assignments with the ends that the steps give them."""
    ends = {step.assignment: step.ends_at for step in steps}
    return [replace(one, ends_at=ends.get(one.id, one.ends_at)) for one in standing]
