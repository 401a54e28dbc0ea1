"""What a run found, as a table to read and as JSON to keep."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import Measured
from quizsvc.kit.clock import utcnow

RESULTS = Path(__file__).with_name("results")
TITLES = ("call", "requests/s", "ratio", "mark", "p50 ms", "p99 ms", "CPU ms", "CPU ratio", "statements", "redis")
PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "redis")


def machine() -> str:
    """What all this ran on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = len(os.sched_getaffinity(0))
    return f"{cores} x {model}, Linux {platform.release()}, Python {platform.python_version()}, {packages}"


def table(measured: Sequence[Measured]) -> str:
    """One line a call; the ceiling stands first."""
    rows = [TITLES, *(_cells(one, measured[0]) for one in measured)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )


def _cells(one: Measured, base: Measured) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.per_second:.0f}",
        f"{one.ratio:.2f}",
        "" if one.mark is None else f"{'>=' if one.ratio >= one.mark else 'below'} {one.mark:.2f}",
        f"{one.percentile(50):.1f}",
        f"{one.percentile(99):.1f}",
        f"{one.cpu_ms:.2f}",
        f"{one.cpu_ratio(base):.2f}",
        f"{one.statements:.1f}",
        f"{one.redis_calls:.1f}",
    )


def save(settings: Mapping[str, Any], found: Mapping[str, Sequence[Measured]]) -> Path:
    """Write the run down under results/, which git does not keep."""
    now = utcnow()
    content = {
        "at": now,
        "machine": machine(),
        "settings": settings,
        "databases": {database: [_summary(one) for one in measured] for database, measured in found.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return path


def _summary(one: Measured) -> dict[str, Any]:
    return {
        "call": one.name,
        "per_second": one.per_second,
        "ratio": one.ratio,
        "ratios": one.ratios,
        "mark": one.mark,
        "p50_ms": one.percentile(50),
        "p99_ms": one.percentile(99),
        "cpu_ms": one.cpu_ms,
        "statements": one.statements,
        "redis_calls": one.redis_calls,
    }
