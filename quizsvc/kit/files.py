"""Finds the files that ship with the service, in the repository and in an installed wheel alike."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """A file or folder that ships with quizsvc, say `questions` or `demo/campaign.toml`.

    A wheel carries the repository's top-level `questions` and `migrations` under `shipped/`.
    """
    for home in (PACKAGE, PACKAGE / "shipped", PACKAGE.parent):
        if (home / name).exists():
            return home / name
    raise FileNotFoundError(f"{name} is missing from this installation of quizsvc")
