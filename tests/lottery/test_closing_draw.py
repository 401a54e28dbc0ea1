"""The closing draw: what the rounds left goes to people who passed and have not won, checkable by anyone."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask.cli import ScriptInfo

from quizsvc.backoffice.cli import group
from quizsvc.lottery import cli, verifier
from tests.world import START, Phone, World, box

RULES = {"leftovers": "closing-draw", "beacon": "福彩3D 第2026330期", "max_wins": 1}
END = START + timedelta(days=2)


def lottery(world: World, *words: str) -> str:
    """Run `quizsvc lottery ...` as the operator."""
    obj = ScriptInfo(create_app=lambda: world.app)
    result = CliRunner().invoke(cli.lottery, [*words, "--as", "operator"], obj=obj)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def citizen_id(phone: Phone) -> str:
    return str(phone.get("me").get_json()["citizen"]["id"])


def play(world: World, clock: time_machine.Traveller) -> tuple[str, list[Phone], Phone]:
    """Six pass, four of them draw of twenty cards, one is blocked; then the campaign ends."""
    world.publish(slug="noise")
    world.citizen(consents_to="noise").earn_ticket("noise")
    slug = world.publish(
        rules=RULES,
        closes_at=END,
        prize=[{"code": "tissue", "name": "反诈抽纸", "value_fen": 800, "kind": "goods"}],
        round=[box(cards=20, prizes={"tissue": 5}, days=(-1, 2))],
    )
    lottery(world, "beacon", slug, "1", "12345")
    phones = [world.citizen() for _ in range(6)]
    tickets = [phone.earn_ticket() for phone in phones]
    for phone, ticket in zip(phones[:4], tickets, strict=False):
        assert phone.draw(ticket).status_code == 200
    failed = world.citizen()
    failed.hand_in(failed.deal(), wrong=5)
    lottery(world, "block", slug, "--citizen", citizen_id(phones[5]), "--reason", "一人多号")
    assert phones[5].draw(tickets[5]).get_json()["errcode"] == "lottery.excluded"
    clock.move_to(END)
    world.tick()
    return slug, phones, failed


def places(slug: str, phones: list[Phone]) -> list[dict[str, Any] | None]:
    return [phone.get(f"campaigns/{slug}/me").get_json()["closing_draw"] for phone in phones]


def won(phone: Phone) -> int:
    return len(phone.get("me/awards").get_json()["items"])


def test_what_is_left_goes_to_who_passed_and_has_not_won(world: World, clock: time_machine.Traveller) -> None:
    slug, phones, failed = play(world, clock)
    winners = [won(phone) for phone in phones]
    listed = places(slug, phones)
    assert [place is None for place in listed] == [bool(wins) for wins in winners[:5]] + [True]
    assert places(slug, [failed]) == [None]
    saved = world.phone().get(f"campaigns/{slug}").get_json()
    final = saved["rounds"][1]
    assert (final["no"], final["state"], final["beacon"]) == (2, "planned", None)
    assert final["commitment"] == saved["rules"]["closing_draw"]["commitment"]
    assert final["list_hash"] == verifier.sha256(verifier.canonical(sorted(one["ticket"] for one in listed if one)))
    assert world.tick() == []
    assert "the closing draw is held" in lottery(world, "beacon", slug, "2", "888")
    assert world.tick() == []
    left = 5 - sum(winners)
    entered = sum(place is not None for place in listed)
    bundle = world.phone().get(f"campaigns/{slug}/rounds/2/ledger").get_json()
    drawn = sum(line["prize"] is not None for line in bundle["lines"])
    assert len(bundle["lines"]) == entered
    assert drawn == sum(won(phone) for phone in phones) - sum(winners)
    assert drawn == left - sum(line.startswith("undrawn card") for line in verifier.verify(bundle, saved))
    assert max(won(phone) for phone in phones) <= 1
    previous = world.phone().get(f"campaigns/{slug}/rounds/1/ledger").get_json()
    said = verifier.verify(bundle, saved, previous)
    assert "the carried prizes are those that the round before left" in said
    for place in places(slug, phones):
        if place is not None:
            verifier.check_receipt(bundle, place)


def test_another_order_or_another_list_is_named(world: World, clock: time_machine.Traveller) -> None:
    slug, _, _ = play(world, clock)
    lottery(world, "beacon", slug, "2", "888")
    bundle = world.phone().get(f"campaigns/{slug}/rounds/2/ledger").get_json()
    assert len(bundle["lines"]) > 1
    swapped, exchanged = deepcopy(bundle), deepcopy(bundle)
    first, second = swapped["lines"][:2]
    first["ticket"], second["ticket"] = second["ticket"], first["ticket"]
    exchanged["lines"][0]["ticket"] = "somebody-else"
    for forged, fault in ((swapped, "line 1 "), (exchanged, "list_hash: ")):
        with pytest.raises(verifier.Broken, match=fault):
            verifier.check_closing_draw(forged)


def test_a_closing_draw_needs_a_public_number(world: World) -> None:
    slug = world.draft(rules={"leftovers": "closing-draw"})
    obj = ScriptInfo(create_app=lambda: world.app)
    result = CliRunner().invoke(group, ["check", slug], obj=obj)
    assert result.exit_code == 1
    assert "rules.beacon: is empty" in result.output


def test_a_block_is_lifted_and_an_award_made_void_and_seeds_sealed_anew(
    world: World, clock: time_machine.Traveller
) -> None:
    slug = world.publish(round=[box(cards=1, prizes={"tissue": 1})])
    phone = world.citizen()
    ticket, person = phone.earn_ticket(), citizen_id(phone)
    lottery(world, "block", slug, "--citizen", person, "--reason", "疑似刷奖")
    assert phone.draw(ticket).get_json()["errcode"] == "lottery.excluded"
    lottery(world, "block", slug, "--citizen", person, "--reason", "查无问题", "--lift")
    code = phone.draw(ticket).get_json()["award"]["code"]
    lottery(world, "void", slug, code, "--reason", "冒名")
    lottery(world, "void", slug, code, "--reason", "冒名")
    refused = world.desk().put("redemptions/00000000-0000-4000-8000-000000000001", json={"code": code})
    assert refused.get_json()["errcode"] == "lottery.award_void"
    before = world.rows("SELECT sealed_seed FROM rounds")
    lottery(world, "reseal")
    assert world.rows("SELECT sealed_seed FROM rounds") != before
    assert phone.draw(ticket).get_json()["award"]["code"] == code
