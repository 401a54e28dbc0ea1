"""Invitations: one log-in each or so many, shown once, said aloud, the same answer however often."""

from tests.outreach.place import id_of, invitation, volunteer
from tests.world import World


def test_a_personal_invitation_makes_the_log_in_the_volunteers(world: World) -> None:
    volunteer(world, "v2")
    phone = volunteer(world)
    assert str(phone.post("volunteers", json={"invitation": invitation("v1")}).get_json()["id"]) == str(id_of("v1"))
    session = world.phone().post("sessions", json={"code": "volunteer v1"}).get_json()
    assert session["citizen"]["roles"] == ["citizen", "volunteer"]
