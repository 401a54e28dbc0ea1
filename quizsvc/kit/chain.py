"""A hash chain of entries: whoever changes, removes or adds one changes every hash behind it.

hash n = SHA-256(hash n-1 + digest n), both as hex; hash 0 is 64 zeros. An entry's digest says nothing of the entry, so
that a stretch can be checked by somebody who may see only some of its entries.
"""

from collections.abc import Mapping
from typing import Any

from quizsvc.kit.canonical import canonical, sha256_hex

START = "0" * 64
PARTS = ("before", "after")  # enter a digest by their own digests: one can be withheld and the rest shown


def part_digest(part: Any) -> str | None:
    """SHA-256 of a part's canonical JSON; None for a part that is not there."""
    return None if part is None else sha256_hex(canonical(part))


def digest_of(entry: Mapping[str, Any]) -> str:
    """SHA-256 of an entry's canonical JSON, in which each of PARTS stands by its own digest.

    A part that is withheld is named `<part>_sha256` and stands in the entry by its digest alone.
    """
    plain = {name: value for name, value in entry.items() if name.removesuffix("_sha256") not in PARTS}
    parts = {name: entry.get(f"{name}_sha256", part_digest(entry.get(name))) for name in PARTS}
    return sha256_hex(canonical(plain | parts))


def link(previous: str, digest: str) -> str:
    """The hash of the entry with this digest behind the entry with the hash `previous`."""
    return sha256_hex(previous + digest)
