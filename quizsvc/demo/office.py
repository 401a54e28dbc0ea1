"""The office: an operator decides on what is held, once; the first word stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from quizsvc.demo.books import Books, Key
from quizsvc.demo.line import Line

HELD, DECIDE = "outreach/held?region={region}&limit=200", "outreach/held/{held}"


@dataclass(frozen=True)
class Office:
    """An operator's line, and the campaign's region."""

    line: Line
    region: str

    def decide_all(self, waiting: Mapping[Key, Books], luck: Random) -> None:
        """Decide on all that waits of this run, and see that nothing else of it is listed and nothing is missing."""
        listed: set[Key] = set()
        path, cursor = HELD, ""
        while True:
            answer = self.line.call("GET", path, region=self.region, cursor=cursor)
            if not answer.is_good:
                return
            for one in answer.content["items"]:
                key = (one["tally"], one["revision"])
                if key in waiting:
                    listed.add(key)
                    self._decide(one["id"], key, waiting[key], luck)
            path, cursor = f"{HELD}&cursor={{cursor}}", answer.content["next"]
            if cursor is None:
                break
        missing = sum(key in books.waiting() for key, books in waiting.items() if key not in listed)
        self.line.note([f"{missing} held tallies are not listed"] if missing else [], at="GET outreach/held")

    def _decide(self, held: str, key: Key, books: Books, luck: Random) -> None:
        word, other = luck.choice([("count", "refuse"), ("count", "refuse"), ("refuse", "count")])
        decided = self.line.call("PUT", DECIDE, held=held, body={"decision": word})
        if not decided.is_good:
            return
        books.decisions[key] = word
        self.line.journal.reported[f"decided: {word}"] += 1
        again = self.line.call("PUT", DECIDE, held=held, body={"decision": other}) if luck.random() < 0.3 else decided
        differs = again.is_good and again.content["decision"] != word
        self.line.note(["a second decision overruled the first"] if differs else [], at=f"PUT {DECIDE}")
