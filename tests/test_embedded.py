"""The one-machine run as its user meets it: a process with children, a folder, a terminal that goes away."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from quizsvc.demo.service import SIGN_INS

BOOTS_WITHIN = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "QUIZSVC_DATA_DIR": str(folder / "d"), **more}


class Run:
    """A running `quizsvc run`."""

    def __init__(self, server: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.server, self.port, self.log = server, port, log
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + BOOTS_WITHIN
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                if self.http.get("/readyz").status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.log.read_text(errors="replace"))

    def family(self) -> set[int]:
        """The supervisor and all that descends from it."""
        parents = {int(p.parent.name): _parent(p) for p in Path("/proc").glob("[0-9]*/stat")}
        found = {self.server.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


@contextmanager
def running(folder: Path, **more: str) -> Iterator[Run]:
    port = free_port()
    log = folder / "log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "quizsvc", "run", "--bind", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment(folder, **more), cwd=folder)
    run = Run(server, port, log)
    try:
        run.wait_until_ready()
        yield run
    finally:
        run.http.close()
        server.send_signal(signal.SIGINT)
        server.wait(timeout=40)


def wait_until_gone(pids: set[int]) -> set[int]:
    deadline = time.monotonic() + 30
    left = pids
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if Path(f"/proc/{pid}/cmdline").exists() and _is_alive(pid)}
        time.sleep(0.05)
    return left


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def play(run: Run) -> dict[str, Any]:
    """A citizen's first paper."""
    token = run.http.post("/api/v1/sessions", json={"code": "a neighbour"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    notice = run.http.get("/api/v1/campaigns/demo/privacy").json()
    word = {"version": notice["version"], "granted": True}
    run.http.put("/api/v1/me/consents/privacy", json=word, headers=headers)
    paper: dict[str, Any] = run.http.post("/api/v1/campaigns/demo/papers", headers=headers).json()
    return paper


def require_doors(run: Run, said: str) -> None:
    """Both faces are named and there, and every role's sign-in works as it is printed."""
    for path in ("/", "/desk/"):
        assert re.search(rf"^    .*http://127\.0\.0\.1:{run.port}{path}$", said, re.MULTILINE)
        assert run.http.get(path, follow_redirects=True).status_code == 200
    for name, (role, _) in SIGN_INS.items():
        printed = re.search(rf"^    {name} +(\S+)$", said, re.MULTILINE)
        assert printed
        answer = run.http.post("/api/v1/staff/sessions", json={"name": name, "password": printed[1]}).json()
        assert {one["role"] for one in answer["staff"]["roles"]} == {role}


def test_a_run_serves_ends_with_ctrl_c_and_goes_on_with_the_same_data(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        family = run.family()
        assert len(family) >= 5  # supervisor, Valkey, tick, gunicorn and its workers
        paper = play(run)
        assert len(paper["questions"]) == 10
        secrets = tmp_path / "d" / "secrets.json"
        assert secrets.stat().st_mode & 0o777 == 0o600
        kept = secrets.read_bytes()
        said = run.log.read_text()
        require_doors(run, said)
        assert "stand-in" in said
    assert run.server.returncode == 0
    assert wait_until_gone(family) == set()
    with running(tmp_path) as run:
        assert play(run) == paper
        assert secrets.read_bytes() == kept


def test_killing_the_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        family = run.family()
        os.kill(run.server.pid, signal.SIGKILL)
        assert wait_until_gone(family) == set()


def test_a_valkey_that_dies_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        (valkey,) = [pid for pid in run.family() if b"valkey-server" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(valkey, signal.SIGKILL)
        assert wait_until_gone({valkey}) == set()
        run.wait_until_ready()


def test_one_folder_serves_one_run(tmp_path: Path) -> None:
    with running(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "quizsvc", "run", "--bind", f"127.0.0.1:{free_port()}"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 1
    assert "another run is using" in second.stderr


def test_commands_given_the_folder_work_on_that_run(tmp_path: Path) -> None:
    with running(tmp_path):
        checked = subprocess.run(
            [sys.executable, "-m", "quizsvc", "campaign", "pause", "demo", "--as", "operator"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout) == (0, "demo is paused\n"), checked.stderr


@pytest.mark.parametrize(("folder", "said"), [("x" * 120, "too long a path"), ("file/below", "cannot be used")])
def test_a_folder_that_cannot_work_is_refused_in_one_sentence(tmp_path: Path, folder: str, said: str) -> None:
    (tmp_path / "file").write_text("")
    refused = subprocess.run(
        [sys.executable, "-m", "quizsvc", "run"],
        env=environment(tmp_path) | {"QUIZSVC_DATA_DIR": str(tmp_path / folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_runs_from_an_installed_wheel_in_an_empty_folder(tmp_path: Path, repository: Path) -> None:
    """The wheel carries demo files, scripts, migrations and the bank; the repository is not needed."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, repository],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("quizsvc-*.whl")
    installed = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True, capture_output=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    with running(empty, PYTHONPATH=str(installed)) as run:
        assert len(play(run)["questions"]) == 10
        assert all(run.http.get(path).status_code == 200 for path in ("/", "/h5/main.js", "/h5/screens/paper.js"))
    where = subprocess.run(
        [sys.executable, "-c", "import quizsvc.kit.files as f; print(f.shipped('questions'), f.shipped('migrations'))"],
        env=environment(empty, PYTHONPATH=str(installed)),
        cwd=empty,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        rf"{installed}/quizsvc/shipped/questions {installed}/quizsvc/shipped/migrations\n", where.stdout
    )
