"""The short form of the ledger's storm; the long one is part of `make chaos`."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.chaos.ledger import Plan, run
from tests.chaos.storm import postgres_server
from tests.servers import Postgres

pytestmark = [pytest.mark.xdist_group("chaos"), pytest.mark.timeout(600)]
SHORT = Plan(events=300, lasts=240, every=1.2)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_books_agree_whoever_dies_between_phones_desks_and_deciders(kind: str, server: Postgres) -> None:
    outcome = run(kind, server, SHORT)
    assert list(outcome.faults) == []
    assert outcome.events >= SHORT.events
    assert outcome.kills >= 2


def test_a_service_that_commits_tallies_before_their_movements_is_found_out(server: Postgres) -> None:
    """A death between the two is chance, so it is given another one."""
    outcomes = (run("postgresql", server, replace(SHORT, naive=True, seed=seed)) for seed in range(1, 4))
    assert any("the books of" in fault for outcome in outcomes for fault in outcome.faults)
