"""The yardstick campaign from door to door: 33 communities, 200 volunteers, thirty days, counted to the piece."""

from collections.abc import Mapping
from uuid import UUID

import pytest
import time_machine

from quizsvc.accounts import rules as account_rules
from quizsvc.accounts import service as accounts
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.materials import stock
from quizsvc.regions import service as regions
from tests.materials.place import balances, wrong_balances
from tests.outreach.drive import COMMUNITIES, DAY, DAYS, DELIVERED, SLUG, TOWN, Drive
from tests.outreach.place import volunteer
from tests.outreach.reports import sent, tally, totals
from tests.outreach.stories import BOX, FACTORS, FAN, LEAFLET, MATERIALS, Json, Keeper, summed
from tests.world import COMMUNITY, PASSWORD, START, World

OFFICE = "second-office"


def make_noise(world: World) -> None:
    """Another street's campaign with a volunteer of its own and one who serves both."""
    world.publish()
    with transaction():
        stock.load_materials(MATERIALS)
    other = volunteer(world, "v1", COMMUNITY)
    assert sent(other, tally(boxes=7), tally(fans=9)) == ["created"] * 2
    answer = world.desk("operator").post(
        "materials/movements",
        json={"id": str(UUID(int=1)), "act": "receive", "material": BOX.code, "quantity": 1000, "store": COMMUNITY},
    )
    assert answer.status_code == 201


@pytest.fixture
def _long_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Phones that log in once: the log-ins of two hundred phones every week are not what is looked at."""
    monkeypatch.setattr(account_rules, "CITIZEN_TOKEN_LASTS", 60 * DAY)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_long_tokens")
def test_thirty_days_of_the_yardstick_campaign_are_counted_to_the_piece(
    world: World, clock: time_machine.Traveller
) -> None:
    make_noise(world)
    noise = totals(world)
    communities = "".join(f"{code},{code}社区,community,{TOWN}\n" for code in COMMUNITIES)
    with transaction():
        regions.load_regions(f"code,name,level,parent\n{TOWN},示范街道,street,d\n{communities}", file="regions.csv")
    with transaction():
        first = accounts.get_staff("operator")
        accounts.add_staff(
            OFFICE, password=PASSWORD, role="operator", region=regions.get_region(TOWN), granter=first, now=utcnow()
        )
    world.draft(slug=SLUG, region=TOWN, closes_at=START + DAYS * DAY, round=[], prize=[])
    with transaction():
        backoffice.publish(campaigns.get_campaign(SLUG), by=accounts.get_staff(OFFICE), now=utcnow())
    drive = Drive(world, clock)
    drive.play()

    require_totals(world, drive, noise)
    require_own_pages(drive)
    require_books(world, drive)
    assert wrong_balances() == []
    assert drive.answers["held"] > 60
    assert drive.repeats > 500


def require_totals(world: World, drive: Drive, noise: Mapping[str, int]) -> None:
    """What is counted is what happened, of each kind of visit apart and by every volunteer."""
    counted = drive.teller.truths()
    meant = summed(counted)
    assert {name: n - noise.get(name, 0) for name, n in totals(world).items()} == meant
    assert min(meant[BOX.code], meant[FAN.code] * 2, meant[LEAFLET.code] // 20) > 1000, meant
    by_setting = world.rows(
        "SELECT setting, count(*), sum(households), sum(people) FROM tally_revisions"
        " WHERE in_force AND campaign_id = (SELECT id FROM campaigns WHERE slug = :slug) GROUP BY setting",
        slug=SLUG,
    )
    kinds = {one["setting"] for one in counted}
    assert len(kinds) == 4
    assert {str(setting): list(map(int, sums)) for setting, *sums in by_setting} == {
        kind: [
            summed([one for one in counted if one["setting"] == kind]).get(name, 0)
            for name in ("tallies", "households", "people")
        ]
        for kind in kinds
    }


def require_own_pages(drive: Drive) -> None:
    """Every volunteer is shown their own, and nothing of others."""
    mine: dict[str, list[Json]] = {walker.code: [] for walker in drive.walkers}
    for story in drive.teller.stories.values():
        if story.truth is not None:
            mine[story.walker.code].append(story.truth)
    for walker in drive.walkers:
        own = drive.phones[walker.code].get("outreach/me").get_json()
        (campaign,) = own["campaigns"]
        shown = {name: campaign[name] for name in ("tallies", "households", "people")}
        shown |= {one["material"]: one["quantity"] for one in campaign["handed_out"]}
        assert {name: n for name, n in shown.items() if n} == summed(mine[walker.code])
        assert (campaign["slug"], campaign["held"]) == (SLUG, 0)
        on_hand = {one["material"]["code"]: one["on_hand"] for one in own["stock"]}
        assert on_hand == {code: walker.on_the_books(code) for code in on_hand}


def require_books(world: World, drive: Drive) -> None:
    """The ledger says of every hand and store what is really there, and of every material where it went."""
    keepers: dict[str, Keeper] = {f"store:{code}": store for code, store in drive.stores.items()}
    keepers |= {f"volunteer:{drive.ids[walker.code]}": walker for walker in drive.walkers}
    handed_out = summed(drive.teller.truths())
    with reading():
        accounts = {one.material.code: one for one in stock.list_accounts(regions.get_region(TOWN))}
    for code, packs in DELIVERED.items():
        found = balances(world, code)
        there = {name: one.on_the_books(code) for name, one in keepers.items()}
        assert {name: found.get(name, 0) for name in keepers} == there
        account = accounts[code]
        assert account.agrees
        assert (account.received, account.handed_out, account.on_hand, account.moved_in, account.moved_out) == (
            packs * FACTORS[code],
            handed_out[code],
            sum(there.values()),
            0,
            0,
        )
        assert (account.lost, account.returned) == (drive.lost[code], drive.returned[code])
        assert account.difference == -sum(one.noticed(code) for one in keepers.values())
    assert any(one.difference for one in accounts.values())
