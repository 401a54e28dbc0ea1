"""The gate: asks Redis for the next card, fast and fair. What it says is a proposal; the database decides.

The only file that knows Redis keys.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from quizsvc.kit.files import shipped
from quizsvc.kit.lua import RedisError as GateAway
from quizsvc.kit.lua import Script
from quizsvc.lottery.rules import Round

__all__ = ["GateAway", "Reply", "catch_up", "take_card"]

PACE_INTERVAL = timedelta(milliseconds=500)  # one new card per citizen, with a burst for the impatient thumb
PACE_BURST = 5
ADMISSION_PER_SECOND = 2_000
ADMISSION_BURST = 2_000
REMEMBERED_AFTER_CLOSING = timedelta(hours=1)

_take_card = Script(shipped("lottery/lua/take_card.lua"))
_catch_up = Script(shipped("lottery/lua/catch_up.lua"))


@dataclass(frozen=True)
class Reply:
    """`word`: card, too_fast, busy, empty or cold; `position` of a card; `wait` in seconds for too_fast and busy."""

    word: str
    position: int = 0
    wait: float = 0


def take_card(one: Round, *, ticket_id: UUID, person: str, now: datetime) -> Reply:
    """The next card for a ticket, or the same one again if it was seen in this round; GateAway."""
    word, number = _take_card.run(
        keys=[*_round_keys(one), f"{_tag(one)}:pace:{person}", f"{_tag(one)}:admit"],
        args=[
            ticket_id.hex,
            one.cards,
            _lifetime(one, now=now),
            _microseconds(PACE_INTERVAL),
            PACE_BURST,
            1_000_000 // ADMISSION_PER_SECOND,
            ADMISSION_BURST,
        ],
    )
    said = word.decode()
    return Reply(said, position=number) if said == "card" else Reply(said, wait=number / 1_000_000)


def catch_up(one: Round, *, ticket_id: UUID, taken: int, highest: int, now: datetime) -> None:
    """Raise the counter to the ledger's highest position; forget the ticket's if it is the taken one; GateAway.

    `taken` is the position that somebody else's draw turned out to hold, 0 for a cold counter.
    """
    _catch_up.run(keys=_round_keys(one), args=[ticket_id.hex, taken, highest, _lifetime(one, now=now)])


def _tag(one: Round) -> str:
    return f"quizsvc:{{{one.campaign_id.hex}}}"


def _round_keys(one: Round) -> list[str]:
    return [f"{_tag(one)}:{one.no}:next", f"{_tag(one)}:{one.no}:seen"]


def _lifetime(one: Round, *, now: datetime) -> int:
    return int((max(one.closes_at, now) - now + REMEMBERED_AFTER_CLOSING).total_seconds())


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
