"""What the yardstick campaign's volunteers reported: most of it as rows, some of it through their phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import rfc3339, start_of, utcnow
from quizsvc.kit.db import transaction
from quizsvc.kit.dirty import DirtyRecord
from quizsvc.outreach import roster
from quizsvc.outreach.models import HandoutRecord, HeldRecord, RevisionRecord, TallyRecord
from quizsvc.outreach.roster import Row
from tests.outreach.reports import send, sent, statuses
from tests.reach.crowd import A_DAY, A_TICK, FIRST_DAY
from tests.reach.pouring import Rows
from tests.reach.yardstick import (
    A_BUILDING,
    COMMUNITIES,
    HANDED_OUT,
    LAST_DAY,
    LEAFLET,
    OTHER,
    SLUG,
    TISSUE,
    TOWN,
    day_in,
    new_id,
    shares,
)
from tests.world import Phone, World, uuid_of

ACTIVE, IDLE = 208, 2
KINDS = ("volunteer", "grid-worker", "building-head")
SETTINGS = {"household": 12, "shop": 4, "talk": 1, "stall": 1}
TALLIES, PHONES, BATCH = 2_600, 3, 100
NOISE = 25  # tallies of each sort that does not count
Json = dict[str, Any]


@dataclass
class Doors:
    """The list of volunteers and what they say; `phones` are those of the first three."""

    world: World
    chance: Random
    ids: Mapping[str, UUID]
    phones: Sequence[Phone]


def gather(world: World, chance: Random) -> Doors:
    """208 who will report, two who never do, one who left before it began and one of another street."""
    begin, past = FIRST_DAY - 5 * A_DAY, FIRST_DAY - 40 * A_DAY
    rows = [Row("", f"W{n:03}", "王小明", KINDS[n % 3], COMMUNITIES[n % 33], begin, None) for n in range(ACTIVE + IDLE)]
    rows.append(Row("", "GONE", "李大明", "volunteer", COMMUNITIES[0], past, past + 9 * A_DAY))
    rows.append(Row("", "AWAY", "张小明", "volunteer", "s2c1", begin, None))
    with transaction():
        by, now = accounts.get_staff("operator"), utcnow()
        roster.load(rows, file="list", by=by, now=now)
        invited = roster.invite([row.code for row in rows[:PHONES]], days=30, by=by, now=now)
    ids = {str(code): uuid_of(id_) for code, id_ in world.rows("SELECT code, id FROM volunteers")}
    phones = []
    for _, invitation in invited:
        phone = world.citizen(consents_to=None)
        assert phone.post("volunteers", json={"invitation": invitation}).status_code == 201
        phones.append(phone)
    return Doors(world, chance, ids, phones)


def report(doors: Doors) -> list[Json]:
    """Everything: what is handed out adds up to HANDED_OUT, over both ways. Returns each phone's first visit."""
    portions = {code: shares(doors.chance, total, TALLIES) for code, total in HANDED_OUT.items()}
    given = [{code: parts[n] for code, parts in portions.items() if parts[n]} for n in range(TALLIES)]
    by_phone = PHONES * BATCH
    _pour(doors, given[by_phone:])
    firsts = []
    for n, phone in enumerate(doors.phones):
        batch = [visit(doors, n, one) for one in given[n * BATCH : (n + 1) * BATCH]]
        assert set(sent(phone, *batch)) == {"created"}
        firsts.append(batch[0])
    _change_minds(doors, doors.phones[0])
    return firsts


def visit(doors: Doors, volunteer: int, handed_out: Mapping[str, int], **said: Any) -> Json:
    """A visit as a phone sends it, of one of the last days."""
    chance = doors.chance
    at = start_of(LAST_DAY - chance.randint(1, 3) * A_DAY) + timedelta(minutes=chance.randint(480, 1300))
    one: Json = {
        "id": str(new_id(chance)),
        "revision": 1,
        "campaign": SLUG,
        "region": COMMUNITIES[volunteer % 33],
        "setting": chance.choices(list(SETTINGS), list(SETTINGS.values()))[0],
        "occurred_at": rfc3339(at),
        "households": chance.randint(0, 3),
        "people": chance.randint(1, 9),
        "handouts": [{"material": code, "quantity": n} for code, n in handed_out.items()],
    }
    return one | said


def _change_minds(doors: Doors, phone: Phone) -> None:
    """A tally that is void, one without goods that is corrected, and one that is held: no box more is handed out."""
    gone, wrong = visit(doors, 0, {TISSUE.code: 5}), visit(doors, 0, {LEAFLET.code: 7})
    held = visit(doors, 0, {TISSUE.code: 9}, region="s2c1")
    answers = statuses(send(phone, gone, wrong, held))
    assert answers == ["created", "created", "held"]
    void = {"id": gone["id"], "revision": 2, "void": True}
    assert sent(phone, void, wrong | {"revision": 2, "handouts": [], "people": 4}) == ["created"] * 2


# --- in bulk ----------------------------------------------------------------------------------------------------------


class _Bulk:
    def __init__(self, doors: Doors) -> None:
        self.chance, self.rows = doors.chance, Rows()
        self.ids = [doors.ids[f"W{n:03}"] for n in range(ACTIVE + IDLE)]
        self.places = {str(code): uuid_of(id_) for code, id_ in doors.world.rows("SELECT code, id FROM regions")}
        slugs = doors.world.rows("SELECT slug, id FROM campaigns")
        self.campaigns = {str(slug): uuid_of(id_) for slug, id_ in slugs}

    def tally(self, volunteer: int, *, voided: bool = False) -> UUID:
        tally_id = new_id(self.chance)
        self.rows.add(TallyRecord, id=tally_id, volunteer_id=self.ids[volunteer], voided=voided)
        return tally_id

    def revision(
        self,
        tally_id: UUID,
        handed_out: Mapping[str, int],
        *,
        volunteer: int,
        no: int = 1,
        slug: str = SLUG,
        day: date,
        in_force: bool = True,
        state: str = "counted",
    ) -> None:
        """One revision with its hand-outs; one in ten is dated the first or the last microsecond of its day."""
        home = self.places[COMMUNITIES[volunteer % 33]]
        place = self.chance.choices((home, self.places[A_BUILDING], self.places[TOWN]), (90, 5, 5))[0]
        at = start_of(day) + self.chance.choices((timedelta(hours=9), timedelta(0), A_DAY - A_TICK), (90, 5, 5))[0]
        self.rows.add(
            RevisionRecord,
            tally_id=tally_id,
            revision=no,
            void=False,
            in_force=in_force,
            state=state,
            content="",
            campaign_id=self.campaigns[slug],
            region_id=place,
            occurred_at=at,
            setting=self.chance.choices(list(SETTINGS), list(SETTINGS.values()))[0],
            households=self.chance.randint(0, 3),
            people=self.chance.randint(1, 9),
            received_at=at,
            clock_skew=0,
        )
        for n, (code, quantity) in enumerate(handed_out.items(), start=1):
            said = {"material": code, "quantity": quantity, "factor": 1}
            self.rows.add(HandoutRecord, tally_id=tally_id, revision=no, no=n, **said)

    def held(self, tally_id: UUID) -> None:
        self.rows.add(
            HeldRecord,
            id=new_id(self.chance),
            tally_id=tally_id,
            revision=1,
            reason="no_assignment",
            region_path=f"/d/{TOWN}/",
            held_at=utcnow(),
        )


def _pour(doors: Doors, given: Sequence[Mapping[str, int]]) -> None:
    """The tallies that count, one in ten of them corrected; and those that do not."""
    bulk, chance = _Bulk(doors), doors.chance
    for n, handed_out in enumerate(given):
        volunteer = n % ACTIVE
        tally_id = bulk.tally(volunteer)
        corrected = n % 10 == 0
        if corrected:
            bulk.revision(tally_id, {TISSUE.code: 50}, volunteer=volunteer, day=day_in(chance), in_force=False)
        no = 2 if corrected else 1
        bulk.revision(tally_id, handed_out, volunteer=volunteer, no=no, day=day_in(chance))
    goods = {TISSUE.code: 11, LEAFLET.code: 13}
    for n in range(NOISE):
        bulk.revision(bulk.tally(n), goods, volunteer=n, day=FIRST_DAY - A_DAY)
        bulk.revision(bulk.tally(ACTIVE + IDLE - 1 - n), goods, volunteer=n, slug=OTHER, day=day_in(chance))
        bulk.revision(bulk.tally(n, voided=True), goods, volunteer=n, day=day_in(chance), in_force=False)
        waiting = bulk.tally(n)
        bulk.revision(waiting, goods, volunteer=n, day=day_in(chance), in_force=False, state="held")
        bulk.held(waiting)
    for volunteer_id in bulk.ids:
        for campaign_id in (bulk.campaigns[SLUG], bulk.campaigns[OTHER]):
            bulk.rows.add(DirtyRecord, kind="volunteer", whole=campaign_id, part=volunteer_id, at=utcnow())
    with transaction():
        bulk.rows.pour()
