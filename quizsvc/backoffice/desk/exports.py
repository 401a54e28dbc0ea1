"""A snapshot as a file to take away."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Response, send_file

from quizsvc.kit.sheets import csv_text
from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.markdown import markdown_of
from quizsvc.reach.report_workbook import write_workbook
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.table_text import rows_of


def _markdown(snapshot: Snapshot) -> bytes:
    return markdown_of(write_bulletin(snapshot), snapshot).encode()


def _csv(snapshot: Snapshot) -> bytes:
    return csv_text(rows_of(snapshot)).encode()


def _workbook(snapshot: Snapshot) -> bytes:
    with TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / "report.xlsx"
        write_workbook(snapshot, path)
        return path.read_bytes()


WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The ending of a file's name -> what kind of file that is, and how it is written.
FORMS: Mapping[str, tuple[str, Callable[[Snapshot], bytes]]] = {
    "md": ("text/markdown; charset=utf-8", _markdown),
    "xlsx": (WORKBOOK, _workbook),
    "csv": ("text/csv; charset=utf-8", _csv),
}


def send_snapshot(snapshot: Snapshot, form: str, *, name: str) -> Response:
    """The snapshot in one of FORMS, named by what it is, its region and its days."""
    kind, write = FORMS[form]
    survey = snapshot.survey
    called = f"{snapshot.heading.region}{name}_{survey.period.first}_{survey.period.last}.{form}"
    return send_file(BytesIO(write(snapshot)), mimetype=kind, as_attachment=True, download_name=called)
