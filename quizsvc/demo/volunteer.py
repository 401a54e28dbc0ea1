"""One volunteer from invitation to own totals: from door to door, often offline, with a phone that gets it wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from quizsvc.demo.books import Books, Said
from quizsvc.demo.line import Line
from quizsvc.demo.promises import Json, faults_of_repeat, faults_of_revalidation
from quizsvc.demo.tally_promises import (
    faults_of_batch,
    faults_of_bootstrap,
    faults_of_own_stock,
    faults_of_own_totals,
    told_totals,
)

ENROL, BOOTSTRAP, TALLIES, OWN = "volunteers", "outreach/bootstrap", "outreach/tallies", "outreach/me"
MOST_AT_ONCE = 100
DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
SETTINGS = {"household": 12, "shop": 4, "stall": 1, "talk": 1}  # with their weights
# How a visit is told, with its weight: rightly; wrong at first and put right; of a visit that never was; with a date
# that lies ahead, and put right; with a line that is no tally.
PLOTS = {"plain": 60, "corrected": 14, "void": 8, "ahead": 3, "bad": 6}

BAD_LINES: Sequence[dict[str, Any]] = (
    {"people": -1},
    {"setting": "street"},
    {"handouts": [{"material": "gold", "quantity": 1}]},
    {"photo": "..."},
)


@dataclass(frozen=True)
class Drive:
    """What all volunteers of a run share. `days`: how far back visits reach; what lies too far back is held."""

    slug: str
    invitation: str
    days: int


@dataclass
class Volunteer:
    """A logged-in volunteer with a phone that keeps what it has not sent yet."""

    drive: Drive
    line: Line
    luck: Random
    start: Json  # what bootstrap said
    outbox: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        packs = [(one["code"], pack) for one in self.start["materials"] for pack in one["packs"]]
        self.books = Books({(code, pack["name"]): pack["factor"] for code, pack in packs})
        (campaign,) = [one for one in self.start["campaigns"] if one["slug"] == self.drive.slug]
        self.now = datetime.fromisoformat(self.start["server_time"])
        serves_from = min(datetime.fromisoformat(one["starts_at"]) for one in self.start["assignments"])
        self.counts_from = max(datetime.fromisoformat(campaign["opens_at"]), serves_from)
        self.counts_until = min(datetime.fromisoformat(campaign["closes_at"]) - MILLISECOND, self.now)

    def walk(self) -> None:
        """Some walks of some visits each; after most of them the phone finds a network, else it keeps what it has."""
        for _ in range(self.luck.randint(2, 6)):
            for _ in range(self.luck.randint(2, 12)):
                told = list(self._tell())
                self.outbox += self.luck.sample(told, len(told))
            if self.luck.random() < 0.6:
                self._send_all()
        self._send_all()

    # --- what is said of a visit --------------------------------------------------------------------------------------

    def _tell(self) -> Iterator[Said]:
        """A visit with all that is sent of it, in the order in which it was typed."""
        message, first = self._visit()
        wrong = message | {"people": message["people"] + 2, "handouts": message["handouts"][:1]}
        plot = self.luck.choices(list(PLOTS), list(PLOTS.values()))[0]
        if plot == "corrected":
            yield Said(wrong, first)
            yield Said(message | {"revision": self.luck.choice([2, 2, 3])}, first)
        elif plot == "void":
            yield from [Said(wrong, first)] if self.luck.random() < 0.7 else []
            yield Said({"id": message["id"], "revision": 2, "void": True}, "created")
        elif plot == "ahead":
            yield Said(wrong | {"occurred_at": _written(self.now + 2 * DAY)}, "held")
            yield Said(message | {"revision": 2}, first)
        elif plot == "bad":
            bad: dict[str, Any] = self.luck.choice(
                [{"people": -1}, {"setting": "street"}, {"handouts": [{"material": "gold"}]}]
            )
            yield Said(message | bad, "rejected")
        else:
            yield Said(message, first)

    def _visit(self) -> tuple[dict[str, Any], str]:
        """A visit as it was, and whether it counts at once or has to be held."""
        occurred_at = self.counts_from + self._up_to(self.counts_until - self.counts_from)
        earliest = self.now - self.drive.days * DAY
        # before the campaign opens, or after its end, there is no other date to give
        is_early = earliest < self.counts_from and (self.counts_until < self.counts_from or self.luck.random() < 0.15)
        if is_early:
            occurred_at = earliest + self._up_to(self.counts_from - earliest - MILLISECOND)
        household = (setting := self.luck.choices(list(SETTINGS), list(SETTINGS.values()))[0]) == "household"
        message = {
            "id": str(UUID(int=self.luck.getrandbits(128), version=4)),
            "revision": 1,
            "campaign": self.drive.slug,
            "region": self.luck.choice(self.start["regions"])["code"],
            "setting": setting,
            "occurred_at": _written(occurred_at),
            "households": int(household),
            "people": self.luck.randint(1, 5) if household else self.luck.randint(0, 40),
            "handouts": self._handouts(by_pack=setting == "stall"),
        }
        return message, "held" if is_early else "created"

    def _up_to(self, stretch: timedelta) -> timedelta:
        return MILLISECOND * self.luck.randint(0, max(0, stretch // MILLISECOND))

    def _handouts(self, *, by_pack: bool) -> list[dict[str, Any]]:
        materials = self.luck.sample(self.start["materials"], min(3, len(self.start["materials"])))
        if by_pack and (packs := materials[0]["packs"]):
            return [{"material": materials[0]["code"], "quantity": 1, "pack": self.luck.choice(packs)["name"]}]
        wished = [(one["code"], self.luck.randint(0, 3)) for one in materials]
        return [{"material": code, "quantity": quantity} for code, quantity in wished if quantity]

    # --- what the phone does ------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        """Send what waits, in whatever order it lies there."""
        self.luck.shuffle(self.outbox)
        while batch := self.outbox[:MOST_AT_ONCE]:
            self._send(batch)
            del self.outbox[: len(batch)]

    def _send(self, batch: Sequence[Said]) -> None:
        """Send a batch; now and then the answer is lost on its way, or all of it is sent again with another clock."""
        seen = self.line.journal
        lost = self.luck.random() < 0.1
        if lost:
            self.line.hang_up("POST", TALLIES, body=self._body(batch))
            seen.reported["answers lost"] += 1
        unanswered = seen.refusals["(no answer)"]
        answer = self.line.call("POST", TALLIES, body=self._body(batch))
        if not answer.is_good:
            return
        maybe_before = lost or seen.refusals["(no answer)"] > unanswered
        self.line.note(faults_of_batch(batch, answer.content, maybe_before=maybe_before), at=f"POST {TALLIES}")
        for said in batch:
            self.books.keep(said)
        words = [result["status"] for result in answer.content["results"]]
        seen.reported.update(["batches", *(f"  {word}" for word in words)])
        seen.reported.update("revisions" for one in batch if one.message["revision"] > 1 and "void" not in one.message)
        seen.reported.update("voids" for one in batch if "void" in one.message)
        if self.luck.random() < 0.3:
            self._repeat(batch)

    def _repeat(self, batch: Sequence[Said]) -> None:
        """The same again in another order, one of them with another content."""
        again = [Said(one.message, one.status if one.status == "rejected" else "duplicate") for one in batch]
        self.luck.shuffle(again)
        if again[0].status == "duplicate" and "void" not in again[0].message:
            again[0] = Said(again[0].message | {"people": 77_777}, "conflict")
        answer = self.line.call("POST", TALLIES, body=self._body(again))
        if answer.is_good:
            self.line.note(faults_of_batch(again, answer.content, maybe_before=False), at=f"POST {TALLIES} again")
            self.line.journal.reported["tallies repeated"] += len(again)

    def _body(self, batch: Sequence[Said]) -> Json:
        clock = self.now + self.luck.choice([timedelta(0), timedelta(0), 3 * DAY, -DAY])
        return {"clock": _written(clock), "tallies": [said.message for said in batch]}

    def look_at_own_totals(self) -> None:
        """Compare the own page with the own books, to the piece."""
        own = self.line.call("GET", OWN)
        if own.is_good:
            known = self.books.totals()
            self.line.journal.known.update(known)
            self.line.journal.told.update(told_totals(own.content, slug=self.drive.slug))
            self.line.note(faults_of_own_totals(own.content, slug=self.drive.slug, known=known), at=f"GET {OWN}")
            self.line.note(faults_of_own_stock(own.content, known=known), at=f"GET {OWN}")


def join(drive: Drive, line: Line, luck: Random) -> Volunteer | None:
    """Accept the invitation, now and then twice, and fetch what a phone needs. None when it was refused."""
    body = {"invitation": drive.invitation, "name": "模拟志愿者"}
    bound = line.call("POST", ENROL, body=body)
    if not bound.is_good:
        return None
    if luck.random() < 0.3:
        typed = {"invitation": drive.invitation.lower().replace("-", " ")}
        line.note(faults_of_repeat(bound, line.call("POST", ENROL, body=typed)), at=f"POST {ENROL}")
    start = line.call("GET", BOOTSTRAP)
    if not start.is_good:
        return None
    line.note(faults_of_bootstrap(start.content, slug=drive.slug), at=f"GET {BOOTSTRAP}")
    if start.etag and luck.random() < 0.3:
        fresh = line.call("GET", BOOTSTRAP, etag=start.etag)
        line.note(faults_of_revalidation(start, fresh), at=f"GET {BOOTSTRAP}")
    line.journal.volunteers += 1
    return Volunteer(drive, line, luck, start.content)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
