"""The verifier's way with anchors against the definition: the lines drawn up to a time, joined and hashed anew."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizsvc.kit.clock import SHANGHAI
from quizsvc.lottery import verifier
from tests.lottery.model import canonical, sha256

START = datetime(2026, 12, 1, tzinfo=SHANGHAI)
MINUTES = st.integers(0, 600)
STRETCH = 4  # so that few lines make many

Json = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _short_stretches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier, "STRETCH", STRETCH)
        yield


def moment(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def line_of(number: int, drawn_at: int) -> Json:
    return {"position": 3 * number + 1, "ticket": f"t{number}", "prize": None, "drawn_at": moment(drawn_at)}


def anchor_of(lines: list[Json], minutes: int) -> Json:
    """By the definition (DESIGN section 10)."""
    covered = [line for line in lines if line["drawn_at"] <= moment(minutes)]
    return {
        "at": moment(minutes),
        "count": len(covered),
        "highest": max((line["position"] for line in covered), default=0),
        "digest": sha256("\n".join(canonical(line) for line in covered)),
    }


def check(lines: list[Json], anchors: list[Json]) -> None:
    verifier.check_anchors({"lines": lines}, [verifier.text_of(line) for line in lines], anchors, "your")


times = st.lists(MINUTES, max_size=40)
# Nearly in order, as a real round is, with some cards drawn hours after their neighbours.
nearly_sorted = st.builds(
    lambda found, late: sorted(found) if not late else [*late, *sorted(found)], times, st.lists(MINUTES, max_size=3)
)


@given(drawn_at=st.one_of(times, nearly_sorted), anchored_at=st.sets(MINUTES, max_size=12))
def test_honest_anchors_pass_however_late_a_low_card_was_drawn(drawn_at: list[int], anchored_at: set[int]) -> None:
    lines = [line_of(number, minutes) for number, minutes in enumerate(drawn_at)]
    check(lines, [anchor_of(lines, minutes) for minutes in sorted(anchored_at)])


@given(
    drawn_at=st.lists(MINUTES, min_size=1, max_size=40),
    anchored_at=st.sets(MINUTES, min_size=1, max_size=12),
    data=st.data(),
)
def test_one_changed_line_breaks_the_first_anchor_that_covers_it(
    drawn_at: list[int], anchored_at: set[int], data: st.DataObject
) -> None:
    lines = [line_of(number, minutes) for number, minutes in enumerate(drawn_at)]
    anchors = [anchor_of(lines, minutes) for minutes in sorted(anchored_at)]
    changed = data.draw(st.sampled_from(lines))
    changed["ticket"] = hashlib.sha256(b"somebody else").hexdigest()[:22]
    covering = [anchor["at"] for anchor in anchors if changed["drawn_at"] <= anchor["at"]]
    if covering:
        with pytest.raises(verifier.Broken, match=f"your anchor of {covering[0]}:".replace("+", r"\+")):
            check(lines, anchors)
    else:
        check(lines, anchors)


@pytest.mark.parametrize("field", ["count", "highest", "digest"])
def test_each_figure_of_an_anchor_counts(field: str) -> None:
    lines = [line_of(number, 10 * number) for number in range(5)]
    anchor = anchor_of(lines, 20)
    anchor[field] = sha256("") if field == "digest" else anchor[field] + 1
    with pytest.raises(verifier.Broken, match="it covers"):
        check(lines, [anchor_of(lines, 5), anchor, anchor_of(lines, 30)])


def test_a_line_drawn_at_the_anchors_very_moment_is_covered() -> None:
    lines = [line_of(number, 10 * number) for number in range(5)]
    assert anchor_of(lines, 20)["count"] == 3
    check(lines, [anchor_of(lines, 20)])


class Texts(list[str]):
    """Counts how often a line is taken to be hashed."""

    taken = 0

    def __getitem__(self, index: Any) -> Any:
        self.taken += 1
        return super().__getitem__(index)


def test_a_low_card_that_is_drawn_late_costs_the_lines_behind_it_once() -> None:
    """Not once an anchor: a month of hourly anchors over a large round would take minutes."""
    count = 400
    lines = [line_of(number, number + 1) for number in range(count)]
    lines[0]["drawn_at"] = moment(count // 2)
    texts = Texts(verifier.text_of(line) for line in lines)
    anchors = [anchor_of(lines, minutes) for minutes in range(count)]
    verifier.check_anchors({"lines": lines}, texts, anchors, "your")
    assert texts.taken <= 2 * count + STRETCH * len(anchors)
