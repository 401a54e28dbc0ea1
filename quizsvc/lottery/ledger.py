"""What everybody may check: anchors while a round is open, its whole ledger and seed once it is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.clock import rfc3339
from quizsvc.kit.crypto import keys
from quizsvc.kit.errors import Refusal
from quizsvc.lottery import rounds, rules, store
from quizsvc.lottery.rules import Anchor, Round

ANCHOR_EVERY = timedelta(hours=1)


class RoundUnknown(Refusal):
    code, status = "lottery.round_unknown", 404
    zh, en = "没有这一轮", "There is no such round"


class LedgerSealed(Refusal):
    code, status, retry = "lottery.ledger_sealed", 409, "later"
    zh, en = "本轮结束后公布全部签号和种子", "The ledger and the seed are published once the round is closed"


class BeaconFixed(Refusal):
    code, status = "lottery.beacon_fixed", 409
    zh, en = "本轮的公开数已经确定", "This round's public number is fixed already"


@dataclass(frozen=True)
class AnchoredRound:
    """A round's anchors so far."""

    no: int
    anchors: Sequence[Anchor]


def list_anchors(campaign: Campaign) -> list[AnchoredRound]:
    """The anchors of every round, in order."""
    return [AnchoredRound(one.no, store.list_anchors(one.id)) for one in rounds.list_rounds(campaign)]


def anchor_draws(campaign: Campaign, *, now: datetime, forced: bool = False) -> list[str]:
    """Anchor the open round if an hour has passed since its latest anchor; says what it did.

    The round's row is held exclusively: every draw up to `now` is in, and none can be dated up to it afterwards.
    """
    done: list[str] = []
    for one in store.list_rounds(campaign.id, lock=True):
        due = forced or one.anchored_at is None or one.anchored_at + ANCHOR_EVERY <= now
        if one.state == rules.OPEN and due and (one.anchored_at is None or one.anchored_at < now):
            store.add_anchor(one.id, _anchor(one, at=now))
            done.append(f"{campaign.slug}: round {one.no} is anchored")
    return done


def _anchor(one: Round, *, at: datetime) -> Anchor:
    draws = [draw for draw in store.list_draws(round_id=one.id) if draw.drawn_at <= at]
    return Anchor(
        at=at,
        count=len(draws),
        highest=draws[-1].position if draws else 0,
        digest=rules.anchor_digest(map(rounds.ledger_line, draws)),
    )


def get_bundle(campaign: Campaign, *, no: int) -> dict[str, Any]:
    """A closed round as it is published (DESIGN section 10); RoundUnknown, LedgerSealed."""
    one = next((one for one in rounds.list_rounds(campaign) if one.no == no), None)
    if one is None:
        raise RoundUnknown
    if one.state != rules.CLOSED:
        raise LedgerSealed
    header = rounds.bundle_header(campaign, one)
    return {
        **header,
        "seed": keys().unseal(one.sealed_seed).hex(),
        "anchors": [shown_anchor(anchor) for anchor in store.list_anchors(one.id)],
        "head": one.head,
        "lines": _chained(header, rounds.list_lines(one)),
    }


def shown_anchor(anchor: Anchor) -> dict[str, Any]:
    """An anchor as it is published."""
    return {
        "at": rfc3339(anchor.at),
        "count": anchor.count,
        "highest": anchor.highest,
        "digest": anchor.digest,
    }


def _chained(header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    head = rules.chain_head(header, [])
    chained: list[dict[str, Any]] = []
    for line in lines:
        head = rules.link(head, line)
        chained.append({**line, "hash": head})
    return chained


def enter_beacon(campaign: Campaign, *, no: int, beacon: str) -> None:
    """Enter a round's public number, once, before it opens; RoundUnknown, BeaconFixed.

    For the closing draw: after its list is fixed, since before that it has no round. WrongState once the campaign is
    archived.
    """
    campaigns.require_unarchived(campaign, kept=False)  # rounds come before campaigns where both are held
    one = next((one for one in rounds.list_rounds(campaign) if one.no == no), None)
    if one is None:
        raise RoundUnknown
    if not store.record_beacon(one.id, beacon=beacon):
        raise BeaconFixed
