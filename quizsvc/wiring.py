"""The map of the service: audience -> prefix -> guard -> blueprints; commands; what happens by itself.

A route is reachable only through an area, and every area but `open` and `ops` has a guard.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click
from flask import Blueprint

from quizsvc.accounts import chain, guards
from quizsvc.accounts import cli as accounts_cli
from quizsvc.accounts import routes as accounts
from quizsvc.backoffice import cli as backoffice_cli
from quizsvc.backoffice import service as backoffice
from quizsvc.backoffice.desk import pages as desk
from quizsvc.demo import cli as demo_cli
from quizsvc.h5 import routes as h5
from quizsvc.kit import health
from quizsvc.lottery import cli as lottery_cli
from quizsvc.lottery import notices
from quizsvc.lottery import routes as lottery
from quizsvc.materials import cli as materials_cli
from quizsvc.materials import routes as materials
from quizsvc.me import routes as me
from quizsvc.outreach import cli as outreach_cli
from quizsvc.outreach import routes as outreach
from quizsvc.outreach import tally_routes as tallies
from quizsvc.quiz import cli as quiz_cli
from quizsvc.quiz import routes as quiz
from quizsvc.reach import cli as reach_cli
from quizsvc.reach import report_cli, settling
from quizsvc.reach import report_routes as report
from quizsvc.reach import routes as reach
from quizsvc.regions import routes as regions

API = "/api/v1"


@dataclass(frozen=True)
class Area:
    """Who comes in where, past which guard."""

    audience: str
    prefix: str
    guard: Callable[[], None] | None
    blueprints: Sequence[Blueprint]
    furnish: Callable[[Blueprint], None] | None = None  # what else stands in the area: error pages, headers


AREAS = (
    Area("open", API, None, (accounts.doors, regions.bp, me.pages, lottery.public, reach.public)),
    Area(
        "citizen", API, guards.citizen_guard, (accounts.citizen, quiz.bp, lottery.citizen, me.citizen, outreach.citizen)
    ),
    Area("volunteer", API, guards.volunteer_guard, (outreach.volunteer, tallies.volunteer)),
    Area("clerk", API, guards.staff_guard, (lottery.clerk, materials.clerk, tallies.clerk, reach.staff, report.staff)),
    Area("desk", "/desk", desk.guard, desk.BLUEPRINTS, desk.furnish),
    Area("ops", "", None, (health.bp, h5.bp)),
)

COMMANDS: tuple[click.Command, ...] = (
    backoffice_cli.regions,
    accounts_cli.group,
    accounts_cli.audit,
    quiz_cli.group,
    backoffice_cli.group,
    lottery_cli.coupons,
    lottery_cli.lottery,
    materials_cli.group,
    outreach_cli.volunteers,
    outreach_cli.tallies,
    reach_cli.group,
    reach_cli.reach,
    report_cli.report,
    demo_cli.simulate,
)

Job = Callable[..., Sequence[str]]

# Each in a transaction of its own, at every tick, in this order; each says what it did.
JOBS: tuple[tuple[str, Job], ...] = (
    ("campaigns and rounds", backoffice.advance_campaigns),
    ("awards", backoffice.expire_awards),
    ("papers", backoffice.lapse_papers),
    ("figures", settling.settle_some),
    ("notices", notices.prepare),
    ("audit log", chain.seal_some),
)

Errand = Callable[[], Sequence[str]]

# After the jobs, with no transaction open: they ask somebody else, and bound their time.
ERRANDS: tuple[tuple[str, Errand], ...] = (("messages", notices.send_waiting),)
