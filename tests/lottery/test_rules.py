"""The box as arithmetic."""

import hashlib
import hmac
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.lottery import rules
from quizsvc.lottery.rules import Count

SEED = bytes(range(32))


def recomputed(
    seed: bytes, *, campaign: str, no: int, beacon: str, cards: int, prizes: list[Count]
) -> list[str | None]:
    """The deck once more, written from DESIGN's words alone."""
    ranks = {
        i: hmac.new(seed, f"quizsvc/deck/v1|{campaign}|{no}|{beacon}|{i}".encode(), hashlib.sha256).digest()
        for i in range(1, cards + 1)
    }
    carried = [prize.code for prize in prizes for _ in range(prize.count)]
    by_rank = sorted(ranks, key=lambda i: ranks[i])
    outcome = dict(zip(by_rank, carried, strict=False))
    return [outcome.get(i) for i in range(1, cards + 1)]


def test_a_known_deck_stays_as_it_is() -> None:
    deck = rules.shuffle_deck(
        SEED, campaign="demo", round_no=1, beacon="", cards=8, prizes=[Count("a", 1), Count("b", 2)]
    )
    assert deck == tuple(
        recomputed(SEED, campaign="demo", no=1, beacon="", cards=8, prizes=[Count("a", 1), Count("b", 2)])
    )
    assert Counter(deck) == {"a": 1, "b": 2, None: 5}


@given(
    seed=st.binary(min_size=32, max_size=32),
    no=st.integers(1, 50),
    beacon=st.text(max_size=8),
    counts=st.lists(st.integers(0, 6), max_size=4),
    blanks=st.integers(1, 20),
)
def test_a_deck_holds_exactly_its_prizes_and_anybody_gets_the_same(
    seed: bytes, no: int, beacon: str, counts: list[int], blanks: int
) -> None:
    prizes = [Count(f"p{index}", count) for index, count in enumerate(counts)]
    cards = sum(counts) + blanks
    deck = rules.shuffle_deck(seed, campaign="x", round_no=no, beacon=beacon, cards=cards, prizes=prizes)
    assert len(deck) == cards
    assert Counter(card for card in deck if card) == {prize.code: prize.count for prize in prizes if prize.count}
    assert list(deck) == recomputed(seed, campaign="x", no=no, beacon=beacon, cards=cards, prizes=prizes)


@pytest.mark.parametrize(
    "other",
    [{"seed": b"\1" * 32}, {"campaign": "demo2"}, {"round_no": 2}, {"beacon": "7"}],
)
def test_every_ingredient_moves_the_deck(other: dict[str, object]) -> None:
    base: dict[str, object] = {"seed": SEED, "campaign": "demo", "round_no": 1, "beacon": ""}
    prizes = [Count("a", 100)]

    def deck(said: dict[str, object]) -> rules.Deck:
        return rules.shuffle_deck(
            said["seed"],  # type: ignore[arg-type]
            campaign=str(said["campaign"]),
            round_no=int(str(said["round_no"])),
            beacon=str(said["beacon"]),
            cards=200,
            prizes=prizes,
        )

    assert deck(base) != deck({**base, **other})


def test_leftovers_are_what_was_not_drawn() -> None:
    prizes = [Count("a", 3), Count("b", 2)]
    assert rules.leftover(prizes, {"a": 1, "b": 2}) == [Count("a", 2)]
    assert rules.leftover(prizes, {}) == prizes


def test_totals_stand_in_the_order_of_the_prize_list() -> None:
    assert rules.total([Count("b", 1)], [Count("a", 2), Count("b", 1)], order=["a", "b", "c"]) == [
        Count("a", 2),
        Count("b", 2),
    ]


def test_the_chain_is_the_one_that_design_describes() -> None:
    header = {"campaign": "演示", "round": 1}
    lines: list[dict[str, object]] = [{"position": 1, "prize": None}, {"position": 3, "prize": "a"}]

    def canonical(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    head = hashlib.sha256(canonical(header).encode()).hexdigest()
    for line in lines:
        head = hashlib.sha256((head + canonical(line)).encode()).hexdigest()
    assert rules.chain_head(header, lines) == head
    assert rules.chain_head(header, reversed(lines)) != head


def test_a_code_has_twelve_digits_and_its_check_digit() -> None:
    code = rules.award_code(b"\xff" * 32)
    assert len(code) == 12
    assert code.isdigit()
    assert rules.is_code(code)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 11), st.integers(1, 9))
def test_a_wrong_digit_is_always_caught(digest: bytes, place: int, shift: int) -> None:
    code = rules.award_code(digest)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert not rules.is_code(wrong)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10))
def test_two_neighbours_swapped_are_always_caught(digest: bytes, place: int) -> None:
    code = rules.award_code(digest)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert rules.is_code(swapped) == (swapped == code)


@pytest.mark.parametrize("text", ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert not rules.is_code(text)
