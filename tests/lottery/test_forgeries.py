"""A whole round written anew by somebody who knows everything: it agrees with itself, and what was saved gives it away.

The forger recomputes all that can be recomputed: commitment, deck, outcomes, chain and the bundle's own anchors. What
cannot be recomputed is what other people saved: the campaign page, anchors, and the head in the next round's bundle.
(Clumsy tamperings, and single insider ones, are in test_ledger.)
"""

import hashlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import time_machine

from quizsvc.lottery import verifier
from tests.lottery.model import canonical, head_of, sha256, shuffled
from tests.lottery.test_ledger import Published
from tests.world import World

Json = dict[str, Any]


@pytest.fixture
def published(world: World, clock: time_machine.Traveller) -> Published:
    return Published(world, clock)


def written_anew(bundle: Json) -> Json:
    """The bundle with everything that follows from its header, seed and lines recomputed."""
    seed = bytes.fromhex(bundle["seed"])
    bundle["commitment"] = hashlib.sha256(seed).hexdigest()
    name = f"{bundle['campaign']}|{bundle['round']}|{bundle['beacon']}"
    prizes = [prize["code"] for prize in bundle["prizes"] for _ in range(prize["count"])]
    deck = shuffled(name, seed=seed, cards=bundle["cards"], prizes=prizes)
    bundle["lines"].sort(key=lambda line: line["position"])
    for line in bundle["lines"]:
        line["prize"] = deck[line["position"] - 1]
    for number in range(len(bundle["lines"])):
        bundle["lines"][number]["hash"] = head_of({**bundle, "lines": bundle["lines"][: number + 1]})
    bundle["head"] = head_of(bundle)
    for anchor in bundle["anchors"]:
        covered = [line for line in bundle["lines"] if line["drawn_at"] <= anchor["at"]]
        texts = [canonical({key: value for key, value in line.items() if key != "hash"}) for line in covered]
        anchor["count"], anchor["digest"] = len(covered), sha256("\n".join(texts))
        anchor["highest"] = max((line["position"] for line in covered), default=0)
    return bundle


def other_seed(bundle: Json) -> None:
    bundle["seed"] = "5a" * 32


def other_beacon(bundle: Json) -> None:
    bundle["beacon"] = "03 07 19"


def other_rules(bundle: Json) -> None:
    bundle["rules_hash"] = "0" * 64


def more_prizes(bundle: Json) -> None:
    bundle["planned"][0]["count"] += 1
    bundle["prizes"][0]["count"] += 1


def more_cards(bundle: Json) -> None:
    bundle["cards"] += 1


def exchanged_positions(bundle: Json) -> None:
    first, second = bundle["lines"][1], bundle["lines"][4]
    first["position"], second["position"] = second["position"], first["position"]


def dropped_line(bundle: Json) -> None:
    del bundle["lines"][4]


def cut_tail(bundle: Json) -> None:
    del bundle["lines"][5:]


def added_line(bundle: Json) -> None:
    """For a card that nobody drew, dated before the last saved anchor."""
    line = {**bundle["lines"][1], "ticket": "x" * 22, "position": bundle["cards"]}
    bundle["lines"].append(line)


def other_ticket(bundle: Json) -> None:
    bundle["lines"][3]["ticket"] = "x" * 22


def times_backwards(bundle: Json) -> None:
    """The first draw changes places with one that was drawn hours later."""
    first, last = bundle["lines"][0], bundle["lines"][8]
    first["drawn_at"], last["drawn_at"] = last["drawn_at"], first["drawn_at"]


def drawn_before_opening(bundle: Json) -> None:
    bundle["lines"][6]["drawn_at"] = "2026-11-01T00:00:00.000+08:00"


ANCHOR = r"^your anchor of 2026-12-01T1\d:"


FORGERIES: list[tuple[Callable[[Json], None], str]] = [
    (other_seed, r"^commitment: "),
    (other_beacon, r"^beacon: the rules you saved name none"),
    (other_rules, r"^rules_hash: "),
    (more_prizes, r"^planned: "),
    (more_cards, r"^cards: "),
    (exchanged_positions, ANCHOR),
    (dropped_line, ANCHOR),
    (cut_tail, ANCHOR),
    (added_line, ANCHOR),
    (other_ticket, ANCHOR),
    (times_backwards, ANCHOR),
    (drawn_before_opening, r"^line 7: drawn at 2026-11-01"),
]


def test_a_round_written_anew_agrees_with_itself_and_not_with_what_was_saved(
    published: Published, subtests: pytest.Subtests
) -> None:
    for forge, named in FORGERIES:
        with subtests.test(forge.__name__):
            bundle = deepcopy(published.bundle)
            forge(bundle)
            said = verifier.verify(written_anew(bundle))
            assert any(line.startswith("internally consistent only") for line in said)
            with pytest.raises(verifier.Broken, match=named):
                verifier.verify(bundle, published.saved)


def late_line(bundle: Json) -> None:
    """After the last anchor, by somebody who knows the deck by now: a prize, if one was left."""
    deck = verifier.deck_of(bundle)
    drawn = {line["position"] for line in bundle["lines"]}
    card = min(set(range(1, bundle["cards"] + 1)) - drawn, key=lambda card: (card not in deck, card))
    late = {**bundle["lines"][-1], "ticket": "x" * 22, "position": card, "drawn_at": "2026-12-02T09:59:59.999+08:00"}
    bundle["lines"].append(late)


def test_a_line_added_after_the_last_anchor_is_given_away_by_the_next_rounds_bundle(published: Published) -> None:
    bundle = deepcopy(published.bundle)
    late_line(bundle)
    verifier.verify(written_anew(bundle), published.saved)  # nothing of this round alone can tell
    with pytest.raises(verifier.Broken, match=r"^previous_head: "):
        verifier.verify(published.second, published.saved, bundle)


def test_both_rounds_written_anew_are_given_away_by_what_was_left(published: Published) -> None:
    """The next round follows the forged head, but says that more was carried into it than the round before left."""
    first, second = deepcopy(published.bundle), deepcopy(published.second)
    late_line(first)
    second["previous_head"] = written_anew(first)["head"]
    second["carried"] = [{"code": "tissue", "count": 4}, {"code": "credit", "count": 2}]
    second["prizes"] = [{"code": "credit", "count": 2}, {"code": "tissue", "count": 5}]
    verifier.verify(written_anew(second), published.saved)
    with pytest.raises(verifier.Broken, match=r"^carried: "):
        verifier.verify(second, published.saved, first)


def test_an_honest_round_written_anew_is_the_same_round(published: Published) -> None:
    """The forger of these tests leaves out nothing: without a lie, nothing changes."""
    assert written_anew(deepcopy(published.bundle)) == published.bundle
