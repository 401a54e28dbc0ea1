"""The verifier where rules were amended: what was saved must lead to the rules that a round ran under."""

import hashlib
import json
import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from quizsvc.accounts import service as accounts
from quizsvc.backoffice import service as backoffice
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import transaction
from quizsvc.lottery import verifier
from tests.world import CAMPAIGN, START, World, box, merged

DAY = timedelta(days=1)
Json = dict[str, Any]
FIRST = box(cards=12, prizes={"tissue": 4}, days=(-1, 1))
SECOND, FULLER = (box(cards=12, prizes={"tissue": count}, days=(1, 2)) for count in (3, 5))
ADDED = box(cards=14, prizes={"tissue": 1}, days=(2, 3))


class Amended:
    """Round 1 ran under version 1, rounds 2 and 3 under version 3; version 2 came and went between."""

    def __init__(self, world: World, clock: time_machine.Traveller) -> None:
        self.world = world
        world.publish(round=[FIRST, SECOND])
        self.draw("a", "b")
        self.pages = [self.get("campaigns/play")]
        for changes in ({"round": [FIRST, FULLER]}, {"round": [FIRST, FULLER, ADDED], "late_days": 9}):
            clock.shift(timedelta(minutes=5))
            self.amend(**changes)
            self.pages.append(self.get("campaigns/play"))
        self.draw("c")
        clock.move_to(START + DAY)
        self.draw("d", "e")
        clock.move_to(START + 2 * DAY)
        self.draw("f")
        clock.move_to(START + 3 * DAY)
        world.tick()
        self.bundles = [self.get(f"campaigns/play/rounds/{no}/ledger") for no in (1, 2, 3)]
        self.rules = [self.get(f"campaigns/play/rules/{version}") for version in (1, 2, 3)]

    def get(self, path: str) -> Json:
        return dict(self.world.phone().get(path).get_json())

    def draw(self, *codes: str) -> None:
        for code in codes:
            phone = self.world.citizen(code)
            assert phone.draw(phone.earn_ticket()).status_code == 200

    def amend(self, **changes: Any) -> None:
        document = read_campaign(merged(CAMPAIGN, **changes), file="play.toml")
        with transaction():
            operator, second = accounts.get_staff("operator"), accounts.get_staff("second")
            backoffice.amend(campaigns.get_campaign("play"), document, reason="多给一些", by=operator, now=utcnow())
            backoffice.publish(campaigns.get_campaign("play"), by=second, now=utcnow())


@pytest.fixture
def amended(world: World, clock: time_machine.Traveller) -> Amended:
    return Amended(world, clock)


def verify(bundle: Json, *saved: Json) -> str:
    return "\n".join(verifier.verify(bundle, list(saved)))


def rechained(bundle: Json) -> Json:
    """What an insider would do: write the chain anew over a changed box, with outcomes that its deck gives."""
    head = verifier.sha256(verifier.canonical({name: bundle[name] for name in verifier.HEADER if name in bundle}))
    deck = verifier.deck_of(bundle)
    for line in bundle["lines"]:
        line["prize"] = deck.get(line["position"])
        head = verifier.sha256(head + verifier.text_of(line))
        line["hash"] = head
    bundle["head"] = head
    bundle["anchors"] = []
    return bundle


def forged(amended: Amended, **changes: Any) -> tuple[Json, Json]:
    """Round 2 and the rules it is said to have run under, an amendment of version 1, changed and chained together."""
    bundle, rules = deepcopy(amended.bundles[1]), deepcopy(amended.rules[2])
    for one in (bundle, rules["rounds"][1]):
        one.update({name: value for name, value in changes.items() if name != "seed"})
    bundle.update(seed=changes.get("seed", bundle["seed"]), prizes=bundle["planned"], carried=[])
    rules["amends"] = amended.pages[0]["rules_hash"]
    bundle["rules_hash"] = verifier.sha256(verifier.canonical(rules))
    return rechained(bundle), rules


def test_the_round_before_an_amendment_is_checked_with_pages_of_any_time(amended: Amended) -> None:
    bundle = amended.bundles[0]
    assert "the box is what version 1 of the rules says" in verify(bundle, amended.pages[0]).splitlines()
    for page in amended.pages[1:]:
        version = page["rules"]["version"]
        assert f"what version {version} of the rules says, which came after it opened" in verify(bundle, page)
    assert verify(bundle, *amended.pages, *amended.rules).count("the box is what version") == 6


def test_the_round_after_an_amendment_wants_every_version_since_the_page_was_saved(amended: Amended) -> None:
    first, second, third = amended.pages
    for bundle in amended.bundles[1:]:
        assert "the box is what version 3 of the rules says" in verify(bundle, third)
        for too_little in ([first], [second], [first, amended.rules[2]], [first, amended.rules[1]]):
            with pytest.raises(verifier.Broken, match="no amendment that you gave leads there"):
                verify(bundle, *too_little)
        for enough in ([second, amended.rules[2]], [first, amended.rules[1], amended.rules[2]], [first, second, third]):
            said = verify(bundle, *enough)
            assert f"version {enough[0]['rules']['version']} of the rules by amendments that took nothing" in said
            assert "not checked: that the amendment was public before the round opened" in said


SEED = "11" * 32


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"planned": [{"code": "tissue", "count": 2}]}, "planned: the rules you saved have more tissue"),
        ({"cards": 6, "planned": [{"code": "tissue", "count": 2}]}, "planned: the rules you saved have more tissue"),
        ({"cards": 11, "planned": [{"code": "tissue", "count": 3}]}, "planned: the rules you saved have more tissue"),
        ({"planned": [{"code": "tissue", "count": 3}]}, None),
        ({"cards": 24, "planned": [{"code": "tissue", "count": 5}]}, "planned: the rules you saved have more tissue"),
        ({"cards": 24, "planned": [{"code": "tissue", "count": 6}]}, None),
        (
            {"seed": SEED, "commitment": hashlib.sha256(bytes.fromhex(SEED)).hexdigest()},
            "commitment: it is not the one",
        ),
    ],
)
def test_rules_that_say_they_amend_yours_may_not_take_from_the_box_or_exchange_it(
    amended: Amended, changes: Json, named: str | None
) -> None:
    """An insider rewrites rules, bundle and chain together; three of twelve cards were promised."""
    bundle, rules = forged(amended, **changes)
    verifier.verify(bundle)
    if named is None:
        verify(bundle, amended.pages[0], rules)
    else:
        with pytest.raises(verifier.Broken, match=named):
            verify(bundle, amended.pages[0], rules)


def test_a_page_that_does_not_list_its_own_rules_is_named(amended: Amended) -> None:
    page = deepcopy(amended.pages[2])
    page["rules"]["prizes"][0]["value_fen"] += 1
    with pytest.raises(verifier.Broken, match="rules_hash: the page you saved does not list its own rules"):
        verify(amended.bundles[1], page)


def test_rules_that_were_withdrawn_lead_nowhere(world: World, clock: time_machine.Traveller) -> None:
    world.publish(round=[FIRST])
    pages = [world.phone().get("campaigns/play").get_json()]
    with transaction():
        operator, second = accounts.get_staff("operator"), accounts.get_staff("second")
        backoffice.withdraw(campaigns.get_campaign("play"), reason="写错", by=operator, now=utcnow())
        backoffice.publish(campaigns.get_campaign("play"), by=second, now=utcnow())
    clock.shift(timedelta(minutes=5))
    phone = world.citizen()
    phone.draw(phone.earn_ticket())
    pages.append(phone.get("campaigns/play").get_json())
    clock.move_to(START + DAY)
    world.tick()
    bundle = phone.get("campaigns/play/rounds/1/ledger").get_json()
    assert "the box is what version 2 of the rules says" in verify(bundle, pages[1])
    with pytest.raises(verifier.Broken, match="other rules than version 1"):
        verify(bundle, *pages)


def test_the_program_takes_several_saved_pages(amended: Amended, repository: Path, tmp_path: Path) -> None:
    saved = (amended.pages[0], *amended.rules[1:])
    files = []
    for number, content in enumerate((amended.bundles[2], *saved)):
        (tmp_path / f"{number}.json").write_text(json.dumps(content), encoding="utf-8")
        files += ["--published", f"{number}.json"] if number else [f"{number}.json"]
    program = str(repository / "quizsvc/lottery/verifier.py")
    done = subprocess.run(
        [sys.executable, "-I", program, *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout[:4]) == (0, "GOOD"), done.stderr
