"""The short form of the fault suite: every fault once, and every negative control. The long form is `make chaos`."""

from collections.abc import Iterator

import pytest

from tests.chaos import checks
from tests.chaos.arena import Scale
from tests.chaos.negative import CONTROLS, alarms_raised
from tests.chaos.storm import Storm, faults_for, postgres_server, run
from tests.servers import Postgres

pytestmark = [pytest.mark.xdist_group("chaos"), pytest.mark.timeout(600)]  # two storms at once would starve each other
SHORT = Scale(tickets=500, prizes=120, seconds=28, processes=2)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_breaks_no_promise_does(kind: str, server: Postgres) -> None:
    evidence = run(Storm(kind, SHORT, faults_for(kind)), server)
    assert {finding.name: finding for finding in checks.judge(evidence) if finding.broken} == {}
    assert len(evidence.tickets) == SHORT.tickets
    assert {one.no for one in evidence.rounds if one.left is not None} == {1, 2}  # two were closed in the middle
    assert len({draw.round for draw in evidence.draws}) == 3


@pytest.mark.parametrize(("variant", "kind"), [(variant, control.kinds[0]) for variant, control in CONTROLS.items()])
def test_on_a_naive_service_the_checks_raise_the_alarm(variant: str, kind: str, server: Postgres) -> None:
    raised, missing = alarms_raised(variant, kind, server)
    assert missing == [], raised
