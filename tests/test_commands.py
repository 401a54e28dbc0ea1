"""`quizsvc` at a terminal: processes with an environment of their own, and what they say when something is wrong."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.world import PASSWORD, REGIONS

NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "IDENTITY_KEY", "WECHAT_APPID", "WECHAT_SECRET")
QUESTION = """
[[question]]
code = "{code}"
kind = "single"
stem = "题目{code}？"
options = {{ A = "对", B = "错", C = "也错" }}
answer = ["A"]
explanation = "解析"
difficulty = 1
source = "反诈常识"
reviewed = 2026-11-20
"""
BANK = 'scam_type = "loan"\n' + "".join(QUESTION.format(code=f"loan-{n:03}") for n in range(1, 5))
CAMPAIGN = """
slug = "play"
title = "测试活动"
region = "s1"
opens_at = {year}-12-01T08:00:00+08:00
closes_at = {year}-12-31T22:00:00+08:00
privacy = "个人信息保护告知"
organiser = {{ name = "一街道", contact = "025-00000000" }}
prize = [{{ code = "tissue", name = "反诈抽纸", value_fen = 800, kind = "goods" }}]
[rules]
conditions = "本街道居民"
method = "按签箱"
handover = "到社区领取"
claim_until = {next_year}-01-31T18:00:00+08:00
[paper]
pass_percent = 80
minutes = 10
per_day = 3
plan = [{{ scam_type = "loan", difficulty = 1, count = 3 }}]
[[round]]
opens_at = {year}-12-01T08:00:00+08:00
closes_at = {year}-12-31T22:00:00+08:00
cards = 10
prizes = {{ tissue = 4 }}
"""


def campaign_of(year: int = 2126) -> str:
    return CAMPAIGN.format(year=year, next_year=year + 1)


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """A shell in a folder, with settings for a database of its own."""

    folder: Path
    env: dict[str, str]

    def run(self, *words: str) -> Said:
        command = [sys.executable, "-m", "quizsvc", *words]
        done = subprocess.run(
            command, env=self.env, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content, encoding="utf-8")
        return name

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "quiz.db")) as connection:
            return connection.execute(query).fetchall()

    def all_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table's content."""
        names = [name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: self.rows(f'SELECT * FROM "{name}"') for name in names}


def bare_terminal(folder: Path, **settings: str) -> Terminal:
    """PATH, HOME, UTF-8 and these settings; the repository's own package."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUTF8": "1"}
    return Terminal(folder, env | {f"QUIZSVC_{name}": value for name, value in settings.items()})


def terminal_in(folder: Path) -> Terminal:
    return bare_terminal(
        folder,
        DATABASE_URL=f"sqlite:///{folder}/quiz.db",
        REDIS_URL=f"unix://{folder}/no-such-socket",
        SECRET_KEY="secret-key-" + "s" * 30,
        IDENTITY_KEY="identity-key-" + "i" * 30,
        WECHAT_APPID="wx0123456789abcdef",
        WECHAT_SECRET="wechat-app-secret",
    )


def prepare(terminal: Terminal) -> None:
    """Tables, regions, two operators and a bank, by commands alone."""
    terminal.write("regions.csv", REGIONS)
    terminal.write("loan.toml", BANK)
    terminal.write("play.toml", campaign_of())
    steps: Sequence[Sequence[str]] = (
        ("db", "upgrade"),
        ("regions", "load", "regions.csv"),
        ("staff", "add", "first", "--role", "operator", "--region", "d", "--password", PASSWORD),
        ("staff", "add", "second", "--role", "operator", "--region", "s1", "--password", PASSWORD, "--as", "first"),
        ("questions", "load", "loan.toml", "--as", "first"),
    )
    for words in steps:
        said = terminal.run(*words)
        assert said.status == 0, said.err


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(terminal_in(folder))
    return folder


@pytest.fixture
def terminal(prepared: Path, tmp_path: Path) -> Terminal:
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    return terminal_in(folder)


def changed_nothing(terminal: Terminal, *words: str) -> Said:
    """Run a command that must fail and must leave every table as it was."""
    before = terminal.all_rows()
    said = terminal.run(*words)
    assert said.status != 0, said.out
    assert terminal.all_rows() == before
    return said


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("serve",), ("tick",), ("db", "upgrade"), ("campaign", "check", "play")])
def test_without_settings_a_command_names_them_all(tmp_path: Path, words: Sequence[str]) -> None:
    said = bare_terminal(tmp_path).run(*words)
    assert (said.status, said.out) == (1, "")
    first, *missing = said.err.splitlines()
    assert first == "quizsvc cannot start:"
    assert [line.split(" is missing: ")[0] for line in missing] == [f"QUIZSVC_{name}" for name in NEEDED]
    assert list(tmp_path.iterdir()) == []


def test_serving_with_settings_that_cannot_work_names_them_without_their_values(terminal: Terminal) -> None:
    env = terminal.env | {"QUIZSVC_SECRET_KEY": "too-short", "QUIZSVC_REDIS_URL": "http://redis-password@h"}
    said = replace(terminal, env=env).run("serve", "--bind", "127.0.0.1:0")
    assert said.status == 1
    assert "QUIZSVC_SECRET_KEY is too short" in said.err
    assert "QUIZSVC_REDIS_URL must begin with" in said.err
    assert "too-short" not in said.err
    assert "redis-password" not in said.err


def test_a_data_folder_without_a_run_is_said(tmp_path: Path) -> None:
    said = bare_terminal(tmp_path, DATA_DIR=str(tmp_path / "data")).run("tick")
    assert said.status == 1
    assert "holds no run yet; start one with: quizsvc run" in said.err


def test_help_needs_no_settings(tmp_path: Path) -> None:
    said = bare_terminal(tmp_path).run("--help")
    assert said.status == 0
    for name in ("serve", "run", "tick", "db", "regions", "questions", "campaign", "staff", "coupons", "lottery"):
        assert f"\n  {name} " in said.out


# --- tables -----------------------------------------------------------------------------------------------------------


def test_upgrading_twice_is_upgrading_once(terminal: Terminal) -> None:
    before = terminal.all_rows()
    said = terminal.run("db", "upgrade")
    assert said.status == 0
    assert said.out.startswith("the database stands at ")
    assert "before" not in said.out
    assert terminal.all_rows() == before


@pytest.mark.parametrize("words", [("tick",), ("campaign", "check", "play"), ("regions", "load", "regions.csv")])
def test_a_database_without_tables_sends_one_to_db_upgrade(tmp_path: Path, words: Sequence[str]) -> None:
    terminal = terminal_in(tmp_path)
    terminal.write("regions.csv", REGIONS)
    said = terminal.run(*words)
    assert said.status == 1
    assert "quizsvc db upgrade" in said.err


def test_a_database_that_is_not_there_is_said_in_a_sentence(terminal: Terminal) -> None:
    url = "postgresql://quizsvc:database-password@/quizsvc?host=/nowhere"
    said = replace(terminal, env=terminal.env | {"QUIZSVC_DATABASE_URL": url}).run("campaign", "check", "play")
    assert said.status == 1
    assert said.err.startswith("the database cannot be reached: ")
    assert "database-password" not in said.err


# --- regions ----------------------------------------------------------------------------------------------------------


def test_regions_load_twice(terminal: Terminal) -> None:
    before = terminal.rows("SELECT * FROM regions")
    for _ in range(2):
        said = terminal.run("regions", "load", "regions.csv", "--as", "first")
        assert (said.status, said.out) == (0, "6 regions stand as in regions.csv\n")
    assert terminal.rows("SELECT * FROM regions") == before


def test_a_broken_region_file_is_named_line_by_line(terminal: Terminal) -> None:
    terminal.write("bad.csv", REGIONS + "s3,三街道,street,nowhere\nx y,,community,s1\n")
    said = changed_nothing(terminal, "regions", "load", "bad.csv", "--as", "first")
    assert (said.status, said.out) == (1, "")
    first, *problems = said.err.splitlines()
    assert first == "nothing was changed:"
    assert problems == [
        "bad.csv: line 8: parent nowhere is unknown -> put the parent's line before this one",
        "bad.csv: line 9: code 'x y' is not a code -> use 1 to 32 letters, digits or hyphens",
        "bad.csv: line 9: name is missing or too long -> give a name of 1 to 60 characters",
    ]


def test_a_file_that_is_not_there_is_said(terminal: Terminal) -> None:
    for words in (
        ("regions", "load", "none.csv", "--as", "first"),
        ("questions", "load", "none.toml", "--as", "first"),
        ("campaign", "load", "none.toml", "--as", "first"),
    ):
        said = changed_nothing(terminal, *words)
        assert said.err.startswith(f"nothing was changed:\n{words[2]}: file: not found -> check the path")


def test_what_is_loaded_carries_an_operators_name(terminal: Terminal) -> None:
    terminal.run("staff", "add", "clerk", "--role", "clerk", "--region", "s1", "--as", "first")
    for words in (
        ("regions", "load", "regions.csv"),
        ("regions", "load", "regions.csv", "--as", "clerk"),
        ("questions", "load", "loan.toml"),
        ("questions", "load", "loan.toml", "--as", "nobody"),
    ):
        assert changed_nothing(terminal, *words).err.startswith("refused: ")


# --- questions --------------------------------------------------------------------------------------------------------


def test_questions_load_twice_and_again_after_a_change(terminal: Terminal) -> None:
    assert terminal.rows("SELECT count(*) FROM question_versions") == [(4,)]
    again = terminal.run("questions", "load", "loan.toml", "--as", "first")
    assert (again.status, again.out) == (0, "0 questions added, 0 changed, 4 as they were\n")
    assert terminal.rows("SELECT count(*) FROM question_versions") == [(4,)]
    more = BANK.replace("题目loan-002？", "另一题？") + QUESTION.format(code="loan-005")
    terminal.write("loan.toml", more)
    changed = terminal.run("questions", "load", "loan.toml", "--as", "first")
    assert changed.out == "1 questions added, 1 changed, 3 as they were\n"
    assert terminal.rows("SELECT code, version FROM questions ORDER BY code") == [
        ("loan-001", 1),
        ("loan-002", 2),
        ("loan-003", 1),
        ("loan-004", 1),
        ("loan-005", 1),
    ]


def test_checking_questions_needs_no_settings(terminal: Terminal) -> None:
    what_ships = bare_terminal(terminal.folder).run("questions", "check")
    assert (what_ships.status, what_ships.out.splitlines()[-1]) == (0, "no problems")
    found = bare_terminal(terminal.folder).run("questions", "check", "loan.toml")
    assert (found.status, found.out) == (1, "")
    assert "loan.toml: loan-001: the explanation has 2 characters -> use 30 to 300" in found.err
    assert "loan.toml: loan-002: asks nearly the same as loan-001 -> " in found.err


BAD_QUESTIONS = [
    (('kind = "single"', 'kind = "essay"'), "loan-001 kind: "),
    (('answer = ["A"]', 'answer = ["D"]'), "loan-001: the answer names D, which is no option -> "),
    (("reviewed = 2026-11-20", 'reviewed = "soon"'), "loan-001: reviewed is not a date -> write reviewed = 2026-11-20"),
    (('code = "loan-001"', 'code = "loan-002"'), "loan-002: this code stands in bad.toml too -> give it its own"),
    (('code = "loan-001"', 'code = "loan-001'), "TOML: "),
]


@pytest.mark.parametrize(("change", "told"), BAD_QUESTIONS)
def test_a_broken_question_file_is_named_by_entry_and_nothing_of_it_is_loaded(
    terminal: Terminal, change: tuple[str, str], told: str
) -> None:
    terminal.write("bad.toml", BANK.replace(*change, 1) + QUESTION.format(code="loan-009"))
    said = changed_nothing(terminal, "questions", "load", "bad.toml", "--as", "first")
    assert said.status == 1
    assert said.err.startswith("nothing was changed:\n")
    (line,) = [line for line in said.err.splitlines() if told in line]
    assert " -> " in line


def test_a_code_that_stands_twice_is_named_with_its_file(terminal: Terminal) -> None:
    bank = terminal.folder / "bank"
    bank.mkdir()
    (bank / "loan.toml").write_text(BANK, encoding="utf-8")
    (bank / "more.toml").write_text(BANK, encoding="utf-8")
    said = changed_nothing(terminal, "questions", "load", "bank", "--as", "first")
    assert "bank/more.toml: loan-001: this code stands in bank/loan.toml too" in said.err


# --- campaigns --------------------------------------------------------------------------------------------------------


BAD_CAMPAIGNS = [
    (("cards = 10", 'cards = "ten"'), "bad.toml: round[1].cards: "),
    (("cards = 10", "cards = 10\ncolour = 1"), "bad.toml: round[1].colour: "),
    (("2126-12-01T08:00:00+08:00", "2126-12-01T08:00:00"), "bad.toml: opens_at: Write a time with offset"),
    (("slug =", "slug"), "bad.toml: TOML: "),
]


@pytest.mark.parametrize(("change", "told"), BAD_CAMPAIGNS)
def test_a_broken_campaign_file_is_named_by_entry_and_nothing_of_it_is_loaded(
    terminal: Terminal, change: tuple[str, str], told: str
) -> None:
    terminal.write("bad.toml", campaign_of().replace(*change, 1))
    said = changed_nothing(terminal, "campaign", "load", "bad.toml", "--as", "first")
    assert said.status == 1
    assert said.err.startswith(f"nothing was changed:\n{told}")
    assert " -> " in said.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("cards = 10", "cards = 3"), "play: round[1].cards: 3 cards cannot carry 4 prizes"),
        (("count = 3", "count = 5"), "play: paper.plan: 5 of loan, difficulty 1; the bank has 4 -> ask for fewer"),
        (('kind = "goods"', 'kind = "coupon"'), "play: prize tissue: 0 coupons for 4 cards -> quizsvc coupons load"),
    ],
)
def test_check_says_what_keeps_a_draft_from_being_published_and_publish_refuses_it(
    terminal: Terminal, change: tuple[str, str], told: str
) -> None:
    terminal.write("play.toml", campaign_of().replace(*change, 1))
    assert terminal.run("campaign", "load", "play.toml", "--as", "first").status == 0
    checked = changed_nothing(terminal, "campaign", "check", "play")
    assert (checked.status, checked.out.startswith(told)) == (1, True), checked.out
    published = changed_nothing(terminal, "campaign", "publish", "play", "--as", "second")
    assert published.err.startswith(f"nothing was changed:\n{told}")


def test_publishing_needs_a_second_person(terminal: Terminal) -> None:
    loaded = terminal.run("campaign", "load", "play.toml", "--as", "first")
    assert (loaded.status, loaded.out) == (0, "play stands as a draft; next: quizsvc campaign check play\n")
    checked = terminal.run("campaign", "check", "play")
    told = "play: paper.plan: the bank fills every line of the paper plan; it makes 4 different papers"
    assert (checked.status, checked.out) == (0, f"{told}\nplay can be published\n")
    alone = changed_nothing(terminal, "campaign", "publish", "play", "--as", "first")
    assert alone.status == 1
    assert alone.err.endswith("(campaigns.second_person_needed)\n")
    published = terminal.run("campaign", "publish", "play", "--as", "second")
    assert published.status == 0
    ((rules_hash,),) = terminal.rows("SELECT rules_hash FROM campaign_versions")
    assert published.out == f"play is published; rules hash {rules_hash}\n"
    before = terminal.all_rows()
    assert terminal.run("campaign", "publish", "play", "--as", "second") == published
    assert terminal.all_rows() == before
    frozen = changed_nothing(terminal, "campaign", "load", "play.toml", "--as", "first")
    assert frozen.err.endswith("(campaigns.frozen)\n")


def test_a_draft_that_the_second_person_loaded_again_is_the_firsts_to_publish(terminal: Terminal) -> None:
    for name in ("first", "second"):
        assert terminal.run("campaign", "load", "play.toml", "--as", name).status == 0
    assert changed_nothing(terminal, "campaign", "publish", "play", "--as", "second").status == 1
    assert terminal.run("campaign", "publish", "play", "--as", "first").status == 0


@pytest.mark.parametrize(
    ("words", "errcode"),
    [
        (("campaign", "check", "nothing"), "campaigns.unknown"),
        (("campaign", "load", "play.toml", "--as", "nobody"), "accounts.staff_unknown"),
        (("staff", "add", "x", "--role", "clerk", "--region", "nowhere", "--as", "first"), "regions.unknown"),
        (("staff", "add", "x", "--role", "clerk", "--region", "s2", "--as", "second"), "accounts.role_missing"),
        (("staff", "add", "second", "--role", "clerk", "--region", "s1", "--as", "second"), "accounts.role_missing"),
        (("staff", "dismiss", "first", "--as", "second"), "accounts.role_missing"),
    ],
)
def test_a_refusal_is_one_sentence_with_its_code(terminal: Terminal, words: Sequence[str], errcode: str) -> None:
    said = changed_nothing(terminal, *words)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("refused: ")
    assert said.err.endswith(f"({errcode})\n")
    assert len(said.err.splitlines()) == 1


# --- staff ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path: Path) -> Terminal:
    """Tables and regions, and nobody yet."""
    terminal = terminal_in(tmp_path)
    terminal.write("regions.csv", REGIONS)
    for words in (("db", "upgrade"), ("regions", "load", "regions.csv")):
        assert terminal.run(*words).status == 0
    return terminal


def test_the_very_first_is_added_by_nobody_and_the_next_by_the_first(empty: Terminal) -> None:
    first = empty.run("staff", "add", "first", "--role", "operator", "--region", "d")
    assert first.status == 0
    assert first.out.startswith("first is operator on d\npassword, if first is new: ")
    made = first.out.split()[-1]
    assert len(made) >= 12
    assert made not in repr(empty.all_rows())
    intruder = changed_nothing(empty, "staff", "add", "intruder", "--role", "operator", "--region", "d")
    assert intruder.err.endswith("(accounts.role_missing)\n")
    words = ("staff", "add", "clerk", "--role", "clerk", "--region", "s1c1", "--as", "first")
    for _ in range(2):
        assert empty.run(*words).status == 0
    assert empty.rows("SELECT name FROM staff ORDER BY name") == [("clerk",), ("first",)]
    assert empty.rows("SELECT count(*) FROM grants") == [(2,)]


def test_adding_the_very_first_can_be_run_twice(empty: Terminal) -> None:
    words = ("staff", "add", "first", "--role", "operator", "--region", "d", "--password", PASSWORD)
    assert empty.run(*words).status == 0
    before = empty.all_rows()
    again = empty.run(*words)
    assert empty.all_rows() == before
    assert again.status == 0, again.err


def test_a_password_that_is_too_short_is_refused(terminal: Terminal) -> None:
    words = ("staff", "add", "x", "--role", "clerk", "--region", "s1", "--as", "first", "--password", "short")
    said = changed_nothing(terminal, *words)
    assert said.err.endswith("(accounts.password_too_short)\n")


# --- tick -------------------------------------------------------------------------------------------------------------


def test_tick_does_what_is_due_once_and_needs_no_redis(terminal: Terminal) -> None:
    """A campaign of long ago: its round opens and closes, it ends, and then there is nothing left to do."""
    terminal.write("play.toml", campaign_of(2019))
    for words in (("load", "play.toml", "--as", "first"), ("publish", "play", "--as", "second")):
        assert terminal.run("campaign", *words).status == 0
    first, *later = (terminal.run("tick") for _ in range(3))
    done = ["round 1 is open", "round 1 is closed", "is closing", "is closed"]
    assert (first.status, first.out.splitlines()) == (0, [f"play: {one}" for one in done])
    assert later == [Said(0, "", "")] * 2
    assert terminal.rows("SELECT state FROM campaigns") == [("closed",)]
    assert terminal.rows("SELECT state FROM rounds") == [("closed",)]


def test_tick_leaves_the_work_to_whom_it_belongs(terminal: Terminal) -> None:
    held = "INSERT INTO leases VALUES ('tick', '0123456789abcdef0123456789abcdef', datetime('now', '+50 seconds'))"
    with closing(sqlite3.connect(terminal.folder / "quiz.db")) as connection, connection:
        connection.execute(held)
    before = terminal.all_rows()
    said = terminal.run("tick")
    assert (said.status, said.out) == (0, "another tick is at work\n")
    assert terminal.all_rows() == before
