"""Many people at once, a bounded number at a time."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event, Lock
from typing import Protocol

from tqdm import tqdm

from quizsvc.demo.line import Journal, Unreachable

THREADS = 32


class Play(Protocol):
    """What somebody does; what they see goes into the journal."""

    def __call__(self, seen: Journal, /, *, code: str) -> None: ...


def send_people(journal: Journal, people: Sequence[tuple[str, Play]], *, unit: str = "person") -> str | None:
    """Let everybody play, each under their code. Returns why it ended early, None when it did not."""
    over = Event()
    lost: list[str] = []
    counting = Lock()
    with tqdm(total=len(people), unit=unit, file=sys.stderr) as bar, ThreadPoolExecutor(THREADS) as threads:

        def run_lane(first: int) -> Journal:
            """Every THREADS-th person, one after the other: as many at once as there are lanes."""
            seen = Journal()
            for code, play in people[first::THREADS]:
                if over.is_set():
                    break
                try:
                    _play(play, seen, code=code)
                except Unreachable as error:
                    lost.append(str(error))
                    over.set()
                with counting:
                    bar.update()
            return seen

        lanes = [threads.submit(run_lane, first) for first in range(min(THREADS, len(people)))]
        try:
            for lane in as_completed(lanes):
                journal.add(lane.result())
        finally:
            over.set()  # Ctrl-C must not wait for people who have not come yet
    return f"the server stopped answering ({lost[0]})" if lost else None


def _play(play: Play, seen: Journal, *, code: str) -> None:
    try:
        play(seen, code=code)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        seen.note([f"an answer has another shape than published: {error!r}"], where=f"{seen.called}, {code}")
