"""The metric dictionary: every figure once, with a unit and a definition that fit what may be done with it."""

import re
from collections import Counter

import pytest

from quizsvc.outreach.rules import SETTINGS
from quizsvc.reach.figures import MEASURES
from quizsvc.reach.metrics import CASES, KINDS, METRICS, NOT_ADDITIVE, Metric, MetricUnknown, get_metric

EVERY = list(METRICS.values())
UNITS = {"人", "名", "人次", "户", "份", "次", "题次", "起", "元", "%"}


def ids(*suffixes: str) -> set[str]:
    return {one.id for one in EVERY if one.id.endswith(suffixes)}


def test_ids_and_names_are_unique() -> None:
    assert [name for name, times in Counter(one.name for one in EVERY).items() if times > 1] == []
    assert {metric_id: one.id for metric_id, one in METRICS.items()} == {one.id: one.id for one in EVERY}


@pytest.mark.parametrize("metric", EVERY, ids=lambda one: one.id)
def test_each_figure_says_what_it_is(metric: Metric) -> None:
    assert metric.kind in KINDS
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", metric.id)
    assert re.fullmatch(r"[\u4e00-\u9fff]{2,10}", metric.name)
    assert metric.definition.endswith("。")
    assert len(metric.definition) >= 10
    assert metric.unit in UNITS or (metric.unit is None and metric.by == "material")
    assert metric.additive is (NOT_ADDITIVE not in metric.definition)


@pytest.mark.parametrize("metric", EVERY, ids=lambda one: one.id)
def test_distinct_persons_and_rates_are_not_added(metric: Metric) -> None:
    assert metric.additive is (metric.unit not in {"人", "名", "%"})


def test_persons_events_households_and_money_are_told_apart() -> None:
    of = {metric_id: get_metric(metric_id).unit for metric_id in METRICS}
    assert {key for key, unit in of.items() if unit == "人次"} == {"offline.people"}
    assert {key for key, unit in of.items() if unit == "户"} == {"offline.households"}
    assert {key for key, unit in of.items() if unit is None} == {"offline.handed_out"}
    assert {key for key, unit in of.items() if unit == "元"} == {"cases.loss"}
    assert {key for key, unit in of.items() if unit == "名"} == ids("volunteers_enrolled", "volunteers_active")
    assert {key for key, unit in of.items() if unit == "%"} == ids("_rate", "participation", "_yoy", "_mom")


def test_every_figure_of_cases_has_both_comparisons_and_no_other_word_for_it() -> None:
    wanted = {f"cases.{measure}{suffix}" for measure in MEASURES for suffix in ("", "_yoy", "_mom")}
    assert {one.id for one in EVERY if one.kind == CASES} == wanted


def test_every_setting_has_its_tallies_and_the_funnel_is_of_persons() -> None:
    assert ids("_tallies") == {f"offline.{setting}_tallies" for setting in SETTINGS}
    funnel = ("audience", "participants", "passers", "drawers", "winners", "redeemers")
    assert {get_metric(f"online.{step}").unit for step in funnel} == {"人"}


@pytest.mark.parametrize("metric_id", ["", "online", "online.nobody", "Online.audience", "offline.audience"])
def test_a_figure_that_is_not_defined_is_an_error(metric_id: str) -> None:
    with pytest.raises(MetricUnknown):
        get_metric(metric_id)
