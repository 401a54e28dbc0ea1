"""Loading the tree: as a whole or not at all, with every wrong line named; and reading it in pages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from quizsvc.kit.db import transaction
from quizsvc.kit.http import PAGES
from quizsvc.kit.problems import FileRefused, Problem, read_text
from quizsvc.regions import service as regions
from tests.world import REGIONS, Phone, World

HEADER = "code,name,level,parent,households,residents,source,as_of\n"


def load(text: str) -> int:
    with transaction():
        return len(regions.load_regions(text, file="tree.csv"))


def problems_of(text: str) -> Sequence[Problem]:
    with pytest.raises(FileRefused) as refused, transaction():
        regions.load_regions(text, file="tree.csv")
    return refused.value.problems


@pytest.fixture
def place(app: Flask, clock: time_machine.Traveller) -> World:
    """The tree alone."""
    load(REGIONS)
    return World(app)


def tree(place: World) -> list[tuple[Any, ...]]:
    return place.rows("SELECT code, name, level, path, households, residents, source, as_of FROM regions ORDER BY code")


# --- good files -------------------------------------------------------------------------------------------------------


def test_loading_again_changes_nothing(place: World) -> None:
    before = place.rows("SELECT * FROM regions ORDER BY code")
    assert load(REGIONS) == 6
    assert place.rows("SELECT * FROM regions ORDER BY code") == before


def test_a_later_file_adds_and_brings_up_to_date_and_takes_nothing_away(place: World) -> None:
    ids = dict(place.rows("SELECT code, id FROM regions"))
    load(HEADER + "s1c1,甲新村,community,s1,1200,3100,民政,2026-01-31\ns1c3,丁社区,community,s1,,,,\n")
    found = {row[0]: row for row in tree(place)}
    assert sorted(found) == ["d", "s1", "s1c1", "s1c2", "s1c3", "s2", "s2c1"]
    assert found["s1c1"][1:7] == ("甲新村", "community", "/d/s1/s1c1/", 1200, 3100, "民政")
    assert str(found["s1c1"][7]) == "2026-01-31"
    assert found["s1c2"][1:7] == ("乙社区", "community", "/d/s1/s1c2/", None, None, None)
    assert dict(place.rows("SELECT code, id FROM regions WHERE code <> 's1c3'")) == ids


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_missing(place: World) -> None:
    load("parent,level,name,code\ns2,community,戊社区,s2c2\n")
    assert place.rows("SELECT path, residents FROM regions WHERE code = 's2c2'") == [("/d/s2/s2c2/", None)]


def test_a_file_saved_by_a_spreadsheet_loads(place: World, tmp_path: Path) -> None:
    """With a byte order mark, Windows line ends, quotes and blanks around."""
    file = tmp_path / "tree.csv"
    file.write_bytes(("\ufeff" + HEADER + '"s1c4"," 己,社区 ",community,s1,,,,\n').replace("\n", "\r\n").encode())
    assert load(read_text(file)) == 1
    assert place.rows("SELECT name FROM regions WHERE code = 's1c4'") == [("己,社区",)]


def test_the_yardsticks_street_loads(app: Flask) -> None:
    """33 communities and 2,360 buildings."""
    lines = ["st,街道,street,,,,,", *(f"st-{c},社区{c},community,st,,,," for c in range(33))]
    lines += [f"st-{n % 33}-{n},楼{n},building,st-{n % 33},{n % 90},,," for n in range(2360)]
    assert load(HEADER + "\n".join(lines)) == 2394
    assert World(app).count("regions", "path LIKE '/st/st-7/%'") == 73
    assert World(app).rows("SELECT sum(households) FROM regions") == [(sum(n % 90 for n in range(2360)),)]


# --- bad files --------------------------------------------------------------------------------------------------------

NEW = "x1,新社区,community,s1,,,,"


@pytest.mark.parametrize(
    ("line", "what", "mend"),
    [
        ("x y,新社区,community,s1,,,,", "'x y' is not a code", "letters, digits or hyphens"),
        (f"{'x' * 33},新社区,community,s1,,,,", "is not a code", "1 to 32"),
        (",新社区,community,s1,,,,", "'' is not a code", "1 to 32"),
        ("x2,,community,s1,,,,", "name is missing", "1 to 60 characters"),
        (f"x2,{'名' * 61},community,s1,,,,", "too long", "1 to 60 characters"),
        ("x2,新社区,village,s1,,,,", "level 'village' is unknown", "district, street, community"),
        ("x2,新社区,community,nowhere,,,,", "parent nowhere is unknown", "before this one"),
        ("x2,新社区,community,x3,,,,\nx3,新街道,street,d,,,,", "parent x3 is unknown", "before this one"),
        ("x2,新社区,community,x2,,,,", "parent x2 is unknown", "before this one"),
        ("x2,新社区,community,s1c1,,,,", "a community cannot lie under a community", "level or parent"),
        ("x2,新街道,street,s1c1,,,,", "a street cannot lie under a community", "level or parent"),
        ("x1,又一个,community,s1,,,,", "code x1 stands twice", "remove one"),
        ("s1c1,甲社区,community,s2,,,,", "s1c1 stands elsewhere", "use a new code"),
        ("x2,新社区,community,s1,many,,,", "households 'many' is not a whole number", "digits only"),
        ("x2,新社区,community,s1,-1,,,", "households '-1'", "digits only"),
        ("x2,新社区,community,s1,1.5,,,", "households '1.5'", "digits only"),
        ("x2,新社区,community,s1,١٢,,,", "households '١٢'", "digits only"),
        ("x2,新社区,community,s1,,3000,,", "residents stand without source", "where the number is from"),
        ("x2,新社区,community,s1,,3000,民政,", "residents stand without source and as_of", "of what day"),
        ("x2,新社区,community,s1,,3000,民政,31.1.2026", "'31.1.2026' is not a date", "2026-01-31"),
    ],
)
def test_a_bad_line_is_named_with_what_and_how_to_mend_and_nothing_is_loaded(
    place: World, line: str, what: str, mend: str
) -> None:
    before = tree(place)
    problems = problems_of(f"{HEADER}{NEW}\n{line}\nx9,好社区,community,s1,,,,\n")
    assert any(
        (one.file, one.where) == ("tree.csv", "line 3") and what in one.what and mend in one.mend for one in problems
    ), problems
    assert {one.where for one in problems} == {"line 3"}
    assert tree(place) == before


@pytest.mark.parametrize(
    "line",
    [
        f"x2,新社区,community,s1,,3000,{'源' * 101},2026-01-31",
        "x2,新社区,community,s1,2147483648,,,",
        f"x2,新社区,community,s1,{'9' * 5000},,,",
        "x2,新\x00社区,community,s1,,,,",
        "x2,新社区,community,s1,,3000,民\x00政,2026-01-31",
    ],
)
def test_what_no_database_could_keep_is_named_too(place: World, line: str) -> None:
    before = tree(place)
    assert {one.where for one in problems_of(f"{HEADER}{NEW}\n{line}\n")} == {"line 3"}
    assert tree(place) == before


def test_lines_are_numbered_as_an_editor_does(place: World) -> None:
    assert [one.where for one in problems_of(f"{HEADER}{NEW}\n\n\nx2,,community,s1,,,,\n")] == ["line 5"]


def test_a_quote_that_never_ends_is_named(place: World) -> None:
    before = tree(place)
    rest = "".join(f"y{n},社区{n},community,s1,,,,\n" for n in range(6000))
    assert problems_of(f'{HEADER}x1,"新社区,community,s1,,,,\n{rest}')
    assert tree(place) == before


def test_a_changed_level_is_taken_over_or_refused_and_never_passed_over(place: World) -> None:
    refused = False
    try:
        load(HEADER + "s1c1,甲社区,compound,s1,,,,\n")
    except FileRefused:
        refused = True
    assert refused or place.rows("SELECT level FROM regions WHERE code = 's1c1'") == [("compound",)]


def test_every_bad_line_is_named_in_order(place: World) -> None:
    problems = problems_of(
        HEADER + "x1,,village,s1,,,,\nx2,新社区,community,nowhere,,,,\nx3,新社区,community,s1,many,,,\n"
    )
    assert [one.where for one in problems] == ["line 2", "line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [("", "code, name, level, parent"), ("code;name;level;parent\n", "code"), ("code,name,level\nx,y,z\n", "parent")],
)
def test_missing_columns_are_named(place: World, text: str, missing: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.where, problem.file) == ("line 1", "tree.csv")
    assert missing in problem.what
    assert "code,name,level,parent,households" in problem.mend


@pytest.mark.parametrize(
    ("content", "what"), [(None, "not found"), ("社区".encode("gbk"), "not UTF-8"), ("folder", "directory")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | str | None, what: str) -> None:
    path = tmp_path / "tree.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(FileRefused, match=str(path)) as refused:
        read_text(path)
    assert what in refused.value.problems[0].what.lower() or what in refused.value.problems[0].what


# --- the listing ------------------------------------------------------------------------------------------------------


def codes(place: World, question: str = "") -> list[str]:
    answer = Phone(place.app).get(f"regions{question}")
    assert answer.status_code == 200, answer.get_json()
    return [one["code"] for one in answer.get_json()["items"]]


def test_the_listing_shows_code_name_level_and_parent(place: World) -> None:
    page = Phone(place.app).get("regions").get_json()
    assert page["items"][0] == {"code": "d", "name": "某区", "level": "district", "parent": None}
    assert page["items"][2] == {"code": "s1c1", "name": "甲社区", "level": "community", "parent": "s1"}
    assert page["next"] is None


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("", ["d", "s1", "s1c1", "s1c2", "s2", "s2c1"]),
        ("?under=d", ["s1", "s1c1", "s1c2", "s2", "s2c1"]),
        ("?under=s1", ["s1c1", "s1c2"]),
        ("?under=s1c1", []),
        ("?q=社区", ["s1c1", "s1c2", "s2c1"]),
        ("?q=甲", ["s1c1"]),
        ("?q=", ["d", "s1", "s1c1", "s1c2", "s2", "s2c1"]),
        ("?under=s1&q=丙", []),
        ("?under=s2&q=社区", ["s2c1"]),
        ("?q=s1", []),  # the name is searched, not the code
    ],
)
def test_the_listing_is_narrowed_by_subtree_and_part_of_a_name(place: World, question: str, found: list[str]) -> None:
    assert codes(place, question) == found


def test_a_code_that_begins_like_another_is_not_under_it(place: World) -> None:
    load(HEADER + "s1x,一街道外,street,d,,,,\ns1xc1,外社区,community,s1x,,,,\n")
    assert codes(place, "?under=s1") == ["s1c1", "s1c2"]


@pytest.mark.parametrize(("q", "found"), [("%25", ["p1"]), ("_", ["p2"]), ("100%25", ["p1"]), ("\\", ["p3"])])
def test_wildcards_in_a_question_are_plain_letters(place: World, q: str, found: list[str]) -> None:
    load(HEADER + "p1,满100%小区,compound,s1c1,,,,\np2,东_区,compound,s1c1,,,,\np3,西\\区,compound,s1c1,,,,\n")
    load(HEADER + "p4,满100小区,compound,s1c1,,,,\n")
    assert codes(place, f"?q={q}") == found


def test_upper_and_lower_case_are_different_codes_on_every_database(place: World) -> None:
    load(HEADER + "S1,另一街道,street,d,,,,\nS1C1,另一社区,community,S1,,,,\n")
    assert codes(place, "?under=s1") == ["s1c1", "s1c2"]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 7])
def test_pages_hold_every_region_once_and_end(place: World, limit: int) -> None:
    seen: list[str] = []
    pages = 0
    cursor: str | None = ""
    while cursor is not None:
        page = Phone(place.app).get(f"regions?limit={limit}{f'&cursor={cursor}' if cursor else ''}").get_json()
        assert len(page["items"]) == limit or page["next"] is None
        seen += [one["code"] for one in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert seen == ["d", "s1", "s1c1", "s1c2", "s2", "s2c1"]
    assert pages == -(-6 // limit)


def test_a_page_goes_on_within_its_question(place: World) -> None:
    page = Phone(place.app).get("regions?under=d&q=社区&limit=2").get_json()
    assert codes(place, f"?under=d&q=社区&limit=2&cursor={page['next']}") == ["s2c1"]


def test_regions_of_one_level_are_listed_without_what_lies_above_and_below(place: World) -> None:
    assert codes(place, "?under=d&level=street") == ["s1", "s2"]
    assert codes(place, "?under=s1&level=community") == ["s1c1", "s1c2"]
    assert codes(place, "?level=village") == []


@pytest.mark.parametrize(
    ("question", "status", "errcode"),
    [
        ("?under=nowhere", 404, "regions.unknown"),
        ("?limit=0", 422, "http.bad_shape"),
        ("?limit=201", 422, "http.bad_shape"),
        ("?limit=many", 422, "http.bad_shape"),
        ("?q=" + "x" * 61, 422, "http.bad_shape"),
        ("?q=%00", 422, "http.bad_shape"),
        ("?under=%00", 422, "http.bad_shape"),
        ("?cursor=!", 422, "http.bad_shape"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(place: World, question: str, status: int, errcode: str) -> None:
    place.app.extensions[PAGES].clear()
    answer = Phone(place.app).get(f"regions{question}")
    assert (answer.status_code, answer.get_json()["errcode"]) == (status, errcode)
