"""The community desk: a clerk looks codes up and hands prizes over."""

from dataclasses import dataclass, replace
from uuid import uuid4

from quizsvc.demo.line import Line
from quizsvc.demo.promises import Json, faults_of_look_up, faults_of_repeat, faults_of_second_scan

LOOK_UP, REDEEM = "redemptions/lookup", "redemptions/{scan}"


@dataclass(frozen=True)
class Desk:
    """A desk at which a clerk is signed in."""

    token: str

    def hand_over(self, winner: Line, outcome: Json) -> bool:
        """Redeem a win: once under one scan id, which repeats its answer, and under no other. Whether it was."""
        desk = replace(winner, token=self.token)
        prize, code = outcome["prize"]["code"], {"code": outcome["award"]["code"]}
        before = desk.call("POST", LOOK_UP, body=code)
        if before.is_good:
            desk.note(faults_of_look_up(before.content, prize=prize, state="won"), at=f"POST {LOOK_UP}")
        scan = uuid4()
        first = desk.call("PUT", REDEEM, scan=scan, body=code)
        if not first.is_good:
            return False
        again = desk.call("PUT", REDEEM, scan=scan, body=code)
        desk.note(faults_of_repeat(first, again), at=f"PUT {REDEEM}")
        desk.note(faults_of_second_scan(desk.call("PUT", REDEEM, scan=uuid4(), body=code)), at=f"PUT {REDEEM}")
        after = desk.call("POST", LOOK_UP, body=code)
        if after.is_good:
            desk.note(faults_of_look_up(after.content, prize=prize, state="redeemed"), at=f"POST {LOOK_UP}")
        return True
