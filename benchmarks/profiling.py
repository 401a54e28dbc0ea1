"""Where the time goes inside a call: cProfile around the test client, in one process, without a load."""

import cProfile
import io
import pstats
from collections.abc import Callable

from benchmarks.calls import CALLS
from benchmarks.counts import ask
from benchmarks.world import World

PEOPLE = 300
LINES = 45


def profile_calls(world: World, *, say: Callable[[str], None]) -> None:
    """Print each call's functions, the longest in total first. A first few people warm caches up."""
    for people, counted in ((world.newcomers(20), False), (world.newcomers(PEOPLE), True)):
        for call in CALLS:
            profile = cProfile.Profile()
            with profile:
                answers = ask(world, people, call)
            call.learn(world, people, answers)
            if counted:
                text = io.StringIO()
                pstats.Stats(profile, stream=text).strip_dirs().sort_stats("cumulative").print_stats(LINES)
                say(f"=== {call.name}, {PEOPLE} times\n{text.getvalue()}")
