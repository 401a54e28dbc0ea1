"""One citizen from log-in to prize. Knows no answers: guesses, and learns from what the marks explain."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import httpx2

from quizsvc.demo.desk import Desk
from quizsvc.demo.line import Journal, Line
from quizsvc.demo.promises import (
    Answer,
    Json,
    Plan,
    faults_of_awards,
    faults_of_mark,
    faults_of_outcome,
    faults_of_own_state,
    faults_of_paper,
    faults_of_repeat,
    faults_of_revalidation,
    faults_of_same,
    faults_of_wins,
)

PAGE, PAPERS, ANSWERS = "campaigns/{slug}", "campaigns/{slug}/papers", "papers/{paper}/answers"
DRAW, TICKET = "tickets/{ticket}/draw", "tickets/{ticket}"

# How many papers a citizen asks for: weights of 1, 2, 3 and 4. The demo's fourth of a day is refused, as it should be.
PAPERS_WANTED = (40, 25, 25, 10)


class AnswerBook:
    """What marks have taught so far, by a question's text: whoever answers later may know it."""

    def __init__(self) -> None:
        self._right: dict[str, frozenset[str]] = {}  # one store or read at a time needs no lock

    def learn(self, paper: Json, mark: Json) -> None:
        """Remember the right options of a marked paper, by their texts."""
        for question, one in zip(paper["questions"], mark["review"], strict=True):
            texts = {option["id"]: option["text"] for option in question["options"]}
            self._right[_text_of(question)] = frozenset(texts[choice] for choice in one["answer"])

    def recall(self, question: Json) -> list[str]:
        """The right option ids; empty when nobody has learnt them."""
        right = self._right.get(_text_of(question), frozenset())
        return [option["id"] for option in question["options"] if option["text"] in right]


def _text_of(question: Json) -> str:
    """What makes two questions the same to a reader: stem and options, in whatever order they were shown."""
    return "\n".join([question["stem"], *sorted(option["text"] for option in question["options"])])


@dataclass(frozen=True)
class Stage:
    """What all citizens of a run share."""

    client: httpx2.Client
    slug: str
    desk: Desk | None
    book: AnswerBook = field(default_factory=AnswerBook)


@dataclass(frozen=True)
class Player:
    """A logged-in citizen. `skill`: the share of known answers that come to mind."""

    stage: Stage
    plan: Plan
    line: Line
    luck: Random
    skill: float

    def play(self) -> None:
        """Answer papers, draw every ticket, fetch prizes, look at the own pages."""
        self._agree()
        self._choose_community()
        outcomes: dict[str, Json | None] = {}
        wanted = self.luck.choices((1, 2, 3, 4), PAPERS_WANTED)[0]
        for _ in range(wanted):
            mark = self._answer_paper()
            if mark is None:
                break
            outcomes |= dict.fromkeys(mark["tickets"])
        for ticket in outcomes:
            outcomes[ticket] = self._draw(ticket)
        self._look_at_own_state(outcomes)
        self._fetch_prizes([one for one in outcomes.values() if one is not None])

    def _agree(self) -> None:
        if self.luck.random() < 0.1:
            early = self.line.call("POST", PAPERS, slug=self.stage.slug)
            self.line.note(["a paper before consent"] if early.is_good else [], at=f"POST {PAPERS}")
        privacy = self.line.call("GET", "campaigns/{slug}/privacy", slug=self.stage.slug)
        if privacy.is_good:
            word = {"version": privacy.content["version"], "granted": True}
            self.line.call("PUT", "me/consents/{purpose}", purpose=privacy.content["purpose"], body=word)

    def _choose_community(self) -> None:
        found = self.line.call("GET", "regions?under={region}&limit=200", region=self.plan.region)
        if found.is_good:
            codes = [one["code"] for one in found.content["items"] if one["level"] == "community"]
            self.line.call("PUT", "me/region", body={"region": self.luck.choice(codes or [self.plan.region])})

    def _answer_paper(self) -> Json | None:
        """Ask for a paper and hand it in, now and then twice. The mark; None when there was no paper."""
        began = time.monotonic()
        dealt = self.line.call("POST", PAPERS, slug=self.stage.slug)
        if not dealt.is_good:
            return None
        paper: Json = dealt.content
        self.line.note(faults_of_paper(paper, self.plan), at=f"POST {PAPERS}")
        if self.luck.random() < 0.3:
            again = self.line.call("POST", PAPERS, slug=self.stage.slug)
            # a pause may come between the two: then the second is refused, and rightly
            self.line.note(faults_of_same(paper, again.content) if again.is_good else [], at=f"POST {PAPERS}")
        sent = {question["no"]: self._choices(question) for question in paper["questions"]}
        handed_in = self._hand_in(paper, sent)
        if not handed_in.is_good:
            return None
        mark: Json = handed_in.content
        seconds = time.monotonic() - began
        self.line.note(faults_of_mark(mark, sent=sent, plan=self.plan, seconds=seconds), at=f"PUT {ANSWERS}")
        if self.luck.random() < 0.3:
            others = {question["no"]: [question["options"][-1]["id"]] for question in paper["questions"]}
            self.line.note(faults_of_repeat(handed_in, self._hand_in(paper, others)), at=f"PUT {ANSWERS}")
        self.stage.book.learn(paper, mark)
        self.line.journal.papers += 1
        self.line.journal.passes += mark["passed"]
        return mark

    def _hand_in(self, paper: Json, choices: Mapping[int, Sequence[str]]) -> Answer:
        answers = [{"no": no, "choices": chosen} for no, chosen in choices.items()]
        return self.line.call("PUT", ANSWERS, paper=paper["id"], body={"answers": answers})

    def _choices(self, question: Json) -> Sequence[str]:
        known = self.stage.book.recall(question)
        if known and self.luck.random() < self.skill:
            return known
        ids = [option["id"] for option in question["options"]]
        return self.luck.sample(ids, self.luck.randint(1, len(ids)) if question["kind"] == "multiple" else 1)

    def _draw(self, ticket: str) -> Json | None:
        """Draw a ticket, now and then twice, and read it. The outcome; None when the draw was refused."""
        drawn = self.line.call("PUT", DRAW, ticket=ticket)
        if not drawn.is_good:
            return None
        outcome: Json = drawn.content
        faults = list(faults_of_outcome(outcome, self.plan))
        self.line.note(faults, at=f"PUT {DRAW}")
        self.line.journal.outcomes += [] if faults else [outcome]  # the box's account is made of whole outcomes only
        if self.luck.random() < 0.5:
            self.line.note(faults_of_repeat(drawn, self.line.call("PUT", DRAW, ticket=ticket)), at=f"PUT {DRAW}")
        read = self.line.call("GET", TICKET, ticket=ticket)
        if read.is_good:
            self.line.note(faults_of_same(outcome, read.content["draw"]), at=f"GET {TICKET}")
        return outcome

    def _look_at_own_state(self, outcomes: dict[str, Json | None]) -> None:
        state = self.line.call("GET", "campaigns/{slug}/me", slug=self.stage.slug)
        if state.is_good:
            self.line.note(faults_of_own_state(state.content, outcomes), at="GET campaigns/{slug}/me")
            self.line.note(faults_of_wins(len(state.content["awards"]), self.plan), at="GET campaigns/{slug}/me")

    def _fetch_prizes(self, outcomes: Sequence[Json]) -> None:
        """Have some goods handed over, then look at the own awards."""
        fetched = set()
        for outcome in outcomes:
            is_goods = outcome["prize"] is not None and self.plan.prizes.get(outcome["prize"]["code"]) == "goods"
            wants_it = is_goods and self.luck.random() < 0.6
            if wants_it and self.stage.desk is not None and self.stage.desk.hand_over(self.line, outcome):
                fetched.add(outcome["award"]["id"])
        self.line.journal.redemptions += len(fetched)
        listed = self.line.call("GET", "me/awards?limit=200")
        if listed.is_good:
            awards = listed.content["items"]
            self.line.note(faults_of_awards(awards, outcomes), at="GET me/awards")
            redeemed = {award["id"] for award in awards if award["state"] == "redeemed"}
            self.line.note(
                ["a fetched prize is not listed as redeemed"] if fetched - redeemed else [], at="GET me/awards"
            )


def play_citizen(stage: Stage, journal: Journal, *, code: str) -> None:
    """One citizen's whole visit: open the campaign's page, log in, play."""
    journal.citizens += 1
    luck = Random(code)
    line = Line(stage.client, journal, who=code)
    session = line.call("POST", "sessions", body={"code": code})
    page = line.call("GET", PAGE, slug=stage.slug)
    if not session.is_good or not page.is_good:
        return
    if page.etag and luck.random() < 0.3:
        fresh = line.call("GET", PAGE, slug=stage.slug, etag=page.etag)
        line.note(faults_of_revalidation(page, fresh), at=f"GET {PAGE}")
    line = replace(line, token=session.content["token"])
    Player(stage, Plan.of(page.content), line, luck, skill=luck.uniform(0.5, 1)).play()
