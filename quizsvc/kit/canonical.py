"""Canonical JSON: one text for one value, so that anyone can hash it again."""

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """UTF-8 text, keys sorted, no spaces, nothing escaped that need not be (DESIGN section 10)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_hex(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()
