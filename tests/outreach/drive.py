"""The yardstick campaign's thirty days, played through the API; what really happens is kept beside it."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.materials import stock
from quizsvc.outreach import roster
from quizsvc.outreach.roster import Row
from tests.outreach.reports import decide, send, sent, statuses
from tests.outreach.stories import BOX, FACTORS, FAN, KINDS, LEAFLET, MATERIALS, PACKS, Keeper, Teller, Walker
from tests.world import START, Phone, World

SLUG, TOWN = "drive", "y"
COMMUNITIES = [f"y{n:02}" for n in range(1, 34)]
DAYS, VOLUNTEERS = 30, 200
DELIVERED = {BOX.code: 220, FAN.code: 44, LEAFLET.code: 606}  # in packs: 5,280 boxes, 2,200 fans, 60,600 leaflets
A_COMMUNITYS = {BOX.code: 6, FAN.code: 1, LEAFLET.code: 18}  # in packs
A_BAGFUL = {BOX.code: (36, 2), FAN.code: (20, 4), LEAFLET.code: (250, 1)}  # and that every how many volunteers get it
WALKS_EVERY, VISITS = 15, 9
BATCH = 40
DAY = timedelta(days=1)


class Drive:
    """Two hundred volunteers, their phones, the stores, and the office that decides."""

    def __init__(self, world: World, clock: time_machine.Traveller) -> None:
        self.world, self.clock, self.random = world, clock, Random(20261201)
        self.teller = Teller(self.random, SLUG)
        self.stores = {code: Keeper() for code in (TOWN, *COMMUNITIES)}
        self.lost: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.repeats = 0
        self.walkers = [
            Walker(
                code=f"W{n:03}",
                kind=KINDS[n % 3],
                community=COMMUNITIES[n % 33],
                next_door=COMMUNITIES[(n + 1) % 33],
            )
            for n in range(VOLUNTEERS)
        ]
        self.phones: dict[str, Phone] = {}
        self.ids: dict[str, UUID] = {}

    # --- before it begins ---------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """The list, the log-ins, the goods: from the supplier to the street, the communities, the bags."""
        rows = [Row("", one.code, one.code, one.kind, one.community, START.date(), None) for one in self.walkers]
        with transaction():
            office, now = accounts.get_staff("operator"), utcnow()
            stock.load_materials(MATERIALS)
            roster.load(rows, file="list", by=office, now=now)
            invited = roster.invite([one.code for one in self.walkers], days=30, by=office, now=now)
        for listed, invitation in invited:
            phone = self.phones[listed.code] = self.world.phone()
            phone.token = phone.post("sessions", json={"code": listed.code}).get_json()["token"]
            assert phone.post("volunteers", json={"invitation": invitation}).status_code == 201
            self.ids[listed.code] = listed.id
        for code, packs in DELIVERED.items():
            self.move("receive", code, packs, pack=PACKS[code], store=TOWN)
            self.stores[TOWN].goods[code] += packs * FACTORS[code]
            for community in COMMUNITIES:
                self.move("transfer", code, A_COMMUNITYS[code], pack=PACKS[code], store=TOWN, to_store=community)
                quantity = A_COMMUNITYS[code] * FACTORS[code]
                self.pass_on(self.stores[TOWN], self.stores[community], material=code, quantity=quantity)
        for n, walker in enumerate(self.walkers):
            for code, (quantity, every) in A_BAGFUL.items():
                if n % every == 0:
                    self.between("issue", walker, code, quantity)

    def move(self, act: str, material: str, quantity: int, **said: Any) -> None:
        wish = {"id": str(UUID(int=self.random.getrandbits(128), version=4)), "act": act, "material": material}
        answer = self.world.desk("operator").post("materials/movements", json=wish | {"quantity": quantity} | said)
        assert answer.status_code == 201, (wish, answer.get_json())

    def between(self, act: str, walker: Walker, material: str, quantity: int) -> None:
        """Issue to a volunteer, or return from them."""
        store = self.stores[walker.community]
        self.move(act, material, quantity, store=walker.community, volunteer=str(self.ids[walker.code]))
        ends = (store, walker) if act == "issue" else (walker, store)
        self.pass_on(*ends, material=material, quantity=quantity)

    @staticmethod
    def pass_on(giver: Keeper, taker: Keeper, *, material: str, quantity: int) -> None:
        giver.goods[material] -= quantity
        taker.goods[material] += quantity

    # --- day by day ---------------------------------------------------------------------------------------------------

    def walk(self, day: int) -> None:
        """Who walks this day walks; in the evening most phones find a network, some only days later."""
        self.at(day, hours=0)
        for n, walker in enumerate(self.walkers):
            if (day + n) % WALKS_EVERY == 0:
                for minute in sorted(self.random.sample(range(400), VISITS)):
                    at = utcnow() + timedelta(minutes=minute)
                    self.teller.visit(walker, at=at, plainly=self.is_lost_phone(n))
        self.at(day, hours=8)
        for n, walker in enumerate(self.walkers):
            if walker.outbox and not self.is_lost_phone(n) and self.random.random() < 0.6:
                self.upload(walker)

    @staticmethod
    def is_lost_phone(n: int) -> bool:
        """It turns up after everything is over."""
        return n % 100 == 99

    def at(self, day: int, *, hours: int) -> None:
        self.clock.move_to(START + day * DAY + timedelta(hours=hours))
        self.world.staff.clear()  # yesterday's sign-ins

    def upload(self, walker: Walker, *, expected: str | None = None) -> None:
        """Send all that waits, in whatever order; some of it twice, some of it with another content."""
        self.random.shuffle(walker.outbox)
        phone = self.phones[walker.code]
        while batch := walker.outbox[:BATCH]:
            messages = [message for message, _ in batch]
            answered = statuses(send(phone, *messages, clock=utcnow() + self.random.choice([0, 0, 3]) * DAY))
            assert answered == [expected or status for _, status in batch]
            self.answers.update(answered)
            if self.random.random() < 0.3:
                self.repeats += len(messages)
                again = self.random.sample(messages, len(messages))
                assert sent(phone, *again) == ["duplicate"] * len(messages)
            elif self.random.random() < 0.2 and "people" in messages[0]:
                assert sent(phone, messages[0] | {"people": 99}) == ["conflict"]
            del walker.outbox[: len(batch)]

    def decide(self) -> None:
        """The office decides on what waits: most of it was so, some is not believed. The first word stands."""
        desk = self.world.desk("operator")
        while waiting := desk.get("outreach/held", query_string={"region": TOWN}).get_json()["items"]:
            for one in waiting:
                assert one["reason"] in {"no_assignment", "too_late"}
                counts = self.random.random() < 0.7
                words = ("count", "refuse") if counts else ("refuse", "count")
                for word in words[: self.random.choice([1, 1, 2])]:
                    answer = decide(desk, one["id"], word, note="核实")
                    assert (answer.status_code, answer.get_json()["decision"]) == (200, words[0])
                if not counts:
                    self.teller.refuse(one["tally"])

    def take_stock(self) -> None:
        """Things go missing; some of it is reported, the rest is found by counting stores and bags."""
        for n, (code, store) in enumerate(self.stores.items()):
            material = self.random.choice((BOX.code, FAN.code, LEAFLET.code))
            if n % 3 == 0 and store.goods[material] > 3:
                self.move("loss", material, 1, store=code, reason="破损")
                store.goods[material] -= 1
                self.lost[material] += 1
                store.lose(material, 2, at=utcnow() - timedelta(minutes=1))
                if n % 2 == 0:
                    self.count(store, material, store=code)
        for walker in self.random.sample(self.walkers, 12):
            if walker.goods[LEAFLET.code] > 5:
                walker.lose(LEAFLET.code, 5, at=utcnow() - timedelta(minutes=1))
            self.count(walker, LEAFLET.code, volunteer=str(self.ids[walker.code]))

    def count(self, keeper: Keeper, material: str, **holder: str) -> None:
        self.move("count", material, keeper.goods[material], reason="盘点", **holder)
        keeper.counted_at[material] = utcnow()

    # --- when it is over ----------------------------------------------------------------------------------------------

    def bring_back(self) -> None:
        """What is left goes back to the community, and from some to the street and to the supplier."""
        for walker in self.walkers[::3]:
            for code in (LEAFLET.code, BOX.code):
                if walker.goods[code]:
                    self.between("return", walker, code, walker.goods[code])
        for community in COMMUNITIES[::2]:
            left = self.stores[community].goods[LEAFLET.code]
            if 0 < left <= self.stores[community].on_the_books(LEAFLET.code):
                self.move("transfer", LEAFLET.code, left, store=community, to_store=TOWN)
                self.pass_on(self.stores[community], self.stores[TOWN], material=LEAFLET.code, quantity=left)
        self.move("return", LEAFLET.code, 100, store=TOWN)
        self.returned[LEAFLET.code] += 100
        self.stores[TOWN].goods[LEAFLET.code] -= 100

    def play(self) -> None:
        self.gather()
        for day in range(DAYS):
            self.walk(day)
            if day % 7 == 6:
                self.decide()
                self.take_stock()
        self.at(DAYS, hours=1)
        self.bring_back()
        self.at(DAYS + 4, hours=0)
        for n, walker in enumerate(self.walkers):
            if not self.is_lost_phone(n):
                self.upload(walker)
        self.at(DAYS + 8, hours=0)  # the campaign takes tallies for seven days after its end
        for walker in self.walkers:
            self.upload(walker, expected="held")
        self.decide()
