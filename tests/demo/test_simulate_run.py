"""`quizsvc simulate` against a run of its own: citizens, volunteers, a desk and the office, and no promise broken."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_embedded import Run, environment, running


def simulate(run: Run, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quizsvc", "simulate", "demo", "--url", f"http://127.0.0.1:{run.port}", *words]
    return subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)


def counted(shown: str, name: str) -> list[int]:
    """The numbers on a line of the summary; what has not occurred has no line."""
    lines = re.findall(rf"^ *{re.escape(name)} +([\d, ]+)$", shown, flags=re.MULTILINE)
    return [int(number.replace(",", "")) for line in lines for number in line.split()]


@pytest.mark.timeout(300)
def test_citizens_and_volunteers_find_every_promise_kept(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        said = run.log.read_text()
        (invitation,) = re.findall(r"^ +(\w{4}-\w{4}-\w{4})$", said, flags=re.MULTILINE)
        sign_ins = dict(re.findall(r"^ +(operator|clerk) +(\S+)$", said, flags=re.MULTILINE))
        refused = simulate(run, tmp_path, "--volunteers", "1", "--invitation", "K7QM-2XHD-9RTV")
        assert refused.stderr == "cannot simulate: the invitation enrols nobody: accounts.invitation_refused\n"
        crowd = ["--citizens", "3", "--volunteers", "6", "--invitation", invitation, "--days", "5"]
        crowd += ["--clerk", "clerk", "--password", sign_ins["clerk"]]
        played = simulate(run, tmp_path, *crowd, "--operator", "operator", "--operator-password", sign_ins["operator"])
    shown = played.stdout
    assert played.returncode == 0, shown + played.stderr
    assert "broken promises: none" in shown
    assert (counted(shown, "citizens"), counted(shown, "volunteers")) == ([3], [6])
    decided = sum(counted(shown, "decided: count") + counted(shown, "decided: refuse"))
    # whose first answer was lost on its way is told "duplicate" and held all the same
    assert 0 < decided <= sum(counted(shown, "held") + counted(shown, "duplicate"))
    known, told = counted(shown, "tallies")
    assert known == told > 30


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say how many"),
        (["--volunteers", "2"], "need an --invitation"),
        (["--citizens", "1", "--operator", "operator"], "--operator and --operator-password go together"),
        (["--citizens", "1", "--password", "pw"], "--clerk and --password go together"),
    ],
)
def test_a_crowd_that_is_none_is_refused_with_what_is_missing(tmp_path: Path, words: list[str], said: str) -> None:
    command = [sys.executable, "-m", "quizsvc", "simulate", "demo", *words]
    refused = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert said in refused.stderr
