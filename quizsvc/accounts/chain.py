"""The audit log as a chain: entries are sealed in the order in which they were committed, and anybody can check it.

Sealed by tick, a moment after they were written: nobody who writes an entry waits for anybody else who does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quizsvc.accounts import chain_store as store
from quizsvc.kit.chain import START, digest_of, link
from quizsvc.kit.clock import rfc3339

AT_ONCE = 1_000  # entries in one transaction, for which SQLite's other writers wait


@dataclass(frozen=True)
class Head:
    """The number and hash of an entry. Kept elsewhere, it holds everything up to that entry in place."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: whole from `first` up to `head`; `broken` says what is wrong behind that.

    `waiting`: entries that are not sealed yet.
    """

    first: int
    head: Head
    broken: str | None
    waiting: int


def seal(*, limit: int = AT_ONCE) -> int:
    """Give the oldest entries that wait their places in the chain; how many that were. In the caller's transaction."""
    seq, head = store.hold_head()
    sealed: list[tuple[int, int, str]] = []
    for row in store.list_unsealed(limit=limit):  # after the head is held: it sees what was sealed meanwhile
        seq += 1
        head = link(head, digest_of(entry_of(row, seq=seq)))
        sealed.append((row.id, seq, head))
    if sealed:
        store.record_sealed(sealed)
        store.record_head(seq, head)
    return len(sealed)


def seal_some(*, now: datetime) -> list[str]:  # noqa: ARG001
    """As `seal`, for tick; says nothing of what is routine."""
    seal()
    return []


def entry_of(row: Any, *, seq: int) -> dict[str, Any]:
    """An entry as it is hashed and archived."""
    return {
        "seq": seq,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "act": row.act,
        "subject": row.subject,
        "before": row.before,
        "after": row.after,
    }


def verify(*, known: Mapping[int, str] | None = None, last: int | None = None) -> Verdict:
    """Recompute the chain, or the `last` entries of it. `known`: hashes by number that were kept elsewhere."""
    standing = store.find_head() or (0, START)
    first = 1 if last is None else max(1, standing[0] - last + 1)
    head = Head(first - 1, START if first == 1 else store.find_hash(first - 1) or "")
    broken = None if head.hash else f"entry {head.seq} is missing"
    for row in () if broken else _list_entries(after=head.seq):
        broken = _fault(row, head, known or {})
        if broken is not None:
            break
        head = Head(row.seq, row.hash)
    if broken is None and (head.seq, head.hash) != standing:
        broken = f"entry {head.seq + 1} is missing: the log was sealed up to entry {standing[0]}"
    if broken is None and (unmet := [seq for seq in known or {} if seq > head.seq]):
        broken = f"entry {min(unmet)} is missing: its hash was kept"
    return Verdict(first, head, broken, store.count_unsealed())


def find_first(subject: str) -> int | None:
    """The number of the first sealed entry on a subject."""
    return store.find_first(subject)


def hash_of(seq: int) -> str:
    """The hash of the sealed entry with this number; that before the first one for 0. LookupError."""
    found = START if seq == 0 else store.find_hash(seq)
    if found is None:
        raise LookupError(seq)
    return found


def find_head() -> Head:
    """The last sealed entry."""
    return Head(*(store.find_head() or (0, START)))


def list_pages(*, after: int, until: int) -> Iterator[list[tuple[dict[str, Any], str]]]:
    """Sealed entries as they are hashed, each with its hash, in order, some at a time."""
    while page := store.list_sealed(after=after, until=until, limit=AT_ONCE):
        yield [(entry_of(row, seq=row.seq), row.hash) for row in page]
        after = page[-1].seq


def _fault(row: Any, head: Head, known: Mapping[int, str]) -> str | None:
    named = f"({row.act} of {row.subject} by {row.actor} at {rfc3339(row.at)})"
    if row.seq != head.seq + 1:
        return f"entry {head.seq + 1} is missing: entry {row.seq} {named} follows entry {head.seq}"
    if row.hash != link(head.hash, digest_of(entry_of(row, seq=row.seq))):
        return f"entry {row.seq} {named} is not what was sealed"
    if known.get(row.seq, row.hash) != row.hash:
        return f"entry {row.seq} {named} has not the hash that was kept: the log was written anew up to here"
    return None


def _list_entries(*, after: int) -> Iterator[Any]:
    while page := store.list_sealed(after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].seq
