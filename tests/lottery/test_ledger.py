"""The published ledger, and the verifier that trusts nobody: an honest one passes, each tampering is named."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from redis import Redis

from quizsvc.campaigns import service as campaigns
from quizsvc.kit.db import transaction
from quizsvc.lottery import ledger, verifier
from tests.world import START, World, box

ROUNDS = [
    box(cards=12, prizes={"credit": 2, "tissue": 4}, days=(-1, 1)),
    box(cards=12, prizes={"tissue": 1}, days=(1, 3)),
]
Json = dict[str, Any]


class Published:
    """Two closed rounds as the public has them, and what a careful citizen saved before."""

    def __init__(self, world: World, clock: time_machine.Traveller) -> None:
        slug = world.publish(round=ROUNDS, rules={"max_wins": 1})
        self.saved: Json = world.phone().get(f"campaigns/{slug}").get_json()
        self.receipt: Json = {}
        self.saved["anchors"] = []
        for number in range(9):
            phone = world.citizen()
            self.receipt = phone.draw(phone.earn_ticket()).get_json()["receipt"]
            clock.shift(timedelta(minutes=20))
            world.tick()
            if number == 6:
                self.saved["anchors"] = world.phone().get(f"campaigns/{slug}/anchors").get_json()["rounds"]
        clock.move_to(START + timedelta(days=1))
        phone = world.citizen()
        phone.draw(phone.earn_ticket())
        clock.move_to(START + timedelta(days=3))
        world.tick()
        self.bundle: Json = world.phone().get(f"campaigns/{slug}/rounds/1/ledger").get_json()
        self.second: Json = world.phone().get(f"campaigns/{slug}/rounds/2/ledger").get_json()


@pytest.fixture
def published(world: World, clock: time_machine.Traveller) -> Published:
    return Published(world, clock)


def rechained(bundle: Json) -> Json:
    """What an insider would do: write the chain anew over the changed lines."""
    head = verifier.sha256(verifier.canonical({name: bundle[name] for name in verifier.HEADER if name in bundle}))
    for line in bundle["lines"]:
        head = verifier.sha256(head + verifier.text_of(line))
        line["hash"] = head
    bundle["head"] = head
    return bundle


def test_an_honest_ledger_passes_and_says_what_it_means(published: Published) -> None:
    said = verifier.verify(published.bundle, published.saved, None, published.receipt)
    assert said[0] == f"9 draws recomputed; head {published.bundle['head']}"
    assert "the receipt is in the ledger as it was given" in said
    held = [line for line in said if line.startswith("undrawn card")]
    drawn = [line["prize"] for line in published.bundle["lines"] if line["prize"]]
    assert len(drawn) + len(held) == 6
    assert not any("internally consistent only" in line or "passed over" in line for line in said)
    said = verifier.verify(published.second, published.saved, published.bundle)
    assert "the carried prizes are those that the round before left" in said


def test_cards_that_were_passed_over_are_counted(world: World, redis: Redis) -> None:
    """Whoever reaches Redis and knows the deck could push the counter on to a prize: it leaves a row of holes."""
    slug = world.publish(round=[box(cards=30, prizes={"tissue": 1})])
    people = [world.citizen() for _ in range(3)]
    tickets = [phone.earn_ticket() for phone in people]
    people[0].draw(tickets[0])
    (counter,) = redis.keys("*:next")
    redis.incrby(counter, 7)
    assert [people[n].draw(tickets[n]).get_json()["receipt"]["position"] for n in (1, 2)] == [9, 10]
    world.move(slug, "closing")
    bundle = world.phone().get(f"campaigns/{slug}/rounds/1/ledger").get_json()
    assert any(line.startswith("7 cards below the highest drawn were passed over") for line in verifier.verify(bundle))


def test_without_anchors_saved_elsewhere_it_says_so(published: Published) -> None:
    assert any("internally consistent only" in line for line in verifier.verify(published.bundle))
    assert any("give --previous" in line for line in verifier.verify(published.second))


def change_outcome(bundle: Json) -> None:
    line = bundle["lines"][3]
    line["prize"] = None if line["prize"] else "tissue"


def drop_line(bundle: Json) -> None:
    del bundle["lines"][4]


def cut_tail(bundle: Json) -> None:
    del bundle["lines"][5:]


def swap_positions(bundle: Json) -> None:
    first, second = bundle["lines"][1], bundle["lines"][2]
    first["position"], second["position"] = second["position"], first["position"]


def swap_tickets(bundle: Json) -> None:
    first, second = bundle["lines"][1], bundle["lines"][2]
    first["ticket"], second["ticket"] = second["ticket"], first["ticket"]


def repeat_ticket(bundle: Json) -> None:
    bundle["lines"][2]["ticket"] = bundle["lines"][1]["ticket"]


def other_seed(bundle: Json) -> None:
    bundle["seed"] = "00" * 32


def other_beacon(bundle: Json) -> None:
    bundle["beacon"] = "7"


def other_counts(bundle: Json) -> None:
    bundle["planned"][0]["count"] += 1
    bundle["prizes"][0]["count"] += 1


def falsified_carry(bundle: Json) -> None:
    bundle["carried"] = [{"code": "credit", "count": 1}]


def earlier_time(bundle: Json) -> None:
    bundle["lines"][8]["drawn_at"] = bundle["lines"][0]["drawn_at"]


def anchors_backwards(bundle: Json) -> None:
    bundle["anchors"].reverse()


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (change_outcome, "line 4"),
        (drop_line, "line 5"),
        (cut_tail, "head"),
        (swap_positions, "line 2"),
        (swap_tickets, "line 2"),
        (repeat_ticket, "line 3"),
        (other_seed, "seed"),
        (other_beacon, "line"),
        (other_counts, "line"),
        (falsified_carry, "prizes"),
        (earlier_time, "line 9"),
        (anchors_backwards, "anchor"),
    ],
)
def test_a_clumsy_tampering_is_named(published: Published, tamper: Callable[[Json], None], named: str) -> None:
    bundle = deepcopy(published.bundle)
    tamper(bundle)
    with pytest.raises(verifier.Broken, match=named):
        verifier.verify(bundle, published.saved)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (change_outcome, "line 4"),
        (drop_line, "anchor"),
        (cut_tail, "anchor"),
        (swap_tickets, "anchor"),
        (other_seed, "seed"),
        (other_beacon, "line|beacon"),
        (earlier_time, "anchor"),
    ],
)
def test_an_insider_who_writes_the_chain_anew_is_caught_by_what_was_saved(
    published: Published, tamper: Callable[[Json], None], named: str
) -> None:
    bundle = deepcopy(published.bundle)
    tamper(bundle)
    with pytest.raises(verifier.Broken, match=named):
        verifier.verify(rechained(bundle), published.saved)


def test_a_line_added_for_an_undrawn_prize_after_closing_is_caught_by_the_next_round(published: Published) -> None:
    """The last anchor cannot know it; the next round's previous head and carried counts do."""
    bundle = deepcopy(published.bundle)
    deck = verifier.deck_of(bundle)
    drawn = {line["position"] for line in bundle["lines"]}
    undrawn = [card for card in range(1, 13) if card not in drawn]
    card = min(undrawn, key=lambda card: (card not in deck, card))  # a prize, if one is left
    late = {"position": card, "ticket": "x" * 22, "prize": deck.get(card), "drawn_at": bundle["lines"][-1]["drawn_at"]}
    bundle["lines"].append(late)
    with pytest.raises(verifier.Broken, match="previous_head"):
        verifier.verify(published.second, None, rechained(bundle))


def test_a_falsified_carry_is_caught_with_the_bundle_before(published: Published) -> None:
    bundle = deepcopy(published.second)
    code = "credit" if bundle["carried"] == [{"code": "tissue", "count": 1}] else "tissue"
    bundle["carried"] = [{"code": code, "count": 1}]
    added = Counter(verifier.counts(bundle["planned"])) + Counter({code: 1})
    bundle["prizes"] = [{"code": code, "count": count} for code, count in added.items()]
    with pytest.raises(verifier.Broken, match=r"line|carried"):
        verifier.verify(rechained(bundle), None, published.bundle)


def test_other_rules_are_caught(published: Published) -> None:
    saved = deepcopy(published.saved)
    saved["rules"]["prizes"][0]["value_fen"] += 1
    with pytest.raises(verifier.Broken, match="rules_hash"):
        verifier.verify(published.bundle, saved)


@pytest.mark.parametrize("name", ["beacon", "list_hash"])
def test_what_was_public_of_the_round_when_it_was_saved_still_holds(published: Published, name: str) -> None:
    saved = deepcopy(published.saved)
    saved["rounds"][0][name] = "7"
    with pytest.raises(verifier.Broken, match=f"{name}: you saved 7"):
        verifier.verify(published.bundle, saved)


def test_a_receipt_that_the_ledger_does_not_hold_is_caught(published: Published) -> None:
    with pytest.raises(verifier.Broken, match="not in the ledger"):
        verifier.verify(published.bundle, None, None, {**published.receipt, "ticket": "y" * 22})
    with pytest.raises(verifier.Broken, match="the receipt says position"):
        verifier.verify(published.bundle, None, None, {**published.receipt, "position": 11})


def test_the_seed_is_sealed_until_the_round_is_closed(world: World, redis: Redis, statements: list[str]) -> None:
    slug = world.publish(round=ROUNDS)
    phone = world.citizen()
    phone.draw(phone.earn_ticket())
    refused = phone.get(f"campaigns/{slug}/rounds/1/ledger")
    assert (refused.status_code, refused.get_json()["errcode"]) == (409, "lottery.ledger_sealed")
    assert phone.get(f"campaigns/{slug}/rounds/9/ledger").get_json()["errcode"] == "lottery.round_unknown"
    sealed = [row[0] for row in world.rows("SELECT sealed_seed FROM rounds")]
    assert len(set(sealed)) == 2
    dump = b"".join(bytes(redis.dump(key) or b"") for key in redis.scan_iter())
    assert all(seed.encode() not in dump for seed in sealed)


def test_no_draw_is_dated_up_to_an_anchor_even_if_the_clock_goes_back(
    world: World, clock: time_machine.Traveller
) -> None:
    slug = world.publish(round=ROUNDS)
    first, second = world.citizen(), world.citizen()
    tickets = first.earn_ticket(), second.earn_ticket()
    first.draw(tickets[0])
    clock.shift(timedelta(minutes=30))
    with transaction():
        ledger.anchor_draws(campaigns.get_campaign(slug), now=START + timedelta(minutes=30), forced=True)
    clock.shift(timedelta(hours=-1))
    late = second.draw(tickets[1]).get_json()["receipt"]
    assert late["drawn_at"] == "2026-12-01T10:30:00.001+08:00"
    clock.move_to(START + timedelta(days=1))
    world.tick()
    bundle = world.phone().get(f"campaigns/{slug}/rounds/1/ledger").get_json()
    assert bundle["anchors"][0]["count"] == 1
    verifier.verify(bundle)


def test_anchors_come_once_an_hour(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=ROUNDS)
    for _ in range(7):
        world.tick()
        clock.shift(timedelta(minutes=20))
    assert world.count("anchors") == 3  # at 0:00, 1:00 and 2:00


def test_a_round_waits_for_the_beacon_that_its_rules_name(world: World, clock: time_machine.Traveller) -> None:
    slug = world.publish(round=ROUNDS, rules={"beacon": "某彩票某期开奖号码"})
    phone = world.citizen()
    ticket = phone.earn_ticket()
    assert phone.draw(ticket).get_json()["errcode"] == "lottery.no_round_open"
    with transaction():
        ledger.enter_beacon(campaigns.get_campaign(slug), no=1, beacon="03 07 19")
    assert phone.draw(ticket).status_code == 200
    with transaction(), pytest.raises(ledger.BeaconFixed):
        ledger.enter_beacon(campaigns.get_campaign(slug), no=1, beacon="01 02 03")
    clock.move_to(START + timedelta(days=1))
    world.tick()
    bundle = world.phone().get(f"campaigns/{slug}/rounds/1/ledger").get_json()
    assert bundle["beacon"] == "03 07 19"
    verifier.verify(bundle)


def test_the_verifier_runs_alone(published: Published, repository: Path, tmp_path: Path) -> None:
    """With the standard library only, in a folder of its own, as an outsider would run it."""
    alone = tmp_path / "verifier.py"
    alone.write_text((repository / "quizsvc/lottery/verifier.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "bundle.json").write_text(json.dumps(published.bundle), encoding="utf-8")
    (tmp_path / "saved.json").write_text(json.dumps(published.saved), encoding="utf-8")
    command = [sys.executable, "-I", alone.name, "bundle.json", "--published", "saved.json"]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout[:4]) == (0, "GOOD"), good.stderr
    published.bundle["lines"][0]["ticket"] += "x"
    (tmp_path / "bundle.json").write_text(json.dumps(published.bundle), encoding="utf-8")
    bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert bad.stderr.startswith("BROKEN  line 1")
