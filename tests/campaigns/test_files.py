"""A campaign's file: what it reads as, and every wrong entry by its name."""

import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from quizsvc.campaigns.files import read_campaign
from quizsvc.kit.problems import FileRefused, Problem
from tests.world import CAMPAIGN, START, merged

DROP = object()


def changed(*path: str | int, to: Any = DROP) -> dict[str, Any]:
    """The good campaign with one entry set, or left out."""
    table: Any = deepcopy(CAMPAIGN)
    inner = table
    for step in path[:-1]:
        inner = inner[step]
    if to is DROP:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return dict(table)


def problems_of(table: dict[str, Any]) -> list[Problem]:
    with pytest.raises(FileRefused) as refused:
        read_campaign(table, file="play.toml")
    return list(refused.value.problems)


def test_a_good_file_reads_as_a_document_in_one_shape() -> None:
    document = read_campaign(CAMPAIGN, file="play.toml")
    assert document["opens_at"] == "2026-11-30T10:00:00.000+08:00"
    assert document["partners"] == [{"name": "通信公司"}]
    assert (document["conditions"], document["max_wins"]) == ("本街道居民", 2)
    assert "rules" not in document  # said once: people read it as it is published
    assert (document["late_days"], document["leftovers"], document["beacon"]) == (7, "returned", "")
    assert document["rounds"] == [
        {
            "no": 1,
            "opens_at": "2026-11-30T10:00:00.000+08:00",
            "closes_at": "2026-12-10T10:00:00.000+08:00",
            "cards": 40,
            "planned": [{"code": "credit", "count": 2}, {"code": "tissue", "count": 6}],
        },
        {
            "no": 2,
            "opens_at": "2026-12-10T10:00:00.000+08:00",
            "closes_at": "2026-12-30T10:00:00.000+08:00",
            "cards": 60,
            "planned": [{"code": "credit", "count": 1}, {"code": "tissue", "count": 3}],
        },
    ]


def test_what_may_be_left_out_has_a_default() -> None:
    table = changed("rules", to={"conditions": "居民", "claim_until": START + timedelta(days=45)})
    for name in ("partner", "prize", "round"):
        del table[name]
    document = read_campaign(table, file="play.toml")
    assert (document["partners"], document["prizes"], document["rounds"]) == ([], [], [])
    assert (document["method"], document["handover"], document["max_wins"]) == ("", "", 1)
    assert (document["late_days"], document["leftovers"], document["beacon"]) == (7, "returned", "")


def test_counts_stand_in_the_order_of_the_prize_list_and_unknown_ones_at_the_end() -> None:
    table = changed("round", 0, "prizes", to={"nothing": 1, "tissue": 6, "credit": 2})
    document = read_campaign(table, file="play.toml")
    assert [line["code"] for line in document["rounds"][0]["planned"]] == ["credit", "tissue", "nothing"]


def test_a_prize_of_which_a_round_has_none_is_not_planned_in_it() -> None:
    document = read_campaign(changed("round", 0, "prizes", to={"tissue": 6, "credit": 0}), file="play.toml")
    assert document["rounds"][0]["planned"] == [{"code": "tissue", "count": 6}]


def test_any_offset_is_the_same_moment_in_shanghai() -> None:
    for moment in (
        datetime(2026, 12, 1, 2, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 10, 0, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 11, 30, 21, 0, tzinfo=timezone(timedelta(hours=-5))),
    ):
        document = read_campaign(changed("opens_at", to=moment), file="play.toml")
        assert document["opens_at"] == "2026-12-01T10:00:00.000+08:00"


NAIVE = [
    datetime(2026, 12, 1, 10, 0),  # noqa: DTZ001 - the point of the test
    date(2026, 12, 1),
    "2026-12-01T10:00:00+08:00",
    1_796_090_400,
]
TIMES: list[tuple[tuple[str | int, ...], str]] = [
    (("opens_at",), "opens_at"),
    (("closes_at",), "closes_at"),
    (("rules", "claim_until"), "rules.claim_until"),
    (("round", 1, "opens_at"), "round[2].opens_at"),
    (("round", 0, "closes_at"), "round[1].closes_at"),
]


@pytest.mark.parametrize("value", NAIVE)
@pytest.mark.parametrize(("path", "where"), TIMES)
def test_a_time_without_an_offset_is_refused(path: tuple[str | int, ...], where: str, value: Any) -> None:
    (problem,) = problems_of(changed(*path, to=value))
    assert (problem.where, problem.file) == (where, "play.toml")
    assert "Write a time with offset" in problem.what


def test_a_naive_time_is_refused_as_toml_reads_it() -> None:
    times = tomllib.loads("opens_at = 2026-12-01T10:00:00\ncloses_at = 2026-12-30T10:00:00+08:00")
    assert [problem.where for problem in problems_of({**CAMPAIGN, **times})] == ["opens_at"]


@pytest.mark.parametrize("written", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_no_calendar_holds_is_refused(written: str) -> None:
    times = tomllib.loads(f"closes_at = {written}")
    assert [problem.where for problem in problems_of({**CAMPAIGN, **times})] == ["closes_at"]


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("slug",), DROP, "slug"),
        (("slug",), "", "slug"),
        (("slug",), "Play", "slug"),
        (("slug",), "-play", "slug"),
        (("slug",), "p" * 41, "slug"),
        (("title",), DROP, "title"),
        (("title",), "", "title"),
        (("title",), "长" * 61, "title"),
        (("title",), "a\x00b", "title"),
        (("region",), DROP, "region"),
        (("region",), "", "region"),
        (("opens_at",), DROP, "opens_at"),
        (("closes_at",), DROP, "closes_at"),
        (("late_days",), -1, "late_days"),
        (("late_days",), 91, "late_days"),
        (("late_days",), "7", "late_days"),
        (("privacy",), DROP, "privacy"),
        (("privacy",), 5, "privacy"),
        (("privacy",), "长" * 20_001, "privacy"),
        (("organiser",), DROP, "organiser"),
        (("organiser",), "一街道", "organiser"),
        (("organiser", "name"), DROP, "organiser.name"),
        (("organiser", "contact"), DROP, "organiser.contact"),
        (("organiser", "fax"), "...", "organiser.fax"),
        (("partner",), {"name": "通信公司"}, "partner"),
        (("partner", 0, "name"), "", "partner[1].name"),
        (("rules",), DROP, "rules"),
        (("rules", "conditions"), DROP, "rules.conditions"),
        (("rules", "claim_until"), DROP, "rules.claim_until"),
        (("rules", "leftovers"), "kept", "rules.leftovers"),
        (("rules", "beacon"), "长" * 201, "rules.beacon"),
        (("rules", "max_wins"), 0, "rules.max_wins"),
        (("rules", "max_wins"), 101, "rules.max_wins"),
        (("rules", "max_wins"), 1.5, "rules.max_wins"),
        (("rules", "luck"), 1, "rules.luck"),
        (("paper",), DROP, "paper"),
        (("paper", "pass_percent"), 0, "paper.pass_percent"),
        (("paper", "pass_percent"), 101, "paper.pass_percent"),
        (("paper", "minutes"), -1, "paper.minutes"),
        (("paper", "minutes"), 1441, "paper.minutes"),
        (("paper", "per_day"), 0, "paper.per_day"),
        (("paper", "per_day"), DROP, "paper.per_day"),
        (("paper", "plan"), DROP, "paper.plan"),
        (("paper", "plan", 2, "count"), 0, "paper.plan[3].count"),
        (("paper", "plan", 2, "count"), 51, "paper.plan[3].count"),
        (("paper", "plan", 0, "difficulty"), 4, "paper.plan[1].difficulty"),
        (("paper", "plan", 0, "scam_type"), DROP, "paper.plan[1].scam_type"),
        (("paper", "plan", 1), "loan", "paper.plan[2]"),
        (("prize", 0, "code"), "Credit", "prize[1].code"),
        (("prize", 0, "code"), "c" * 33, "prize[1].code"),
        (("prize", 1, "name"), "", "prize[2].name"),
        (("prize", 1, "value_fen"), -1, "prize[2].value_fen"),
        (("prize", 1, "value_fen"), 8.5, "prize[2].value_fen"),
        (("prize", 1, "value_fen"), DROP, "prize[2].value_fen"),
        (("prize", 1, "kind"), "cash", "prize[2].kind"),
        (("round", 0, "cards"), 0, "round[1].cards"),
        (("round", 0, "cards"), 1_000_001, "round[1].cards"),
        (("round", 1, "prizes"), DROP, "round[2].prizes"),
        (("round", 1, "prizes"), 3, "round[2].prizes"),
        (("round", 1, "prizes", "tissue"), -1, "round[2].prizes.tissue"),
        (("round", 1, "prizes", "tissue"), "many", "round[2].prizes.tissue"),
        (("round", 1, "odds"), 0.1, "round[2].odds"),
        (("prizes",), [], "prizes"),
    ],
)
def test_each_wrong_entry_is_named(path: tuple[str | int, ...], value: Any, where: str) -> None:
    (problem,) = problems_of(changed(*path, to=value))
    assert problem.where.removesuffix(".value") == where
    assert problem.file == "play.toml"
    assert problem.what
    assert problem.mend


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("slug",), "p" * 40),
        (("title",), "长" * 60),
        (("late_days",), 0),
        (("late_days",), 90),
        (("rules", "max_wins"), 100),
        (("rules", "leftovers"), "closing-draw"),
        (("paper", "pass_percent"), 1),
        (("paper", "pass_percent"), 100),
        (("paper", "minutes"), 0),
        (("paper", "minutes"), 1440),
        (("round", 0, "cards"), 1_000_000),
        (("prize", 1, "value_fen"), 0),
    ],
)
def test_the_edges_of_what_is_allowed_are_allowed(path: tuple[str | int, ...], value: Any) -> None:
    assert read_campaign(changed(*path, to=value), file="play.toml")


def test_all_wrong_entries_are_named_at_once() -> None:
    table = merged(CAMPAIGN, title="", paper={"per_day": 0}, rules={"max_wins": 0})
    del table["slug"]
    table["round"][1]["cards"] = 0
    assert {problem.where for problem in problems_of(table)} == {
        "slug",
        "title",
        "paper.per_day",
        "rules.max_wins",
        "round[2].cards",
    }


def test_an_empty_file_names_all_that_must_be_there() -> None:
    assert {problem.where for problem in problems_of({})} == {
        "slug",
        "title",
        "region",
        "opens_at",
        "closes_at",
        "privacy",
        "organiser",
        "rules",
        "paper",
    }
