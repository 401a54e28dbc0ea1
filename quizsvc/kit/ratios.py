"""Shares in tenths of a percent, by integers alone."""


def tenths_of(part: int, whole: int) -> int:
    """A ratio of counts in tenths of a percent, half up on the exact ratio."""
    return (2000 * part + whole) // (2 * whole)


def decimal(tenths: int) -> str:
    """-208 is -20.8."""
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


def percent(part: int, whole: int) -> str:
    """A share as people read it: 20.8%."""
    return f"{decimal(tenths_of(part, whole))}%"
