"""The audit log: who came in and who was turned away is written here, never with a password; and all of it is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quizsvc.accounts import service, store
from quizsvc.accounts.rules import Search, Staff
from quizsvc.kit.errors import BadShape
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

NO_SUCH_NAME = "-"  # what was typed in a name's place may be a password
MAY_READ = ("operator", "auditor")


@dataclass(frozen=True)
class Line:
    """Who did what to what, and what it was before and after."""

    id: int
    at: datetime
    actor: str
    act: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def note_sign_in(name: str, *, address: str, now: datetime) -> None:
    """Write down that a staff member signed in."""
    service.audit(name, act="staff.sign_in", subject=name, after={"address": address}, now=now)


def note_refusal(name: str, *, address: str, now: datetime) -> None:
    """Write down that a sign-in was refused; the name only if somebody has it."""
    subject = NO_SUCH_NAME if store.find_staff(name) is None else name
    service.audit(service.SYSTEM, act="staff.sign_in_refused", subject=subject, after={"address": address}, now=now)


def list_lines(search: Search, *, slugs: Collection[str], staff: Staff, cursor: str | None, limit: int) -> PageOf[Line]:
    """The audit log as far as it concerns a reader, the latest line first; RoleMissing, BadShape for a bad cursor.

    Whoever reads at a root of the tree sees all of it. Others see what people with a role in their reach did, what was
    done to these, and what was done to campaigns of their reach (`slugs`).
    """
    tops = [grant.region for grant in staff.grants if grant.role in MAY_READ]
    if not tops:
        raise service.RoleMissing
    (after,) = decode_cursor(cursor, parts=1) or (None,)
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise BadShape(fields={"cursor": ["Invalid value."]})
    names = None if any(top.parent is None for top in tops) else _names_under(tops)
    below = None if after is None else int(after)
    found = store.list_audit(search, names=names, slugs=slugs, below=below, limit=limit + 1)
    return page_from([Line(*row) for row in found], limit=limit, key=lambda line: (str(line.id),))


def _names_under(tops: Collection[Region]) -> set[str]:
    """Staff who have, or had, a role under these regions."""
    holders = store.list_holders()
    places = regions.list_regions_by_id(region_id for _, region_id in holders)
    return {name for name, region_id in holders if any(top.covers(places[region_id]) for top in tops)}


def list_acts() -> Sequence[str]:
    """Every act that the log has a line of, in order."""
    return store.list_acts()
