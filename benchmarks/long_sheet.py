"""`python -m benchmarks.long_sheet`: how long a table of a million rows takes, and how much memory."""

import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from benchmarks.report import machine
from quizsvc.kit.long_sheet import Row, write_long
from quizsvc.outreach.detail_sheet import COLUMNS, LAST

GOAL_MB = 300
START = datetime(2026, 1, 1, tzinfo=UTC)


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, type=click.IntRange(1))
def main(rows: int) -> None:
    """Write tallies that never were, with the columns of the real table."""
    with tempfile.TemporaryDirectory() as folder:
        path, begun = Path(folder) / "long.xlsx", time.perf_counter()
        write_long(path, name="上报明细", asked=(), columns=[*COLUMNS, *LAST], rows=_rows(rows))
        seconds, size = time.perf_counter() - begun, path.stat().st_size / 2**20
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(machine())
    verdict = "meets" if memory < GOAL_MB else "misses"
    click.echo(
        f"{rows:,} rows: {seconds:.0f} s, {memory:.0f} MB of memory ({verdict} {GOAL_MB} MB), {size:.0f} MB on disk"
    )


def _rows(count: int) -> Iterator[Row]:
    for n in range(count):
        at = START + timedelta(seconds=31 * n)
        who = (f"v{n % 200:03}", f"志愿者{n % 200}", "网格员")
        yield (at.date(), at, f"99010000{n % 33:04}", f"第{n % 33}社区", *who, "住户", n % 4, n % 7, None, f"{n:032x}")


if __name__ == "__main__":
    main()
