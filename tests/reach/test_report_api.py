"""Reports over HTTP: who may have them, what comes, and that asking again adds nothing."""

import re
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import docx
import pytest
import time_machine
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from werkzeug.test import TestResponse

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.materials import stock
from quizsvc.reach import settling
from quizsvc.regions import service as regions
from tests.materials.place import MATERIALS
from tests.reach.test_survey import FEW, at_home
from tests.world import COMMUNITY, PASSWORD, STREET, Phone, World, at_once

OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA = {
    "docx": f"{OFFICE}.wordprocessingml.document",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
SNAPSHOTS = "report_snapshots"


@pytest.fixture(autouse=True)
def _laid_out(world: World) -> None:
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish(**FEW)


def ask(desk: Phone, form: str = "md", **query: Any) -> TestResponse:
    return desk.get(f"report.{form}", query_string={"campaign": "play"} | query)


def report(desk: Phone, form: str = "md", **query: Any) -> TestResponse:
    answer = ask(desk, form, **query)
    assert answer.status_code == 200, answer.get_json()
    return answer


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("form", MEDIA)
def test_a_report_comes_as_a_file_with_its_names(world: World, form: str) -> None:
    answer = report(world.desk("second"), form)
    assert answer.content_type == MEDIA[form]
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    told = re.fullmatch(
        r"attachment; filename=\"(\S+)\"; filename\*=UTF-8''(\S+)", answer.headers["Content-Disposition"]
    )
    assert told
    assert told[1] == f"report-2026-11-30-2026-12-01.{form}"
    assert unquote(told[2]) == f"一街道反诈宣传工作简报2026-11-30至2026-12-01.{form}"
    (stored,) = world.rows("SELECT id FROM report_snapshots")
    assert answer.headers["X-Snapshot"].replace("-", "") == str(stored[0]).replace("-", "")


def test_the_document_says_that_these_are_files(world: World) -> None:
    paths = world.phone().get("openapi.json").get_json()["paths"]
    for form, media in MEDIA.items():
        operation = paths[f"/api/v1/report.{form}"]["get"]
        fine = operation["responses"]["200"]
        assert fine["content"] == {media: {"schema": {"type": "string", "format": "binary"}}}
        assert set(fine["headers"]) == {"X-Snapshot"}
        assert {one["name"] for one in operation["parameters"]} == {"campaign", "from", "to", "region", "snapshot"}


def test_all_forms_hold_the_same_figures_of_one_snapshot(world: World) -> None:
    for _ in range(3):
        at_home(world).deal()
    desk = world.desk("second")
    answers = {form: report(desk, form) for form in MEDIA}
    assert len({one.headers["X-Snapshot"] for one in answers.values()}) == world.count(SNAPSHOTS) == 1
    assert "答题3人" in text_of(answers["md"]).replace("\\", "")
    said = [one.text for one in docx.Document(BytesIO(answers["docx"].data)).paragraphs]
    assert any("答题3人" in line for line in said)
    assert "online.participants,答题人数,,3,人" in text_of(answers["csv"])
    rows = CalamineWorkbook.from_filelike(BytesIO(answers["xlsx"].data)).get_sheet_by_name("总数").to_python()
    assert [row[3] for row in rows if row[8] == "online.participants"] == [3.0]


def test_asking_again_adds_nothing_until_something_changes(world: World, clock: time_machine.Traveller) -> None:
    desk = world.desk("second")
    first = report(desk)
    clock.shift(timedelta(minutes=5))
    again = report(desk)
    assert (again.data, again.headers["X-Snapshot"]) == (first.data, first.headers["X-Snapshot"])
    assert desk.ask("HEAD", "report.docx?campaign=play").headers["X-Snapshot"] == first.headers["X-Snapshot"]
    at_home(world).deal()
    changed = report(desk)
    assert world.count("dirty_keys") == 0, "what waits is counted first"
    assert "答题1人" in text_of(changed)
    assert f"与上一份报告（{first.headers['X-Snapshot']}）不同的数字" in text_of(changed)
    assert "| 答题人数 online.participants |  | 0人 | 1人 |" in text_of(changed).replace("\\", "")
    later = report(desk)
    assert later.data == changed.data, "what changed is still said"
    assert world.count(SNAPSHOTS) == 2
    assert report(desk, region=COMMUNITY).headers["X-Snapshot"] != later.headers["X-Snapshot"]
    assert report(desk, to="2026-11-30").headers["X-Snapshot"] != later.headers["X-Snapshot"]
    old = desk.get("report.md", query_string={"snapshot": first.headers["X-Snapshot"]})
    assert old.data == first.data
    assert world.count(SNAPSHOTS) == 4


def test_another_name_of_a_material_is_another_report(world: World) -> None:
    desk = world.desk("second")
    first = report(desk)
    with transaction():
        db.session.execute(
            text("UPDATE materials SET name = '别的名字' WHERE code = :code"), {"code": MATERIALS[0].code}
        )
    assert report(desk).headers["X-Snapshot"] != first.headers["X-Snapshot"]


def test_those_who_ask_at_once_get_one_snapshot(world: World) -> None:
    at_home(world).deal()
    desk = world.desk("second")
    report(desk)  # so that nothing waits
    for number, day in enumerate(("2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05"), start=2):

        def act(last: str = day) -> str:
            return report(Phone(desk.app, token=desk.token), to=last).headers["X-Snapshot"]

        assert len(set(at_once(*[act] * 6))) == 1
        assert world.count(SNAPSHOTS) == number


def test_what_waits_is_counted_however_much_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction takes."""
    monkeypatch.setattr(settling, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(settling, "settle", partial(settling.settle, limit=2))
    for _ in range(7):
        at_home(world).deal()
    assert world.count("dirty_keys") >= 7
    assert "答题7人" in text_of(report(world.desk("second")))
    assert world.count("dirty_keys") == 0


@pytest.mark.parametrize(
    ("who", "region", "status"),
    [
        ("operator", None, 200),
        ("second", COMMUNITY, 200),
        ("auditor", None, 200),
        ("partner", None, 200),
        ("partner", "d", 403),
        ("clerk", None, 403),
        ("clerk", COMMUNITY, 403),
        ("second", "s2", 403),
        ("second", "s9", 404),
    ],
)
def test_who_may_have_a_report(world: World, who: str, region: str | None, status: int) -> None:
    with transaction():
        street, granter = regions.get_region(STREET), accounts.get_staff("operator")
        accounts.add_staff("partner", password=PASSWORD, role="partner", region=street, granter=granter, now=utcnow())
    at_home(world).deal()
    query = {} if region is None else {"region": region}
    assert ask(world.desk(who), "docx", **query).status_code == status
    assert world.count(SNAPSHOTS) == (status == 200)
    assert (world.count("dirty_keys") == 0) is (status == 200), "nothing is counted for who may not ask"


def test_a_stored_report_is_for_who_may_have_its_region(world: World) -> None:
    stored = report(world.desk("operator"), region="d").headers["X-Snapshot"]
    for who, status in (("operator", 200), ("second", 403), ("clerk", 403)):
        assert world.desk(who).get("report.xlsx", query_string={"snapshot": stored}).status_code == status
    assert world.desk("operator").get("report.xlsx", query_string={"snapshot": uuid4()}).status_code == 404


def test_a_citizen_or_nobody_has_no_report(world: World) -> None:
    for phone in (world.citizen(), world.phone()):
        assert ask(phone, "docx").status_code == 401


@pytest.mark.parametrize("form", MEDIA)
def test_a_damaged_snapshot_is_refused(world: World, form: str) -> None:
    desk = world.desk("second")
    stored = report(desk).headers["X-Snapshot"]
    with transaction():
        db.session.execute(text("UPDATE report_snapshots SET document = replace(document, '一街道', '二街道')"))
    for query in ({"snapshot": stored}, {"campaign": "play"}):
        answer = desk.get(f"report.{form}", query_string=query)
        assert (answer.status_code, answer.get_json()["errcode"]) == (409, "reach.snapshot_damaged")


def test_several_campaigns_are_named_again_or_with_commas(world: World) -> None:
    world.publish(slug="other", title="另一活动", **FEW)
    person = at_home(world)
    person.deal()
    notice = person.get("campaigns/other/privacy").get_json()
    person.put("me/consents/privacy", json={"version": notice["version"], "granted": True})
    person.deal("other")
    desk = world.desk("second")
    answers = [
        desk.get(f"report.md?{query}") for query in ("campaign=play&campaign=other", "campaign=play,%20other,play")
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    said = text_of(answers[0])
    assert "测试活动、另一活动" in said
    assert "答题1人" in said, "one person in two campaigns"
    world.draft(slug="secret", **FEW)
    for query in ("campaign=play,unheard-of", "campaign=secret"):
        assert desk.get(f"report.md?{query}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"campaign": ""},
        {"campaign": " , "},
        {"campaign": ",".join(f"c{n}" for n in range(51))},
        {"campaign": "x" * 41},
        {"campaign": "play", "from": "2026-12-02", "to": "2026-12-01"},
        {"campaign": "play", "from": "yesterday"},
        {"snapshot": "x"},
        {"campaign": "play", "snapshot": str(uuid4())},
        {"region": STREET, "snapshot": str(uuid4())},
    ],
)
def test_a_question_that_is_none_is_refused_by_field(world: World, query: dict[str, str]) -> None:
    answer = world.desk("second").get("report.docx", query_string=query)
    assert (answer.status_code, answer.get_json()["errcode"]) == (422, "http.bad_shape")
    assert answer.get_json()["fields"]


@pytest.mark.parametrize(
    ("first", "status"), [("1999-12-31", 422), ("2000-01-01", 200), ("2999-12-31", 200), ("3000-01-01", 422)]
)
def test_days_at_the_ends_of_time_break_nothing(world: World, first: str, status: int) -> None:
    """At most ten years are counted, however long was asked for."""
    answer = ask(world.desk("second"), "csv", **{"from": first, "to": "9999-12-31"})
    assert answer.status_code == status, answer.get_json()
    statistics = world.desk("second").get("campaigns/play/statistics", query_string={"from": first, "to": "9999-12-31"})
    assert statistics.status_code == status
