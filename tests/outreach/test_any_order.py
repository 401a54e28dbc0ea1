"""Whatever order a phone's words arrive in: the same totals. First over the rule alone, then over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.outreach import rules
from quizsvc.outreach.rules import Sent, Standing
from tests.conftest import empty_tables
from tests.materials.place import BOX, MATERIALS, balances, wrong_balances
from tests.outreach.place import id_of, volunteer
from tests.outreach.reports import decide, held_ids, require_agreement, send, statuses, tally, totals
from tests.world import COMMUNITY, NEIGHBOUR, World

TALLIES = [UUID(int=n) for n in (1, 2, 3)]
MINE = UUID(int=7)
# (which tally, revision, void, held): one word for each number, as a phone that works says it
WORDS = st.lists(
    st.tuples(
        st.sampled_from(range(3)), st.integers(1, 5), st.sampled_from([False, False, False, True]), st.booleans()
    ),
    unique_by=lambda word: word[:2],
    max_size=12,
)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def meant(words: Sequence[tuple[int, int, bool, bool]], *, decided: bool) -> dict[int, int]:
    """Which revision is in force, told anew: none once void, else the highest that is not held (or was decided)."""
    found: dict[int, int] = {}
    for which in range(3):
        said = [word for word in words if word[0] == which]
        good = [number for _, number, void, held in said if not void and (decided or not held)]
        if good and not any(void for _, _, void, _ in said):
            found[which] = max(good)
    return found


@given(WORDS, st.randoms(use_true_random=False), st.data())
def test_the_rule_gives_the_same_for_every_order_and_every_cut_into_batches(
    words: list[tuple[int, int, bool, bool]], chance: Any, data: Any
) -> None:
    shuffled = [*words, *data.draw(st.lists(st.sampled_from(words), max_size=6) if words else st.just([]))]
    chance.shuffle(shuffled)
    known: dict[UUID, Standing] = {}
    while shuffled:
        size = chance.randint(1, len(shuffled))
        batch, shuffled = shuffled[:size], shuffled[size:]
        sent = [Sent(TALLIES[which], number, f"{which}/{number}", void) for which, number, void, _ in batch]
        judged = {(TALLIES[which], number): held and not void for which, number, void, held in batch}
        for one in sent:
            # `judge` is asked for a visit; here the word itself says whether it is held
            stands = known.get(one.id or MINE, Standing(MINE))
            intake = rules.take_in([one], known, volunteer_id=MINE, judge=lambda _visit: None)
            assert intake.results[0].status == ("duplicate" if one.revision in stands.contents else "created")
            if intake.revisions and one.id is not None and one.revision is not None:
                held = rules.NO_ASSIGNMENT if judged[one.id, one.revision] else None
                known[one.id] = stands.after(one.revision, content=one.content, void=one.void, held=held)
    in_force = {TALLIES.index(name): stands.in_force for name, stands in known.items() if stands.in_force}
    assert in_force == meant(words, decided=False)


@pytest.mark.parametrize("decided", [False, True])
@FEW
@given(words=WORDS, chance=st.randoms(use_true_random=False))
def test_any_order_over_http_ends_at_the_same_totals_and_balances(
    world: World, decided: bool, words: list[tuple[int, int, bool, bool]], chance: Any
) -> None:
    """A held word is one of a region where the volunteer has no business; `decided`: a clerk then lets them count."""
    empty_tables()
    world.staff.clear()
    world.build()
    with transaction():
        stock.load_materials(MATERIALS)
    world.publish()
    phone, desk = volunteer(world), world.desk("second")
    shuffled = [*words, *words[:3]]
    chance.shuffle(shuffled)
    while shuffled:
        size = chance.randint(1, len(shuffled))
        batch, shuffled = shuffled[:size], shuffled[size:]
        answer = send(phone, *[said(word) for word in batch])
        assert set(statuses(answer)) <= {"created", "held", "duplicate"}
        if decided and chance.random() < 0.5:
            settle(desk)
    if decided:
        settle(desk)
    in_force = meant(words, decided=decided)
    boxes = sum(amount(which, number) for which, number in in_force.items())
    assert totals(world).get(BOX.code, 0) == boxes
    assert (totals(world)["tallies"], totals(world)["people"]) == (len(in_force), sum(in_force.values()))
    assert balances(world).get(f"volunteer:{id_of()}", 0) == -boxes
    require_agreement(world)
    assert wrong_balances() == []


def amount(which: int, number: int) -> int:
    """Boxes that a revision speaks of: another number for each."""
    return (1, 10, 100)[which] * number


def said(word: tuple[int, int, bool, bool]) -> dict[str, Any]:
    which, number, void, held = word
    name = {"id": str(TALLIES[which]), "revision": number}
    if void:
        return name | {"void": True}
    region = NEIGHBOUR if held else COMMUNITY
    return tally(boxes=amount(which, number), fans=0, people=number, region=region) | name


def settle(desk: Any) -> None:
    for held_id in held_ids(desk):
        assert decide(desk, held_id, "count").status_code == 200
