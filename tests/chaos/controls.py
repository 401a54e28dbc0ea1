"""What the storm tells the processes that it torments: a few numbers in a file that all of them map."""

import mmap
from pathlib import Path

FIELDS = (
    "clock_offset",  # seconds that every application host's clock is ahead of the truth
    "tick_clock_offset",  # the same for the host that runs tick, on top
    "kill_after_gate",  # chances of `kill -9` at a named point
    "kill_before_commit",
    "kill_after_commit",
    "lose_reply",  # chance that a reply of Redis is lost on its way
    "split",  # 1: connections go to both Redis servers in turn
    "primary",  # 0 or 1: the one they go to otherwise
    "generation",  # raised to make the relay drop every connection
)
BYTES = 8 * len(FIELDS)


class Controls:
    """Named numbers, shared. Reading one costs less than a microsecond."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(BYTES))
        with path.open("r+b") as file:
            self.numbers = memoryview(mmap.mmap(file.fileno(), BYTES)).cast("d")

    def __getitem__(self, name: str) -> float:
        return self.numbers[FIELDS.index(name)]

    def __setitem__(self, name: str, value: float) -> None:
        self.numbers[FIELDS.index(name)] = value
