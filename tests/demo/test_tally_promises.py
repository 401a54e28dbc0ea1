"""What a simulated volunteer counts as a broken promise, each kept once and broken once; and what its books say."""

from collections import Counter
from typing import Any

import pytest

from quizsvc.demo import tally_promises as promises
from quizsvc.demo.books import Books, Said
from quizsvc.demo.line import Journal
from quizsvc.demo.summary import summary_of

Json = dict[str, Any]


def message(name: str = "a", revision: int = 1, *, people: int = 3, boxes: int = 2, **said: Any) -> Json:
    handouts = [{"material": "box", "quantity": boxes}]
    return {"id": name, "revision": revision, "households": 1, "people": people, "handouts": handouts, **said}


def void(name: str = "a", revision: int = 9) -> Said:
    return Said({"id": name, "revision": revision, "void": True}, "created")


def books(*said: Said) -> Books:
    found = Books({("box", "carton"): 24})
    for one in said:
        found.keep(one)
    return found


def created(*words: Any, **said: Any) -> Said:
    return Said(message(*words, **said), "created")


def held(*words: Any, **said: Any) -> Said:
    return Said(message(*words, **said), "held")


# --- the books --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "totals"),
    [
        ([created()], {"tallies": 1, "households": 1, "people": 3, "box": 2}),
        ([created(revision=3, people=7), created(revision=2)], {"tallies": 1, "households": 1, "people": 7, "box": 2}),
        ([created(), created("b")], {"tallies": 2, "households": 2, "people": 6, "box": 4}),
        ([void(), created()], {"voided": 1}),
        ([void()], {}),
        ([created(), held(revision=2)], {"tallies": 1, "households": 1, "people": 3, "box": 2, "held": 1}),
        ([held(), created(revision=2)], {"tallies": 1, "households": 1, "people": 3, "box": 2}),
        ([held(), held(revision=2)], {"held": 1}),
        ([held(), void()], {"voided": 1}),
        ([Said(message(), "rejected"), Said(message(), "conflict")], {}),
        ([created(handouts=[{"material": "box", "quantity": 2, "pack": "carton"}], people=0, households=0)],
         {"tallies": 1, "box": 48}),
    ],
)  # fmt: skip
def test_what_counts_is_the_highest_that_counts_and_no_void_one(said: list[Said], totals: dict[str, int]) -> None:
    assert books(*said).totals() == totals


def test_the_office_decides_what_of_the_held_counts() -> None:
    mine = books(held(), held("b", people=9))
    assert mine.waiting() == [("a", 1), ("b", 1)]
    mine.decisions |= {("a", 1): "refuse", ("b", 1): "count"}
    assert (mine.waiting(), mine.totals()["people"]) == ([], 9)


# --- what is answered -------------------------------------------------------------------------------------------------


def answered(*statuses: str, **changed: Any) -> Json:
    why = {"rejected": "bad_shape", "held": "no_assignment", "conflict": "other_content"}
    faults = {"people": ["Too few."]}
    results = [
        {
            "id": name,
            "revision": 1,
            "status": status,
            "reason": why.get(status),
            "fields": faults if status == "rejected" else None,
        }
        | changed
        for name, status in zip("abc", statuses, strict=False)
    ]
    return {"results": results}


BATCH = [created("a"), held("b"), Said(message("c"), "rejected")]


def faults_of(answer: Json, *, maybe_before: bool = False) -> list[str]:
    return list(promises.faults_of_batch(BATCH, answer, maybe_before=maybe_before))


def test_a_batch_is_answered_in_order_with_the_words_promised() -> None:
    assert faults_of(answered("created", "held", "rejected")) == []
    assert len(faults_of(answered("created", "held"))) == 1
    assert len(faults_of({"results": answered("created", "held", "rejected")["results"][::-1]})) == 1
    for place, word in enumerate(("held", "created", "created")):
        words = ["created", "held", "rejected"]
        words[place] = word
        assert len(faults_of(answered(*words))) == 1


def test_a_duplicate_is_expected_only_where_an_answer_was_lost() -> None:
    answer = answered("duplicate", "duplicate", "rejected")
    assert len(faults_of(answer)) == 2
    assert faults_of(answer, maybe_before=True) == []
    assert len(faults_of(answered("created", "held", "duplicate"), maybe_before=True)) == 1


@pytest.mark.parametrize("changed", [{"reason": None}, {"reason": "because"}])
def test_a_reason_is_one_that_was_published(changed: Json) -> None:
    assert len(faults_of(answered("created", "held", "rejected", **changed))) == 2


def test_a_rejected_one_is_told_which_field() -> None:
    answer = answered("created", "held", "rejected", fields=None)
    assert faults_of(answer) == ["a rejected tally is not told why"]


def test_bootstrap_names_the_campaign_and_leaves_nothing_out() -> None:
    whole = {name: [1] for name in ("assignments", "regions", "materials", "settings")}
    assert list(promises.faults_of_bootstrap({**whole, "campaigns": [{"slug": "demo"}]}, slug="demo")) == []
    assert len(list(promises.faults_of_bootstrap({**whole, "campaigns": [{"slug": "x"}]}, slug="demo"))) == 1
    assert len(list(promises.faults_of_bootstrap({**whole, "regions": [], "campaigns": []}, slug="demo"))) == 2


def own(**changed: Any) -> Json:
    sums = {"tallies": 2, "households": 2, "people": 6}
    settings = [{"setting": "household", **sums}, {"setting": "talk", "tallies": 0, "households": 0, "people": 0}]
    demo = {"slug": "demo", **sums, "settings": settings, "handed_out": [{"material": "box", "quantity": 4}]}
    other = {"slug": "other", "tallies": 9, "households": 9, "people": 9, "settings": [], "handed_out": []}
    other |= {"voided": 0, "held": 0, "settings": [{"tallies": 9, "households": 9, "people": 9}]}
    return {"campaigns": [demo | {"voided": 1, "held": 0} | changed, other]}


def test_own_totals_are_the_books_to_the_piece() -> None:
    known = Counter({"tallies": 2, "households": 2, "people": 6, "box": 4, "voided": 1})

    def faults(content: Json) -> int:
        return len(list(promises.faults_of_own_totals(content, slug="demo", known=known)))

    assert faults(own()) == 0
    assert faults(own(voided=2)) == faults(own(held=1)) == 1
    assert faults(own(handed_out=[{"material": "box", "quantity": 5}])) == 1
    assert faults(own(handed_out=[{"material": "box", "quantity": 4}, {"material": "fan", "quantity": 1}])) == 1
    assert faults(own(people=7)) == 2, "not what is known, and not what the settings add up to"
    assert faults({"campaigns": []}) == 5


def test_own_stock_is_what_was_handed_out() -> None:
    known = Counter({"tallies": 2, "box": 4})

    def faults(on_hand: int, *, overdrawn: bool = True, material: str = "box") -> int:
        line = {"material": {"code": material}, "on_hand": on_hand, "overdrawn": overdrawn}
        return len(list(promises.faults_of_own_stock({"stock": [line]}, known=known)))

    assert faults(-4) == 0
    assert faults(-5) == faults(-4, overdrawn=False) == 1
    assert faults(-4, material="fan") == 2
    assert len(list(promises.faults_of_own_stock({"stock": []}, known=known))) == 1


def test_the_summary_shows_what_is_known_beside_what_was_told() -> None:
    journal = Journal(volunteers=2, reported=Counter({"batches": 3, "  held": 1}))
    journal.known.update({"box": 1200})
    journal.told.update({"box": 1199, "fan": 1})
    shown = [line.split() for line in summary_of(journal).splitlines()]
    assert ["volunteers", "2"] in shown
    assert ["held", "1"] in shown
    assert ["box", "1,200", "1,199"] in shown
    assert ["fan", "0", "1"] in shown
