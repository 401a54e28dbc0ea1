"""The measured calls, in the order in which a citizen makes them, and what each one's answer is good for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.client import Answer
from benchmarks.world import Person, World
from quizsvc.wiring import API

ETAG = re.compile(rb'\r\netag: *("[^"]+")', re.IGNORECASE)


class WrongAnswer(Exception):
    """A call did not end as it should: what was measured is not the call."""


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    json: Any = None
    token: str = ""
    etag: str = ""

    def headers(self) -> dict[str, str]:
        """What a client sends beside the body."""
        found = {"Content-Type": "application/json"} if self.json is not None else {}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        if self.etag:
            found["If-None-Match"] = self.etag
        return found

    def body(self) -> bytes:
        """The JSON body, or nothing."""
        return b"" if self.json is None else orjson.dumps(self.json)

    def wire(self) -> bytes:
        """The request as it goes through a socket."""
        body = self.body()
        headers = {"Host": "127.0.0.1", **self.headers()}
        if body:
            headers["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _learn_nothing(_world: World, _people: Sequence[Person], _answers: Sequence[Answer]) -> None:
    """The answer is good for nothing further."""


@dataclass(frozen=True)
class Call:
    """A kind of request: how it is asked for one person, and what its answers teach.

    `mark` is the ratio to the ceiling that the service wants to reach on PostgreSQL; a quick call, the same for all,
    is made `times` times, for a stretch that lasts as long as the others.
    """

    name: str
    ask: Callable[[World, Person], Request]
    status: int
    learn: Callable[[World, Sequence[Person], Sequence[Answer]], None] = field(default=_learn_nothing)
    mark: float | None = None
    times: int = 1

    def check(self, answers: Sequence[Answer]) -> None:
        """WrongAnswer unless every answer has the status that this call ends in."""
        for answer in answers:
            if answer.status != self.status:
                raise WrongAnswer(f"{self.name}: {answer.status} {answer.body[:300].decode(errors='replace')}")


def _log_in(_world: World, person: Person) -> Request:
    return Request("POST", f"{API}/sessions", json={"code": person.code})


def _logged_in(world: World, people: Sequence[Person], answers: Sequence[Answer]) -> None:
    for person, answer in zip(people, answers, strict=True):
        session = orjson.loads(answer.body)
        person.token, person.id = session["token"], session["citizen"]["id"]
    world.settle(people)


def _page(world: World, _person: Person) -> Request:
    return Request("GET", f"{API}/campaigns/{world.slug}")


def _have_page(world: World, _people: Sequence[Person], answers: Sequence[Answer]) -> None:
    found = ETAG.search(answers[-1].head)
    if found is None:
        raise WrongAnswer("the campaign page has no ETag")
    world.etag = found[1].decode()


def _page_again(world: World, _person: Person) -> Request:
    return Request("GET", f"{API}/campaigns/{world.slug}", etag=world.etag)


def _deal(world: World, person: Person) -> Request:
    return Request("POST", f"{API}/campaigns/{world.slug}/papers", token=person.token)


def _dealt(_world: World, people: Sequence[Person], answers: Sequence[Answer]) -> None:
    for person, answer in zip(people, answers, strict=True):
        person.paper = orjson.loads(answer.body)


def _hand_in(world: World, person: Person) -> Request:
    answers = [
        {"no": question["no"], "choices": list(world.answer_key[question["stem"]])}
        for question in person.paper["questions"]
    ]
    return Request("PUT", f"{API}/papers/{person.paper['id']}/answers", json={"answers": answers}, token=person.token)


def _handed_in(_world: World, people: Sequence[Person], answers: Sequence[Answer]) -> None:
    for person, answer in zip(people, answers, strict=True):
        (person.ticket,) = orjson.loads(answer.body)["tickets"]


def _draw(_world: World, person: Person) -> Request:
    return Request("PUT", f"{API}/tickets/{person.ticket}/draw", token=person.token)


CALLS = (
    Call("log in", _log_in, 200, _logged_in),
    Call("campaign page", _page, 200, _have_page, mark=0.7, times=5),
    Call("campaign page, 304", _page_again, 304, mark=0.7, times=5),
    Call("deal a paper", _deal, 201, _dealt),
    Call("hand in a paper", _hand_in, 200, _handed_in, mark=0.15),
    Call("draw", _draw, 200, mark=0.2),
)

# As many answers as a paper has, so that the ceiling parses what the heaviest call parses.
CEILING = Request("PUT", "/answers", json={"answers": [{"no": no, "choices": ["B"]} for no in range(1, 11)]})
