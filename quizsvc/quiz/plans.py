"""What a bank makes of a paper plan: who stands in for a line that is short, and how many papers there are."""

from collections.abc import Iterable
from math import comb, prod

from quizsvc.campaigns.rules import PaperPlan, PlanLine
from quizsvc.quiz.rules import Bank, deal, find_plan_faults

EXACT_BELOW = 10**15


def find_faults(plan: PaperPlan, bank: Bank, *, is_draft: bool) -> list[tuple[str, str]]:
    """Lines of the plan that the bank cannot fill, as (what, how to mend).

    Once it is published, other questions stand in for a short line, and only a paper that cannot be dealt is a fault.
    """
    others_stand_in = not is_draft and deal(plan, bank, seed=0) is not None
    return [] if others_stand_in else list(find_plan_faults(plan, bank))


def describe_plan(plan: PaperPlan, bank: Bank) -> Iterable[str]:
    """Whether every line is filled, where the rest of a short line comes from, how many papers differ.

    Papers differ when their questions do; the order of questions and options is not counted.
    """
    short = [line for line in plan.lines if _own(line, bank) < line.count]
    for line in short:
        yield f"warning: {_stand_ins(line, bank)}"
    if deal(plan, bank, seed=0) is None:
        there = sum(len(pool) for pool in bank.dealable.values())
        yield f"warning: no paper can be dealt: it asks for {plan.questions} questions, the bank has {there}"
    elif not short:
        papers = prod(comb(_own(line, bank), line.count) for line in plan.lines)
        yield f"the bank fills every line of the paper plan; it makes {shown(papers)} different papers"


def _own(line: PlanLine, bank: Bank) -> int:
    return len(bank.dealable.get((line.scam_type, line.difficulty), ()))


def _stand_ins(line: PlanLine, bank: Bank) -> str:
    """In the order of rules.deal."""
    own = _own(line, bank)
    missing = line.count - own
    alike = sum(len(pool) for (scam_type, _), pool in bank.dealable.items() if scam_type == line.scam_type) - own
    sources = []
    if alike:
        sources.append(f"{min(missing, alike)} of {line.scam_type} in other difficulties ({alike} there)")
    if missing > alike:
        sources.append(f"{missing - alike} of other scam types")
    name = f"{line.scam_type}, difficulty {line.difficulty},"
    return f"{name} has only {own} of {line.count}; the rest would be {' and '.join(sources)}"


def shown(number: int) -> str:
    """A count that people can read: exact while it is short."""
    return f"{number:,}" if number < EXACT_BELOW else f"more than 10^{len(str(number - 1)) - 1}"
