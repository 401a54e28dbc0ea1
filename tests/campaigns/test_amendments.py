"""What an amendment may change: a table of what takes from participants, and of the very edge of what does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quizsvc.campaigns.favour import find_unfavourable
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import Definition, definition_of
from quizsvc.lottery import verifier
from tests.world import CAMPAIGN, START, box, merged

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
OPENS, CLOSES = CAMPAIGN["opens_at"], CAMPAIGN["closes_at"]
CREDIT, TISSUE = CAMPAIGN["prize"]
FAN = {"code": "fan", "name": "反诈扇", "value_fen": 300, "kind": "goods"}
FIRST, LAST = CAMPAIGN["round"]
PAPER = CAMPAIGN["paper"]
LONGER = {"conditions": "本街道居民\n外来务工人员也可参加"}


def definition(**changes: Any) -> Definition:
    return definition_of(read_campaign(merged(CAMPAIGN, **changes), file="play.toml"))


def published(**changes: Any) -> Definition:
    """As the rules in force stand: with what a publication adds."""
    document = dict(definition(**changes).document)
    rounds = [{**one, "commitment": f"{one['no']:064}"} for one in document["rounds"]]
    return definition_of({**document, "rounds": rounds, "version": 1, "closing_draw": {"commitment": "0" * 64}})


def last(**changes: Any) -> dict[str, Any]:
    return {"round": [FIRST, LAST | changes]}


def found(
    after: Definition, *, before: Definition | None = None, now: datetime = START, fixed: tuple[int, ...] = (1,)
) -> list[tuple[str, str]]:
    faults = list(find_unfavourable(before or published(), after, fixed=fixed, now=now))
    assert all(mend for _, _, mend in faults)
    return [(where, what) for where, what, _ in faults]


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"slug": "other"}, "slug", "may not change"),
        ({"title": "别的"}, "title", "may not change"),
        ({"region": "s2"}, "region", "may not change"),
        ({"organiser": {"name": "二街道"}}, "organiser.name", "may not change"),
        ({"privacy": "个人信息保护告知\n更多"}, "privacy", "may not change"),
        ({"rules": {"leftovers": "closing-draw"}}, "rules.leftovers", "may not change"),
        ({"paper": {"plan": PAPER["plan"][::-1]}}, "paper.plan", "may not change"),
        ({"paper": {"plan": PAPER["plan"][:2]}}, "paper.plan", "may not change"),
        ({"closes_at": CLOSES - SECOND}, "closes_at", "gives participants less than before"),
        ({"late_days": 6}, "late_days", "gives participants less than before"),
        ({"rules": {"claim_until": START + 45 * DAY - SECOND}}, "rules.claim_until", "gives participants less"),
        ({"rules": {"max_wins": 1}}, "rules.max_wins", "gives participants less than before"),
        ({"paper": {"minutes": 9}}, "paper.minutes", "gives participants less than before"),
        ({"paper": {"per_day": 2}}, "paper.per_day", "gives participants less than before"),
        ({"paper": {"pass_percent": 81}}, "paper.pass_percent", "rises from 80 to 81"),
        ({"opens_at": OPENS + SECOND}, "opens_at", "is later than before"),
        ({"opens_at": OPENS - SECOND}, "opens_at", "is moved into the past"),
        ({"rules": {"conditions": "本街道居民，限六十岁以上"}}, "rules.conditions", "is changed"),
        ({"rules": {"conditions": "说明\n本街道居民"}}, "rules.conditions", "is changed"),
        ({"rules": {"method": ""}}, "rules.method", "is changed"),
        ({"rules": {"handover": "到街道领取"}}, "rules.handover", "is changed"),
        ({"organiser": {"contact": "025-000000001"}}, "organiser.contact", "is changed"),
        ({"organiser": {"contact": "热线 025-00000000"}}, "organiser.contact", "is changed"),
        ({"partner": []}, "partner", "one is changed, moved or missing"),
        ({"partner": [{"name": "银行"}, {"name": "通信公司"}]}, "partner", "one is changed, moved or missing"),
        ({"rules": {"beacon": "福彩3D 第2026330期"}}, "rules.beacon", "is changed"),
        ({"prize": [CREDIT, TISSUE | {"name": "抽纸"}]}, "prize tissue", "is changed, moved or missing"),
        ({"prize": [CREDIT, TISSUE | {"kind": "coupon"}]}, "prize tissue", "is changed, moved or missing"),
        ({"prize": [CREDIT, TISSUE | {"value_fen": 799}]}, "prize tissue", "is worth less than before"),
        ({"round": [FIRST]}, "round[2]", "is missing"),
        ({"round": [FIRST | {"cards": 41}, LAST]}, "round[1]", "has opened"),
        ({"round": [FIRST | {"prizes": {"credit": 2, "tissue": 7}}, LAST]}, "round[1]", "has opened"),
        ({"round": [FIRST | {"closes_at": LAST["opens_at"] - SECOND}, LAST]}, "round[1]", "has opened"),
        (last(opens_at=LAST["opens_at"] + SECOND), "round[2].opens_at", "is later than before"),
        (last(opens_at=START - SECOND), "round[2].opens_at", "is moved into the past"),
        (last(closes_at=LAST["closes_at"] - SECOND), "round[2].closes_at", "is earlier than before"),
        (last(cards=59), "round[2].cards", "are fewer than before"),
        (last(prizes={"credit": 1, "tissue": 2}), "round[2].prizes", "tissue falls from 3 to 2"),
        (last(prizes={"tissue": 3}), "round[2].prizes", "credit falls from 1 to 0"),
        ({"round": [FIRST, LAST, box(cards=5, prizes={}) | {"opens_at": START - SECOND}]}, "round[3].opens_at", "past"),
    ],
)
def test_each_thing_that_takes_from_participants_is_named(changes: dict[str, Any], where: str, what: str) -> None:
    ((found_where, found_what),) = found(definition(**changes))
    assert found_where == where
    assert what in found_what


@pytest.mark.parametrize(
    "changes",
    [
        {"closes_at": CLOSES + SECOND},
        {"late_days": 8},
        {"rules": {"claim_until": START + 45 * DAY + SECOND}},
        {"rules": {"max_wins": 3}},
        {"paper": {"minutes": 11, "per_day": 4, "pass_percent": 79}},
        {"paper": {"minutes": 0}},
        {"rules": LONGER},
        {"organiser": {"contact": "025-00000000，025-11111111"}},
        {"partner": [{"name": "通信公司"}, {"name": "银行"}]},
        {"prize": [CREDIT, TISSUE | {"value_fen": 801}, FAN]},
        last(opens_at=START),
        last(closes_at=LAST["closes_at"] + SECOND),
        last(prizes={"credit": 1, "tissue": 4}),
        {"prize": [CREDIT, TISSUE, FAN], **last(prizes={"credit": 1, "tissue": 3, "fan": 5})},
        {"round": [FIRST, LAST, box(cards=5, prizes={"tissue": 1}) | {"opens_at": START}]},
    ],
)
def test_the_very_edge_of_what_favours_participants_is_no_fault(changes: dict[str, Any]) -> None:
    assert found(definition(**changes)) == []


def test_an_amendment_that_changes_nothing_is_none() -> None:
    assert found(definition()) == [("file", "changes nothing")]


@pytest.mark.parametrize(("minutes", "faults"), [(0, 0), (24 * 60, 1)])
def test_no_limit_is_more_than_the_longest_one(minutes: int, faults: int) -> None:
    before = published(paper={"minutes": 0})
    after = definition(paper={"minutes": minutes, "per_day": 4})
    assert [where for where, _ in found(after, before=before)] == ["paper.minutes"] * faults


@pytest.mark.parametrize(
    ("opens_at", "now", "what"),
    [
        (OPENS - SECOND, OPENS - SECOND, None),
        (OPENS - 2 * SECOND, OPENS - SECOND, "is moved into the past"),
        (OPENS + SECOND, OPENS - SECOND, "is later than before"),
    ],
)
def test_a_campaign_that_has_not_begun_may_open_earlier(opens_at: datetime, now: datetime, what: str | None) -> None:
    after = definition(opens_at=opens_at, rules={"max_wins": 3})
    assert [one for _, one in found(after, now=now, fixed=())] == ([] if what is None else [what])


@pytest.mark.parametrize(
    ("cards", "tissue", "rarer"),
    [
        (60, 3, []),
        (61, 3, ["tissue", "credit"]),
        (80, 4, ["tissue", "credit"]),  # in proportion to the round's own, and thinner for what is carried into it
        (80, 6, ["credit"]),
        (80, 5, ["tissue", "credit"]),
    ],
)
def test_more_cards_want_more_prizes_also_for_what_may_be_carried(cards: int, tissue: int, rarer: list[str]) -> None:
    """Six tissues and two credits may be carried: 9 tissues of 60 cards want 12 of 80, 3 credits want 4."""
    said = found(definition(**last(cards=cards, prizes={"credit": 1, "tissue": tissue})))
    expected = [("round[2].cards", f"more cards make {code} rarer") for code in rarer]
    assert sorted(said) == (sorted(expected) or [("file", "changes nothing")])
    both = found(definition(**last(cards=80, prizes={"credit": 2, "tissue": 6})))
    assert both == []


def test_a_prize_that_a_round_only_inherits_is_not_made_rarer() -> None:
    before = published(**last(prizes={"credit": 1}))
    said = found(definition(**last(cards=61, prizes={"credit": 2})), before=before)
    assert said == [("round[2].cards", "more cards make tissue rarer")]


COUNTS = st.integers(0, 6)


@settings(max_examples=300, deadline=None)
@given(before=st.tuples(COUNTS, COUNTS), after=st.tuples(COUNTS, COUNTS), cards=st.tuples(st.integers(12, 20), COUNTS))
def test_the_verifier_finds_nothing_in_an_amendment_that_was_in_favour(
    before: tuple[int, int], after: tuple[int, int], cards: tuple[int, int]
) -> None:
    """Whatever the first of two rounds, both still to open, leaves to the second; and it finds what was refused."""

    def rounds(tissue: tuple[int, int], size: int) -> dict[str, Any]:
        one, two = ({"tissue": count} for count in tissue)
        return {"round": [box(cards=99, prizes=one, days=(1, 9)), box(cards=size, prizes=two, days=(9, 29))]}

    old, new = published(**rounds(before, cards[0])), definition(**rounds(after, cards[0] + cards[1]))
    faults = [where for where, _ in found(new, before=old, fixed=()) if where != "file"]
    second = dict(new.document["rounds"][1])
    broken = False
    for left in range(after[0] + 1):
        carried = [{"code": "tissue", "count": left}]
        bundle = {**second, "round": 2, "commitment": old.rounds[1].commitment, "carried": carried}
        try:
            verifier.check_amended(bundle, old.document)
        except verifier.Broken:
            broken = True
    assert not (broken and not faults)
    if after[0] >= before[0]:
        assert broken == any(where.startswith("round[2]") for where in faults)


def test_a_round_whose_number_is_known_may_not_change() -> None:
    more = definition(**last(prizes={"credit": 1, "tissue": 4}))
    assert found(more, fixed=(1, 2))[0][0] == "round[2]"
    assert found(more, fixed=(1,)) == []


NUMBER = "福彩3D 第2026330期"
ADDED = {"closes_at": CLOSES + 9 * DAY, "round": [FIRST, LAST, box(cards=5, prizes={"tissue": 1}, days=(29, 38))]}


@pytest.mark.parametrize(
    ("beacon", "rounds", "what"),
    [
        (f"{NUMBER}，第3轮为第2026360期", ADDED, None),
        (NUMBER, ADDED, "names no number for the added rounds"),
        (f"{NUMBER}9", ADDED, "is changed"),
        ("", ADDED, "is changed"),
        (f"{NUMBER}，另加", {"late_days": 8}, "is changed"),
        (NUMBER, {"late_days": 8}, None),
    ],
)
def test_an_added_box_follows_from_a_number_that_nobody_knows_yet(
    beacon: str, rounds: dict[str, Any], what: str | None
) -> None:
    before = published(rules={"beacon": NUMBER})
    said = found(definition(**rounds, rules={"beacon": beacon}), before=before)
    assert said == ([] if what is None else [("rules.beacon", what)])


def test_everything_is_named_at_once() -> None:
    after = definition(closes_at=CLOSES - SECOND, prize=[TISSUE], title="别的")
    assert [where for where, _ in found(after)] == ["title", "closes_at", "prize credit", "prize tissue"]
