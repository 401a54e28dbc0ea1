"""The metric dictionary: the only place where a figure is defined. Pages, API, exports and bulletin read it.

人 (distinct persons), 人次 (events), 户, 份 and the units of materials are different metrics and are never added.
Online and offline stand side by side and are never summed; cases are never said to follow from either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ONLINE, OFFLINE, CASES = "online", "offline", "cases"
KINDS: Mapping[str, str] = {ONLINE: "线上", OFFLINE: "线下", CASES: "警情案件"}
PERSONS, NAMES, PERSON_TIMES, PERCENT = "人", "名", "人次", "%"
NOT_ADDITIVE = "不可相加"  # stands in the definition of every metric that is not additive
OF_THE_MATERIAL = None


@dataclass(frozen=True)
class Metric:
    """A figure: `definition` says in Chinese what is counted and what is not.

    `additive`: figures of different days, regions and campaigns may be summed. `unit` is None where each material
    brings its own; money has the unit 元 and is an integer in fen, rates are %. `by` names what it is shown apart by.
    """

    id: str
    name: str
    unit: str | None
    definition: str
    additive: bool
    by: str | None = None

    @property
    def kind(self) -> str:
        """online, offline or cases."""
        return self.id.partition(".")[0]


class MetricUnknown(LookupError):
    """A figure that the dictionary does not define is a fault of whoever shows it."""


def _persons(id_: str, name: str, definition: str, *, unit: str = PERSONS, by: str | None = None) -> Metric:
    """Distinct persons of whatever is looked at."""
    whole = f"{definition}同一人只计一次，各日、各区域、各活动的人数{NOT_ADDITIVE}。"
    return Metric(id_, name, unit, whole, additive=False, by=by)


def _rate(id_: str, name: str, definition: str, *, by: str | None = None) -> Metric:
    return Metric(id_, name, PERCENT, f"{definition}比率{NOT_ADDITIVE}。", additive=False, by=by)


def _sum(id_: str, name: str, unit: str | None, definition: str, *, by: str | None = None) -> Metric:
    return Metric(id_, name, unit, definition, additive=True, by=by)


_ONLINE = (
    _persons("online.audience", "线上受众", "登录后打开过活动的居民人数。"),
    _persons("online.participants", "答题人数", "至少领取过一份试卷的居民人数。"),
    _persons("online.passers", "及格人数", "至少有一份试卷按时交卷并及格的居民人数。"),
    _persons("online.drawers", "抽奖人数", "至少抽过一次奖的居民人数。"),
    _persons("online.winners", "中奖人数", "至少中过一次奖的居民人数，作废和过期的也计入。"),
    _persons("online.redeemers", "兑奖人数", "至少兑过一次奖的居民人数，撤销的不计。"),
    _sum("online.papers", "发出试卷", "份", "发给居民的试卷份数，按发卷那天计，含未交卷和超时的。"),
    _sum("online.marked_papers", "按时交卷", "份", "按时交回并计分的试卷份数，按发卷那天计。"),
    _sum("online.passed_papers", "及格试卷", "份", "按时交卷并及格的试卷份数，按发卷那天计。"),
    _sum("online.draws", "抽奖次数", "次", "抽出的签数，含未中奖的。"),
    _sum("online.awards", "中奖次数", "次", "抽中奖品的签数，作废和过期的也计入。"),
    _sum("online.redemptions", "兑奖次数", "次", "在窗口兑付的奖品数，撤销的不计。"),
    _sum("online.answers", "作答题次", "题次", "按时交回的试卷里的题目数，未作答的也计入。"),
    _sum("online.wrong_answers", "答错题次", "题次", "按时交回的试卷里答错的题目数，未作答算错。"),
    _rate("online.wrong_rate", "错题率", "答错题次与作答题次之比，不足30题次为样本不足。", by="scam_type"),
    _rate("online.question_wrong_rate", "单题错题率", "一道题答错与作答次数之比，不足30次为样本不足。", by="question"),
    _persons("online.first_papers", "首卷人数", "第一份试卷已按时交卷的居民人数。"),
    _persons("online.first_paper_passers", "首卷及格人数", "第一份试卷按时交卷并及格的居民人数。"),
    _rate("online.first_paper_pass_rate", "首卷及格率", "首卷及格人数与首卷人数之比。"),
    _rate("online.first_paper_right_rate", "首卷正确率", "首卷答对题次与首卷作答题次之比。"),
    _rate("online.paper_pass_rate", "试卷及格率", "及格试卷与按时交卷之比。"),
    _persons("online.residents", "常住人口", "区域登记的常住人口，连同来源和日期列出。"),
    _rate("online.participation", "参与率", "答题人数与常住人口之比，只在常住人口已知的区域计算。"),
)

_OFFLINE = (
    _sum("offline.household_tallies", "入户走访", "次", "上报的入户走访次数，一次上报计一次。"),
    _sum("offline.shop_tallies", "商铺走访", "次", "上报的商铺走访次数，一次上报计一次。"),
    _sum("offline.stall_tallies", "摆点宣传", "次", "上报的摆点宣传次数，一次上报计一次。"),
    _sum("offline.talk_tallies", "宣讲活动", "次", "上报的宣讲活动次数，一次上报计一次。"),
    _sum("offline.households", "走访户数", "户", "上报的走访户数之和，同一户走访两次计两户。"),
    _sum("offline.people", "线下触达", PERSON_TIMES, "上报的接触人数之和，同一人接触两次计两人次。"),
    _sum("offline.handed_out", "发放物料", OF_THE_MATERIAL, "发到居民手中的数量，不同物料分别计。", by="material"),
    _persons(
        "offline.volunteers_enrolled", "登记志愿者", "登记在册的志愿者、网格员、楼长人数。", unit=NAMES, by="kind"
    ),
    _persons(
        "offline.volunteers_active",
        "参加志愿者",
        "至少有一次上报的志愿者、网格员、楼长人数。",
        unit=NAMES,
        by="kind",
    ),
)


def _figure_of_cases(id_: str, name: str, unit: str, definition: str) -> Iterable[Metric]:
    """A monthly figure, and how it changed."""
    yield _sum(id_, name, unit, f"{definition}按月统计，以来源单位发布的为准。")
    whole = "期内有月份无数据、统计口径不同或基数为零的为不可比。"
    yield _rate(f"{id_}_yoy", f"{name}同比", f"与上年相同月份合计相比的升降幅度，{whole}")
    yield _rate(f"{id_}_mom", f"{name}环比", f"与上一个月相比的升降幅度，{whole}")


_CASES = (
    *_figure_of_cases("cases.reports", "警情", "起", "接报的电信网络诈骗警情数，"),
    *_figure_of_cases("cases.filed", "立案", "起", "立案的电信网络诈骗案件数，"),
    *_figure_of_cases("cases.loss", "损失", "元", "电信网络诈骗造成的损失金额，"),
)

METRICS: Mapping[str, Metric] = {metric.id: metric for metric in (*_ONLINE, *_OFFLINE, *_CASES)}


def get_metric(metric_id: str) -> Metric:
    """The metric with this id; MetricUnknown."""
    found = METRICS.get(metric_id)
    if found is None:
        raise MetricUnknown(metric_id)
    return found
