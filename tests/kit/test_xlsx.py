"""Workbooks that anybody may have made: read as they are meant, refused within bounds of memory and in a sentence."""

import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from quizsvc.kit import xlsx
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.xlsx import MOST_COLUMNS, MOST_ROWS, read_xlsx
from tests.books import BOOK, MAIN, ONE_CELL, RELATIONS, book, sheet_of

BEARABLE_MB = 300
MEGABYTE = 2**20
FULL = 15 * MEGABYTE  # nearly what a workbook may unpack to


def refused(path: Path) -> str:
    with pytest.raises(FileRefused) as told:
        read_xlsx(path, sheet="题库")
    (problem,) = told.value.problems
    assert problem.mend
    assert problem.file == str(path)
    return f"{problem.where}: {problem.what}"


# --- what is read -----------------------------------------------------------------------------------------------------


def test_cells_come_as_what_they_are_from_the_first_on(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    made = Workbook(path)
    made.add_worksheet("别的").write_string(0, 0, "不是这张")
    sheet = made.add_worksheet("题库")
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    clock = made.add_format({"num_format": "hh:mm"})
    sheet.write_string(1, 1, "=1+1")
    sheet.write_number(1, 2, 3)
    sheet.write_datetime(2, 1, date(2026, 11, 20), day)
    sheet.write_boolean(2, 2, True)
    sheet.write_number(2, 3, 0.5, clock)
    made.close()
    assert read_xlsx(path, sheet="题库") == (
        "题库",
        [["", "", "", ""], ["", "=1+1", 3.0, ""], ["", date(2026, 11, 20), True, time(12)]],
    )
    assert read_xlsx(path, sheet="没有的") == ("别的", [["不是这张"]])


def test_the_last_row_and_the_last_column_that_are_read(tmp_path: Path) -> None:
    last = xlsx.MOST_COLUMNS
    cells = "<c/>" * (last - 1) + "<c><v>7</v></c>"
    _, rows = read_xlsx(book(tmp_path / "a.xlsx", sheet_of(f'<row r="{MOST_ROWS}">{cells}</row>')), sheet="题库")
    assert (len(rows), len(rows[0]), rows[-1][-1]) == (MOST_ROWS, MOST_COLUMNS, 7.0)
    below = book(tmp_path / "b.xlsx", sheet_of(f'<row r="{MOST_ROWS}">{cells}</row><row>{cells}</row>'))
    assert refused(below) == f"sheet 题库 row {MOST_ROWS + 1}: more than {MOST_ROWS} rows"
    beside = book(tmp_path / "c.xlsx", sheet_of(f"<row><c/>{cells}</row>"))
    assert refused(beside) == f"sheet 题库 row 1, cell {last + 1}: more than {MOST_COLUMNS} columns"


def test_empty_cells_that_only_have_a_format_do_not_count(tmp_path: Path) -> None:
    """Excel formats whole columns down to the last row there is."""
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert read_xlsx(book(tmp_path / "a.xlsx", sheet_of(ONE_CELL + far)), sheet="题库") == ("题库", [[1.0]])


def test_a_sheets_part_may_be_named_from_the_root(tmp_path: Path) -> None:
    relations = RELATIONS.replace('"worksheets/', '"/xl/worksheets/')
    path = book(tmp_path / "a.xlsx", parts={"xl/_rels/workbook.xml.rels": relations})
    assert read_xlsx(path, sheet="题库") == ("题库", [[1.0]])


def test_a_picture_in_the_workbook_does_no_harm(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("xl/media/image1.png", b"\x89PNG" * 10 * MEGABYTE, zipfile.ZIP_DEFLATED)
    assert read_xlsx(path, sheet="题库") == ("题库", [[1.0]])


def test_merged_cells_formulas_and_errors_are_named_by_place(tmp_path: Path) -> None:
    rows = '<row r="2"><c r="B2"><f>1+1</f><v>2</v></c><c r="C2" t="e"><v>#N/A</v></c></row>'
    merged = '<mergeCells><mergeCell ref="A5:B6"/></mergeCells>'
    path = book(tmp_path / "a.xlsx", sheet_of(rows, after=merged))
    with pytest.raises(FileRefused) as told:
        read_xlsx(path, sheet="题库")
    assert [(one.where, one.what) for one in told.value.problems] == [
        ("sheet 题库 B2", "a formula"),
        ("sheet 题库 C2", "an error value"),
        ("sheet 题库 A5:B6", "merged cells"),
    ]


def test_of_many_places_the_first_are_named(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", sheet_of("<row><c><f>1</f></c></row>" * 100))
    assert refused(path) == f"sheet 题库 {', '.join(f'row {n}, cell 1' for n in range(1, 6))} and more: a formula"


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(tmp_path / "none.xlsx") == "file: not found"
    path = book(tmp_path / "a.xlsx")
    monkeypatch.setattr(xlsx, "LARGEST_FILE", path.stat().st_size)
    assert read_xlsx(path, sheet="题库")[1] == [[1.0]]
    monkeypatch.setattr(xlsx, "LARGEST_FILE", path.stat().st_size - 1)
    assert refused(path).startswith("file: is larger than")


# --- what is refused --------------------------------------------------------------------------------------------------

Make = Callable[[Path], object]


def _bomb(path: Path) -> None:
    """A megabyte that inflates to a gigabyte."""
    book(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/styles.xml", "w") as part:
        for _ in range(1024):
            part.write(bytes(MEGABYTE))


def _lie(path: Path) -> None:
    """As much, but the directory and the headers say a thousand bytes."""
    size = 400 * MEGABYTE
    book(path, sheet_of(ONE_CELL, before=" " * (size - len(sheet_of(ONE_CELL).encode()))))
    content = bytearray(path.read_bytes())
    assert content.count(struct.pack("<I", size)) == 2
    path.write_bytes(content.replace(struct.pack("<I", size), struct.pack("<I", 1000)))


def _crowd(path: Path) -> None:
    """A directory of very many entries."""
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(60_000):
            packed.writestr(str(number), b"")


def _repeated(text: str) -> str:
    return text * (FULL // len(text))


def _sheet(rows: str, **around: str) -> Make:
    return lambda path: book(path, sheet_of(rows, **around))


def _part(name: str, text: Callable[[], str]) -> Make:
    return lambda path: book(path, parts={name: text()})


def _bytes(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


CORNER = f'{ONE_CELL}<row r="1048576"><c r="{{}}"><v>1</v></c></row>'
NUMBER_FORMAT = '<numFmt numFmtId="1" formatCode="y"/>'
DOCTYPE = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
DAMAGED = "file: is damaged or encrypted"
TOO_LARGE = "file: unpacks to more than 16 MB"
BAD: dict[str, tuple[Make, str]] = {
    "old format": (_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100), "file: is an old .xls, or protected"),
    "no zip": (_bytes("编号,题干".encode()), "file: is no .xlsx, whatever its name says"),
    "empty": (_bytes(b""), "file: is no .xlsx, whatever its name says"),
    "cut off": (lambda path: path.write_bytes(book(path).read_bytes()[:700]), "file: is damaged"),
    "renamed zip": (lambda path: book(path, parts={"xl/workbook.xml": ""}), "file: is a zip archive, but no workbook"),
    "without its sheet": (_part("xl/worksheets/sheet1.xml", str), "xl/worksheets/sheet1.xml: lacks a part"),
    "no xml": (_part("xl/worksheets/sheet1.xml", lambda: "<a>"), "xl/worksheets/sheet1.xml line 1: is damaged"),
    "document type": (lambda path: book(path, DOCTYPE + sheet_of(ONE_CELL)), "xl/worksheets/sheet1.xml: has a docu"),
    "bomb": (_bomb, TOO_LARGE),
    "lying bomb": (_lie, DAMAGED),
    "crowd": (_crowd, "file: is a zip archive, but no workbook"),
    "far corner": (_sheet(CORNER.format("XFD1048576")), "sheet 题库 row 1048576: more than 5000 rows"),
    "far corner, small": (_sheet(CORNER.format("xfd1048576")), "sheet 题库 row 1048576: more than 5000 rows"),
    "no reference": (_sheet(CORNER.format("XFD0001048576")), "sheet 题库 XFD0001048576: is damaged"),
    "no row": (_sheet('<row r="0x7"><c><v>1</v></c></row>'), "sheet 题库 row 0x7: is damaged"),
    "fifty thousand rows": (_sheet("<row><c><v>1</v></c></row>" * 50_000), "sheet 题库 row 5001: more than 5000 rows"),
    "two sheets of a name": (
        _part("xl/workbook.xml", lambda: BOOK.replace("</sheets>", '<sheet name="题库" r:id="rId2"/></sheets>')),
        "file: names 题库 twice",
    ),
    "two parts of an id": (
        _part("xl/_rels/workbook.xml.rels", lambda: RELATIONS.replace("rId2", "rId1")),
        "file: names rId1 twice",
    ),
    "merged over and over": (
        lambda path: book(path, sheet_of(ONE_CELL, after=_repeated('<mergeCell ref="A1:B1"/>'))),
        "sheet 题库 A1:B1, A1:B1, A1:B1, A1:B1, A1:B1 and more: merged cells",
    ),
    "strings without end": (
        _part("xl/sharedStrings.xml", lambda: f'<sst xmlns="{MAIN}">{_repeated("<si/>")}'),
        "file: cannot be read: ",
    ),
    "formats without end": (
        _part(
            "xl/styles.xml",
            lambda: f'<styleSheet xmlns="{MAIN}"><numFmts>{_repeated(NUMBER_FORMAT)}',
        ),
        "file: cannot be read: ",
    ),
    "csv of commas": (_bytes(b"," * 10 * MEGABYTE), "line 1: more than 5000 rows or 50 columns"),
    "csv of one text": (_bytes(b'"' + b"a\n" * 5 * (MEGABYTE - 1)), "line 65537: is no CSV: field larger"),
    "one long attribute": (
        lambda path: book(path, sheet_of("<row r='x'/>", before=f'<x a="{"a" * FULL}"/>')),
        "sheet 题库 row x: is damaged",
    ),
}
# As in the command: everything imported; the high-water mark only rises, so it is told after each file.
READS_ALL = """
import json, re, sys
from pathlib import Path
import quizsvc.app
from quizsvc.kit.problems import FileRefused
from quizsvc.kit.sheets import read_table
for name in sys.argv[1:]:
    try:
        said = f"read: {len(read_table(Path(name), sheet='题库').rows)} rows"
    except FileRefused as refused:
        said = "; ".join(f"{one.where}: {one.what}" for one in refused.problems)
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
    print(json.dumps([said, peak]), flush=True)
"""


@pytest.fixture(scope="module")
def said_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """What reading each bad file says, and the megabytes that the process had taken by then."""
    folder = tmp_path_factory.mktemp("bad")
    paths = [folder / f"{number}.{'csv' if 'csv' in name else 'xlsx'}" for number, name in enumerate(BAD)]
    for path, (make, _) in zip(paths, BAD.values(), strict=True):
        make(path)
    command = [sys.executable, "-X", "utf8", "-c", READS_ALL, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90, encoding="utf-8")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (said, peak) for name, (said, peak) in zip(BAD, lines, strict=True)}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence_and_within_memory(
    said_of: dict[str, tuple[str, int]], name: str
) -> None:
    said, peak = said_of[name]
    assert said.startswith(BAD[name][1])
    assert peak < BEARABLE_MB
