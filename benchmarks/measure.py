"""Short stretches of each call, each right after a stretch of the ceiling, so that both meet the same machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.calls import CALLS, CEILING, Call
from benchmarks.client import Run, drive
from benchmarks.servers import Server
from benchmarks.world import Person, World

WARM_UP = 320  # enough for every connection of the pools to have prepared its statements
STRETCH = 200  # people; long enough for a rate, short enough for a neighbour's load to meet both of a pair
CEILING_STRETCH = 1000


@dataclass(frozen=True)
class Sample:
    """One stretch of one call."""

    requests: int
    seconds: float
    cpu_seconds: float
    milliseconds: Sequence[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass
class Measured:
    """All stretches of one call. `ratios` pair each one with the ceiling's stretch before it."""

    name: str
    mark: float | None = None
    samples: list[Sample] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    statements: float = 0.0
    redis_calls: float = 0.0

    @property
    def per_second(self) -> float:
        return median(sample.per_second for sample in self.samples)

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def cpu_ms(self) -> float:
        """The workers' time on the processors per request: hardly touched by what else the machine does."""
        spent = sum(sample.cpu_seconds for sample in self.samples)
        return spent * 1000 / sum(sample.requests for sample in self.samples)

    def cpu_ratio(self, base: "Measured") -> float:
        """How much of this call's processor time the ceiling takes."""
        return base.cpu_ms / self.cpu_ms

    def percentile(self, percent: int) -> float:
        """In milliseconds, over all stretches."""
        every = sorted(one for sample in self.samples for one in sample.milliseconds)
        return every[min(len(every) - 1, len(every) * percent // 100)]


def measure(
    world: World,
    *,
    service: Server,
    ceiling: Server,
    rounds: int,
    requests: int,
    connections: int,
    say: Callable[[str], None],
) -> list[Measured]:
    """The ceiling first, then every call; a first short round warms everything up and counts for nothing."""
    base = Measured("bare Flask route")
    found = {call.name: Measured(call.name, call.mark) for call in CALLS}
    for number in range(rounds + 1):
        people = world.newcomers(requests if number else WARM_UP)
        for call in CALLS:
            say(f"round {number} of {rounds}: {call.name}" if number else f"warming up: {call.name}")
            for first in range(0, len(people), STRETCH):
                some = people[first : first + STRETCH]
                below, _ = _sample(ceiling, [CEILING.wire()] * CEILING_STRETCH, connections=connections)
                sample, run = _sample(service, _requests(call, world, some), connections=connections)
                call.check(run.answers)
                call.learn(world, some, run.answers)
                if number:
                    base.samples.append(below)
                    base.ratios.append(1.0)
                    found[call.name].samples.append(sample)
                    found[call.name].ratios.append(sample.per_second / below.per_second)
    return [base, *found.values()]


def _requests(call: Call, world: World, people: Sequence[Person]) -> list[bytes]:
    return [call.ask(world, person).wire() for person in people] * call.times


def _sample(server: Server, requests: Sequence[bytes], *, connections: int) -> tuple[Sample, Run]:
    cpu_before = server.cpu_seconds()
    run = drive(server.address, requests, connections=connections)
    cpu = server.cpu_seconds() - cpu_before
    return Sample(len(requests), run.seconds, cpu, [one.seconds * 1000 for one in run.answers]), run
