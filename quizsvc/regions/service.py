"""Find regions; load a list of them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from quizsvc.kit.errors import Refusal
from quizsvc.kit.ids import new_id
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.kit.problems import FileRefused, Problem, read_csv
from quizsvc.regions import rules, store
from quizsvc.regions.rules import Population, Region, RegionRow


class RegionUnknown(Refusal):
    code, status = "regions.unknown", 404
    zh, en = "没有这个区域", "There is no such region"


def get_region(code: str) -> Region:
    """The region with this code; RegionUnknown."""
    found = store.find_region(code)
    if found is None:
        raise RegionUnknown
    return found


def get_region_by_id(region_id: UUID) -> Region:
    """The region with this id; RegionUnknown."""
    found = store.find_region_by_id(region_id)
    if found is None:
        raise RegionUnknown
    return found


def list_regions_by_id(region_ids: Iterable[UUID]) -> dict[UUID, Region]:
    """The regions with these ids."""
    return store.list_regions_by_id(set(region_ids))


def list_regions_by_code(codes: Iterable[str]) -> dict[str, Region]:
    """The regions with these codes."""
    return store.list_regions_by_code(set(codes))


def list_subtrees(tops: Iterable[Region]) -> Sequence[Region]:
    """These regions and all that lies under them, each once, in order of code."""
    return store.list_subtrees({top.id for top in tops})


def list_populations(codes: Iterable[str]) -> dict[str, Population]:
    """How many people live in these regions, where it is known."""
    return store.list_populations(set(codes))


def list_regions(
    *, under: str | None, name_part: str | None, cursor: str | None, limit: int, level: str | None = None
) -> PageOf[Region]:
    """Regions in order of code: all, or those under one, of one level, with a part of a name."""
    above = None if under is None else get_region(under)
    (after,) = decode_cursor(cursor, parts=1) or ("",)
    found = store.list_regions(under=above, name_part=name_part, level=level, after=after, limit=limit + 1)
    return page_from(found, limit=limit, key=lambda region: (region.code,))


def load_regions(text: str, *, file: str) -> Sequence[RegionRow]:
    """Take over a CSV list as a whole, or raise FileRefused naming every line that is wrong. Safe to repeat."""
    rows: list[tuple[int, RegionRow]] = []
    problems: list[Problem] = []
    for line, cells in read_csv(text, columns=rules.COLUMNS, needed=rules.COLUMNS[:4], file=file):
        row, faults = rules.read_row(cells)
        problems += [Problem(f"line {line}", what, mend, file) for what, mend in faults]
        if row is not None:
            rows.append((line, row))
    codes = {code for _, row in rows for code in (row.code, row.parent) if code}
    known = store.list_regions_by_code(codes)
    paths, misplaced = rules.place_rows(rows, known=known)
    problems += [Problem(f"line {line}", what, mend, file) for line, what, mend in misplaced]
    if problems:
        raise FileRefused(sorted(problems, key=lambda problem: int(problem.where.split()[1])))
    ids = {code: region.id for code, region in known.items()}
    for _, row in rows:
        ids.setdefault(row.code, new_id())
        parent_id = ids[row.parent] if row.parent else None
        store.record_region(row, region_id=ids[row.code], parent_id=parent_id, path=paths[row.code])
    return [row for _, row in rows]
