"""Clock, ids, canonical JSON, keys and cursors: the small parts, as functions of values."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from quizsvc.kit import aloud
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.clock import day_of, rfc3339, start_of, utcnow
from quizsvc.kit.crypto import Keys
from quizsvc.kit.errors import BadShape
from quizsvc.kit.ids import new_alias, new_id
from quizsvc.kit.pages import decode_cursor, encode_cursor, page_from
from quizsvc.kit.problems import FileRefused, Problem, flatten, parse_toml
from tests.world import START

OLD, NEW, IDENTITY = "o" * 40, "n" * 40, "i" * 40

# --- clock ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-12-01T15:59:59.999999+00:00", "2026-12-01"),
        ("2026-12-01T16:00:00+00:00", "2026-12-02"),
        ("2026-12-01T23:59:59.999+08:00", "2026-12-01"),
        ("2026-12-02T00:00:00+08:00", "2026-12-02"),
        ("2026-12-31T16:00:00+00:00", "2027-01-01"),
        ("2028-02-28T16:00:00+00:00", "2028-02-29"),
        ("2026-12-01T10:59:59-05:00", "2026-12-01"),
        ("2026-12-01T11:00:00-05:00", "2026-12-02"),
    ],
)
def test_a_day_is_a_day_in_shanghai(moment: str, day: str) -> None:
    assert day_of(datetime.fromisoformat(moment)).isoformat() == day


def test_a_day_begins_where_the_day_before_ends() -> None:
    begins = start_of(day_of(START))
    assert begins.astimezone(UTC).isoformat() == "2026-11-30T16:00:00+00:00"
    assert day_of(begins) == day_of(START)
    assert day_of(begins - timedelta(microseconds=1)) == day_of(START) - timedelta(days=1)


@pytest.mark.parametrize(("microsecond", "kept"), [(0, 0), (999, 0), (1000, 1000), (123_999, 123_000)])
def test_now_is_aware_utc_cut_to_the_millisecond(microsecond: int, kept: int) -> None:
    with time_machine.travel(START.replace(microsecond=microsecond), tick=False):
        now = utcnow()
    assert (now.tzinfo, now.microsecond) == (UTC, kept)
    assert now == START.replace(microsecond=kept)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-12-01T15:59:59.999+00:00", "2026-12-01T23:59:59.999+08:00"),
        ("2026-12-01T16:00:00+00:00", "2026-12-02T00:00:00.000+08:00"),
    ],
)
def test_time_is_shown_with_milliseconds_and_offset(moment: str, shown: str) -> None:
    assert rfc3339(datetime.fromisoformat(moment)) == shown


# --- ids --------------------------------------------------------------------------------------------------------------


def test_an_id_is_a_uuid_of_version_7_and_carries_its_millisecond(clock: time_machine.Traveller) -> None:
    made = new_id()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(START.timestamp() * 1000)


def test_later_ids_sort_after_earlier_ones_as_number_text_and_bytes(clock: time_machine.Traveller) -> None:
    made = []
    for _ in range(50):
        made.append(new_id())
        clock.shift(timedelta(milliseconds=1))
    assert sorted(made) == made
    assert sorted(made, key=str) == made
    assert sorted(made, key=lambda one: one.bytes) == made


def test_ids_and_aliases_of_one_moment_differ(clock: time_machine.Traveller) -> None:
    assert len({new_id() for _ in range(2000)}) == 2000
    aliases = {new_alias() for _ in range(2000)}
    assert len(aliases) == 2000
    assert {len(alias) for alias in aliases} == {20}
    assert {aloud.heard(f"{alias[:4]} {alias[4:].lower()}") for alias in aliases} == aliases


# --- canonical JSON ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 2, {"z": None, "y": True}]}, '{"a":[1,2,{"y":true,"z":null}],"b":1}'),
        ({"活动": "反诈“答题”"}, '{"活动":"反诈“答题”"}'),
        ({"a": '"\\/\n\t\x01'}, '{"a":"\\"\\\\/\\n\\t\\u0001"}'),
        ({"a": "\u2028\x7f😀"}, '{"a":"\u2028\x7f😀"}'),
        ({"B": 1, "a": 1, "A": 1, "é": 1}, '{"A":1,"B":1,"a":1,"é":1}'),
        ([], "[]"),
        ("x", '"x"'),
    ],
)
def test_canonical_json_is_sorted_tight_and_unescaped(value: Any, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": -math.inf}])
def test_what_json_cannot_say_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(value)


def test_the_order_of_writing_does_not_change_the_hash() -> None:
    assert sha256_hex(canonical({"a": 1, "b": 2})) == sha256_hex(canonical({"b": 2, "a": 1}))
    assert sha256_hex("反诈") == "701bd84d840c2b65b728dc19837473e0c5b1d8acedec79d2a81dedb1bdc1fd0a"


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_sealed_value_outlives_a_rotation_until_its_key_is_gone() -> None:
    sealed = Keys((OLD,), IDENTITY).seal(b"seed")
    assert Keys((NEW, OLD), IDENTITY).unseal(sealed) == b"seed"
    with pytest.raises(RuntimeError) as refused:
        Keys((NEW,), IDENTITY).unseal(sealed)
    told = str(refused.value) + repr(refused.value)
    assert "QUIZSVC_SECRET_KEY" in told
    assert all(secret not in told for secret in ("seed", sealed, OLD, NEW))


def test_the_newest_key_seals() -> None:
    sealed = Keys((NEW, OLD), IDENTITY).seal(b"seed")
    assert Keys((NEW,), IDENTITY).unseal(sealed) == b"seed"
    with pytest.raises(RuntimeError):
        Keys((OLD,), IDENTITY).unseal(sealed)


def test_sealing_hides_the_value_and_differs_each_time() -> None:
    keys = Keys((NEW,), IDENTITY)
    first, again = keys.seal(b"seed"), keys.seal(b"seed")
    assert first != again
    assert "seed" not in first + again


@pytest.mark.parametrize("at", [0, 20, 60, -10])
def test_a_sealed_value_that_was_touched_does_not_open(at: int) -> None:
    keys = Keys((NEW,), IDENTITY)
    sealed = keys.seal(b"seed")
    at %= len(sealed)
    touched = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    with pytest.raises(RuntimeError):
        keys.unseal(touched)


def test_no_key_is_shown() -> None:
    keys = Keys((NEW, OLD), IDENTITY)
    keys.seal(b"x")
    keys.sign("citizen", "x", until=START)
    assert all(secret not in f"{keys!r} {keys} {[keys]}" for secret in (NEW, OLD, IDENTITY))


def test_a_signed_value_is_good_for_its_purpose_until_its_moment() -> None:
    keys = Keys((NEW,), IDENTITY)
    token = keys.sign("citizen", "anna", until=START)
    before = START - timedelta(milliseconds=1)
    assert keys.verify("citizen", token, now=before) == "anna"
    assert keys.verify("citizen", token, now=START) is None
    assert keys.verify("staff", token, now=before) is None
    assert Keys((OLD,), IDENTITY).verify("citizen", token, now=before) is None
    assert Keys((OLD, NEW), "another").verify("citizen", token, now=before) == "anna"


def test_keyed_hashes_differ_by_purpose_value_and_identity_key_alone() -> None:
    keys = Keys((NEW,), IDENTITY)
    made = keys.identity_hash("openid", "anna")
    assert len(made) == 64
    assert made == Keys((OLD,), IDENTITY).identity_hash("openid", "anna")
    others = {keys.identity_hash("code", "anna"), keys.identity_hash("openid", "berta")}
    others.add(Keys((NEW,), "j" * 40).identity_hash("openid", "anna"))
    assert len(others | {made}) == 4


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [("s1c1",), ("反诈",), ("loan", "loan-001"), ("",)])
def test_a_cursor_gives_back_its_key(key: tuple[str, ...]) -> None:
    cursor = encode_cursor(key)
    assert decode_cursor(cursor, parts=len(key)) == key
    assert cursor.isascii()
    assert not set(cursor) & set("=+/&?#% ")


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None, parts=1) is None


@pytest.mark.parametrize("word", ["!", "A", "反诈", "AAAA", "e30x", "-", "%00", "Ig", ""])
def test_a_word_that_is_no_cursor_is_refused(word: str) -> None:
    with pytest.raises(BadShape) as refused:
        decode_cursor(word, parts=1)
    assert refused.value.fields == {"cursor": ["Invalid value."]}


@pytest.mark.parametrize("key", [None, "loan", 7, {}, {"a": "b"}, [], ["a"], ["a", 7], ["a", None], ["a", "b", "c"]])
def test_a_cursor_of_another_list_is_refused(key: Any) -> None:
    with pytest.raises(BadShape):
        decode_cursor(encode_cursor(key), parts=2)


@pytest.mark.parametrize(("found", "shown", "more"), [(0, 0, False), (1, 1, False), (2, 2, False), (3, 2, True)])
def test_a_page_goes_on_only_where_there_is_more(found: int, shown: int, more: bool) -> None:
    page = page_from([str(n) for n in range(found)], limit=2, key=lambda item: (item,))
    assert list(page.items) == [str(n) for n in range(shown)]
    assert page.next == (encode_cursor(("1",)) if more else None)


# --- problems ---------------------------------------------------------------------------------------------------------


def test_nested_messages_become_places_that_count_from_one() -> None:
    messages = {"round": {1: {"cards": ["Not a valid integer."]}}, "slug": ["a", "b"], "_schema": ["c"]}
    assert list(flatten(messages)) == [
        ("round[2].cards", "Not a valid integer."),
        ("slug", "a"),
        ("slug", "b"),
        ("file", "c"),
    ]


def test_a_problem_reads_as_place_fault_and_way_out() -> None:
    assert str(Problem("line 3", "no name", "give one", "tree.csv")) == "tree.csv: line 3: no name -> give one"
    assert str(Problem("line 3", "no name", "give one")) == "line 3: no name -> give one"


def test_broken_toml_is_named_by_its_line() -> None:
    with pytest.raises(FileRefused, match=r"bank\.toml.*line 2"):
        parse_toml("a = 1\nb = \nc = 3\n", file="bank.toml")
