"""Messages to citizens: who agreed and where to, what waits, and what becomes of it.

One consent at WeChat is one message, so each is sent at most once: it is claimed, sent, and its outcome stored. What
was claimed and has no outcome may have been sent, and is never sent again.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from quizsvc.accounts import message_store, rules, store, wechat
from quizsvc.accounts.rules import Citizen, Consent, Fate, Message, Reply
from quizsvc.accounts.wechat import Answer
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.jobs import take_lease

NO_OUTCOME_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
LOOKED_AT_ONCE = 100
EVERY_HOUR = timedelta(hours=1)

logger = logging.getLogger("quizsvc.messages")
Compose = Callable[[Message, datetime], Mapping[str, str] | None]  # what it says, by word
_said: set[tuple[str, int | None]] = set()  # faults that the log knows of, by kind and errcode


class CodeNotYours(Refusal):
    code, status = "accounts.code_not_yours", 409
    zh, en = (
        "无法确认接收消息的微信，请重新打开小程序再试",
        "This log-in code is not of the WeChat account that is logged in; get a new one",
    )


@dataclass(frozen=True)
class Claimed:
    """A message that is this process's to send, once."""

    message: Message
    openid: str = field(repr=False)
    says: Mapping[str, str]


# --- who may be sent what ---------------------------------------------------------------------------------------------


def wants_address(citizen: Citizen, *, purpose: str, granted: bool) -> bool:
    """Whether a yes has to come with a log-in code: messages are on, and nothing is kept to send them to."""
    is_asked = purpose == rules.MESSAGES and granted and bool(wechat.templates())
    return is_asked and message_store.find_address(citizen.id) is None


def keep_address(citizen: Citizen, *, openid: str, now: datetime) -> None:
    """Keep a sealed copy of the citizen's openid until no message can follow any more; CodeNotYours."""
    if keys().identity_hash("openid", openid) != citizen.openid_hash:
        raise CodeNotYours
    message_store.add_address(citizen.id, sealed_openid=keys().seal(openid.encode()), now=now)


def heed(citizen_id: UUID, word: Consent) -> None:
    """Stop what waits when the citizen takes a yes to messages back; forget the address with the last yes."""
    if word.purpose != rules.MESSAGES or word.granted:
        return
    message_store.record_unwanted(citizen_id, version=word.version)
    latest = rules.latest_consents(store.list_consents(citizen_id))
    if not any(one.granted for one in latest.values() if one.purpose == rules.MESSAGES):
        message_store.delete_address(citizen_id)


def forget(citizen_id: UUID) -> None:
    """Forget all messages to somebody, and the address."""
    message_store.delete_messages(citizen_id)
    message_store.delete_address(citizen_id)


def export(citizen: Citizen) -> dict[str, Any]:
    """What is kept about a citizen for the sake of messages."""
    has_address = message_store.find_address(citizen.id) is not None
    return {"address": has_address, "sent": message_store.list_messages(citizen.id)}


def reseal() -> int:
    """Seal every address with the newest key. Returns how many."""
    addresses = message_store.list_addresses()
    for citizen_id, sealed in addresses:
        message_store.record_resealed(citizen_id, sealed_openid=keys().seal(keys().unseal(sealed)))
    return len(addresses)


# --- what waits -------------------------------------------------------------------------------------------------------


def is_sent(kind: str) -> bool:
    """Whether messages of this kind are sent here."""
    return kind in wechat.templates()


def queue(kind: str, *, subject: UUID, citizen_id: UUID, version: str, until: datetime, now: datetime) -> None:
    """Queue a message with the caller's transaction, in one statement; none for who has not agreed to `version`.

    A second one of its kind about the same subject changes nothing. After `until` it is no news.
    """
    message_store.add_message(Message(new_id(), kind, subject, citizen_id, version, tries=0, until=until), now=now)


def claim(compose: Compose, *, now: datetime) -> Claimed | None:
    """The next message that is due, claimed: from the end of this transaction on it is sent by the caller or by nobody.

    None when none is due. `compose` says what it tells as things stand now: None when there is nothing to tell any
    more. What is moot, or not agreed to any more, is ended on the way.
    """
    for _ in range(LOOKED_AT_ONCE):
        message = message_store.find_due(wechat.templates(), now=now)
        if message is None:
            return None
        openid, says = _address_of(message), compose(message, now)
        if openid is not None and says is not None:
            message_store.record_claimed(message.id, now=now)
            return Claimed(message, openid, says)
        message_store.record_fate(message.id, Fate(rules.UNWANTED))
    return None


def _address_of(message: Message) -> str | None:
    """Where a message may be sent, by the citizen's last word on its version."""
    word = store.find_consent(message.citizen_id, purpose=rules.MESSAGES, version=message.version)
    sealed = message_store.find_address(message.citizen_id)
    if word is None or not word.granted or sealed is None:
        return None
    try:
        return keys().unseal(sealed).decode()
    except RuntimeError:  # a key was taken out before everything was sealed anew
        logger.error("an address opens with no key in use: quizsvc lottery reseal comes before a key is taken out")
        return None


def settle(message: Message, answer: Answer, *, now: datetime) -> None:
    """Store what became of a message; what WeChat cannot do now for anybody, nobody asks of it for a while."""
    fate = rules.fate(answer.reply, tries=message.tries + 1, until=message.until, now=now)
    message_store.record_fate(message.id, fate, errcode=answer.errcode)
    if answer.reply in (Reply.BUSY, Reply.STALE):
        message_store.record_postponed(wechat.templates(), until=now + rules.FIRST_WAIT)
    if answer.reply == Reply.FAULT:
        message_store.record_postponed([message.kind], until=now + rules.MENDING_WAIT)
    if answer.reply in (Reply.FAULT, Reply.SPOILT) and (message.kind, answer.errcode) not in _said:
        _said.add((message.kind, answer.errcode))
        logger.error("wechat takes no message of kind %s: errcode=%s; see its template", message.kind, answer.errcode)
    if answer.reply == Reply.SENT:
        _said.difference_update({one for one in _said if one[0] == message.kind})


def tidy(versions: Collection[str], *, now: datetime) -> list[str]:
    """End what is too late or has no outcome; once an hour forget whom no message can reach any more. Says what it did.

    `versions`: of the notices under which messages may still follow.
    """
    ended = message_store.record_late(now=now), message_store.record_lost(claimed_before=now - NO_OUTCOME_AFTER)
    done = [f"{count} messages {what}" for count, what in zip(ended, ("too late", "lost"), strict=True) if count]
    # a lease that is not given back: once an hour on any number of hosts
    if take_lease("message-addresses", holder=uuid4(), lasts=EVERY_HOUR, now=now):
        message_store.delete_old(before=now - KEPT_FOR)
        if forgotten := message_store.delete_addresses_but(versions):
            done.append(f"{forgotten} addresses forgotten")
    return done


def template_ids() -> dict[str, str] | None:
    """What a client asks consent with at WeChat, by kind of message; None where messages are off."""
    return {kind: template.id for kind, template in wechat.templates().items()} or None
