"""Tallies for tests: what a phone sends, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from quizsvc.kit.clock import rfc3339, utcnow
from tests.materials.place import BOX, FAN
from tests.world import COMMUNITY, Phone, World


def tally(*, boxes: int = 2, fans: int = 1, **said: Any) -> dict[str, Any]:
    """A visit to a household, now; `said` replaces or adds fields, None leaves one out."""
    handouts = [{"material": code, "quantity": n} for code, n in ((BOX.code, boxes), (FAN.code, fans)) if n]
    visit: dict[str, Any] = {
        "id": str(uuid4()),
        "revision": 1,
        "campaign": "play",
        "region": COMMUNITY,
        "setting": "household",
        "occurred_at": rfc3339(utcnow()),
        "households": 1,
        "people": 3,
        "handouts": handouts,
    }
    return visit | said


def send(phone: Phone, *tallies: Mapping[str, Any], clock: datetime | None = None) -> TestResponse:
    """A batch from a phone of its own, so that many can at once."""
    batch = {"clock": rfc3339(clock or utcnow()), "tallies": list(tallies)}
    return Phone(phone.app, token=phone.token).post("outreach/tallies", json=batch)


def results(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.get_json()
    return list(answer.get_json()["results"])


def statuses(answer: TestResponse) -> list[str]:
    return [str(one["status"]) for one in results(answer)]


def sent(phone: Phone, *tallies: Mapping[str, Any]) -> list[str]:
    """What became of a batch."""
    return statuses(send(phone, *tallies))


def totals(world: World) -> Mapping[str, int]:
    """What the revisions in force say: tallies, households, people, and what was handed out by material."""
    (counted,) = world.rows(
        "SELECT count(*), coalesce(sum(households), 0), coalesce(sum(people), 0) FROM tally_revisions WHERE in_force"
    )
    found = dict(zip(("tallies", "households", "people"), map(int, counted), strict=True))
    rows = world.rows(
        "SELECT h.material, sum(h.quantity) FROM handouts h JOIN tally_revisions r"
        " ON r.tally_id = h.tally_id AND r.revision = h.revision WHERE r.in_force GROUP BY h.material"
    )
    return found | {str(material): int(quantity) for material, quantity in rows}


def handed_out(world: World) -> Mapping[str, int]:
    """What the ledger says came to the public from tallies, reversals taken off."""
    rows = world.rows(
        "SELECT material, sum(CASE WHEN act = 'reversal' THEN -quantity ELSE quantity END) FROM movements"
        " WHERE source = 'tally' AND act <> 'count' GROUP BY material"
    )
    return {str(material): int(quantity) for material, quantity in rows if quantity}


def require_agreement(world: World) -> None:
    """The ledger says of every material what the revisions in force say."""
    said = {name: n for name, n in totals(world).items() if name not in {"tallies", "households", "people"}}
    assert handed_out(world) == said


def held_ids(desk: Phone, **query: Any) -> Sequence[str]:
    answer = desk.get("outreach/held", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return [str(one["id"]) for one in answer.get_json()["items"]]


def decide(desk: Phone, held_id: str, decision: str, **said: Any) -> TestResponse:
    return Phone(desk.app, token=desk.token).put(f"outreach/held/{held_id}", json={"decision": decision, **said})
