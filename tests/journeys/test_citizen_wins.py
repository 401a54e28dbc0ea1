"""The citizen's loop over HTTP only: log in, answer, draw, win, and the desk hands the prize over."""

from uuid import uuid4

from tests.world import World, box


def test_a_citizen_answers_wins_and_fetches_the_prize(world: World) -> None:
    slug = world.publish(round=[box(cards=1, prizes={"tissue": 1})])
    citizen = world.citizen()
    page = citizen.get(f"campaigns/{slug}").get_json()
    assert page["paper"] == {"questions": 5, "pass_percent": 80, "minutes": 10, "per_day": 3}
    paper = citizen.deal()
    assert [question["no"] for question in paper["questions"]] == [1, 2, 3, 4, 5]
    mark = citizen.hand_in(paper)
    assert (mark["correct"], mark["total"], mark["passed"], mark["late"]) == (5, 5, True, False)
    drawn = citizen.draw(mark["tickets"][0]).get_json()
    assert drawn["outcome"] == "won"
    assert drawn["prize"] == {"code": "tissue", "name": "反诈抽纸"}
    code = drawn["award"]["code"]

    clerk = world.desk("clerk")
    found = clerk.post("redemptions/lookup", json={"code": code}).get_json()
    assert (found["prize"]["code"], found["state"], found["redeemed"]) == ("tissue", "won", None)
    scan = uuid4()
    redeemed = clerk.put(f"redemptions/{scan}", json={"code": code})
    assert redeemed.status_code == 200
    assert redeemed.get_json()["redeemed_by"] == "clerk"
    assert redeemed.get_json()["region"] == {"code": "s1c1", "name": "甲社区"}
    again = clerk.put(f"redemptions/{uuid4()}", json={"code": code})
    assert (again.status_code, again.get_json()["errcode"]) == (409, "lottery.already_redeemed")
    awards = citizen.get("me/awards").get_json()["items"]
    assert [award["state"] for award in awards] == ["redeemed"]
