"""Tables that people hand in at the desk, and tables that they take away."""

import re
import tempfile
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Response, request

from quizsvc.kit.errors import BadRequest
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import csv_text

LONGEST_NAME = 80


@contextmanager
def handed_in(name: str) -> Iterator[tuple[Path, str]]:
    """The file of a form, on disk until the block ends, and what it is called; FileRefused without one."""
    given = request.files.get(name)
    called = Path((given.filename if given else None) or "").name[-LONGEST_NAME:]
    if given is None or not called:
        raise FileRefused([Problem("file", "not found", "choose a file")])
    with _on_disk(given.stream.read(), called) as path:
        yield path, called


@contextmanager
def kept() -> Iterator[tuple[Path, str]]:
    """As handed_in, the file that a preview's page has carried (`carried`); BadRequest without one."""
    try:
        content = b64decode(request.form.get("content", ""), validate=True)
    except (NoBase64, ValueError):
        raise BadRequest from None
    called = Path(request.form.get("called", "")).name[-LONGEST_NAME:]
    with _on_disk(content, called) as path:
        yield path, called


def carried(path: Path, called: str) -> dict[str, str]:
    """The fields of a preview's page that hold the file until it is confirmed; it is kept nowhere else."""
    return {"content": b64encode(path.read_bytes()).decode(), "called": called}


@contextmanager
def _on_disk(content: bytes, called: str) -> Iterator[Path]:
    suffix = Path(called).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / f"table{suffix if re.fullmatch(r'[.][a-z]{1,8}', suffix) else '.unknown'}"
        path.write_bytes(content)
        yield path


def csv_file(rows: Sequence[Sequence[str]], *, name: str, is_cut: bool) -> Response:
    """A table to keep; Excel opens it, and takes no text for a formula. One that is cut says so in its last row."""
    cut = [[f"以上是前 {len(rows) - 1} 条，后面还有，请缩小范围后再导出"]] if is_cut else []
    response = Response(csv_text([*rows, *cut]), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response
