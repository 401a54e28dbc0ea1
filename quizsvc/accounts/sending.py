"""Send what waits: message by message, with no transaction open while WeChat is asked, for a few seconds at most."""

import time
from collections import Counter

from quizsvc.accounts import messages
from quizsvc.accounts.access_token import get_token
from quizsvc.accounts.messages import Claimed, Compose
from quizsvc.accounts.rules import Reply
from quizsvc.accounts.wechat import Answer, WeChat, WeChatAway, wechat_client
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction

BUDGET_SECONDS = 5.0  # the other jobs wait for this one


def send_waiting(compose: Compose) -> list[str]:
    """Send what is due, until it is all sent or the time is up; says what it did. Nothing is due while WeChat is busy.

    Like the draw it opens its own transactions: one claims a message, the next one stores what became of it. A crash
    between the two loses that message; it is never sent twice.
    """
    client = wechat_client()
    if client is None:
        return []
    replies: Counter[Reply] = Counter()
    deadline = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < deadline:
        with transaction():
            claimed = messages.claim(compose, now=utcnow())
        if claimed is None:
            break
        answer = _send(client, claimed)
        with transaction():
            messages.settle(claimed.message, answer, now=utcnow())
        replies[answer.reply] += 1
    return [f"{count} messages {reply}" for reply, count in sorted(replies.items())]


def _send(client: WeChat, claimed: Claimed) -> Answer:
    """Send one message, a second time only when WeChat has refused the token it came with."""
    template = client.settings.templates[claimed.message.kind]
    try:
        token = get_token(client)
        answer = client.send(template, openid=claimed.openid, says=claimed.says, token=token)
        if answer.reply == Reply.STALE:
            token = get_token(client, stale=token)
            answer = client.send(template, openid=claimed.openid, says=claimed.says, token=token)
    except WeChatAway:  # no token: nothing was sent
        return Answer(Reply.BUSY)
    return answer
