"""The bulletin's words: golden text, every number traced, what is missing said."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import orjson

from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.comparison import Comparison
from quizsvc.reach.figures import Month
from quizsvc.reach.markdown import markdown_of
from quizsvc.reach.metrics import METRICS
from quizsvc.reach.snapshots import CaseFigures, Heading, Snapshot, document_of, find_changes, snapshot_of
from quizsvc.reach.survey import NO_RESIDENTS, Figure, Period, Survey, count_of

FIGURES = [
    count_of("online.audience", 30012),
    count_of("online.participants", 21304),
    Figure(METRICS["online.participation"], None, reason=NO_RESIDENTS),
    count_of("offline.volunteers_enrolled", 71, kind="volunteer"),
    count_of("offline.volunteers_enrolled", 0, kind="grid-worker"),
    count_of("offline.volunteers_enrolled", 137, kind="building-head"),
    count_of("offline.volunteers_enrolled", 208),
    count_of("offline.handed_out", 5120, unit="盒", material="tissue"),
    count_of("offline.handed_out", 2043, unit="个", material="fan"),
    count_of("offline.handed_out", 60412, unit="份", material="leaflet"),
    count_of("offline.handed_out", 0, unit="把", material="none"),
    count_of("offline.handed_out", 77, unit="盒", material="tissue", region="s1c1"),
]
CASES = [
    CaseFigures("filed", Month(2026, 1), Month(2026, 8), Comparison("同比", 396, 500), ["分局通报"]),
    CaseFigures("loss", Month(2026, 1), Month(2026, 8), Comparison("同比", 100, 0, "上年同期为0"), []),
]
NAMES = {
    "kind": {"volunteer": "志愿者", "grid-worker": "网格员", "building-head": "楼长"},
    "material": {"tissue": "反诈抽纸", "fan": "反诈扇子", "leaflet": "宣传彩页", "none": "礼袋"},
}
SNAPSHOT = Snapshot(
    id="0198-a",
    made_by="operator",
    heading=Heading("一街道反诈宣传工作简报", "一街道", ["测试活动"], ["一街道"], ["通信公司"]),
    survey=Survey(
        datetime(2026, 9, 1, tzinfo=UTC), Period(date(2026, 7, 1), date(2026, 8, 31)), "s1", ["play"], FIGURES
    ),
    cases=CASES,
    names=NAMES,
)


def text_of(snapshot: Snapshot) -> str:
    sections = write_bulletin(snapshot).sections
    return "\n".join("".join(one.text for one in said) for section in sections for said in section.sentences)


def test_the_text_is_the_offices() -> None:
    assert text_of(SNAPSHOT) == "\n".join(
        (
            "召集200余名反诈志愿者，其中志愿者71名、楼长137名。",
            "发放反诈抽纸5000余盒、反诈扇子2000余个、宣传彩页6万余份。",
            "累计走访居民无数据、线下触达无数据。",
            "受众约3万人、答题2.1万余人、及格无数据、中奖无数据、兑奖无数据。",
            "参与率未计（常住人口未知）。",
            "截至8月电信网络诈骗案件同比下降20.8%、共396起。",
            "截至8月电信网络诈骗损失同比不可比（上年同期为0）、共1元。",
            "案件数据由来源单位发布，与上述活动数据分别统计、并列呈现。",
        )
    )


def test_every_number_has_a_figure_of_the_dictionary_behind_it() -> None:
    bulletin = write_bulletin(SNAPSHOT)
    sources = {one.no: one for one in bulletin.sources}
    said = [one for section in bulletin.sections for sentence in section.sentences for one in sentence]
    numbered = [one for one in said if re.search(r"\d", one.text)]
    assert len(numbered) == len(sources) == 12
    for one in numbered:
        assert one.no is not None, one
        assert sources[one.no].phrase == one.text
        assert sources[one.no].figure.metric.id in METRICS


def test_volunteers_of_one_kind_are_said_once() -> None:
    alone = [count_of("offline.volunteers_enrolled", 57, kind="grid-worker")]
    figures = [*alone, count_of("offline.volunteers_enrolled", 57)]
    text = text_of(replace(SNAPSHOT, survey=replace(SNAPSHOT.survey, figures=figures)))
    assert text.splitlines()[0] == "召集57名反诈志愿者。"


def test_what_is_not_there_is_said() -> None:
    empty = replace(SNAPSHOT, survey=replace(SNAPSHOT.survey, figures=[]), cases=[])
    text = text_of(empty)
    assert not re.search(r"\d", text)
    assert "志愿者人数无数据。\n本期没有发放物料的记录。" in text
    assert all(line.strip("。") for line in text.splitlines())


def test_a_stored_snapshot_gives_the_same_bytes() -> None:
    stored = snapshot_of(orjson.loads(document_of(SNAPSHOT)), snapshot_id=SNAPSHOT.id, made_by="operator")
    assert document_of(stored) == document_of(SNAPSHOT)
    assert markdown_of(write_bulletin(stored), stored) == markdown_of(write_bulletin(SNAPSHOT), SNAPSHOT)
    assert "发放反诈抽纸5000余盒[4]、" in markdown_of(write_bulletin(stored), stored)


def test_a_name_is_no_markup() -> None:
    named = replace(SNAPSHOT, names=NAMES | {"material": {"tissue": "a|b\n# <img>[x](y)"}})
    assert "a\\|b \\# \\<img\\>\\[x\\](y)5000余盒" in markdown_of(write_bulletin(named), named)


def test_what_arrived_later_is_listed() -> None:
    later = [count_of("online.audience", 30020), *FIGURES[2:], count_of("online.papers", 1)]
    found = find_changes(SNAPSHOT, later)
    changed = [(one.metric, one.then, one.now) for one in found if not one.metric.startswith("cases.")]
    assert changed == [
        ("online.audience", 30012, 30020),
        ("online.papers", None, 1),
        ("online.participants", 21304, None),
    ]
