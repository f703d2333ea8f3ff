"""Times in a study file: ISO 8601 in UTC, to the microsecond."""

from datetime import UTC, datetime


def now() -> str:
    """Return the current time in stored form."""
    return stored(datetime.now(UTC))


def stored(time: datetime) -> str:
    """Return a time in stored form; a time without a zone counts as local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    """Return the time of a stored form."""
    return datetime.fromisoformat(text)
