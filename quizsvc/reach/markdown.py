"""A bulletin in Markdown: byte for byte the same for the same snapshot."""

import re

from quizsvc.reach.bulletin import Bulletin, Phrase
from quizsvc.reach.snapshots import Snapshot

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
NUMERALS = "一二三四五六七八九"


def markdown_of(bulletin: Bulletin, snapshot: Snapshot) -> str:
    """The text with a mark behind every number, and the table 数据说明 that the marks lead to."""
    lines = [f"# {_plain(bulletin.title)}", ""]
    lines += [f"- {name}：{_plain(text)}" for name, text in bulletin.above]
    for numeral, section in zip(NUMERALS, bulletin.sections, strict=False):
        lines += ["", f"## {numeral}、{section.heading}", ""]
        lines.append("\n\n".join("".join(map(_phrase, sentence)) for sentence in section.sentences))
    lines += ["", "## 数据说明", "", _row("序号", "表述", "指标", "数值", "口径"), "|---|---|---|---|---|"]
    for one in bulletin.sources:
        metric = one.figure.metric
        lines.append(_row(str(one.no), one.phrase, f"{metric.name} {metric.id}", one.exact, one.definition))
    if snapshot.changes:
        lines += ["", f"## 与上一份报告（{snapshot.before}）不同的数字", "", _row("指标", "区分", "当时", "现在")]
        lines.append("|---|---|---|---|")
        for change in snapshot.changes:
            apart = "、".join(snapshot.name(by, code) for by, code in change.of.items())
            numbers = ("无数据" if value is None else str(value) for value in (change.then, change.now))
            lines.append(_row(change.metric, apart, *numbers))
    return "\n".join(lines) + "\n"


def _phrase(phrase: Phrase) -> str:
    return _plain(phrase.text) + ("" if phrase.no is None else f"[{phrase.no}]")


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """A text that is no markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
