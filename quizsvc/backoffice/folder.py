"""A folder of files that anyone can read in ten years, with a manifest: written beside its place, then renamed.

Needs nothing of the service: who checks an archive reads it with this alone.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from quizsvc.kit.canonical import canonical, sha256_hex

FORMAT = "quizsvc/archive/v1"
MANIFEST, SUMS = "manifest.json", "manifest.sha256"
CHUNK = 1 << 20


class Broken(Exception):
    """The first thing that is wrong with an archive, and where."""


@dataclass(frozen=True)
class File:
    """A file of an archive as its manifest names it."""

    name: str
    size: int
    sha256: str
    lines: int


@dataclass
class Folder:
    """An archive that is being written. `told` hears of every line."""

    path: Path
    told: Callable[[int], object]
    files: list[File] = field(default_factory=list)

    def write(self, name: str, lines: Iterable[str]) -> File:
        """Write a file line by line, so that no file has to fit into memory."""
        place, digest, size, count = self.path / name, hashlib.sha256(), 0, 0
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as out:
            for line in lines:
                raw = f"{line}\n".encode()
                out.write(raw)
                digest.update(raw)
                size, count = size + len(raw), count + 1
                self.told(1)
            _settle(out)
        self.files.append(File(name, size, digest.hexdigest(), count))
        return self.files[-1]

    def write_lines(self, name: str, values: Iterable[Mapping[str, Any]]) -> File:
        """JSON Lines, each in canonical JSON."""
        return self.write(name, (canonical(value) for value in values))

    def content_hash(self) -> str:
        """One hash of all files: the same for the same content, whoever writes it when."""
        return sha256_hex(canonical([vars(one) for one in self.files]))

    def seal(self, said: Mapping[str, Any]) -> str:
        """Write the manifest, and the sums of everything for sha256sum; returns the manifest's own."""
        listed = [vars(one) for one in self.files]
        manifest = {**said, "format": FORMAT, "files": listed, "content": self.content_hash()}
        held = Folder(self.path, self.told)
        own = held.write(MANIFEST, [canonical(manifest)])
        held.write(SUMS, [f"{one.sha256}  {one.name}" for one in (own, *self.files)])
        return own.sha256


def _settle(out: Any) -> None:
    """Let a file outlive a loss of power before it is spoken of."""
    out.flush()
    os.fsync(out.fileno())


@contextmanager
def written_beside(place: Path, told: Callable[[int], object]) -> Iterator[Folder]:
    """A folder beside the place that it will have; gone when the block ends, unless `put_in_place` was called."""
    beside = Path(mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
    try:
        yield Folder(beside, told)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def put_in_place(folder: Folder, place: Path) -> None:
    """Let a folder that is complete be where it was asked for; FileExistsError when something is there."""
    if place.exists():
        raise FileExistsError(place)
    folder.path.chmod(0o750)
    for entry in (*{(folder.path / one.name).parent for one in folder.files}, folder.path):
        _settle_folder(entry)
    folder.path.rename(place)
    _settle_folder(place.parent)


def _settle_folder(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


# --- read -------------------------------------------------------------------------------------------------------------


def sum_of(path: Path) -> tuple[int, str]:
    """A file's size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def read_lines(root: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's place, to be named, and what it says; Broken for one that is no canonical JSON."""
    with (root / name).open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            where = f"{name}: line {number}"
            yield where, _read(line, where)


def _read(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        raise Broken(f"{where}: is no JSON") from None
    if not isinstance(value, dict) or f"{canonical(value)}\n" != line:
        raise Broken(f"{where}: is no canonical JSON of one object")
    return value


def read_document(root: Path, name: str) -> Any:
    """A JSON file's value; Broken when it is none."""
    try:
        return json.loads((root / name).read_text(encoding="utf-8"))
    except ValueError:
        raise Broken(f"{name}: is no JSON") from None


def read_sorted(root: Path, name: str, key: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """As read_lines; Broken where the order of the lines' keys is not strictly rising."""
    before: Any = None
    for where, line in read_lines(root, name):
        now = key(line)
        if before is not None and not before < now:
            raise Broken(f"{where}: stands out of its order, or twice")
        before = now
        yield where, line
