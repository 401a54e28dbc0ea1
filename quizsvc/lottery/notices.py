"""What winners are told by message: that they won, and that an award expires soon."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from quizsvc.accounts import messages, sending
from quizsvc.accounts.rules import Message
from quizsvc.campaigns import rules as campaign_rules
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Definition
from quizsvc.kit.clock import SHANGHAI
from quizsvc.lottery import award_store, notice_store, rules
from quizsvc.lottery.rules import Award

WON, EXPIRING = "won", "expiring"
NOTE = "领奖不收费，要钱要码的都是骗子"
REMINDED_AT_ONCE = 200


def tell_win(award: Award, *, definition: Definition, now: datetime) -> None:
    """Queue the news of a win with the win itself; at most one statement."""
    if messages.is_sent(WON):
        _queue(WON, award, definition, until=min(award.won_at + rules.WIN_IS_NEWS, award.expires_at), now=now)


def prepare(*, now: datetime) -> list[str]:
    """Queue reminders of awards that expire soon, and put aside what waits in vain. Safe to repeat."""
    if messages.is_sent(EXPIRING):
        _queue_reminders(now=now)
    return messages.tidy(_versions(now=now), now=now)


def send_waiting() -> list[str]:
    """Send what waits; says what it did."""
    return sending.send_waiting(compose)


def compose(message: Message, now: datetime) -> Mapping[str, str] | None:
    """What a message says as things stand now. None once the award does not wait to be fetched any more."""
    award = award_store.find_award(message.subject)
    if award is None or rules.state_at(award, now=now) != rules.WON:
        return None
    definition = campaigns.get_campaign_by_id(award.campaign_id).definition
    coupon = award_store.find_coupon(award.id)
    last = (award.expires_at if coupon is None else coupon[2]) - timedelta(minutes=1)
    return {
        "campaign": definition.title,
        "prize": definition.prize(award.prize).name,
        "note": NOTE,
        "until": _minute(last),  # the end is not in it: midnight would be read as a day more
        "won": _minute(award.won_at),
    }


def _queue_reminders(*, now: datetime) -> None:
    """A coupon is in its winner's hands and needs no reminder."""
    soon = now + rules.REMIND_BEFORE
    for award_id in notice_store.record_reminded(expires_before=soon, limit=REMINDED_AT_ONCE, now=now):
        award = award_store.find_award(award_id)
        if award is not None:
            definition = campaigns.get_campaign_by_id(award.campaign_id).definition
            if definition.prize(award.prize).kind == "goods":
                _queue(EXPIRING, award, definition, until=award.expires_at, now=now)


def _queue(kind: str, award: Award, definition: Definition, *, until: datetime, now: datetime) -> None:
    messages.queue(
        kind,
        subject=award.id,
        citizen_id=award.citizen_id,
        version=definition.privacy_version,
        until=until,
        now=now,
    )


def _versions(*, now: datetime) -> set[str]:
    """The notices of campaigns in which somebody may still win, or fetch what was won."""
    if not any(messages.is_sent(kind) for kind in (WON, EXPIRING)):
        return set()
    return {
        one.definition.privacy_version
        for one in campaigns.list_published()
        if one.state != campaign_rules.ARCHIVED and one.definition.has_draws and now < one.definition.claim_until
    }


def _minute(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
