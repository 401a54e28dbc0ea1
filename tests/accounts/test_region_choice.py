"""A citizen's community: chosen, chosen again, remembered."""

import pytest

from tests.world import World


def test_the_chosen_community_is_remembered_for_its_citizen_only(world: World) -> None:
    phone, other = world.citizen("anna", consents_to=None), world.citizen("berta", consents_to=None)
    for code in ("s1c1", "s1c2", "s1c2"):
        answer = phone.put("me/region", json={"region": code})
        assert (answer.status_code, answer.get_json()) == (200, {"region": code})
    assert phone.get("me").get_json()["citizen"]["region"] == "s1c2"
    assert other.get("me").get_json()["citizen"]["region"] is None
    again = world.phone().post("sessions", json={"code": "anna"}).get_json()
    assert again["citizen"]["region"] == "s1c2"


@pytest.mark.parametrize("code", ["nowhere", "S1C1", "s1c", "甲社区", " s1c1"])
def test_an_unknown_community_is_not_there_and_changes_nothing(world: World, code: str) -> None:
    phone = world.citizen(consents_to=None)
    phone.put("me/region", json={"region": "s1c1"})
    answer = phone.put("me/region", json={"region": code})
    assert (answer.status_code, answer.get_json()["errcode"]) == (404, "regions.unknown")
    assert phone.get("me").get_json()["citizen"]["region"] == "s1c1"


@pytest.mark.parametrize("choice", [{}, {"region": None}, {"region": ""}, {"region": "x" * 33}, {"region": ["s1c1"]}])
def test_a_choice_names_one_code(world: World, choice: dict[str, object]) -> None:
    answer = world.citizen(consents_to=None).put("me/region", json=choice)
    assert (answer.status_code, list(answer.get_json()["fields"])) == (422, ["region"])


def test_a_paper_belongs_to_the_community_at_its_dealing(world: World) -> None:
    world.publish()
    phone = world.citizen()
    phone.put("me/region", json={"region": "s1c1"})
    paper = phone.deal()
    phone.put("me/region", json={"region": "s1c2"})
    phone.hand_in(paper)
    assert world.rows("SELECT r.code FROM papers p JOIN regions r ON r.id = p.region_id") == [("s1c1",)]
