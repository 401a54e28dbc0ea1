"""The bank at the desk: found, read, reviewed; tables out and in, which change what their preview said."""

import io
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from quizsvc.kit.db import reading, transaction
from quizsvc.kit.sheets import csv_text
from quizsvc.quiz import bank, bank_store, lifecycle
from quizsvc.quiz.lifecycle import Entry
from tests.desk.browser import Browser, at_desk
from tests.world import QUESTIONS, World

HEADINGS = [
    "编号",
    "诈骗类型",
    "题型",
    "难度",
    "题干",
    "选项A",
    "选项B",
    "选项C",
    "答案",
    "解析",
    "来源",
    "审核日期",
    "状态",
]
FIRST = QUESTIONS[0]


def row(code: str, stem: str, state: str = "", **cells: str) -> list[str]:
    said = dict(
        zip(
            HEADINGS,
            [
                code,
                "虚假贷款",
                "单选",
                "2",
                stem,
                "甲说法",
                "乙说法",
                "丙说法",
                "A",
                "解析文字",
                "反诈常识",
                "2026-11-01",
                state,
            ],
            strict=True,
        )
    )
    return list((said | cells).values())


def upload(browser: Browser, *rows: list[str], name: str = "题库.csv", content: bytes | None = None) -> Any:
    browser.open("/desk/question-upload")
    sent = content if content is not None else csv_text([HEADINGS, *rows]).encode()
    boundary, body = encode_multipart(
        {"csrf_token": browser.token(), "file": FileStorage(io.BytesIO(sent), filename=name)}
    )
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.open("/desk/question-upload", "POST", data=body, content_type=kind)


def confirm(browser: Browser) -> Any:
    return browser.send("/desk/question-load", **{name: browser.hidden(name) for name in ("name", "seen", "content")})


def standing() -> dict[str, tuple[str, int, str]]:
    """State, newest version and stem of every question."""
    with reading():
        return {code: (one.shown, one.newest, text.stem) for code, (one, text) in bank_store.list_standing().items()}


# --- in ---------------------------------------------------------------------------------------------------------------


def test_an_upload_changes_exactly_what_its_preview_said(world: World) -> None:
    browser, before = at_desk(world, "operator"), standing()
    rows = [
        row("loan-001", "改过的题干？", "已审核"),
        row("loan-100", "新的题干？"),
        row("loan-101", "又一题？", "已审核"),
    ]
    assert upload(browser, *rows).status_code == 200
    said = browser.text()
    assert "新增 2 题，修改 1 题，0 题没有变化" in said
    assert f"题干 {FIRST.stem} 改过的题干？" in said
    assert standing() == before
    assert confirm(browser).status_code == 303
    after = standing()
    assert after == before | {
        "loan-001": ("reviewed", 2, "改过的题干？"),
        "loan-100": ("draft", 1, "新的题干？"),
        "loan-101": ("reviewed", 1, "又一题？"),
    }
    told = world.rows("SELECT actor, act, subject FROM audit WHERE act LIKE 'question%' ORDER BY id")
    assert told == [
        ("operator", "questions.load", "题库.csv"),
        *(("operator", "question.load", code) for code in ("loan-001", "loan-100", "loan-101")),
    ]
    (kept,) = world.rows("SELECT before, after FROM audit WHERE act = 'question.load' AND subject = 'loan-001'")
    assert FIRST.stem in str(kept[0]).encode().decode("unicode_escape") or FIRST.stem in str(kept[0])


@pytest.mark.parametrize(
    ("kind", "options", "answer"), [("单选", "甲乙丙", "B"), ("多选", "甲乙丙", "AB"), ("判断", "", "对")]
)
def test_one_question_is_written_and_changed_in_a_form(world: World, kind: str, options: str, answer: str) -> None:
    browser, before = at_desk(world, "operator"), standing()
    browser.open("/desk/question-form")
    typed = browser.fields() | {
        "编号": "loan-100",
        "诈骗类型": "虚假贷款",
        "题型": kind,
        "题干": "=新题？",
        "答案": "Z",
    }
    typed |= {"解析": "因为。", "来源": "反诈常识", "审核日期": "2026-11-20"}
    typed |= {f"选项{letter}": text for letter, text in zip("ABC", options, strict=False)}
    assert browser.send("/desk/question-form", **typed).status_code == 422
    assert "=新题？" in browser.text()  # kept as it was typed
    assert "第 2 行" not in browser.text()
    assert browser.send("/desk/question-form", **browser.fields() | {"答案": answer}).status_code == 200
    assert "新增 1 题" in browser.text()
    assert standing() == before
    assert confirm(browser).status_code == 303
    assert standing() == before | {"loan-100": ("draft", 1, "=新题？")}
    browser.open("/desk/question-form?code=loan-100")
    changed = browser.fields() | {"题干": "改过？"}
    assert browser.send("/desk/question-form", **changed).status_code == 200
    assert "修改 1 题" in browser.text()
    assert confirm(browser).status_code == 303
    assert standing()["loan-100"] == ("draft", 2, "改过？")


def test_what_would_change_something_else_is_previewed_again(world: World) -> None:
    browser = at_desk(world, "operator")
    upload(browser, row("loan-001", "我的题干？", "已审核"))
    with transaction():
        bank.load_entries(
            [Entry(replace(FIRST, stem="别人的题干？"), lifecycle.REVIEWED)], by="second", second_person=False
        )
    before = standing()
    assert confirm(browser).status_code == 409
    assert "没有导入" in browser.text()
    assert "题干 别人的题干？ 我的题干？" in browser.text()
    assert standing() == before
    assert confirm(browser).status_code == 303
    assert standing()["loan-001"] == ("reviewed", 3, "我的题干？")


def test_every_fault_of_a_table_is_listed_with_its_row_and_nothing_is_taken_over(world: World) -> None:
    browser, before = at_desk(world, "operator"), standing()
    rows = [
        row("loan-100", "好的题？"),
        row("loan-101", "题？", 难度="9", 诈骗类型="没有的"),
        row("loan-102", "题？", 答案="D", 审核日期="昨天"),
    ]
    assert upload(browser, *rows).status_code == 422
    said = browser.text()
    for fault in (
        "第 3 行“难度”：“9”不是难度",
        "第 3 行“诈骗类型”：没有“没有的”这一类",
        "第 4 行“审核日期”：“昨天”不是日期",
    ):
        assert fault in said, said
    assert upload(browser, row("loan-100", "题？", 答案="D")).status_code == 422
    assert "答案 D 不在选项里" in browser.text()
    assert upload(browser, name="a.docx", content=b"x").status_code == 422
    assert upload(browser, name="a.xlsx", content=b"x").status_code == 422
    assert "不是完好的 .xlsx" in browser.text()
    assert standing() == before


def test_a_downloaded_table_reads_back_as_no_change(world: World) -> None:
    browser = at_desk(world, "operator")
    for suffix in ("xlsx", "csv"):
        answer = browser.open(f"/desk/question-file?format={suffix}")
        assert f".{suffix}" in answer.headers["Content-Disposition"]
        assert upload(browser, name=f"bank.{suffix}", content=answer.data).status_code == 200
        assert f"新增 0 题，修改 0 题，{len(QUESTIONS)} 题没有变化" in browser.text()
    assert browser.open("/desk/question-file?format=exe").status_code == 404


def test_a_bank_of_more_than_an_api_call_may_send_can_be_uploaded_and_no_more_than_is_said(world: World) -> None:
    browser = at_desk(world, "operator")
    rows = [row(f"loan-{n:04}", f"第{n}题" + "长" * 200 + "？", 解析="解" * 300) for n in range(1000, 1300)]
    assert upload(browser, *rows).status_code == 200
    assert confirm(browser).status_code == 303
    assert len(standing()) == len(QUESTIONS) + 300
    assert upload(browser, content=b"x" * (3 * 2**20)).status_code == 413


# --- reviews ----------------------------------------------------------------------------------------------------------


def test_questions_are_reviewed_and_retired(world: World) -> None:
    browser = at_desk(world, "operator")
    upload(browser, row("loan-100", "新的题干？"))
    confirm(browser)
    for state, shown in (("reviewed", "reviewed"), ("retired", "retired")):
        assert browser.open(f"/desk/question-states?code=loan-100&code=loan-002&state={state}").status_code == 200
        assert "新的题干？" in browser.text()
        answer = browser.open(
            "/desk/question-states",
            "POST",
            data={"csrf_token": browser.token(), "code": ["loan-100", "loan-002"], "state": state},
        )
        assert answer.status_code == 303
        assert [standing()[code][0] for code in ("loan-100", "loan-002", "loan-003")] == [shown, shown, "reviewed"]
    assert browser.open("/desk/question-states?code=nothing&state=retired").status_code == 404
    assert browser.open("/desk/question-states?code=loan-003&state=draft").status_code == 400


def test_a_second_person_reviews_where_the_setting_says_so(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "QUESTION_SECOND_PERSON", True)
    author = at_desk(world, "operator")
    upload(author, row("loan-001", "改过的题干？", "已审核"))
    assert "修改待审核" in author.text()
    confirm(author)
    for name, status in (("operator", 409), ("second", 303)):
        browser = at_desk(world, name)
        browser.open("/desk/question-states?code=loan-001&state=reviewed")
        assert browser.send("/desk/question-states", code="loan-001", state="reviewed").status_code == status
        if status == 409:
            assert "最近一次由 operator 修改" in browser.text()
            assert standing()["loan-001"][0] == "waiting"
    assert standing()["loan-001"] == ("reviewed", 2, "改过的题干？")


# --- reading ----------------------------------------------------------------------------------------------------------


def test_questions_are_found_by_type_state_and_words_and_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = at_desk(world, "auditor")
    browser.open("/desk/questions?scam_type=romance")
    assert "romance-001" in browser.text()
    assert "loan-001" not in browser.text()
    browser.open("/desk/questions?word=题目12")
    assert "loan-012" in browser.text()
    assert "loan-001" not in browser.text()
    browser.open("/desk/questions?state=retired")
    assert "没有符合条件的题目" in browser.text()
    monkeypatch.setattr("quizsvc.backoffice.desk.scope.PAGE", 8)
    listed: list[str] = []
    browser.open("/desk/questions?scam_type=loan")
    listed += [code for code in (f"loan-{n:03}" for n in range(1, 13)) if code in browser.text()]
    browser.open(browser.link("下一页"))
    listed += [code for code in (f"loan-{n:03}" for n in range(1, 13)) if code in browser.text()]
    assert listed == [f"loan-{n:03}" for n in range(1, 13)]


def test_a_question_shows_what_citizens_see_its_versions_and_how_it_fared(world: World) -> None:
    world.publish()
    citizen = world.citizen()
    paper = citizen.deal()
    citizen.hand_in(paper)
    with transaction():
        bank.load_entries([Entry(replace(QUESTIONS[-1], stem="新题干？"), None)], by="second", second_person=True)
    browser = at_desk(world, "auditor")
    assert browser.open("/desk/questions/romance-001").status_code == 200
    said = browser.text()
    assert "等待审核；现在出题用的仍是第 1 版" in said
    assert "第 1 版 1 次 100.0% A 100.0%，B 100.0%，C 0.0% 样本不足" in said
    assert "第 2 版 待审核 新题干？" in said
    assert browser.open("/desk/questions/nothing").status_code == 404


def test_an_auditor_reads_and_changes_nothing(world: World) -> None:
    browser, before = at_desk(world, "auditor"), standing()
    browser.open("/desk/questions")
    for word in ("上传题目", "停用"):
        assert word not in browser.text().replace("已停用", "")
    for path in ("question-upload", "question-load", "question-states"):
        browser.open("/desk/questions")
        assert browser.send(f"/desk/{path}", code="loan-001", state="retired").status_code == 403
    assert standing() == before
