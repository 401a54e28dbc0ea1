"""The bulletin as Word: what the Markdown says, word for word, and charts of the same figures."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import docx
import orjson
import pytest
import time_machine
from python_calamine import CalamineWorkbook

from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.markdown import markdown_of
from quizsvc.reach.snapshots import Heading, Snapshot, document_of, find_changes, snapshot_of
from quizsvc.reach.survey import Figure, Period, count_of
from quizsvc.reach.word import word_of
from tests.reach.test_report_bulletin import FIGURES, NAMES, SNAPSHOT

PERIOD = Period(date(2026, 7, 1), date(2026, 8, 31))
BY_DAY = [count_of("online.participants", n, day=day.isoformat()) for n, day in enumerate(PERIOD.days)]
BY_REGION = [
    count_of("offline.household_tallies", 7 * n % 31, region=f"c{n:02}") for n in range(1, 34)
]  # in order of code, and in no other
ELSEWHERE = count_of("offline.household_tallies", 3, region="")
REGIONS = {one.of["region"]: f"第{n}社区" for n, one in enumerate(BY_REGION, start=1)} | {"": "其他区域"}
HOSTILE = (
    '=HYPERLINK("http://example.invalid","x")',
    "<b>&amp;\"'</b>",
    "a\x00b\x0b\x1fc\ud800d",
    "|x|\n# y",
    "]]><w:p/>",
)
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def with_figures(*figures: Figure, names: dict[str, dict[str, str]] | None = None) -> Snapshot:
    survey = replace(SNAPSHOT.survey, figures=[*FIGURES, *figures], period=PERIOD)
    return replace(SNAPSHOT, survey=survey, names=NAMES | (names or {"region": REGIONS}))


FULL = with_figures(*BY_DAY, *BY_REGION, ELSEWHERE)


def written(snapshot: Snapshot) -> bytes:
    return word_of(write_bulletin(snapshot), snapshot)


def paragraphs_of(content: bytes) -> list[str]:
    return [one.text for one in docx.Document(BytesIO(content)).paragraphs if one.text]


def tables_of(content: bytes) -> list[list[list[str]]]:
    tables = docx.Document(BytesIO(content)).tables
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]


def charts_of(content: bytes) -> list[tuple[ET.Element, list[list[Any]]]]:
    """Every chart, with the rows of the workbook inside."""
    found = []
    with zipfile.ZipFile(BytesIO(content)) as parts:
        for number in range(1, sum(name.startswith("word/charts/chart") for name in parts.namelist()) + 1):
            (target,) = re.findall(
                r'Target="\.\./(.+?)"', parts.read(f"word/charts/_rels/chart{number}.xml.rels").decode()
            )
            book = CalamineWorkbook.from_filelike(BytesIO(parts.read(f"word/{target}")))
            chart = ET.fromstring(parts.read(f"word/charts/chart{number}.xml"))
            found.append((chart, book.get_sheet_by_name("数据").to_python()))
    return found


def cached(chart: ET.Element, kind: str) -> list[str | None]:
    """What a reader sees: the cache of the names (cat) or the values (val)."""
    (cache,) = chart.findall(f".//{CHART}{kind}//{CHART}{'strCache' if kind == 'cat' else 'numCache'}")
    count = cache.find(f"{CHART}ptCount")
    assert count is not None
    points = {int(one.attrib["idx"]): one.findtext(f"{CHART}v") for one in cache.findall(f"{CHART}pt")}
    return [points.get(no) for no in range(int(count.attrib["val"]))]


def words_of(chart: ET.Element) -> list[str]:
    """The title and the axes' titles."""
    texts = chart.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}t")
    return [one.text or "" for one in texts]


def test_word_says_what_the_markdown_says() -> None:
    """Title, sentences with their marks, and every cell of what stands behind the numbers and of what changed."""
    later = replace(
        FULL, before="0197-z", changes=find_changes(SNAPSHOT, [*BY_DAY[:3], count_of("online.audience", 9)])
    )
    markdown = re.sub(r"\\(.)", r"\1", markdown_of(write_bulletin(later), later)).splitlines()
    content = written(later)
    prose = [line.removeprefix("# ").removeprefix("## ") for line in markdown if line and line[0] not in "|-"]
    assert len(prose) > 10
    told = re.compile(r"发放反诈抽纸5000余盒\[\d+\]、反诈扇子2000余个\[\d+\]、宣传彩页6万余份\[\d+\]。")
    assert any(told.fullmatch(line) for line in prose)
    said = paragraphs_of(content)
    assert [line for line in said if line in set(prose)] == prose
    cells = [line.strip("| ").split(" | ") for line in markdown if line.startswith("| ")]
    above, sources, changes = tables_of(content)
    assert ["、".join(row) for row in [*sources, *changes]] == ["、".join(row) for row in cells]
    assert ["：".join(row) for row in above] == [line.removeprefix("- ") for line in markdown if line.startswith("- ")]
    assert ["数据快照", SNAPSHOT.id] in above
    assert ["线上受众 online.audience", "", "30012人", "9人"] in changes


def test_a_charts_cache_its_workbook_and_the_snapshot_are_one() -> None:
    (days, days_book), (regions, regions_book) = charts_of(written(FULL))
    assert cached(days, "cat") == [day.strftime("%m/%d") for day in PERIOD.days]
    assert cached(days, "val") == [str(one.value) for one in BY_DAY]
    assert cached(regions, "cat") == [*(f"第{n}社区" for n in range(1, 34)), "其他区域"], "in order of code"
    assert cached(regions, "val") == [str(one.value) for one in [*BY_REGION, ELSEWHERE]]
    for chart, book in ((days, days_book), (regions, regions_book)):
        names, values = cached(chart, "cat"), cached(chart, "val")
        assert book[1:] == [[name, float(value or "")] for name, value in zip(names, values, strict=True)]
        assert [one.text for one in chart.iter(f"{CHART}f")] == [
            "'数据'!$B$1",
            f"'数据'!$A$2:$A${len(names) + 1}",
            f"'数据'!$B$2:$B${len(names) + 1}",
        ]
    assert words_of(days) == ["每日答题人数（人），2026-07-01至2026-08-31", "日期", "答题人数（人）"]
    assert words_of(regions) == ["各社区入户走访（次），2026-07-01至2026-08-31", "社区", "入户走访（次）"]


def test_what_is_not_known_is_a_gap_and_days_of_two_years_have_their_year() -> None:
    survey = replace(FULL.survey, period=Period(date(2025, 12, 31), date(2026, 1, 1)))
    unknown = replace(BY_DAY[2], value=None, of={"day": "2026-01-01"})
    known = replace(BY_DAY[5], of={"day": "2025-12-31"})
    ((chart, book),) = charts_of(written(replace(FULL, survey=replace(survey, figures=[known, unknown]))))
    assert cached(chart, "cat") == ["2025-12-31", "2026-01-01"]
    assert cached(chart, "val") == ["5", None]
    assert book[1:] == [["2025-12-31", 5.0], ["2026-01-01", ""]]


def test_a_chart_with_nothing_in_it_is_left_out_and_said() -> None:
    content = written(with_figures(*(replace(one, value=0) for one in [*BY_DAY, *BY_REGION])))
    assert charts_of(content) == []
    said = paragraphs_of(content)
    assert "本期没有每日答题人数的记录，不作图。" in said
    assert "本期没有各社区入户走访的记录，不作图。" in said
    nothing = replace(SNAPSHOT, survey=replace(SNAPSHOT.survey, figures=[]), cases=[])
    assert paragraphs_of(written(nothing))[-2:] == ["数据说明", "文中没有数字。"]


def test_more_communities_than_a_page_holds_go_on_under_the_same_scale() -> None:
    many = [count_of("offline.household_tallies", n, region=f"c{n:03}") for n in range(80)]
    charts = [chart for chart, _ in charts_of(written(with_figures(*many)))]
    assert [name for chart in charts for name in cached(chart, "cat")] == [f"c{n:03}" for n in range(80)]
    assert [words_of(chart)[0][-5:] for chart in charts] == ["（1/3）", "（2/3）", "（3/3）"]
    assert [chart.find(f".//{CHART}max").attrib["val"] for chart in charts] == ["79"] * 3  # type: ignore[union-attr]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_text_and_nothing_else(name: str) -> None:
    """In a sentence, a cell, a chart, its workbook and the properties; what XML cannot hold is a space."""
    told = " ".join(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800]", " ", name).split())
    heading = Heading(name, name, [name], [name], [name])
    named = with_figures(*BY_REGION[:1], names={"region": {"c01": name}, "material": {"tissue": name}})
    content = written(replace(named, heading=heading))
    said = paragraphs_of(content)
    assert {f"{told}工作简报", told} <= set(said)
    assert any(re.match(rf"发放{re.escape(told)}5000余盒\[\d+\]、", line) for line in said)
    ((chart, book),) = charts_of(content)
    assert cached(chart, "cat") == [told]
    assert book[1][0] == told
    about = docx.Document(BytesIO(content)).core_properties
    assert (about.title, about.author, about.subject) == (told, told, told)
    with zipfile.ZipFile(BytesIO(content)) as parts:
        with zipfile.ZipFile(BytesIO(parts.read("word/embeddings/chart1.xlsx"))) as book_parts:
            sheet = book_parts.read("xl/worksheets/sheet1.xml").decode()
        assert "hyperlink" not in parts.read("word/document.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def test_a_stored_snapshot_gives_the_same_document_years_later() -> None:
    stored = snapshot_of(orjson.loads(document_of(FULL)), snapshot_id=FULL.id, made_by="somebody else")
    first = zipfile.ZipFile(BytesIO(written(FULL)))
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)):
        again = zipfile.ZipFile(BytesIO(written(stored)))
    assert first.namelist() == again.namelist()
    assert [name for name in first.namelist() if first.read(name) != again.read(name)] == []


def test_the_properties_name_the_office_and_no_person() -> None:
    content = written(replace(FULL, made_by="zhang.san"))
    about = docx.Document(BytesIO(content)).core_properties
    assert (about.author, about.last_modified_by, about.identifier) == ("一街道", "一街道", SNAPSHOT.id)
    assert (about.created, about.language) == (SNAPSHOT.survey.as_of, "zh-CN")
    with zipfile.ZipFile(BytesIO(content)) as parts:
        assert not any(
            b"zhang.san" in parts.read(name) or b"python-docx" in parts.read(name) for name in parts.namelist()
        )
        assert not any("thumbnail" in name for name in parts.namelist())


def test_the_paper_is_an_official_one() -> None:
    page = docx.Document(BytesIO(written(FULL))).sections[0]
    sides = (
        page.page_width,
        page.page_height,
        page.top_margin,
        page.bottom_margin,
        page.left_margin,
        page.right_margin,
    )
    assert [round(one.mm) for one in sides if one is not None] == [210, 297, 37, 35, 28, 26]
    with zipfile.ZipFile(BytesIO(written(FULL))) as parts:
        styles, fonts = (parts.read(f"word/{name}.xml").decode() for name in ("styles", "fontTable"))
    named = set(re.findall(r'w:eastAsia="([^"]+)"', styles)) - {"zh-CN"}
    assert {"仿宋_GB2312", "黑体", "楷体_GB2312"} < named
    assert set(re.findall(r'<w:font w:name="([^"]+)"><w:altName', fonts)) == named, "each says what stands in for it"


@pytest.mark.needs("lowriter")
def test_another_program_reads_the_text_and_draws_the_charts(tmp_path: Path) -> None:
    (tmp_path / "report.docx").write_bytes(written(FULL))
    words = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "odt"]
    subprocess.run([*words, "--outdir", tmp_path, tmp_path / "report.docx"], check=True, capture_output=True)
    shutil.rmtree(tmp_path / "office")
    with zipfile.ZipFile(tmp_path / "report.odt") as parts:
        objects = sorted(name for name in parts.namelist() if re.fullmatch(r"Object \d+/content\.xml", name))
        drawn = [parts.read(name).decode() for name in objects]
        text = re.sub(r"<[^>]+>", "", parts.read("content.xml").decode())
    assert re.search(r"发放反诈抽纸5000余盒\[\d+\]、反诈扇子2000余个\[\d+\]、宣传彩页6万余份\[\d+\]。", text)
    assert len(drawn) == 2
    values = [re.findall(r'office:value-type="float" office:value="(\d+)"', one) for one in drawn]
    assert sorted(values) == sorted([[str(one.value) for one in part] for part in (BY_DAY, [*BY_REGION, ELSEWHERE])])
    places = [[one.index(f">第{n}社区<") for n in range(1, 34)] for one in drawn if "第1社区" in one]
    assert places
    assert all(before < after for before, after in pairwise(places[0]))
