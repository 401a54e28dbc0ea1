"""The negative controls: each naive variant, a short storm that hurts it, and the checks that must say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos import checks
from tests.chaos.arena import Scale
from tests.chaos.storm import Storm, run
from tests.servers import Postgres

TRIES = 3
SCALE = Scale(tickets=400, prizes=300, seconds=4, processes=2)


@dataclass(frozen=True)
class Control:
    """Faults that hurt a variant, and the invariants that they break there.

    `kinds`: the databases on which it does harm; SQLite's one writer heals some. The short form takes the first.
    """

    faults: Sequence[str]
    breaks: Sequence[str]
    kinds: Sequence[str] = ("postgresql", "sqlite")


CONTROLS: Mapping[str, Control] = {
    "no-replay-read": Control(("FLUSHALL",), ["cards lost to replays"]),
    "redis-is-truth": Control(
        ("FLUSHALL", "kill -9 of workers"), ["acknowledged draws lost", "acknowledged answers changed"]
    ),
    "look-first": Control(("FLUSHALL", "two Redis primaries"), ["duplicate draws"], ("postgresql",)),
    "two-commits": Control(("kill -9 after the commit",), ["awards that differ from the prize cards drawn"]),
    "spent-first": Control(("kill -9 after the gate",), ["tickets spent without a draw"]),
    "closer-without-lock": Control(("FLUSHALL",), ["prizes both won and carried over"], ("postgresql",)),
    "redeem-looks-first": Control(("FLUSHALL",), ["codes redeemed twice"], ("sqlite", "postgresql")),
    "goods-apart": Control(
        ("kill -9 of workers",), ["goods that left other than once a redemption"], ("sqlite", "postgresql")
    ),
}


def alarms_raised(variant: str, kind: str, server: Postgres) -> tuple[list[str], list[str]]:
    """Run a control: what was found broken, with its count, and what should have been and was not.

    A fault hits by chance, so a control that went by unharmed is run again, with other luck.
    """
    control, broken, missing = CONTROLS[variant], dict[str, int](), list[str]()
    for seed in range(1, TRIES + 1):
        evidence = run(Storm(kind, SCALE, control.faults, variant=variant, seed=seed), server)
        broken = {finding.name: finding.broken for finding in checks.judge(evidence) if finding.broken}
        missing = [name for name in control.breaks if name not in broken]
        if not missing:
            break
    return [f"{name} {count}" for name, count in broken.items()], missing
