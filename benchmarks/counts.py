"""Statements and Redis calls of one request, counted inside one process with Flask's test client."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from redis.connection import AbstractConnection
from sqlalchemy import event

from benchmarks.calls import CALLS, Call
from benchmarks.client import Answer
from benchmarks.world import Person, World
from quizsvc.kit.db import db

PEOPLE = 40


@dataclass
class Tally:
    """So many so far. Beginning and ending a transaction counts as no statement."""

    statements: int = 0
    redis_calls: int = 0


def count_calls(world: World) -> dict[str, tuple[float, float]]:
    """Statements and Redis calls per request, by call. A first few people warm caches up and are not counted."""
    found: dict[str, tuple[float, float]] = {}
    for people, counted in ((world.newcomers(5), False), (world.newcomers(PEOPLE), True)):
        for call in CALLS:
            with _counting(world) as tally:
                answers = ask(world, people, call)
            call.learn(world, people, answers)
            if counted:
                found[call.name] = (tally.statements / len(people), tally.redis_calls / len(people))
    return found


def ask(world: World, people: Sequence[Person], call: Call) -> list[Answer]:
    """Send the call for everybody through the test client; WrongAnswer."""
    client = world.app.test_client()
    answers: list[Answer] = []
    for person in people:
        request = call.ask(world, person)
        response = client.open(request.path, method=request.method, headers=request.headers(), data=request.body())
        head = "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in response.headers)
        answers.append(Answer(response.status_code, head.encode(), response.get_data(), 0.0))
    call.check(answers)
    return answers


@contextmanager
def _counting(world: World) -> Iterator[Tally]:
    tally = Tally()

    def count_statement(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        tally.statements += not statement.startswith("BEGIN")  # SQLite's is sent as a statement

    with world.app.app_context():
        engine = db.engine
    send = AbstractConnection.send_packed_command
    event.listen(engine, "before_cursor_execute", count_statement)
    try:
        with patch.object(AbstractConnection, "send_packed_command", autospec=True, side_effect=send) as sent:
            yield tally
        tally.redis_calls = sent.call_count
    finally:
        event.remove(engine, "before_cursor_execute", count_statement)
