"""Times in a study file: ISO 8601 in UTC, to the microsecond."""

from datetime import UTC, datetime


def now() -> str:
    """Return the present time as it is stored."""
    return stored(datetime.now(UTC))


def stored(time: datetime) -> str:
    """Return a time as it is stored; a time without a zone is taken to be local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    """Return a stored time."""
    return datetime.fromisoformat(text)
