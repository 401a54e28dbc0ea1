"""Rotation of the secret key: what is sealed with an older key is sealed anew."""

from datetime import datetime

from quizsvc.accounts import messages
from quizsvc.accounts import service as accounts
from quizsvc.kit.crypto import keys
from quizsvc.lottery import award_store, closing_store, store


def reseal(*, by: str, now: datetime) -> int:
    """Seal every seed, coupon code and address of messages with the newest key. Returns how many; safe to repeat.

    Afterwards QUIZSVC_SECRET_KEY may lose its older keys. RuntimeError when a value opens with no key in use.
    """
    boxes, closing, coupons = (
        store.list_sealed_seeds(),
        closing_store.list_sealed_seeds(),
        award_store.list_sealed_coupons(),
    )
    for round_id, sealed in boxes:
        store.record_resealed(round_id, sealed_seed=_anew(sealed))
    for campaign_id, sealed in closing:
        closing_store.record_resealed(campaign_id, sealed_seed=_anew(sealed))
    for coupon_id, sealed in coupons:
        award_store.record_resealed(coupon_id, sealed_code=_anew(sealed))
    count = len(boxes) + len(closing) + len(coupons) + messages.reseal()
    accounts.audit(by, act="seeds.reseal", subject="secret key", after={"values": count}, now=now)
    return count


def _anew(sealed: str) -> str:
    return keys().seal(keys().unseal(sealed))
