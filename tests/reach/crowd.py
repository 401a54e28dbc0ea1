"""What thirty thousand citizens did in a campaign, as rows: visits, papers, tickets, draws, awards, redemptions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from quizsvc.accounts.models import CitizenRecord
from quizsvc.kit.clock import day_of, start_of
from quizsvc.kit.db import transaction
from quizsvc.kit.dirty import DirtyRecord
from quizsvc.lottery.models import AwardRecord, DrawRecord, RedemptionRecord
from quizsvc.quiz.models import PaperRecord, TicketRecord
from quizsvc.reach.models import VisitRecord
from tests.reach.pouring import Rows
from tests.world import START, World, uuid_of

FIRST_DAY = day_of(
    START - timedelta(days=1)
)  # the campaign's first; those in bulk came in the twelve days from then on
BULK_DAYS = 12
QUESTIONS, PASSING = 5, 4
MOST_WINS = 2
A_TICK, A_DAY = timedelta(microseconds=1), timedelta(days=1)
STATES = {"marked": 84, "late": 5, "lapsed": 11}
WRONG = {0: 45, 1: 30, 2: 12, 3: 8, 5: 5}


@dataclass
class Person:
    """A citizen. `homes`: where they are at home at first and, from the day `moves` on, then; None is nowhere."""

    id: UUID
    homes: tuple[UUID | None, UUID | None]
    moves: date

    def home(self, day: date) -> UUID | None:
        return self.homes[day >= self.moves]


@dataclass(frozen=True)
class Box:
    """A published campaign, as its rows name it."""

    campaign_id: UUID
    round_id: UUID
    staff_id: UUID
    desk_id: UUID


def box_of(world: World, slug: str, *, desk: str) -> Box:
    """The campaign with its one round; prizes are handed over at a community's desk by the operator."""
    (row,) = world.rows(
        "SELECT c.id, r.id, s.id, d.id FROM campaigns c JOIN rounds r ON r.campaign_id = c.id,"
        " staff s, regions d WHERE c.slug = :slug AND s.name = 'operator' AND d.code = :desk",
        slug=slug,
        desk=desk,
    )
    return Box(*map(uuid_of, row))


@dataclass
class Crowd:
    """Makes people up and lets them play; `pour` puts it all into the database and marks what has to be counted."""

    chance: Random
    homes: Sequence[UUID | None]
    versions: Sequence[tuple[int, Sequence[str]]]  # question version, right options
    rows: Rows = field(default_factory=Rows)
    position: int = 0

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def people(self, number: int) -> list[Person]:
        """So many citizens; one in twelve moves, one in a hundred is deleted."""
        return [self._person() for _ in range(number)]

    def _person(self) -> Person:
        first, then = self.chance.choice(self.homes), self.chance.choice(self.homes)
        moves = FIRST_DAY + self.chance.randint(1, 8) * A_DAY
        found = Person(self.new_id(), (first, then if self.chance.random() < 0.08 else first), moves)
        is_deleted = self.chance.random() < 0.01
        self.rows.add(
            CitizenRecord,
            id=found.id,
            openid_hash=None if is_deleted else found.id.hex,
            region_id=None if is_deleted else found.homes[1],
            created_at=START - 2 * A_DAY,
            deleted_at=START + 9 * A_DAY if is_deleted else None,
        )
        return found

    def play(self, person: Person, box: Box) -> None:
        """One person's days in a campaign: most come once, some on five days."""
        number = self.chance.choices((1, 2, 3, 5), (72, 17, 8, 3))[0]
        wins = 0
        for n in sorted(self.chance.sample(range(BULK_DAYS), number)):
            day = FIRST_DAY + n * A_DAY
            opened = self.chance.random() < 0.95
            if opened:
                self.visit(person, box, day=day)
            if not opened or self.chance.random() < 0.72:
                wins += self._answer(person, box, day=day, wins=wins)
        self._mark(person, box)

    def look(self, person: Person, box: Box, *, day: date) -> None:
        """Somebody who opened the campaign and went away again."""
        self.visit(person, box, day=day)
        self._mark(person, box)

    def visit(self, person: Person, box: Box, *, day: date) -> None:
        home = person.home(day)
        self.rows.add(VisitRecord, campaign_id=box.campaign_id, citizen_id=person.id, day=day, region_id=home)

    def _mark(self, person: Person, box: Box) -> None:
        self.rows.add(DirtyRecord, kind="person", whole=box.campaign_id, part=person.id, at=START)

    def _moment(self, day: date) -> datetime:
        """A time of a Shanghai day; one in twenty is its first, one in twenty its last microsecond."""
        begins, luck = start_of(day), self.chance.random()
        if luck < 0.05:
            return begins
        if luck < 0.1:
            return begins + A_DAY - A_TICK
        return begins + timedelta(seconds=self.chance.randint(7 * 3600, 23 * 3600))

    def _answer(self, person: Person, box: Box, *, day: date, wins: int) -> bool:
        """A paper and all that came of it; says whether it won."""
        state = self.chance.choices(list(STATES), list(STATES.values()))[0]
        dealt_at = self._moment(day)
        answered = state != "lapsed"
        items, given, correct = self._answers()
        whose = {
            "campaign_id": box.campaign_id,
            "citizen_id": person.id,
            "limit_key": f"{box.campaign_id.hex[-12:]}{person.id.hex}",
            "region_id": person.home(day),
        }
        paper_id = self.new_id()
        self.rows.add(
            PaperRecord,
            id=paper_id,
            **whose,
            day=day,
            no_of_day=1,
            state=state,
            dealt_at=dealt_at,
            due_at=dealt_at + timedelta(minutes=10),
            earns_ticket=True,
            items=items,
            given=given if answered else None,
            correct=correct if answered else None,
            passed=correct >= PASSING if answered else None,
            handed_in_at=dealt_at + timedelta(minutes=3 if state == "marked" else 30) if answered else None,
        )
        if state != "marked" or correct < PASSING:
            return False
        ticket_id = self.new_id()
        self.rows.add(TicketRecord, id=ticket_id, paper_id=paper_id, **whose, earned_at=dealt_at + timedelta(minutes=3))
        if self.chance.random() < 0.1:
            return False
        return self._draw(whose, ticket_id, box, at=dealt_at + timedelta(minutes=4), wins=wins)

    def _answers(self) -> tuple[list[list[object]], list[str], int]:
        """Questions dealt, what was chosen, and how many of it is right. A wrong answer is none, or one option more."""
        asked = self.chance.sample(self.versions, QUESTIONS)
        wrong = set(self.chance.sample(range(QUESTIONS), self.chance.choices(list(WRONG), list(WRONG.values()))[0]))
        right = ["".join(sorted(answer)) for _, answer in asked]
        given = [self.chance.choice(("", f"{said}C")) if n in wrong else said for n, said in enumerate(right)]
        return [[version, "ABC"] for version, _ in asked], given, QUESTIONS - len(wrong)

    def _draw(self, whose: dict[str, object], ticket_id: UUID, box: Box, *, at: datetime, wins: int) -> bool:
        self.position += 1
        won = wins < MOST_WINS and self.chance.random() < 0.2
        self.rows.add(
            DrawRecord,
            ticket_id=ticket_id,
            round_id=box.round_id,
            position=self.position,
            citizen_id=whose["citizen_id"],
            alias=ticket_id.hex[:22],
            prize="tissue" if won else None,
            drawn_at=at,
        )
        if won:
            self._award(whose, ticket_id, box, at=at, nth=wins + 1)
        return won

    def _award(self, whose: dict[str, object], ticket_id: UUID, box: Box, *, at: datetime, nth: int) -> None:
        state = self.chance.choices(("redeemed", "won", "expired", "void"), (65, 30, 3, 2))[0]
        award_id = self.new_id()
        self.rows.add(
            AwardRecord,
            id=award_id,
            ticket_id=ticket_id,
            entry_id=None,
            **whose,
            nth=nth,
            max_wins=MOST_WINS,
            prize="tissue",
            state=state,
            code_hash=award_id.hex,
            won_at=at,
            expires_at=START + 45 * A_DAY,
        )
        for undone in [True] * (self.chance.random() < 0.1) + [False] * (state == "redeemed"):
            self._redeem(award_id, box, at=at + timedelta(hours=self.chance.randint(1, 30)), undone=undone)

    def _redeem(self, award_id: UUID, box: Box, *, at: datetime, undone: bool) -> None:
        self.rows.add(
            RedemptionRecord,
            id=self.new_id(),
            award_id=award_id,
            staff_id=box.staff_id,
            staff_name="operator",
            region_id=box.desk_id,
            note="",
            redeemed_at=at,
            undone_at=at + timedelta(minutes=5) if undone else None,
            undone_by="operator" if undone else None,
            undo_reason="点错" if undone else None,
        )

    def pour(self) -> None:
        with transaction():
            self.rows.pour()
