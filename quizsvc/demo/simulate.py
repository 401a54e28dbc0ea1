"""The run: many people at once against a running server, and one journal of what they saw."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from uuid import uuid4

import httpx2

from quizsvc.demo.desk import Desk
from quizsvc.demo.lanes import THREADS, Play, send_people
from quizsvc.demo.line import TRIES, Journal, Line, Unreachable
from quizsvc.demo.office import Office
from quizsvc.demo.player import PAGE, Stage, play_citizen
from quizsvc.demo.promises import Json, Plan, faults_of_box
from quizsvc.demo.volunteer import ENROL, Drive, Volunteer, join

PATIENCE = 30  # seconds for one answer


class CannotRun(Exception):
    """There is nothing to drive: no server, no such campaign, nobody to sign in. The text is one sentence."""


@dataclass(frozen=True)
class Result:
    """What a run saw. `cut_short`: why it ended before its last citizen or volunteer, None when it did not."""

    journal: Journal
    cut_short: str | None


@dataclass(frozen=True)
class Crowd:
    """Who comes. `clerk` and `operator`: name and password of who hands goods over, and of who decides what is held.

    `invitation`: an open one of the campaign's region, for the volunteers; `days`: how far back their visits reach.
    """

    citizens: int = 0
    volunteers: int = 0
    invitation: str = ""
    days: int = 1
    clerk: tuple[str, str] | None = None
    operator: tuple[str, str] | None = None


def simulate(slug: str, crowd: Crowd, *, url: str) -> Result:
    """Send a crowd of new people through a campaign, volunteers among the citizens.

    CannotRun when the first call already fails; later losses end the run early and are told in the result.
    """
    run = Run(slug, crowd, uuid4().hex[:8])
    with _connected(url) as client:
        line = Line(client, run.journal, who="the first look", tries=1)
        try:
            stage, office = run.set_out(line)
        except Unreachable:
            raise CannotRun(f"no server can be reached at {url}") from None
        except (LookupError, TypeError):
            raise CannotRun(f"what answers at {url} is no quizsvc server, or another version of it") from None
        cut_short = run.send_all(stage, office)
        try:
            page = _page(line if cut_short else replace(line, tries=TRIES), slug)
            # the rounds as they stand now: one may have opened meanwhile, with carried prizes
            run.journal.violations += faults_of_box(run.journal.outcomes, page["rounds"])
        except (Unreachable, CannotRun) as error:
            cut_short = cut_short or f"the draws could not be compared with the box: {error}"
        return Result(run.journal, cut_short)


@contextmanager
def _connected(url: str) -> Iterator[httpx2.Client]:
    limits = httpx2.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
    base = f"{url.rstrip('/')}/api/v1/"
    with httpx2.Client(base_url=base, limits=limits, timeout=PATIENCE, trust_env=False) as client:
        yield client


@dataclass
class Run:
    """One run: its people are told apart from those of other runs by its id."""

    slug: str
    crowd: Crowd
    id: str
    journal: Journal = field(default_factory=Journal)
    walkers: list[Volunteer] = field(default_factory=list)  # one append at a time needs no lock

    def set_out(self, line: Line) -> tuple[Stage, Office | None]:
        """Look at the page, sign in at desk and office, try the invitation; Unreachable, CannotRun."""
        plan = Plan.of(_page(line, self.slug))
        clerk, operator = self.crowd.clerk, self.crowd.operator
        desk = None if clerk is None else Desk(_sign_in(line, *clerk, role="clerk"))
        token = None if operator is None else _sign_in(line, *operator, role="operator")
        if self.crowd.volunteers:
            _try_invitation(line, self.crowd.invitation, code=self._code("v", 1))
        office = (
            None if token is None else Office(replace(line, token=token, who="the office", tries=TRIES), plan.region)
        )
        return Stage(line.client, self.slug, desk), office

    def send_all(self, stage: Stage, office: Office | None) -> str | None:
        """Let everybody come; then the office decides, and volunteers look at their totals. Why it ended early."""
        drive = Drive(self.slug, self.crowd.invitation, self.crowd.days)
        people: list[tuple[str, Play]] = [
            (code, partial(play_citizen, stage)) for code in self._codes("", self.crowd.citizens)
        ]
        people += [(code, partial(self._walk, stage, drive)) for code in self._codes("v", self.crowd.volunteers)]
        Random(self.id).shuffle(people)
        lost = send_people(self.journal, people)
        if lost is None and office is not None:
            lost = self._decide(office)
        if lost is None and self.walkers:
            looks: list[tuple[str, Play]] = [(one.line.who, partial(_look, one)) for one in self.walkers]
            lost = send_people(self.journal, looks, unit="own page")
        return lost

    def _codes(self, kind: str, number: int) -> list[str]:
        return [self._code(kind, n) for n in range(1, number + 1)]

    def _code(self, kind: str, number: int) -> str:
        return f"sim-{self.id}-{kind}{number}"

    def _walk(self, stage: Stage, drive: Drive, seen: Journal, *, code: str) -> None:
        line = Line(stage.client, seen, who=code)
        session = line.call("POST", "sessions", body={"code": code})
        if session.is_good:
            walker = join(drive, replace(line, token=session.content["token"]), Random(code))
            if walker is not None:
                walker.walk()
                self.walkers.append(walker)

    def _decide(self, office: Office) -> str | None:
        waiting = {key: one.books for one in self.walkers for key in one.books.waiting()}
        try:
            office.decide_all(waiting, Random(self.id))
        except Unreachable as error:
            return f"the server stopped answering ({error})"
        return None


def _look(walker: Volunteer, seen: Journal, *, code: str) -> None:
    walker.line = replace(walker.line, journal=seen, who=code)
    walker.look_at_own_totals()


def _page(line: Line, slug: str) -> Json:
    answer = line.call("GET", PAGE, slug=slug)
    if answer.errcode == "campaigns.unknown":
        raise CannotRun(f"the server knows no public campaign {slug}")
    if answer.status != 200:
        raise CannotRun(f"the server answers {answer.status} ({answer.errcode}) for the campaign's page")
    page: Json = answer.content
    return page


def _sign_in(line: Line, name: str, password: str, *, role: str) -> str:
    answer = line.call("POST", "staff/sessions", body={"name": name, "password": password})
    if answer.status != 200:
        raise CannotRun(f"{name} cannot sign in at the desk: {answer.errcode}")
    if not any(grant["role"] == role for grant in answer.content["staff"]["roles"]):
        raise CannotRun(f"{name} holds no {role}'s role")
    return str(answer.content["token"])


def _try_invitation(line: Line, invitation: str, *, code: str) -> None:
    """Let the first volunteer accept it, who will do so again."""
    session = line.call("POST", "sessions", body={"code": code})
    if session.status != 200:
        raise CannotRun(f"nobody can log in: {session.errcode}")
    body = {"invitation": invitation, "name": "模拟志愿者"}
    answer = replace(line, token=session.content["token"]).call("POST", ENROL, body=body)
    if not answer.is_good:
        raise CannotRun(f"the invitation enrols nobody: {answer.errcode}")
