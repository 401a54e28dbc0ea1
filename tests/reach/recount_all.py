"""Every figure of a report, counted anew by plain SQL over what happened: no count that was kept, no code of reach."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import chain
from typing import Any

from quizsvc.kit.db import db
from tests.reach.recount import DAY
from tests.world import World

Key = tuple[str, tuple[tuple[str, str], ...]]  # a metric, and what it is shown apart by
Value = tuple[int | None, int | None]  # the figure, and what a rate was divided by
STAGES = ("audience", "participants", "submitters", "passers", "drawers", "winners", "redeemers")
SUMS = ("papers", "marked_papers", "passed_papers", "draws", "awards", "redemptions")
SETTINGS = ("household", "shop", "stall", "talk")
KINDS = ("volunteer", "grid-worker", "building-head")
SHOWN_BY_DAY = (
    *(f"online.{name}" for name in (*STAGES, *SUMS)),
    *(f"offline.{name}_tallies" for name in SETTINGS),
    "offline.households",
    "offline.people",
)
WHOLE, ELSEWHERE = "whole", ""


def key(metric: str, **apart: str) -> Key:
    return metric, tuple(sorted(apart.items()))


class Recount:
    """One campaign between two days, in the whole of its own region, by community and by day."""

    def __init__(self, world: World, slug: str, *, first: date, last: date) -> None:
        self.world, self.slug = world, slug
        self.days = [first.fromordinal(n).isoformat() for n in range(first.toordinal(), last.toordinal() + 1)]
        self.day = DAY[db.engine.dialect.name]
        (campaign,) = world.rows(
            "SELECT c.id, r.path, r.code FROM campaigns c JOIN regions r ON r.id = c.region_id WHERE c.slug = :slug",
            slug=slug,
        )
        self.root, self.code = str(campaign[1]), str(campaign[2])
        listed = "SELECT code FROM regions WHERE level = 'community' AND substr(path, 1, length(:root)) = :root"
        self.communities = [code for (code,) in world.rows(f"{listed} ORDER BY code", root=self.root)]

    def figures(self) -> dict[Key, Value]:
        """All of them, by metric and what each is shown apart by."""
        return dict(
            chain(
                self._online(),
                self._offline(),
                self._answers(),
                self._volunteers(),
                self._funnel(),
                self._cases(),
            )
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        """`events`: what each citizen did when and where. `places`: each region's community, or ELSEWHERE."""
        values = {"slug": self.slug, "first": self.days[0], "last": self.days[-1], "root": self.root}
        events = EVENTS.format(**{name: self.day.format(f"{name}_at") for name in MOMENTS})
        whole = f"SELECT * FROM ({PLACES}, {events} {query}) found"
        return self.world.rows(whole, **{name: one for name, one in values.items() if f":{name}" in whole})

    # --- online -------------------------------------------------------------------------------------------------------

    def _online(self) -> Iterator[tuple[Key, Value]]:
        found: Counter[tuple[str, str, str]] = Counter()  # metric, by what, which
        for by, column in ((WHOLE, "''"), ("region", "place"), ("day", "day")):
            for stage, which, people, events in self._rows(
                f"SELECT stage, {column}, count(DISTINCT citizen_id), count(*) FROM events"
                f" WHERE day BETWEEN :first AND :last AND {column} IS NOT NULL GROUP BY 1, 2"
            ):
                found[f"online.{STAGES[stage]}", by, which] = int(people)
                if stage:
                    found[f"online.{SUMS[stage - 1]}", by, which] = int(events)
        for day in self.days:
            for name in (*STAGES, *SUMS):
                yield key(f"online.{name}", day=day), (found[f"online.{name}", "day", day], None)
        first = self._first_papers()
        residents = dict(self.world.rows("SELECT code, residents FROM regions"))
        for by, which, apart in self._views():
            for name in (*STAGES, *SUMS):
                yield key(f"online.{name}", **apart), (found[f"online.{name}", by, which], None)
            passed, marked = (found[f"online.{name}_papers", by, which] for name in ("passed", "marked"))
            yield key("online.paper_pass_rate", **apart), rate(passed, marked)
            yield from first_figures(first[by, which], apart)
            known = residents.get(self.code if by == WHOLE else which)
            participants = found["online.participants", by, which]
            yield key("online.residents", **apart), (known, None)
            yield key("online.participation", **apart), rate(participants, known) if known else (None, None)

    def _views(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        yield WHOLE, "", {}
        for code in (*self.communities, ELSEWHERE):
            yield "region", code, {"region": code}

    def _first_papers(self) -> Mapping[tuple[str, str], Counter[str]]:
        """Of those whose first paper was marked and is of the period: people, passers, answers, right ones."""
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for place, people, passers, right, answers in self._rows(
            "SELECT CASE WHEN p.region_id IS NULL THEN '' ELSE h.place END, count(*),"
            " sum(CASE WHEN p.passed THEN 1 ELSE 0 END), sum(p.correct), sum(json_array_length(p.items))"
            " FROM (SELECT x.*, row_number() OVER (PARTITION BY citizen_id ORDER BY dealt_at, x.id) AS n FROM papers x"
            " JOIN campaigns c ON c.id = x.campaign_id AND c.slug = :slug) p LEFT JOIN places h ON h.id = p.region_id"
            " WHERE p.n = 1 AND p.state = 'marked' AND cast(p.day AS text) BETWEEN :first AND :last"
            " GROUP BY CASE WHEN p.region_id IS NULL THEN '' ELSE h.place END"
        ):
            counted = {"people": people, "passers": passers, "right": right, "answers": answers}
            numbers = {name: int(n) for name, n in counted.items()}
            found[WHOLE, ""].update(numbers)
            if place is not None:
                found["region", place].update(numbers)
        return found

    def _answers(self) -> Iterator[tuple[Key, Value]]:
        """Of papers handed in in time, by scam type and question; an answer is right when it is exactly the key."""
        asked, wrong = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        names = "v.code, v.scam_type, cast(v.answer AS text)"
        for code, scam_type, right, given, n in self._rows(
            f"SELECT {names}, {GIVEN[db.engine.dialect.name]} AND p.state = 'marked'"
            f" AND cast(p.day AS text) BETWEEN :first AND :last GROUP BY {names}, said"
        ):
            for place in (("scam_type", scam_type), ("question", code), (WHOLE, "")):
                asked[place] += int(n)
                wrong[place] += int(n) * (set(given) != set(json.loads(right)))
        yield key("online.answers"), (asked[WHOLE, ""], None)
        yield key("online.wrong_answers"), (wrong[WHOLE, ""], None)
        for (code,) in self.world.rows("SELECT code FROM scam_types"):
            place = ("scam_type", code)
            yield key("online.answers", scam_type=code), (asked[place], None)
            yield key("online.wrong_answers", scam_type=code), (wrong[place], None)
            yield key("online.wrong_rate", scam_type=code), rate(wrong[place], asked[place], least=30)
        for (by, code), n in asked.items():  # the twenty hardest are shown; the tests' bank has thirteen
            if by == "question" and n >= 30:
                yield key("online.question_wrong_rate", question=code), rate(wrong[by, code], n)

    def _funnel(self) -> Iterator[tuple[Key, Value]]:
        """How far each person came, whenever it was."""
        furthest = Counter(int(stage) for (stage,) in self._rows("SELECT max(stage) FROM events GROUP BY citizen_id"))
        for stage, name in enumerate(STAGES):
            came = sum(n for reached, n in furthest.items() if reached >= stage)
            yield key(f"online.{name}", stage=str(stage)), (came, None)

    # --- offline ------------------------------------------------------------------------------------------------------

    def _offline(self) -> Iterator[tuple[Key, Value]]:
        found: Counter[tuple[str, str, str]] = Counter()
        day = self.day.format("r.occurred_at")
        for by, column in ((WHOLE, "''"), ("region", "h.place"), ("day", day)):
            within = IN_FORCE.format(day=day)
            for setting, which, tallies, households, people in self._rows(
                f"SELECT r.setting, {column}, count(*), sum(r.households), sum(r.people) {within} GROUP BY 1, 2"
            ):
                found[f"offline.{setting}_tallies", by, which] += int(tallies)
                found["offline.households", by, which] += int(households)
                found["offline.people", by, which] += int(people)
            for material, which, quantity in self._rows(
                f"SELECT g.material, {column}, sum(g.quantity) {within.replace('WHERE', HANDED_OUT)} GROUP BY 1, 2"
            ):
                found[f"material {material}", by, which] += int(quantity)
        materials = [code for (code,) in self.world.rows("SELECT code FROM materials")]
        for one in self.days:
            for metric in SHOWN_BY_DAY[len(STAGES) + len(SUMS) :]:
                yield key(metric, day=one), (found[metric, "day", one], None)
            for code in materials:
                yield key("offline.handed_out", material=code, day=one), (found[f"material {code}", "day", one], None)
        for by, which, apart in self._views():
            for metric in SHOWN_BY_DAY[len(STAGES) + len(SUMS) :]:
                yield key(metric, **apart), (found[metric, by, which], None)
            for code in materials:
                yield key("offline.handed_out", material=code, **apart), (found[f"material {code}", by, which], None)

    def _volunteers(self) -> Iterator[tuple[Key, Value]]:
        """Active: with a tally in force. Enrolled: serving in the region, or above it, at some time of the period."""
        within = IN_FORCE.format(day=self.day.format("r.occurred_at"))
        active = dict(self._rows(f"SELECT w.kind, count(DISTINCT w.id) {within} GROUP BY 1"))
        starts, ends = self.day.format("a.starts_at"), self.day.format("a.ends_at")
        enrolled = dict(
            self._rows(
                "SELECT w.kind, count(DISTINCT w.id) FROM volunteers w JOIN assignments a ON a.volunteer_id = w.id"
                " JOIN regions x ON x.id = a.region_id WHERE (substr(x.path, 1, length(:root)) = :root"
                " OR substr(:root, 1, length(x.path)) = x.path)"
                f" AND {starts} <= :last AND (a.ends_at IS NULL OR {ends} > :first) GROUP BY 1"
            )
        )
        for metric, counted in (("offline.volunteers_active", active), ("offline.volunteers_enrolled", enrolled)):
            numbers = {kind: int(counted.get(kind, 0)) for kind in KINDS}
            yield key(metric), (sum(numbers.values()), None)
            for kind, n in numbers.items():
                yield key(metric, kind=kind), (n, None)

    # --- cases --------------------------------------------------------------------------------------------------------

    def _cases(self) -> Iterator[tuple[Key, Value]]:
        """January to the last month that is known, and how that changed: the last revision of each month counts."""
        rows = self.world.rows(
            "SELECT year, month, filed, reports, loss_fen FROM case_figures f JOIN regions r ON r.id = f.region_id"
            " WHERE r.code = :code ORDER BY revision",
            code=self.code,
        )
        latest = {(int(year), int(month)): said for year, month, *said in rows}
        this_year = int(self.days[-1][:4])
        months = [month for month in range(1, 13) if (this_year, month) in latest]
        for n, measure in enumerate(("filed", "reports", "loss")):
            now, base = (sum(latest[year, month][n] for month in months) for year in (this_year, this_year - 1))
            yield key(f"cases.{measure}"), (now, None)
            yield (
                key(f"cases.{measure}_yoy"),
                (half_up(Fraction(1000 * abs(now - base), base)) * (-1) ** (now < base), base),
            )


def first_figures(first: Mapping[str, int], apart: Mapping[str, str]) -> Iterator[tuple[Key, Value]]:
    people, passers, right, answers = (first.get(name, 0) for name in ("people", "passers", "right", "answers"))
    yield key("online.first_papers", **apart), (people, None)
    yield key("online.first_paper_passers", **apart), (passers, None)
    yield key("online.first_paper_pass_rate", **apart), rate(passers, people)
    yield key("online.first_paper_right_rate", **apart), rate(right, answers)


def rate(part: int, whole: int, *, least: int = 1) -> Value:
    """Tenths of a percent, half up, and the whole."""
    return (None if whole < least else half_up(Fraction(1000 * part, whole))), whole


def half_up(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


MOMENTS = ("drawn", "won", "redeemed")
PLACES = """WITH places AS (
SELECT h.id, CASE WHEN substr(h.path, 1, length(t.path)) <> t.path THEN '' ELSE (SELECT c.code FROM regions c
    WHERE c.level = 'community' AND substr(h.path, 1, length(c.path)) = c.path) END AS place
FROM regions h, campaigns k JOIN regions t ON t.id = k.region_id WHERE k.slug = :slug)"""
EVENTS = """did AS (
SELECT v.campaign_id, 0 AS stage, v.citizen_id, v.region_id, cast(v.day AS text) AS day FROM visits v
UNION ALL SELECT campaign_id, 0, citizen_id, region_id, cast(day AS text) FROM papers
UNION ALL SELECT campaign_id, 1, citizen_id, region_id, cast(day AS text) FROM papers
UNION ALL SELECT campaign_id, 2, citizen_id, region_id, cast(day AS text) FROM papers WHERE state = 'marked'
UNION ALL SELECT campaign_id, 3, citizen_id, region_id, cast(day AS text) FROM papers WHERE state = 'marked' AND passed
UNION ALL SELECT t.campaign_id, 4, t.citizen_id, t.region_id, {drawn} FROM draws JOIN tickets t ON t.id = ticket_id
UNION ALL SELECT campaign_id, 5, citizen_id, region_id, {won} FROM awards
UNION ALL SELECT w.campaign_id, 6, w.citizen_id, w.region_id, {redeemed} FROM redemptions x
    JOIN awards w ON w.id = x.award_id WHERE x.undone_at IS NULL),
events AS (SELECT d.*, CASE WHEN d.region_id IS NULL THEN '' ELSE h.place END AS place FROM did d
    JOIN campaigns c ON c.id = d.campaign_id AND c.slug = :slug LEFT JOIN places h ON h.id = d.region_id)"""
IN_FORCE = """FROM tally_revisions r JOIN tallies t ON t.id = r.tally_id JOIN volunteers w ON w.id = t.volunteer_id
    JOIN campaigns c ON c.id = r.campaign_id LEFT JOIN places h ON h.id = r.region_id
    WHERE r.in_force AND c.slug = :slug AND {day} BETWEEN :first AND :last"""
HANDED_OUT = "JOIN handouts g ON g.tally_id = r.tally_id AND g.revision = r.revision WHERE"
GIVEN = {
    "sqlite": "g.value AS said, count(*) FROM papers p JOIN campaigns c ON c.id = p.campaign_id, json_each(p.items) i,"
    " json_each(p.given) g JOIN question_versions v ON v.id = json_extract(i.value, '$[0]')"
    " WHERE g.key = i.key AND c.slug = :slug",
    "postgresql": "g.said, count(*) FROM papers p JOIN campaigns c ON c.id = p.campaign_id"
    " CROSS JOIN LATERAL json_array_elements(p.items) WITH ORDINALITY i(item, no)"
    " CROSS JOIN LATERAL json_array_elements_text(p.given) WITH ORDINALITY g(said, no)"
    " JOIN question_versions v ON v.id = cast(i.item ->> 0 AS integer) WHERE g.no = i.no AND c.slug = :slug",
}
