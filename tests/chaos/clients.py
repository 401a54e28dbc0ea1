"""The crowd: impatient phones and clerks, in processes of their own, which write down whatever they are told."""

import http.client
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from threading import Lock, Thread
from typing import Any

from quizsvc.kit.processes import die_with_parent

FINAL = {  # refusals that asking again does not change
    "lottery.max_wins",
    "lottery.excluded",
    "lottery.already_redeemed",
    "lottery.redemption_unknown",
    "lottery.award_expired",
    "lottery.award_void",
}
TIMEOUT = 15.0
HANGS_UP, REPEATS, REPLAYS = 0.05, 0.25, 0.2  # chances
THREADS = 4
MOST_SURPRISES = 3  # answers of 500 to one job


@dataclass(frozen=True)
class Job:
    """One thing to ask until it is answered: a draw of `name`, or the scan `name` of a code."""

    kind: str
    name: str
    token: str
    code: str = ""


@dataclass(frozen=True)
class Crowd:
    """One client process. It makes itself ready, waits for the file `jobs`, and gives up `lasts` seconds later.

    `spread`: the jobs come evenly over so many seconds, or as fast as they are answered where that is slower.
    """

    address: tuple[str, int]
    journal: Path
    seed: int
    spread: float
    lasts: float

    @property
    def ready(self) -> Path:
        return self.journal.with_suffix(".ready")

    @property
    def jobs(self) -> Path:
        return self.journal.with_suffix(".jobs")

    def begin(self, jobs: Sequence[Job], clerks: Sequence[str]) -> None:
        """Let it begin: what to ask for, and the clerks' tokens."""
        fresh = self.jobs.with_suffix(".new")
        fresh.write_text(json.dumps({"jobs": [asdict(job) for job in jobs], "clerks": clerks}), encoding="utf-8")
        fresh.rename(self.jobs)


@dataclass
class Queue:
    """Jobs of one process, handed to its threads; what is put back comes at a random place."""

    random: Random
    clerks: Sequence[str]
    jobs: deque[Job]
    spread: float
    until: float
    under_way: int = 0
    taken: int = 0
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.number, self.began = len(self.jobs), time.monotonic()

    def take(self) -> Job | None:
        """The next job, if its time has come."""
        due = self.number * (time.monotonic() - self.began) / self.spread
        with self.lock:
            if not self.jobs or self.taken > due:
                return None
            self.under_way, self.taken = self.under_way + 1, self.taken + 1
            return self.jobs.popleft()

    def finish(self, *more: Job) -> None:
        with self.lock:
            for job in more:
                self.jobs.insert(self.random.randrange(len(self.jobs) + 1), job)
                self.number += 1
            self.under_way -= 1

    @property
    def is_done(self) -> bool:
        with self.lock:
            return not self.jobs and not self.under_way


def run_crowd(crowd: Crowd) -> None:
    """Ask until everything is answered or time is up; a process of its own."""
    die_with_parent()
    crowd.ready.touch()
    while not crowd.jobs.exists():
        time.sleep(0.02)
    told = json.loads(crowd.jobs.read_text(encoding="utf-8"))
    random = Random(crowd.seed)
    jobs = _with_repeats([Job(**job) for job in told["jobs"]], random)
    queue = Queue(random, told["clerks"], deque(jobs), spread=crowd.spread, until=time.monotonic() + crowd.lasts)
    threads = [Thread(target=_ask_all, args=(crowd, queue, number)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _with_repeats(jobs: Sequence[Job], random: Random) -> Iterator[Job]:
    for job in jobs:
        yield job
        while random.random() < REPEATS:  # the impatient thumb: the same at the same time, from another thread
            yield job


def _ask_all(crowd: Crowd, queue: Queue, number: int) -> None:
    random = Random(f"{crowd.seed}/{number}")
    with crowd.journal.with_suffix(f".{number}.jsonl").open("w", encoding="utf-8") as journal:
        line = _Line(crowd.address, queue, journal, random)
        while not queue.is_done and time.monotonic() < queue.until:
            job = queue.take()
            if job is None:
                time.sleep(0.01)
            else:
                queue.finish(*line.ask(job))


class _Line:
    """One connection, one request at a time."""

    def __init__(self, address: tuple[str, int], queue: Queue, journal: Any, random: Random) -> None:
        self.queue, self.journal, self.random = queue, journal, random
        self.http = http.client.HTTPConnection(*address, timeout=TIMEOUT)

    def ask(self, job: Job) -> Sequence[Job]:
        """Ask until answered, refused for good, or time is up. Returns what follows from the answer."""
        surprises = 0
        while surprises < MOST_SURPRISES and time.monotonic() < self.queue.until:
            sent = time.monotonic()
            try:
                status, retry_after, answer = self._send(job)
            except (OSError, http.client.HTTPException, ValueError):
                self.http.close()
                time.sleep(self.random.uniform(0, 0.2))
                continue
            errcode = answer.get("errcode")
            self._note(job, sent=sent, status=status, errcode=errcode, answer=answer)
            if status == 200:
                return self._what_follows(job, answer)
            if errcode in FINAL:
                return ()
            surprises += status >= 500 and status != 503
            time.sleep(max(retry_after, 0.3) * self.random.uniform(0.3, 1))
        self._note(job, sent=time.monotonic(), status=0, errcode="gave up", answer={})
        return ()

    def _send(self, job: Job) -> tuple[int, float, dict[str, Any]]:
        path, body = f"/api/v1/tickets/{job.name}/draw", {}
        if job.kind == "redeem":
            path, body = f"/api/v1/redemptions/{job.name}", {"code": job.code}
        headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/json"}
        self.http.request("PUT", path, body=json.dumps(body), headers=headers)
        if self.random.random() < HANGS_UP:  # the response is lost on its way
            time.sleep(self.random.uniform(0, 0.02))
            raise ConnectionError("hung up")
        response = self.http.getresponse()
        content = json.loads(response.read())
        return response.status, float(response.headers.get("Retry-After") or 0), content

    def _what_follows(self, job: Job, answer: dict[str, Any]) -> Sequence[Job]:
        if job.kind == "redeem":
            return ()
        replay = [job] if self.random.random() < REPLAYS else []
        if answer["award"] is None or replay:
            return replay
        scans = [str(self.random.getrandbits(128).to_bytes(16).hex()) for _ in range(3)]
        names = [
            f"{s[:8]}-{s[8:12]}-4{s[13:16]}-a{s[17:20]}-{s[20:]}" for s in (scans[0], scans[0], scans[1], scans[2])
        ]
        code = answer["award"]["code"]
        owner = {name: self.random.choice(self.queue.clerks) for name in names}  # a scan is repeated by its own desk
        return [Job("redeem", name, owner[name], code) for name in names]

    def _note(self, job: Job, **said: Any) -> None:
        line = {"kind": job.kind, "name": job.name, "code": job.code, "received": time.monotonic(), **said}
        self.journal.write(json.dumps(line) + "\n")
        self.journal.flush()
