"""Load the demo campaign: regions, staff, bank, stock, volunteers, coupons, publication. Safe to repeat."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from string import Template

from quizsvc.accounts import invitations
from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import Staff
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.campaigns.rules import DRAFT
from quizsvc.campaigns.service import CampaignUnknown
from quizsvc.kit.clock import day_of
from quizsvc.kit.crypto import keys
from quizsvc.kit.files import shipped
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.lottery import coupons
from quizsvc.lottery.coupons import CouponRow
from quizsvc.materials import service as materials
from quizsvc.materials import stock
from quizsvc.materials.files import read_materials, read_stock
from quizsvc.outreach import roster
from quizsvc.outreach.volunteer_sheet import read_volunteers
from quizsvc.quiz import bank
from quizsvc.quiz.files import read_bank
from quizsvc.regions import service as regions

SLUG = "demo"
INVITED, INVITED_FOR = 100_000, timedelta(days=60)
STREET, COMMUNITY = "990100001", "990100001001"
# Who signs in to the demo: name -> role and region. The first one grants the others.
SIGN_INS: Mapping[str, tuple[str, str]] = {
    "operator": ("operator", STREET),
    "clerk": ("clerk", COMMUNITY),
    "auditor": ("auditor", STREET),
    "partner": ("partner", STREET),
}


def load_demo(*, passwords: Mapping[str, str], now: datetime) -> None:
    """Bring the demo up on an empty database, or leave the one that stands as it is. In the caller's transaction."""
    regions.load_regions(read_text(shipped("demo/regions.csv")), file="demo/regions.csv")
    bank.load_shipped(read_bank(shipped("questions")))
    try:
        if campaigns.get_campaign(SLUG).state != DRAFT:
            return
    except CampaignUnknown:
        pass
    operator: Staff | None = None
    for name, (role, region) in SIGN_INS.items():
        added = accounts.add_staff(
            name,
            password=passwords[name],
            role=role,
            region=regions.get_region(region),
            granter=operator,
            now=now,
        )
        operator = operator or added
    if operator is None:
        raise LookupError("the demo has nobody who could publish it")
    _stock_up(operator, now=now)
    _enlist(operator, now=now)
    document = read_campaign(_campaign_table(now), file="demo/campaign.toml")
    campaign = backoffice.load_campaign(document, by=operator, now=now)
    for prize in campaign.definition.prizes:
        if prize.kind == "coupon":
            rows = _coupons(prize.code, prize.value_fen, sum(r.planned[prize.code] for r in campaign.definition.rounds))
            coupons.load_coupons(campaign, prize=prize.code, coupons=rows, by=operator.name, now=now)
    backoffice.publish(campaign, by=operator, now=now, one_person=True)
    backoffice.advance(campaigns.get_campaign(SLUG), now=now)


def _stock_up(operator: Staff, *, now: datetime) -> None:
    """Boxes, fans and leaflets for the street, and the prizes of goods at the clerk's desk."""
    lists = {name: read_text(shipped(f"demo/{name}.csv")) for name in ("materials", "stock")}
    stock.load_materials(read_materials(lists["materials"], units=stock.list_units(), file="demo/materials.csv"))
    for row in sorted(read_stock(lists["stock"], file="demo/stock.csv"), key=lambda row: (row.material, row.region)):
        materials.receive(
            row.ref,
            region=row.region,
            material=row.material,
            quantity=row.quantity,
            pack=row.pack,
            by=operator,
            now=now,
        )


def open_invitation() -> str:
    """The invitation that makes anybody a volunteer of the demo: the same at every start, and nobody else's."""
    return invitations.code_of(_invitation_number())


def _invitation_number() -> int:
    return int.from_bytes(keys().identity_digest("demo", "open invitation")[:8], "big")


def _enlist(operator: Staff, *, now: datetime) -> None:
    """Some volunteers of each kind, and an invitation for everybody else."""
    file = shipped("demo/volunteers.csv")
    roster.load(read_volunteers(file), file="demo/volunteers.csv", by=operator, now=now)
    invitations.invite_openly(
        regions.get_region(STREET),
        kind="volunteer",
        uses=INVITED,
        by=operator.name,
        expires_at=now + INVITED_FOR,
        now=now,
        number=_invitation_number(),
    )


def _campaign_table(now: datetime) -> dict[str, object]:
    today = day_of(now)
    days = {f"day{n}": (today + timedelta(days=n)).isoformat() for n in range(100)}
    text = Template(read_text(shipped("demo/campaign.toml"))).safe_substitute(days)
    return parse_toml(text, file="demo/campaign.toml")


def _coupons(prize: str, value_fen: int, count: int) -> list[CouponRow]:
    expires_at = datetime.fromisoformat("2030-12-31T23:59:59+08:00")
    return [CouponRow(f"DEMO-{prize}-{n:05}", value_fen, expires_at) for n in range(1, count + 1)]
