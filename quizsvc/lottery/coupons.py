"""A partner's coupon lists: loaded before publishing, each coupon given to one award."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quizsvc.accounts import service as accounts
from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign, Prize
from quizsvc.kit.crypto import keys
from quizsvc.kit.problems import Cells, FileRefused, Problem, read_csv
from quizsvc.lottery import award_store

FEN = re.compile(r"[0-9]{1,9}")
COLUMNS = ("code", "face_value_fen", "expires_at")


@dataclass(frozen=True)
class CouponRow:
    """One line of a partner's list."""

    code: str
    face_value_fen: int
    expires_at: datetime


def read_coupons(text: str, *, file: str) -> list[CouponRow]:
    """The coupons of a CSV list, or FileRefused naming every line that is wrong."""
    rows: list[CouponRow] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for line, found in read_csv(text, columns=COLUMNS, needed=COLUMNS, file=file):
        faults = _faults(found, seen)
        problems += [Problem(f"line {line}", what, mend, file) for what, mend in faults]
        seen.add(found["code"])
        if not faults:
            expires_at = datetime.fromisoformat(found["expires_at"])
            rows.append(CouponRow(found["code"], int(found["face_value_fen"]), expires_at))
    if problems:
        raise FileRefused(problems)
    return rows


def _faults(cells: Cells, seen: set[str]) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if not (1 <= len(cells["code"]) <= 100 and cells["code"].isprintable()):
        faults.append(("code is missing, too long or not printable", "give the coupon's code"))
    if cells["code"] in seen:
        faults.append(("this code stands twice", "remove one of the two lines"))
    if not FEN.fullmatch(cells["face_value_fen"]):
        faults.append((f"face_value_fen {cells['face_value_fen']!r} is not a whole number", "write 1000 for 10 yuan"))
    try:
        aware = datetime.fromisoformat(cells["expires_at"]).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        faults.append((f"expires_at {cells['expires_at']!r} is no time", "write 2026-12-31T23:59:59+08:00"))
    return faults


def list_prizes(campaign: Campaign) -> list[Prize]:
    """Coupon prizes, those of an amendment that waits too: its coupons are loaded before it can be published."""
    amendment = amendments.find_amendment(campaign)
    named = [*campaign.definition.prizes, *(amendment.definition.prizes if amendment else ())]
    return list({one.code: one for one in named if one.kind == "coupon"}.values())


def load_coupons(
    campaign: Campaign, *, prize: str, coupons: Sequence[CouponRow], by: str, now: datetime
) -> tuple[int, int]:
    """Take a list over: (new coupons, awards that had waited for one). Safe to repeat; a coupon counts once.

    WrongState once the campaign is archived.
    """
    campaigns.require_unarchived(campaign)
    added = 0
    for coupon in coupons:
        added += award_store.add_coupon(
            campaign_id=campaign.id,
            prize=prize,
            code_hash=keys().identity_hash("coupon", coupon.code),
            sealed_code=keys().seal(coupon.code.encode()),
            face_value_fen=coupon.face_value_fen,
            expires_at=coupon.expires_at,
        )
    waiting = award_store.list_awards_without_coupon(campaign.id, prize=prize)
    served = sum(award_store.assign_coupon(award) for award in waiting)
    after = {"prize": prize, "added": added, "served": served}
    accounts.audit(by, act="coupons.load", subject=campaign.slug, after=after, now=now)
    return added, served


def find_shortages(campaign: Campaign) -> list[tuple[str, int, int]]:
    """Coupon prizes with fewer coupons than cards that carry them, as (prize code, coupons, cards)."""
    short: list[tuple[str, int, int]] = []
    for prize in campaign.definition.prizes:
        cards = sum(one.planned.get(prize.code, 0) for one in campaign.definition.rounds)
        there = award_store.count_coupons(campaign.id, prize=prize.code)
        if prize.kind == "coupon" and there < cards:
            short.append((prize.code, there, cards))
    return short
