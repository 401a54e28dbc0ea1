#!/usr/bin/env python3
"""Check a closed round's ledger, trusting nobody. Needs this file, Python, and nothing else.

    python3 verifier.py BUNDLE.json [--published SAVED.json ...] [--previous BUNDLE.json] [--receipt RECEIPT.json]

BUNDLE     the round as published after closing: GET /api/v1/campaigns/<slug>/rounds/<no>/ledger
SAVED      what you saved before: the campaign page (GET /api/v1/campaigns/<slug>: rules and commitments) and, added to
           it as `anchors`, the `rounds` of the anchors page (GET /api/v1/campaigns/<slug>/anchors). If the rules were
           amended later, give each later version, too (GET /api/v1/campaigns/<slug>/rules/<version>)
PREVIOUS   the bundle of the round before this one
RECEIPT    what a citizen was given with a draw

What is recomputed: the commitment from the seed; the shuffled deck from seed, beacon and counts; every line's outcome;
the hash chain; every anchor; and, from what you saved yourself, that rules, commitment, counts and anchors are those
that were public before. Without anything saved it can only say that the ledger agrees with itself.
"""

import argparse
import hashlib
import hmac
import json
import sys
from bisect import bisect
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

HEADER = (
    *("campaign", "round", "cards", "beacon", "prizes", "planned", "carried"),
    *("rules_hash", "commitment", "previous_head", "list_hash"),
)

# The one text of a JSON value: keys sorted, no spaces, nothing escaped that need not be.
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
STRETCH = 256  # lines that are hashed at a time


class Broken(Exception):
    """The first thing that is wrong, and where."""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def deck_of(bundle: Any) -> dict[int, str]:
    """What each card carries: cards rank by HMAC, the lowest ranks take the prizes in the order of the list."""
    seed = bytes.fromhex(bundle["seed"])
    name = f"quizsvc/deck/v1|{bundle['campaign']}|{bundle['round']}|{bundle['beacon']}|"
    ranked = sorted(range(1, bundle["cards"] + 1), key=lambda i: hmac.digest(seed, f"{name}{i}".encode(), "sha256"))
    prizes = [prize["code"] for prize in bundle["prizes"] for _ in range(prize["count"])]
    if len(prizes) > len(ranked):
        raise Broken(f"prizes: {len(prizes)} prizes do not fit into {len(ranked)} cards")
    return dict(zip(ranked, prizes, strict=False))  # a card that is not in it is a blank


def counts(rows: Any) -> dict[str, int]:
    return {row["code"]: row["count"] for row in rows if row["count"]}


def text_of(line: Any) -> str:
    """A line as it is hashed: without its own hash."""
    return canonical({key: value for key, value in line.items() if key != "hash"})


def check_box(bundle: Any) -> None:
    """The seed is the committed one; the box holds what was planned and what was carried over."""
    if hashlib.sha256(bytes.fromhex(bundle["seed"])).hexdigest() != bundle["commitment"]:
        raise Broken("seed: its SHA-256 is not the commitment")
    added = Counter(counts(bundle["planned"])) + Counter(counts(bundle["carried"]))
    if added != counts(bundle["prizes"]):
        raise Broken("prizes: they are not planned + carried")


def check_lines(bundle: Any, deck: dict[int, str], texts: list[str]) -> None:
    """Every line has its deck's outcome and its place in the chain."""
    head = sha256(canonical({name: bundle[name] for name in HEADER if name in bundle}))
    before = 0
    tickets: set[str] = set()
    for number, (line, text) in enumerate(zip(bundle["lines"], texts, strict=True), start=1):
        where = f"line {number} (position {line['position']})"
        if not before < line["position"] <= bundle["cards"]:
            raise Broken(f"{where}: positions must rise and stay within 1 to {bundle['cards']}")
        if line["ticket"] in tickets:
            raise Broken(f"{where}: the ticket {line['ticket']} stands twice")
        if line["prize"] != deck.get(line["position"]):
            raise Broken(f"{where}: says {line['prize']}, the deck says {deck.get(line['position'])}")
        head = sha256(head + text)
        if line["hash"] != head:
            raise Broken(f"{where}: its hash does not follow from the line before it")
        before = line["position"]
        tickets.add(line["ticket"])
    if head != bundle["head"]:
        raise Broken("head: it is not the hash of the last line")


def check_closing_draw(bundle: Any) -> None:
    """Who took part was fixed by its hash before the beacon; the beacon alone decides who takes which card."""
    listed = [line["ticket"] for line in bundle["lines"]]
    if sha256(canonical(sorted(listed))) != bundle["list_hash"]:
        raise Broken("list_hash: the tickets in the ledger are not those of the list")
    ordered = sorted(listed, key=lambda alias: sha256(f"{bundle['beacon']}|{alias}"))
    for number, (line, alias) in enumerate(zip(bundle["lines"], ordered, strict=True), start=1):
        if (line["position"], line["ticket"]) != (number, alias):
            raise Broken(f"line {number} (position {line['position']}): the beacon gives card {number} to {alias}")


def check_anchors(bundle: Any, texts: list[str], anchors: Any, whose: str) -> None:
    """Each anchor covers exactly the lines that were drawn up to its time.

    The covered lines are hashed in stretches, each state kept: a card drawn late costs what stands behind it, once.
    """
    drawn = [datetime.fromisoformat(line["drawn_at"]) for line in bundle["lines"]]
    by_time = sorted(range(len(drawn)), key=drawn.__getitem__)
    latest, taken = None, 0
    covered: list[int] = []  # in order of position
    states = [hashlib.sha256()]  # behind each stretch of them; whatever comes into the last one drops its state
    for anchor in anchors:
        at = datetime.fromisoformat(anchor["at"])
        if latest is not None and at <= latest:
            raise Broken(f"{whose} anchor of {anchor['at']}: time runs backwards")
        latest = at
        while taken < len(drawn) and drawn[by_time[taken]] <= at:
            place = bisect(covered, by_time[taken])
            covered.insert(place, by_time[taken])
            del states[place // STRETCH + 1 :]
            taken += 1
        for start in range(STRETCH * (len(states) - 1), taken, STRETCH):
            stretch = "\n".join([texts[index] for index in covered[start : start + STRETCH]])
            states.append(states[-1].copy())
            states[-1].update(("\n" * (start > 0) + stretch).encode())
        highest = bundle["lines"][covered[-1]]["position"] if covered else 0
        if (anchor["count"], anchor["highest"], anchor["digest"]) != (taken, highest, states[-1].hexdigest()):
            raise Broken(
                f"{whose} anchor of {anchor['at']}: it covers {anchor['count']} draws up to position "
                f"{anchor['highest']}; of the {taken} lines up to {highest} drawn by then, some are not those"
            )


def anchors_in(pages: list[Any], bundle: Any) -> list[list[Any]]:
    """The anchors of the bundle's round that were saved, page by page."""
    found = [one for page in pages for one in page.get("anchors", []) if one["no"] == bundle["round"]]
    return [one["anchors"] for one in found if one["anchors"]]


def rules_in(page: Any) -> Any:
    """The rules in a saved campaign page, or one version of them that was saved alone."""
    return page["rules"] if "rules_hash" in page else page


def amends(known: dict[str, Any], name: str, older: str) -> bool:
    """Whether rules amend older ones, over versions that are all here: each names the hash of the one before."""
    while name != older and name in known:
        name = known[name].get("amends", "")
    return name == older


def check_published(bundle: Any, pages: list[Any]) -> list[str]:
    """Rules, commitment, counts and window are those that were public before, or were amended from them."""
    known = {sha256(canonical(rules_in(page))): rules_in(page) for page in pages}
    opened, said = bundle["rules_hash"], list[str]()
    for page in pages:
        rules, listed = rules_in(page), [one["rules_hash"] for one in page.get("versions", [])]
        name, version = sha256(canonical(rules)), f"version {rules.get('version')} of the rules"
        if listed and name not in listed:
            raise Broken("rules_hash: the page you saved does not list its own rules")
        if opened == name or opened in listed or amends(known, name, opened):
            check_rules(bundle, rules)
            said.append(f"the box is what {version} says" + ("" if opened == name else ", which came after it opened"))
        elif amends(known, opened, name):
            (check_rules if "list_hash" in bundle else check_amended)(bundle, rules)
            said.append(f"the box follows from {version} by amendments that took nothing from it")
            said.append("not checked: that the amendment was public before the round opened (your page is older)")
        else:
            raise Broken(
                f"rules_hash: the round ran under other rules than {version}, and no amendment that you gave leads "
                f"there (give each later version: GET campaigns/{bundle['campaign']}/rules/<version>)"
            )
        check_rounds(bundle, page.get("rounds", []) if "rules_hash" in page else [])
    return said


def check_rules(bundle: Any, rules: Any) -> None:
    """The box and its window are exactly those of these rules."""
    if "list_hash" in bundle:
        if rules.get("closing_draw", {}).get("commitment") != bundle["commitment"]:
            raise Broken("commitment: the rules you saved commit to another closing draw")
        return
    planned = next((one for one in rules["rounds"] if one["no"] == bundle["round"]), None)
    if planned is None:
        raise Broken(f"round: the rules you saved have no round {bundle['round']}")
    for name in ("commitment", "cards", "planned"):
        if planned[name] != bundle[name]:
            raise Broken(f"{name}: the rules you saved say {planned[name]}, the bundle says {bundle[name]}")
    if not rules["beacon"] and bundle["beacon"]:
        raise Broken("beacon: the rules you saved name none")
    opens, closes = (datetime.fromisoformat(planned[name]) for name in ("opens_at", "closes_at"))
    for number, line in enumerate(bundle["lines"], start=1):
        if not opens <= datetime.fromisoformat(line["drawn_at"]) < closes:
            raise Broken(f"line {number}: drawn at {line['drawn_at']}, outside the round's window")


def check_amended(bundle: Any, older: Any) -> None:
    """The box has the seed that older rules committed to, no fewer prizes, and no worse odds."""
    planned, most = counts(bundle["planned"]), Counter[str]()  # most: what the rounds before could leave by those rules
    for was in older["rounds"]:
        if was["no"] == bundle["round"]:
            if was["commitment"] != bundle["commitment"]:
                raise Broken(
                    "commitment: it is not the one of the rules you saved; an amendment may not exchange a box"
                )
            carried = Counter(counts(bundle["carried"])) & most
            for code, count in {**dict.fromkeys(carried, 0), **counts(was["planned"])}.items():
                then, now = count + carried[code], planned.get(code, 0) + carried[code]
                if bundle["cards"] < was["cards"] or now * was["cards"] < then * bundle["cards"]:
                    raise Broken(f"planned: the rules you saved have more {code}, more cards or better odds")
        most.update(counts(was["planned"]))


def check_rounds(bundle: Any, rounds: Any) -> None:
    """What was public of the round when you saved: its beacon, and who takes part in the closing draw."""
    for one in (one for one in rounds if one["no"] == bundle["round"]):
        for name in ("beacon", "list_hash"):
            if one.get(name) not in (None, bundle.get(name)):
                raise Broken(f"{name}: you saved {one[name]}, the bundle says {bundle.get(name)}")


def check_previous(bundle: Any, previous: Any) -> None:
    """What was carried over is what the round before left, and this round follows from it."""
    if bundle["previous_head"] != previous["head"]:
        raise Broken("previous_head: it is not the head of the bundle before")
    drawn = Counter(line["prize"] for line in previous["lines"] if line["prize"])
    if Counter(counts(previous["prizes"])) - drawn != counts(bundle["carried"]):
        raise Broken("carried: it is not what the bundle before left")


def check_receipt(bundle: Any, receipt: Any) -> None:
    """The draw that a citizen was shown is in the ledger as it was shown."""
    for number, line in enumerate(bundle["lines"], start=1):
        if line["ticket"] == receipt["ticket"]:
            if (line["position"], line["drawn_at"]) != (receipt["position"], receipt["drawn_at"]):
                raise Broken(f"line {number}: the receipt says position {receipt['position']} at {receipt['drawn_at']}")
            return
    raise Broken(f"receipt: the ticket {receipt['ticket']} is not in the ledger")


def verify(bundle: Any, saved: Any = None, previous: Any = None, receipt: Any = None) -> list[str]:
    """Raise Broken at the first wrong thing; else return what a reader should know. `saved`: a page, or several."""
    pages = saved if isinstance(saved, list) else [saved] if saved else []
    check_box(bundle)
    deck = deck_of(bundle)
    texts = [text_of(line) for line in bundle["lines"]]
    check_lines(bundle, deck, texts)
    if "list_hash" in bundle:
        check_closing_draw(bundle)
    check_anchors(bundle, texts, bundle["anchors"], "published")
    said = [f"{len(bundle['lines'])} draws recomputed; head {bundle['head']}"]
    said += check_published(bundle, pages)
    for anchors in anchors_in(pages, bundle):
        check_anchors(bundle, texts, anchors, "your")
    if previous is not None:
        check_previous(bundle, previous)
        said.append("the carried prizes are those that the round before left")
    elif bundle["previous_head"] is not None:
        said.append("not checked: what the round before left (give --previous)")
    if receipt is not None:
        check_receipt(bundle, receipt)
        said.append("the receipt is in the ledger as it was given")
    if not anchors_in(pages, bundle):
        said.append("internally consistent only: without anchors saved elsewhere, a ledger written anew would pass too")
    drawn = {line["position"] for line in bundle["lines"]}
    if passed_over := max(drawn, default=0) - len(drawn):
        said.append(f"{passed_over} cards below the highest drawn were passed over: crashes cost single ones, not rows")
    said += [f"undrawn card {card} held {prize}" for card, prize in sorted(deck.items()) if card not in drawn]
    return said


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Check a closed round's ledger.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--published", type=Path, action="append", default=[])
    for name in ("previous", "receipt"):
        parser.add_argument(f"--{name}", type=Path)
    chosen = parser.parse_args(arguments)
    files = (chosen.bundle, chosen.previous, chosen.receipt, *chosen.published)
    try:
        bundle, previous, receipt, *saved = (path and json.loads(path.read_text(encoding="utf-8")) for path in files)
        said = verify(bundle, saved, previous, receipt)
    except Broken as broken:
        sys.exit(f"BROKEN  {broken}")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        sys.exit(f"BROKEN  not readable as published: {type(error).__name__}: {error}")
    print("GOOD    " + "\n        ".join(said))


if __name__ == "__main__":
    main()
