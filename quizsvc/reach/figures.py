"""Monthly fraud cases: months, figures with their revisions, and whose figure counts for a region."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from quizsvc.regions.rules import Region

REPORTS, FILED, LOSS = "reports", "filed", "loss"
MEASURES: Mapping[str, str] = {REPORTS: "警情", FILED: "立案", LOSS: "损失"}
FIRST_YEAR, LAST_YEAR = 2000, 2100
LARGEST_COUNT, LARGEST_LOSS_FEN = 10**7, 10**14
LARGEST: Mapping[str, int] = {REPORTS: LARGEST_COUNT, FILED: LARGEST_COUNT, LOSS: LARGEST_LOSS_FEN}
FEN_PER_YUAN, FEN_PER_WAN = 100, 1_000_000
LONGEST_SOURCE = 100
WITHDRAWN = "撤回"  # what a cell says when a figure is taken back

Fault = tuple[str, str]  # what, how to mend


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in Shanghai."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def chinese(self) -> str:
        """2026年8月"""
        return f"{self.year}年{self.month}月"

    def plus(self, months: int) -> "Month":
        """So many months later."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    @property
    def is_real(self) -> bool:
        """Whether the calendar has it, and figures of it are kept."""
        return FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.month <= 12

    @staticmethod
    def of(day: date) -> "Month":
        """The month that a day lies in."""
        return Month(day.year, day.month)


def months_between(first: Month, last: Month) -> list[Month]:
    """Every month from the first to the last, both among them."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [first.plus(n) for n in range(count)]


@dataclass(frozen=True)
class Figures:
    """What a source says of a month in a region: cases reported, cases filed, loss in fen. None: it does not say."""

    reports: int | None = None
    filed: int | None = None
    loss_fen: int | None = None

    def amount(self, measure: str) -> int | None:
        """The figure of one measure."""
        return {REPORTS: self.reports, FILED: self.filed, LOSS: self.loss_fen}[measure]


@dataclass(frozen=True)
class CaseRow:
    """A row as somebody wrote it. `withdrawn`: measures whose standing figure it takes back in so many words."""

    where: str
    region: Region
    month: Month
    figures: Figures
    source: str
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Revision:
    """A month's figures as they once were put into force; the highest number is in force."""

    region: str
    month: Month
    no: int
    figures: Figures
    source: str
    loaded_by: str
    loaded_at: datetime


def find_repeated(row: CaseRow, revisions: Sequence[Revision]) -> Revision | None:
    """The revision that said the same by the same source, also one that a later one corrected.

    So an old file that is loaded once more undoes no correction; who means to go back names the source that says so.
    """
    same = [one for one in revisions if (one.figures, one.source) == (row.figures, row.source)]
    return same[-1] if same else None


def find_faults(row: CaseRow, standing: Figures | None) -> Iterator[Fault]:
    """What keeps a row from being the next revision: a figure lost by an empty cell, nothing there to withdraw."""
    for measure, name in MEASURES.items():
        stands = None if standing is None else standing.amount(measure)
        if stands is None and measure in row.withdrawn:
            yield f"no {name} stands that could be withdrawn", "leave the cell empty"
        elif stands is not None and row.figures.amount(measure) is None and measure not in row.withdrawn:
            unit = " fen" if measure == LOSS else ""
            yield f"{name} is empty, and {stands}{unit} stand", f"write it again, or {WITHDRAWN} to take it back"


# --- whose figure counts ----------------------------------------------------------------------------------------------

InForce = Mapping[tuple[str, Month], Revision]


def find_parts(
    region: str, *, month: Month, measure: str, children: Mapping[str, Sequence[str]], in_force: InForce
) -> list[Revision] | None:
    """The revisions that make up a region's figure of a month; None when it is missing.

    The region's own figure wins: a street's includes what no community was told of. Without one, its children's count
    together, but only if every child has one, its own or made up in the same way: a sum over some would look like all.
    """
    own = in_force.get((region, month))
    if own is not None and own.figures.amount(measure) is not None:
        return [own]
    parts: list[Revision] = []
    for child in children.get(region, ()):
        below = find_parts(child, month=month, measure=measure, children=children, in_force=in_force)
        if below is None:
            return None
        parts += below
    return parts or None


@dataclass(frozen=True)
class Amount:
    """A month's figure, and the regions whose own figures make it up."""

    value: int
    made_of: frozenset[str]


def add_up(parts: Sequence[Revision], measure: str) -> Amount:
    """The sum of one measure over revisions that have it."""
    return Amount(sum(part.figures.amount(measure) or 0 for part in parts), frozenset(part.region for part in parts))
