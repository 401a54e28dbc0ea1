"""A client's line to a running server: every call timed, every answer checked, Retry-After honoured."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from quizsvc.demo.promises import TRY_AGAIN, Answer, Json, Violation, faults_of_answer, seconds_to_wait

TRIES = 6
GONE_AFTER = httpx2.Timeout(5.0, read=0.005)  # seconds
LONGEST_WAIT = 60  # seconds; a server that asks for more is not coming back within this run


class Unreachable(Exception):
    """No answer, however often it was asked for."""


@dataclass
class Journal:
    """What one thread saw. Each writes its own, so that none waits for another; they are added up at the end."""

    citizens: int = 0
    papers: int = 0
    passes: int = 0
    redemptions: int = 0
    volunteers: int = 0
    reported: Counter[str] = field(default_factory=Counter)  # what volunteers sent, and what became of it
    known: Counter[str] = field(default_factory=Counter)  # totals as volunteers know them, and as the server told them
    told: Counter[str] = field(default_factory=Counter)
    outcomes: list[Json] = field(default_factory=list)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refusals: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    called: str = ""  # the latest call, for what goes wrong while its answer is read

    def note(self, faults: Iterable[str], *, where: str) -> None:
        """Write down what was found, if anything."""
        self.violations += [Violation(what, where) for what in faults]

    def add(self, other: "Journal") -> None:
        """Take over what another thread saw."""
        self.citizens += other.citizens
        self.papers += other.papers
        self.passes += other.passes
        self.redemptions += other.redemptions
        self.volunteers += other.volunteers
        self.reported += other.reported
        self.known += other.known
        self.told += other.told
        self.outcomes += other.outcomes
        for call, seconds in other.seconds.items():
            self.seconds[call] += seconds
        self.refusals += other.refusals
        self.violations += other.violations


@dataclass(frozen=True)
class Line:
    """Calls the API for one person. `who` stands in what is noted; `tries` bounds every call."""

    client: httpx2.Client
    journal: Journal
    who: str
    token: str = ""
    tries: int = TRIES

    def call(self, method: str, path: str, *, body: Json | None = None, etag: str = "", **names: object) -> Answer:
        """Send a request until it is answered or refused for good. `names` fill the path's braces.

        Every write of the API can be repeated, so a lost answer is asked for again. Unreachable when none comes.
        """
        url = path.format(**names)
        called = f"{method} {path.partition('?')[0]}"
        headers = self._headers()
        if etag:
            headers["If-None-Match"] = etag
        for left in reversed(range(self.tries)):
            try:
                answer = self._ask(called, method, url, body=body, headers=headers)
            except httpx2.RequestError as error:
                self.journal.refusals["(no answer)"] += 1
                if not left:
                    raise Unreachable(f"{called}: {type(error).__name__}") from None
                time.sleep(2.0 ** (self.tries - left - 2))
                continue
            wait = seconds_to_wait(answer.retry_after)
            if answer.status not in TRY_AGAIN or wait is None or wait > LONGEST_WAIT or not left:
                return answer
            time.sleep(wait)
        raise Unreachable(called)

    def hang_up(self, method: str, path: str, *, body: Json) -> None:
        """Send a request and lose the answer: it may have been taken in, or not."""
        with suppress(httpx2.RequestError):
            self.client.request(method, path, json=body, headers=self._headers(), timeout=GONE_AFTER)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _ask(self, called: str, method: str, url: str, *, body: Json | None, headers: dict[str, str]) -> Answer:
        self.journal.called = called
        began = time.perf_counter()
        response = self.client.request(method, url, json=body, headers=headers)
        self.journal.seconds[called].append(time.perf_counter() - began)
        answer = Answer(
            response.status_code,
            _json(response),
            retry_after=response.headers.get("Retry-After"),
            etag=response.headers.get("ETag"),
        )
        if not answer.is_good:
            self.journal.refusals[answer.errcode] += 1
        self.note(faults_of_answer(answer), at=called)
        return answer

    def note(self, faults: Iterable[str], *, at: str) -> None:
        """Write down what this person's call broke, if anything."""
        self.journal.note(faults, where=f"{at}, {self.who}")


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None
