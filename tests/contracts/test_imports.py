"""Each import contract is seen to break on a planted import: a contract that cannot fail protects nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = {
    "house": ("regions/service.py", "from quizsvc.lottery import service as planted"),
    "slice": ("quiz/rules.py", "from quizsvc.quiz import service as planted"),
    "desk": ("backoffice/desk/access.py", "from quizsvc.backoffice.desk import today as planted"),
    "pure": ("lottery/rules.py", "from quizsvc.kit.clock import utcnow as planted"),
    "use-cases": ("lottery/redeem.py", "import flask as planted"),
    "private-regions": ("accounts/service.py", "from quizsvc.regions import store as planted"),
    "private-accounts": ("quiz/service.py", "from quizsvc.accounts import models as planted"),
    "private-campaigns": ("lottery/service.py", "from quizsvc.campaigns import store as planted"),
    "private-quiz": ("me/schemas.py", "from quizsvc.quiz import schemas as planted"),
    "private-materials": ("lottery/redeem.py", "from quizsvc.materials import store as planted"),
    "private-lottery": ("backoffice/service.py", "from quizsvc.lottery import gate as planted"),
    "private-outreach": ("me/service.py", "from quizsvc.outreach import store as planted"),
    "private-reach": ("me/service.py", "from quizsvc.reach import case_store as planted"),
    "private-me": ("wiring.py", "from quizsvc.me import schemas as planted"),
}


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--contract", contract, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_the_contract(contract: str, repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "quizsvc", tmp_path / "quizsvc", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repository / "pyproject.toml", tmp_path)
    file, line = PLANTED[contract]
    path = tmp_path / "quizsvc" / file
    kept = lint(tmp_path, contract)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    broken = lint(tmp_path, contract)
    assert broken.returncode == 1
    assert "1 broken" in broken.stdout


def test_every_contract_has_a_planted_import(repository: Path) -> None:
    said = (repository / "pyproject.toml").read_text(encoding="utf-8")
    assert said.count("[[tool.importlinter.contracts]]") == len(PLANTED)
