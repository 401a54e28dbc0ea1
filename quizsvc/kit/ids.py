"""Names for things: ids that sort by age, aliases that say nothing."""

import secrets
from uuid import UUID

from quizsvc.kit import aloud
from quizsvc.kit.clock import utcnow

ALIAS_LETTERS = 20  # 100 bits


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): time first, so that new rows go to the end of the index."""
    milliseconds = int(utcnow().timestamp() * 1000)
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return UUID(int=value)


def new_alias() -> str:
    """20 random letters that can be published and read aloud: they lead back to nobody."""
    return aloud.letters(secrets.randbits(5 * ALIAS_LETTERS), count=ALIAS_LETTERS)
