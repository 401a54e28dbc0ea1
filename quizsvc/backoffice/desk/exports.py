"""A snapshot as a file to take away."""

from io import BytesIO

from flask import Response, send_file

from quizsvc.reach.report_files import FORMS, MEDIA
from quizsvc.reach.snapshots import Snapshot


def send_snapshot(snapshot: Snapshot, form: str, *, name: str) -> Response:
    """The snapshot in one of a report's forms, named by what it is, its region and its days."""
    period = snapshot.survey.period
    called = f"{snapshot.heading.region}{name}_{period.first}_{period.last}.{form}"
    content = BytesIO(FORMS[form](snapshot))
    return send_file(content, mimetype=MEDIA[form], as_attachment=True, download_name=called)
