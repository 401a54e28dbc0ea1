"""What is wrong with a table that was handed in is said in Chinese, whatever it is."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.outreach.tally_sheet import MOST_FORMS, read_forms
from quizsvc.outreach.volunteer_sheet import MOST_VOLUNTEERS, read_volunteers
from tests.desk.browser import at_desk
from tests.materials.place import MATERIALS
from tests.world import START, World

PEOPLE = "编号,姓名,类别,区域,从,到\nv1,张三,志愿者,s1c1,2026-12-01,\n"
FORMS = """单号,志愿者编号,活动,区域,场景,日期,时间,户数,人次,修订,作废,反诈抽纸
A-1,v1,play,s1c1,住户,2026-12-01,9:00,1,2,,,3
"""
CHINESE = re.compile(r"[一-鿿]")
NAMES = re.compile(r"“[^”]*”|编号 \S+|单号 \S+|区域 \S+|负责 \S+|Excel|WPS|CSV UTF-8|CSV|\.\w+|\d+")


def people(path: Path) -> object:
    return read_volunteers(path)


def forms(path: Path) -> object:
    return read_forms(path, materials=MATERIALS, now=START)


def refused(read: Callable[[Path], object], path: Path) -> FileRefused:
    with pytest.raises(FileRefused) as raised:
        read(path)
    return raised.value


def require_chinese(refusal: FileRefused) -> None:
    for one in read_faults(refusal.problems):
        for said in (one.place, str(one)):
            assert CHINESE.search(said), said
            assert not re.search("[A-Za-z]{2,}", NAMES.sub("", said)), said


@pytest.mark.parametrize(
    ("read", "good", "was", "becomes"),
    [
        (people, PEOPLE, "类别", "电话"),
        (people, PEOPLE, "姓名", "类别"),
        (people, PEOPLE, "v1", ""),
        (people, PEOPLE, "v1", "v 1"),
        (people, PEOPLE, "张三", "张" * 41),
        (people, PEOPLE, "志愿者", "保安"),
        (people, PEOPLE, "2026-12-01", "昨天"),
        (people, PEOPLE, "2026-12-01", "1026-12-01"),
        (people, PEOPLE, "2026-12-01,", ",2026-12-01"),
        (people, PEOPLE, "2026-12-01,", "2026-12-02,2026-12-01"),
        (people, PEOPLE, "\nv1", "\nv1,李四,志愿者,s1c1,,\nv1"),
        (people, PEOPLE, "\nv1", "\nv1,张三,志愿者,s1c1,,\nv1"),
        (people, PEOPLE, "v1,张三,志愿者,s1c1,2026-12-01,\n", ""),
        (people, PEOPLE, "2026-12-01,", "2026-12-01,,多的"),
        (people, PEOPLE, "张三", '"张三'),
        (people, PEOPLE, "v1,张三,志愿者,s1c1,2026-12-01,\n", "v1,张三,志愿者,s1c1,,\n" * (MOST_VOLUNTEERS + 1)),
        (forms, FORMS, "户数", "门牌"),
        (forms, FORMS, "反诈抽纸", "反诈抽纸(托)"),
        (forms, FORMS, "作废", "修订"),
        (forms, FORMS, "A-1", "A" * 61),
        (forms, FORMS, "住户", "路口"),
        (forms, FORMS, "9:00", "早上"),
        (forms, FORMS, "9:00", "23:00"),
        (forms, FORMS, ",1,2,,,3", ",一,2,0,也许,3.5"),
        (forms, FORMS, "2026-12-01", "1026-12-01"),
        (forms, FORMS, "\nA-1", "\nA-1,v1,play,s1c1,住户,2026-12-01,8:00,1,2,,,\nA-1"),
        (forms, FORMS, "A-1,v1,play,s1c1,住户,2026-12-01,9:00,1,2,,,3\n", ""),
        (forms, FORMS, "A-1,", ",,,\n" * MOST_FORMS + "A-1,"),
    ],
)
def test_a_wrong_table_is_explained_in_chinese(
    tmp_path: Path, read: Callable[[Path], object], good: str, was: str, becomes: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(good, encoding="utf-8")
    assert read(path)
    path.write_text(good.replace(was, becomes, 1), encoding="utf-8")
    require_chinese(refused(read, path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.xls", b"x"),
        ("table.csv", b"\xff\xff\xff"),
        ("table.xlsx", b"no workbook"),
        ("table.xlsx", bytes.fromhex("d0cf11e0a1b11ae1")),
        ("table.xlsx", b"PK\x03\x04 broken"),
    ],
)
def test_a_file_that_is_no_table_is_explained_in_chinese(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    require_chinese(refused(people, path))


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("sheet 上报 row 7 户数", "is TRUE or FALSE, not a text"),
        ("sheet 上报 B7, C9 and more", "a formula"),
        ("sheet 上报 B7", "an error value"),
        ("sheet 上报 B7:C9", "merged cells"),
        ("file", "is a zip archive, but no workbook"),
        ("row 3", "v1 serves s1c1 in sheet 志愿者 row 2 too, and the days overlap"),
        ("row 3", "region s9 is unknown"),
        ("row 3", "region s9 is not in your reach"),
        ("row 3", "v1 is a volunteer of s2"),
        ("form 2", "A-1 stands in form 1 too"),
        ("form 2", "form A-1: id_taken"),
        ("row 3", "campaign: No such campaign."),
        ("row 3", "handouts.0.quantity: Must be greater than or equal to 1 and less than or equal to 9."),
    ],
)
def test_what_only_the_service_finds_is_said_in_chinese_too(where: str, what: str) -> None:
    require_chinese(FileRefused([Problem(where, what, "mend")]))


def test_a_file_that_is_too_large_is_refused_on_a_page(world: World) -> None:
    browser = at_desk(world, "second")
    browser.open("/desk/volunteers/load")
    fields = {"csrf_token": browser.token(), "file": (io.BytesIO(b"x" * 300_000), "名单.csv")}
    assert browser.open("/desk/volunteers/load", "POST", data=fields).status_code == 413
    assert "请求内容过大" in browser.text()
