"""What is wrong with a file or a form, as a clerk reads it: the slices' problems in Chinese, each with its place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from quizsvc.backoffice.desk.fault_words import ENTRIES, HEADS, SENTENCES
from quizsvc.backoffice.desk.sheet_words import PLACES
from quizsvc.kit.fields import in_chinese
from quizsvc.kit.problems import Problem

STEP = re.compile(r"([A-Za-z_]+)(?:\[(\d+)\])?")
IN_TABLE = tuple((re.compile(said), place) for said, place in PLACES)
PRIZE = re.compile(r"prize ([a-z0-9-]+)")
ENGLISH_TOO = re.compile(r" \([a-z]+\)")  # the other name of a column
CODE = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Fault:
    """`field`: the form's field that it belongs to, as the file names it. The rest is for people."""

    field: str
    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what}。{self.mend}" if self.mend else self.what


def read_faults(problems: Iterable[Problem], *, names: Mapping[str, str] | None = None) -> list[Fault]:
    """The problems in Chinese, in their order. `names`: what people call the codes that a problem speaks of."""
    return [_named(Fault(one.where, place_of(one.where), *_told(one)), names or {}) for one in problems]


def _named(fault: Fault, names: Mapping[str, str]) -> Fault:
    place, what = (CODE.sub(lambda code: names.get(code[0], code[0]), text) for text in (fault.place, fault.what))
    return replace(fault, place=place, what=what)


def _told(problem: Problem) -> tuple[str, str]:
    for pattern, what, mend in SENTENCES:
        if match := pattern.fullmatch(problem.what):
            return ENGLISH_TOO.sub("", match.expand(what)).strip(), mend
    said = in_chinese(problem.what)
    return (str(said), "") if said != problem.what else (f"有误（{problem.what}）", f"请修改后重试（{problem.mend}）")


def place_of(where: str) -> str:
    """`prize[2].value_fen` as 第 2 种奖品的价值; a cell of a table as 第 5 行“难度”."""
    for pattern, place in IN_TABLE:
        if match := pattern.fullmatch(where):
            return match.expand(place)
    if match := PRIZE.fullmatch(where):
        return f"奖品 {match[1]}"
    steps = [STEP.fullmatch(step) for step in where.split(".")]
    if not all(steps):
        return where
    told = [_step(one[1], one[2]) for one in steps if one is not None]
    return "的".join(filter(None, told)) or where


def _step(name: str, number: str | None) -> str:
    if number is None:
        return ENTRIES.get(name, name)
    return HEADS.get(name, f"{ENTRIES.get(name, name)}第 # 项").replace("#", number)
