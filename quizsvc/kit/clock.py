"""The only place that reads the clock. Stored time is aware UTC; a day is a day in Asia/Shanghai."""

from datetime import UTC, date, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991


def utcnow() -> datetime:
    """Now, aware, in UTC, cut to the millisecond: what is stored, hashed and shown is the same value."""
    now = datetime.now(UTC)  # noqa: TID251
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def day_of(moment: datetime) -> date:
    """The Shanghai day that a moment belongs to."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment of a Shanghai day."""
    return datetime.combine(day, time.min, SHANGHAI)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 with milliseconds and Shanghai's offset, as every response and published file shows time."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="milliseconds")
