"""What the slices say about a file is told in Chinese: every sentence of theirs, and every place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import quizsvc
from quizsvc.backoffice.desk.faults import place_of, read_faults
from quizsvc.kit.problems import Problem

PACKAGE = Path(quizsvc.__file__).parent
# What a desk page may be told: campaign files and forms, amendments, tables, questions, coupon lists.
SPEAKERS = (
    "campaigns/rules.py",
    "campaigns/favour.py",
    "lottery/coupons.py",
    "quiz/rules.py",
    "quiz/sheet.py",
    "quiz/bank.py",
    "kit/cells.py",
    "kit/sheets.py",
    "kit/xlsx.py",
    "outreach/reading.py",
    "outreach/volunteer_sheet.py",
    "outreach/tally_sheet.py",
    "outreach/roster.py",
    "reach/sheet.py",
    "reach/cases.py",
    "backoffice/service.py",
    "backoffice/desk/scope.py",
    "backoffice/desk/drafting.py",
    "backoffice/desk/questions.py",
    "backoffice/desk/coupon_lists.py",
    "backoffice/desk/campaign_form.py",
)
# Where in a call the sentence stands.
CALLS = {"Problem": 1, "CellRefused": 0, "_refused": 2}


def said(node: ast.expr) -> str | None:
    """A sentence as it could be told, 7 standing for whatever it is about; None for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            assert isinstance(part, ast.FormattedValue)
            parts.append("'7'" if part.conversion == ord("r") else "7")
    return "".join(parts)


def sentences(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        found: ast.expr | None = None
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) in (2, 3):
            found = node.value.elts[len(node.value.elts) - 2]
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in CALLS and len(node.args) > CALLS[name]:
                found = node.args[CALLS[name]]
            elif name == "append" and isinstance(node.args[0], ast.Tuple) and len(node.args[0].elts) == 2:
                found = node.args[0].elts[0]
        text = None if found is None else said(found)
        if text is not None and " " in text:
            yield text


@pytest.mark.parametrize("module", SPEAKERS)
def test_every_sentence_is_told_in_chinese(module: str) -> None:
    silent = [
        text for text in sentences(module) if read_faults([Problem("file", text, "mend it")])[0].what[:2] == "有误"
    ]
    assert silent == []


def test_the_walk_finds_what_it_is_to_find() -> None:
    found = {module: list(sentences(module)) for module in SPEAKERS}
    assert "is worth more than 50,000 yuan" in found["campaigns/rules.py"]
    assert (
        "7 cards cannot carry 7 prizes (its own and those that rounds before may leave)" in found["campaigns/rules.py"]
    )
    assert "7 falls from 7 to 7" in found["campaigns/favour.py"]
    assert "'7' is no difficulty" in found["quiz/sheet.py"]
    assert "is an old .xls, or protected by a password" in found["kit/xlsx.py"]


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("closes_at", "结束时间"),
        ("rules.claim_until", "领奖截止时间"),
        ("organiser.contact", "主办方的联系方式"),
        ("prize[2].value_fen", "第 2 种奖品的价值"),
        ("round[1].cards", "第 1 轮的签数"),
        ("paper.plan[3].count", "试卷组成第 3 项的题数"),
        ("prize credit", "奖品 credit"),
        ("sheet 题库 row 5 答案", "“题库”表第 5 行“答案”"),
        ("line 3", "第 3 行"),
        ("loan-014", "loan-014"),
    ],
)
def test_a_place_is_named_as_the_form_names_it(where: str, place: str) -> None:
    assert place_of(where) == place


def test_codes_are_told_by_their_names() -> None:
    (fault,) = read_faults(
        [Problem("prize umbrella", "3 coupons for 5 cards", "load them")], names={"umbrella": "雨伞"}
    )
    assert (fault.place, fault.what) == ("奖品 雨伞", "券码只有 3 个，签里有 5 份")


def test_a_sentence_that_nobody_knows_is_shown_as_it_is() -> None:
    (fault,) = read_faults([Problem("file", "speaks in riddles", "ask the oracle")])
    assert "speaks in riddles" in fault.what
