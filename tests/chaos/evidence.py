"""What a storm leaves behind: the tables as they stand, and what everybody wrote down."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from quizsvc.kit.db import db, reading

Json = Mapping[str, Any]


@dataclass(frozen=True)
class DrawRow:
    """A row of the ledger."""

    ticket: str
    round: int
    position: int
    alias: str
    prize: str | None


@dataclass(frozen=True)
class AwardRow:
    """A win, its coupon if it has one, and the scans that redeem it."""

    id: str
    ticket: str
    prize: str
    limit_key: str
    coupons: int
    scans: int


@dataclass(frozen=True)
class RoundRow:
    """A round as it stands: `prizes` are what its box held, `left` what its closing handed on."""

    no: int
    state: str
    prizes: Mapping[str, int]
    left: Mapping[str, int] | None
    deck: Mapping[int, str]


@dataclass(frozen=True)
class Evidence:
    """All of it. `answers` are the clients' lines, `proposals` the gate's, `kills` by point.

    `goods_out`: what left the stores for redemptions, less what came back.
    """

    tickets: Mapping[str, str]  # ticket -> its owner's limit key
    draws: Sequence[DrawRow]
    awards: Sequence[AwardRow]
    rounds: Sequence[RoundRow]
    answers: Sequence[Json]
    proposals: Sequence[Json] = ()
    kills: Mapping[str, int] = field(default_factory=dict)
    alarms: Sequence[str] = ()  # of the verifier
    max_wins: int = 1
    coupon_prize: str = "credit"
    goods_out: int = 0


def read_tables(app: Flask, bundles: Sequence[Json], decks: Sequence[Mapping[int, str]]) -> dict[str, Any]:
    """The tables' part of the evidence. `bundles` and `decks` are those of the closed rounds, in order."""
    with app.app_context(), reading():
        draws = _rows(
            "SELECT d.ticket_id, r.no, d.position, d.alias, d.prize FROM draws d, rounds r WHERE r.id = d.round_id"
        )
        awards = _rows(
            "SELECT a.id, a.ticket_id, a.prize, a.limit_key,"
            " (SELECT count(*) FROM coupons c WHERE c.award_id = a.id),"
            " (SELECT count(*) FROM redemptions s WHERE s.award_id = a.id AND s.undone_at IS NULL) FROM awards a"
        )
        tickets = _rows("SELECT id, limit_key FROM tickets")
        ((received, on_hand),) = _rows(
            "SELECT (SELECT sum(quantity) FROM movements WHERE act = 'receive'), (SELECT sum(quantity) FROM balances)"
        )
    rounds = []
    for bundle, deck, following in zip(bundles, decks, [*bundles[1:], None], strict=True):
        left = None if following is None else _counts(following["carried"])
        rounds.append(RoundRow(bundle["round"], "closed", _counts(bundle["prizes"]), left, deck))
    return {
        "draws": [DrawRow(_plain(row[0]), row[1], row[2], row[3], row[4]) for row in draws],
        "awards": [AwardRow(_plain(row[0]), _plain(row[1]), *row[2:]) for row in awards],
        "tickets": {_plain(row[0]): row[1] for row in tickets},
        "rounds": rounds,
        "goods_out": int(received - on_hand),
    }


def read_journals(folder: Path) -> dict[str, Any]:
    """The journals' part of the evidence."""
    service = list(_lines(folder.glob("service-*.jsonl")))
    kills: dict[str, int] = {}
    for line in service:
        if line["kind"] == "killed":
            kills[line["point"]] = kills.get(line["point"], 0) + 1
    return {
        "answers": list(_lines(folder.glob("client-*.jsonl"))),
        "proposals": [line for line in service if line["kind"] == "proposed"],
        "kills": kills,
    }


def _lines(paths: Iterable[Path]) -> Iterable[dict[str, Any]]:
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _rows(query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(text(query))]


def _plain(value: Any) -> str:
    """An id as either database gives it."""
    return str(value).replace("-", "")


def _counts(counts: Iterable[Json]) -> dict[str, int]:
    return {one["code"]: one["count"] for one in counts}
