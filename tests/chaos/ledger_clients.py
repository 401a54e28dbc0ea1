"""Those who fill the material ledger: volunteers' phones, desks and deciders. Each knows what it was promised."""

import http.client
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from quizsvc.kit.clock import rfc3339, utcnow
from tests.materials.place import BOX, FAN
from tests.outreach.reports import tally
from tests.world import COMMUNITY, NEIGHBOUR, STREET

Json = dict[str, Any]
Key = tuple[str, int]  # a tally's id and the number of a revision
SLUG = "storm"
HANGS_UP, TIMEOUT = 0.05, 10.0
BUSY = {429, 503}
STORES = (STREET, COMMUNITY, NEIGHBOUR)


class GaveUp(Exception):
    """No answer within the storm's time."""


@dataclass
class Told:
    """What clients sent and were answered: messages and their first words by key, decisions, movements by id."""

    messages: dict[Key, Json] = field(default_factory=dict)
    decisions: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    movements: dict[str, Json] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    events: int = 0

    def add(self, other: "Told") -> None:
        self.messages |= other.messages
        self.movements |= other.movements
        self.surprises += other.surprises
        self.events += other.events
        for key, words in other.decisions.items():
            self.decisions[key] |= words

    def in_force(self) -> list[Json]:
        """What has to be counted: no void tally; else the highest revision that counted at once or by a decision."""
        void = {tally_id for (tally_id, _), message in self.messages.items() if message.get("void")}
        highest: dict[str, int] = {}
        for (tally_id, revision), message in self.messages.items():
            counts = not is_held(message) or self.decisions.get((tally_id, revision)) == {"count"}
            if tally_id not in void and counts:
                highest[tally_id] = max(highest.get(tally_id, 0), revision)
        return [self.messages[key] for key in highest.items()]

    def moved(self, act: str) -> Counter[str]:
        """What movements of an act came to by material, less what was taken back."""
        found: Counter[str] = Counter()
        for one in self.movements.values():
            meant = self.movements[one["reverses"]]["act"] if one["act"] == "reversal" else one["act"]
            if meant == act:
                found[one["material"]] += -one["quantity"] if one["act"] == "reversal" else one["quantity"]
        return found


def is_held(message: Json) -> bool:
    """Nobody here serves the community next door."""
    return message.get("region") == NEIGHBOUR


@dataclass
class Client:
    """One connection with a token. Asks again until it is answered, whatever dies on the way."""

    address: tuple[str, int]
    token: str
    random: Random
    until: float
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.http = http.client.HTTPConnection(*self.address, timeout=TIMEOUT)

    def act(self) -> None:
        """Do one thing."""
        raise NotImplementedError

    def ask(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while time.monotonic() < self.until:
            try:
                self.http.request(method, f"/api/v1/{path}", body=json.dumps(body) if body else None, headers=headers)
                if self.random.random() < HANGS_UP:  # the answer is lost on its way
                    time.sleep(self.random.uniform(0, 0.02))
                    raise ConnectionError("hung up")
                response = self.http.getresponse()
                content = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.http.close()
                time.sleep(self.random.uniform(0, 0.1))
                continue
            if response.status not in BUSY:
                return response.status, content
            time.sleep(self.random.uniform(0, 0.2))
        raise GaveUp(path)

    def note(self, *, good: bool, what: str) -> None:
        if not good:
            self.told.surprises.append(what)

    def new_id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))


class Volunteer(Client):
    """Sends new tallies, revisions in any order, voids that may come first, and what was sent before."""

    def act(self) -> None:
        before = list(self.told.messages)
        fresh = dict(map(self._fresh, range(self.random.randint(1, 14))))
        again = self.random.sample(before, min(len(before), self.random.randint(0, 4)))
        batch = [(key, fresh[key]) for key in fresh] + [(key, self.told.messages[key]) for key in again]
        self.random.shuffle(batch)
        sent = {"clock": rfc3339(utcnow()), "tallies": [message for _, message in batch]}
        status, answer = self.ask("POST", "outreach/tallies", sent)
        self.told.messages |= fresh
        self.told.events += len(batch)
        self.note(good=status == 200, what=f"a batch: {status} {answer.get('errcode')}")
        for (key, message), result in zip(batch, answer.get("results", ()), strict=False):
            first = {"held" if is_held(message) else "created"} if key in fresh else set[str]()
            # an answer that was lost had counted all the same
            self.note(good=result["status"] in {"duplicate", *first}, what=f"{key}: {result['status']}")

    def _fresh(self, _number: int) -> tuple[Key, Json]:
        """A message that was never sent, of a new tally or of one that is known."""
        mine = sorted({tally_id for tally_id, _ in self.told.messages})
        known = bool(mine) and self.random.random() < 0.3
        tally_id = self.random.choice(mine) if known else self.new_id()
        revision = self.random.randint(2, 900) if known else self.random.choice([1, 1, 1, 5])
        while (tally_id, revision) in self.told.messages:
            revision += 1
        key = (tally_id, revision)
        if self.random.random() < 0.07:
            return key, {"id": tally_id, "revision": revision, "void": True}
        region = NEIGHBOUR if self.random.random() < 0.15 else COMMUNITY
        said = {"id": tally_id, "revision": revision, "region": region, "campaign": SLUG}
        boxes, fans = self.random.randint(0, 4), self.random.randint(0, 2)
        return key, tally(boxes=boxes, fans=fans, people=self.random.randint(0, 9), **said)


class Desk(Client):
    """Moves goods between the supplier, three stores and the volunteers, counts, loses, and takes things back."""

    volunteers: tuple[str, ...] = ()

    def act(self) -> None:
        wish = self._wish()
        status, answer = self.ask("POST", "materials/movements", wish)
        self.told.events += 1
        if status in {200, 201}:
            self.told.movements[wish["id"]] = answer
            again = self.ask("POST", "materials/movements", wish | self._other(wish))
            self.note(good=again == (200, answer), what=f"a repeated {wish['act']}: {again}")
        else:
            self.note(good=status == 409, what=f"{wish}: {status} {answer}")

    def _wish(self) -> Json:
        posted = [one for one in self.told.movements.values() if one["act"] not in {"count", "reversal"}]
        if posted and self.random.random() < 0.1:
            undone = {one["reverses"] for one in self.told.movements.values()}
            back = self.random.choice(posted)["id"]
            if back not in undone:
                return {"id": self.new_id(), "act": "reversal", "reverses": back, "reason": "登记错了"}
        store, other = self.random.sample(STORES, 2)
        volunteer = {"volunteer": self.random.choice(self.volunteers)}
        act, who = self.random.choice(
            [
                ("receive", {"store": store}),
                ("receive", {"store": store}),
                ("issue", {"store": store, **volunteer}),
                ("issue", {"store": store, **volunteer}),
                ("return", {"store": store, **volunteer}),
                ("return", {"store": store}),
                ("transfer", {"store": store, "to_store": other}),
                ("loss", {"store": store, "reason": "破损"}),
                ("count", {"store": store, "reason": "盘点"}),
                ("count", {**volunteer, "reason": "盘点"}),
            ]
        )
        material = self.random.choice([BOX.code, FAN.code])
        quantity = self.random.randint(1, 400 if act == "receive" else 60)
        return {"id": self.new_id(), "act": act, "material": material, "quantity": quantity, **who}

    @staticmethod
    def _other(wish: Mapping[str, Any]) -> Json:
        """The first answer stands, whatever a repeat carries."""
        return {"reason": "又一次"} if wish["act"] == "reversal" else {"quantity": wish["quantity"] + 1}


class Decider(Client):
    """Decides on what is held, beside another one: the first word stands for both."""

    def act(self) -> None:
        status, answer = self.ask("GET", f"outreach/held?region={STREET}&limit=6")
        self.note(good=status == 200, what=f"what is held: {status}")
        waiting: Iterable[Json] = answer.get("items", ())
        for one in waiting:
            word = self.random.choice(["count", "count", "refuse"])
            status, decided = self.ask("PUT", f"outreach/held/{one['id']}", {"decision": word})
            self.told.events += 1
            self.note(good=status == 200, what=f"a decision: {status} {decided}")
            if status == 200:
                self.told.decisions[one["tally"], one["revision"]].add(decided["decision"])
        time.sleep(0.05)
