"""What becomes of a message, how long a token is used, and how a text is cut: tables of cases."""

from datetime import UTC, datetime, timedelta

import pytest

from quizsvc.accounts import rules
from quizsvc.accounts.rules import Fate, Reply

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=2)


@pytest.mark.parametrize(
    ("reply", "tries", "minutes"),
    [
        (Reply.BUSY, 1, 1),
        (Reply.BUSY, 2, 2),
        (Reply.STALE, 4, 8),
        (Reply.BUSY, 8, 128),
        (Reply.BUSY, 9, 240),
        (Reply.BUSY, 500, 240),
        (Reply.FAULT, 1, 60),
        (Reply.SPOILT, 7, 64),
        (Reply.FAULT, 9, 240),
    ],
)
def test_what_was_not_sent_waits_longer_each_time(reply: Reply, tries: int, minutes: int) -> None:
    assert rules.fate(reply, tries=tries, until=UNTIL, now=NOW) == Fate("waiting", NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("reply", [Reply.SENT, Reply.REFUSED, Reply.LOST])
def test_what_was_sent_or_refused_or_may_have_been_sent_is_over(reply: Reply) -> None:
    assert rules.fate(reply, tries=1, until=UNTIL, now=NOW) == Fate(str(reply))


@pytest.mark.parametrize(
    ("left", "state"), [(timedelta(minutes=1), "late"), (timedelta(minutes=1, milliseconds=1), "waiting")]
)
def test_what_would_come_after_its_news_ends(left: timedelta, state: str) -> None:
    assert rules.fate(Reply.BUSY, tries=1, until=NOW + left, now=NOW).state == state


@pytest.mark.parametrize(("seconds", "used"), [(7200, 6900), (601, 301), (600, 300), (300, 150), (2, 1)])
def test_a_token_is_used_until_five_minutes_before_its_end(seconds: int, used: int) -> None:
    assert rules.good_until(NOW, lasts=timedelta(seconds=seconds)) == NOW + timedelta(seconds=used)


FAMILY = "👨\u200d👩\u200d👧"  # five code points, eight units of UTF-16, one character


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("二十个字的奖品名称不多不少刚好就是二十个字", None),
        ("字" * 20, "字" * 20),
        ("字" * 21, "字" * 19 + "…"),
        (" 两\n行\t和  空格 ", "两 行 和 空格"),
        ("字" * 18 + "😀", "字" * 18 + "😀"),
        ("字" * 18 + "😀字", "字" * 18 + "…"),
        ("字" * 17 + "😀字字", "字" * 17 + "😀…"),
        ("字" * 15 + FAMILY, "字" * 15 + "…"),
        ("字" * 12 + FAMILY + "字", "字" * 12 + "…"),
        ("字" * 11 + FAMILY + "字字", "字" * 11 + FAMILY + "…"),
        ("字" * 17 + "👍🏽", "字" * 17 + "…"),
        ("字" * 18 + "e\u0301字", "字" * 18 + "…"),
        ("字" * 18 + " 字字", "字" * 18 + "…"),
    ],
)
def test_a_thing_has_twenty_characters_and_is_cut_between_them(text: str, shown: str | None) -> None:
    cut = rules.thing(text)
    assert len(cut.encode("utf-16-le")) // 2 <= 20
    if shown is not None:
        assert cut == shown
