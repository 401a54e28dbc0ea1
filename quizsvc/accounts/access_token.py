"""WeChat's access token: one for all workers and hosts, asked for by one of them at a time, sealed in the database.

In the database and not in Redis: messages are sent by tick, which needs no Redis, and an emptied Redis would cost a
call. Like the draw it opens its own transactions, since none may be open while WeChat is asked.
"""

import time
from datetime import timedelta
from uuid import UUID, uuid4

from quizsvc.accounts import message_store, rules
from quizsvc.accounts.wechat import WeChat, WeChatAway
from quizsvc.kit.clock import utcnow
from quizsvc.kit.crypto import keys
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.jobs import drop_lease, take_lease

LEASE, LEASE_LASTS = "access-token", timedelta(seconds=10)  # longer than WeChat is waited for
PATIENCE_SECONDS, POLL_SECONDS = 8.0, 0.05


def get_token(client: WeChat, *, stale: str | None = None) -> str:
    """The token to call WeChat with; WeChatAway.

    `stale`: WeChat has called this one no good, so another one is wanted, and asked for if nobody has it yet.
    """
    holder, deadline = uuid4(), time.monotonic() + PATIENCE_SECONDS
    while True:
        with reading():
            token = _find(client, stale)
        if token is not None:
            return token
        with transaction():
            is_ours = take_lease(LEASE, holder=holder, lasts=LEASE_LASTS, now=utcnow())
            token = _find(client, stale) if is_ours else None  # who had the lease before us may have left one
            if token is not None:
                drop_lease(LEASE, holder=holder, now=utcnow())
        if token is not None:
            return token
        if is_ours:
            return _ask(client, holder)
        if time.monotonic() >= deadline:
            raise WeChatAway(retry_after=3)
        time.sleep(POLL_SECONDS)


def _find(client: WeChat, stale: str | None) -> str | None:
    sealed = message_store.find_token(client.settings.appid, now=utcnow())
    if sealed is None:
        return None
    try:
        token = keys().unseal(sealed).decode()
    except RuntimeError:  # sealed with a key that is out of use
        return None
    return None if token == stale else token


def _ask(client: WeChat, holder: UUID) -> str:
    try:
        asked_at = utcnow()
        token = client.access_token()
        with transaction():
            message_store.keep_token(
                client.settings.appid,
                sealed_token=keys().seal(token.value.encode()),
                good_until=rules.good_until(asked_at, lasts=token.lasts),
            )
        return token.value
    finally:
        with transaction():
            drop_lease(LEASE, holder=holder, now=utcnow())
