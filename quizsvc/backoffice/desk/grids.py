"""A snapshot's figures as the page lays them out: the whole in groups, then tables by one thing each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quizsvc.reach import facts
from quizsvc.reach.metrics import CASES, KINDS, OFFLINE, ONLINE
from quizsvc.reach.snapshots import Snapshot, list_figures
from quizsvc.reach.survey import Figure

Key = tuple[str, str]  # a metric's id, and the material where it is of one
ONLINE_BY_DAY = (
    "online.audience",
    "online.participants",
    "online.papers",
    "online.passed_papers",
    "online.draws",
    "online.awards",
    "online.redemptions",
)
OFFLINE_SHOWN = ("offline.household_tallies", "offline.households", "offline.people", facts.HANDED_OUT)
ONLINE_BY_REGION = (
    "online.participants",
    "online.residents",
    "online.participation",
    "online.papers",
    "online.first_paper_pass_rate",
    "online.awards",
    "online.redemptions",
)
# What it is apart by -> the table's name, its first heading, and which metrics it shows, in their order.
TABLES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "day": ("按日", "日期", (*ONLINE_BY_DAY, *OFFLINE_SHOWN)),
    "region": ("分社区", "社区", (*ONLINE_BY_REGION, *OFFLINE_SHOWN)),
    "scam_type": ("按诈骗类型", "诈骗类型", ("online.answers", "online.wrong_answers", "online.wrong_rate")),
    "question": ("最难的题目", "题目", ("online.question_wrong_rate",)),
    "stage": ("参与漏斗", "步骤", facts.STAGES),
}
WHY: Mapping[str, str] = {
    "day": "人数为当天的人数，各日人数不能相加。",
    "region": "按区域代码排列，没有数据的社区也列出，不排名次。不在本区域居住或没有选择社区的，计入“其他区域”。",
    "scam_type": "不足 30 题次的不计错题率。",
    "question": "只列作答 30 次以上的题目，错得最多的在前，最多 20 题。",
    "stage": "整个活动期间走到每一步的人数，不随上面的时间变化。",
}


@dataclass(frozen=True)
class Column:
    """A metric; of which material, if it is of one."""

    metric: str
    title: str
    unit: str
    definition: str
    kind: str


@dataclass(frozen=True)
class Grid:
    """A row for each part, a cell for each column; None where the survey holds no such figure."""

    by: str
    name: str
    heading: str
    why: str
    columns: Sequence[Column]
    rows: Sequence[tuple[str, Sequence[Figure | None]]]

    @property
    def spans(self) -> list[tuple[str, int]]:
        """The columns' kinds, side by side, each with how many there are of it."""
        kinds = [one.kind for one in self.columns]
        return [(KINDS[kind], kinds.count(kind)) for kind in dict.fromkeys(kinds)]


def list_groups(snapshot: Snapshot) -> list[tuple[str, Sequence[tuple[str, Figure]]]]:
    """The whole's figures by kind, each with what it is apart by: 线上 and 线下 side by side, then the cases."""
    whole = [one for one in list_figures(snapshot) if set(one.of) <= {"material", "kind"}]
    named = [(one.metric.kind, _apart(snapshot, one), one) for one in whole]
    return [(KINDS[kind], [(of, one) for k, of, one in named if k == kind]) for kind in (ONLINE, OFFLINE, CASES)]


def _apart(snapshot: Snapshot, one: Figure) -> str:
    return "、".join(snapshot.name(by, code) for by, code in one.of.items())


def list_grids(snapshot: Snapshot) -> Iterator[Grid]:
    """The tables, in the order of TABLES; a community has no communities under it, and no table of them.

    A funnel's steps are metrics of their own, so it has one column.
    """
    for by, (name, heading, metrics) in TABLES.items():
        figures = [
            one for one in snapshot.survey.figures if set(one.of) - {"material"} == {by} and one.metric.id in metrics
        ]
        if by == "region" and not figures:
            continue
        if by == "stage":
            steps = [(one.metric.name, (one,)) for one in figures]
            column = Column("", "人数", "人", "", ONLINE)
            yield Grid(by, name, heading, WHY[by], [column], steps)
        else:
            yield _laid_out(snapshot, figures, by=by, called=(name, heading), metrics=metrics)


def _laid_out(
    snapshot: Snapshot, figures: Sequence[Figure], *, by: str, called: tuple[str, str], metrics: Sequence[str]
) -> Grid:
    columns: dict[Key, Column] = {}
    cells: dict[str, dict[Key, Figure]] = {}
    for one in figures:
        key = one.metric.id, one.of.get("material", "")
        columns.setdefault(key, _column(snapshot, one))
        cells.setdefault(one.of[by], {})[key] = one
    order = sorted(columns, key=lambda key: (metrics.index(key[0]), key[1]))
    rows = [(snapshot.name(by, part), [found.get(key) for key in order]) for part, found in cells.items()]
    return Grid(by, *called, WHY[by], [columns[key] for key in order], rows)


def _column(snapshot: Snapshot, one: Figure) -> Column:
    material = one.of.get("material")
    title = one.metric.name if material is None else snapshot.name("material", material)
    return Column(one.metric.id, title, one.unit, one.metric.definition, one.metric.kind)
