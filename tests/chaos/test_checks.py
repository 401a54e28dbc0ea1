"""Every invariant of the fault suite, on evidence made by hand: silent where it is honest, loud on its own fault."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.checks import CHECKS, cards_lost, judge
from tests.chaos.evidence import AwardRow, DrawRow, Evidence, RoundRow

Json = dict[str, Any]


def told(ticket: str, position: int, prize: str | None = None, **changes: Any) -> Json:
    receipt = {"round": 1, "position": position, "ticket": f"alias-{position}", "drawn_at": ""}
    answer = {"receipt": receipt, "prize": None if prize is None else {"code": prize}}
    said = {"kind": "draw", "name": ticket, "code": "", "status": 200, "errcode": None, "received": 10.0}
    return {**said, "answer": answer, **changes}


def scanned(scan: str, status: int = 200) -> Json:
    return {"kind": "redeem", "name": scan, "code": "123", "status": status, "errcode": None, "received": 11.0}


def draw(ticket: str, position: int, prize: str | None = None) -> DrawRow:
    return DrawRow(ticket, 1, position, f"alias-{position}", prize)


WIN = AwardRow("award-1", "a", "tissue", "anna", coupons=0, scans=1)
HONEST = Evidence(
    tickets={"a": "anna", "b": "bert"},
    draws=[draw("a", 1, "tissue"), draw("b", 3)],
    awards=[WIN],
    rounds=[RoundRow(1, "closed", {"tissue": 2}, {"tissue": 1}, {1: "tissue", 2: "tissue"})],
    answers=[told("a", 1, "tissue"), told("a", 1, "tissue"), told("b", 3), scanned("s1"), scanned("s2", 409)],
    proposals=[
        {"ticket": "a", "round": 1, "position": 1, "began": 9.0},
        {"ticket": "b", "round": 1, "position": 2, "began": 9.0},  # lost, but not to a replay
        {"ticket": "b", "round": 1, "position": 3, "began": 9.5},
    ],
    goods_out=1,
)
LATE = {"ticket": "a", "round": 1, "position": 2, "began": 10.5}
FAULTS: dict[str, Evidence] = {
    "awards that differ from the prize cards drawn": replace(HONEST, awards=[], goods_out=0),
    "duplicate draws": replace(HONEST, draws=[*HONEST.draws, draw("b", 3)]),
    "acknowledged draws lost": replace(HONEST, answers=[*HONEST.answers, told("c", 2)]),
    "acknowledged answers changed": replace(HONEST, answers=[*HONEST.answers, told("b", 4)]),
    "outcomes that differ from the deck": replace(
        HONEST, rounds=[replace(HONEST.rounds[0], deck={1: "credit", 2: "tissue"})]
    ),
    "tickets spent without a draw": replace(HONEST, tickets={**HONEST.tickets, "c": "carl"}),
    "prizes both won and carried over": replace(HONEST, rounds=[replace(HONEST.rounds[0], left={"tissue": 2})]),
    "people with more wins than allowed": replace(HONEST, max_wins=0),
    "coupons not assigned exactly once": replace(HONEST, awards=[replace(WIN, coupons=1)]),
    "codes redeemed twice": replace(HONEST, answers=[*HONEST.answers, scanned("s3")]),
    "goods that left other than once a redemption": replace(HONEST, goods_out=2),
    "cards lost to replays": replace(HONEST, proposals=[*HONEST.proposals, LATE]),
    "answers of 500": replace(HONEST, answers=[*HONEST.answers, scanned("s4", 500)]),
    "alarms of the verifier": replace(HONEST, alarms=["line 1"]),
}


def test_honest_evidence_raises_no_alarm() -> None:
    assert {finding.name: finding.broken for finding in judge(HONEST) if finding.broken} == {}
    assert cards_lost(HONEST) == 1


def test_every_invariant_is_planted_once() -> None:
    assert FAULTS.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_each_planted_fault_is_found_by_its_own_invariant(name: str) -> None:
    assert [finding.name for finding in judge(FAULTS[name]) if finding.broken] == [name]


def test_the_other_side_of_each_comparison_is_found_too() -> None:
    """Broken the other way round: an award without a card, a prize that nobody has, an answer beside the ledger."""
    other = replace(
        HONEST,
        awards=[WIN, replace(WIN, id="award-2", ticket="b", limit_key="bert", scans=2)],
        rounds=[replace(HONEST.rounds[0], left={})],
        answers=[told("b", 4)],
        draws=[*HONEST.draws, draw("a", 4)],
        goods_out=0,
    )
    found = {finding.name for finding in judge(other) if finding.broken}
    assert found == {
        "awards that differ from the prize cards drawn",
        "duplicate draws",
        "acknowledged answers changed",
        "prizes both won and carried over",
        "codes redeemed twice",
        "goods that left other than once a redemption",
    }
