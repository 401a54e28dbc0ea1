"""Who may do what: roles on regions, what a password must be, what an invitation reads like."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from quizsvc.kit import aloud
from quizsvc.kit.canonical import sha256_hex
from quizsvc.regions.rules import Region

ROLES = ("clerk", "operator", "auditor", "partner")
VOLUNTEER_KINDS = ("volunteer", "grid-worker", "building-head")
KINDS_IN_CHINESE = dict(zip(VOLUNTEER_KINDS, ("志愿者", "网格员", "楼长"), strict=True))
PRIVACY, MESSAGES, WINNER_LIST = PURPOSES = ("privacy", "messages", "winner-list")
MESSAGE_STATES = ("waiting", "sending", "sent", "refused", "late", "unwanted", "lost")
WAITING, SENDING, SENT, REFUSED, LATE, UNWANTED, LOST = MESSAGE_STATES
LONGEST_THING = 20  # WeChat's limit for a `thing`
JOINER = "\u200d"  # of emojis that are made of several
FIRST_WAIT, LONGEST_WAIT, MENDING_WAIT = timedelta(minutes=1), timedelta(hours=4), timedelta(hours=1)
MOST_DOUBLINGS = 8
TOKEN_MARGIN = timedelta(minutes=5)  # from then on WeChat gives the next one; both are good meanwhile
CITIZEN_TOKEN_LASTS = timedelta(days=7)
STAFF_TOKEN_LASTS = timedelta(hours=12)
SHORTEST_PASSWORD = 10
LONGEST_NAME = 40
GROUP = 4
PASSWORD_LETTERS = 16  # 80 bits, read off a screen once
INVITATION_LETTERS = 12  # 60 bits: nobody finds one by trying
OPEN_CODE_LETTERS = 8


@dataclass(frozen=True)
class Citizen:
    """A citizen who is logged in. `openid_hash` is keyed; the openid itself is not kept."""

    id: UUID
    openid_hash: str
    region_id: UUID | None
    excluded: bool


@dataclass(frozen=True)
class Volunteer:
    """Somebody on the office's list, as of this request. `code` is the number there, `region_id` the home."""

    id: UUID
    code: str
    name: str
    kind: str
    region_id: UUID
    left_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """What the office's list says of a volunteer. `region` is the home, kept from when the code was first listed."""

    code: str
    name: str
    kind: str
    region: Region


@dataclass(frozen=True)
class Grant:
    """A role held on a region; it reaches the whole subtree."""

    role: str
    region: Region


@dataclass(frozen=True)
class Staff:
    """A staff member as of this request."""

    id: UUID
    name: str
    grants: Sequence[Grant]

    def holds(self, role: str, *, over: Region) -> bool:
        """Whether the role's subtree contains the region."""
        return any(grant.role == role and grant.region.covers(over) for grant in self.grants)

    def paths(self, roles: Collection[str], *, under: Region | None) -> list[str]:
        """The subtrees in which one of these roles is held; of them, if a region is named, what lies under it."""
        if under is not None:
            return [under.path] if any(self.holds(role, over=under) for role in roles) else []
        return [grant.region.path for grant in self.grants if grant.role in roles]

    def desks(self, *, owner: Region) -> list[Region]:
        """The regions in which this clerk serves a campaign of `owner`: those under the owner, in order of code."""
        served = {g.region.code: g.region for g in self.grants if g.role == "clerk" and owner.covers(g.region)}
        return [served[code] for code in sorted(served)]


@dataclass(frozen=True)
class Consent:
    """The last word of a citizen on one purpose and version."""

    purpose: str
    version: str
    granted: bool
    at: datetime


@dataclass(frozen=True)
class Message:
    """A message about a subject (an award), under the consent to one version of the notice."""

    id: UUID
    kind: str
    subject: UUID
    citizen_id: UUID
    version: str
    tries: int
    until: datetime


class Reply(StrEnum):
    """What WeChat's answer to a message means."""

    SENT = "sent"
    REFUSED = "refused"  # the citizen did not subscribe, or is not there: normal, and the end of it
    STALE = "stale"  # the access token is good no more
    BUSY = "busy"  # not now, or not reached: certainly not sent
    FAULT = "fault"  # the office's configuration does not fit
    SPOILT = "spoilt"  # this message does not fit its template
    LOST = "lost"  # no clear answer: it may have been sent


REPLIES = {
    0: Reply.SENT,
    43101: Reply.REFUSED,
    40003: Reply.REFUSED,
    40001: Reply.STALE,
    40014: Reply.STALE,
    42001: Reply.STALE,
    -1: Reply.BUSY,
    45009: Reply.BUSY,
    45011: Reply.BUSY,
    47003: Reply.SPOILT,
}


@dataclass(frozen=True)
class Fate:
    """What becomes of a message; `due_at` while it goes on waiting."""

    state: str
    due_at: datetime | None = None


@dataclass(frozen=True)
class Search:
    """Lines of the audit log that are looked for: each word that is given must fit; `begin` in, `end` out."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    begin: datetime | None = None
    end: datetime | None = None


def may_grant(granter: Staff, *, to_name: str, role: str, on: Region) -> bool:
    """Operators grant within their subtree, never to themselves."""
    return granter.name != to_name and role in ROLES and granter.holds("operator", over=on)


def staff_key(staff_id: UUID, password_hash: str, sign_outs: int) -> str:
    """What a staff token carries: whose it is, and a mark of the password and of how often they signed out.

    A new password ends every sign-in, and so does signing out.
    """
    said = f"{password_hash}|{sign_outs}" if sign_outs else password_hash
    return f"{staff_id.hex}.{sha256_hex(said)[:16]}"


def may_govern(governor: Staff, other: Staff) -> bool:
    """Whether an operator may dismiss or bind another: all that the other holds lies in the operator's subtree."""
    is_operator = any(grant.role == "operator" for grant in governor.grants)
    return is_operator and all(governor.holds("operator", over=grant.region) for grant in other.grants)


def latest_consents(consents: Iterable[Consent]) -> dict[tuple[str, str], Consent]:
    """The word in force per purpose and version; `consents` stand in order of time."""
    return {(consent.purpose, consent.version): consent for consent in consents}


def letters_of(number: int, *, count: int) -> str:
    """The lowest bits of a number as letters in groups, to be read aloud: `K7QM-2XHD-9RTV`."""
    letters = aloud.letters(number, count=count)
    return "-".join(letters[at : at + GROUP] for at in range(0, count, GROUP))


def fate(reply: Reply, *, tries: int, until: datetime, now: datetime) -> Fate:
    """What becomes of a message after its `tries`-th answer.

    What may have been sent is never sent again. What certainly was not waits, longer each time, and ends with its
    news; at least an hour where somebody has to mend the settings.
    """
    if reply in (Reply.SENT, Reply.REFUSED, Reply.LOST):
        return Fate(str(reply))
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, MOST_DOUBLINGS), LONGEST_WAIT)
    due_at = now + (max(wait, MENDING_WAIT) if reply in (Reply.FAULT, Reply.SPOILT) else wait)
    return Fate(WAITING, due_at) if due_at < until else Fate(LATE)


def good_until(now: datetime, *, lasts: timedelta) -> datetime:
    """Until when an access token is used: five minutes less than it lasts; half of it where it lasts no ten."""
    return now + max(lasts - TOKEN_MARGIN, lasts / 2)


def thing(text: str, *, longest: int = LONGEST_THING) -> str:
    """A text as WeChat takes it for a `thing`: one line of 20 characters at most, cut between characters.

    Counted as WeChat's clients do, in UTF-16: an emoji is two. What modifies or joins a character stays with it.
    """
    line = " ".join(text.split())
    if _utf16(line) <= longest:
        return line
    end = max(n for n in range(len(line)) if _utf16(line[:n]) < longest)
    while end and (_joins(line[end]) or line[end - 1] == JOINER):
        end -= 1
    return line[:end].rstrip() + "…"


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _joins(letter: str) -> bool:
    """Whether a letter only changes the one before it: an accent, a variation, a skin colour, a joiner."""
    return unicodedata.category(letter) in ("Mn", "Me", "Mc", "Cf") or "\U0001f3fb" <= letter <= "\U0001f3ff"
