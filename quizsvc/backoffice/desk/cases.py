"""Monthly fraud cases: the figures with their revisions, compared; a table that is looked at before it counts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import members
from quizsvc.accounts.guards import current_staff
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.render import show
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import NotFound
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.sheets import SUFFIXES, csv_text
from quizsvc.reach import cases, sheet
from quizsvc.reach.cases import Compared, Loaded
from quizsvc.reach.comparison import Comparison
from quizsvc.reach.figures import FIRST_YEAR, LAST_YEAR, MEASURES, CaseRow, Month
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.survey import Figure
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

NAME_LENGTH = 80
NO_FILE = Problem("file", "not chosen", "choose a file")
bp = Blueprint("cases", __name__)


@dataclass(frozen=True)
class Side:
    """A measure in some months: how many, and against the year and the month before, each with why it is not known."""

    amount: Figure
    year: Figure
    month: Figure | None


@bp.get("/cases")
def show_cases() -> Response:
    """A region's months of a year, and the year so far."""
    last, staff = Month.of(day_of(utcnow())).plus(-1), current_staff()
    with reading():
        places = members.list_places(staff, roles=cases.MAY_READ)
        code = request.args.get("region") or min(places, key=lambda one: (one.path.count("/"), one.code)).code
        region = regions.get_region(code)
        cases.require_reader(staff, over=region)
        year = _year(request.args.get("year", ""), last)
        months = [Month(year, n) for n in range(1, 13) if Month(year, n) <= last]
        rows = [(month, _sides(region, month)) for month in months]
        so_far = list(_of_year(region, months[-1])) if months else []
        known = [(month, len(cases.list_revisions(region, month))) for month in months]
    options = [(one.code, one.name) for one in places]
    years = [(str(one), f"{one} 年") for one in range(last.year, last.year - 6, -1)]
    return show(
        "cases.html",
        region=region,
        year=year,
        rows=rows,
        so_far=so_far,
        revised=dict(known),
        options=options,
        years=years,
    )


@bp.get("/cases/of/<region>/<month>")
def show_revisions(region: str, month: str) -> Response:
    """Every revision of a month's figures; the last is in force."""
    found = sheet.find_month(month)
    if found is None:
        raise NotFound
    with reading():
        place = regions.get_region(region)
        cases.require_reader(current_staff(), over=place)
        revisions = cases.list_revisions(place, found)
    return show("case_revisions.html", region=place, month=found, revisions=revisions[::-1])


@bp.get("/cases/upload")
def show_upload() -> Response:
    """The form for a table."""
    return _upload()


@bp.post("/cases/upload")
def preview() -> Response:
    """What the table would change, or everything that is wrong with it; nothing counts yet."""
    given = request.files.get("table")
    called = PurePath((given.filename if given else None) or "").name[-NAME_LENGTH:]
    if given is None or not called:
        return _upload([NO_FILE])
    try:
        with closing(given.stream) as stream:
            rows = _read(stream.read(), called)
        with reading():
            foreseen = cases.foresee_cases(rows, file=called, by=current_staff(), now=utcnow())
            names = {row.region.code: row.region.name for row in rows}
    except FileRefused as refused:
        return _upload(refused.problems)
    changing = [one for one in foreseen if one.is_new]
    return show(
        "case_preview.html",
        foreseen=foreseen,
        changing=changing,
        names=names,
        called=called,
        table=csv_text(sheet.rows_of(rows)),
    )


@bp.post("/cases/load")
def load() -> Response:
    """Put into force what was looked at. Sent twice, it changes nothing the second time."""
    called = PurePath(request.form.get("called", "")).name[-NAME_LENGTH:] or "案件.csv"
    text = request.form.get("table", "")
    try:
        rows = _read(text.encode(), "table.csv")
        with transaction():
            loaded = cases.load_cases(rows, file=called, by=current_staff(), now=utcnow())
    except FileRefused as refused:
        return _upload(refused.problems)
    added, corrected = _count(loaded, is_correction=False), _count(loaded, is_correction=True)
    flash(f"已导入：新增 {added} 个月，更正 {corrected} 个月，{len(loaded) - added - corrected} 个月没有变化。", "good")
    return redirect(url_for("desk.cases.show_cases"), 303)


def _upload(problems: Sequence[Problem] = ()) -> Response:
    return show("case_upload.html", 422 if problems else 200, faults=read_faults(problems))


def _read(content: bytes, called: str) -> list[CaseRow]:
    suffix = PurePath(called).suffix.lower()
    with TemporaryDirectory(prefix="quizsvc") as folder, reading():
        path = Path(folder) / f"table{suffix if suffix in SUFFIXES else '.xls'}"
        path.write_bytes(content)
        return sheet.read_cases(path, find_region=cases.find_region, today=day_of(utcnow()))


def _count(loaded: Sequence[Loaded], *, is_correction: bool) -> int:
    return sum(one.is_new and (one.before is not None) is is_correction for one in loaded)


def _year(text: str, last: Month) -> int:
    return int(text) if text.isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR else last.year


def _sides(region: Region, month: Month) -> list[Side]:
    """Each measure of one month."""
    years, months = cases.compare_years(region, first=month, last=month), cases.compare_months(region, month)
    return [_side(measure, years, months) for measure in MEASURES]


def _of_year(region: Region, last: Month) -> Iterator[Side]:
    """Each measure from January on."""
    years = cases.compare_years(region, first=Month(last.year, 1), last=last)
    return (_side(measure, years, None) for measure in MEASURES)


def _side(measure: str, years: Mapping[str, Compared], months: Mapping[str, Compared] | None) -> Side:
    year = years[measure].comparison
    amount = Figure(get_metric(f"cases.{measure}"), year.now)
    before = None if months is None else _change(f"cases.{measure}_mom", months[measure].comparison)
    return Side(amount, _change(f"cases.{measure}_yoy", year), before)


def _change(metric: str, found: Comparison) -> Figure:
    return Figure(get_metric(metric), found.tenths, base=found.base, reason=found.reason or None)
