"""The README's tour works as printed, and its map and settings are the code's."""

import re
import subprocess
from pathlib import Path

import pytest

from quizsvc.settings import NEEDED, PREFIX
from tests.test_embedded import running

WRITTEN = (
    *("*.*", "Makefile", ".ci/*", ".pre-commit-config.yaml", "deploy/*", "docs/*", "questions/*"),
    *("quizsvc/**/*.*", "migrations/**/*.py", "tests/**/*.py", "benchmarks/**/*.py"),
)


def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.mark.needs("curl")
def test_the_tour_works_as_printed(repository: Path, tmp_path: Path) -> None:
    (tour,) = re.findall(r"```bash\n(.*?)```", readme(repository), flags=re.DOTALL)
    with running(tmp_path) as run:
        script = tour.replace("127.0.0.1:8000", f"127.0.0.1:{run.port}")
        played = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=repository, capture_output=True, text=True, check=False
        )
    assert played.returncode == 0, played.stdout + played.stderr
    assert '"outcome":"won"' in played.stdout or '"outcome":"missed"' in played.stdout
    assert "\n10\n" in played.stdout  # all right
    assert '"papers_left_today":2' in played.stdout


def test_every_setting_and_every_slice_is_named(repository: Path) -> None:
    said = readme(repository)
    assert all(f"{PREFIX}{name}" in said for name in NEEDED)
    slices = [path.parent.name for path in (repository / "quizsvc").glob("*/__init__.py")]
    assert len(slices) >= 9
    assert all(f"`{name}/`" in said for name in slices)


def test_every_dependency_is_named_with_its_why(repository: Path) -> None:
    said = readme(repository).partition("### Dependencies")[2].lower()
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", project, flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r'^  "([a-z0-9-]+)', "".join(lists), flags=re.MULTILINE)
    assert len(named) > 25
    assert [name for name in named if name not in said] == []


def test_no_file_names_a_package_registry(repository: Path) -> None:
    forbidden = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\."]))
    written = [
        path for name in WRITTEN for path in sorted(repository.glob(name)) if path.is_file() and path.suffix != ".pyc"
    ]
    assert len(written) > 150
    for path in written:
        assert not forbidden.search(path.read_text(encoding="utf-8", errors="replace")), path
