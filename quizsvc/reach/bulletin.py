"""The office's bulletin (工作简报) from a snapshot: sentences whose every number names its figure. Never a cause."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from quizsvc.kit.clock import rfc3339
from quizsvc.reach.comparison import say_period
from quizsvc.reach.metrics import PERCENT, Metric, get_metric
from quizsvc.reach.snapshots import CaseFigures, Snapshot, case_figure
from quizsvc.reach.survey import Figure
from quizsvc.reach.wording import ABOUT, OVER, say, say_money

HEADLINE_DIGITS = 1
NUMERALS = "一二三四五六七八九"
SOURCES = "数据说明"
SOURCED = ("序号", "表述", "指标", "数值", "口径")
CHANGED = ("指标", "区分", "当时", "现在")
CASES_OF = {"filed": "电信网络诈骗案件", "reports": "电信网络诈骗警情", "loss": "电信网络诈骗损失"}


@dataclass(frozen=True)
class Source:
    """What stands behind a phrase with a number in it."""

    no: int
    phrase: str
    figure: Figure

    @property
    def exact(self) -> str:
        """The figure itself, as say_exactly."""
        return say_exactly(self.figure)

    @property
    def definition(self) -> str:
        """What is counted, and who says so."""
        said = self.figure.source
        return self.figure.metric.definition + (f"来源：{said}。" if said else "")

    @property
    def row(self) -> Sequence[str]:
        """Its row under SOURCED."""
        return (str(self.no), self.phrase, _named(self.figure.metric), self.exact, self.definition)


@dataclass(frozen=True)
class Phrase:
    """A piece of a sentence; `no` of its source, None where it holds no number."""

    text: str
    no: int | None = None


@dataclass(frozen=True)
class Section:
    heading: str
    sentences: Sequence[Sequence[Phrase]]


@dataclass
class Bulletin:
    """Title and lines above, sections, and the sources of their numbers."""

    title: str
    above: Sequence[tuple[str, str]]
    sections: Sequence[Section] = ()
    sources: list[Source] = field(default_factory=list)

    def cite(self, text: str, figure: Figure) -> Phrase:
        """A phrase that a figure stands behind."""
        self.sources.append(Source(len(self.sources) + 1, text, figure))
        return Phrase(text, len(self.sources))


def say_exactly(one: Figure) -> str:
    """A figure with its unit; money in 元 to the fen; the reason where it is not known."""
    if one.value is not None and one.metric.unit == "元":
        return f"{one.value // 100}.{one.value % 100:02}元"
    return one.shown if one.value is None else f"{one.shown}{one.unit}"


def list_changes(snapshot: Snapshot) -> Iterator[Sequence[str]]:
    """What arrived later, a row under CHANGED for each figure that was another one in the report before."""
    for change in snapshot.changes:
        sides = (Figure(get_metric(change.metric), side, own_unit=change.unit) for side in (change.then, change.now))
        then, now = map(say_exactly, sides)
        apart = "、".join(snapshot.name(by, code) for by, code in change.of.items())
        yield (_named(get_metric(change.metric)), apart, then, now)


def head_changes(snapshot: Snapshot) -> str:
    """What stands above them."""
    return f"与上一份报告（{snapshot.before}）不同的数字"


def _named(metric: Metric) -> str:
    return f"{metric.name} {metric.id}"


def write_bulletin(snapshot: Snapshot) -> Bulletin:
    """The bulletin of a snapshot; the same one for the same snapshot."""
    heading, survey = snapshot.heading, snapshot.survey
    period = f"{survey.period.first.isoformat()}至{survey.period.last.isoformat()}"
    above = (
        ("活动", "、".join(heading.campaigns)),
        ("区域", heading.region),
        ("时间", period),
        ("主办单位", "、".join(heading.organisers)),
        ("联合单位", "、".join(heading.partners)),
        ("数据截至", rfc3339(survey.as_of)),
        ("数据快照", snapshot.id),
    )
    made = Bulletin(heading.title, [(name, text) for name, text in above if text])
    made.sections = [
        Section("线下宣传", [_volunteers(made, snapshot), _materials(made, snapshot), _visits(made, snapshot)]),
        Section("线上答题", [_online(made, snapshot), _rates(made, snapshot)]),
        Section("警情案件", [*(_case(made, one) for one in snapshot.cases), _beside()]),
    ]
    return made


def _listed(phrases: Iterable[Phrase], *, missing: str) -> list[Phrase]:
    """Phrases as one sentence; where there are none, the sentence that says so."""
    found = list(phrases)
    if not found:
        return [Phrase(f"{missing}。")]
    between = [part for phrase in found for part in (Phrase("、"), phrase)]
    return [*between[1:], Phrase("。")]


def _apart(snapshot: Snapshot, metric_id: str, by: str) -> list[Figure]:
    return [one for one in snapshot.survey.all_of(metric_id, by) if one.value]


def _volunteers(made: Bulletin, snapshot: Snapshot) -> list[Phrase]:
    """All of them together, as the office says it; then each kind, where there is more than one."""
    total = snapshot.find("offline.volunteers_enrolled")
    if total is None or not total.value:
        return [Phrase("志愿者人数无数据。")]
    called = made.cite(f"召集{say(total.value, total.unit, digits=HEADLINE_DIGITS)}反诈志愿者", total)
    kinds = _apart(snapshot, "offline.volunteers_enrolled", "kind")
    if len(kinds) < 2:
        return [called, Phrase("。")]
    named = [(snapshot.name("kind", one.of["kind"]), one) for one in kinds]
    parts = [made.cite(f"{name}{say(one.value or 0, one.unit, digits=HEADLINE_DIGITS)}", one) for name, one in named]
    return [called, Phrase("，其中"), *_listed(parts, missing="")]


def _materials(made: Bulletin, snapshot: Snapshot) -> list[Phrase]:
    phrases: list[Phrase] = []
    for one in _apart(snapshot, "offline.handed_out", "material"):
        text = f"{snapshot.name('material', one.of['material'])}{say(one.value or 0, one.unit, digits=HEADLINE_DIGITS)}"
        phrases.append(made.cite(text if phrases else f"发放{text}", one))
    return _listed(phrases, missing="本期没有发放物料的记录")


def _counts(made: Bulletin, snapshot: Snapshot, names: Sequence[tuple[str, str, str]]) -> list[Phrase]:
    phrases = []
    for metric_id, name, style in names:
        one = snapshot.find(metric_id)
        if one is None or one.value is None:
            phrases.append(Phrase(f"{name}无数据"))
        else:
            said = say(one.value, one.unit, style=style, digits=HEADLINE_DIGITS)
            phrases.append(made.cite(f"{name}{said}", one))
    return phrases


def _visits(made: Bulletin, snapshot: Snapshot) -> list[Phrase]:
    names = (("offline.households", "累计走访居民", OVER), ("offline.people", "线下触达", OVER))
    return _listed(_counts(made, snapshot, names), missing="")


def _online(made: Bulletin, snapshot: Snapshot) -> list[Phrase]:
    names = (
        ("online.audience", "受众", ABOUT),
        ("online.participants", "答题", OVER),
        ("online.passers", "及格", OVER),
        ("online.awards", "中奖", OVER),
        ("online.redemptions", "兑奖", OVER),
    )
    return _listed(_counts(made, snapshot, names), missing="")


def _rates(made: Bulletin, snapshot: Snapshot) -> list[Phrase]:
    phrases = []
    for metric_id in ("online.paper_pass_rate", "online.first_paper_pass_rate", "online.participation"):
        name, one = get_metric(metric_id).name, snapshot.find(metric_id)
        if one is not None and one.value is not None:
            phrases.append(made.cite(f"{name}{one.shown}{PERCENT}", one))
        elif one is not None:
            phrases.append(Phrase(f"{name}未计（{one.shown}）"))
    return _listed(phrases, missing="比率无数据")


def _case(made: Bulletin, case: CaseFigures) -> list[Phrase]:
    total, change = case_figure(case)
    begins = say_period(case.first, case.last)
    phrases = [made.cite(f"{begins}{CASES_OF[case.measure]}{case.compared.said}", change)]
    if total.value is not None:
        said = say_money(total.value) if case.measure == "loss" else f"{total.value}{total.unit}"
        phrases.append(made.cite(f"共{said}", total))
    return _listed(phrases, missing="")


def _beside() -> list[Phrase]:
    return [Phrase("案件数据由来源单位发布，与上述活动数据分别统计、并列呈现。")]
