"""`python -m tests.chaos`: storms on both databases and the negative controls, a line and a count per invariant."""

import argparse
import sys
import time

from tests.chaos import checks, ledger
from tests.chaos.arena import Scale
from tests.chaos.evidence import Evidence
from tests.chaos.ledger import Plan
from tests.chaos.negative import CONTROLS, alarms_raised
from tests.chaos.storm import Storm, faults_for, postgres_server, run
from tests.servers import Postgres

LEDGER_LASTS = 1200  # seconds at most


def main() -> int:
    """Status 1 when an invariant was broken, or a negative control raised no alarm."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--prizes", type=int, default=100)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=75, help="how long things are broken")
    parser.add_argument("--database", choices=["both", "postgresql", "sqlite"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=5000, help="of the material ledger's storm; 0 leaves it out")
    parser.add_argument("--no-controls", action="store_true", help="leave the negative controls out")
    said = parser.parse_args()
    scale = Scale(said.tickets, said.prizes, said.seconds, said.processes)
    good = True
    with postgres_server() as server:
        kinds = ("postgresql", "sqlite") if said.database == "both" else (said.database,)
        for kind in kinds:
            began = time.monotonic()
            print(f"\n== {kind}: {said.tickets} tickets, {said.prizes} prizes, {said.processes} client processes")
            evidence = run(Storm(kind, scale, faults_for(kind), seed=said.seed), server, tell=_tell)
            good &= _report(evidence, seconds=time.monotonic() - began)
            good &= _fill_ledger(kind, server, events=said.events, seed=said.seed)
        for variant, control in () if said.no_controls else CONTROLS.items():
            for kind in kinds:
                if kind in control.kinds:
                    good &= _control(variant, kind, server)
    return 0 if good else 1


def _control(variant: str, kind: str, server: Postgres) -> bool:
    raised, missing = alarms_raised(variant, kind, server)
    name = f"control {variant:19} {kind:11}"
    print(f"{name} {'ALARM: ' + '; '.join(raised) if raised else ''}", flush=True)
    if missing:
        print(f"{name} RAISED NO ALARM for: {'; '.join(missing)}", flush=True)
    return not missing


def _fill_ledger(kind: str, server: Postgres, *, events: int, seed: int) -> bool:
    """The material ledger's storm."""
    if not events:
        return True
    outcome = ledger.run(kind, server, Plan(events, lasts=LEDGER_LASTS, every=1.0, seed=seed))
    print(f"{outcome.events:>7}  tallies, movements and decisions, {outcome.kills} workers killed from outside")
    print(f"{len(outcome.faults):>7}  faults in the books{'' if not outcome.faults else '   <-- BROKEN'}")
    for fault in outcome.faults[:5]:
        print(f"           {fault}")
    print(f"{outcome.seconds:>7.0f}  seconds")
    return not outcome.faults


def _tell(line: str) -> None:
    print(f"   {time.strftime('%H:%M:%S')} {line}", flush=True)


def _report(evidence: Evidence, *, seconds: float) -> bool:
    findings = checks.judge(evidence)
    draws = sum(line["kind"] == "draw" for line in evidence.answers)
    scans = sum(line["kind"] == "redeem" for line in evidence.answers)
    kills = ", ".join(f"{point} {count}" for point, count in sorted(evidence.kills.items()))
    print(f"{len(evidence.draws):>7}  draws, {len(evidence.awards)} awards, {draws} answers to draws, {scans} to scans")
    print(f"{checks.cards_lost(evidence):>7}  cards lost to crashes and lost replies (died at: {kills or 'no point'})")
    for finding in findings:
        print(f"{finding.broken:>7}  {finding.name}{'' if not finding.broken else '   <-- BROKEN'}")
        for example in finding.examples:
            print(f"           {example}")
    print(f"{seconds:>7.0f}  seconds")
    return not any(finding.broken for finding in findings)


if __name__ == "__main__":
    sys.exit(main())
