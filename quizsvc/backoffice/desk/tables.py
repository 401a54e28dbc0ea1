"""Tables that people hand in at the desk, and tables that they take away."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Response, request

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
    suffix = Path(called).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / f"table{suffix if re.fullmatch(r'[.][a-z]{1,8}', suffix) else '.unknown'}"
        given.save(path)
        yield path, called


def csv_file(rows: Sequence[Sequence[str]], *, name: str, is_cut: bool) -> Response:
    """A table to keep; Excel opens it, and takes no text for a formula. One that is cut says so in its last row."""
    cut = [[f"以上是前 {len(rows) - 1} 条，后面还有，请缩小范围后再导出"]] if is_cut else []
    response = Response(csv_text([*rows, *cut]), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response
