"""A report's forms as files: a bulletin, a table of all figures, a workbook."""

from collections.abc import Callable, Mapping

from quizsvc.kit.sheets import csv_text
from quizsvc.reach.bulletin import write_bulletin
from quizsvc.reach.markdown import markdown_of
from quizsvc.reach.report_workbook import workbook_of
from quizsvc.reach.snapshots import Snapshot
from quizsvc.reach.table_text import rows_of
from quizsvc.reach.word import word_of

FORMS: Mapping[str, Callable[[Snapshot], bytes]] = {
    "md": lambda snapshot: markdown_of(write_bulletin(snapshot), snapshot).encode(),
    "docx": lambda snapshot: word_of(write_bulletin(snapshot), snapshot),
    "csv": lambda snapshot: csv_text(rows_of(snapshot)).encode(),
    "xlsx": workbook_of,
}
OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA = {
    "md": "text/markdown; charset=utf-8",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "csv": "text/csv; charset=utf-8",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
}
TEXTS = ("md", "csv")  # a terminal can show them


def name_report(snapshot: Snapshot, form: str) -> tuple[str, str]:
    """What a file of it is called, and what where only ASCII will do."""
    period = snapshot.survey.period
    return (
        f"{snapshot.heading.title}{period.first}至{period.last}.{form}",
        f"report-{period.first}-{period.last}.{form}",
    )
