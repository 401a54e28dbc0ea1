"""The run: many citizens at once against a running server, and one journal of what they saw."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event, Lock
from uuid import uuid4

import httpx2
from tqdm import tqdm

from quizsvc.demo.desk import Desk
from quizsvc.demo.line import TRIES, Journal, Line, Unreachable
from quizsvc.demo.player import PAGE, Stage, play_citizen
from quizsvc.demo.promises import Json, Plan, faults_of_box

THREADS = 32
PATIENCE = 30  # seconds for one answer


class CannotRun(Exception):
    """There is nothing to drive: no server, no such campaign, no clerk. The text is one sentence."""


@dataclass(frozen=True)
class Result:
    """What a run saw. `cut_short`: why it ended before its last citizen, None when it did not."""

    journal: Journal
    cut_short: str | None


def simulate(slug: str, *, citizens: int, url: str, sign_in: tuple[str, str] | None) -> Result:
    """Send so many new citizens through a campaign. `sign_in`: name and password of a clerk who hands goods over.

    CannotRun when the first call already fails; later losses end the run early and are told in the result.
    """
    with _connected(url) as client:
        journal = Journal()
        line = Line(client, journal, who="the first look", tries=1)
        try:
            Plan.of(_page(line, slug))
            stage = Stage(client, slug, None if sign_in is None else _open_desk(line, *sign_in))
        except Unreachable:
            raise CannotRun(f"no server can be reached at {url}") from None
        except (LookupError, TypeError):
            raise CannotRun(f"what answers at {url} is no quizsvc server, or another version of it") from None
        cut_short = _send_citizens(stage, journal, citizens=citizens)
        try:
            page = _page(line if cut_short else replace(line, tries=TRIES), slug)
            # the rounds as they stand now: one may have opened meanwhile, with carried prizes
            journal.violations += faults_of_box(journal.outcomes, page["rounds"])
        except (Unreachable, CannotRun) as error:
            cut_short = cut_short or f"the draws could not be compared with the box: {error}"
        return Result(journal, cut_short)


@contextmanager
def _connected(url: str) -> Iterator[httpx2.Client]:
    limits = httpx2.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
    base = f"{url.rstrip('/')}/api/v1/"
    with httpx2.Client(base_url=base, limits=limits, timeout=PATIENCE, trust_env=False) as client:
        yield client


def _page(line: Line, slug: str) -> Json:
    answer = line.call("GET", PAGE, slug=slug)
    if answer.errcode == "campaigns.unknown":
        raise CannotRun(f"the server knows no public campaign {slug}")
    if answer.status != 200:
        raise CannotRun(f"the server answers {answer.status} ({answer.errcode}) for the campaign's page")
    page: Json = answer.content
    return page


def _open_desk(line: Line, name: str, password: str) -> Desk:
    answer = line.call("POST", "staff/sessions", body={"name": name, "password": password})
    if answer.status != 200:
        raise CannotRun(f"{name} cannot sign in at the desk: {answer.errcode}")
    if not any(grant["role"] == "clerk" for grant in answer.content["staff"]["roles"]):
        raise CannotRun(f"{name} holds no clerk's role and can hand nothing over")
    return Desk(answer.content["token"])


def _send_citizens(stage: Stage, journal: Journal, *, citizens: int) -> str | None:
    """Let all citizens play, a bounded number at a time. Returns why it ended early, None when it did not."""
    run_id = uuid4().hex[:8]
    over = Event()
    lost: list[str] = []
    counting = Lock()
    with tqdm(total=citizens, unit="citizen", file=sys.stderr) as bar, ThreadPoolExecutor(THREADS) as threads:

        def run_lane(first: int) -> Journal:
            """Every THREADS-th citizen, one after the other: as many at once as there are lanes."""
            seen = Journal()
            for number in range(first, citizens + 1, THREADS):
                if over.is_set():
                    break
                try:
                    _play(stage, seen, code=f"sim-{run_id}-{number}")
                except Unreachable as error:
                    lost.append(str(error))
                    over.set()
                with counting:
                    bar.update()
            return seen

        lanes = [threads.submit(run_lane, first) for first in range(1, min(THREADS, citizens) + 1)]
        try:
            for lane in as_completed(lanes):
                journal.add(lane.result())
        finally:
            over.set()  # Ctrl-C must not wait for citizens who have not come yet
    return f"the server stopped answering ({lost[0]})" if lost else None


def _play(stage: Stage, seen: Journal, *, code: str) -> None:
    seen.citizens += 1
    try:
        play_citizen(stage, seen, code=code)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        seen.note([f"an answer has another shape than published: {error!r}"], where=f"{seen.called}, {code}")
