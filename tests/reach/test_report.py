"""Reports on both databases: stored once, printed again byte for byte, by role."""

from pathlib import Path
from typing import Any

from quizsvc.accounts.service import RoleMissing
from tests.accounts.test_staff import command
from tests.world import World

__all__ = ["command"]


def test_a_stored_report_is_printed_again_byte_for_byte(world: World, command: Any, tmp_path: Path) -> None:
    world.publish()
    first = command("report", "play", "--as", "second")
    assert first.exit_code == 0, first.exception
    (snapshot,) = world.rows("SELECT id FROM report_snapshots")
    world.citizen().deal()
    world.tick()
    again = command("report", "--snapshot", str(snapshot[0]), "--as", "auditor")
    assert again.output == first.output
    out = tmp_path / "report.csv"
    made = command("report", "play", "--as", "second", "--format", "csv", "--output", str(out))
    assert made.exit_code == 0, made.exception
    assert "online.audience,线上受众" in out.read_text(encoding="utf-8")


def test_a_clerk_makes_no_report(world: World, command: Any) -> None:
    world.publish()
    assert isinstance(command("report", "play", "--as", "clerk").exception, RoleMissing)
    assert world.count("report_snapshots") == 0
