"""Times in a study file: ISO 8601 in UTC, to the microsecond."""

from datetime import UTC, datetime

from skillviewer.core.errors import StudyError

_FIRST_YEAR, _LAST_YEAR = 1900, 9000


def now() -> str:
    """Return the current time in stored form."""
    return stored(datetime.now(UTC))


def stored(time: datetime) -> str:
    """Return a time in stored form; a time without a zone counts as local."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read(text: str) -> datetime:
    """Return the time of a stored form; one without a zone is in UTC.

    Raises:
        StudyError: The text is no time, or its year is out of range.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise StudyError(f"The study holds an invalid time: {text[:40]!r}. Open one of its backups.") from error
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise StudyError(f"The study holds a time of the year {time.year}. Open one of its backups.")
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
