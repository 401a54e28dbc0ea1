"""`quizsvc materials`: lists taken over whole or not at all, deliveries once, books that are printed as they stand."""

from pathlib import Path
from typing import Any

import pytest

from quizsvc.accounts.service import RoleMissing
from quizsvc.kit.problems import FileRefused
from tests.accounts.test_staff import command
from tests.materials.place import VOLUNTEER, balances, enrol, moved, take_back
from tests.world import COMMUNITY, STREET, World

__all__ = ["command"]
LIST = "code,name,unit,pack,factor\ntissue-box,反诈抽纸,盒,箱,24\ntissue-box,反诈抽纸,盒,托,480\nfan,反诈扇,把,,\n"
STOCK = "region,material,quantity,pack,ref\ns1,tissue-box,10,箱,D-1\ns1c1,fan,7,,D-1\n"


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(content: str) -> str:
        path = tmp_path / "list.csv"
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _loaded(world: World, command: Any, written: Any) -> None:
    result = command("materials", "load", written(LIST), "--as", "second")
    assert (result.exit_code, result.output.split(" stand")[0]) == (0, "2 materials")


def packs(world: World) -> list[tuple[Any, ...]]:
    return world.rows("SELECT material, name, factor FROM packs ORDER BY factor")


def test_a_list_loaded_again_changes_nothing_and_a_new_factor_only_what_comes(
    world: World, command: Any, written: Any
) -> None:
    moved(world.desk(), "receive", 2, pack="箱", store=COMMUNITY)
    command("materials", "load", written(LIST), "--as", "second")
    assert packs(world) == [("tissue-box", "箱", 24), ("tissue-box", "托", 480)]
    command("materials", "load", written("code,name,unit,pack,factor\ntissue-box,抽纸,盒,箱,30\n"), "--as", "second")
    assert packs(world) == [("tissue-box", "箱", 30), ("tissue-box", "托", 480)]
    assert world.rows("SELECT code, name FROM materials ORDER BY code") == [("fan", "反诈扇"), ("tissue-box", "抽纸")]
    assert balances(world)[f"store:{COMMUNITY}"] == 48
    assert moved(world.desk(), "receive", 2, pack="箱", store=COMMUNITY)["quantity"] == 60
    assert world.rows("SELECT factor FROM movements ORDER BY factor") == [(24,), (30,)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("leaflet,宣传单,份,包,0", "factor '0'"),
        ("leaflet,宣传单,份,包,-5", "factor '-5'"),
        ("leaflet,宣传单,份,包,1.5", "factor '1.5'"),
        ("leaflet,宣传单,份,包,100001", "factor '100001'"),
        ("leaflet,宣传单,份,包,", "go together"),
        ("leaflet,宣传单,份,,5", "go together"),
        ("leaflet,宣传单,,,", "unit is missing"),
        ("leaflet,,份,,", "name is missing"),
        ("Leaf,宣传单,份,,", "is not a code"),
        ("fan,反诈扇,个,,", "is counted in 把"),
    ],
)
def test_a_list_with_one_wrong_line_is_not_taken_over(
    world: World, command: Any, written: Any, line: str, what: str
) -> None:
    content = f"code,name,unit,pack,factor\nbag,布袋,个,,\n{line}\n"
    result = command("materials", "load", written(content), "--as", "second")
    assert isinstance(result.exception, FileRefused)
    assert what in str(result.exception)
    assert "line 3" in str(result.exception)
    assert world.count("materials", "code = 'bag'") == 0


def test_the_largest_factor_is_taken(world: World, command: Any, written: Any) -> None:
    content = "code,name,unit,pack,factor\nleaflet,宣传单,份,包,100000\nleaflet,宣传单,份,张,1\n"
    assert command("materials", "load", written(content), "--as", "second").exit_code == 0
    assert ("leaflet", "包", 100_000) in packs(world)


def test_a_delivery_is_received_once_per_note_whoever_runs_it(world: World, command: Any) -> None:
    words = ("materials", "receive", STREET, "tissue-box", "3", "--pack", "箱", "--ref", "D-7", "--as")
    first = command(*words, "second")
    assert (first.exit_code, first.output) == (0, "72 盒 tissue-box to store:s1 (D-7)\n")
    assert command(*words, "operator").output == "72 盒 tissue-box to store:s1 (D-7), as before\n"
    assert balances(world) == {"store:s1": 72}
    assert isinstance(command(*words[:2], "s2", *words[3:], "second").exception, RoleMissing)
    assert command(*words[:4], "0", *words[5:], "second").exit_code == 2


def test_opening_stock_comes_whole_or_not_at_all_and_once(world: World, command: Any, written: Any) -> None:
    broken = command("materials", "open", written(f"{STOCK}s2,fan,7,,D-1\n"), "--as", "second")
    assert isinstance(broken.exception, RoleMissing)
    assert world.count("movements") == 0
    for wrong in ("s1,fan,0,,D-1", "s1,fan,1.5,,D-1", "s1,fan,3,,", "s1c1,fan,3,,D-1"):
        result = command("materials", "open", written(f"{STOCK}{wrong}\n"), "--as", "second")
        assert isinstance(result.exception, FileRefused), wrong
        assert "line 4" in str(result.exception)
    for _ in range(2):
        assert command("materials", "open", written(STOCK), "--as", "second").exit_code == 0
    assert (balances(world), balances(world, "fan")) == ({"store:s1": 240}, {"store:s1c1": 7})


def test_the_report_prints_both_sides_of_the_books(world: World, command: Any) -> None:
    operator = world.desk("second")
    moved(operator, "receive", 100, store=STREET)
    moved(operator, "transfer", 60, store=STREET, to_store=COMMUNITY)
    enrol()
    moved(operator, "issue", 30, store=COMMUNITY, volunteer=str(VOLUNTEER))
    moved(operator, "hand_out", 12, volunteer=str(VOLUNTEER))
    take_back(operator, moved(operator, "hand_out", 5, volunteer=str(VOLUNTEER))["id"])
    moved(operator, "loss", 2, store=COMMUNITY)
    moved(operator, "return", 8, store=STREET)
    moved(operator, "count", 29, store=COMMUNITY)
    whole = command("materials", "stock")
    assert whole.exit_code == 0
    assert whole.output.splitlines()[1] == (
        "tissue-box (盒): received 100 + count differences 1 = 101 = 101 = "
        "handed out 12 + lost 2 + returned 8 + on hand 79"
    )
    community = command("materials", "stock", COMMUNITY)
    assert community.output.splitlines()[1] == (
        "tissue-box (盒): received 0 + count differences 1 + moved in 60 = 61 = 61 = "
        "handed out 12 + lost 2 + returned 0 + on hand 47"
    )
    street_store = command("materials", "stock", "s2")
    assert street_store.output.splitlines()[1].endswith("on hand 0")
