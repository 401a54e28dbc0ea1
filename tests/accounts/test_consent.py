"""Consent: asked before the first paper, kept per version, taken back as easily as given."""

from datetime import timedelta

import pytest
import time_machine

from tests.world import Phone, World, at_once

NEEDED = (409, "accounts.consent_needed")


def say(phone: Phone, granted: bool, *, slug: str = "play", purpose: str = "privacy") -> None:
    """A yes or a no to a campaign's notice as it reads now."""
    version = phone.get(f"campaigns/{slug}/privacy").get_json()["version"]
    answer = phone.put(f"me/consents/{purpose}", json={"version": version, "granted": granted})
    assert answer.status_code == 200, answer.get_json()


def deals(phone: Phone, slug: str = "play") -> tuple[int, str | None]:
    answer = phone.post(f"campaigns/{slug}/papers")
    return answer.status_code, answer.get_json().get("errcode")


def test_no_paper_is_dealt_before_consent(world: World) -> None:
    world.publish()
    phone = world.citizen(consents_to=None)
    world.citizen()  # somebody else's yes
    assert deals(phone) == NEEDED
    assert world.count("papers") == 0
    say(phone, True)
    assert deals(phone) == (201, None)


def test_a_no_is_no_consent(world: World) -> None:
    world.publish()
    phone = world.citizen(consents_to=None)
    say(phone, False)
    assert deals(phone) == NEEDED


def test_consent_taken_back_refuses_again_even_the_paper_in_hand(world: World) -> None:
    world.publish()
    phone, other = world.citizen(), world.citizen()
    assert deals(phone) == (201, None)
    say(phone, False)
    assert deals(phone) == NEEDED
    assert deals(other) == (201, None)
    say(phone, True)
    assert deals(phone) == (200, None)


def test_consent_to_another_version_does_not_count(world: World) -> None:
    world.publish()
    world.publish(slug="other", title="别的活动", privacy="另一份告知")
    phone = world.citizen(consents_to="other")
    assert deals(phone) == NEEDED
    assert deals(phone, "other") == (201, None)


def test_consent_to_the_same_notice_counts_in_every_campaign_that_shows_it(world: World) -> None:
    world.publish()
    world.publish(slug="other", title="别的活动")
    assert deals(world.citizen(consents_to="other")) == (201, None)


@pytest.mark.parametrize("purpose", ["messages", "winner-list"])
def test_consent_to_another_purpose_does_not_count(world: World, purpose: str) -> None:
    world.publish()
    phone = world.citizen(consents_to=None)
    say(phone, True, purpose=purpose)
    assert deals(phone) == NEEDED


def test_the_same_word_again_is_the_same_consent(world: World, clock: time_machine.Traveller) -> None:
    world.publish()
    phone, other = world.citizen(consents_to=None), world.citizen()
    word = {"version": "v1", "granted": True}
    first = phone.put("me/consents/privacy", json=word)
    clock.shift(timedelta(hours=1))
    again = phone.put("me/consents/privacy", json=word)
    assert again.get_data() == first.get_data()
    assert first.get_json() == {
        "purpose": "privacy",
        "version": "v1",
        "granted": True,
        "at": "2026-12-01T10:00:00.000+08:00",
    }
    assert world.count("consents", "version = 'v1'") == 1
    other.put("me/consents/privacy", json=word)
    phone.put("me/consents/privacy", json={"version": "v2", "granted": True})
    assert world.count("consents", "version = 'v1'") == 2
    assert world.count("consents", "version = 'v2'") == 1


def test_every_change_of_mind_is_kept(world: World, clock: time_machine.Traveller) -> None:
    phone = world.citizen(consents_to=None)
    for granted in (True, True, False, False, True):
        phone.put("me/consents/messages", json={"version": "v1", "granted": granted})
        clock.shift(timedelta(minutes=1))
    kept = phone.get("me").get_json()["consents"]
    assert [(one["granted"], one["at"][14:16]) for one in kept] == [(True, "00"), (False, "02"), (True, "04")]


def test_the_same_word_at_once_is_one_row(world: World) -> None:
    phone = world.citizen(consents_to=None)
    for turn in range(4):
        word = {"version": f"v{turn}", "granted": True}
        answers = at_once(
            *[lambda w=word: Phone(world.app, token=phone.token).put("me/consents/messages", json=w) for _ in range(8)]
        )
        assert {answer.status_code for answer in answers} == {200}
    assert world.count("consents") == 4


def test_an_unknown_purpose_is_not_there(world: World) -> None:
    phone = world.citizen(consents_to=None)
    answer = phone.put("me/consents/advertising", json={"version": "v1", "granted": True})
    assert (answer.status_code, answer.get_json()["errcode"]) == (404, "accounts.purpose_unknown")
    assert world.count("consents") == 0


@pytest.mark.parametrize(
    "word",
    [
        {"version": "v1"},
        {"granted": True},
        {"version": "v1", "granted": "true"},
        {"version": "v1", "granted": None},
        {"version": "v1", "granted": []},
        {"version": "v1", "granted": 1},
        {"version": "", "granted": True},
        {"version": "v" * 65, "granted": True},
        {"version": "v1", "granted": True, "purpose": "privacy"},
    ],
)
def test_a_consent_is_a_plain_yes_or_no_to_a_version(world: World, word: dict[str, object]) -> None:
    answer = world.citizen(consents_to=None).put("me/consents/privacy", json=word)
    assert (answer.status_code, answer.get_json().get("errcode")) == (422, "http.bad_shape")
    assert world.count("consents") == 0


def test_the_own_state_shows_the_word_in_force(world: World) -> None:
    world.publish()
    world.publish(slug="other", title="别的活动", privacy="另一份告知")
    phone = world.citizen(consents_to="other")
    world.citizen()
    say(phone, True, purpose="messages")
    phone.put("me/consents/winner-list", json={"version": "v1", "granted": True})
    play = {"privacy": False, "messages": True, "winner-list": True}
    assert phone.get("campaigns/play/me").get_json()["consents"] == play
    other = {"privacy": True, "messages": False, "winner-list": True}
    assert phone.get("campaigns/other/me").get_json()["consents"] == other
    say(phone, False, purpose="messages")
    assert phone.get("campaigns/play/me").get_json()["consents"]["messages"] is False
