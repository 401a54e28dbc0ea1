"""Numbers in words, read back by a reader who takes them literally: never more than is true."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.reach.wording import ABOUT, NEAR, OVER, say, say_money

SIZES = {"": 1, "万": 10**4, "亿": 10**8}
PHRASE = re.compile(r"(?P<before>[近约]?)(?P<figure>\d+(?:\.\d+)?)(?P<size>[万亿]?)(?P<after>余?)(?P<unit>\D+)")
COUNTS = st.one_of(
    st.integers(0, 10**10),
    st.integers(0, 10**5),
    st.builds(
        lambda base, power, off: max(0, base * 10**power + off),
        st.integers(1, 999),
        st.integers(0, 7),
        st.integers(-3, 3),
    ),
)


def read(phrase: str) -> tuple[str, Fraction]:
    """The qualifier and the figure, as a reader knows them."""
    match = PHRASE.fullmatch(phrase)
    assert match, phrase
    assert not (match["before"] and match["after"]), phrase
    return match["before"] or match["after"], Fraction(match["figure"]) * SIZES[match["size"]]


@pytest.mark.parametrize(
    ("count", "unit", "style", "digits", "phrase"),
    [
        (208, "名", OVER, 1, "200余名"),
        (5120, "盒", OVER, 1, "5000余盒"),
        (2043, "个", OVER, 1, "2000余个"),
        (60_412, "份", OVER, 1, "6万余份"),
        (30_012, "人", ABOUT, 1, "约3万人"),
        (29_450, "人", NEAR, 1, "近3万人"),
    ],
)
def test_the_years_text_says_its_counts(count: int, unit: str, style: str, digits: int, phrase: str) -> None:
    assert say(count, unit, style=style, digits=digits) == phrase


@pytest.mark.parametrize(
    ("count", "phrase"),
    [
        (0, "0份"),
        (99, "99份"),
        (100, "100份"),
        (101, "100余份"),
        (105, "100余份"),  # 5 % of the figure
        (106, "106份"),  # above it: a digit more
        (203, "200余份"),
        (999, "990余份"),
        (1000, "1000份"),
        (1099, "1090余份"),
        (5230, "5200余份"),
        (9999, "9900余份"),
        (10_000, "1万份"),
        (10_001, "1万余份"),
        (12_000, "1.2万份"),
        (29_450, "2.9万余份"),
        (30_000, "3万份"),
        (60_412, "6万余份"),
        (100_500, "10万余份"),
        (1_234_567, "120万余份"),
        (99_999_999, "9900万余份"),
        (100_000_000, "1亿份"),
        (123_456_789, "1.2亿余份"),
    ],
)
def test_a_count_is_said_in_two_digits_unless_they_are_too_coarse(count: int, phrase: str) -> None:
    assert say(count, "份") == phrase


@pytest.mark.parametrize(
    ("count", "phrase"),
    [
        (28_571, "近2.9万人"),  # 3万 is 5.002 % of the count above it
        (28_572, "近3万人"),
        (29_999, "近3万人"),
        (30_000, "3万人"),
        (9960, "近1万人"),
        (953, "近1000人"),
        (952, "近960人"),
        (99, "99人"),
    ],
)
def test_near_is_below_its_figure_by_at_most_5_percent(count: int, phrase: str) -> None:
    assert say(count, "人", style=NEAR, digits=1) == phrase


@pytest.mark.parametrize(
    ("count", "phrase"),
    [(30_012, "约3万人"), (31_500, "约3万人"), (31_501, "约3.1万人"), (29_999, "约2.9万人"), (30_000, "3万人")],
)
def test_about_is_never_above_the_truth_and_within_5_percent(count: int, phrase: str) -> None:
    assert say(count, "人", style=ABOUT, digits=1) == phrase


@given(count=COUNTS, style=st.sampled_from([OVER, NEAR, ABOUT]), digits=st.integers(1, 3))
def test_no_phrase_says_more_than_is_true(count: int, style: str, digits: int) -> None:
    qualifier, figure = read(say(count, "人", style=style, digits=digits))
    assert qualifier in {"", style}
    assert {
        "": figure == count,
        OVER: figure < count,
        NEAR: count < figure <= count * Fraction(21, 20) and figure * Fraction(19, 20) <= count,
        ABOUT: figure <= count <= figure * Fraction(21, 20),
    }[qualifier]
    assert count < 100 or len(str(int(figure)).rstrip("0")) <= 3
    assert count >= 100 or qualifier == ""


@given(count=COUNTS)
def test_a_phrase_loses_at_most_5_percent(count: int) -> None:
    _, figure = read(say(count, "份"))
    assert figure <= count <= figure * Fraction(21, 20)


@pytest.mark.parametrize(("count", "style", "digits"), [(-1, OVER, 2), (5, "超", 2), (5, OVER, 0), (5, OVER, 4)])
def test_what_cannot_be_said_is_an_error(count: int, style: str, digits: int) -> None:
    with pytest.raises(ValueError, match=str(count)):
        say(count, "份", style=style, digits=digits)


# --- money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fen", "phrase"),
    [
        (0, "0元"),
        (5, "0.05元"),
        (50, "0.50元"),
        (123_400, "1234元"),
        (999_999, "9999.99元"),
        (1_000_000, "1万元"),
        (1_000_001, "1万余元"),
        (1_099_999, "1万余元"),
        (1_100_000, "1.1万元"),
        (958_700_000, "958.7万元"),
        (958_799_999, "958.7万余元"),
        (12_345_600_000, "12345.6万元"),
    ],
)
def test_money_is_said_to_the_fen_and_then_in_wan(fen: int, phrase: str) -> None:
    assert say_money(fen) == phrase


@given(fen=st.one_of(st.integers(0, 10**7), st.integers(0, 10**15)))
def test_no_phrase_says_more_money_than_there_is(fen: int) -> None:
    qualifier, yuan = read(say_money(fen))
    off = Fraction(fen, 100) - yuan
    assert 0 < off < 1000 if qualifier == OVER else off == 0


def test_a_debt_is_no_loss() -> None:
    with pytest.raises(ValueError, match="-1"):
        say_money(-1)
