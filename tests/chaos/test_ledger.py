"""The short form of the ledger's storm; the long one is part of `make chaos`."""

from collections.abc import Iterator

import pytest

from tests.chaos.ledger import run
from tests.chaos.storm import postgres_server
from tests.servers import Postgres

pytestmark = [pytest.mark.xdist_group("chaos"), pytest.mark.timeout(600)]
EVENTS, LASTS, KILLED_EVERY = 300, 240, 1.2


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_books_agree_whoever_dies_between_phones_desks_and_deciders(kind: str, server: Postgres) -> None:
    outcome = run(kind, server, events=EVENTS, lasts=LASTS, every=KILLED_EVERY)
    assert list(outcome.faults) == []
    assert outcome.events >= EVENTS
    assert outcome.kills >= 2
