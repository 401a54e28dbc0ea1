"""What a report is made from: a survey and the cases beside it, frozen as they were found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from quizsvc.kit.canonical import canonical
from quizsvc.reach.comparison import YEAR_ON_YEAR, Comparison
from quizsvc.reach.figures import Month
from quizsvc.reach.metrics import get_metric
from quizsvc.reach.survey import Figure, Period, Survey

Names = Mapping[str, Mapping[str, str]]  # what people see for a code, by what a figure is shown apart by


@dataclass(frozen=True)
class Asked:
    """What a report was asked for. The same question can be asked again later."""

    campaigns: Sequence[str]
    region: str
    period: Period

    @property
    def text(self) -> str:
        """One text for one question."""
        first, last = self.period.first.isoformat(), self.period.last.isoformat()
        return canonical({"campaigns": sorted(self.campaigns), "region": self.region, "from": first, "to": last})


@dataclass(frozen=True)
class CaseFigures:
    """One measure of fraud cases in some months against the same months of the year before, and who published it."""

    measure: str
    first: Month
    last: Month
    compared: Comparison
    sources: Sequence[str]


@dataclass(frozen=True)
class Heading:
    """What stands above the figures."""

    title: str
    region: str
    campaigns: Sequence[str]
    organisers: Sequence[str]
    partners: Sequence[str]


@dataclass(frozen=True)
class Change:
    """A figure that was another one in the report before: what arrived later."""

    metric: str
    of: Mapping[str, str]
    then: int | None
    now: int | None
    unit: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything that a report says. `before` names the report that was made last on the same question."""

    id: str
    made_by: str
    heading: Heading
    survey: Survey
    cases: Sequence[CaseFigures]
    names: Names
    before: str | None = None
    changes: Sequence[Change] = ()

    def name(self, by: str, code: str) -> str:
        """What people see for a code; the code itself where nobody named it."""
        return self.names.get(by, {}).get(code, code)

    def find(self, metric_id: str, **apart: str) -> Figure | None:
        """The one figure of a metric that is shown apart by exactly this, if the survey holds it."""
        get_metric(metric_id)
        found = (one for one in self.survey.figures if one.metric.id == metric_id and dict(one.of) == apart)
        return next(found, None)


@dataclass(frozen=True)
class Kept:
    """A stored snapshot in a list: what it was asked for, and by whom it was made when."""

    id: str
    made_by: str
    made_at: datetime
    region: str
    campaigns: Sequence[str]
    period: Period


def case_figure(one: CaseFigures) -> list[Figure]:
    """A measure's sum and its change, as figures of the dictionary."""
    source = "；".join(one.sources)
    now, tenths = one.compared.now, one.compared.tenths
    total = Figure(get_metric(f"cases.{one.measure}"), now, source=source)
    change = Figure(
        get_metric(f"cases.{one.measure}_yoy"),
        tenths,
        base=one.compared.base,
        reason=one.compared.reason or None,
        source=source,
    )
    return [total, change]


def list_figures(snapshot: Snapshot) -> list[Figure]:
    """Every figure, the cases' last."""
    return [*snapshot.survey.figures, *(figure for one in snapshot.cases for figure in case_figure(one))]


def find_changes(before: Snapshot, after: Sequence[Figure]) -> list[Change]:
    """The figures that are not what they were; one that is new or gone was, or is, not known."""
    then = {_key(one): one for one in list_figures(before)}
    now = {_key(one): one for one in after}
    found = []
    for key in [*now, *(one for one in then if one not in now)]:
        old, new = then.get(key), now.get(key)
        one = new or old
        was, is_now = (None if side is None else side.value for side in (old, new))
        if one is not None and was != is_now:
            found.append(Change(one.metric.id, dict(one.of), was, is_now, one.unit))
    return found


def say_the_same(before: Snapshot, after: Snapshot) -> bool:
    """Whether two snapshots on one question say the same, however long after each other they were made."""
    survey = replace(after.survey, as_of=before.survey.as_of)
    as_before = replace(after, survey=survey, before=before.before, changes=before.changes)
    return document_of(as_before) == document_of(before)


def _key(one: Figure) -> tuple[str, tuple[tuple[str, str], ...]]:
    return one.metric.id, tuple(sorted(one.of.items()))


# --- as stored --------------------------------------------------------------------------------------------------------


def document_of(snapshot: Snapshot) -> str:
    """A snapshot's canonical JSON; its id and maker stand beside it."""
    survey, heading = snapshot.survey, snapshot.heading
    return canonical(
        {
            "format": 1,
            "heading": {name: _plain(value) for name, value in vars(heading).items()},
            "asked": {
                "campaigns": list(survey.campaigns),
                "region": survey.region,
                "from": survey.period.first.isoformat(),
                "to": survey.period.last.isoformat(),
            },
            "as_of": survey.as_of.isoformat(),
            "figures": [_figure_document(one) for one in survey.figures],
            "cases": [_case_document(one) for one in snapshot.cases],
            "names": snapshot.names,
            "before": snapshot.before,
            "changes": [vars(one) for one in snapshot.changes],
        }
    )


def _plain(value: str | Sequence[str]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _figure_document(one: Figure) -> dict[str, Any]:
    said = {
        "value": one.value,
        "of": dict(one.of),
        "base": one.base,
        "reason": one.reason,
        "own_unit": one.own_unit,
        "source": one.source,
    }
    return {"metric": one.metric.id, **said}


def _case_document(one: CaseFigures) -> dict[str, Any]:
    compared = {"now": one.compared.now, "base": one.compared.base, "reason": one.compared.reason}
    months = {"first": str(one.first), "last": str(one.last)}
    return {"measure": one.measure, **months, **compared, "sources": list(one.sources)}


def snapshot_of(document: Mapping[str, Any], *, snapshot_id: str, made_by: str) -> Snapshot:
    """A snapshot from its document."""
    asked = document["asked"]
    period = Period(date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"]))
    figures = [Figure(get_metric(one["metric"]), **_without(one, "metric")) for one in document["figures"]]
    moment = datetime.fromisoformat(document["as_of"])
    return Snapshot(
        id=snapshot_id,
        made_by=made_by,
        heading=Heading(**document["heading"]),
        survey=Survey(moment, period, asked["region"], asked["campaigns"], figures),
        cases=[_case_of(one) for one in document["cases"]],
        names=document["names"],
        before=document["before"],
        changes=[Change(**one) for one in document["changes"]],
    )


def kept_of(document: Mapping[str, Any], *, snapshot_id: str, made_by: str, made_at: datetime) -> Kept:
    """What a list says of a document."""
    asked, heading = document["asked"], document["heading"]
    period = Period(date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"]))
    return Kept(snapshot_id, made_by, made_at, heading["region"], heading["campaigns"], period)


def _without(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != name}


def _case_of(one: Mapping[str, Any]) -> CaseFigures:
    first, last = (Month(*map(int, one[end].split("-"))) for end in ("first", "last"))
    compared = Comparison(YEAR_ON_YEAR, one["now"], one["base"], one["reason"])
    return CaseFigures(one["measure"], first, last, compared, one["sources"])
