"""Every place in the box is as good as any other: chi-square over 200 fixed seeds, and it does see a biased shuffle.

Critical values of chi-square for p = 0.001: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4.
"""

import hashlib
import hmac
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from quizsvc.lottery import rules
from quizsvc.lottery.rules import Count, Deck

SEEDS = [hashlib.sha256(f"uniformity {number}".encode()).digest() for number in range(200)]
CARDS, PRIZES = 2_000, 20
CRITICAL = {19: 43.820, 9: 27.877}  # by degrees of freedom


def decks() -> list[Deck]:
    prizes = [Count("first", 1), Count("other", PRIZES - 1)]
    return [rules.shuffle_deck(s, campaign="x", round_no=1, beacon="", cards=CARDS, prizes=prizes) for s in SEEDS]


def chi_square(positions: list[int], *, stretches: int) -> float:
    """How unevenly the positions (from 0) lie over so many equal stretches of the box."""
    found = [0] * stretches
    for position in positions:
        found[position * stretches // CARDS] += 1
    expected = len(positions) / stretches
    return sum((count - expected) ** 2 / expected for count in found)


def unevenness(shuffled: list[Deck]) -> tuple[float, float]:
    """Chi-square of all winning positions over 20 stretches, and of the first prize's over 10."""
    winning = [place for deck in shuffled for place, prize in enumerate(deck) if prize is not None]
    first = [deck.index("first") for deck in shuffled]
    assert (len(winning), len(first)) == (PRIZES * len(SEEDS), len(SEEDS))
    return chi_square(winning, stretches=20), chi_square(first, stretches=10)


def test_winning_positions_are_uniform() -> None:
    """(Cards are drawn without replacement, so the statistic is if anything a little smaller than chi-square.)"""
    winning, first = unevenness(decks())
    assert winning < CRITICAL[19]
    assert first < CRITICAL[9]


def test_no_two_seeds_shuffle_alike() -> None:
    assert len(set(decks())) == len(SEEDS)


def by_first_byte(digest: bytes) -> bytes:
    return digest[:1]


def by_modulo(digest: bytes) -> bytes:
    return bytes([int.from_bytes(digest) % 100])


def by_half_of_the_last_byte(digest: bytes) -> bytes:
    return bytes([digest[-1] & 0x0F])


@pytest.mark.parametrize("weakened", [by_first_byte, by_modulo, by_half_of_the_last_byte])
def test_a_biased_shuffle_would_be_seen(monkeypatch: pytest.MonkeyPatch, weakened: Callable[[bytes], bytes]) -> None:
    """Ranks that are too short tie, and ties go to the cards in front."""
    weak = SimpleNamespace(digest=lambda *said: weakened(hmac.digest(*said)))
    monkeypatch.setattr(rules, "hmac", weak)
    winning, first = unevenness(decks())
    assert winning > CRITICAL[19]
    assert first > CRITICAL[9]
