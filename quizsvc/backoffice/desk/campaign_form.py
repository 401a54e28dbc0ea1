"""A campaign as a form: fields by the names of a campaign file's entries, read into the same table and back."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from quizsvc.backoffice.desk.faults import Fault, place_of
from quizsvc.campaigns.rules import Definition
from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.problems import FileRefused, Problem

Values = Mapping[str, str]
TEXTS = ("slug", "title", "region", "privacy")
TERM_TEXTS = ("conditions", "method", "handover", "leftovers", "beacon")
PAPER_NUMBERS = ("pass_percent", "minutes", "per_day")
PRIZE = ("code", "name", "value_fen", "kind", "material")
ROUND = ("opens_at", "closes_at", "cards")
ROW = re.compile(r"(prize|round)\[(\d+)\]\.")
PLAN = re.compile(r"plan\.([a-z0-9-]+)\.(\d)")
YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")
MOST_ROWS = 100
FRESH: Values = {
    "late_days": "7",
    "rules.max_wins": "1",
    "rules.leftovers": "returned",
    "paper.pass_percent": "80",
    "paper.minutes": "10",
    "paper.per_day": "3",
}


# --- from a document to the form --------------------------------------------------------------------------------------


def fill(document: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows of a campaign's document."""
    values = {name: str(document[name]) for name in (*TEXTS, "late_days")}
    values |= {name: _local(document[name]) for name in ("opens_at", "closes_at")}
    values |= {f"rules.{name}": str(document[name]) for name in (*TERM_TEXTS, "max_wins")}
    values["rules.claim_until"] = _local(document["claim_until"])
    values |= {f"organiser.{name}": document["organiser"][name] for name in ("name", "contact")}
    values["partner"] = "\n".join(one["name"] for one in document["partners"])
    paper = document["paper"]
    values |= {f"paper.{name}": str(paper[name]) for name in PAPER_NUMBERS}
    for line in paper["plan"]:
        name = f"plan.{line['scam_type']}.{line['difficulty']}"
        values[name] = str(int(values.get(name, "0")) + line["count"])
    codes = [prize["code"] for prize in document["prizes"]]
    for at, prize in enumerate(document["prizes"], start=1):
        said = {**prize, "value_fen": _yuan(prize["value_fen"])}
        values |= {f"prize[{at}].{name}": str(said.get(name) or "") for name in PRIZE}
    for at, one in enumerate(document["rounds"], start=1):
        values |= {f"round[{at}].{name}": _local(one[name]) for name in ("opens_at", "closes_at")}
        values[f"round[{at}].cards"] = str(one["cards"])
        planned = {line["code"]: line["count"] for line in one["planned"]}
        values |= {f"round[{at}].count[{of}]": str(planned.get(code, "")) for of, code in enumerate(codes, start=1)}
    return values


def _local(moment: str) -> str:
    """As an input of dates and times wants it: in Shanghai, no finer than need be, so that nothing is cut off."""
    shown = datetime.fromisoformat(moment).astimezone(SHANGHAI).replace(tzinfo=None)
    fine = "milliseconds" if shown.microsecond else "seconds" if shown.second else "minutes"
    return shown.isoformat(timespec=fine)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}" if fen % 100 else str(fen // 100)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What differs between two documents: where, what it was and what it is to be."""
    old, new = fill(before), fill(after)
    names = [name for name in {**old, **new} if old.get(name, "") != new.get(name, "")]
    return [(label_of(name, new), old.get(name, ""), new.get(name, "")) for name in names]


def label_of(name: str, values: Values) -> str:
    """A field as people call it."""
    if match := re.fullmatch(r"(round\[\d+\])\.count\[(\d+)\]", name):
        return f"{place_of(match[1])}的{values.get(f'prize[{match[2]}].name', '')}数量"
    return place_of(name)


# --- from the form to a campaign file's table -------------------------------------------------------------------------


def read_form(
    form: Mapping[str, str], *, standing: Values | None = None, frozen: Collection[str] = ()
) -> dict[str, str]:
    """What was typed, by field; rows that say nothing are taken out, and those below move up.

    `standing` is what the form was filled from: of it the `frozen` fields hold, whatever was sent under their names.
    """
    typed = _typed(form, standing or {}, frozen)
    kept = {head: _kept_rows(typed, head) for head in ("prize", "round")}
    values = {name: text for name, text in typed.items() if not ROW.match(name)}
    for at, row in enumerate(kept["prize"], start=1):
        values |= {f"prize[{at}].{name}": typed.get(f"prize[{row}].{name}", "") for name in PRIZE}
    for at, row in enumerate(kept["round"], start=1):
        values |= {f"round[{at}].{name}": typed.get(f"round[{row}].{name}", "") for name in ROUND}
        for of, column in enumerate(kept["prize"], start=1):
            values[f"round[{at}].count[{of}]"] = typed.get(f"round[{row}].count[{column}]", "")
    return values


def _typed(form: Mapping[str, str], standing: Values, frozen: Collection[str]) -> dict[str, str]:
    typed = {name: text.replace("\r\n", "\n").strip() for name, text in form.items()}
    same = {name for name, text in typed.items() if text == standing.get(name, "").strip()}  # a form cuts its ends
    if "paper.plan" in frozen:
        typed = {name: text for name, text in typed.items() if not PLAN.fullmatch(name)}
    typed = {name: text for name, text in typed.items() if name not in frozen}
    return typed | {name: text for name, text in standing.items() if name in frozen or name in same & typed.keys()}


def _kept_rows(typed: Values, head: str) -> list[int]:
    says = ("code", "name", "value_fen") if head == "prize" else ROUND
    rows = range(1, MOST_ROWS + 1)
    return [row for row in rows if any(typed.get(f"{head}[{row}].{name}") for name in says)]


def count_rows(values: Values, head: str) -> int:
    """How many prizes or rounds the form says."""
    return max((int(match[2]) for name in values if (match := ROW.match(name)) and match[1] == head), default=0)


def table_of(values: Values) -> dict[str, Any]:
    """The table of a campaign file that says what the form says; FileRefused where two prizes have one code."""
    table: dict[str, Any] = {name: values[name] for name in TEXTS if values.get(name)}
    table |= {"late_days": _number(values.get("late_days", ""))}
    table |= {name: _moment(values.get(name, "")) for name in ("opens_at", "closes_at")}
    table["organiser"] = {name: values.get(f"organiser.{name}", "") for name in ("name", "contact")}
    table["partner"] = [{"name": line.strip()} for line in values.get("partner", "").splitlines() if line.strip()]
    table["rules"] = _said({name: values.get(f"rules.{name}", "") for name in TERM_TEXTS}) | {
        "conditions": values.get("rules.conditions", ""),
        "claim_until": _moment(values.get("rules.claim_until", "")),
        "max_wins": _number(values.get("rules.max_wins", "")),
    }
    table["paper"] = {name: _number(values.get(f"paper.{name}", "")) for name in PAPER_NUMBERS} | {
        "plan": list(_plan(values))
    }
    codes = list(_codes(values))
    table["prize"] = [_prize(values, at, code) for at, code in enumerate(codes, start=1)]
    table["round"] = [_round(values, at, codes) for at in range(1, count_rows(values, "round") + 1)]
    return _said(table)


def _said(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without the entries that were left empty: what a file would not name."""
    inner = {name: _said(one) if isinstance(one, dict) else one for name, one in table.items()}
    return {name: one for name, one in inner.items() if one not in ("", None)}


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text


def _moment(text: str) -> Any:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        return text


def _fen(text: str) -> Any:
    match = YUAN.fullmatch(text)
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else text


def _plan(values: Values) -> Iterable[dict[str, Any]]:
    for name, text in values.items():
        if (match := PLAN.fullmatch(name)) and text not in ("", "0"):
            yield {"scam_type": match[1], "difficulty": int(match[2]), "count": _number(text)}


def _codes(values: Values) -> Iterable[str]:
    """The prizes' codes; one that was left empty is made up."""
    typed = [values.get(f"prize[{at}].code", "") for at in range(1, count_rows(values, "prize") + 1)]
    problems = [
        Problem(f"prize[{at}].code", f"code {code} stands twice", "give every prize its own code")
        for at, code in enumerate(typed, start=1)
        if code and code in typed[: at - 1]
    ]
    if problems:
        raise FileRefused(problems)
    free = (f"prize-{number}" for number in range(1, 3 * MOST_ROWS) if f"prize-{number}" not in typed)
    return [code or next(free) for code in typed]


def _prize(values: Values, at: int, code: str) -> dict[str, Any]:
    said = {name: values.get(f"prize[{at}].{name}", "") for name in PRIZE}
    return _said(said | {"code": code, "value_fen": _fen(said["value_fen"])})


def _round(values: Values, at: int, codes: Collection[str]) -> dict[str, Any]:
    counts = {code: values.get(f"round[{at}].count[{of}]", "") for of, code in enumerate(codes, start=1)}
    return {
        **{name: _moment(values.get(f"round[{at}].{name}", "")) for name in ("opens_at", "closes_at")},
        "cards": _number(values.get(f"round[{at}].cards", "")),
        "prizes": {code: _number(text) for code, text in counts.items() if text},
    }


# --- what is wrong, and what cannot be changed ------------------------------------------------------------------------


def faults_by_field(faults: Iterable[Fault], values: Values) -> dict[str, str]:
    """What is wrong, at the fields of the form."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(_field_of(fault.field, values), []).append(_in_yuan(fault))
    return {name: "；".join(told) for name, told in found.items()}


def _field_of(where: str, values: Values) -> str:
    if where.startswith("partner"):
        return "partner"
    if where.startswith("paper.plan"):
        return "paper.plan"
    if match := re.match(r"(round\[\d+\])(?:\.prizes.*)?$", where):
        return f"{match[1]}.prizes"
    if where.startswith("prize "):
        rows = range(1, count_rows(values, "prize") + 1)
        return next((f"prize[{at}].name" for at in rows if values.get(f"prize[{at}].code") == where[6:]), where)
    return where


def _in_yuan(fault: Fault) -> str:
    return (
        "请写金额，例如 10 或 12.50" if fault.field.endswith("value_fen") and fault.what == "应为整数" else str(fault)
    )


def frozen_fields(definition: Definition, *, fixed: Collection[int]) -> set[str]:
    """What no amendment may change: campaigns.favour says why. `fixed`: rounds that have opened or are known."""
    frozen = {"slug", "title", "region", "organiser.name", "privacy", "rules.leftovers", "paper.plan"}
    frozen |= {name for name in fill(definition.document) if PLAN.fullmatch(name)}
    for at in range(1, len(definition.prizes) + 1):
        frozen |= {f"prize[{at}].{name}" for name in ("code", "name", "kind", "material")}
    for one in definition.rounds:
        if one.no in fixed:
            frozen |= {f"round[{one.no}].{name}" for name in ROUND}
            frozen |= {f"round[{one.no}].count[{at}]" for at in range(1, len(definition.prizes) + 1)}
    return frozen
