"""A bulletin in Markdown: byte for byte the same for the same snapshot."""

import re

from quizsvc.reach.bulletin import (
    CHANGED,
    NUMERALS,
    SOURCED,
    SOURCES,
    Bulletin,
    Phrase,
    head_changes,
    list_changes,
)
from quizsvc.reach.snapshots import Snapshot

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


def markdown_of(bulletin: Bulletin, snapshot: Snapshot) -> str:
    """The text with a mark behind every number, and the table 数据说明 that the marks lead to."""
    lines = [f"# {_plain(bulletin.title)}", ""]
    lines += [f"- {name}：{_plain(text)}" for name, text in bulletin.above]
    for numeral, section in zip(NUMERALS, bulletin.sections, strict=False):
        lines += ["", f"## {numeral}、{section.heading}", ""]
        lines.append("\n\n".join("".join(map(_phrase, sentence)) for sentence in section.sentences))
    lines += ["", f"## {SOURCES}", "", _row(*SOURCED), "|---|---|---|---|---|"]
    lines += [_row(*one.row) for one in bulletin.sources]
    if snapshot.changes:
        lines += ["", f"## {head_changes(snapshot)}", "", _row(*CHANGED), "|---|---|---|---|"]
        lines += [_row(*row) for row in list_changes(snapshot)]
    return "\n".join(lines) + "\n"


def _phrase(phrase: Phrase) -> str:
    return _plain(phrase.text) + ("" if phrase.no is None else f"[{phrase.no}]")


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """A text that is no markup."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
